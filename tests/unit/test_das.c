/* SPDX-License-Identifier: BSD-3-Clause */
/* The dynamic authorisation server: who may ask, and what is answered (RFC 5176). */
#include "tests/unit/das_bench.h"

static void disconnect_is_decided_and_acknowledged(void **state)
{
	struct bench b;
	uint32_t cause;

	(void)state;
	begin(&b);
	assert_int_equal(ask(&b, RADIUS_DISCONNECT_REQUEST, SESSION STATION), DAS_DECIDE);
	assert_int_equal(b.request.action, DAS_DISCONNECT);
	assert_true(span_is(b.request.session, "abcd"));
	assert_true(b.request.has_station && b.request.station[5] == 1);
	assert_int_equal(reply_of(&b, das_answer(b.das, &b.request, DAS_DONE, b.now), &cause),
	                 RADIUS_DISCONNECT_ACK);
	assert_int_equal(cause, 0);
	das_free(b.das);
}

static void what_came_of_it_is_the_error_cause(void **state)
{
	static const enum das_error_cause causes[] = { DAS_ADMINISTRATIVELY_PROHIBITED,
		                                       DAS_SESSION_CONTEXT_NOT_FOUND,
		                                       DAS_SESSION_CONTEXT_NOT_REMOVABLE,
		                                       DAS_RESOURCES_UNAVAILABLE,
		                                       DAS_MULTIPLE_SESSION_SELECTION };
	struct das_client_status status;
	struct bench b;

	(void)state;
	begin(&b);
	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
		uint32_t cause;

		assert_int_equal(ask(&b, RADIUS_DISCONNECT_REQUEST, SESSION), DAS_DECIDE);
		assert_int_equal(
			reply_of(&b, das_answer(b.das, &b.request, causes[i], b.now), &cause),
			RADIUS_DISCONNECT_NAK);
		assert_int_equal(cause, causes[i]);
		assert_string_not_equal(das_error_cause_text(causes[i]), "");
	}
	das_client(b.das, 0, &status);
	assert_int_equal(status.naks, sizeof(causes) / sizeof(causes[0]));
	assert_int_equal(status.acks, 0);
	das_free(b.das);
}

static void proxy_state_and_state_go_back(void **state)
{
	struct bench b;
	struct radius_packet reply;
	struct reader r;
	struct radius_attribute a;
	struct span bytes;
	uint8_t proxies[2], proxy_n = 0;
	struct span value;

	(void)state;
	begin(&b);
	assert_int_equal(
		ask(&b, RADIUS_COA_REQUEST, "2103 01" SESSION REAUTH "1806 a1b2c3d4 2103 02"),
		DAS_DECIDE);
	bytes = das_answer(b.das, &b.request, DAS_DONE, b.now);
	assert_int_equal(radius_decode(bytes, &reply), PORTCALL_OK);
	assert_int_equal(bytes.p[RADIUS_HEADER_LEN], RADIUS_MESSAGE_AUTHENTICATOR);
	for (r = reader_of(reply.attributes); radius_next(&r, &a);) {
		if (a.type == RADIUS_PROXY_STATE && proxy_n < 2)
			proxies[proxy_n++] = a.value.p[0];
	}
	assert_int_equal(proxy_n, 2);
	assert_true(proxies[0] == 1 && proxies[1] == 2);
	assert_true(radius_find(&reply, RADIUS_STATE, &value) && value.n == 4);
	assert_false(radius_find(&reply, RADIUS_ERROR_CAUSE, &value));
	das_free(b.das);
}

static struct bench shared;

static bool is_taken(struct span datagram)
{
	return das_input(shared.das, 0, 40000, datagram, shared.now, wall, &shared.request) ==
	       DAS_DECIDE;
}

static void no_bit_may_differ(void **state)
{
	struct das_client_status status;

	(void)state;
	begin(&shared);
	make(&shared, RADIUS_DISCONNECT_REQUEST, 1, wall, SESSION STATION);
	rejects_every_bitflip(is_taken, span(shared.datagram, shared.n));
	rejects_every_prefix(is_taken, span(shared.datagram, shared.n));
	das_client(shared.das, 0, &status);
	assert_int_equal(status.disconnect_requests, 2);
	assert_int_equal(status.acks + status.naks, 0);
	assert_true(status.bad_authenticators > 8 * 60 && status.malformed > 0);
	das_free(shared.das);
}

