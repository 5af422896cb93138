/* SPDX-License-Identifier: BSD-3-Clause */
#include "switch/radius_client.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/digest.h"
#include "switch/radius_requests.h"

struct server {
	uint8_t secret[RADIUS_MAX_SECRET];
	size_t secret_n;
	msec timeout;
	unsigned attempts;
	uint32_t cursor; /* where the search for a free identifier begins */
	msec last_reply; /* -1: never */
	msec dead_until;
	bool announce; /* a SERVER effect is due */
	struct radius_server_status status;
};

struct radius_client {
	struct server servers[RADIUS_MAX_SERVERS];
	size_t server_n;
	unsigned sockets;
	msec max_timeout, dead_time;
	void (*random)(void *ctx, void *ret_octets, size_t n);
	void *random_ctx;
	struct radius_requests requests;
	const char *discard_why; /* a DISCARD effect is due */
	size_t discard_server;
};

/* The request has its answer, or nobody waits for it any more. */
static void stop_waiting(struct radius_client *c, struct radius_request *q)
{
	if (q->waiting)
		c->servers[q->server].status.outstanding--;
	radius_requests_stop(&c->requests, q);
}

static void drop(struct radius_client *c, struct radius_request *q)
{
	stop_waiting(c, q);
	radius_requests_release(&c->requests, q);
}

/* `timeout` give or take a tenth of it (RFC 5080 2.2.1: RAND). */
static msec jittered(struct radius_client *c, msec base, msec timeout)
{
	uint16_t octets;

	c->random(c->random_ctx, &octets, sizeof(octets));
	return base + timeout * ((msec)octets - INT16_MAX) / (10 * INT16_MAX);
}

static void schedule(struct radius_client *c, struct radius_request *q, const struct server *s,
                     msec now)
{
	if (q->attempt == 1)
		q->timeout = jittered(c, s->timeout, s->timeout);
	else
		q->timeout = jittered(c, 2 * q->timeout, q->timeout);
	if (q->timeout > c->max_timeout)
		q->timeout = jittered(c, c->max_timeout, c->max_timeout);
	q->due = now + q->timeout;
}

/* First transmission to `server`. */
static enum portcall_err ask(struct radius_client *c, struct radius_request *q, size_t server,
                             struct span attributes, msec now)
{
	struct server *s = &c->servers[server];

	c->random(c->random_ctx, q->authenticator, sizeof(q->authenticator));
	q->tried |= UINT32_C(1) << server;
	q->attempt = 1;
	q->first_sent = now;
	schedule(c, q, s, now);
	radius_requests_wait(&c->requests, q, server, &s->cursor);
	s->status.outstanding++;

	enum portcall_err err =
		radius_request(q->id, q->authenticator, attributes, span(s->secret, s->secret_n),
	                       q->datagram, sizeof(q->datagram), &q->n);

	if (err)
		return err;
	s->status.requests++;
	radius_requests_queue(&c->requests, q, RADIUS_PENDING_SEND);
	return PORTCALL_OK;
}

/*
 * The next server for a request that has asked `tried`: the first that is not dead, else the
 * first at all.  A dead one whose time is over is tried with one request in each dead_time.
 * RADIUS_ANY_SERVER: none left.
 */
static int pick_server(struct radius_client *c, uint32_t tried, msec now)
{
	int fallback = RADIUS_ANY_SERVER;

	for (size_t i = 0; i < c->server_n; i++) {
		struct server *s = &c->servers[i];

		if (tried & UINT32_C(1) << i)
			continue;
		if (s->status.alive)
			return (int)i;
		if (now >= s->dead_until) {
			s->dead_until = now + c->dead_time;
			return (int)i;
		}
		if (fallback == RADIUS_ANY_SERVER)
			fallback = (int)i;
	}
	return fallback;
}

/* `q` waited in vain: its server is dead unless it answered somebody since. */
static void blame_server(struct radius_client *c, const struct radius_request *q, msec now)
{
	struct server *s = &c->servers[q->server];

	s->status.timeouts++;
	if (s->last_reply >= q->first_sent)
		return;
	s->dead_until = now + c->dead_time;
	if (s->status.alive) {
		s->status.alive = false;
		s->announce = true;
	}
}

static void give_up_server(struct radius_client *c, struct radius_request *q, msec now)
{
	uint8_t copy[RADIUS_MAX_ATTRIBUTES];
	size_t n = q->n - RADIUS_OVERHEAD;

	blame_server(c, q, now);
	stop_waiting(c, q);
	int server = q->bound ? RADIUS_ANY_SERVER : pick_server(c, q->tried, now);

	memcpy(copy, q->datagram + RADIUS_OVERHEAD, n);
	if (server != RADIUS_ANY_SERVER &&
	    ask(c, q, (size_t)server, span(copy, n), now) == PORTCALL_OK)
		return;
	stop_waiting(c, q);
	radius_requests_queue(&c->requests, q, RADIUS_PENDING_TIMEOUT);
}

