/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * auth_pae - Authenticator PAE state machine (IEEE 802.1X-2004 8.2.4), and the variables that it
 * shares with the Backend Authentication machine and the EAP layer (8.2.2).
 *
 * Pure: no I/O, no clock, no allocation.  Thread-safe (no state outside the arguments).  The
 * owner (switch/port) sets inputs, steps both machines until neither moves, and after each step
 * carries out what the entered state asks for in pae_shared.procedure.
 */
#ifndef SWITCH_AUTH_PAE_H
#define SWITCH_AUTH_PAE_H

#include <stddef.h>

#include "common/fsm.h"

enum port_control { PORT_AUTO, PORT_FORCE_AUTHORIZED, PORT_FORCE_UNAUTHORIZED };

/* Procedures of 8.2.4.1.3 and 8.2.9.1.3 that a state calls; the owner carries them out. */
enum pae_procedure {
	PAE_PROCEDURE_NONE,
	PAE_TX_CANNED_SUCCESS,
	PAE_TX_CANNED_FAIL,
	PAE_TX_REQ,     /* send the EAP packet that the EAP layer has ready */
	PAE_ABORT_AUTH, /* tell the EAP layer that the conversation is over */
};

/* 8.2.2: variables that more than one machine reads or writes, with the standard's names. */
struct pae_shared {
	/* system and management */
	bool initialize;
	enum port_control portControl;
	bool portEnabled;
	bool reAuthenticate;
	/* received EAPOL */
	bool eapolEap;
	bool eapolLogoff;
	bool eapolStart;
	/* between the PAE and the backend machine */
	bool authAbort;
	bool authFail;
	bool authStart;
	bool authSuccess;
	bool authTimeout;
	/* between the EAP layer and the machines */
	bool eapFail;
	bool eapNoReq;
	bool eapReq;
	bool eapResp;
	bool eapRestart;
	bool eapSuccess;
	bool eapTimeout;
	/* results */
	bool authPortStatus; /* true: Authorized */
	bool portValid;
	enum pae_procedure procedure; /* of the state just entered; the owner clears it */
};

enum auth_pae_state {
	AUTH_PAE_INITIALIZE,
	AUTH_PAE_DISCONNECTED,
	AUTH_PAE_RESTART,
	AUTH_PAE_CONNECTING,
	AUTH_PAE_AUTHENTICATING,
	AUTH_PAE_AUTHENTICATED,
	AUTH_PAE_ABORTING,
	AUTH_PAE_HELD,
	AUTH_PAE_FORCE_AUTH,
	AUTH_PAE_FORCE_UNAUTH,
};

struct auth_pae {
	enum auth_pae_state state;
	/* timers: absolute; MSEC_NEVER: not running */
	msec quietWhile;
	/* variables (8.2.4.1.1) */
	enum port_control portMode;
	unsigned reAuthCount;
	/* constants (8.2.4.1.2) */
	msec quietPeriod;   /* default 60 s, 0 to 65535 s */
	unsigned reAuthMax; /* default 2 */
	/* counters (9.4.3, dot1xAuthDiagTable) */
	uint64_t entersConnecting, entersAuthenticating, authenticated, entersHeld;
};

extern const struct fsm_arc auth_pae_arcs[];
extern const size_t auth_pae_arc_n;

void auth_pae_init(struct auth_pae *pae, msec quietPeriod, unsigned reAuthMax);

/* Take at most one arc.  NULL: the machine stays where it is. */
const struct fsm_arc *auth_pae_step(struct auth_pae *pae, struct pae_shared *shared, msec now);
msec auth_pae_deadline(const struct auth_pae *pae);
const char *auth_pae_state_text(enum auth_pae_state state); /* as in the figure: "CONNECTING" */

#endif
