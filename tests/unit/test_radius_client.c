/* SPDX-License-Identifier: BSD-3-Clause */
/* RADIUS client: retransmission, identifiers, authenticity of replies; in virtual time. */
#include "tests/unit/radius_bench.h"

#include "common/digest.h"

static void schedule_doubles(void **state)
{
	static const msec at[] = { 500, 2500, 6500, 14500 };
	struct radius_client *c = client(1);

	(void)state;
	assert_int_equal(radius_client_deadline(c), MSEC_NEVER);
	assert_int_equal(submit(c, 1, RADIUS_ANY_SERVER, 500), PORTCALL_OK);
	while (timeouts == 0) {
		msec due = radius_client_deadline(c);

		tick(c, due - 1);
		tick(c, due);
		assert_int_equal(timeouts == 1, due == 30500);
	}
	assert_int_equal(sent_n, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(sent[i].at, at[i]);
		assert_int_equal(sent[i].attempt, i + 1);
		assert_int_equal(sent[i].n, sent[0].n);
		assert_memory_equal(sent[i].datagram, sent[0].datagram, sent[0].n);
	}
	assert_int_equal(timeout_session, 1);
	assert_int_equal(radius_client_deadline(c), MSEC_NEVER);
	assert_int_equal(status(c, 0).retransmissions, 3);
	assert_int_equal(status(c, 0).outstanding, 0);
	radius_client_free(c);
}

static void jitter_is_a_tenth(void **state)
{
	struct radius_client *c = client(1);

	(void)state;
	jitter = 0;
	submit(c, 1, RADIUS_ANY_SERVER, 0);
	assert_int_equal(radius_client_deadline(c), 1800);
	tick(c, 1800);
	assert_int_equal(radius_client_deadline(c), 1800 + 2 * 1800 - 180);
	radius_client_free(c);
	c = client(1);
	jitter = 0xffff;
	submit(c, 1, RADIUS_ANY_SERVER, 0);
	assert_int_equal(radius_client_deadline(c), 2200);
	radius_client_free(c);
}

static void waits_are_capped(void **state)
{
	struct radius_server_config server = { .secret = span("s", 1), .attempts = 8 };
	struct radius_client_config config = {
		.servers = &server, .server_n = 1, .random = random_octets, .max_timeout = 5000
	};
	struct radius_client *c;
	msec before = 0, longest = 0;

	(void)state;
	radius_client_free(client(1)); /* resets the counts */
	jitter = 0xffff;
	c = radius_client_new(&config);
	submit(c, 1, RADIUS_ANY_SERVER, 0);
	while (timeouts == 0) {
		msec due = radius_client_deadline(c);

		longest = due - before > longest ? due - before : longest;
		before = due;
		tick(c, due);
	}
	assert_int_equal(sent_n, 8);
	assert_int_equal(longest, 5500);
	radius_client_free(c);
}

static void a_right_reply_ends_the_request(void **state)
{
	struct radius_client *c = client(1);

	(void)state;
	submit(c, 77, RADIUS_ANY_SERVER, 0);
	reply(c, &sent[0], RADIUS_ACCESS_CHALLENGE, 10);
	assert_int_equal(replies, 1);
	assert_int_equal(reply_session, 77);
	assert_int_equal(reply_code, RADIUS_ACCESS_CHALLENGE);
	assert_int_equal(radius_client_deadline(c), MSEC_NEVER);
	/* a duplicate of it finds nobody */
	reply(c, &sent[0], RADIUS_ACCESS_CHALLENGE, 11);
	assert_int_equal(replies, 1);
	assert_int_equal(discards, 1);
	assert_int_equal(status(c, 0).unexpected, 1);
	assert_int_equal(status(c, 0).challenges, 1);
	radius_client_free(c);
}

