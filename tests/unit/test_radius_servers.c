/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RADIUS client with several servers: when one is dead, who is asked instead, and how it comes
 * back.
 */
#include "tests/unit/radius_bench.h"

#include "common/digest.h"

static void a_dead_server_is_passed_over(void **state)
{
	struct radius_client *c = client(2);

	(void)state;
	submit(c, 1, RADIUS_ANY_SERVER, 0);
	while (deaths == 0)
		tick(c, radius_client_deadline(c));
	assert_int_equal(sent_n, 5);
	assert_int_equal(sent[4].server, 1);
	assert_int_equal(sent[4].at, 30000);
	assert_int_equal(sent[4].attempt, 1);
	assert_memory_not_equal(sent[4].datagram + 4, sent[0].datagram + 4,
	                        RADIUS_AUTHENTICATOR_LEN);
	assert_false(status(c, 0).alive);
	/* too late */
	reply(c, &sent[0], RADIUS_ACCESS_ACCEPT, 30001);
	assert_int_equal(replies, 0);
	assert_false(status(c, 0).alive);
	/* signed with the second server's secret */
	reply(c, &sent[4], RADIUS_ACCESS_ACCEPT, 30002);
	assert_int_equal(replies, 1);
	assert_int_equal(reply_server, 1);
	submit(c, 2, RADIUS_ANY_SERVER, 30003);
	assert_int_equal(sent[5].server, 1);
	/* after dead_time one request tries it, the others do not wait for it */
	submit(c, 3, RADIUS_ANY_SERVER, 90000);
	submit(c, 4, RADIUS_ANY_SERVER, 90000);
	assert_int_equal(sent[6].server, 0);
	assert_int_equal(sent[7].server, 1);
	reply(c, &sent[6], RADIUS_ACCESS_REJECT, 90001);
	assert_int_equal(revivals, 1);
	submit(c, 5, RADIUS_ANY_SERVER, 90002);
	assert_int_equal(sent[8].server, 0);
	radius_client_free(c);
}

static void a_bound_request_does_not_move(void **state)
{
	struct radius_client *c = client(2);

	(void)state;
	submit(c, 1, 1, 0);
	while (timeouts == 0)
		tick(c, radius_client_deadline(c));
	assert_int_equal(sent_n, 4);
	for (size_t i = 0; i < sent_n; i++)
		assert_int_equal(sent[i].server, 1);
	assert_false(status(c, 1).alive);
	assert_true(status(c, 0).alive);
	radius_client_free(c);
}

static void all_dead_are_asked_in_turn(void **state)
{
	struct radius_client *c = client(3);

	(void)state;
	submit(c, 1, RADIUS_ANY_SERVER, 0);
	while (timeouts == 0)
		tick(c, radius_client_deadline(c));
	assert_int_equal(sent_n, 12);
	assert_int_equal(deaths, 3);
	submit(c, 2, RADIUS_ANY_SERVER, 90000 + 1);
	assert_int_equal(sent_n, 13);
	reply(c, &sent[12], RADIUS_ACCESS_ACCEPT, 90002);
	assert_int_equal(replies, 1);
	radius_client_free(c);
}

static void a_server_that_answers_others_is_not_dead(void **state)
{
	struct radius_client *c = client(1);

	(void)state;
	submit(c, 1, RADIUS_ANY_SERVER, 0);
	submit(c, 2, RADIUS_ANY_SERVER, 1);
	reply(c, &sent[1], RADIUS_ACCESS_ACCEPT, 5);
	while (timeouts == 0)
		tick(c, radius_client_deadline(c));
	assert_int_equal(deaths, 0);
	assert_true(status(c, 0).alive);
	assert_int_equal(status(c, 0).timeouts, 1);
	radius_client_free(c);
}

/* A port's serverTimeout may end before the last wait: the server is found dead all the same. */
static void cancel_after_the_last_transmission_blames_the_server(void **state)
{
	struct radius_client *c = client(2);

	(void)state;
	submit(c, 1, RADIUS_ANY_SERVER, 0);
	while (sent_n < 4)
		tick(c, radius_client_deadline(c));
	radius_client_cancel(c, 1);
	drain(c, 14000);
	assert_int_equal(deaths, 1);
	submit(c, 2, RADIUS_ANY_SERVER, 14000);
	assert_int_equal(sent[4].server, 1);
	radius_client_free(c);
}

static void accounting_is_signed_and_answered(void **state)
{
	struct radius_client *c =
		client_with(2, (struct radius_client_config){ .accounting = true });
	struct radius_packet packet;
	uint8_t buf[64], signed_again[256];
	size_t n;

	(void)state;
	submit(c, 1, RADIUS_ANY_SERVER, 0);
	assert_int_equal(radius_decode(span(sent[0].datagram, sent[0].n), &packet), PORTCALL_OK);
	assert_int_equal(packet.code, RADIUS_ACCOUNTING_REQUEST);
	assert_int_equal(radius_signed_request(RADIUS_ACCOUNTING_REQUEST, packet.id, false,
	                                       packet.attributes, span_of_string(secrets[0]),
	                                       signed_again, sizeof(signed_again), &n),
	                 PORTCALL_OK);
	assert_int_equal(n, sent[0].n);
	assert_memory_equal(signed_again, sent[0].datagram, n);
	/* the reply of a server of RFC 2866: no Message-Authenticator */
	buf[0] = RADIUS_ACCOUNTING_RESPONSE;
	buf[1] = sent[0].id;
	buf[2] = 0;
	buf[3] = 20;
	const struct span parts[] = { span(buf, 4), span(sent[0].datagram + 4, 16),
		                      span_of_string(secrets[0]) };

	assert_true(digest_md5(parts, 3, buf + 4));
	buf[10] ^= 1;
	radius_client_input(c, 0, 0, span(buf, 20), 1);
	drain(c, 1);
	assert_int_equal(replies, 0);
	buf[10] ^= 1;
	radius_client_input(c, 0, 0, span(buf, 20), 1);
	drain(c, 1);
	assert_int_equal(replies, 1);
	assert_int_equal(status(c, 0).responses, 1);
	/* one with a Message-Authenticator, after moving to the second server */
	submit(c, 2, RADIUS_ANY_SERVER, 2);
	while (sent[sent_n - 1].server == 0)
		tick(c, radius_client_deadline(c));
	reply(c, &sent[sent_n - 1], RADIUS_ACCESS_ACCEPT, 40000);
	assert_int_equal(replies, 1);
	reply(c, &sent[sent_n - 1], RADIUS_ACCOUNTING_RESPONSE, 40000);
	assert_int_equal(replies, 2);
	assert_int_equal(reply_session, 2);
	radius_client_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		C("a dead server is passed over, probed after dead_time, and comes back",
		  a_dead_server_is_passed_over),
		C("a request that carries a server's State stays with it",
		  a_bound_request_does_not_move),
		C("when all servers are dead they are asked in turn", all_dead_are_asked_in_turn),
		C("a server that answers others is not dead",
		  a_server_that_answers_others_is_not_dead),
		C("cancel after the last transmission blames the server",
		  cancel_after_the_last_transmission_blames_the_server),
		C("RFC 2866 3: accounting is signed by its authenticator, and so is its answer",
		  accounting_is_signed_and_answered),
	};

	return cmocka_run_group_tests_name("radius_servers", tests, NULL, NULL);
}
