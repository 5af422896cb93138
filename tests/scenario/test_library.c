/* SPDX-License-Identifier: BSD-3-Clause */
/* What portcall/supplicant.h promises to a program around the library. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "common/eap.h"
#include "common/eapol.h"
#include "tests/scenario/fixture.h"
#include "tests/scenario/world.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND };

static struct fixture fixture;
static struct world world; /* large */

static struct world_config config_of(int tls)
{
	return (struct world_config){
		.phone = { .size = sizeof(struct portcall_supplicant_config),
		           .mac = { 2, 0, 0, 0, 1, 1 },
		           .credentials = fixture.credentials },
		.server = { .cert = fixture.server,
		            .client_ca = fixture.phone_ca,
		            .tls = tls,
		            .tickets = 2 },
		.seed = 1,
	};
}

static void keys_are_the_embedders(void **state)
{
	(void)state;
	for (int tls = 12; tls <= 13; tls++) {
		struct world_config config = config_of(tls);
		struct portcall_keys keys;
		uint8_t expected[128], session_id[65];

		config.phone.keep_keys = true;
		world_init(&world, &config);
		assert_false(portcall_supplicant_take_keys(world.phone, &keys));
		world_link(&world, true);
		assert_true(world_run(&world, MINUTE, world_is_up));
		assert_true(portcall_supplicant_take_keys(world.phone, &keys));
		assert_false(portcall_supplicant_take_keys(world.phone, &keys));
		assert_true(eap_server_keys(world.server, expected, session_id));
		assert_memory_equal(keys.msk, expected, 64);
		assert_memory_equal(keys.emsk, expected + 64, 64);
		assert_memory_equal(keys.session_id, session_id, 65);
		world_done(&world);
	}
}

static void keys_are_only_kept_when_asked_for(void **state)
{
	struct world_config config = config_of(13);
	struct portcall_keys keys;

	(void)state;
	world_init(&world, &config);
	world_link(&world, true);
	assert_true(world_run(&world, MINUTE, world_is_up));
	assert_false(portcall_supplicant_take_keys(world.phone, &keys));
	world_done(&world);
}

static void a_session_is_resumed_across_reauthentication_and_restart(void **state)
{
	static uint8_t octets[PORTCALL_SESSION_MAX];
	struct portcall_why why = { 0 };

	(void)state;
	for (int tls = 12; tls <= 13; tls++) {
		struct world_config config = config_of(tls);
		struct portcall_supplicant_status status;
		size_t n;

		config.server.resume = EAP_SERVER_TICKETS;
		world_init(&world, &config);
		assert_int_equal(portcall_supplicant_session_export(world.phone, octets), 0);
		world_link(&world, true);
		assert_true(world_run(&world, MINUTE, world_is_up));
		portcall_supplicant_reauthenticate(world.phone, world.now);
		world_run(&world, world.now + SECOND, NULL);
		portcall_supplicant_status(world.phone, &status);
		assert_true(status.resumed && world_is_up(&world));

		/* the phone restarts, the switch does not */
		n = portcall_supplicant_session_export(world.phone, octets);
		assert_in_range(n, 1, PORTCALL_SESSION_MAX);
		world_link(&world, false);
		portcall_supplicant_free(world.phone);
		world.phone = portcall_supplicant_new(&config.phone, &why);
		assert_non_null(world.phone);
		assert_int_equal(portcall_supplicant_session_import(world.phone, octets, n - 1),
		                 PORTCALL_DISCARD);
		assert_int_equal(portcall_supplicant_session_import(world.phone, octets, n),
		                 PORTCALL_OK);
		world_link(&world, true);
		assert_true(world_run(&world, world.now + MINUTE, world_is_up));
		portcall_supplicant_status(world.phone, &status);
		assert_true(status.resumed);
		world_done(&world);
	}
}

