/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RADIUS client with several servers: when one is dead, who is asked instead, and how it comes
 * back.
 */
#include "tests/unit/radius_bench.h"

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

/* A port's serverTimeout may end long before all transmissions did. */
static void a_session_that_waited_in_vain_blames_the_server(void **state)
{
	struct radius_client *c = client(2);

	(void)state;
	submit(c, 1, RADIUS_ANY_SERVER, 0);
	tick(c, 2000);
	radius_client_cancel(c, 1, true, 5000);
	drain(c, 5000);
	assert_int_equal(deaths, 1);
	assert_int_equal(status(c, 0).timeouts, 1);
	assert_int_equal(status(c, 0).outstanding, 0);
	submit(c, 2, RADIUS_ANY_SERVER, 5000);
	assert_int_equal(sent[sent_n - 1].server, 1);
	/* 60 s after it was found dead, and not later, it is tried again */
	submit(c, 3, RADIUS_ANY_SERVER, 65000);
	assert_int_equal(sent[sent_n - 1].server, 0);
	radius_client_free(c);
}

static void a_session_that_went_away_blames_nobody(void **state)
{
	struct radius_client *c = client(2);

	(void)state;
	submit(c, 1, RADIUS_ANY_SERVER, 0);
	while (sent_n < 4)
		tick(c, radius_client_deadline(c));
	radius_client_cancel(c, 1, false, 14000);
	drain(c, 14000);
	assert_int_equal(deaths, 0);
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
		C("a session that waited in vain counts against the server",
		  a_session_that_waited_in_vain_blames_the_server),
		C("a session that went away does not", a_session_that_went_away_blames_nobody),
	};

	return cmocka_run_group_tests_name("radius_servers", tests, NULL, NULL);
}
