/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * radius_requests - the outstanding requests of a RADIUS client: who they are for, which
 * identifiers they own, when the next one is due, and which of them has an effect to tell.
 *
 * Pure: no I/O, no clock, no allocation after radius_requests_init().  Not thread-safe.
 *
 * A request is free, or live between radius_requests_take() and radius_requests_release().  While
 * it waits for an answer it owns one identifier and stands in a heap by `due`.  Effects are a
 * queue of requests, so that no number of them can overflow anything.
 */
#ifndef SWITCH_RADIUS_REQUESTS_H
#define SWITCH_RADIUS_REQUESTS_H

#include "common/fsm.h"
#include "switch/radius.h"

enum { RADIUS_IDS = 256 };

enum radius_pending {
	RADIUS_PENDING_NOTHING,
	RADIUS_PENDING_SEND,
	RADIUS_PENDING_REPLY,
	RADIUS_PENDING_TIMEOUT,
};

struct radius_request {
	uint64_t session;
	bool bound;     /* stays with its server */
	uint32_t tried; /* servers asked so far, one bit each */
	/* while it waits: the identifier */
	bool waiting;
	size_t server;
	unsigned socket;
	uint8_t id;
	uint32_t slot; /* index in slots */
	/* retransmission */
	unsigned attempt; /* transmissions to this server */
	msec first_sent;  /* to this server */
	msec timeout;     /* RT of RFC 5080 2.2.1 */
	msec due;         /* next transmission, or giving up */
	size_t heap_at;
	/* links */
	enum radius_pending pending;
	uint32_t next_out;     /* effect queue */
	uint32_t next_in_hash; /* chain of a hash bucket, or the free list */
	uint8_t authenticator[RADIUS_AUTHENTICATOR_LEN];
	size_t n;
	uint8_t datagram[RADIUS_MAX_PACKET]; /* the request; with PENDING_REPLY the reply */
};

struct radius_requests {
	size_t max;
	unsigned sockets;
	struct radius_request *requests; /* max */
	uint32_t free_head;
	uint32_t *slots;   /* [server][id][socket] */
	uint32_t *buckets; /* by session */
	size_t bucket_n;   /* a power of two */
	uint32_t *heap;
	size_t heap_n;
	uint32_t out_head, out_tail;
};

/*
 * `max` is at most RADIUS_IDS * sockets.  false: no memory; call radius_requests_done() in any
 * case.
 */
bool radius_requests_init(struct radius_requests *t, size_t max, size_t servers, unsigned sockets);
void radius_requests_done(struct radius_requests *t);

/* A request for `session`, which has none; NULL: all are taken. */
struct radius_request *radius_requests_take(struct radius_requests *t, uint64_t session);
/* Gives back everything it owns; its octets stay until it is taken again. */
void radius_requests_release(struct radius_requests *t, struct radius_request *q);
struct radius_request *radius_requests_of_session(const struct radius_requests *t,
                                                  uint64_t session);

/*
 * Give `q` a free identifier of `server`, searched from *cursor on (which moves behind it), and
 * let it wait until q->due.  There is always a free one, because of `max`.
 */
void radius_requests_wait(struct radius_requests *t, struct radius_request *q, size_t server,
                          uint32_t *cursor);
void radius_requests_stop(struct radius_requests *t, struct radius_request *q);
/* q->due has changed. */
void radius_requests_reorder(struct radius_requests *t, struct radius_request *q);
struct radius_request *radius_requests_first_due(const struct radius_requests *t); /* NULL: none */
/* The waiting request that owns the identifier, or NULL. */
struct radius_request *radius_requests_of_id(const struct radius_requests *t, size_t server,
                                             unsigned socket, uint8_t id);

/* Append `q` to the effect queue, or change what it has to tell. */
void radius_requests_queue(struct radius_requests *t, struct radius_request *q,
                           enum radius_pending pending);
/* The first of the queue, removed from it; NULL: empty.  `ret_pending`: what it has to tell. */
struct radius_request *radius_requests_next(struct radius_requests *t,
                                            enum radius_pending *ret_pending);

#endif
