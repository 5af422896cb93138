/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * backend - Backend Authentication state machine (IEEE 802.1X-2004 8.2.9).  Arcs: backend.def.
 *
 * Deviations:
 * D1 !portEnabled leads to INITIALIZE as well: a conversation does not outlive its link.
 * D2 REQUEST clears eapolEap: a response to the request before it is no answer to this one.
 * D3 SUCCESS and FAIL do not set keyRun (no EAPOL-Key).
 */
#include "switch/backend.h"

const struct fsm_arc backend_arcs[] = {
#define v(x)                   x
#define m(x)                   x
#define TEXT(condition)        #condition
#define G(condition, to)       { "*", #to, TEXT(condition) },
#define T(from, condition, to) { #from, #to, TEXT(condition) },
#include "switch/backend.def"
#undef v
#undef m
#undef G
#undef T
};

const size_t backend_arc_n = sizeof(backend_arcs) / sizeof(backend_arcs[0]);

void backend_init(struct backend *backend, msec serverTimeout)
{
	*backend = (struct backend){
		.state = BACKEND_INITIALIZE,
		.aWhile = MSEC_NEVER,
		.serverTimeout = serverTimeout,
	};
}

/* The action blocks of the figure. */
static const struct fsm_arc *enter(struct backend *backend, struct pae_shared *shared,
                                   enum backend_state to, const struct fsm_arc *arc, msec now)
{
	if (backend->state == BACKEND_RESPONSE && to == BACKEND_REQUEST)
		backend->accessChallenges++;
	backend->state = to;
	backend->aWhile = MSEC_NEVER;
	switch (to) {
	case BACKEND_REQUEST:
		shared->procedure = PAE_TX_REQ;
		shared->eapReq = false;
		shared->eapolEap = false; /* D2 */
		break;
	case BACKEND_RESPONSE:
		shared->authTimeout = false;
		shared->eapolEap = false;
		shared->eapNoReq = false;
		backend->aWhile = now + backend->serverTimeout;
		shared->eapResp = true;
		backend->responses++;
		break;
	case BACKEND_SUCCESS:
		shared->procedure = PAE_TX_REQ;
		shared->authSuccess = true;
		backend->authSuccesses++;
		break;
	case BACKEND_FAIL:
		shared->procedure = PAE_TX_REQ;
		shared->authFail = true;
		backend->authFails++;
		break;
	case BACKEND_TIMEOUT:
		shared->authTimeout = true;
		break;
	case BACKEND_IDLE:
		shared->authStart = false;
		break;
	case BACKEND_INITIALIZE:
		shared->procedure = PAE_ABORT_AUTH;
		shared->eapNoReq = false;
		shared->authAbort = false;
		break;
	case BACKEND_IGNORE:
		shared->eapNoReq = false;
		break;
	}
	return arc;
}

const struct fsm_arc *backend_step(struct backend *backend, struct pae_shared *shared, msec now)
{
	const struct fsm_arc *arc = backend_arcs;

#define v(x)           shared->x
#define m(x)           backend->x
#define UCT            true
#define expired(timer) (now >= (timer))
#define ENTER(to)      enter(backend, shared, BACKEND_##to, arc, now)
#define G(condition, to)                                                  \
	if (condition)                                                    \
		return backend->state == BACKEND_##to ? NULL : ENTER(to); \
	arc++;
#define T(from, condition, to)                               \
	if (backend->state == BACKEND_##from && (condition)) \
		return ENTER(to);                            \
	arc++;
#include "switch/backend.def"
	return NULL;
}

msec backend_deadline(const struct backend *backend)
{
	return backend->aWhile;
}

const char *backend_state_text(enum backend_state state)
{
	switch (state) {
	case BACKEND_REQUEST:
		return "REQUEST";
	case BACKEND_RESPONSE:
		return "RESPONSE";
	case BACKEND_SUCCESS:
		return "SUCCESS";
	case BACKEND_FAIL:
		return "FAIL";
	case BACKEND_TIMEOUT:
		return "TIMEOUT";
	case BACKEND_IDLE:
		return "IDLE";
	case BACKEND_INITIALIZE:
		return "INITIALIZE";
	case BACKEND_IGNORE:
		return "IGNORE";
	}
	return "";
}
