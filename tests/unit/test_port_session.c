/* SPDX-License-Identifier: BSD-3-Clause */
/* One port: who may speak on it, and how a session goes on and ends. */
#include "tests/unit/port_bench.h"

static void start_at_link_up_costs_no_second_conversation(void **state)
{
	struct bench b;
	uint8_t id;

	(void)state;
	bench_up(&b);
	id = b.eap.id;
	bench_eapol(&b, bench_phone, EAPOL_START, span(NULL, 0));
	assert_int_equal(b.frames, 2);
	assert_int_equal(b.eap.id, id);
	bench_respond(&b, bench_phone, id, EAP_METHOD_IDENTITY, "phone1");
	bench_respond(&b, bench_phone, id, EAP_METHOD_IDENTITY, "phone1");
	assert_int_equal(b.requests, 1);
	assert_int_equal(b.cancels, 0);
	assert_int_equal(bench_status(&b).counters.unexpectedEapFramesRx, 1);
	port_free(b.port);
}

static void start_in_the_middle_begins_anew(void **state)
{
	struct bench b;
	uint8_t id;

	(void)state;
	bench_up(&b);
	bench_respond(&b, bench_phone, b.eap.id, EAP_METHOD_IDENTITY, "phone1");
	bench_reply(&b, RADIUS_ACCESS_CHALLENGE, EAP_CODE_REQUEST, 40, BENCH_STATE);
	id = b.eap.id;
	bench_clear(&b);
	bench_eapol(&b, bench_phone, EAPOL_START, span(NULL, 0));
	assert_int_equal(b.frames, 1);
	assert_int_equal(b.eap.type, EAP_METHOD_IDENTITY);
	assert_int_not_equal(b.eap.id, id);
	assert_int_equal(b.closes, 0);
	/* the port is still the phone's */
	bench_respond(&b, bench_other, b.eap.id, EAP_METHOD_IDENTITY, "other");
	assert_int_equal(b.requests, 0);
	bench_authenticate(&b);
	assert_int_equal(b.grants, 1);
	port_free(b.port);
}

static void wrong_responses_do_not_disturb(void **state)
{
	struct bench b;
	uint8_t id;

	(void)state;
	bench_up(&b);
	id = b.eap.id;
	bench_respond(&b, bench_phone, (uint8_t)(id - 1), EAP_METHOD_IDENTITY, "old");
	assert_string_equal(bench_status(&b).backend_state, "IGNORE");
	assert_false(bench_status(&b).has_mac);
	bench_respond(&b, bench_other, id, EAP_METHOD_TLS, "no identity");
	bench_respond(&b, bench_other, id, EAP_METHOD_NAK, "no identity");
	assert_false(bench_status(&b).has_mac);
	assert_int_equal(b.requests, 0);
	assert_int_equal(bench_status(&b).counters.unexpectedEapFramesRx, 3);
	bench_respond(&b, bench_phone, id, EAP_METHOD_IDENTITY, "phone1");
	assert_int_equal(b.requests, 1);
	port_free(b.port);
}

static void forged_success_and_requests_are_ignored(void **state)
{
	struct bench b;
	uint8_t eap[5] = { EAP_CODE_SUCCESS, 1, 0, 4 };

	(void)state;
	bench_up(&b);
	bench_eapol(&b, bench_phone, EAPOL_EAP, span(eap, 4));
	eap[0] = EAP_CODE_REQUEST;
	eap[3] = 5;
	eap[4] = EAP_METHOD_IDENTITY;
	bench_eapol(&b, bench_phone, EAPOL_EAP, span(eap, 5));
	assert_int_equal(bench_status(&b).counters.invalidEapolFramesRx, 2);
	bench_eapol(&b, bench_phone, EAPOL_EAP, span(eap, 3));
	assert_int_equal(bench_status(&b).counters.eapLengthErrorFramesRx, 1);
	assert_int_equal(b.frames, 1);
	assert_int_equal(b.grants, 0);
	port_free(b.port);
}

