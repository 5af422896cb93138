/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Deviations from IEEE 802.1X-2004:
 *
 * D1  After the first failure in a row HELD lasts firstHeld (5 s) instead of heldPeriod: FreeRADIUS rejects
 *     with a bare EAP-Failure that anybody can send, and a phone should not be silent for a minute then.
 * D2  CONNECTING goes to AUTHENTICATED after maxStart unanswered Starts, as the figure says, only when no EAP
 *     was heard since the link came up; otherwise there is an authenticator that went silent: HELD.
 * D3  reAuthenticate: the owner asks for a new authentication.  AUTHENTICATED and HELD go to CONNECTING, which
 *     leaves suppPortStatus as it is, so traffic goes on.
 * D4  eapSuccess and eapFail are cleared where the backend consumes them (SUCCESS, FAIL), not by the EAP layer
 *     at its restart; otherwise CONNECTING would take a stale one for a new decision.
 * D5  CONNECTING tests eapolEap before startWhen: a request that came at the same moment needs no Start.  Its
 *     startCount begins anew after reAuthenticate.
 * D6  eapolEap is cleared in REQUEST, where the request is taken, not in RECEIVE: otherwise SUCCESS straight from
 *     REQUEST would leave it set and AUTHENTICATED would RESTART at once.
 * D7  authWhile begins with the first request and begins again with each response, not with a request that EAP
 *     discards (eapNoResp): otherwise requests that are worth nothing would keep an attempt alive for ever.
 */
#include "supplicant/supp_pae.h"

enum { MACHINE_PAE, MACHINE_BE };

const struct fsm_arc supp_pae_arcs[] = {
#define PG(condition, to_)        { "*", #to_, #condition },
#define PT(from_, condition, to_) { #from_, #to_, #condition },
#define BG(condition, to_)        { "*", #to_, #condition },
#define BT(from_, condition, to_) { #from_, #to_, #condition },
#include "supplicant/supp_pae.def"
#undef PG
#undef PT
#undef BG
#undef BT
};
const size_t supp_pae_arcs_n = sizeof(supp_pae_arcs) / sizeof(supp_pae_arcs[0]);

static const char *const pae_names[] = {
	[SUPP_PAE_LOGOFF] = "LOGOFF",
	[SUPP_PAE_DISCONNECTED] = "DISCONNECTED",
	[SUPP_PAE_CONNECTING] = "CONNECTING",
	[SUPP_PAE_AUTHENTICATING] = "AUTHENTICATING",
	[SUPP_PAE_AUTHENTICATED] = "AUTHENTICATED",
	[SUPP_PAE_HELD] = "HELD",
	[SUPP_PAE_RESTART] = "RESTART",
	[SUPP_PAE_S_FORCE_AUTH] = "S_FORCE_AUTH",
	[SUPP_PAE_S_FORCE_UNAUTH] = "S_FORCE_UNAUTH",
};

static const char *const be_names[] = {
	[SUPP_BE_INITIALIZE] = "INITIALIZE",
	[SUPP_BE_IDLE] = "IDLE",
	[SUPP_BE_REQUEST] = "REQUEST",
	[SUPP_BE_RESPONSE] = "RESPONSE",
	[SUPP_BE_RECEIVE] = "RECEIVE",
	[SUPP_BE_SUCCESS] = "SUCCESS",
	[SUPP_BE_FAIL] = "FAIL",
	[SUPP_BE_TIMEOUT] = "TIMEOUT",
};

const char *supp_pae_state_name(enum supp_pae_state state)
{
	return pae_names[state];
}

void supp_pae_init(struct supp_pae *pae)
{
	*pae = (struct supp_pae){
		.state = SUPP_PAE_DISCONNECTED,
		.be_state = SUPP_BE_INITIALIZE,
		.authWhile = MSEC_NEVER,
		.heldWhile = MSEC_NEVER,
		.startWhen = MSEC_NEVER,
		.initialize = true,
		.portValid = true,
		.heldPeriod = 60,
		.startPeriod = 30,
		.maxStart = 3,
		.authPeriod = 30,
		.firstHeld = 5,
	};
}

static msec after(msec now, unsigned seconds)
{
	return now + (msec)seconds * 1000;
}

static unsigned enter_pae(struct supp_pae *pae, enum supp_pae_state to, msec now)
{
	pae->state = to;
	switch (to) {
	case SUPP_PAE_LOGOFF:
		pae->logoffSent = true;
		pae->suppPortStatus = false;
		return SUPP_TX_LOGOFF;
	case SUPP_PAE_DISCONNECTED:
		pae->sPortMode = SUPP_AUTO;
		pae->startCount = 0;
		pae->logoffSent = false;
		pae->suppPortStatus = false;
		pae->suppAbort = true;
		pae->failCount = 0;
		return 0;
	case SUPP_PAE_CONNECTING:
		if (pae->reAuthenticate)
			pae->startCount = 0;
		pae->reAuthenticate = false;
		pae->startWhen = after(now, pae->startPeriod);
		pae->startCount++;
		pae->eapolEap = false;
		return SUPP_TX_START;
	case SUPP_PAE_AUTHENTICATING:
		pae->startCount = 0;
		pae->suppSuccess = false;
		pae->suppFail = false;
		pae->suppTimeout = false;
		pae->keyRun = false;
		pae->keyDone = false;
		pae->suppStart = true;
		return 0;
	case SUPP_PAE_AUTHENTICATED:
		pae->suppPortStatus = true;
		pae->failCount = 0;
		return 0;
	case SUPP_PAE_HELD:
		pae->failCount++;
		pae->heldWhile = after(now, pae->failCount == 1 && pae->firstHeld < pae->heldPeriod
		                                    ? pae->firstHeld
		                                    : pae->heldPeriod);
		pae->suppPortStatus = false;
		return 0;
	case SUPP_PAE_RESTART:
		pae->eapRestart = true;
		pae->reAuthenticate = false;
		return SUPP_EAP_RESTART;
	case SUPP_PAE_S_FORCE_AUTH:
		pae->suppPortStatus = true;
		pae->sPortMode = SUPP_FORCE_AUTHORIZED;
		return 0;
	case SUPP_PAE_S_FORCE_UNAUTH:
		pae->suppPortStatus = false;
		pae->sPortMode = SUPP_FORCE_UNAUTHORIZED;
		return SUPP_TX_LOGOFF;
	}
	return 0;
}

