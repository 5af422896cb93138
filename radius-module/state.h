/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state - what happened: verdicts by reason, the last of them, and which device is at which port.
 *
 * Sessions come from Access-Accepts and from accounting.  One mutex, held for a lookup and never across a file; a
 * thread of its own writes the state file (docs/interfaces.md 10) within a second of a change, and the file is read
 * again at the start.  Thread-safe.  Knows nothing of FreeRADIUS.
 */
#ifndef RADIUS_MODULE_STATE_H
#define RADIUS_MODULE_STATE_H

#include <stddef.h>

#include "radius-module/verdict.h"

enum { STATE_TEXT_LEN = 64, STATE_VLAN_LEN = 34, STATE_LAST = 64, STATE_PORTS_PER_DEVICE = 8 };

/* Strings are "" where nothing is known. */
struct session {
	struct session *next; /* of the same bucket */
	uint8_t mac[6];
	char id[STATE_TEXT_LEN];   /* Acct-Session-Id */
	char peer[STATE_TEXT_LEN]; /* address that its requests come from */
	char nas[STATE_TEXT_LEN];  /* NAS-Identifier, or else NAS-IP-Address */
	bool port_known;
	uint32_t port; /* NAS-Port */
	char vlan[STATE_VLAN_LEN];
	char serial[STATE_TEXT_LEN];
	char *issuer;         /* malloc'ed */
	int64_t since, heard; /* seconds since 1970 */
	bool accounted;       /* the switch reports it: it is there for sure */
};

struct state;

/* `path` may be "": nothing is kept.  A file that cannot be read counts as none.  NULL: no memory. */
struct state *state_open(const char *path);
struct state *state_ref(struct state *state);
void state_unref(
	struct state
		*state); /* NULL is fine; the last one writes the file and waits for the thread */

/* `mac` NULL: not known. */
void state_verdict(struct state *state, const struct verdict *verdict, const uint8_t *mac,
                   const char *nas, const char *session, int64_t now);

enum state_event { STATE_GRANTED, STATE_START, STATE_INTERIM, STATE_STOP };

/* A session replaces the one that this device had at the same port.  `session` is copied. */
void state_session(struct state *state, enum state_event event, const struct session *session,
                   int64_t now);
/* The switch has started or goes down: it has no session any more. */
void state_nas_restart(struct state *state, const char *peer);
/* The device went, for example by Disconnect. */
void state_session_end(struct state *state, const struct session *session);

/* By accounting, the device has a session at another port than this one. */
bool state_elsewhere(struct state *state, const struct session *session);

/* A copy of all sessions, for state_sessions_free(). */
struct session *state_sessions(struct state *state, size_t *ret_n);
void state_sessions_free(struct session *sessions, size_t n);

/* The state file's content, malloc'ed; NULL: no memory. */
char *state_json(struct state *state);
uint64_t state_count(struct state *state, enum verdict_kind kind);

#endif
