/* SPDX-License-Identifier: GPL-2.0-or-later */
/* state - verdicts and sessions in memory; see the header. */
#include "radius-module/state_object.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mac.h"

static struct session **bucket_of(const struct state *state, const uint8_t mac[static 6])
{
	uint64_t v = 0;

	for (int i = 0; i < MAC_LEN; i++)
		v = v << 8 | mac[i];
	return &state->buckets[(size_t)((v * 0x9e3779b97f4a7c15u) >> 24) & state->mask];
}

static void session_free(struct session *session)
{
	free(session->issuer);
	free(session);
}

static struct session *session_dup(const struct session *session)
{
	struct session *copy = malloc(sizeof(*copy));

	if (!copy)
		return NULL;
	*copy = *session;
	copy->issuer = strdup(session->issuer ? session->issuer : "");
	if (copy->issuer)
		return copy;
	free(copy);
	return NULL;
}

static bool same_port(const struct session *a, const struct session *b)
{
	return !strcmp(a->peer, b->peer) && a->port_known == b->port_known && a->port == b->port;
}

/* At one port a device has one session, whatever its id; without a port, the id tells. */
static bool same_session(const struct session *a, const struct session *b)
{
	if (!mac_equal(a->mac, b->mac) || strcmp(a->peer, b->peer) != 0)
		return false;
	return (*a->id && !strcmp(a->id, b->id)) ||
	       (same_port(a, b) && (a->port_known || !*a->id || !*b->id));
}

/* The place of the pointer to the session, or of the NULL at the end. */
static struct session **find(const struct state *state, const struct session *session)
{
	struct session **at = bucket_of(state, session->mac);

	while (*at && !same_session(*at, session))
		at = &(*at)->next;
	return at;
}

static void take_out(struct state *state, struct session **at)
{
	struct session *gone = *at;

	*at = gone->next;
	session_free(gone);
	state->sessions_n--;
}

static void grow(struct state *state)
{
	struct state larger = { .mask = state->mask * 2 + 1 };

	larger.buckets = calloc(larger.mask + 1, sizeof(struct session *));
	if (!larger.buckets)
		return; /* slower, but right */
	for (size_t i = 0; i <= state->mask; i++) {
		for (struct session *s = state->buckets[i], *next; s; s = next) {
			struct session **to = bucket_of(&larger, s->mac);

			next = s->next;
			s->next = *to;
			*to = s;
		}
	}
	free(state->buckets);
	state->buckets = larger.buckets;
	state->mask = larger.mask;
}

/* A device that shows up at ever more ports loses the oldest one. */
static void limit(struct state *state, const uint8_t mac[static 6])
{
	struct session **oldest = NULL;
	size_t n = 0;

	for (struct session **at = bucket_of(state, mac); *at; at = &(*at)->next) {
		if (!mac_equal((*at)->mac, mac))
			continue;
		n++;
		if (!oldest || (*at)->heard < (*oldest)->heard)
			oldest = at;
	}
	if (n > STATE_PORTS_PER_DEVICE)
		take_out(state, oldest);
}

void state_session_put(struct state *state, const struct session *session)
{
	struct session *copy = session_dup(session), **at = find(state, session);

	if (!copy)
		return;
	if (*at)
		take_out(state, at);
	at = bucket_of(state, session->mac);
	copy->next = *at;
	*at = copy;
	state->sessions_n++;
	limit(state, session->mac);
	if (state->sessions_n > state->mask)
		grow(state);
}

void state_changed(struct state *state)
{
	state->dirty = true;
	pthread_cond_signal(&state->changed);
}

void state_session(struct state *state, enum state_event event, const struct session *session,
                   int64_t now)
{
	pthread_mutex_lock(&state->lock);
	struct session **at = find(state, session);

	if (event == STATE_STOP) {
		if (*at && (!*session->id || !*(*at)->id || !strcmp(session->id, (*at)->id)))
			take_out(state, at);
	} else {
		struct session new = *session;

		new.since = *at && !strcmp((*at)->id, session->id) ? (*at)->since : now;
		new.heard = now;
		new.accounted = event != STATE_GRANTED || (*at && (*at)->accounted);
		if (event != STATE_GRANTED &&
		    *at) { /* accounting knows nothing of the certificate */
			new.issuer = (*at)->issuer;
			memcpy(new.serial, (*at)->serial, sizeof(new.serial));
			memcpy(new.vlan, (*at)->vlan, sizeof(new.vlan));
		}
		state_session_put(state, &new);
	}
	state_changed(state);
	pthread_mutex_unlock(&state->lock);
}