static void logoff_only_from_the_session(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b);
	bench_eapol(&b, bench_phone, EAPOL_LOGOFF, span(NULL, 0));
	assert_int_equal(b.closes, 0);
	bench_authenticate(&b);
	bench_clear(&b);
	bench_eapol(&b, bench_other, EAPOL_LOGOFF, span(NULL, 0));
	assert_int_equal(b.closes, 0);
	assert_true(bench_status(&b).authorized);
	assert_int_equal(bench_status(&b).counters.foreignEapolFramesRx, 1);
	bench_eapol(&b, bench_phone, EAPOL_LOGOFF, span(NULL, 0));
	assert_int_equal(b.closes, 1);
	assert_int_equal(b.reason, PORTCALL_REASON_PORT_LOGOFF);
	assert_true(mac_equal(b.mac, bench_phone));
	assert_false(bench_status(&b).authorized);
	port_free(b.port);
}

static void logoff_in_the_middle_ends_the_attempt(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b);
	bench_respond(&b, bench_phone, b.eap.id, EAP_METHOD_IDENTITY, "phone1");
	bench_eapol(&b, bench_phone, EAPOL_LOGOFF, span(NULL, 0));
	assert_int_equal(b.cancels, 1);
	assert_int_equal(b.closes, 1);
	assert_int_equal(b.reason, PORTCALL_REASON_PORT_LOGOFF);
	port_free(b.port);
}

static void the_first_station_owns_the_attempt(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b);
	bench_eapol(&b, bench_phone, EAPOL_START, span(NULL, 0));
	bench_respond(&b, bench_other, b.eap.id, EAP_METHOD_IDENTITY, "other");
	assert_int_equal(b.requests, 0);
	bench_eapol(&b, bench_other, EAPOL_START, span(NULL, 0));
	assert_int_equal(bench_status(&b).counters.foreignEapolFramesRx, 2);
	bench_authenticate(&b);
	bench_clear(&b);
	bench_eapol(&b, bench_other, EAPOL_START, span(NULL, 0));
	assert_int_equal(b.frames + b.closes, 0);
	port_free(b.port);
}

static void a_silent_owner_loses_the_port(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b);
	bench_eapol(&b, bench_other, EAPOL_START, span(NULL, 0));
	while (b.closes == 0)
		bench_tick(&b, port_deadline(b.port));
	assert_int_equal(b.reason, PORTCALL_REASON_PORT_SUPPLICANT_SILENT);
	bench_authenticate(&b);
	assert_int_equal(b.grants, 1);
	assert_true(mac_equal(b.mac, bench_phone));
	port_free(b.port);
}

static void starts_do_not_hold_the_port(void **state)
{
	struct bench b;
	msec begun;

	(void)state;
	bench_up(&b);
	begun = b.now;
	while (b.closes == 0 && b.now < begun + 200000) {
		b.now += 10000;
		bench_tick(&b, b.now);
		if (b.closes == 0)
			bench_eapol(&b, bench_other, EAPOL_START, span(NULL, 0));
	}
	assert_int_equal(b.now, begun + 90000);
	assert_int_equal(b.reason, PORTCALL_REASON_PORT_SUPPLICANT_SILENT);
	bench_authenticate(&b);
	assert_int_equal(b.grants, 1);
	port_free(b.port);
}

static void a_supplicant_that_begins_anew_too_often_is_told(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b);
	bench_authenticate(&b);
	bench_clear(&b);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(b.closes, 0);
		assert_true(bench_status(&b).authorized);
		bench_eapol(&b, bench_phone, EAPOL_START, span(NULL, 0));
		if (b.closes == 0)
			bench_respond(&b, bench_phone, b.eap.id, EAP_METHOD_IDENTITY, "phone1");
	}
	assert_int_equal(b.closes, 1);
	assert_int_equal(b.reason, PORTCALL_REASON_PORT_STARTED_ANEW);
	assert_string_equal(b.detail, "");
	port_free(b.port);
}

static void a_claim_does_not_rename_the_session(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b);
	bench_authenticate(&b);
	bench_eapol(&b, bench_phone, EAPOL_START, span(NULL, 0));
	bench_respond(&b, bench_phone, b.eap.id, EAP_METHOD_IDENTITY, "director");
	assert_string_equal(bench_status(&b).user, "phone1");
	port_free(b.port);
}

static void reauthentication_by_the_clock_keeps_the_port_open(void **state)
{
	struct bench b;
	struct port_config config = bench_config();
	char session[PORT_SESSION_LEN + 1];

	(void)state;
	config.reAuthPeriod = 3600;
	bench_up_with(&b, &config);
	bench_authenticate(&b);
	strcpy(session, b.session);
	assert_int_equal(port_deadline(b.port), b.now + 3600000);
	bench_clear(&b);
	bench_tick(&b, b.now + 3600000);
	assert_int_equal(b.frames, 1);
	assert_int_equal(b.eap.type, EAP_METHOD_IDENTITY);
	assert_true(bench_status(&b).authorized);
	bench_authenticate(&b);
	assert_int_equal(b.grants, 1);
	assert_int_equal(b.closes, 0);
	assert_string_equal(b.session, session);
	port_free(b.port);
}

