/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * supp_pae - Supplicant PAE and Supplicant Backend machines (IEEE 802.1X-2004 8.2.11, 8.2.12).
 *
 * Pure: no I/O, no clock, no allocation.  Not thread-safe.  The arcs stand in supp_pae.def.
 * The owner sets the variables that the standard gives to others (portEnabled, eapolEap, eapResp, ...)
 * and calls supp_pae_step() until it says that nothing moves; each call takes one arc and gives the
 * transition with the procedures that its state asks for:
 *
 *	pae.eapolEap = true;
 *	while (supp_pae_step(&pae, now, &effect))
 *		if (effect.actions & SUPP_TX_START) ...
 *
 * Times: msec since any fixed origin, never going back.  Periods are configured in seconds.
 */
#ifndef SUPPLICANT_SUPP_PAE_H
#define SUPPLICANT_SUPP_PAE_H

#include <stddef.h>

#include "common/fsm.h"

enum supp_pae_state {
	SUPP_PAE_LOGOFF,
	SUPP_PAE_DISCONNECTED,
	SUPP_PAE_CONNECTING,
	SUPP_PAE_AUTHENTICATING,
	SUPP_PAE_AUTHENTICATED,
	SUPP_PAE_HELD,
	SUPP_PAE_RESTART,
	SUPP_PAE_S_FORCE_AUTH,
	SUPP_PAE_S_FORCE_UNAUTH,
};

enum supp_be_state {
	SUPP_BE_INITIALIZE,
	SUPP_BE_IDLE,
	SUPP_BE_REQUEST,
	SUPP_BE_RESPONSE,
	SUPP_BE_RECEIVE,
	SUPP_BE_SUCCESS,
	SUPP_BE_FAIL,
	SUPP_BE_TIMEOUT,
};

enum supp_port_control { SUPP_AUTO, SUPP_FORCE_AUTHORIZED, SUPP_FORCE_UNAUTHORIZED };

/* Procedures of 8.2.11.1.3 and 8.2.12.1.3 that a state asks its owner for. */
enum supp_action {
	SUPP_TX_START = 1 << 0,    /* txStart: send EAPOL-Start */
	SUPP_TX_LOGOFF = 1 << 1,   /* txLogoff: send EAPOL-Logoff */
	SUPP_TX_RSP = 1 << 2,      /* txSuppRsp: send the EAP response */
	SUPP_GET_RSP = 1 << 3,     /* getSuppRsp: let EAP read the request (eapReq is set) */
	SUPP_ABORT = 1 << 4,       /* abortSupp: EAP forgets its session */
	SUPP_EAP_RESTART = 1 << 5, /* eapRestart is set: EAP begins anew, then clears it */
};

/* What an authentication on this port looks like to the owner of the struct. */
struct supp_pae {
	enum supp_pae_state state;
	enum supp_be_state be_state;

	/* timers (8.2.2): the msec at which they reach 0 */
	msec authWhile;
	msec heldWhile;
	msec startWhen;

	/* global variables (8.2.3) */
	bool eapFail;
	bool eapolEap;
	bool eapSuccess;
	bool initialize;
	bool keyDone;
	bool keyRun;
	enum supp_port_control portControl;
	bool portEnabled;
	bool portValid;
	bool suppAbort;
	bool suppFail;
	bool suppPortStatus; /* true: Authorized */
	bool suppStart;
	bool suppSuccess;
	bool suppTimeout;

	/* variables of the PAE (8.2.11.1.1) */
	bool eapRestart;
	bool logoffSent;
	enum supp_port_control sPortMode;
	unsigned startCount;
	bool userLogoff;
	bool reAuthenticate;    /* D3 */
	bool authenticatorSeen; /* D2: EAP was heard since the link came up; set by the owner */
	unsigned failCount;     /* D1: failures in a row */

	/* variables of the backend (8.2.12.1.1) */
	bool eapNoResp;
	bool eapReq;
	bool eapResp;

	/* constants (8.2.11.1.2, 8.2.12.1.2), seconds */
	unsigned heldPeriod;  /* default 60 */
	unsigned startPeriod; /* default 30 */
	unsigned maxStart;    /* default 3 */
	unsigned authPeriod;  /* default 30 */
	unsigned firstHeld;   /* D1: default 5 */
};

struct supp_pae_effect {
	const char *machine; /* "SUPP_PAE" or "SUPP_BE"; static, as the rest */
	const char *from;
	const char *to;
	const char *why;
	unsigned actions; /* enum supp_action */
};

/* Defaults of the standard; initialize is set, as after power-on: clear it to let the machine run. */
void supp_pae_init(struct supp_pae *pae);

/* Take one arc, if one is true.  False: nothing moves at `now`. */
bool supp_pae_step(struct supp_pae *pae, msec now, struct supp_pae_effect *ret_effect);

/* When a timer moves the machine next; MSEC_NEVER: none does. */
msec supp_pae_deadline(const struct supp_pae *pae);

const char *supp_pae_state_name(enum supp_pae_state state);

/* All arcs of both machines, for logs, graphs and coverage. */
extern const struct fsm_arc supp_pae_arcs[];
extern const size_t supp_pae_arcs_n;

#endif