/* --- interface ------------------------------------------------------------------------------- */

static bool usable(const struct radius_client_config *config)
{
	if (config->server_n == 0 || config->server_n > RADIUS_MAX_SERVERS || !config->random ||
	    config->sockets > RADIUS_MAX_SOCKETS)
		return false;
	for (size_t i = 0; i < config->server_n; i++) {
		size_t n = config->servers[i].secret.n;

		if (n == 0 || n > RADIUS_MAX_SECRET || config->servers[i].timeout < 0)
			return false;
	}
	return config->max <= (size_t)RADIUS_IDS * (config->sockets ? config->sockets : 1);
}

static void init_server(struct server *s, const struct radius_server_config *config)
{
	memcpy(s->secret, config->secret.p, config->secret.n);
	s->secret_n = config->secret.n;
	s->timeout = config->timeout ? config->timeout : 2000;
	s->attempts = config->attempts ? config->attempts : 4;
	s->last_reply = -1;
	s->status.alive = true;
}

struct radius_client *radius_client_new(const struct radius_client_config *config)
{
	if (!usable(config))
		return NULL;
	struct radius_client *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->server_n = config->server_n;
	c->sockets = config->sockets ? config->sockets : 1;
	c->max_timeout = config->max_timeout ? config->max_timeout : 16000;
	c->dead_time = config->dead_time ? config->dead_time : 60000;
	c->random = config->random;
	c->random_ctx = config->random_ctx;
	for (size_t i = 0; i < c->server_n; i++) {
		init_server(&c->servers[i], &config->servers[i]);
		c->random(c->random_ctx, &c->servers[i].cursor, sizeof(c->servers[i].cursor));
	}
	size_t max = config->max ? config->max : (size_t)RADIUS_IDS * c->sockets;

	if (!radius_requests_init(&c->requests, max, c->server_n, c->sockets)) {
		radius_client_free(c);
		return NULL;
	}
	return c;
}

void radius_client_free(struct radius_client *client)
{
	if (!client)
		return;
	radius_requests_done(&client->requests);
	digest_wipe(client->servers, sizeof(client->servers));
	free(client);
}

enum portcall_err radius_client_submit(struct radius_client *client, uint64_t session,
                                       struct span attributes, int server, msec now)
{
	struct radius_client *c = client;
	if (server != RADIUS_ANY_SERVER && (server < 0 || (size_t)server >= c->server_n))
		return PORTCALL_ERR_USAGE;
	if (radius_requests_of_session(&c->requests, session))
		return PORTCALL_ERR_USAGE;
	if (attributes.n > RADIUS_MAX_ATTRIBUTES)
		return PORTCALL_ERR_LIMIT;
	struct radius_request *q = radius_requests_take(&c->requests, session);

	if (!q)
		return PORTCALL_ERR_LIMIT;
	q->bound = server != RADIUS_ANY_SERVER;
	size_t chosen = (size_t)(q->bound ? server : pick_server(c, 0, now));
	enum portcall_err err = ask(c, q, chosen, attributes, now);

	if (err)
		drop(c, q);
	return err;
}

void radius_client_cancel(struct radius_client *client, uint64_t session, bool unanswered, msec now)
{
	struct radius_request *q = radius_requests_of_session(&client->requests, session);

	if (!q)
		return;
	if (q->waiting && unanswered)
		blame_server(client, q, now);
	drop(client, q);
}

static void discard(struct radius_client *c, size_t server, uint64_t *counter, const char *why)
{
	(*counter)++;
	c->discard_server = server;
	c->discard_why = why;
}

static void count_reply(struct radius_server_status *status, uint8_t code)
{
	if (code == RADIUS_ACCESS_ACCEPT)
		status->accepts++;
	else if (code == RADIUS_ACCESS_REJECT)
		status->rejects++;
	else
		status->challenges++;
}

void radius_client_input(struct radius_client *client, size_t server, unsigned socket,
                         struct span datagram, msec now)
{
	struct radius_client *c = client;
	struct radius_packet packet;

	assert(server < c->server_n && socket < c->sockets);
	struct server *s = &c->servers[server];

