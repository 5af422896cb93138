/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A request lives from submit until its REPLY or TIMEOUT effect is taken, or until it is cancelled.
 * While it waits for an answer it owns one identifier (slots) and stands in a heap by its next
 * transmission; effects are a queue of requests, so that no number of them can overflow anything.
 */
#include "switch/radius_client.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/digest.h"

enum { IDS = 256, NONE = UINT32_MAX };

enum pending { PENDING_NOTHING, PENDING_SEND, PENDING_REPLY, PENDING_TIMEOUT };

struct request {
	uint64_t session;
	bool live;      /* between submit and its last effect */
	bool waiting;   /* owns an identifier and stands in the heap */
	bool bound;     /* stays with its server */
	uint32_t tried; /* servers asked so far, one bit each */
	size_t server;
	uint32_t slot; /* index in slots */
	uint8_t id;
	unsigned socket;
	unsigned attempt; /* transmissions to this server */
	msec first_sent;  /* to this server */
	msec timeout;     /* RT of RFC 5080 2.2.1 */
	msec due;         /* next transmission, or giving up */
	size_t heap_at;
	enum pending pending;
	uint32_t next_out;     /* effect queue */
	uint32_t next_in_hash; /* chain of a hash bucket, or the free list */
	uint8_t authenticator[RADIUS_AUTHENTICATOR_LEN];
	size_t n;
	uint8_t datagram[RADIUS_MAX_PACKET]; /* the request; from PENDING_REPLY on the reply */
};

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
	size_t max;
	msec max_timeout, dead_time;
	void (*random)(void *ctx, void *ret_octets, size_t n);
	void *random_ctx;
	struct request *requests; /* max */
	uint32_t free_head;
	uint32_t *slots;   /* [server][id][socket]: request, or NONE */
	uint32_t *buckets; /* by session */
	size_t bucket_n;   /* a power of two */
	uint32_t *heap;
	size_t heap_n;
	uint32_t out_head, out_tail;
	const char *discard_why; /* a DISCARD effect is due */
	size_t discard_server;
};

static uint32_t index_of(const struct radius_client *c, const struct request *q)
{
	return (uint32_t)(q - c->requests);
}

/* --- heap by `due` ----------------------------------------------------------------------------- */

static msec heap_due(const struct radius_client *c, size_t i)
{
	return c->requests[c->heap[i]].due;
}

static void heap_swap(struct radius_client *c, size_t i, size_t j)
{
	uint32_t at_i = c->heap[i];

	c->heap[i] = c->heap[j];
	c->heap[j] = at_i;
	c->requests[c->heap[i]].heap_at = i;
	c->requests[c->heap[j]].heap_at = j;
}

static void heap_settle(struct radius_client *c, size_t i)
{
	while (i > 0 && heap_due(c, i) < heap_due(c, (i - 1) / 2)) {
		heap_swap(c, i, (i - 1) / 2);
		i = (i - 1) / 2;
	}
	for (;;) {
		size_t least = i;

		for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < c->heap_n; child++) {
			if (heap_due(c, child) < heap_due(c, least))
				least = child;
		}
		if (least == i)
			return;
		heap_swap(c, i, least);
		i = least;
	}
}

static void heap_add(struct radius_client *c, struct request *q)
{
	q->heap_at = c->heap_n++;
	c->heap[q->heap_at] = index_of(c, q);
	heap_settle(c, q->heap_at);
}

static void heap_remove(struct radius_client *c, struct request *q)
{
	size_t at = q->heap_at;

	heap_swap(c, at, --c->heap_n);
	if (at < c->heap_n)
		heap_settle(c, at);
}

/* --- sessions and the effect queue ------------------------------------------------------------- */

static uint32_t *bucket_of(struct radius_client *c, uint64_t session)
{
	uint64_t hash = (session ^ session >> 32) * 0x9e3779b97f4a7c15u;

	return &c->buckets[hash >> 40 & (c->bucket_n - 1)];
}

static struct request *find_session(struct radius_client *c, uint64_t session)
{
	for (uint32_t i = *bucket_of(c, session); i != NONE; i = c->requests[i].next_in_hash) {
		if (c->requests[i].session == session)
			return &c->requests[i];
	}
	return NULL;
}

static void queue(struct radius_client *c, struct request *q, enum pending pending)
{
	bool queued = q->pending != PENDING_NOTHING;

	q->pending = pending;
	if (queued)
		return;
	q->next_out = NONE;
	if (c->out_head == NONE)
		c->out_head = index_of(c, q);
	else
		c->requests[c->out_tail].next_out = index_of(c, q);
	c->out_tail = index_of(c, q);
}

