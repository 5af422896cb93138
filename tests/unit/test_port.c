/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One port: its conversation with a supplicant and a RADIUS server, played by the test in virtual
 * time.
 */
#include "tests/unit/port_bench.h"

static void identity_is_asked_at_link_up(void **state)
{
	struct bench b;
	struct port_status status;

	(void)state;
	bench_up(&b);
	status = bench_status(&b);
	assert_int_equal(b.frames, 1);
	assert_int_equal(b.eap.code, EAP_CODE_REQUEST);
	assert_int_equal(b.eap.type, EAP_METHOD_IDENTITY);
	assert_true(mac_equal(b.eapol.dst, mac_pae_group));
	assert_true(mac_equal(b.eapol.src, bench_switch));
	assert_string_equal(status.pae_state, "AUTHENTICATING");
	assert_string_equal(status.backend_state, "REQUEST");
	assert_false(status.authorized);
	assert_int_equal(strlen(status.session), PORT_SESSION_LEN);
	assert_true(span_is(eap_identity_session(b.eap.data), status.session));
	assert_int_equal(b.grants + b.closes, 0);
	port_free(b.port);
}

static void success_opens_the_port(void **state)
{
	struct bench b;
	char session[PORT_SESSION_LEN + 1];

	(void)state;
	bench_up(&b);
	strcpy(session, bench_status(&b).session);
	bench_authenticate(&b);
	assert_int_equal(b.grants, 1);
	assert_int_equal(b.closes, 0);
	assert_int_equal(b.vlan, 20);
	assert_int_equal(b.reason, PORTCALL_REASON_PORT_AUTHENTICATED);
	assert_true(b.has_mac && mac_equal(b.mac, bench_phone));
	assert_string_equal(b.session, session);
	assert_string_equal(b.user, "phone1");
	assert_int_equal(b.eap.code, EAP_CODE_SUCCESS);
	assert_true(bench_status(&b).authorized);
	assert_string_equal(bench_status(&b).pae_state, "AUTHENTICATED");
	assert_int_equal(port_deadline(b.port), MSEC_NEVER);
	port_free(b.port);
}

static void the_request_says_who_and_where(void **state)
{
	struct bench b;
	uint32_t number = 0;
	struct span value;

	(void)state;
	bench_up(&b);
	bench_respond(&b, bench_phone, b.eap.id, EAP_METHOD_IDENTITY, "phone1");
	assert_int_equal(b.requests, 1);
	assert_int_equal(b.server, -1);
	assert_int_equal(b.handle >> 32, 7);
	assert_true(bench_request_has(&b, RADIUS_USER_NAME, "phone1"));
	assert_true(bench_request_has(&b, RADIUS_NAS_IDENTIFIER, "bench"));
	assert_true(radius_find_u32(&b.request, RADIUS_NAS_IP_ADDRESS, &number) &&
	            number == 0xc0000201);
	assert_true(radius_find_u32(&b.request, RADIUS_NAS_PORT, &number) && number == 7);
	assert_true(bench_request_has(&b, RADIUS_NAS_PORT_ID, "p7"));
	assert_true(radius_find_u32(&b.request, RADIUS_NAS_PORT_TYPE, &number) && number == 15);
	assert_true(radius_find_u32(&b.request, RADIUS_SERVICE_TYPE, &number) && number == 2);
	assert_true(radius_find_u32(&b.request, RADIUS_FRAMED_MTU, &number) && number == 1400);
	assert_true(bench_request_has(&b, RADIUS_CALLED_STATION_ID, "02-00-00-00-00-FE"));
	assert_true(bench_request_has(&b, RADIUS_CALLING_STATION_ID, "02-00-00-00-01-01"));
	assert_true(bench_request_has(&b, RADIUS_ACCT_SESSION_ID, bench_status(&b).session));
	assert_false(radius_find(&b.request, RADIUS_STATE, &value));
	assert_false(radius_find(&b.request, RADIUS_MESSAGE_AUTHENTICATOR, &value));
	port_free(b.port);
}

