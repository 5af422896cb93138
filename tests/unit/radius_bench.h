/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * radius_bench - a RADIUS client on a bench: the test is the servers, time is an argument, and
 * what the client did is kept here.
 */
#ifndef TESTS_UNIT_RADIUS_BENCH_H
#define TESTS_UNIT_RADIUS_BENCH_H

#include "tests/unit/check.h"

#include "switch/radius_client.h"

enum { SENDS_MAX = 2048 };

struct sent {
	size_t server;
	unsigned socket, attempt;
	uint8_t id;
	uint64_t session;
	size_t n;
	uint8_t datagram[256];
	msec at;
};

static struct sent sent[SENDS_MAX];
static size_t sent_n, replies, timeouts, discards, deaths, revivals;
static uint64_t reply_session, timeout_session;
static uint8_t reply_code;
static size_t reply_server;
static const char *discard_why;

static const char *const secrets[] = { "first secret", "second", "third" };

/*
 * What `random` gives for jitter: 0x7fff is none, 0 is -10 %, 0xffff is +10 %; authenticators
 * count up.
 */
static uint16_t jitter;

static inline void random_octets(void *ctx, void *ret_octets, size_t n)
{
	static uint32_t counter;

	(void)ctx;
	memset(ret_octets, 0, n);
	if (n == sizeof(jitter)) {
		memcpy(ret_octets, &jitter, n);
	} else {
		counter++;
		memcpy(ret_octets, &counter, sizeof(counter));
	}
}

static inline struct radius_client *client_with(size_t servers, struct radius_client_config config)
{
	struct radius_server_config list[3] = { 0 };

	for (size_t i = 0; i < servers; i++)
		list[i].secret = span_of_string(secrets[i]);
	config.servers = list;
	config.server_n = servers;
	config.random = random_octets;
	jitter = 0x7fff;
	sent_n = replies = timeouts = discards = deaths = revivals = 0;
	struct radius_client *c = radius_client_new(&config);

	assert_non_null(c);
	return c;
}

static inline struct radius_client *client(size_t servers)
{
	return client_with(servers, (struct radius_client_config){ 0 });
}

static inline void drain(struct radius_client *c, msec now)
{
	struct radius_effect e;

	while (radius_client_output(c, &e)) {
		switch (e.kind) {
		case RADIUS_EFFECT_SEND:
			assert_true(sent_n < SENDS_MAX && e.datagram.n <= sizeof(sent[0].datagram));
			sent[sent_n] = (struct sent){ .server = e.server,
				                      .socket = e.socket,
				                      .attempt = e.attempt,
				                      .id = e.id,
				                      .session = e.session,
				                      .n = e.datagram.n,
				                      .at = now };
			memcpy(sent[sent_n].datagram, e.datagram.p, e.datagram.n);
			assert_int_equal(e.datagram.p[1], e.id);
			sent_n++;
			break;
		case RADIUS_EFFECT_REPLY:
			reply_session = e.session;
			reply_code = e.reply.code;
			reply_server = e.server;
			replies++;
			break;
		case RADIUS_EFFECT_TIMEOUT:
			timeout_session = e.session;
			timeouts++;
			break;
		case RADIUS_EFFECT_DISCARD:
			discard_why = e.why;
			discards++;
			break;
		case RADIUS_EFFECT_SERVER:
			assert_non_null(e.why);
			if (e.alive)
				revivals++;
			else
				deaths++;
			break;
		}
	}
}

static inline enum portcall_err submit(struct radius_client *c, uint64_t session, int server,
                                       msec now)
{
	static const uint8_t attributes[] = { RADIUS_USER_NAME, 3, 'x' };
	enum portcall_err err =
		radius_client_submit(c, session, span(attributes, sizeof(attributes)), server, now);

	drain(c, now);
	return err;
}

static inline void tick(struct radius_client *c, msec now)
{
	radius_client_tick(c, now);
	drain(c, now);
}

/* The right reply of the right server to a datagram. */
static inline size_t answer(const struct sent *s, uint8_t code, uint8_t *buf, size_t max)
{
	size_t n;

	assert_int_equal(radius_reply(code, s->id, s->datagram + 4, span(NULL, 0),
	                              span_of_string(secrets[s->server]), buf, max, &n),
	                 PORTCALL_OK);
	return n;
}

static inline void reply(struct radius_client *c, const struct sent *s, uint8_t code, msec now)
{
	uint8_t buf[RADIUS_MAX_PACKET];
	size_t n = answer(s, code, buf, sizeof(buf));

	radius_client_input(c, s->server, s->socket, span(buf, n), now);
	drain(c, now);
}

static inline struct radius_server_status status(const struct radius_client *c, size_t server)
{
	struct radius_server_status s;

	radius_client_server(c, server, &s);
	return s;
}

#endif