/* IEEE 802.1X-2004 9.5.2 */
static void frames_are_counted(void **state)
{
	static const uint8_t sender[MAC_LEN] = { 2, 0, 0, 0, 9, 9 };
	struct world_config config = config_of(13);
	struct portcall_supplicant_status status;
	const struct portcall_supplicant_statistics *c = &status.statistics;
	uint8_t frame[64];
	size_t n = 0;

	(void)state;
	world_init(&world, &config);
	portcall_supplicant_status(world.phone, &status);
	assert_int_equal(c->dot1xSuppLastEapolFrameVersion, 0);
	world_link(&world, true);
	assert_true(world_run(&world, MINUTE, world_is_up));
	portcall_supplicant_status(world.phone, &status);
	assert_int_equal(c->dot1xSuppEapolFramesTx, world.phone_sent);
	assert_int_equal(c->dot1xSuppEapolFramesRx, world.switch_sent);
	assert_int_equal(c->dot1xSuppEapolStartFramesTx, 1);
	assert_int_equal(c->dot1xSuppEapolLogoffFramesTx, 0);
	assert_int_equal(c->dot1xSuppEapolRespIdFramesTx, c->dot1xSuppEapolReqIdFramesRx);
	assert_int_equal(c->dot1xSuppEapolReqIdFramesRx + c->dot1xSuppEapolReqFramesRx + 1,
	                 world.switch_sent); /* and the Success */
	assert_int_equal(c->dot1xSuppEapolRespIdFramesTx + c->dot1xSuppEapolRespFramesTx + 1,
	                 world.phone_sent); /* and the Start */
	assert_int_equal(c->dot1xSuppLastEapolFrameVersion, EAPOL_VERSION);
	assert_memory_equal(c->dot1xSuppLastEapolFrameSource, sender, MAC_LEN);
	assert_int_equal(c->dot1xSuppInvalidEapolFramesRx, 0);
	assert_int_equal(c->dot1xSuppEapLengthErrorFramesRx, 0);

	assert_int_equal(eapol_encode(mac_pae_group, sender, EAPOL_EAP, span(NULL, 0), frame,
	                              sizeof(frame), &n),
	                 PORTCALL_OK);
	frame[15] = 77; /* packet type */
	portcall_supplicant_input(world.phone, frame, n, world.now);
	frame[15] = EAPOL_EAP;
	frame[16] = 1; /* length 256 */
	portcall_supplicant_input(world.phone, frame, n, world.now);
	frame[12] = 8; /* no EAPOL */
	portcall_supplicant_input(world.phone, frame, n, world.now);
	portcall_supplicant_logoff(world.phone, true, world.now);
	world_drain(&world);
	portcall_supplicant_status(world.phone, &status);
	assert_int_equal(c->dot1xSuppInvalidEapolFramesRx, 1);
	assert_int_equal(c->dot1xSuppEapLengthErrorFramesRx, 1);
	assert_int_equal(c->dot1xSuppEapolFramesRx, world.switch_sent);
	assert_int_equal(c->dot1xSuppEapolLogoffFramesTx, 1);
	world_done(&world);
}

static void settings_out_of_range_are_refused(void **state)
{
	struct portcall_supplicant_config c = config_of(13).phone;
	struct portcall_why why = { 0 };
	char long_name[255] = { 0 };

	(void)state;
	memset(long_name, 'x', 254);
	c.fragment = 20;
	assert_null(portcall_supplicant_new(&c, &why));
	assert_int_equal(why.reason, PORTCALL_REASON_SETTING_INVALID);
	assert_non_null(strstr(why.text, "fragment"));
	c.fragment = 0;
	c.identity = long_name; /* 254 octets: no RADIUS User-Name */
	assert_null(portcall_supplicant_new(&c, &why));
	assert_non_null(strstr(why.text, "identity"));
	c.identity = NULL;
	c.tls_min = PORTCALL_TLS_1_3;
	c.tls_max = PORTCALL_TLS_1_2;
	assert_null(portcall_supplicant_new(&c, &why));
	c.tls_max = 0;
	c.verify = PORTCALL_VERIFY_FULL;
	assert_null(portcall_supplicant_new(&c, &why));
	assert_non_null(strstr(why.text, "server_name"));
}

static int group_setup(void **state)
{
	char why[PKI_WHY_LEN];

	(void)state;
	if (fixture_init(&fixture, &(struct fixture_options){ 0 }, why))
		return 0;
	print_error("%s\n", why);
	return -1;
}

static int group_teardown(void **state)
{
	(void)state;
	fixture_done(&fixture);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_the_embedders),
		cmocka_unit_test(keys_are_only_kept_when_asked_for),
		cmocka_unit_test(a_session_is_resumed_across_reauthentication_and_restart),
		cmocka_unit_test(frames_are_counted),
		cmocka_unit_test(settings_out_of_range_are_refused),
	};

	return cmocka_run_group_tests_name("portcall/supplicant.h", tests, group_setup,
	                                   group_teardown);
}