static void unqueue(struct radius_client *c, struct request *q)
{
	uint32_t previous = NONE;

	if (q->pending == PENDING_NOTHING)
		return;
	for (uint32_t i = c->out_head; i != index_of(c, q); i = c->requests[i].next_out)
		previous = i;
	if (previous == NONE)
		c->out_head = q->next_out;
	else
		c->requests[previous].next_out = q->next_out;
	if (c->out_tail == index_of(c, q))
		c->out_tail = previous;
	q->pending = PENDING_NOTHING;
}

/* --- life of a request ------------------------------------------------------------------------- */

/* Give back identifier and timer. */
static void stop_waiting(struct radius_client *c, struct request *q)
{
	if (!q->waiting)
		return;
	q->waiting = false;
	c->slots[q->slot] = NONE;
	c->servers[q->server].status.outstanding--;
	heap_remove(c, q);
}

static void release(struct radius_client *c, struct request *q)
{
	uint32_t *link = bucket_of(c, q->session);

	stop_waiting(c, q);
	unqueue(c, q);
	while (*link != index_of(c, q))
		link = &c->requests[*link].next_in_hash;
	*link = q->next_in_hash;
	q->live = false;
	q->next_in_hash = c->free_head;
	c->free_head = index_of(c, q);
}

/* A free identifier of `server`; there is one, because `max` is at most 256 * sockets. */
static void take_identifier(struct radius_client *c, struct request *q, size_t server)
{
	uint32_t size = (uint32_t)IDS * c->sockets;
	uint32_t base = (uint32_t)server * size;
	struct server *s = &c->servers[server];

	while (c->slots[base + s->cursor % size] != NONE)
		s->cursor = (s->cursor + 1) % size;
	uint32_t at = s->cursor % size;

	s->cursor = (s->cursor + 1) % size;
	q->server = server;
	q->slot = base + at;
	q->socket = at % c->sockets;
	q->id = (uint8_t)(at / c->sockets);
	c->slots[q->slot] = index_of(c, q);
	s->status.outstanding++;
}

/* `timeout` give or take a tenth of it (RFC 5080 2.2.1: RAND). */
static msec jittered(struct radius_client *c, msec base, msec timeout)
{
	uint16_t octets;

	c->random(c->random_ctx, &octets, sizeof(octets));
	return base + timeout * ((msec)octets - INT16_MAX) / (10 * INT16_MAX);
}

static void schedule(struct radius_client *c, struct request *q, msec now)
{
	msec first = c->servers[q->server].timeout;

	if (q->attempt == 1)
		q->timeout = jittered(c, first, first);
	else
		q->timeout = jittered(c, 2 * q->timeout, q->timeout);
	if (q->timeout > c->max_timeout)
		q->timeout = jittered(c, c->max_timeout, c->max_timeout);
	q->due = now + q->timeout;
}

/* First transmission to `server`. */
static enum portcall_err ask(struct radius_client *c, struct request *q, size_t server,
                             struct span attributes, msec now)
{
	struct server *s = &c->servers[server];

	take_identifier(c, q, server);
	c->random(c->random_ctx, q->authenticator, sizeof(q->authenticator));
	q->tried |= UINT32_C(1) << server;
	q->attempt = 1;
	q->first_sent = now;
	schedule(c, q, now);
	q->waiting = true;
	heap_add(c, q);

	enum portcall_err err =
		radius_request(q->id, q->authenticator, attributes, span(s->secret, s->secret_n),
	                       q->datagram, sizeof(q->datagram), &q->n);

	if (err)
		return err;
	s->status.requests++;
	queue(c, q, PENDING_SEND);
	return PORTCALL_OK;
}

/*
 * The next server for a request that has asked `tried`: the first that is not dead, else the first at
 * all.  A dead one whose time is over is tried with one request in each dead_time.  RADIUS_ANY_SERVER: none left.
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

/* All transmissions of `q` were in vain: its server is dead unless it answered somebody since. */
static void blame_server(struct radius_client *c, const struct request *q, msec now)
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

static void give_up_server(struct radius_client *c, struct request *q, msec now)
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
	queue(c, q, PENDING_TIMEOUT);
}

/* --- interface --------------------------------------------------------------------------------- */

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
	return config->max <= (size_t)IDS * (config->sockets ? config->sockets : 1);
}

