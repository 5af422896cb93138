/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state_file - the state as JSON (docs/interfaces.md 10), in a file that is replaced in one step.
 *
 * No fsync: the file is for people and for the next start, and a power cut may cost its last second.
 */
#include "radius-module/state_object.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <jansson.h>

#include "common/auto.h"
#include "common/mac.h"

AUTO_CLEANUP(json, json_t *, json_decref)

/* --- writing --------------------------------------------------------------------------------------- */

/* What a switch wrote, as JSON text: octets that are not UTF-8 become '?'. */
static json_t *text(const char *raw)
{
	json_t *value = json_string(raw);
	char copy[512];

	if (value)
		return value;
	snprintf(copy, sizeof(copy), "%s", raw);
	for (char *p = copy; *p; p++) {
		if ((unsigned char)*p > 0x7e)
			*p = '?';
	}
	return json_string(copy);
}

static void counter_add(json_t *list, const char *verdict, bool monitor, size_t reason, uint64_t n)
{
	if (n)
		json_array_append_new(list,
		                      json_pack("{s:s,s:s,s:b,s:I}", "verdict", verdict, "reason",
		                                portcall_reason_code((enum portcall_reason)reason),
		                                "monitor", monitor, "count", (json_int_t)n));
}

static json_t *counters_json(const struct state *state)
{
	json_t *list = json_array();

	for (size_t kind = 0; kind < VERDICT_KINDS; kind++) {
		for (size_t reason = 0; reason < PORTCALL_REASON_COUNT; reason++)
			counter_add(list, verdict_kind_name((enum verdict_kind)kind), false, reason,
			            state->counts[kind][reason]);
	}
	for (size_t reason = 0; reason < PORTCALL_REASON_COUNT; reason++)
		counter_add(list, verdict_kind_name(VERDICT_ACCEPT), true, reason,
		            state->monitored[reason]);
	return list;
}

/* The newest first. */
static json_t *last_json(const struct state *state)
{
	json_t *list = json_array();

	for (size_t i = 0; i < STATE_LAST && i < state->last_n; i++) {
		const struct last_verdict *last =
			&state->last[(state->last_n - 1 - i) % STATE_LAST];
		char mac[MAC_TEXT_LEN];

		json_array_append_new(
			list,
			json_pack("{s:I,s:s,s:s,s:b,s:s?,s:o,s:o}", "when", (json_int_t)last->when,
		                  "verdict", verdict_kind_name(last->kind), "reason",
		                  portcall_reason_code(last->reason), "monitor", last->monitored,
		                  "mac", last->mac_known ? mac_colons(last->mac, mac) : NULL, "nas",
		                  text(last->nas), "session", text(last->session)));
	}
	return list;
}

static json_t *sessions_json(const struct session *sessions, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++) {
		const struct session *s = &sessions[i];
		char mac[MAC_TEXT_LEN];

		json_array_append_new(
			list, json_pack("{s:s,s:o,s:s,s:o,s:o,s:o,s:o,s:o,s:I,s:I,s:b}", "mac",
		                        mac_colons(s->mac, mac), "session", text(s->id), "peer",
		                        s->peer, "nas", text(s->nas), "port",
		                        s->port_known ? json_integer(s->port) : json_null(), "vlan",
		                        text(s->vlan), "issuer", text(s->issuer ? s->issuer : ""),
		                        "serial", text(s->serial), "since", (json_int_t)s->since,
		                        "heard", (json_int_t)s->heard, "accounted", s->accounted));
	}
	return list;
}

char *state_json(struct state *state)
{
	size_t n = 0;
	struct session *sessions = state_sessions(state, &n);

	pthread_mutex_lock(&state->lock);
	json_t *counters = counters_json(state), *last = last_json(state);

	pthread_mutex_unlock(&state->lock);
	AUTO(json)
	json_t *root = json_pack("{s:i,s:I,s:o,s:o,s:o}", "format", 1, "written",
	                         (json_int_t)time(NULL), "counters", counters, "last", last,
	                         "sessions", sessions_json(sessions, n));

	state_sessions_free(sessions, n);
	return root ? json_dumps(root, JSON_INDENT(1)) : NULL;
}