static void state_is_echoed_to_the_same_server(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b);
	bench_respond(&b, bench_phone, b.eap.id, EAP_METHOD_IDENTITY, "phone1");
	bench_reply(&b, RADIUS_ACCESS_CHALLENGE, EAP_CODE_REQUEST, 77, BENCH_STATE);
	assert_int_equal(b.eap.id, 77);
	bench_respond(&b, bench_phone, 77, EAP_METHOD_TLS, "x");
	assert_true(bench_request_has(&b, RADIUS_STATE, "\xa1\xb2\xc3\xd4"));
	assert_true(bench_request_has(&b, RADIUS_USER_NAME, "phone1"));
	assert_int_equal(b.server, 0);
	/* the next challenge has none: none is sent */
	bench_reply(&b, RADIUS_ACCESS_CHALLENGE, EAP_CODE_REQUEST, 78, "");
	bench_respond(&b, bench_phone, 78, EAP_METHOD_TLS, "x");
	assert_false(bench_request_has(&b, RADIUS_STATE, "\xa1\xb2\xc3\xd4"));
	port_free(b.port);
}

static void a_long_identity_is_replaced(void **state)
{
	struct bench b;
	char name[255] = { 0 };

	(void)state;
	bench_up(&b);
	memset(name, 'n', 254);
	bench_respond(&b, bench_phone, b.eap.id, EAP_METHOD_IDENTITY, name);
	assert_true(bench_request_has(&b, RADIUS_USER_NAME, "02-00-00-00-01-01"));
	port_free(b.port);
}

static void reject_holds_with_its_reason(void **state)
{
	struct bench b;
	msec quiet;

	(void)state;
	bench_up(&b);
	bench_respond(&b, bench_phone, b.eap.id, EAP_METHOD_IDENTITY, "phone1");
	/* Portcall-Reason = "wrong-mac" */
	bench_reply(&b, RADIUS_ACCESS_REJECT, EAP_CODE_FAILURE, b.eap.id,
	            "1a110000ea5f010b 77726f6e672d6d6163");
	assert_int_equal(b.eap.code, EAP_CODE_FAILURE);
	assert_int_equal(b.closes, 1);
	assert_int_equal(b.reason, PORTCALL_REASON_PORT_REJECTED);
	assert_string_equal(b.detail, "wrong-mac");
	assert_true(b.has_mac && mac_equal(b.mac, bench_phone));
	assert_string_equal(bench_status(&b).pae_state, "HELD");
	quiet = port_deadline(b.port);
	assert_int_equal(quiet, b.now + 60000);
	bench_clear(&b);
	bench_eapol(&b, bench_phone, EAPOL_START, span(NULL, 0));
	assert_int_equal(b.frames, 0);
	bench_tick(&b, quiet);
	assert_int_equal(b.frames, 1);
	assert_int_equal(b.eap.type, EAP_METHOD_IDENTITY);
	assert_int_equal(b.grants, 0);
	port_free(b.port);
}

static const struct {
	const char *attributes;
	enum portcall_reason reason;
	const char *detail;
} vlan_table[] = {
	{ "", PORTCALL_REASON_PORT_VLAN_MISSING, "" },
	{ BENCH_VLAN_999, PORTCALL_REASON_PORT_VLAN_UNKNOWN, "999" },
	{ "40060000000d 410600000006", PORTCALL_REASON_PORT_VLAN_MALFORMED, NULL },
	{ BENCH_VLAN_20 " 1b0400ff", PORTCALL_REASON_PORT_RADIUS_MALFORMED, NULL },
};

static void no_usable_vlan_no_grant(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(vlan_table) / sizeof(vlan_table[0]); i++) {
		struct bench b;

		bench_up(&b);
		bench_respond(&b, bench_phone, b.eap.id, EAP_METHOD_IDENTITY, "phone1");
		bench_reply(&b, RADIUS_ACCESS_ACCEPT, EAP_CODE_SUCCESS, b.eap.id,
		            vlan_table[i].attributes);
		assert_int_equal(b.grants, 0);
		assert_int_equal(b.closes, 1);
		assert_int_equal(b.reason, vlan_table[i].reason);
		if (vlan_table[i].detail)
			assert_string_equal(b.detail, vlan_table[i].detail);
		assert_int_equal(b.eap.code, EAP_CODE_FAILURE);
		assert_false(bench_status(&b).authorized);
		port_free(b.port);
	}
}