static unsigned enter_be(struct supp_pae *pae, enum supp_be_state to, msec now)
{
	enum supp_be_state from = pae->be_state;

	pae->be_state = to;
	switch (to) {
	case SUPP_BE_INITIALIZE:
		pae->suppAbort = false;
		pae->eapSuccess = false;
		pae->eapFail = false;
		return SUPP_ABORT;
	case SUPP_BE_IDLE:
		pae->suppStart = false;
		return 0;
	case SUPP_BE_REQUEST:
		if (from == SUPP_BE_IDLE)
			pae->authWhile = after(now, pae->authPeriod);
		pae->eapolEap = false;
		pae->eapReq = true;
		return SUPP_GET_RSP;
	case SUPP_BE_RESPONSE:
		pae->eapResp = false;
		return SUPP_TX_RSP;
	case SUPP_BE_RECEIVE:
		if (from == SUPP_BE_RESPONSE)
			pae->authWhile = after(now, pae->authPeriod);
		pae->eapNoResp = false;
		return 0;
	case SUPP_BE_SUCCESS:
		pae->keyRun = true;
		pae->suppSuccess = true;
		pae->eapSuccess = false;
		return 0;
	case SUPP_BE_FAIL:
		pae->suppFail = true;
		pae->eapFail = false;
		return 0;
	case SUPP_BE_TIMEOUT:
		pae->suppTimeout = true;
		return 0;
	}
	return 0;
}

/* The number of the first arc of `machine` that is true, -1 without one; `ret_to` is where it leads. */
static int find_arc(const struct supp_pae *pae, int machine, msec now, int *ret_to)
{
	int arc = -1;
	enum { UCT = 1 };

#define v(x)       (pae->x)
#define expired(t) (now >= pae->t)
#define GLOBAL(machine_, condition, current, to_)               \
	arc++;                                                  \
	if (machine == (machine_) && (condition)) {             \
		*ret_to = (int)(to_);                           \
		return (int)(current) == (int)(to_) ? -1 : arc; \
	}
#define LOCAL(machine_, from_, condition, current, to_)                     \
	arc++;                                                              \
	if (machine == (machine_) && (current) == (from_) && (condition)) { \
		*ret_to = (int)(to_);                                       \
		return arc;                                                 \
	}
#define PG(condition, to_) GLOBAL(MACHINE_PAE, condition, pae->state, SUPP_PAE_##to_)
#define PT(from_, condition, to_) \
	LOCAL(MACHINE_PAE, SUPP_PAE_##from_, condition, pae->state, SUPP_PAE_##to_)
#define BG(condition, to_) GLOBAL(MACHINE_BE, condition, pae->be_state, SUPP_BE_##to_)
#define BT(from_, condition, to_) \
	LOCAL(MACHINE_BE, SUPP_BE_##from_, condition, pae->be_state, SUPP_BE_##to_)
#include "supplicant/supp_pae.def"
#undef PG
#undef PT
#undef BG
#undef BT
#undef GLOBAL
#undef LOCAL
#undef v
#undef expired
	return -1;
}

bool supp_pae_step(struct supp_pae *pae, msec now, struct supp_pae_effect *ret_effect)
{
	int to = 0;
	int arc = find_arc(pae, MACHINE_PAE, now, &to);

	if (arc >= 0) {
		*ret_effect = (struct supp_pae_effect){
			.machine = "SUPP_PAE",
			.from = pae_names[pae->state],
			.to = supp_pae_arcs[arc].to,
			.why = supp_pae_arcs[arc].why,
		};
		ret_effect->actions = enter_pae(pae, (enum supp_pae_state)to, now);
		return true;
	}
	arc = find_arc(pae, MACHINE_BE, now, &to);
	if (arc < 0)
		return false;
	*ret_effect = (struct supp_pae_effect){
		.machine = "SUPP_BE",
		.from = be_names[pae->be_state],
		.to = supp_pae_arcs[arc].to,
		.why = supp_pae_arcs[arc].why,
	};
	ret_effect->actions = enter_be(pae, (enum supp_be_state)to, now);
	return true;
}

msec supp_pae_deadline(const struct supp_pae *pae)
{
	if (pae->initialize || !pae->portEnabled)
		return MSEC_NEVER;
	if (pae->state == SUPP_PAE_CONNECTING)
		return pae->startWhen;
	if (pae->state == SUPP_PAE_HELD)
		return pae->heldWhile;
	if (pae->state == SUPP_PAE_AUTHENTICATING && pae->be_state == SUPP_BE_RECEIVE)
		return pae->authWhile;
	return MSEC_NEVER;
}