static void write_now(struct state *state)
{
	AUTO(free) char *content = state_json(state);
	size_t n = strlen(state->path);
	AUTO(free) char *temporary = malloc(n + 5);

	if (!content || !temporary)
		return;
	memcpy(temporary, state->path, n);
	memcpy(temporary + n, ".new", 5);

	FILE *f = fopen(temporary, "we");
	bool ok = f && fchmod(fileno(f), 0640) == 0 && fputs(content, f) >= 0;

	if (f && fclose(f))
		ok = false;
	if (ok)
		ok = rename(temporary, state->path) == 0;
	if (!ok)
		remove(temporary);
}

static void *follow(void *arg)
{
	struct state *state = arg;

	pthread_mutex_lock(&state->lock);
	for (;;) {
		while (!state->dirty && !state->stop)
			pthread_cond_wait(&state->changed, &state->lock);
		if (!state->dirty)
			break;
		state->dirty = false;
		pthread_mutex_unlock(&state->lock);
		write_now(state);
		pthread_mutex_lock(&state->lock);

		struct timespec next; /* not more than twice a second */

		clock_gettime(CLOCK_REALTIME, &next);
		next.tv_nsec += 500000000;
		next.tv_sec += next.tv_nsec / 1000000000;
		next.tv_nsec %= 1000000000;
		while (!state->stop &&
		       pthread_cond_timedwait(&state->changed, &state->lock, &next) == 0)
			;
	}
	pthread_mutex_unlock(&state->lock);
	return NULL;
}

bool state_file_start(struct state *state)
{
	sigset_t all, before; /* signals are the server's, not this thread's */

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	state->running = pthread_create(&state->thread, NULL, follow, state) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return state->running;
}

void state_file_stop(struct state *state)
{
	if (!state->running)
		return;
	pthread_mutex_lock(&state->lock);
	state->stop = true;
	pthread_cond_signal(&state->changed);
	pthread_mutex_unlock(&state->lock);
	pthread_join(state->thread, NULL);
}

/* --- reading: what does not fit is left out ----------------------------------------------------------- */

static void copy_text(char *to, size_t room, const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	snprintf(to, room, "%s", value ? value : "");
}

static void session_read(struct state *state, const json_t *object)
{
	const char *mac = json_string_value(json_object_get(object, "mac"));
	const char *issuer = json_string_value(json_object_get(object, "issuer"));
	const json_t *port = json_object_get(object, "port");
	struct session s = { .port_known = json_is_integer(port),
		             .port = (uint32_t)json_integer_value(port),
		             .issuer = (char *)(uintptr_t)(issuer ? issuer : ""),
		             .since = json_integer_value(json_object_get(object, "since")),
		             .heard = json_integer_value(json_object_get(object, "heard")),
		             .accounted = json_is_true(json_object_get(object, "accounted")) };

	if (!mac || !mac_parse(mac, s.mac))
		return;
	copy_text(s.id, sizeof(s.id), object, "session");
	copy_text(s.peer, sizeof(s.peer), object, "peer");
	copy_text(s.nas, sizeof(s.nas), object, "nas");
	copy_text(s.vlan, sizeof(s.vlan), object, "vlan");
	copy_text(s.serial, sizeof(s.serial), object, "serial");
	state_session_put(state, &s);
}

static void counter_read(struct state *state, const json_t *object)
{
	const char *verdict = json_string_value(json_object_get(object, "verdict"));
	const char *code = json_string_value(json_object_get(object, "reason"));
	uint64_t n = (uint64_t)json_integer_value(json_object_get(object, "count"));
	size_t kind = 0, reason = 0;

	while (verdict && kind < VERDICT_KINDS &&
	       strcmp(verdict, verdict_kind_name((enum verdict_kind)kind)) != 0)
		kind++;
	while (code && reason < PORTCALL_REASON_COUNT &&
	       strcmp(code, portcall_reason_code((enum portcall_reason)reason)) != 0)
		reason++;
	if (!verdict || !code || kind == VERDICT_KINDS || reason == PORTCALL_REASON_COUNT)
		return;
	if (json_is_true(json_object_get(object, "monitor")))
		state->monitored[reason] = n;
	else
		state->counts[kind][reason] = n;
}

void state_file_read(struct state *state)
{
	AUTO(json) json_t *root = json_load_file(state->path, JSON_REJECT_DUPLICATES, NULL);
	json_t *object, *sessions = json_object_get(root, "sessions");
	json_t *counters = json_object_get(root, "counters");
	size_t i;

	json_array_foreach(sessions, i, object)
		session_read(state, object);
	json_array_foreach(counters, i, object)
		counter_read(state, object);
}
