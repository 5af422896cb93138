/* SPDX-License-Identifier: BSD-3-Clause */
/* One port: the forced modes, management, and any sequence of events. */
#include "tests/unit/port_bench.h"

static void forced_open(void **state)
{
	struct bench b;
	struct port_config config = bench_config();

	(void)state;
	config.control = PORT_FORCE_AUTHORIZED;
	bench_up_with(&b, &config);
	assert_int_equal(b.grants, 1);
	assert_int_equal(b.vlan, 0);
	assert_false(b.has_mac);
	assert_int_equal(b.reason, PORTCALL_REASON_PORT_FORCED_OPEN);
	assert_int_equal(b.eap.code, EAP_CODE_SUCCESS);
	bench_clear(&b);
	bench_eapol(&b, bench_phone, EAPOL_START, span(NULL, 0));
	assert_int_equal(b.frames, 1);
	assert_int_equal(b.grants, 0);
	bench_eapol(&b, bench_phone, EAPOL_LOGOFF, span(NULL, 0));
	assert_int_equal(b.closes, 0);
	/* back to auto: closed, and the Identity is asked for */
	port_set_control(b.port, PORT_AUTO, b.now);
	bench_drain(&b);
	assert_int_equal(b.closes, 1);
	assert_int_equal(b.reason, PORTCALL_REASON_PORT_NOT_YET);
	assert_int_equal(b.eap.type, EAP_METHOD_IDENTITY);
	port_free(b.port);
}

static void forced_closed(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b);
	bench_authenticate(&b);
	bench_clear(&b);
	port_set_control(b.port, PORT_FORCE_UNAUTHORIZED, b.now);
	bench_drain(&b);
	assert_int_equal(b.closes, 1);
	assert_int_equal(b.reason, PORTCALL_REASON_PORT_FORCED_CLOSED);
	assert_int_equal(b.eap.code, EAP_CODE_FAILURE);
	bench_respond(&b, bench_phone, b.eap.id, EAP_METHOD_IDENTITY, "phone1");
	assert_int_equal(b.requests, 0);
	port_set_control(b.port, PORT_AUTO, b.now);
	bench_drain(&b);
	bench_authenticate(&b);
	assert_int_equal(b.grants, 1);
	port_free(b.port);
}

static void forced_ports_survive_a_flap(void **state)
{
	struct bench b;
	struct port_config config = bench_config();

	(void)state;
	config.control = PORT_FORCE_AUTHORIZED;
	bench_up_with(&b, &config);
	port_link(b.port, false, b.now);
	bench_drain(&b);
	assert_int_equal(b.closes, 1);
	port_link(b.port, true, b.now);
	bench_drain(&b);
	assert_int_equal(b.grants, 2);
	port_free(b.port);
}

static void a_mode_set_without_link_is_no_failure(void **state)
{
	struct bench b;
	struct port_config config = bench_config();

	(void)state;
	config.control = PORT_FORCE_UNAUTHORIZED;
	b = (struct bench){ .port = port_new(&config), .now = 1000 };
	port_set_control(b.port, PORT_AUTO, b.now);
	port_link(b.port, true, b.now);
	bench_drain(&b);
	assert_int_equal(b.closes, 0);
	assert_int_equal(b.eap.type, EAP_METHOD_IDENTITY);
	port_free(b.port);
}

static void management_cuts_the_quiet_period(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b);
	bench_respond(&b, bench_phone, b.eap.id, EAP_METHOD_IDENTITY, "phone1");
	bench_reply(&b, RADIUS_ACCESS_REJECT, EAP_CODE_FAILURE, b.eap.id, "");
	bench_clear(&b);
	port_reauthenticate(b.port, b.now);
	bench_drain(&b);
	assert_int_equal(b.frames, 1);
	assert_int_equal(b.eap.type, EAP_METHOD_IDENTITY);
	assert_int_equal(b.closes, 0);
	port_free(b.port);
}

static void extreme_periods_do_not_spin(void **state)
{
	struct bench b;
	struct port_config config = bench_config();

	(void)state;
	config.quietPeriod = config.reAuthMax = config.maxReq = 0;
	bench_up_with(&b, &config);
	bench_respond(&b, bench_phone, b.eap.id, EAP_METHOD_IDENTITY, "phone1");
	bench_clear(&b);
	bench_reply(&b, RADIUS_ACCESS_REJECT, EAP_CODE_FAILURE, b.eap.id, "");
	assert_int_equal(b.closes, 1);
	assert_int_equal(b.frames, 2); /* Failure, and the next Identity request */
	port_free(b.port);
}

/*
 * Any sequence of frames, replies and time: the port is open exactly when an Accept with a VLAN
 * stands.
 */
