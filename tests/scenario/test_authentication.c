/* SPDX-License-Identifier: BSD-3-Clause */
/* The phone's core against the switch's core and a RADIUS server, in virtual time. */
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

#define PHONE_MAC 2, 0, 0, 0, 1, 1

enum { SECOND = 1000, MINUTE = 60 * SECOND };

static struct fixture fixture;
static struct world world; /* large */

static struct world_config config_of(const struct fixture *f, int tls)
{
	return (struct world_config){
		.phone = { .size = sizeof(struct portcall_supplicant_config),
		           .mac = { PHONE_MAC },
		           .credentials = f->credentials },
		.server = { .cert = f->server, .client_ca = f->phone_ca, .tls = tls, .tickets = 2 },
		.seed = 1,
	};
}

static void begin(const struct world_config *config)
{
	world_init(&world, config);
}

static bool heard_back(const struct world *w)
{
	return w->result_n > 0;
}

static void expect_last(enum portcall_reason reason)
{
	if (world_last_reason(&world) != reason)
		print_error("at %ld ms: %s, %s\n", (long)world.now,
		            portcall_reason_code(world_last_reason(&world)), world.pae);
	assert_int_equal(world_last_reason(&world), reason);
}

static void link_up_to_authorised(void **state)
{
	(void)state;
	for (int tls = 12; tls <= 13; tls++) {
		struct world_config config = config_of(&fixture, tls);
		struct portcall_supplicant_status status;

		begin(&config);
		world_link(&world, true);
		assert_true(world_run(&world, MINUTE, world_is_up));
		assert_string_equal(world.pae, "CONNECTING RESTART AUTHENTICATING AUTHENTICATED");
		assert_true(world.now < 50);
		assert_int_equal(world.vlan, 20);
		assert_int_equal(world.starts_seen, 1);
		expect_last(PORTCALL_REASON_AUTHENTICATED);
		portcall_supplicant_status(world.phone, &status);
		assert_string_equal(status.session, world.switch_session);
		assert_string_equal(status.tls_version, tls == 12 ? "TLSv1.2" : "TLSv1.3");
		assert_true(status.authorized);
		/* and then nothing more is said for an hour */
		unsigned sent = world.phone_sent;

		world_run(&world, world.now + 60 * MINUTE, NULL);
		assert_int_equal(world.phone_sent, sent);
		assert_true(world_is_up(&world));
		world_done(&world);
	}
}

static void loss_duplication_and_reordering_are_survived(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 40; seed++) {
		struct world_config config = config_of(&fixture, seed % 2 ? 13 : 12);

		config.seed = seed;
		config.phone.fragment = seed % 3 ? 0 : 300;
		config.server.fragment = seed % 3 ? 0 : 300;
		begin(&config);
		world.cable = (struct world_faults){ .loss = 80, .twice = 100, .late = 40 };
		world.radius_path = (struct world_faults){ .loss = 80, .twice = 100, .late = 40 };
		world_link(&world, true);
		if (!world_run(&world, 30 * MINUTE, world_is_up)) {
			print_error("seed %lu: phone %d switch %d: %s\n", (unsigned long)seed,
			            world.phone_authorized, world.gate_open, world.pae);
			fail();
		}
		world_done(&world);
	}
}

static void duplication_and_delay_alone_never_fail_an_attempt(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 40; seed++) {
		struct world_config config = config_of(&fixture, seed % 2 ? 13 : 12);

		config.seed = seed;
		begin(&config);
		world.cable = (struct world_faults){ .twice = 300, .late = 25 };
		world.radius_path = (struct world_faults){ .twice = 300, .late = 25 };
		world_link(&world, true);
		if (!world_run(&world, 2 * SECOND, world_is_up)) {
			print_error("seed %lu: %s\n", (unsigned long)seed, world.pae);
			fail();
		}
		world_run(&world, 5 * MINUTE, NULL);
		assert_true(world_is_up(&world));
		assert_int_equal(world.result_n, 1);
		world_done(&world);
	}
}

static void unplugged_and_plugged_again(void **state)
{
	struct world_config config = config_of(&fixture, 13);

	(void)state;
	begin(&config);
	world_link(&world, true);
	assert_true(world_run(&world, MINUTE, world_is_up));
	world_link(&world, false);
	assert_false(world.phone_authorized);
	assert_false(world.gate_open);
	expect_last(PORTCALL_REASON_LINK_DOWN);
	for (int flaps = 0; flaps < 20; flaps++) { /* in mid-handshake, too */
		world_link(&world, true);
		world_run(&world, world.now + flaps, NULL);
		world_link(&world, false);
	}
	world_link(&world, true);
	assert_true(world_run(&world, world.now + SECOND, world_is_up));
	world_done(&world);
}