static uint32_t *new_indexes(size_t n)
{
	uint32_t *indexes = calloc(n, sizeof(*indexes));

	for (size_t i = 0; indexes && i < n; i++)
		indexes[i] = NONE;
	return indexes;
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
	c->max = config->max ? config->max : (size_t)IDS * c->sockets;
	c->max_timeout = config->max_timeout ? config->max_timeout : 16000;
	c->dead_time = config->dead_time ? config->dead_time : 60000;
	c->random = config->random;
	c->random_ctx = config->random_ctx;
	c->out_head = c->out_tail = NONE;
	for (c->bucket_n = 1; c->bucket_n < c->max;)
		c->bucket_n *= 2;
	c->requests = calloc(c->max, sizeof(*c->requests));
	c->slots = new_indexes(c->server_n * IDS * c->sockets);
	c->buckets = new_indexes(c->bucket_n);
	c->heap = new_indexes(c->max);
	for (size_t i = 0; i < c->server_n; i++) {
		init_server(&c->servers[i], &config->servers[i]);
		c->random(c->random_ctx, &c->servers[i].cursor, sizeof(c->servers[i].cursor));
	}
	if (!c->requests || !c->slots || !c->buckets || !c->heap) {
		radius_client_free(c);
		return NULL;
	}
	for (size_t i = 0; i < c->max; i++)
		c->requests[i].next_in_hash = i + 1 < c->max ? (uint32_t)(i + 1) : NONE;
	return c;
}

void radius_client_free(struct radius_client *client)
{
	if (!client)
		return;
	free(client->requests);
	free(client->slots);
	free(client->buckets);
	free(client->heap);
	digest_wipe(client->servers, sizeof(client->servers));
	free(client);
}

enum portcall_err radius_client_submit(struct radius_client *client, uint64_t session,
                                       struct span attributes, int server, msec now)
{
	struct radius_client *c = client;

	if (server != RADIUS_ANY_SERVER && (server < 0 || (size_t)server >= c->server_n))
		return PORTCALL_ERR_USAGE;
	if (find_session(c, session))
		return PORTCALL_ERR_USAGE;
	if (c->free_head == NONE || attributes.n > RADIUS_MAX_ATTRIBUTES)
		return PORTCALL_ERR_LIMIT;
	struct request *q = &c->requests[c->free_head];
	uint32_t *bucket = bucket_of(c, session);

	c->free_head = q->next_in_hash;
	q->session = session;
	q->live = true;
	q->bound = server != RADIUS_ANY_SERVER;
	q->tried = 0;
	q->pending = PENDING_NOTHING;
	q->next_in_hash = *bucket;
	*bucket = index_of(c, q);

	size_t chosen = (size_t)(q->bound ? server : pick_server(c, 0, now));
	enum portcall_err err = ask(c, q, chosen, attributes, now);

	if (err)
		release(c, q);
	return err;
}

void radius_client_cancel(struct radius_client *client, uint64_t session)
{
	struct request *q = find_session(client, session);

	if (!q)
		return;
	/* nobody waits for the last timeout, but it was the last transmission */
	if (q->waiting && q->attempt >= client->servers[q->server].attempts)
		blame_server(client, q, q->due);
	release(client, q);
}

static void discard(struct radius_client *c, size_t server, uint64_t *counter, const char *why)
{
	(*counter)++;
	c->discard_server = server;
	c->discard_why = why;
}

/* The live request that (server, socket, id) belongs to, or NULL. */
static struct request *find_identifier(struct radius_client *c, size_t server, unsigned socket,
                                       uint8_t id)
{
	size_t at = (server * IDS + id) * c->sockets + socket;

	return c->slots[at] == NONE ? NULL : &c->requests[c->slots[at]];
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
	struct request *q = find_identifier(c, server, socket, packet.id);

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
	queue(c, q, PENDING_REPLY);
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

	while (c->heap_n > 0 && heap_due(c, 0) <= now) {
		struct request *q = &c->requests[c->heap[0]];
		struct server *s = &c->servers[q->server];

		if (q->attempt >= s->attempts) {
			give_up_server(c, q, now);
			continue;
		}
		q->attempt++;
		s->status.retransmissions++;
		schedule(c, q, now);
		heap_settle(c, q->heap_at);
		queue(c, q, PENDING_SEND);
	}
}

msec radius_client_deadline(const struct radius_client *client)
{
	return client->heap_n > 0 ? heap_due(client, 0) : MSEC_NEVER;
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
			.why = s->status.alive
			               ? "The server answers again."
			               : "The server answered no transmission of a request.",
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
	if (c->out_head == NONE)
		return false;
	struct request *q = &c->requests[c->out_head];
	struct radius_effect effect = {
		.session = q->session,
		.server = q->server,
		.socket = q->socket,
		.id = q->id,
		.attempt = q->attempt,
	};
	enum pending pending = q->pending;

	unqueue(c, q);
	switch (pending) {
	case PENDING_NOTHING:
	case PENDING_SEND:
		effect.kind = RADIUS_EFFECT_SEND;
		effect.datagram = span(q->datagram, q->n);
		break;
	case PENDING_REPLY:
		effect.kind = RADIUS_EFFECT_REPLY;
		if (radius_decode(span(q->datagram, q->n), &effect.reply))
			assert(!"a reply that was decoded before");
		release(c, q); /* its octets stay until the next submit */
		break;
	case PENDING_TIMEOUT:
		effect.kind = RADIUS_EFFECT_TIMEOUT;
		release(c, q);
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