static void the_packet_type_decides(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b);
	bench_respond(&b, bench_phone, b.eap.id, EAP_METHOD_IDENTITY, "phone1");
	bench_reply(&b, RADIUS_ACCESS_REJECT, EAP_CODE_SUCCESS, b.eap.id, BENCH_VLAN_20);
	assert_int_equal(b.grants, 0);
	assert_int_equal(b.eap.code, EAP_CODE_FAILURE);
	port_free(b.port);

	bench_up(&b);
	bench_respond(&b, bench_phone, b.eap.id, EAP_METHOD_IDENTITY, "phone1");
	bench_reply_to(&b, b.handle, RADIUS_ACCESS_ACCEPT, span(NULL, 0), BENCH_VLAN_20);
	assert_int_equal(b.grants, 1);
	assert_int_equal(b.eap.code, EAP_CODE_SUCCESS);
	port_free(b.port);
}

static void a_challenge_without_request_fails(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b);
	bench_respond(&b, bench_phone, b.eap.id, EAP_METHOD_IDENTITY, "phone1");
	bench_reply_to(&b, b.handle, RADIUS_ACCESS_CHALLENGE, span(NULL, 0), BENCH_STATE);
	assert_int_equal(b.reason, PORTCALL_REASON_PORT_RADIUS_MALFORMED);
	assert_int_equal(b.eap.code, EAP_CODE_FAILURE);
	assert_int_equal(b.closes, 1);
	port_free(b.port);
}

static void a_large_request_crosses_in_one_frame(void **state)
{
	struct bench b;
	uint8_t eap[1496], body[1491] = { 0 };
	char data[1400] = { 0 };
	size_t n;

	(void)state;
	bench_up(&b);
	memset(data, 'd', sizeof(data) - 1);
	bench_respond(&b, bench_phone, b.eap.id, EAP_METHOD_IDENTITY, "phone1");
	assert_int_equal(eap_encode(EAP_CODE_REQUEST, 5, EAP_METHOD_TLS, span(body, sizeof(body)),
	                            eap, sizeof(eap), &n),
	                 PORTCALL_OK);
	bench_reply_to(&b, b.handle, RADIUS_ACCESS_CHALLENGE, span(eap, n), BENCH_STATE);
	assert_int_equal(b.eap.whole.n, 1496);
	/* and a response of several EAP-Message attributes goes to the server unchanged */
	bench_respond(&b, bench_phone, 5, EAP_METHOD_TLS, data);
	uint8_t joined[1500];

	assert_int_equal(radius_eap_message(&b.request, joined, sizeof(joined), &n), PORTCALL_OK);
	assert_int_equal(n, 5 + 1399);
	port_free(b.port);
}

static void a_challenge_says_how_long_to_wait(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b);
	bench_respond(&b, bench_phone, b.eap.id, EAP_METHOD_IDENTITY, "phone1");
	bench_reply(&b, RADIUS_ACCESS_CHALLENGE, EAP_CODE_REQUEST, 77, BENCH_STATE " 1b0600000005");
	assert_int_equal(port_deadline(b.port), b.now + 5000);
	bench_respond(&b, bench_phone, 77, EAP_METHOD_TLS, "x");
	bench_reply(&b, RADIUS_ACCESS_CHALLENGE, EAP_CODE_REQUEST, 78, BENCH_STATE);
	assert_int_equal(port_deadline(b.port), b.now + 30000);
	bench_respond(&b, bench_phone, 78, EAP_METHOD_TLS, "x");
	bench_reply(&b, RADIUS_ACCESS_CHALLENGE, EAP_CODE_REQUEST, 79,
	            BENCH_STATE " 1b06ffffffff"); /* a port that waits for ever is of no use */
	assert_int_equal(port_deadline(b.port), b.now + 30000);
	port_free(b.port);
}