void state_nas_restart(struct state *state, const char *peer)
{
	pthread_mutex_lock(&state->lock);
	for (size_t i = 0; i <= state->mask; i++) {
		for (struct session **at = &state->buckets[i]; *at;) {
			if (!strcmp((*at)->peer, peer))
				take_out(state, at);
			else
				at = &(*at)->next;
		}
	}
	state_changed(state);
	pthread_mutex_unlock(&state->lock);
}

void state_session_end(struct state *state, const struct session *session)
{
	state_session(state, STATE_STOP, session, 0);
}

bool state_elsewhere(struct state *state, const struct session *session)
{
	bool elsewhere = false;

	pthread_mutex_lock(&state->lock);
	for (struct session *s = *bucket_of(state, session->mac); s && !elsewhere; s = s->next)
		elsewhere = s->accounted && mac_equal(s->mac, session->mac) &&
		            !same_session(s, session);
	pthread_mutex_unlock(&state->lock);
	return elsewhere;
}

struct session *state_sessions(struct state *state, size_t *ret_n)
{
	size_t n = 0;

	pthread_mutex_lock(&state->lock);
	struct session *all = calloc(state->sessions_n + 1, sizeof(*all));

	for (size_t i = 0; all && i <= state->mask; i++) {
		for (struct session *s = state->buckets[i]; s; s = s->next) {
			all[n] = *s;
			all[n].issuer = strdup(s->issuer);
			n++;
		}
	}
	pthread_mutex_unlock(&state->lock);
	*ret_n = n;
	return all;
}

void state_sessions_free(struct session *sessions, size_t n)
{
	for (size_t i = 0; sessions && i < n; i++)
		free(sessions[i].issuer);
	free(sessions);
}

void state_verdict(struct state *state, const struct verdict *verdict, const uint8_t *mac,
                   const char *nas, const char *session, int64_t now)
{
	struct last_verdict last = { .kind = verdict->kind,
		                     .reason = verdict->reason,
		                     .monitored = verdict->monitored,
		                     .mac_known = mac != NULL,
		                     .when = now };

	if (mac)
		memcpy(last.mac, mac, MAC_LEN);
	snprintf(last.nas, sizeof(last.nas), "%s", nas);
	snprintf(last.session, sizeof(last.session), "%s", session);
	pthread_mutex_lock(&state->lock);
	if (verdict->monitored)
		state->monitored[verdict->reason]++;
	else
		state->counts[verdict->kind][verdict->reason]++;
	state->last[state->last_n++ % STATE_LAST] = last;
	state_changed(state);
	pthread_mutex_unlock(&state->lock);
}

uint64_t state_count(struct state *state, enum verdict_kind kind)
{
	uint64_t n = 0;

	pthread_mutex_lock(&state->lock);
	for (size_t i = 0; i < PORTCALL_REASON_COUNT; i++)
		n += state->counts[kind][i] + (kind == VERDICT_ACCEPT ? state->monitored[i] : 0);
	pthread_mutex_unlock(&state->lock);
	return n;
}

struct state *state_open(const char *path)
{
	struct state *state = calloc(1, sizeof(*state));

	if (!state)
		return NULL;
	state->references = 1;
	state->mask = 255;
	state->path = strdup(path);
	state->buckets = calloc(state->mask + 1, sizeof(struct session *));
	pthread_mutex_init(&state->lock, NULL);
	pthread_cond_init(&state->changed, NULL);
	if (state->path && state->buckets) {
		if (!*path)
			return state;
		state_file_read(state);
		if (state_file_start(state))
			return state;
	}
	state_unref(state);
	return NULL;
}

struct state *state_ref(struct state *state)
{
	pthread_mutex_lock(&state->lock);
	state->references++;
	pthread_mutex_unlock(&state->lock);
	return state;
}

void state_unref(struct state *state)
{
	if (!state)
		return;
	pthread_mutex_lock(&state->lock);
	unsigned left = --state->references;

	pthread_mutex_unlock(&state->lock);
	if (left)
		return;
	state_file_stop(state);
	for (size_t i = 0; state->buckets && i <= state->mask; i++) {
		while (state->buckets[i])
			take_out(state, &state->buckets[i]);
	}
	pthread_cond_destroy(&state->changed);
	pthread_mutex_destroy(&state->lock);
	free(state->buckets);
	free(state->path);
	free(state);
}
