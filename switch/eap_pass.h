/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * eap_pass - the EAP layer of a pass-through authenticator (RFC 4137 clause 6, RFC 3748 2.3):
 * asks for the Identity itself, lets the RADIUS server speak from then on, and sends requests
 * again.
 *
 * Pure: no I/O, no clock, no allocation.  Thread-safe (no state outside the arguments).  Talks to
 * the 802.1X machines through the eap* variables of struct pae_shared (RFC 4137 6.1).
 */
#ifndef SWITCH_EAP_PASS_H
#define SWITCH_EAP_PASS_H

#include "common/eap.h"
#include "switch/auth_pae.h"

enum {
	EAP_PASS_MAX_PACKET = 1500 - 4, /* one EAPOL frame of 1500 octets (802.1X-2004 7.5) */
};

enum eap_pass_state {
	EAP_PASS_DISABLED, /* no conversation */
	EAP_PASS_REQUEST,  /* a request is with the supplicant */
	EAP_PASS_SERVER,   /* a response is with the server */
	EAP_PASS_ENDED,    /* Success or Failure */
};

struct eap_pass {
	enum eap_pass_state state;
	bool identity; /* the request is our Identity request */
	bool answered; /* the supplicant answered some request of this conversation */
	uint8_t id;    /* currentId: of the request, or of the response with the server */
	msec retransWhile;
	unsigned retransCount;
	/* constants; suppTimeout may be set anew before a request is sent */
	msec txPeriod, suppTimeout;
	unsigned maxReq;
	/* the packet for txReq(): request, Success or Failure */
	uint8_t packet[EAP_PASS_MAX_PACKET];
	size_t packet_n;
};

/* `first_id`: the identifier before the first request's; times in msec. */
void eap_pass_init(struct eap_pass *eap, msec txPeriod, msec suppTimeout, unsigned maxReq,
                   uint8_t first_id);

/* eapRestart: begin with an Identity request that carries `session` behind the prompt. */
void eap_pass_restart(struct eap_pass *eap, struct pae_shared *shared, const char *session);
/* abortAuth(): the conversation is over. */
void eap_pass_abort(struct eap_pass *eap);
/*
 * txReq() was carried out: a request waits for its answer from now on, or for as long as before
 * when it was sent out of turn.
 */
void eap_pass_sent(struct eap_pass *eap, msec now);

/*
 * eapResp: true: `packet` answers the outstanding request, hand it to the server; false: it does
 * not, and eapNoReq is set.
 */
bool eap_pass_response(struct eap_pass *eap, struct pae_shared *shared,
                       const struct eap_packet *packet);

/* The server's request goes to the supplicant.  DISCARD: not an EAP-Request of a size that fits. */
enum portcall_err eap_pass_request(struct eap_pass *eap, struct pae_shared *shared,
                                   struct span packet) PORTCALL_MUST_CHECK;
/*
 * The decision.  `packet` is the server's EAP packet; when it is none of the right code, one is
 * made, so that the supplicant never learns the opposite of the decision (RFC 3579 2.6.3).
 */
void eap_pass_end(struct eap_pass *eap, struct pae_shared *shared, bool success,
                  struct span packet);

/* Sends again (eapReq) or gives up (eapTimeout). */
void eap_pass_tick(struct eap_pass *eap, struct pae_shared *shared, msec now);
msec eap_pass_deadline(const struct eap_pass *eap);

#endif