static void rejected_phones_try_soon_and_then_every_held_period(void **state)
{
	struct world_config config = config_of(&fixture, 13);

	(void)state;
	config.server.reject_after_handshake = true;
	begin(&config);
	world_link(&world, true);
	assert_true(world_run(&world, MINUTE, heard_back));
	expect_last(PORTCALL_REASON_REJECTED);
	assert_int_equal(world.results[0].retry_at, world.results[0].at + 5 * SECOND);
	assert_false(world.gate_open);
	assert_int_equal(world.switch_reason, PORTCALL_REASON_PORT_REJECTED);
	world_run(&world, 5 * MINUTE, NULL);
	assert_true(world.result_n >= 3);
	for (size_t i = 1; i < world.result_n; i++)
		assert_true(world.results[i].at - world.results[i - 1].at >= 5 * SECOND);
	assert_false(world.phone_authorized);
	world_done(&world);
}

static void radius_down_is_inferred_and_recovered_from(void **state)
{
	struct world_config config = config_of(&fixture, 13);

	(void)state;
	begin(&config);
	world.radius_down = true;
	world_link(&world, true);
	assert_true(world_run(&world, 2 * MINUTE, heard_back));
	expect_last(PORTCALL_REASON_RADIUS_UNREACHABLE);
	assert_false(world.gate_open);
	world.radius_down = false;
	assert_true(world_run(&world, world.now + 5 * MINUTE, world_is_up));
	world_done(&world);
}

static bool half_way(const struct world *w)
{
	return w->switch_sent >= 3;
}

static void an_authenticator_that_vanishes_is_named(void **state)
{
	struct world_config config = config_of(&fixture, 13);

	(void)state;
	config.server.fragment = 300;
	begin(&config);
	world_link(&world, true);
	assert_true(world_run(&world, MINUTE, half_way));
	world.cut = true;
	assert_true(world_run(&world, MINUTE, heard_back));
	expect_last(PORTCALL_REASON_AUTHENTICATOR_SILENT);
	assert_true(world.now >= 30 * SECOND);
	world_run(&world, 3 * MINUTE, NULL); /* never taken as an open port */
	assert_false(world.phone_authorized);
	expect_last(PORTCALL_REASON_AUTHENTICATOR_SILENT);
	world.cut = false;
	assert_true(world_run(&world, world.now + 5 * MINUTE, world_is_up));
	world_done(&world);
}

static void nobody_answers(void **state)
{
	struct world_config config = config_of(&fixture, 13);

	(void)state;
	config.no_switch = true;
	begin(&config);
	world_link(&world, true);
	assert_true(world_run(&world, 5 * MINUTE, heard_back));
	expect_last(PORTCALL_REASON_NO_AUTHENTICATOR);
	assert_int_equal(world.now, 90 * SECOND);
	assert_true(world.phone_authorized);
	world_run(&world, 60 * MINUTE, NULL);
	assert_int_equal(world.starts_seen, 3);
	world_done(&world);
}

static void logoff_closes_both_sides(void **state)
{
	struct world_config config = config_of(&fixture, 13);

	(void)state;
	begin(&config);
	world_link(&world, true);
	assert_true(world_run(&world, MINUTE, world_is_up));
	portcall_supplicant_logoff(world.phone, true, world.now);
	world_run(&world, world.now + 5 * MINUTE, NULL);
	assert_false(world.phone_authorized);
	assert_false(world.gate_open);
	expect_last(PORTCALL_REASON_LOGGED_OFF);
	portcall_supplicant_logoff(world.phone, false, world.now);
	assert_true(world_run(&world, world.now + SECOND, world_is_up));
	world_done(&world);
}

static void reauthentication_does_not_close_the_port(void **state)
{
	struct world_config config = config_of(&fixture, 13);

	(void)state;
	begin(&config);
	world_link(&world, true);
	assert_true(world_run(&world, MINUTE, world_is_up));
	for (int i = 0; i < 3; i++) {
		size_t results = world.result_n;

		portcall_supplicant_reauthenticate(world.phone, world.now);
		world_run(&world, world.now + 5 * SECOND, NULL);
		assert_int_equal(world.result_n, results + 1);
		port_reauthenticate(world.port, world.now);
		world_run(&world, world.now + 5 * SECOND, NULL);
		assert_int_equal(world.result_n, results + 2);
		expect_last(PORTCALL_REASON_AUTHENTICATED);
	}
	assert_int_equal(world.phone_closed, 0);
	assert_true(world_is_up(&world));
	world_done(&world);
}

static void a_server_from_elsewhere_is_refused(void **state)
{
	struct fixture foreign;
	char why[PKI_WHY_LEN];
	struct world_config config;

	(void)state;
	assert_true(
		fixture_init(&foreign, &(struct fixture_options){ .foreign_anchor = true }, why));
	config = config_of(&foreign, 13);
	begin(&config);
	world_link(&world, true);
	assert_true(world_run(&world, MINUTE, heard_back));
	expect_last(PORTCALL_REASON_SERVER_UNKNOWN_CA);
	assert_true(world.now < SECOND);
	assert_false(world.gate_open);
	world_done(&world);
	fixture_done(&foreign);
}

static void without_credentials_the_phone_is_silent(void **state)
{
	struct world_config config = config_of(&fixture, 13);

	(void)state;
	config.phone.credentials = NULL;
	begin(&config);
	world_link(&world, true);
	world_run(&world, 5 * MINUTE, NULL);
	assert_int_equal(world.phone_sent, 0);
	expect_last(PORTCALL_REASON_NO_CREDENTIALS);
	assert_int_equal(world.result_n, 1);
	assert_true(portcall_supplicant_deadline(world.phone) == PORTCALL_NEVER);
	world_done(&world);
}

