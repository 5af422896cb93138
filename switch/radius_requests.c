/* SPDX-License-Identifier: BSD-3-Clause */
#include "switch/radius_requests.h"

#include <stdlib.h>

#define NONE UINT32_MAX

static uint32_t index_of(const struct radius_requests *t, const struct radius_request *q)
{
	return (uint32_t)(q - t->requests);
}

/* --- heap by `due` --------------------------------------------------------------------------- */

static msec heap_due(const struct radius_requests *t, size_t i)
{
	return t->requests[t->heap[i]].due;
}

static void heap_swap(struct radius_requests *t, size_t i, size_t j)
{
	uint32_t at_i = t->heap[i];

	t->heap[i] = t->heap[j];
	t->heap[j] = at_i;
	t->requests[t->heap[i]].heap_at = i;
	t->requests[t->heap[j]].heap_at = j;
}

static void heap_settle(struct radius_requests *t, size_t i)
{
	while (i > 0 && heap_due(t, i) < heap_due(t, (i - 1) / 2)) {
		heap_swap(t, i, (i - 1) / 2);
		i = (i - 1) / 2;
	}
	for (;;) {
		size_t least = i;

		for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < t->heap_n; child++) {
			if (heap_due(t, child) < heap_due(t, least))
				least = child;
		}
		if (least == i)
			return;
		heap_swap(t, i, least);
		i = least;
	}
}

/* --- sessions and the effect queue ----------------------------------------------------------- */

static uint32_t *bucket_of(const struct radius_requests *t, uint64_t session)
{
	uint64_t hash = (session ^ session >> 32) * 0x9e3779b97f4a7c15u;

	return &t->buckets[hash >> 40 & (t->bucket_n - 1)];
}

struct radius_request *radius_requests_of_session(const struct radius_requests *t, uint64_t session)
{
	for (uint32_t i = *bucket_of(t, session); i != NONE; i = t->requests[i].next_in_hash) {
		if (t->requests[i].session == session)
			return &t->requests[i];
	}
	return NULL;
}

void radius_requests_queue(struct radius_requests *t, struct radius_request *q,
                           enum radius_pending pending)
{
	bool queued = q->pending != RADIUS_PENDING_NOTHING;

	q->pending = pending;
	if (queued)
		return;
	q->next_out = NONE;
	if (t->out_head == NONE)
		t->out_head = index_of(t, q);
	else
		t->requests[t->out_tail].next_out = index_of(t, q);
	t->out_tail = index_of(t, q);
}

static void unqueue(struct radius_requests *t, struct radius_request *q)
{
	uint32_t previous = NONE;

	if (q->pending == RADIUS_PENDING_NOTHING)
		return;
	for (uint32_t i = t->out_head; i != index_of(t, q); i = t->requests[i].next_out)
		previous = i;
	if (previous == NONE)
		t->out_head = q->next_out;
	else
		t->requests[previous].next_out = q->next_out;
	if (t->out_tail == index_of(t, q))
		t->out_tail = previous;
	q->pending = RADIUS_PENDING_NOTHING;
}

struct radius_request *radius_requests_next(struct radius_requests *t,
                                            enum radius_pending *ret_pending)
{
	if (t->out_head == NONE)
		return NULL;
	struct radius_request *q = &t->requests[t->out_head];

	*ret_pending = q->pending;
	unqueue(t, q);
	return q;
}

/* --- identifiers ----------------------------------------------------------------------------- */

void radius_requests_wait(struct radius_requests *t, struct radius_request *q, size_t server,
                          uint32_t *cursor)
{
	uint32_t size = (uint32_t)RADIUS_IDS * t->sockets;
	uint32_t base = (uint32_t)server * size;
	uint32_t at = *cursor % size;

	while (t->slots[base + at] != NONE)
		at = (at + 1) % size;
	*cursor = (at + 1) % size;
	q->server = server;
	q->slot = base + at;
	q->socket = at % t->sockets;
	q->id = (uint8_t)(at / t->sockets);
	q->waiting = true;
	t->slots[q->slot] = index_of(t, q);
	q->heap_at = t->heap_n++;
	t->heap[q->heap_at] = index_of(t, q);
	heap_settle(t, q->heap_at);
}

void radius_requests_stop(struct radius_requests *t, struct radius_request *q)
{
	size_t at = q->heap_at;

	if (!q->waiting)
		return;
	q->waiting = false;
	t->slots[q->slot] = NONE;
	heap_swap(t, at, --t->heap_n);
	if (at < t->heap_n)
		heap_settle(t, at);
}

void radius_requests_reorder(struct radius_requests *t, struct radius_request *q)
{
	heap_settle(t, q->heap_at);
}

struct radius_request *radius_requests_first_due(const struct radius_requests *t)
{
	return t->heap_n > 0 ? &t->requests[t->heap[0]] : NULL;
}

struct radius_request *radius_requests_of_id(const struct radius_requests *t, size_t server,
                                             unsigned socket, uint8_t id)
{
	uint32_t i = t->slots[(server * RADIUS_IDS + id) * t->sockets + socket];

	return i == NONE ? NULL : &t->requests[i];
}

/* --- life of a request ----------------------------------------------------------------------- */

struct radius_request *radius_requests_take(struct radius_requests *t, uint64_t session)
{
	if (t->free_head == NONE)
		return NULL;
	struct radius_request *q = &t->requests[t->free_head];
	uint32_t *bucket = bucket_of(t, session);
	uint32_t index = t->free_head;

	t->free_head = q->next_in_hash;
	q->session = session;
	q->waiting = false;
	q->tried = 0;
	q->pending = RADIUS_PENDING_NOTHING;
	q->next_in_hash = *bucket;
	*bucket = index;
	return q;
}

void radius_requests_release(struct radius_requests *t, struct radius_request *q)
{
	uint32_t *link = bucket_of(t, q->session);

	radius_requests_stop(t, q);
	unqueue(t, q);
	while (*link != index_of(t, q))
		link = &t->requests[*link].next_in_hash;
	*link = q->next_in_hash;
	q->next_in_hash = t->free_head;
	t->free_head = index_of(t, q);
}

static uint32_t *new_indexes(size_t n)
{
	uint32_t *indexes = calloc(n, sizeof(*indexes));

	for (size_t i = 0; indexes && i < n; i++)
		indexes[i] = NONE;
	return indexes;
}

bool radius_requests_init(struct radius_requests *t, size_t max, size_t servers, unsigned sockets)
{
	*t = (struct radius_requests){ .max = max, .sockets = sockets, .bucket_n = 1 };
	t->out_head = t->out_tail = NONE;
	while (t->bucket_n < max)
		t->bucket_n *= 2;
	t->requests = calloc(max, sizeof(*t->requests));
	t->slots = new_indexes(servers * RADIUS_IDS * sockets);
	t->buckets = new_indexes(t->bucket_n);
	t->heap = new_indexes(max);
	if (!t->requests || !t->slots || !t->buckets || !t->heap)
		return false;
	for (size_t i = 0; i < max; i++)
		t->requests[i].next_in_hash = i + 1 < max ? (uint32_t)(i + 1) : NONE;
	return true;
}

void radius_requests_done(struct radius_requests *t)
{
	free(t->requests);
	free(t->slots);
	free(t->buckets);
	free(t->heap);
}
