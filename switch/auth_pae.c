/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * auth_pae - Authenticator PAE state machine (IEEE 802.1X-2004 8.2.4).  Arcs: auth_pae.def.
 *
 * Deviations:
 * D1 INITIALIZE sets authPortStatus to Unauthorized: the port closes when its link goes, not when
 *    the link comes back.
 * D2 No EAPOL-Key: keyRun, keyDone and keyAvailable are left out, and with them the arc on
 *    keyDone && !portValid.  portValid is always true.
 * D3 CONNECTING -> AUTHENTICATING does not ask for reAuthCount <= reAuthMax again: the row before
 *    it has taken the other case.
 *
 * The Identity request at link-up needs no deviation: nothing between INITIALIZE and
 * AUTHENTICATING waits.
 */
#include "switch/auth_pae.h"

const struct fsm_arc auth_pae_arcs[] = {
#define v(x)                   x
#define m(x)                   x
#define TEXT(condition)        #condition
#define G(condition, to)       { "*", #to, TEXT(condition) },
#define T(from, condition, to) { #from, #to, TEXT(condition) },
#include "switch/auth_pae.def"
#undef v
#undef m
#undef G
#undef T
};

const size_t auth_pae_arc_n = sizeof(auth_pae_arcs) / sizeof(auth_pae_arcs[0]);

void auth_pae_init(struct auth_pae *pae, msec quietPeriod, unsigned reAuthMax)
{
	*pae = (struct auth_pae){
		.state = AUTH_PAE_INITIALIZE,
		.quietWhile = MSEC_NEVER,
		.portMode = PORT_AUTO,
		.quietPeriod = quietPeriod,
		.reAuthMax = reAuthMax,
	};
}

/* The action blocks of the figure. */
static const struct fsm_arc *enter(struct auth_pae *pae, struct pae_shared *shared,
                                   enum auth_pae_state to, const struct fsm_arc *arc, msec now)
{
	pae->state = to;
	pae->quietWhile = MSEC_NEVER;
	switch (to) {
	case AUTH_PAE_INITIALIZE:
		pae->portMode = PORT_AUTO;
		shared->authPortStatus = false; /* D1 */
		break;
	case AUTH_PAE_DISCONNECTED:
		shared->authPortStatus = false;
		pae->reAuthCount = 0;
		shared->eapolLogoff = false;
		break;
	case AUTH_PAE_RESTART:
		shared->eapRestart = true;
		break;
	case AUTH_PAE_CONNECTING:
		shared->reAuthenticate = false;
		pae->reAuthCount++;
		pae->entersConnecting++;
		break;
	case AUTH_PAE_AUTHENTICATING:
		shared->eapolStart = false;
		shared->authSuccess = false;
		shared->authFail = false;
		shared->authTimeout = false;
		shared->authStart = true;
		pae->entersAuthenticating++;
		break;
	case AUTH_PAE_AUTHENTICATED:
		shared->authPortStatus = true;
		pae->reAuthCount = 0;
		pae->authenticated++;
		break;
	case AUTH_PAE_ABORTING:
		shared->authAbort = true;
		break;
	case AUTH_PAE_HELD:
		shared->authPortStatus = false;
		pae->quietWhile = now + pae->quietPeriod;
		shared->eapolLogoff = false;
		pae->entersHeld++;
		break;
	case AUTH_PAE_FORCE_AUTH:
		shared->authPortStatus = true;
		pae->portMode = PORT_FORCE_AUTHORIZED;
		shared->eapolStart = false;
		shared->procedure = PAE_TX_CANNED_SUCCESS;
		break;
	case AUTH_PAE_FORCE_UNAUTH:
		shared->authPortStatus = false;
		pae->portMode = PORT_FORCE_UNAUTHORIZED;
		shared->eapolStart = false;
		shared->procedure = PAE_TX_CANNED_FAIL;
		break;
	}
	return arc;
}

const struct fsm_arc *auth_pae_step(struct auth_pae *pae, struct pae_shared *shared, msec now)
{
	const struct fsm_arc *arc = auth_pae_arcs;

#define v(x)           shared->x
#define m(x)           pae->x
#define UCT            true
#define expired(timer) (now >= (timer))
#define ENTER(to)      enter(pae, shared, AUTH_PAE_##to, arc, now)
#define G(condition, to)                                               \
	if (condition)                                                 \
		return pae->state == AUTH_PAE_##to ? NULL : ENTER(to); \
	arc++;
#define T(from, condition, to)                            \
	if (pae->state == AUTH_PAE_##from && (condition)) \
		return ENTER(to);                         \
	arc++;
#include "switch/auth_pae.def"
	return NULL;
}

msec auth_pae_deadline(const struct auth_pae *pae)
{
	return pae->quietWhile;
}

const char *auth_pae_state_text(enum auth_pae_state state)
{
	switch (state) {
	case AUTH_PAE_INITIALIZE:
		return "INITIALIZE";
	case AUTH_PAE_DISCONNECTED:
		return "DISCONNECTED";
	case AUTH_PAE_RESTART:
		return "RESTART";
	case AUTH_PAE_CONNECTING:
		return "CONNECTING";
	case AUTH_PAE_AUTHENTICATING:
		return "AUTHENTICATING";
	case AUTH_PAE_AUTHENTICATED:
		return "AUTHENTICATED";
	case AUTH_PAE_ABORTING:
		return "ABORTING";
	case AUTH_PAE_HELD:
		return "HELD";
	case AUTH_PAE_FORCE_AUTH:
		return "FORCE_AUTH";
	case AUTH_PAE_FORCE_UNAUTH:
		return "FORCE_UNAUTH";
	}
	return "";
}
