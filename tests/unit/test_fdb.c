/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "switch/fdb.h"

static const uint8_t mac_a[] = { 2, 0, 0, 0, 0, 0xa };
static const uint8_t mac_b[] = { 2, 0, 0, 0, 0, 0xb };
static const uint8_t mac_c[] = { 2, 0, 0, 0, 0, 0xc };

static const struct {
	const char *name;
	size_t max;
	struct {
		char op; /* l learn, t tick, f flush port */
		uint16_t vlan;
		const uint8_t *mac;
		unsigned port;
		msec at;
	} steps[6];
	/* then: is (20, a), (20, b) known at `at`, and behind which port; -1: unknown */
	msec at;
	int a, b;
	size_t count;
	msec deadline;
} table[] = {
	{ "802.1Q 8.7: a station is learned", 4, { { 'l', 20, mac_a, 1, 0 } }, 0, 1, -1, 1, 300 },
	{ "8.7: a station that moves gets its new port",
	  4,
	  { { 'l', 20, mac_a, 1, 0 }, { 'l', 20, mac_a, 2, 5 } },
	  5,
	  2,
	  -1,
	  1,
	  305 },
	{ "8.8: VLANs learn apart", 4, { { 'l', 10, mac_a, 1, 0 } }, 0, -1, -1, 1, 300 },
	{ "8.8.3: an entry is there until just before its age",
	  4,
	  { { 'l', 20, mac_a, 1, 0 } },
	  299,
	  1,
	  -1,
	  1,
	  300 },
	{ "8.8.3: and not at its age, even before the tick",
	  4,
	  { { 'l', 20, mac_a, 1, 0 } },
	  300,
	  -1,
	  -1,
	  1,
	  300 },
	{ "8.8.3: the tick frees it",
	  4,
	  { { 'l', 20, mac_a, 1, 0 }, { 't', 0, NULL, 0, 300 } },
	  300,
	  -1,
	  -1,
	  0,
	  MSEC_NEVER },
	{ "8.8.3: a frame keeps its station alive, the oldest dies first",
	  4,
	  { { 'l', 20, mac_a, 1, 0 },
	    { 'l', 20, mac_b, 2, 10 },
	    { 'l', 20, mac_a, 1, 200 },
	    { 't', 0, NULL, 0, 320 } },
	  320,
	  1,
	  -1,
	  1,
	  500 },
	{ "a flush forgets one port's stations and no others",
	  4,
	  { { 'l', 20, mac_a, 1, 0 },
	    { 'l', 20, mac_b, 2, 1 },
	    { 'l', 30, mac_a, 1, 2 },
	    { 'f', 0, NULL, 1, 3 } },
	  3,
	  -1,
	  2,
	  1,
	  301 },
	{ "a full table keeps what it has",
	  2,
	  { { 'l', 20, mac_a, 1, 0 }, { 'l', 20, mac_b, 2, 1 }, { 'L', 20, mac_c, 3, 2 } },
	  2,
	  1,
	  2,
	  2,
	  300 },
	{ "a full table still refreshes and moves its stations",
	  2,
	  { { 'l', 20, mac_a, 1, 0 }, { 'l', 20, mac_b, 2, 1 }, { 'l', 20, mac_a, 3, 2 } },
	  2,
	  3,
	  2,
	  2,
	  301 },
	{ "a full table makes room of what is too old",
	  2,
	  { { 'l', 20, mac_a, 1, 0 }, { 'l', 20, mac_c, 2, 1 }, { 'l', 20, mac_b, 3, 300 } },
	  300,
	  -1,
	  3,
	  2,
	  301 },
};

static int where(const struct fdb *fdb, const uint8_t *mac, msec at)
{
	unsigned port;

	return fdb_lookup(fdb, 20, mac, at, &port) ? (int)port : -1;
}

static void follows_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct fdb *fdb = fdb_new(table[i].max, 300, 1);

		print_message("%s\n", table[i].name);
		for (size_t k = 0; k < 6 && table[i].steps[k].op; k++) {
			uint16_t vlan = table[i].steps[k].vlan;
			const uint8_t *mac = table[i].steps[k].mac;
			unsigned port = table[i].steps[k].port;
			msec at = table[i].steps[k].at;

			switch (table[i].steps[k].op) {
			case 'l':
				assert_int_equal(fdb_learn(fdb, vlan, mac, port, at), PORTCALL_OK);
				break;
			case 'L':
				assert_int_equal(fdb_learn(fdb, vlan, mac, port, at),
				                 PORTCALL_ERR_LIMIT);
				break;
			case 't':
				fdb_tick(fdb, at);
				break;
			case 'f':
				fdb_flush_port(fdb, port);
				break;
			}
		}
		assert_int_equal(where(fdb, mac_a, table[i].at), table[i].a);
		assert_int_equal(where(fdb, mac_b, table[i].at), table[i].b);
		assert_int_equal(fdb_count(fdb), table[i].count);
		assert_int_equal(fdb_deadline(fdb), table[i].deadline);
		fdb_free(fdb);
	}
}

/* Against a plain array: thousands of learns, moves, flushes and ticks. */
static void agrees_with_a_plain_array(void **state)
{
	enum { STATIONS = 200, MAX = 128, AGE = 400 };
	static struct {
		bool known;
		unsigned port;
		msec seen;
	} model[STATIONS];
	struct fdb *fdb = fdb_new(MAX, AGE, 42);
	uint32_t random = 1;
	size_t known = 0;

	(void)state;
	for (msec now = 0; now < 20000; now++) {
		random = random * 1664525 + 1013904223;
		unsigned s = (random >> 8) % STATIONS, port = (random >> 20) % 7;
		const uint8_t mac[] = { 2, 0, 0, 0, (uint8_t)(s >> 4), (uint8_t)s };
		bool flush = (random >> 24) % 100 == 0;

		for (unsigned k = 0; k < STATIONS; k++) {
			if (model[k].known &&
			    ((now - model[k].seen >= AGE) || (flush && model[k].port == port))) {
				model[k].known = false;
				known--;
			}
		}
		if (flush) {
			fdb_flush_port(fdb, port);
			fdb_tick(fdb, now);
		} else if (model[s].known || known < MAX) {
			assert_int_equal(fdb_learn(fdb, 1, mac, port, now), PORTCALL_OK);
			known += !model[s].known;
			model[s].known = true;
			model[s].port = port;
			model[s].seen = now;
			fdb_tick(fdb, now);
		} else {
			assert_int_equal(fdb_learn(fdb, 1, mac, port, now), PORTCALL_ERR_LIMIT);
		}
		assert_int_equal(fdb_count(fdb), known);

		size_t walked = 0;
		msec newest = now;

		for (const struct fdb_entry *e = fdb_next(fdb, NULL); e; e = fdb_next(fdb, e)) {
			unsigned k = (unsigned)e->mac[4] << 4 | (e->mac[5] & 0xf);

			assert_true(e->seen <= newest);
			newest = e->seen;
			assert_true(model[k].known);
			assert_int_equal(e->port, model[k].port);
			walked++;
		}
		assert_int_equal(walked, known);
	}
	assert_true(known > 50);
	fdb_free(fdb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_the_table),
		cmocka_unit_test(agrees_with_a_plain_array),
	};

	return cmocka_run_group_tests_name("fdb", tests, NULL, NULL);
}