static void a_request_needs_its_authenticators(void **state)
{
	struct bench b;
	struct das_client_status status;
	uint8_t attributes[20];
	struct span list;

	(void)state;
	begin(&b);
	list = unhex(SESSION, attributes, sizeof(attributes));
	assert_int_equal(radius_signed_request(RADIUS_DISCONNECT_REQUEST, 1, false, list,
	                                       span_of_string(secrets[0]), b.datagram,
	                                       sizeof(b.datagram), &b.n),
	                 PORTCALL_OK);
	assert_int_equal(give(&b), DAS_DROP);
	assert_non_null(strstr(b.request.why, "no Message-Authenticator"));
	/* the other client's secret */
	make(&b, RADIUS_DISCONNECT_REQUEST, 2, wall, SESSION);
	assert_int_equal(das_input(b.das, 1, 40000, span(b.datagram, b.n), b.now, wall, &b.request),
	                 DAS_DROP);
	/* two of them */
	make(&b, RADIUS_DISCONNECT_REQUEST, 3, wall,
	     SESSION "5012 00000000000000000000000000000000");
	assert_int_equal(give(&b), DAS_DROP);
	make(&b, RADIUS_ACCESS_REQUEST, 4, wall, SESSION);
	assert_int_equal(give(&b), DAS_DROP);
	das_client(b.das, 0, &status);
	assert_int_equal(status.bad_authenticators, 2);
	assert_int_equal(status.malformed, 1);
	das_client(b.das, 1, &status);
	assert_int_equal(status.bad_authenticators, 1);
	das_free(b.das);
}

static void event_timestamp_must_be_near(void **state)
{
	static const struct {
		int64_t at;
		enum das_verdict verdict;
	} times[] = { { wall, DAS_DECIDE },       { wall - 300, DAS_DECIDE },
		      { wall + 300, DAS_DECIDE }, { wall - 301, DAS_DROP },
		      { wall + 301, DAS_DROP },   { 1, DAS_DROP },
		      { UINT32_MAX, DAS_DROP },   { 0, DAS_DROP } };
	struct span list[2];
	struct das_config config = config_of(list);
	struct das_client_status status;
	struct bench b;

	(void)state;
	begin(&b);
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		make(&b, RADIUS_DISCONNECT_REQUEST, 1, times[i].at, SESSION);
		assert_int_equal(give(&b), times[i].verdict);
	}
	make(&b, RADIUS_DISCONNECT_REQUEST, 1, 0, SESSION "3705 012345");
	assert_int_equal(give(&b), DAS_DROP);
	das_client(b.das, 0, &status);
	assert_int_equal(status.stale, 6);
	das_free(b.das);
	config.timestamp_optional = true;
	begin_with(&b, config);
	make(&b, RADIUS_DISCONNECT_REQUEST, 1, 0, SESSION);
	assert_int_equal(give(&b), DAS_DECIDE);
	make(&b, RADIUS_DISCONNECT_REQUEST, 1, wall - 301, SESSION);
	assert_int_equal(give(&b), DAS_DROP);
	das_free(b.das);
}

static void nothing_is_done_twice(void **state)
{
	struct das_client_status status;
	uint8_t first[RADIUS_MAX_PACKET];
	struct span reply;
	size_t n;
	struct bench b;

	(void)state;
	begin(&b);
	assert_int_equal(ask(&b, RADIUS_DISCONNECT_REQUEST, SESSION), DAS_DECIDE);
	reply = das_answer(b.das, &b.request, DAS_SESSION_CONTEXT_NOT_FOUND, b.now);
	n = reply.n;
	memcpy(first, reply.p, n);
	/* a retransmission: the same answer */
	b.now += 5000;
	assert_int_equal(give(&b), DAS_ANSWER);
	assert_true(b.request.repeated);
	assert_int_equal(b.request.cause, DAS_SESSION_CONTEXT_NOT_FOUND);
	assert_true(span_equal(b.request.reply, span(first, n)));
	/* a replay */
	assert_int_equal(das_input(b.das, 0, 40001, span(b.datagram, b.n), b.now, wall, &b.request),
	                 DAS_DROP);
	/* as long as its Event-Timestamp could be good, whatever it was when it came */
	b.now = 1000 + 600000;
	assert_int_equal(give(&b), DAS_ANSWER);
	b.now = 1000 + 601000;
	assert_int_equal(give(&b), DAS_DECIDE);
	das_client(b.das, 0, &status);
	assert_int_equal(status.repeated, 2);
	assert_int_equal(status.replayed, 1);
	assert_int_equal(status.disconnect_requests, 2);
	assert_int_equal(status.naks, 1);
	das_free(b.das);
}

