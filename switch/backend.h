/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * backend - Backend Authentication state machine (IEEE 802.1X-2004 8.2.9): carries EAP packets
 * between the supplicant and the EAP layer of the authenticator.
 *
 * Pure: no I/O, no clock, no allocation.  Thread-safe (no state outside the arguments).  Shared
 * variables and procedures: switch/auth_pae.h.
 */
#ifndef SWITCH_BACKEND_H
#define SWITCH_BACKEND_H

#include "switch/auth_pae.h"

enum backend_state {
	BACKEND_REQUEST,
	BACKEND_RESPONSE,
	BACKEND_SUCCESS,
	BACKEND_FAIL,
	BACKEND_TIMEOUT,
	BACKEND_IDLE,
	BACKEND_INITIALIZE,
	BACKEND_IGNORE,
};

struct backend {
	enum backend_state state;
	msec aWhile;        /* timer: absolute; MSEC_NEVER: not running */
	msec serverTimeout; /* constant: default 30 s, 1 to 65535 s */
	/* counters (9.4.3, dot1xAuthDiagTable) */
	uint64_t responses, accessChallenges, authSuccesses, authFails;
};

extern const struct fsm_arc backend_arcs[];
extern const size_t backend_arc_n;

void backend_init(struct backend *backend, msec serverTimeout);

/* Take at most one arc.  NULL: the machine stays where it is. */
const struct fsm_arc *backend_step(struct backend *backend, struct pae_shared *shared, msec now);
msec backend_deadline(const struct backend *backend);
const char *backend_state_text(enum backend_state state); /* as in the figure: "RESPONSE" */

#endif