static void a_new_vlan_comes_with_reauthentication(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b);
	bench_authenticate(&b);
	port_reauthenticate(b.port, b.now);
	bench_drain(&b);
	bench_respond(&b, bench_phone, b.eap.id, EAP_METHOD_IDENTITY, "phone1");
	assert_int_equal(bench_status(&b).vlan, 20);
	bench_reply(&b, RADIUS_ACCESS_ACCEPT, EAP_CODE_SUCCESS, b.eap.id, BENCH_VLAN_30);
	assert_int_equal(b.grants, 2);
	assert_int_equal(b.vlan, 30);
	port_free(b.port);
}

static void a_reject_of_reauthentication_closes(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b);
	bench_authenticate(&b);
	port_reauthenticate(b.port, b.now);
	bench_drain(&b);
	bench_respond(&b, bench_phone, b.eap.id, EAP_METHOD_IDENTITY, "phone1");
	bench_reply(&b, RADIUS_ACCESS_REJECT, EAP_CODE_FAILURE, b.eap.id, "");
	assert_int_equal(b.closes, 1);
	assert_int_equal(b.reason, PORTCALL_REASON_PORT_REJECTED);
	assert_false(bench_status(&b).authorized);
	port_free(b.port);
}

static void a_silent_reauthentication_closes_after_reAuthMax(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b);
	bench_authenticate(&b);
	bench_clear(&b);
	port_reauthenticate(b.port, b.now);
	bench_drain(&b);
	while (b.closes == 0)
		bench_tick(&b, port_deadline(b.port));
	/* two attempts of three requests, 30 s each */
	assert_int_equal(b.now, 1000 + 180000);
	assert_int_equal(b.reason, PORTCALL_REASON_PORT_SUPPLICANT_SILENT);
	assert_true(mac_equal(b.mac, bench_phone));
	assert_false(bench_status(&b).authorized);
	port_free(b.port);
}

static void session_timeout_ends_the_session(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b);
	bench_respond(&b, bench_phone, b.eap.id, EAP_METHOD_IDENTITY, "phone1");
	bench_reply(&b, RADIUS_ACCESS_ACCEPT, EAP_CODE_SUCCESS, b.eap.id,
	            BENCH_VLAN_20 " 1b0600000078"); /* Session-Timeout = 120 */
	assert_int_equal(port_deadline(b.port), b.now + 120000);
	bench_tick(&b, b.now + 119999);
	assert_int_equal(b.closes, 0);
	bench_tick(&b, b.now + 1);
	assert_int_equal(b.closes, 1);
	assert_int_equal(b.reason, PORTCALL_REASON_PORT_SESSION_TIMEOUT);
	assert_int_equal(b.eap.type, EAP_METHOD_IDENTITY);
	port_free(b.port);
}

static void timers_end_with_their_session(void **state)
{
	struct bench b;
	struct port_config config = bench_config();

	(void)state;
	config.reAuthPeriod = 300;
	bench_up_with(&b, &config);
	bench_respond(&b, bench_phone, b.eap.id, EAP_METHOD_IDENTITY, "phone1");
	bench_reply(&b, RADIUS_ACCESS_ACCEPT, EAP_CODE_SUCCESS, b.eap.id,
	            BENCH_VLAN_20 " 1b0600000078");
	bench_eapol(&b, bench_phone, EAPOL_LOGOFF, span(NULL, 0));
	assert_int_equal(port_deadline(b.port), b.now + 30000); /* of the Identity request */
	bench_authenticate(&b);
	assert_int_equal(port_deadline(b.port), b.now + 300000);
	port_set_control(b.port, PORT_FORCE_AUTHORIZED, b.now);
	bench_drain(&b);
	assert_int_equal(port_deadline(b.port), MSEC_NEVER);
	port_free(b.port);
}

