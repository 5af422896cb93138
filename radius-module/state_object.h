/* SPDX-License-Identifier: GPL-2.0-or-later */
/* state_object - the inside of a state, for state.c and state_file.c alone. */
#ifndef RADIUS_MODULE_STATE_OBJECT_H
#define RADIUS_MODULE_STATE_OBJECT_H

#include <pthread.h>

#include "radius-module/state.h"

enum { VERDICT_KINDS = VERDICT_STAGING + 1 };

struct last_verdict {
	enum verdict_kind kind;
	enum portcall_reason reason;
	bool monitored, mac_known;
	uint8_t mac[6];
	char nas[STATE_TEXT_LEN], session[STATE_TEXT_LEN];
	int64_t when;
};

struct state {
	char *path;
	unsigned references; /* under `lock`, as all below */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t thread;
	bool running, dirty, stop;
	uint64_t counts[VERDICT_KINDS][PORTCALL_REASON_COUNT];
	uint64_t monitored[PORTCALL_REASON_COUNT];
	struct last_verdict last[STATE_LAST]; /* a ring; last_n counts on */
	size_t last_n;
	struct session **buckets;
	size_t mask, sessions_n;
};

/* Under the lock, or before anybody else has the state. */
void state_session_put(struct state *state, const struct session *session);
void state_changed(struct state *state);

/* The state file. */
void state_file_read(struct state *state);
bool state_file_start(struct state *state); /* the thread */
void state_file_stop(struct state *state);  /* after it wrote what is new */

#endif
