/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What rlm_portcall remembers: sessions by device and port, verdicts by reason, and the file of both. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "radius-module/state.h"

static struct session at(uint8_t phone, const char *id, const char *peer, uint32_t port)
{
	struct session s = { .mac = { 2, 0, 0, 0, 1, phone },
		             .port_known = port != 0,
		             .port = port };

	snprintf(s.id, sizeof(s.id), "%s", id);
	snprintf(s.peer, sizeof(s.peer), "%s", peer);
	return s;
}

static void put(struct state *state, enum state_event event, struct session s)
{
	state_session(state, event, &s, 100);
}

static size_t count(struct state *state)
{
	size_t n = 0;

	struct session *all = state_sessions(state, &n);

	state_sessions_free(all, n);
	return n;
}

static bool elsewhere(struct state *state, struct session s)
{
	return state_elsewhere(state, &s);
}

static void a_device_has_one_session_at_a_port(void **unused)
{
	struct state *state = state_open("");

	(void)unused;
	put(state, STATE_GRANTED, at(1, "a", "sw1", 7));
	put(state, STATE_GRANTED, at(1, "b", "sw1", 7));
	assert_int_equal(count(state), 1);
	put(state, STATE_GRANTED, at(1, "b", "sw1", 8)); /* the id moves with the device */
	assert_int_equal(count(state), 1);
	put(state, STATE_GRANTED, at(1, "c", "sw2", 8));
	put(state, STATE_GRANTED, at(2, "c", "sw2", 8));
	assert_int_equal(count(state), 3);
	put(state, STATE_STOP, at(1, "late", "sw2", 8)); /* of a session before */
	assert_int_equal(count(state), 3);
	put(state, STATE_STOP, at(1, "c", "sw2", 8));
	assert_int_equal(count(state), 2);
	put(state, STATE_STOP, at(3, "c", "sw2", 8));
	assert_int_equal(count(state), 2);
	state_nas_restart(state, "sw2");
	assert_int_equal(count(state), 1);
	state_unref(state);
}

static void only_accounting_proves_that_a_device_is_elsewhere(void **unused)
{
	struct state *state = state_open("");

	(void)unused;
	put(state, STATE_GRANTED, at(1, "a", "sw1", 7));
	assert_false(elsewhere(state, at(1, "b", "sw1", 8)));
	put(state, STATE_START, at(1, "a", "sw1", 7));
	assert_false(elsewhere(state, at(1, "b", "sw1", 7)));
	assert_true(elsewhere(state, at(1, "b", "sw1", 8)));
	assert_true(elsewhere(state, at(1, "b", "sw2", 7)));
	assert_false(elsewhere(state, at(2, "b", "sw1", 8)));
	put(state, STATE_STOP, at(1, "a", "sw1", 7));
	assert_false(elsewhere(state, at(1, "b", "sw1", 8)));
	state_unref(state);
}

static void a_device_that_wanders_keeps_its_newest_sessions(void **unused)
{
	struct state *state = state_open("");

	(void)unused;
	for (uint32_t port = 1; port <= 100; port++) {
		struct session s = at(1, "", "sw1", port);

		state_session(state, STATE_GRANTED, &s, port);
	}
	assert_int_equal(count(state), STATE_PORTS_PER_DEVICE);
	for (uint32_t i = 0; i < 5000; i++) { /* the table grows */
		struct session s = at(1, "", "sw1", 7);

		s.mac[3] = (uint8_t)(i >> 8);
		s.mac[4] = (uint8_t)i;
		s.mac[5] = 9;
		state_session(state, STATE_GRANTED, &s, 1);
	}
	assert_int_equal(count(state), STATE_PORTS_PER_DEVICE + 5000);
	state_unref(state);
}

static void what_was_known_is_known_after_a_restart(void **unused)
{
	char dir[] = "/tmp/test-state-XXXXXX", path[64];
	const struct verdict accept = { .kind = VERDICT_ACCEPT,
		                        .reason = PORTCALL_REASON_DEVICE_ACCEPTED },
			     refuse = { .kind = VERDICT_REJECT,
		                        .reason = PORTCALL_REASON_WRONG_MAC },
			     watch = { .reason = PORTCALL_REASON_WRONG_MAC, .monitored = true };
	size_t n = 0;

	(void)unused;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/state.json", dir);

	struct state *state = state_open(path);
	struct session s = at(1, "a\xff\"b", "10.0.0.1", 7);
	char issuer[] = "/CN=B\xc3\xa4";

	assert_non_null(state);
	s.issuer = issuer;
	snprintf(s.serial, sizeof(s.serial), "03e9");
	snprintf(s.vlan, sizeof(s.vlan), "20");
	state_session(state, STATE_GRANTED, &s, 100);
	for (int i = 0; i < 100; i++)
		state_verdict(state, i % 2 ? &accept : &refuse, i % 2 ? s.mac : NULL, "sw1", "id",
		              i);
	state_verdict(state, &watch, s.mac, "sw1", "", 7);
	state_unref(state_ref(state));
	state_unref(state); /* writes */

	state = state_open(path);
	assert_non_null(state);
	assert_int_equal(state_count(state, VERDICT_ACCEPT), 51);
	assert_int_equal(state_count(state, VERDICT_REJECT), 50);
	assert_int_equal(state_count(state, VERDICT_STAGING), 0);

	struct session *all = state_sessions(state, &n);

	assert_int_equal(n, 1);
	assert_string_equal(all[0].id, "a?\"b"); /* not UTF-8 */
	assert_string_equal(all[0].issuer, issuer);
	assert_string_equal(all[0].serial, "03e9");
	assert_string_equal(all[0].vlan, "20");
	assert_true(all[0].port_known && all[0].port == 7 && all[0].since == 100 &&
	            !all[0].accounted);
	state_sessions_free(all, n);
	state_unref(state);

	FILE *f = fopen(path, "w"); /* a file that makes no sense is none */

	assert_non_null(f);
	fputs("{\"sessions\": [1, {}, {\"mac\": \"x\"}, {\"mac\": \"020000000101\", \"port\": "
	      "\"7\"}], \"counters\": "
	      "[{\"verdict\": \"x\", \"reason\": 7}, {}]}",
	      f);
	fclose(f);
	state = state_open(path);
	assert_non_null(state);
	assert_int_equal(count(state), 1);
	assert_int_equal(state_count(state, VERDICT_ACCEPT), 0);
	state_unref(state);
	unlink(path);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_device_has_one_session_at_a_port),
		cmocka_unit_test(only_accounting_proves_that_a_device_is_elsewhere),
		cmocka_unit_test(a_device_that_wanders_keeps_its_newest_sessions),
		cmocka_unit_test(what_was_known_is_known_after_a_restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