	if (radius_decode(datagram, &packet)) {
		discard(c, server, &s->status.malformed, "The datagram is not a RADIUS packet.");
		return;
	}
	if (packet.code != RADIUS_ACCESS_ACCEPT && packet.code != RADIUS_ACCESS_REJECT &&
	    packet.code != RADIUS_ACCESS_CHALLENGE) {
		discard(c, server, &s->status.malformed, "The packet's code is none of a reply.");
		return;
	}
	struct radius_request *q = radius_requests_of_id(&c->requests, server, socket, packet.id);

	if (!q) {
		discard(c, server, &s->status.unexpected,
		        "No outstanding request has this identifier.");
		return;
	}
	switch (radius_verify_reply(&packet, q->authenticator, span(s->secret, s->secret_n))) {
	case RADIUS_REPLY_OK:
		break;
	case RADIUS_REPLY_BAD_AUTHENTICATOR:
		discard(c, server, &s->status.bad_authenticators,
		        "The Response Authenticator is wrong: another shared secret, or forged.");
		return;
	case RADIUS_REPLY_NO_MESSAGE_AUTHENTICATOR:
		discard(c, server, &s->status.bad_authenticators,
		        "The reply carries no Message-Authenticator.");
		return;
	case RADIUS_REPLY_BAD_MESSAGE_AUTHENTICATOR:
		discard(c, server, &s->status.bad_authenticators,
		        "The reply's Message-Authenticator is wrong.");
		return;
	}
	stop_waiting(c, q);
	q->n = packet.whole.n;
	memcpy(q->datagram, packet.whole.p, packet.whole.n);
	radius_requests_queue(&c->requests, q, RADIUS_PENDING_REPLY);
	count_reply(&s->status, packet.code);
	s->last_reply = now;
	if (!s->status.alive) {
		s->status.alive = true;
		s->announce = true;
	}
}

void radius_client_tick(struct radius_client *client, msec now)
{
	struct radius_client *c = client;
	struct radius_request *q;

	while ((q = radius_requests_first_due(&c->requests)) && q->due <= now) {
		struct server *s = &c->servers[q->server];

		if (q->attempt >= s->attempts) {
			give_up_server(c, q, now);
			continue;
		}
		q->attempt++;
		s->status.retransmissions++;
		schedule(c, q, s, now);
		radius_requests_reorder(&c->requests, q);
		radius_requests_queue(&c->requests, q, RADIUS_PENDING_SEND);
	}
}

msec radius_client_deadline(const struct radius_client *client)
{
	const struct radius_request *first = radius_requests_first_due(&client->requests);

	return first ? first->due : MSEC_NEVER;
}

static bool output_note(struct radius_client *c, struct radius_effect *ret_effect)
{
	for (size_t i = 0; i < c->server_n; i++) {
		struct server *s = &c->servers[i];

		if (!s->announce)
			continue;
		s->announce = false;
		*ret_effect = (struct radius_effect){
			.kind = RADIUS_EFFECT_SERVER,
			.server = i,
			.alive = s->status.alive,
			.why = s->status.alive ? "The server answers again."
			                       : "The server did not answer a request in time.",
		};
		return true;
	}
	if (!c->discard_why)
		return false;
	*ret_effect = (struct radius_effect){
		.kind = RADIUS_EFFECT_DISCARD,
		.server = c->discard_server,
		.why = c->discard_why,
	};
	c->discard_why = NULL;
	return true;
}

bool radius_client_output(struct radius_client *client, struct radius_effect *ret_effect)
{
	struct radius_client *c = client;
	if (output_note(c, ret_effect))
		return true;
	enum radius_pending pending;
	struct radius_request *q = radius_requests_next(&c->requests, &pending);

	if (!q)
		return false;
	struct radius_effect effect = {
		.session = q->session,
		.server = q->server,
		.socket = q->socket,
		.id = q->id,
		.attempt = q->attempt,
	};
	switch (pending) {
	case RADIUS_PENDING_NOTHING:
	case RADIUS_PENDING_SEND:
		effect.kind = RADIUS_EFFECT_SEND;
		effect.datagram = span(q->datagram, q->n);
		break;
	case RADIUS_PENDING_REPLY:
		effect.kind = RADIUS_EFFECT_REPLY;
		if (radius_decode(span(q->datagram, q->n), &effect.reply))
			assert(!"a reply that was decoded before");
		drop(c, q); /* its octets stay until the next submit */
		break;
	case RADIUS_PENDING_TIMEOUT:
		effect.kind = RADIUS_EFFECT_TIMEOUT;
		drop(c, q);
		break;
	}
	*ret_effect = effect;
	return true;
}

void radius_client_server(const struct radius_client *client, size_t server,
                          struct radius_server_status *ret_status)
{
	*ret_status = client->servers[server].status;
}
