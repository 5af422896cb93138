/* SPDX-License-Identifier: BSD-3-Clause */
/* The EAP layer of a pass-through authenticator (RFC 4137 6, RFC 3748). */
#include "tests/unit/check.h"

#include "switch/eap_pass.h"

static struct eap_pass eap;
static struct pae_shared shared;

static struct eap_packet outgoing(void)
{
	struct eap_packet packet;

	assert_int_equal(eap_decode(span(eap.packet, eap.packet_n), &packet), PORTCALL_OK);
	return packet;
}

static void begin(void)
{
	eap_pass_init(&eap, 30000, 10000, 2, 255);
	shared = (struct pae_shared){ .eapRestart = true, .eapTimeout = true, .eapFail = true };
	eap_pass_restart(&eap, &shared, "0123456789abcdef");
}

static bool respond(uint8_t id, uint8_t type)
{
	const struct eap_packet response = { .code = EAP_CODE_RESPONSE, .id = id, .type = type };

	return eap_pass_response(&eap, &shared, &response);
}

static void restart_asks_for_the_identity(void **state)
{
	(void)state;
	begin();
	assert_true(shared.eapReq);
	assert_false(shared.eapRestart);
	assert_false(shared.eapTimeout);
	assert_false(shared.eapFail);
	struct eap_packet packet = outgoing();

	assert_int_equal(packet.code, EAP_CODE_REQUEST);
	assert_int_equal(packet.id, 0); /* wraps */
	assert_int_equal(packet.type, EAP_METHOD_IDENTITY);
	assert_int_equal(packet.data.p[0], 0); /* empty prompt */
	assert_true(span_is(eap_identity_session(packet.data), "0123456789abcdef"));
	eap_pass_restart(&eap, &shared, "");
	assert_int_equal(outgoing().id, 1);
}

static void requests_are_sent_again_maxReq_times(void **state)
{
	(void)state;
	begin();
	assert_int_equal(eap_pass_deadline(&eap), MSEC_NEVER);
	for (msec now = 0; now < 90000; now += 30000) {
		assert_true(shared.eapReq);
		shared.eapReq = false;
		eap_pass_sent(&eap, now);
		assert_int_equal(eap_pass_deadline(&eap), now + 30000);
		eap_pass_tick(&eap, &shared, now + 29999);
		assert_false(shared.eapReq);
		eap_pass_tick(&eap, &shared, now + 30000);
	}
	assert_false(shared.eapReq);
	assert_true(shared.eapTimeout);
	assert_false(eap.answered);
	assert_int_equal(eap_pass_deadline(&eap), MSEC_NEVER);
}

static void only_the_answer_passes(void **state)
{
	(void)state;
	begin();
	shared.eapResp = true;
	assert_false(respond(7, EAP_METHOD_IDENTITY));
	assert_false(shared.eapResp);
	assert_true(shared.eapNoReq);
	assert_false(respond(0, EAP_METHOD_NAK));
	assert_true(respond(0, EAP_METHOD_IDENTITY));
	assert_true(eap.answered);
	assert_false(respond(0, EAP_METHOD_IDENTITY)); /* once */
	assert_int_equal(eap_pass_deadline(&eap), MSEC_NEVER);
}

static void the_servers_requests_pass(void **state)
{
	static uint8_t large[EAP_PASS_MAX_PACKET + 1] = { EAP_CODE_REQUEST, 9 };

	(void)state;
	begin();
	assert_true(respond(0, EAP_METHOD_IDENTITY));
	shared.eapReq = false;
	large[2] = EAP_PASS_MAX_PACKET >> 8;
	large[3] = EAP_PASS_MAX_PACKET & 255;
	assert_int_equal(eap_pass_request(&eap, &shared, span(large, EAP_PASS_MAX_PACKET)),
	                 PORTCALL_OK);
	assert_true(shared.eapReq);
	assert_int_equal(eap.packet_n, EAP_PASS_MAX_PACKET);
	eap_pass_sent(&eap, 0);
	assert_int_equal(eap_pass_deadline(&eap), 10000); /* suppTimeout */
	assert_true(respond(9, EAP_METHOD_NAK));

	large[3]++;
	assert_int_equal(eap_pass_request(&eap, &shared, span(large, sizeof(large))),
	                 PORTCALL_DISCARD);
	large[0] = EAP_CODE_SUCCESS;
	large[2] = 0;
	large[3] = 4;
	assert_int_equal(eap_pass_request(&eap, &shared, span(large, 4)), PORTCALL_DISCARD);
	assert_int_equal(eap_pass_request(&eap, &shared, span(NULL, 0)), PORTCALL_DISCARD);
}

static void the_end_agrees_with_the_decision(void **state)
{
	static const uint8_t failure[] = { EAP_CODE_FAILURE, 33, 0, 4 };

	(void)state;
	begin();
	assert_true(respond(0, EAP_METHOD_IDENTITY));
	eap_pass_end(&eap, &shared, false, span(failure, 4));
	assert_true(shared.eapFail);
	assert_int_equal(outgoing().code, EAP_CODE_FAILURE);
	assert_int_equal(outgoing().id, 33);

	begin();
	assert_true(respond(0, EAP_METHOD_IDENTITY));
	eap_pass_end(&eap, &shared, true, span(failure, 4));
	assert_true(shared.eapSuccess);
	assert_int_equal(outgoing().code, EAP_CODE_SUCCESS);
	assert_int_equal(outgoing().id, 0); /* of the response */
	assert_int_equal(eap.packet_n, 4);
	assert_false(respond(0, EAP_METHOD_IDENTITY));
}

static void an_aborted_conversation_hears_nothing(void **state)
{
	(void)state;
	begin();
	eap_pass_sent(&eap, 0);
	eap_pass_abort(&eap);
	assert_int_equal(eap_pass_deadline(&eap), MSEC_NEVER);
	assert_false(respond(0, EAP_METHOD_IDENTITY));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		C("RFC 3748 5.1: eapRestart asks for the Identity, session id behind the NUL",
		  restart_asks_for_the_identity),
		C("RFC 3748 4.3: a request is sent again maxReq times, then eapTimeout",
		  requests_are_sent_again_maxReq_times),
		C("RFC 3748 4.1: only a response with the request's identifier passes",
		  only_the_answer_passes),
		C("RFC 3748 2.3: the server's requests pass when they fit",
		  the_servers_requests_pass),
		C("RFC 3748 4.2, RFC 3579 2.6.3: the last packet agrees with the decision",
		  the_end_agrees_with_the_decision),
		C("abortAuth: nothing is heard any more", an_aborted_conversation_hears_nothing),
	};

	return cmocka_run_group_tests_name("eap_pass", tests, NULL, NULL);
}