/* --- frames that others might send -------------------------------------------------------------------- */

static struct span frame_of(const uint8_t *dst, const uint8_t *src, enum eapol_type type,
                            struct span body)
{
	static uint8_t frame[256];
	size_t n = 0;

	assert_int_equal(eapol_encode(dst, src, type, body, frame, sizeof(frame), &n), PORTCALL_OK);
	return span(frame, n);
}

static void forged_success_and_failure_change_nothing(void **state)
{
	static const uint8_t attacker[MAC_LEN] = { 2, 6, 6, 6, 6, 6 };
	struct world_config config = config_of(&fixture, 13);

	(void)state;
	begin(&config);
	world_link(&world, true);
	for (unsigned id = 0; id < 256; id++) {
		const uint8_t success[] = { EAP_CODE_SUCCESS, (uint8_t)id, 0, 4 };

		portcall_supplicant_input(
			world.phone,
			frame_of(mac_pae_group, attacker, EAPOL_EAP, span(success, sizeof(success)))
				.p,
			60, world.now);
	}
	world_drain(&world);
	assert_false(world.phone_authorized);
	assert_true(world_run(&world, MINUTE, world_is_up));
	for (unsigned id = 0; id < 256; id++) {
		const uint8_t failure[] = { EAP_CODE_FAILURE, (uint8_t)id, 0, 4 };

		portcall_supplicant_input(
			world.phone,
			frame_of(mac_pae_group, attacker, EAPOL_EAP, span(failure, sizeof(failure)))
				.p,
			60, world.now);
	}
	world_run(&world, world.now + 5 * MINUTE, NULL);
	assert_true(world_is_up(&world));
	assert_int_equal(world.result_n, 1);
	world_done(&world);
}

static void frames_that_are_not_for_us_are_dropped(void **state)
{
	static const uint8_t other[MAC_LEN] = { 2, 0, 0, 0, 7, 7 };
	static const uint8_t phone[MAC_LEN] = { PHONE_MAC };
	static const uint8_t identity[] = { EAP_CODE_REQUEST, 1, 0, 5, EAP_METHOD_IDENTITY };
	const struct span body = span(identity, sizeof(identity));
	struct world_config config = config_of(&fixture, 13);
	struct span frame;
	uint8_t tagged[64];

	(void)state;
	config.no_switch = true;
	begin(&config);
	world_link(&world, true);
	world.phone_sent = 0;
	for (int type = EAPOL_START; type <= EAPOL_ANNOUNCEMENT_REQUEST; type++) {
		frame = frame_of(mac_pae_group, other, (enum eapol_type)type, body);
		portcall_supplicant_input(world.phone, frame.p, frame.n, world.now);
	}
	frame = frame_of(other, other, EAPOL_EAP, body); /* for somebody else */
	portcall_supplicant_input(world.phone, frame.p, frame.n, world.now);
	frame = frame_of(mac_pae_group, phone, EAPOL_EAP, body); /* our own echo */
	portcall_supplicant_input(world.phone, frame.p, frame.n, world.now);
	for (size_t n = 0; n < frame.n; n++)
		portcall_supplicant_input(world.phone, frame.p, n, world.now);
	world_drain(&world);
	assert_int_equal(world.phone_sent, 0);

	frame = frame_of(phone, other, EAPOL_EAP, body); /* unicast, with a priority tag */
	memcpy(tagged, frame.p, 12);
	memcpy(tagged + 12, "\x81\x00\x60\x00", 4);
	memcpy(tagged + 16, frame.p + 12, 48);
	tagged[18] = 3; /* EAPOL of 802.1X-2010 */
	portcall_supplicant_input(world.phone, tagged, sizeof(tagged), world.now);
	world_drain(&world);
	assert_int_equal(world.phone_sent, 1);
	world_done(&world);
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
		cmocka_unit_test(link_up_to_authorised),
		cmocka_unit_test(loss_duplication_and_reordering_are_survived),
		cmocka_unit_test(duplication_and_delay_alone_never_fail_an_attempt),
		cmocka_unit_test(unplugged_and_plugged_again),
		cmocka_unit_test(rejected_phones_try_soon_and_then_every_held_period),
		cmocka_unit_test(radius_down_is_inferred_and_recovered_from),
		cmocka_unit_test(an_authenticator_that_vanishes_is_named),
		cmocka_unit_test(nobody_answers),
		cmocka_unit_test(logoff_closes_both_sides),
		cmocka_unit_test(reauthentication_does_not_close_the_port),
		cmocka_unit_test(a_server_from_elsewhere_is_refused),
		cmocka_unit_test(without_credentials_the_phone_is_silent),
		cmocka_unit_test(forged_success_and_failure_change_nothing),
		cmocka_unit_test(frames_that_are_not_for_us_are_dropped),
	};

	return cmocka_run_group_tests_name("phone, switch and RADIUS in virtual time", tests,
	                                   group_setup, group_teardown);
}