static void forged_replies_do_not_remove_the_request(void **state)
{
	struct radius_client *c = client(1);
	uint8_t buf[RADIUS_MAX_PACKET];
	size_t n;

	(void)state;
	submit(c, 77, RADIUS_ANY_SERVER, 0);
	n = answer(&sent[0], RADIUS_ACCESS_ACCEPT, buf, sizeof(buf));
	for (size_t bit = 0; bit < 8 * n; bit++) {
		buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
		radius_client_input(c, 0, 0, span(buf, n), 1);
		drain(c, 1);
		buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	assert_int_equal(replies, 0);
	assert_int_equal(discards, 8 * n);
	assert_true(radius_client_deadline(c) != MSEC_NEVER);
	radius_client_input(c, 0, 0, span(buf, n), 2);
	drain(c, 2);
	assert_int_equal(replies, 1);
	assert_int_equal(reply_code, RADIUS_ACCESS_ACCEPT);
	radius_client_free(c);
}

static void what_is_no_reply_is_dropped(void **state)
{
	struct radius_client *c = client(1);
	uint8_t buf[RADIUS_MAX_PACKET];
	size_t n;

	(void)state;
	submit(c, 1, RADIUS_ANY_SERVER, 0);
	n = answer(&sent[0], RADIUS_ACCESS_ACCEPT, buf, sizeof(buf));
	radius_client_input(c, 0, 0, span(buf, n - 1), 1);
	drain(c, 1);
	assert_int_equal(status(c, 0).malformed, 1);
	buf[0] = RADIUS_ACCESS_REQUEST;
	radius_client_input(c, 0, 0, span(buf, n), 1);
	drain(c, 1);
	assert_int_equal(status(c, 0).malformed, 2);
	assert_int_equal(discards, 2);
	assert_int_equal(replies, 0);
	radius_client_free(c);
}

/* CVE-2024-3596: the Response Authenticator alone is not enough. */
static void a_reply_without_message_authenticator_is_dropped(void **state)
{
	struct radius_client *c = client(1);
	uint8_t buf[RADIUS_HEADER_LEN] = { RADIUS_ACCESS_ACCEPT, 0, 0, RADIUS_HEADER_LEN };
	uint8_t digest[DIGEST_MD5_LEN];

	(void)state;
	submit(c, 1, RADIUS_ANY_SERVER, 0);
	buf[1] = sent[0].id;
	const struct span parts[] = { span(buf, 4),
		                      span(sent[0].datagram + 4, RADIUS_AUTHENTICATOR_LEN),
		                      span_of_string(secrets[0]) };

	assert_true(digest_md5(parts, 3, digest));
	memcpy(buf + 4, digest, sizeof(digest));
	radius_client_input(c, 0, 0, span(buf, sizeof(buf)), 1);
	drain(c, 1);
	assert_int_equal(replies, 0);
	assert_string_equal(discard_why, "The reply carries no Message-Authenticator.");
	assert_int_equal(status(c, 0).bad_authenticators, 1);
	assert_true(radius_client_deadline(c) != MSEC_NEVER);
	radius_client_free(c);
}

static void replies_count_only_from_where_the_request_went(void **state)
{
	struct radius_client *c = client_with(2, (struct radius_client_config){ .sockets = 2 });
	uint8_t buf[RADIUS_MAX_PACKET];
	size_t n;

	(void)state;
	submit(c, 1, RADIUS_ANY_SERVER, 0);
	n = answer(&sent[0], RADIUS_ACCESS_ACCEPT, buf, sizeof(buf));
	radius_client_input(c, 1, sent[0].socket, span(buf, n), 0);
	radius_client_input(c, 0, !sent[0].socket, span(buf, n), 0);
	drain(c, 0);
	assert_int_equal(replies, 0);
	assert_int_equal(status(c, 0).unexpected + status(c, 1).unexpected, 2);
	radius_client_free(c);
}

static void identifiers_take_turns(void **state)
{
	struct radius_client *c = client(1);

	(void)state;
	for (size_t i = 0; i < 256; i++) {
		submit(c, i, RADIUS_ANY_SERVER, 0);
		reply(c, &sent[i], RADIUS_ACCESS_ACCEPT, 0);
		for (size_t k = 0; k < i; k++)
			assert_int_not_equal(sent[k].id, sent[i].id);
	}
	assert_int_equal(replies, 256);
	radius_client_free(c);
}

static void identifiers_are_not_shared(void **state)
{
	static bool used[3][256];
	struct radius_client *c = client_with(1, (struct radius_client_config){ .sockets = 3 });

	(void)state;
	memset(used, 0, sizeof(used));
	for (uint64_t i = 0; i < 768; i++)
		assert_int_equal(submit(c, i, RADIUS_ANY_SERVER, 0), PORTCALL_OK);
	assert_int_equal(submit(c, 768, RADIUS_ANY_SERVER, 0), PORTCALL_ERR_LIMIT);
	assert_int_equal(sent_n, 768);
	for (size_t i = 0; i < sent_n; i++) {
		assert_false(used[sent[i].socket][sent[i].id]);
		used[sent[i].socket][sent[i].id] = true;
	}
	assert_int_equal(status(c, 0).outstanding, 768);
	/* one gets its answer: the only free identifier goes to the next request */
	reply(c, &sent[300], RADIUS_ACCESS_ACCEPT, 1);
	assert_int_equal(reply_session, 300);
	assert_int_equal(submit(c, 768, RADIUS_ANY_SERVER, 2), PORTCALL_OK);
	assert_int_equal(sent[768].socket, sent[300].socket);
	assert_int_equal(sent[768].id, sent[300].id);
	assert_memory_not_equal(sent[768].datagram + 4, sent[300].datagram + 4,
	                        RADIUS_AUTHENTICATOR_LEN);
	radius_client_free(c);
}

static void cancel_frees_everything(void **state)
{
	struct radius_client *c = client_with(1, (struct radius_client_config){ .max = 1 });
	static const uint8_t attributes[] = { RADIUS_USER_NAME, 3, 'x' };

	(void)state;
	submit(c, 1, RADIUS_ANY_SERVER, 0);
	assert_int_equal(submit(c, 2, RADIUS_ANY_SERVER, 0), PORTCALL_ERR_LIMIT);
	radius_client_cancel(c, 1, false, 0);
	radius_client_cancel(c, 1, false, 0);
	assert_int_equal(radius_client_deadline(c), MSEC_NEVER);
	assert_int_equal(status(c, 0).outstanding, 0);
	/* before its SEND was taken */
	assert_int_equal(radius_client_submit(c, 3, span(attributes, 3), RADIUS_ANY_SERVER, 0),
	                 PORTCALL_OK);
	radius_client_cancel(c, 3, false, 0);
	sent_n = 0;
	drain(c, 0);
	assert_int_equal(sent_n, 0);
	assert_int_equal(submit(c, 2, RADIUS_ANY_SERVER, 0), PORTCALL_OK);
	radius_client_free(c);
}

static void wrong_use_is_refused(void **state)
{
	struct radius_client *c = client(1);
	static uint8_t large[RADIUS_MAX_ATTRIBUTES + 1];

	(void)state;
	assert_int_equal(submit(c, 1, 1, 0), PORTCALL_ERR_USAGE);
	assert_int_equal(submit(c, 1, -2, 0), PORTCALL_ERR_USAGE);
	assert_int_equal(submit(c, 1, 0, 0), PORTCALL_OK);
	assert_int_equal(submit(c, 1, 0, 0), PORTCALL_ERR_USAGE);
	assert_int_equal(radius_client_submit(c, 2, span(large, sizeof(large)), 0, 0),
	                 PORTCALL_ERR_LIMIT);
	assert_int_equal(status(c, 0).outstanding, 1);
	radius_client_free(c);
	radius_client_free(NULL);

	struct radius_server_config server = { .secret = span("s", 1) };
	struct radius_client_config config = { .servers = &server, .random = random_octets };

	assert_null(radius_client_new(&config));
	config.server_n = 1;
	config.max = 257;
	assert_null(radius_client_new(&config));
	config.max = 1;
	server.secret.n = 0;
	assert_null(radius_client_new(&config));
}

/*
 * Against a plain list: the deadline is the earliest one, and no two live requests share an
 * identifier.
 */
static void a_thousand_requests_in_any_order(void **state)
{
	enum { SESSIONS = 600 };
	static struct sent live[SESSIONS];
	static bool is_live[SESSIONS];
	struct radius_client *c =
		client_with(1, (struct radius_client_config){ .sockets = 2, .max = 400 });
	uint32_t random = 7;
	msec now = 0, last = -1;
	size_t outstanding = 0, most = 0;

	(void)state;
	for (int i = 0; i < 40000; i++) {
		random = random * 1664525 + 1013904223;
		size_t s = (random >> 10) % SESSIONS;

		jitter = (uint16_t)(random >> 3);
		sent_n = replies = timeouts = 0;
		switch (random >> 28) {
		case 0:
			now += 37;
			break;
		case 1:
			radius_client_cancel(c, s, random & 1, now);
			outstanding -= is_live[s];
			is_live[s] = false;
			break;
		case 2:
		case 3:
		case 4:
			if (!is_live[s])
				break;
			reply(c, &live[s], RADIUS_ACCESS_ACCEPT, now);
			assert_int_equal(replies, 1);
			assert_int_equal(reply_session, s);
			is_live[s] = false;
			outstanding--;
			break;
		default:
			if (is_live[s]) {
				assert_int_equal(submit(c, s, RADIUS_ANY_SERVER, now),
				                 PORTCALL_ERR_USAGE);
			} else if (outstanding == 400) {
				assert_int_equal(submit(c, s, RADIUS_ANY_SERVER, now),
				                 PORTCALL_ERR_LIMIT);
			} else {
				assert_int_equal(submit(c, s, RADIUS_ANY_SERVER, now), PORTCALL_OK);
				live[s] = sent[0];
				for (size_t k = 0; k < SESSIONS; k++)
					assert_false(is_live[k] && live[k].id == live[s].id &&
					             live[k].socket == live[s].socket);
				is_live[s] = true;
				outstanding++;
			}
			break;
		}
		while (radius_client_deadline(c) <= now) {
			timeouts = 0;
			radius_client_tick(c, radius_client_deadline(c));
			struct radius_effect e;

			while (radius_client_output(c, &e)) {
				if (e.kind != RADIUS_EFFECT_TIMEOUT)
					continue;
				assert_true(is_live[e.session]);
				is_live[e.session] = false;
				outstanding--;
			}
		}
		last = radius_client_deadline(c);
		assert_true(last > now);
		assert_int_equal(status(c, 0).outstanding, outstanding);
		most = outstanding > most ? outstanding : most;
	}
	assert_int_equal(most, 400);
	radius_client_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		C("RFC 5080 2.2.1: waits double, the datagram is the same each time",
		  schedule_doubles),
		C("RFC 5080 2.2.1: jitter of a tenth", jitter_is_a_tenth),
		C("RFC 5080 2.2.1: waits are capped (MRT)", waits_are_capped),
		C("RFC 2865 3: a right reply ends the request, once",
		  a_right_reply_ends_the_request),
		C("a forged reply does not remove the request: each bit flipped, then the right "
		  "one",
		  forged_replies_do_not_remove_the_request),
		C("RFC 2865 3: what is no reply is dropped and counted",
		  what_is_no_reply_is_dropped),
		C("CVE-2024-3596: a reply without Message-Authenticator is dropped",
		  a_reply_without_message_authenticator_is_dropped),
		C("a reply counts only from the server and at the port of its request",
		  replies_count_only_from_where_the_request_went),
		C("an identifier comes back only after all others had their turn",
		  identifiers_take_turns),
		C("RFC 2865 2.5: 768 outstanding on three ports, no identifier twice",
		  identifiers_are_not_shared),
		C("cancel frees identifier, timer and queued effect", cancel_frees_everything),
		C("wrong use is refused", wrong_use_is_refused),
		C("40,000 random operations agree with a plain list",
		  a_thousand_requests_in_any_order),
	};

	return cmocka_run_group_tests_name("radius_client", tests, NULL, NULL);
}