static void late_and_foreign_replies_are_ignored(void **state)
{
	struct bench b;
	uint64_t old;

	(void)state;
	bench_up(&b);
	bench_respond(&b, bench_phone, b.eap.id, EAP_METHOD_IDENTITY, "phone1");
	old = b.handle;
	bench_eapol(&b, bench_phone, EAPOL_START, span(NULL, 0));
	assert_int_equal(b.cancels, 1);
	assert_int_equal(b.cancelled, old);
	bench_reply_to(&b, old, RADIUS_ACCESS_ACCEPT, span(NULL, 0), BENCH_VLAN_20);
	bench_reply_to(&b, 0, RADIUS_ACCESS_ACCEPT, span(NULL, 0), BENCH_VLAN_20);
	port_radius_timeout(b.port, old, b.now);
	bench_drain(&b);
	assert_int_equal(b.grants + b.closes, 0);
	port_free(b.port);
}

static void nobody_there_is_told_once(void **state)
{
	struct bench b;
	msec begun;

	(void)state;
	bench_up(&b);
	begun = b.now;
	while (b.now < begun + 600000)
		bench_tick(&b, port_deadline(b.port));
	assert_int_equal(b.closes, 1);
	assert_int_equal(b.reason, PORTCALL_REASON_PORT_NO_SUPPLICANT);
	assert_false(b.has_mac);
	/* but the Identity is asked for every txPeriod, for ever */
	assert_in_range(b.frames, 20, 22);
	port_free(b.port);
}

static void a_silent_supplicant_is_told_apart(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b);
	bench_respond(&b, bench_phone, b.eap.id, EAP_METHOD_IDENTITY, "phone1");
	bench_reply(&b, RADIUS_ACCESS_CHALLENGE, EAP_CODE_REQUEST, 9, BENCH_STATE);
	bench_clear(&b);
	bench_tick(&b, 31000);
	bench_tick(&b, 61000);
	assert_int_equal(b.frames, 2); /* the same request again */
	assert_int_equal(b.eap.id, 9);
	assert_int_equal(b.closes, 0);
	bench_tick(&b, 91000);
	assert_int_equal(b.closes, 1);
	assert_int_equal(b.reason, PORTCALL_REASON_PORT_SUPPLICANT_SILENT);
	assert_true(b.has_mac);
	assert_int_equal(b.eap.type, EAP_METHOD_IDENTITY);
	port_free(b.port);
}

static void radius_timeout_is_told_and_tried_again(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b);
	bench_respond(&b, bench_phone, b.eap.id, EAP_METHOD_IDENTITY, "phone1");
	bench_clear(&b);
	b.now += 8000;
	port_radius_timeout(b.port, b.handle, b.now);
	bench_drain(&b);
	assert_int_equal(b.closes, 1);
	assert_int_equal(b.reason, PORTCALL_REASON_PORT_RADIUS_TIMEOUT);
	assert_int_equal(b.cancels, 0);
	assert_int_equal(b.frames, 1);
	assert_int_equal(b.eap.type, EAP_METHOD_IDENTITY);
	/* serverTimeout without a word from the client: the request is called back */
	bench_respond(&b, bench_phone, b.eap.id, EAP_METHOD_IDENTITY, "phone1");
	bench_clear(&b);
	assert_int_equal(port_deadline(b.port), b.now + 30000);
	bench_tick(&b, b.now + 30000);
	assert_int_equal(b.closes, 1);
	assert_int_equal(b.cancels, 1);
	assert_int_equal(b.cancelled, b.handle);
	assert_true(b.unanswered);
	port_free(b.port);
}