static void what_cannot_be_remembered_is_not_done(void **state)
{
	struct span list[2];
	struct das_config config = config_of(list);
	uint32_t cause;
	struct bench b;

	(void)state;
	config.remember = 2;
	config.window = 10;
	begin_with(&b, config);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ask(&b, RADIUS_DISCONNECT_REQUEST, SESSION), DAS_DECIDE);
		das_answer(b.das, &b.request, DAS_DONE, b.now);
	}
	assert_int_equal(ask(&b, RADIUS_DISCONNECT_REQUEST, SESSION), DAS_ANSWER);
	assert_int_equal(reply_of(&b, b.request.reply, &cause), RADIUS_DISCONNECT_NAK);
	assert_int_equal(cause, DAS_RESOURCES_UNAVAILABLE);
	b.now += 21000;
	assert_int_equal(ask(&b, RADIUS_DISCONNECT_REQUEST, SESSION), DAS_DECIDE);
	das_answer(b.das, &b.request, DAS_DONE, b.now);
	das_free(b.das);
}

static void a_reply_that_does_not_fit_is_not_sent(void **state)
{
	uint8_t attributes[RADIUS_MAX_ATTRIBUTES];
	struct writer w = writer_to(attributes, sizeof(attributes));
	static const uint8_t big[RADIUS_MAX_VALUE];
	struct bench b;

	(void)state;
	begin(&b);
	radius_put_u32(&w, RADIUS_EVENT_TIMESTAMP, (uint32_t)wall);
	while (w.max - w.n >= 2 + RADIUS_MAX_VALUE)
		radius_put(&w, RADIUS_PROXY_STATE, span(big, sizeof(big)));
	radius_put(&w, RADIUS_PROXY_STATE, span(big, w.max - w.n - 2 - 2));
	radius_put(&w, RADIUS_ACCT_SESSION_ID, span(NULL, 0));
	assert_int_equal(radius_signed_request(RADIUS_DISCONNECT_REQUEST, 1, true, writer_span(&w),
	                                       span_of_string(secrets[0]), b.datagram,
	                                       sizeof(b.datagram), &b.n),
	                 PORTCALL_OK);
	assert_int_equal(b.n, RADIUS_MAX_PACKET);
	assert_int_equal(give(&b), DAS_ANSWER);
	assert_int_equal(b.request.cause, DAS_INVALID_ATTRIBUTE_VALUE);
	assert_int_equal(b.request.reply.n, RADIUS_MAX_PACKET - 6 - 2 + 6);
	das_free(b.das);
}

static void configurations_out_of_range(void **state)
{
	struct span list[2];
	struct das_config config = config_of(list);

	(void)state;
	config.client_n = 0;
	assert_null(das_new(&config));
	config.client_n = DAS_MAX_CLIENTS + 1;
	assert_null(das_new(&config));
	config.client_n = 2;
	list[1] = span(NULL, 0);
	assert_null(das_new(&config));
	das_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		C("RFC 5176 2.1: a Disconnect-Request is decided and acknowledged",
		  disconnect_is_decided_and_acknowledged),
		C("what came of a request is the Error-Cause of its NAK",
		  what_came_of_it_is_the_error_cause),
		C("RFC 5176 3.1, 3.3: Proxy-State in order, and State, go back",
		  proxy_state_and_state_go_back),
		C("no bit of a request may differ, and nothing may be cut", no_bit_may_differ),
		C("RFC 5176 3.4: a request needs both authenticators, of its own client",
		  a_request_needs_its_authenticators),
		C("RFC 5176 6.3: Event-Timestamp must be near", event_timestamp_must_be_near),
		C("RFC 5080 2.2.2: a retransmission is answered again, a replay is dropped",
		  nothing_is_done_twice),
		C("what cannot be remembered is not done", what_cannot_be_remembered_is_not_done),
		C("a request of full size is answered", a_reply_that_does_not_fit_is_not_sent),
		C("configurations out of range", configurations_out_of_range),
	};

	return cmocka_run_group_tests_name("das", tests, NULL, NULL);
}