static void random_events_never_open_by_themselves(void **state)
{
	uint32_t random = 12345;
	struct bench b;

	(void)state;
	bench_up(&b);
	for (int i = 0; i < 20000; i++) {
		random = random * 1664525 + 1013904223;
		unsigned grants = b.grants;
		const uint8_t *from = random >> 30 ? bench_phone : bench_other;
		bool accept = false;

		switch (random >> 24 & 15) {
		case 0:
			bench_eapol(&b, from, EAPOL_START, span(NULL, 0));
			break;
		case 1:
			bench_eapol(&b, from, EAPOL_LOGOFF, span(NULL, 0));
			break;
		case 2:
			port_link(b.port, false, b.now);
			bench_drain(&b);
			port_link(b.port, true, b.now);
			bench_drain(&b);
			break;
		case 3:
			if (port_deadline(b.port) != MSEC_NEVER)
				bench_tick(&b, port_deadline(b.port));
			break;
		case 4:
			port_radius_timeout(b.port, b.handle, b.now);
			bench_drain(&b);
			break;
		case 5:
			port_reauthenticate(b.port, b.now);
			bench_drain(&b);
			break;
		case 6:
			accept = b.handle != 0;
			bench_reply(&b, RADIUS_ACCESS_ACCEPT, EAP_CODE_SUCCESS, b.eap.id,
			            BENCH_VLAN_20);
			break;
		case 7:
			bench_reply(&b, RADIUS_ACCESS_REJECT, EAP_CODE_FAILURE, b.eap.id, "");
			break;
		case 8:
			bench_reply(&b, RADIUS_ACCESS_ACCEPT, EAP_CODE_SUCCESS, b.eap.id,
			            BENCH_VLAN_999);
			break;
		case 9:
		case 10:
			bench_reply(&b, RADIUS_ACCESS_CHALLENGE, EAP_CODE_REQUEST,
			            (uint8_t)(random >> 8), BENCH_STATE);
			break;
		default:
			bench_respond(&b, from, b.eap.id, b.eap.type, "phone1");
			break;
		}
		assert_true(b.grants == grants || accept);
		/* an open port is one whose last word was GRANT */
		assert_int_equal(bench_status(&b).authorized, bench_status(&b).vlan != 0);
		if (bench_status(&b).authorized)
			assert_true(bench_status(&b).has_mac);
		else
			assert_true(port_deadline(b.port) != MSEC_NEVER);
	}
	assert_true(b.grants > 50);
	port_free(b.port);
}

static void a_disconnect_ends_the_session(void **state)
{
	struct bench b;
	char session[PORT_SESSION_LEN + 1];

	(void)state;
	bench_up(&b);
	bench_authenticate(&b);
	strcpy(session, b.session);
	bench_clear(&b);
	port_disconnect(b.port, PORTCALL_REASON_PORT_DISCONNECTED, "operator", b.now);
	bench_drain(&b);
	assert_int_equal(b.closes, 1);
	assert_int_equal(b.reason, PORTCALL_REASON_PORT_DISCONNECTED);
	assert_string_equal(b.detail, "operator");
	assert_string_equal(b.session, session);
	assert_true(b.has_mac && mac_equal(b.mac, bench_phone));
	assert_false(bench_status(&b).authorized);
	/* asked again at once, in another session */
	assert_int_equal(b.eap.type, EAP_METHOD_IDENTITY);
	assert_string_not_equal(bench_status(&b).session, session);
	bench_authenticate(&b);
	assert_int_equal(b.grants, 1);
	port_free(b.port);
}

static void a_disconnect_ends_an_attempt(void **state)
{
	struct bench b;
	uint64_t handle;

	(void)state;
	bench_up(&b);
	bench_respond(&b, bench_phone, b.eap.id, EAP_METHOD_IDENTITY, "phone1");
	handle = b.handle;
	port_disconnect(b.port, PORTCALL_REASON_PORT_DISCONNECTED, "operator", b.now);
	bench_drain(&b);
	assert_int_equal(b.cancelled, handle);
	assert_int_equal(b.closes, 1);
	/* an Accept that was under way is too late */
	bench_reply_to(&b, handle, RADIUS_ACCESS_ACCEPT, span(NULL, 0), BENCH_VLAN_20);
	assert_int_equal(b.grants, 0);
	port_free(b.port);
}

static void forced_ports_have_nothing_to_disconnect(void **state)
{
	struct port_config config = bench_config();
	struct bench b;

	(void)state;
	config.control = PORT_FORCE_AUTHORIZED;
	bench_up_with(&b, &config);
	bench_clear(&b);
	port_disconnect(b.port, PORTCALL_REASON_PORT_DISCONNECTED, "operator", b.now);
	bench_drain(&b);
	assert_int_equal(b.closes, 0);
	assert_true(bench_status(&b).authorized);
	port_free(b.port);
}

static void a_port_that_is_taken_down_says_why(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b);
	bench_authenticate(&b);
	bench_clear(&b);
	port_take_down(b.port, PORTCALL_REASON_PORT_DISABLED, "operator", b.now);
	bench_drain(&b);
	assert_int_equal(b.closes, 1);
	/* the link that is lost by that is no other reason */
	port_link(b.port, false, b.now);
	port_take_down(b.port, PORTCALL_REASON_PORT_BOUNCED, "", b.now);
	bench_drain(&b);
	assert_int_equal(b.closes, 1);
	assert_int_equal(bench_status(&b).reason, PORTCALL_REASON_PORT_DISABLED);
	assert_false(bench_status(&b).link || bench_status(&b).has_mac);
	port_link(b.port, true, b.now);
	bench_drain(&b);
	bench_authenticate(&b);
	assert_int_equal(b.grants, 1);
	port_free(b.port);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		C("8.2.4: ForceAuthorized opens without a VLAN of RADIUS", forced_open),
		C("8.2.4: ForceUnauthorized closes and stays closed", forced_closed),
		C("8.2.4: a forced port opens again after a flap", forced_ports_survive_a_flap),
		C("a mode that is set without a link is no failure",
		  a_mode_set_without_link_is_no_failure),
		C("re-authentication by management cuts quietPeriod",
		  management_cuts_the_quiet_period),
		C("zero for periods and counts does not spin", extreme_periods_do_not_spin),
		C("20,000 random events: only an Accept with a VLAN opens, nothing gets stuck",
		  random_events_never_open_by_themselves),
		C("RFC 5176: a disconnect ends the session, and another may begin",
		  a_disconnect_ends_the_session),
		C("... and an attempt, whatever the server says then",
		  a_disconnect_ends_an_attempt),
		C("... but no forced port", forced_ports_have_nothing_to_disconnect),
		C("a port that is taken down says why", a_port_that_is_taken_down_says_why),
	};

	return cmocka_run_group_tests_name("port_modes", tests, NULL, NULL);
}