static void requests_that_cannot_be_sent_do_not_spin(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b);
	for (int i = 0; i < 5; i++) {
		bench_respond(&b, bench_phone, b.eap.id, EAP_METHOD_IDENTITY, "phone1");
		bench_clear(&b);
		port_radius_timeout(b.port, b.handle, b.now);
		bench_drain(&b);
		assert_int_equal(b.frames, 0);
		assert_int_equal(port_deadline(b.port), b.now + 1000);
		bench_tick(&b, b.now + 1000);
		assert_int_equal(b.reason, PORTCALL_REASON_PORT_RADIUS_TIMEOUT);
		assert_int_equal(b.closes, 1);
		assert_int_equal(b.frames, 1);
	}
	port_free(b.port);
}

static void unplugging_closes(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b);
	bench_authenticate(&b);
	bench_clear(&b);
	port_link(b.port, false, b.now);
	bench_drain(&b);
	assert_int_equal(b.closes, 1);
	assert_int_equal(b.reason, PORTCALL_REASON_PORT_LINK_DOWN);
	assert_int_equal(strlen(b.session), PORT_SESSION_LEN);
	assert_false(bench_status(&b).has_mac);
	assert_int_equal(port_deadline(b.port), MSEC_NEVER);
	bench_eapol(&b, bench_phone, EAPOL_START, span(NULL, 0));
	assert_int_equal(b.frames, 0);
	port_link(b.port, true, b.now);
	bench_drain(&b);
	assert_int_equal(b.frames, 1);
	port_free(b.port);
}

static void unplugging_calls_the_request_back(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b);
	bench_respond(&b, bench_phone, b.eap.id, EAP_METHOD_IDENTITY, "phone1");
	port_link(b.port, false, b.now);
	bench_drain(&b);
	assert_int_equal(b.cancels, 1);
	assert_false(b.unanswered);
	bench_reply_to(&b, b.handle, RADIUS_ACCESS_ACCEPT, span(NULL, 0), BENCH_VLAN_20);
	assert_int_equal(b.grants, 0);
	port_free(b.port);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		C("802.1X-2004 8.2.4: the Identity request leaves at link-up, with the session id",
		  identity_is_asked_at_link_up),
		C("RFC 3580 3.31: an Accept with a VLAN opens the port", success_opens_the_port),
		C("RFC 3580 3, RFC 3579 2.1: the Access-Request says who and where",
		  the_request_says_who_and_where),
		C("RFC 2865 5.24: State is echoed, to the server that sent it",
		  state_is_echoed_to_the_same_server),
		C("RFC 3579 2.1: an Identity over 253 octets is replaced in User-Name",
		  a_long_identity_is_replaced),
		C("8.2.4: a Reject holds the port for quietPeriod and tells Portcall-Reason",
		  reject_holds_with_its_reason),
		C("no usable VLAN: EAP-Failure, closed, with the reason", no_usable_vlan_no_grant),
		C("RFC 3579 2.6.3: the RADIUS code decides, not the EAP packet in it",
		  the_packet_type_decides),
		C("RFC 3579 2.1: a challenge without EAP-Request ends the attempt",
		  a_challenge_without_request_fails),
		C("RFC 3579 3.1: EAP packets of a full frame cross in both directions",
		  a_large_request_crosses_in_one_frame),
		C("RFC 3580 3.17: Session-Timeout of a challenge is how long to wait",
		  a_challenge_says_how_long_to_wait),
		C("answers to requests that nobody waits for are ignored",
		  late_and_foreign_replies_are_ignored),
		C("an empty port is told once and goes on asking", nobody_there_is_told_once),
		C("a supplicant that stops answering is told apart from none",
		  a_silent_supplicant_is_told_apart),
		C("8.2.9: no answer of RADIUS is told, and the attempt begins again",
		  radius_timeout_is_told_and_tried_again),
		C("requests that cannot be sent: one attempt in a second",
		  requests_that_cannot_be_sent_do_not_spin),
		C("loss of link closes the port", unplugging_closes),
		C("loss of link calls the RADIUS request back", unplugging_calls_the_request_back),
	};

	return cmocka_run_group_tests_name("port", tests, NULL, NULL);
}
