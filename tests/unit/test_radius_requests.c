/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of outstanding RADIUS requests: against a plain list. */
#include "tests/unit/check.h"

#include "switch/radius_requests.h"

enum { MAX = 100, SESSIONS = 150 };

static void the_earliest_is_first(void **state)
{
	static struct radius_request *live[SESSIONS];
	struct radius_requests t;
	uint32_t random = 3, cursor = 0;
	size_t count = 0, most = 0;

	(void)state;
	assert_true(radius_requests_init(&t, MAX, 2, 1));
	for (int i = 0; i < 50000; i++) {
		random = random * 1664525 + 1013904223;
		size_t s = (random >> 8) % SESSIONS;
		msec due = random >> 16;

		assert_ptr_equal(radius_requests_of_session(&t, s), live[s]);
		if (!live[s] && count < MAX) {
			live[s] = radius_requests_take(&t, s);
			assert_non_null(live[s]);
			live[s]->due = due;
			radius_requests_wait(&t, live[s], random & 1, &cursor);
			count++;
		} else if (!live[s]) {
			assert_null(radius_requests_take(&t, s));
		} else if (random >> 31) {
			live[s]->due = due;
			radius_requests_reorder(&t, live[s]);
		} else {
			assert_ptr_equal(radius_requests_of_id(&t, live[s]->server, live[s]->socket,
			                                       live[s]->id),
			                 live[s]);
			radius_requests_release(&t, live[s]);
			live[s] = NULL;
			count--;
		}
		msec earliest = MSEC_NEVER;

		for (size_t k = 0; k < SESSIONS; k++) {
			if (live[k] && live[k]->due < earliest)
				earliest = live[k]->due;
		}
		struct radius_request *first = radius_requests_first_due(&t);

		assert_int_equal(first ? first->due : MSEC_NEVER, earliest);
		most = count > most ? count : most;
	}
	assert_int_equal(most, MAX);
	radius_requests_done(&t);
}

static void effects_are_told_in_order(void **state)
{
	struct radius_requests t;
	struct radius_request *q[3];
	enum radius_pending pending;

	(void)state;
	assert_true(radius_requests_init(&t, 3, 1, 1));
	for (size_t i = 0; i < 3; i++) {
		q[i] = radius_requests_take(&t, i);
		radius_requests_queue(&t, q[i], RADIUS_PENDING_SEND);
	}
	/* what changes keeps its place; what is released leaves the queue, the last one too */
	radius_requests_queue(&t, q[0], RADIUS_PENDING_REPLY);
	radius_requests_release(&t, q[2]);
	q[2] = radius_requests_take(&t, 2);
	radius_requests_queue(&t, q[2], RADIUS_PENDING_TIMEOUT);
	radius_requests_release(&t, q[1]);
	assert_ptr_equal(radius_requests_next(&t, &pending), q[0]);
	assert_int_equal(pending, RADIUS_PENDING_REPLY);
	assert_ptr_equal(radius_requests_next(&t, &pending), q[2]);
	assert_int_equal(pending, RADIUS_PENDING_TIMEOUT);
	assert_null(radius_requests_next(&t, &pending));
	radius_requests_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		C("50,000 random operations: the earliest is first, sessions and identifiers are "
		  "found",
		  the_earliest_is_first),
		C("effects are told in order, and not for released requests",
		  effects_are_told_in_order),
	};

	return cmocka_run_group_tests_name("radius_requests", tests, NULL, NULL);
}