static void termination_action_asks_again_instead(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b);
	bench_respond(&b, bench_phone, b.eap.id, EAP_METHOD_IDENTITY, "phone1");
	bench_reply(&b, RADIUS_ACCESS_ACCEPT, EAP_CODE_SUCCESS, b.eap.id,
	            BENCH_VLAN_20 " 1b0600000078 1d0600000001");
	bench_tick(&b, b.now + 120000);
	assert_int_equal(b.closes, 0);
	assert_true(bench_status(&b).authorized);
	assert_int_equal(b.eap.type, EAP_METHOD_IDENTITY);
	port_free(b.port);
}

static void the_state_of_an_accept_comes_back(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b);
	bench_respond(&b, bench_phone, b.eap.id, EAP_METHOD_IDENTITY, "phone1");
	bench_reply(&b, RADIUS_ACCESS_ACCEPT, EAP_CODE_SUCCESS, b.eap.id,
	            BENCH_VLAN_20 BENCH_STATE " 1b0600000078 1d0600000001");
	bench_tick(&b, b.now + 120000);
	bench_respond(&b, bench_phone, b.eap.id, EAP_METHOD_IDENTITY, "phone1");
	assert_true(bench_request_has(&b, RADIUS_STATE, "\xa1\xb2\xc3\xd4"));
	assert_int_equal(b.server, RADIUS_ANY_SERVER);
	/* in that request, and in no other */
	bench_reply(&b, RADIUS_ACCESS_ACCEPT, EAP_CODE_SUCCESS, b.eap.id,
	            BENCH_VLAN_20 BENCH_STATE " 1b0600000078 1d0600000001");
	bench_eapol(&b, bench_phone, EAPOL_START, span(NULL, 0));
	bench_respond(&b, bench_phone, b.eap.id, EAP_METHOD_IDENTITY, "phone1");
	assert_false(bench_request_has(&b, RADIUS_STATE, "\xa1\xb2\xc3\xd4"));
	port_free(b.port);
}

static void sessions_have_ids_of_their_own(void **state)
{
	struct bench b;
	char first[PORT_SESSION_LEN + 1];

	(void)state;
	bench_up(&b);
	bench_authenticate(&b);
	strcpy(first, b.session);
	bench_eapol(&b, bench_phone, EAPOL_LOGOFF, span(NULL, 0));
	assert_string_equal(b.session, first);
	bench_authenticate(&b);
	assert_string_not_equal(b.session, first);
	port_free(b.port);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		C("a Start that crosses the Identity request costs no second conversation",
		  start_at_link_up_costs_no_second_conversation),
		C("8.2.4: a Start in the middle of a conversation begins anew",
		  start_in_the_middle_begins_anew),
		C("RFC 3748 4.1: responses to other requests do not disturb",
		  wrong_responses_do_not_disturb),
		C("RFC 3748 2.3: Success, Failure and requests from the supplicant are ignored",
		  forged_success_and_requests_are_ignored),
		C("Logoff counts only from the session's station", logoff_only_from_the_session),
		C("8.2.4: Logoff in the middle ends the attempt",
		  logoff_in_the_middle_ends_the_attempt),
		C("the first station that speaks owns the attempt",
		  the_first_station_owns_the_attempt),
		C("and loses it when it falls silent", a_silent_owner_loses_the_port),
		C("Starts alone do not hold the port", starts_do_not_hold_the_port),
		C("a session ended by Starts in the middle says so",
		  a_supplicant_that_begins_anew_too_often_is_told),
		C("the identity of a re-authentication is a claim until it is accepted",
		  a_claim_does_not_rename_the_session),
		C("8.2.8: re-authentication by the clock keeps the port open",
		  reauthentication_by_the_clock_keeps_the_port_open),
		C("a new VLAN comes with re-authentication",
		  a_new_vlan_comes_with_reauthentication),
		C("a Reject of the re-authentication closes", a_reject_of_reauthentication_closes),
		C("8.2.4.1.2: silence closes after reAuthMax attempts",
		  a_silent_reauthentication_closes_after_reAuthMax),
		C("RFC 3580 3.17: Session-Timeout ends the session",
		  session_timeout_ends_the_session),
		C("timers end with the session that set them", timers_end_with_their_session),
		C("RFC 3580 3.18: Termination-Action = RADIUS-Request asks again instead",
		  termination_action_asks_again_instead),
		C("RFC 2865 5.24: the State of an Accept comes back with that",
		  the_state_of_an_accept_comes_back),
		C("each session has an id of its own", sessions_have_ids_of_their_own),
	};

	return cmocka_run_group_tests_name("port_session", tests, NULL, NULL);
}
