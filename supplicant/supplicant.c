/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is here: EAPOL frames to variables of the PAE, its procedures to frames, its transitions to
 * results with reasons.  The PAE decides (supp_pae), EAP says what a packet is worth (eap_peer).
 *
 * Without credentials the machines stay in their initial state: nothing is sent, nothing is answered.
 */
#include <portcall/supplicant.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/eap.h"
#include "common/eapol.h"
#include "supplicant/eap_peer.h"
#include "supplicant/effects.h"
#include "supplicant/supp_pae.h"
#include "supplicant/supplicant_config.h"

struct portcall_supplicant {
	struct supp_pae pae;
	struct eap_peer_setup setup;
	struct eap_peer *peer; /* NULL: no credentials */
	char *identity, *server_name;
	uint8_t mac[MAC_LEN];

	struct span packet;   /* EAP request at hand; only during input */
	struct span response; /* its answer, until txSuppRsp */

	struct effects effects;

	bool port_reported;
	enum portcall_reason reason;
	msec retry_at;
	struct portcall_supplicant_statistics statistics;
	uint64_t successes, failures, discarded;
};

/* --- effects --------------------------------------------------------------------------------- */

bool portcall_supplicant_output(struct portcall_supplicant *s, struct portcall_effect *ret_effect)
{
	return effects_take(&s->effects, ret_effect);
}

static void send_eapol(struct portcall_supplicant *s, enum eapol_type type, struct span body)
{
	uint8_t frame[PORTCALL_MAX_FRAME];
	size_t n;

	if (eapol_encode(mac_pae_group, s->mac, type, body, frame, sizeof(frame), &n) ==
	            PORTCALL_OK &&
	    effects_push(&s->effects, PORTCALL_EFFECT_SEND, span(frame, n), ""))
		s->statistics.dot1xSuppEapolFramesTx++;
}

/* An attempt ended. */
static void report(struct portcall_supplicant *s, enum portcall_reason reason, const char *detail,
                   msec retry_at)
{
	struct portcall_effect *effect =
		effects_push(&s->effects, PORTCALL_EFFECT_RESULT, span(NULL, 0), detail);

	s->reason = reason;
	s->retry_at = retry_at;
	if (reason == PORTCALL_REASON_AUTHENTICATED)
		s->successes++;
	else if (portcall_reason_severity(reason) == PORTCALL_ERROR)
		s->failures++;
	if (!effect)
		return;
	effect->authorized = s->pae.suppPortStatus;
	effect->reason = reason;
	effect->retry_at = retry_at;
}

static void report_port(struct portcall_supplicant *s, enum portcall_reason reason)
{
	struct portcall_effect *effect;

	if (s->pae.suppPortStatus == s->port_reported)
		return;
	s->port_reported = s->pae.suppPortStatus;
	effect = effects_push(&s->effects, PORTCALL_EFFECT_PORT, span(NULL, 0), "");
	if (!effect)
		return;
	effect->authorized = s->port_reported;
	effect->reason = reason;
}

/* --- the machines ---------------------------------------------------------------------------- */

/* getSuppRsp: EAP reads the request at hand. */
static void get_supp_rsp(struct portcall_supplicant *s, msec now)
{
	struct supp_pae *pae = &s->pae;

	pae->eapReq = false;
	switch (eap_peer_input(s->peer, s->packet, now, &s->response)) {
	case EAP_PEER_DISCARD:
		s->discarded++;
		pae->eapNoResp = true;
		break;
	case EAP_PEER_RESPONSE:
		pae->eapResp = true;
		break;
	case EAP_PEER_SUCCESS:
		pae->eapSuccess = true;
		break;
	case EAP_PEER_FAILURE:
		pae->eapFail = true;
		break;
	}
}

static void report_transition(struct portcall_supplicant *s, const struct supp_pae_effect *e)
{
	struct portcall_effect *effect =
		effects_push(&s->effects, PORTCALL_EFFECT_TRANSITION, span(NULL, 0), "");

	if (!effect)
		return;
	effect->machine = e->machine;
	effect->from = e->from;
	effect->to = e->to;
	effect->why = e->why;
}

/* What the PAE's move from `from` means to people. */
static void report_move(struct portcall_supplicant *s, enum supp_pae_state from, msec now)
{
	struct eap_peer_outcome outcome = eap_peer_outcome(s->peer);
	bool tried = from == SUPP_PAE_AUTHENTICATING;

	switch (s->pae.state) {
	case SUPP_PAE_AUTHENTICATED:
		if (tried)
			report(s, PORTCALL_REASON_AUTHENTICATED, "", PORTCALL_NEVER);
		else
			report(s, PORTCALL_REASON_NO_AUTHENTICATOR, "", PORTCALL_NEVER);
		break;
	case SUPP_PAE_HELD:
		if (tried)
			report(s, outcome.reason, outcome.detail, s->pae.heldWhile);
		else
			report(s, PORTCALL_REASON_AUTHENTICATOR_SILENT,
			       "EAPOL-Start was not answered", s->pae.heldWhile);
		break;
	case SUPP_PAE_CONNECTING:
		if (tried)
			report(s, outcome.reason, outcome.detail, now);
		break;
	case SUPP_PAE_LOGOFF:
		report(s, PORTCALL_REASON_LOGGED_OFF, "", PORTCALL_NEVER);
		break;
	case SUPP_PAE_DISCONNECTED:
		if (!s->pae.portEnabled && (tried || s->port_reported))
			report(s, PORTCALL_REASON_LINK_DOWN, "", PORTCALL_NEVER);
		break;
	case SUPP_PAE_AUTHENTICATING:
	case SUPP_PAE_RESTART:
	case SUPP_PAE_S_FORCE_AUTH:
	case SUPP_PAE_S_FORCE_UNAUTH:
		break;
	}
	report_port(s, s->reason);
}

static void count_response(struct portcall_supplicant *s)
{
	struct eap_packet p;

	if (eap_decode(s->response, &p) != PORTCALL_OK)
		return;
	if (p.type == EAP_METHOD_IDENTITY)
		s->statistics.dot1xSuppEapolRespIdFramesTx++;
	else
		s->statistics.dot1xSuppEapolRespFramesTx++;
}

static void run(struct portcall_supplicant *s, msec now)
{
	enum supp_pae_state from = s->pae.state;
	struct supp_pae_effect e;

	while (supp_pae_step(&s->pae, now, &e)) {
		report_transition(s, &e);
		if (s->pae.state != from)
			report_move(s, from, now);
		from = s->pae.state;
		if (e.actions & SUPP_TX_START) {
			send_eapol(s, EAPOL_START, span(NULL, 0));
			s->statistics.dot1xSuppEapolStartFramesTx++;
		}
		if (e.actions & SUPP_TX_LOGOFF) {
			send_eapol(s, EAPOL_LOGOFF, span(NULL, 0));
			s->statistics.dot1xSuppEapolLogoffFramesTx++;
		}
		if (e.actions & SUPP_ABORT)
			eap_peer_abort(s->peer);
		if (e.actions & SUPP_EAP_RESTART) {
			/* without memory nothing is answered, and authWhile ends the attempt */
			(void)eap_peer_restart(s->peer);
			s->pae.eapRestart = false;
		}
		if (e.actions & SUPP_GET_RSP)
			get_supp_rsp(s, now);
		if (e.actions & SUPP_TX_RSP) {
			send_eapol(s, EAPOL_EAP, s->response);
			count_response(s);
			eap_peer_sent(s->peer);
		}
	}
}

/* --- inputs ----------------------------------------------------------------------------------- */

/* An EAP packet for a machine that listens; false: dropped. */
static bool input_eap(struct portcall_supplicant *s, struct span packet, msec now)
{
	struct supp_pae *pae = &s->pae;
	struct eap_peer_outcome outcome;

	switch (pae->state) {
	case SUPP_PAE_CONNECTING:
	case SUPP_PAE_AUTHENTICATED:
	case SUPP_PAE_HELD:
		if (!eap_peer_begins(s->peer, packet, now))
			return false;
		break;
	case SUPP_PAE_AUTHENTICATING:
		if (eap_peer_begins_anew(s->peer, packet, now)) {
			outcome = eap_peer_outcome(s->peer);
			report(s, outcome.reason, outcome.detail, now);
			(void)eap_peer_restart(s->peer);
		}
		break;
	case SUPP_PAE_LOGOFF:
	case SUPP_PAE_DISCONNECTED:
	case SUPP_PAE_RESTART:
	case SUPP_PAE_S_FORCE_AUTH:
	case SUPP_PAE_S_FORCE_UNAUTH:
		return false;
	}
	pae->authenticatorSeen = true;
	pae->eapolEap = true;
	s->packet = packet;
	run(s, now);
	s->packet = span(NULL, 0);
	pae->eapolEap = false;
	return true;
}

static void count_frame(struct portcall_supplicant *s, const struct eapol_frame *f)
{
	struct portcall_supplicant_statistics *c = &s->statistics;
	struct eap_packet p;

	c->dot1xSuppEapolFramesRx++;
	c->dot1xSuppLastEapolFrameVersion = f->version;
	memcpy(c->dot1xSuppLastEapolFrameSource, f->src, MAC_LEN);
	if (f->type != EAPOL_EAP || eap_decode(f->body, &p) != PORTCALL_OK ||
	    p.code != EAP_CODE_REQUEST)
		return;
	if (p.type == EAP_METHOD_IDENTITY)
		c->dot1xSuppEapolReqIdFramesRx++;
	else
		c->dot1xSuppEapolReqFramesRx++;
}

static void count_fault(struct portcall_supplicant *s, enum eapol_fault fault)
{
	switch (fault) {
	case EAPOL_FOREIGN:
		break;
	case EAPOL_BAD_TYPE:
		s->statistics.dot1xSuppInvalidEapolFramesRx++;
		break;
	case EAPOL_BAD_LENGTH:
		s->statistics.dot1xSuppEapLengthErrorFramesRx++;
		break;
	}
}

void portcall_supplicant_input(struct portcall_supplicant *s, const void *frame, size_t n,
                               int64_t now)
{
	struct eapol_frame f;

	effects_return(&s->effects);
	if (eapol_decode(span(frame, n), &f) != PORTCALL_OK) {
		count_fault(s, eapol_fault(span(frame, n)));
		return;
	}
	count_frame(s, &f);
	if (!s->peer || !s->pae.portEnabled || mac_equal(f.src, s->mac) ||
	    !(mac_equal(f.dst, mac_pae_group) || mac_equal(f.dst, s->mac)) || f.type != EAPOL_EAP ||
	    !input_eap(s, f.body, now))
		s->discarded++;
}

void portcall_supplicant_link(struct portcall_supplicant *s, bool up, int64_t now)
{
	effects_return(&s->effects);
	if (up == s->pae.portEnabled)
		return;
	s->pae.portEnabled = up;
	s->pae.authenticatorSeen = false;
	if (s->peer)
		run(s, now);
	else if (up)
		report(s, PORTCALL_REASON_NO_CREDENTIALS, "", PORTCALL_NEVER);
}

void portcall_supplicant_tick(struct portcall_supplicant *s, int64_t now)
{
	effects_return(&s->effects);
	if (s->peer)
		run(s, now);
}

int64_t portcall_supplicant_deadline(const struct portcall_supplicant *s)
{
	return supp_pae_deadline(&s->pae);
}

void portcall_supplicant_logoff(struct portcall_supplicant *s, bool on, int64_t now)
{
	effects_return(&s->effects);
	s->pae.userLogoff = on;
	if (s->peer)
		run(s, now);
}

void portcall_supplicant_reauthenticate(struct portcall_supplicant *s, int64_t now)
{
	effects_return(&s->effects);
	if (!s->peer)
		return;
	s->pae.reAuthenticate = true;
	run(s, now);
	s->pae.reAuthenticate =
		false; /* states other than AUTHENTICATED and HELD are at it anyway */
}

void portcall_supplicant_set_crls(struct portcall_supplicant *s, struct portcall_crls *crls)
{
	struct portcall_crls *old = s->setup.crls;

	s->setup.crls = portcall_crls_ref(crls);
	portcall_crls_unref(old);
}

void portcall_supplicant_status(const struct portcall_supplicant *s,
                                struct portcall_supplicant_status *ret_status)
{
	struct portcall_supplicant_status status = {
		.pae_state = supp_pae_state_name(s->pae.state),
		.authorized = s->pae.suppPortStatus,
		.reason = s->reason,
		.retry_at = s->retry_at,
		.tls_version = "",
		.tls_cipher = "",
		.statistics = s->statistics,
		.successes = s->successes,
		.failures = s->failures,
		.discarded = s->discarded,
	};

	if (s->peer) {
		struct eap_peer_outcome outcome = eap_peer_outcome(s->peer);

		status.tls_version = outcome.tls_version;
		status.tls_cipher = outcome.tls_cipher;
		status.resumed = outcome.resumed;
		static_assert(sizeof(status.session) >= EAP_PEER_SESSION_MAX, "session id fits");
		memcpy(status.session, outcome.session, strlen(outcome.session) + 1);
	}
	*ret_status = status;
}

bool portcall_supplicant_take_keys(struct portcall_supplicant *s, struct portcall_keys *ret_keys)
{
	return s->peer && eap_peer_take_keys(s->peer, ret_keys);
}

size_t portcall_supplicant_session_export(const struct portcall_supplicant *s, uint8_t *ret_octets)
{
	struct span stored = s->peer ? eap_peer_stored(s->peer) : span(NULL, 0);

	if (stored.n > 0)
		memcpy(ret_octets, stored.p, stored.n);
	return stored.n;
}

enum portcall_err portcall_supplicant_session_import(struct portcall_supplicant *s,
                                                     const uint8_t *octets, size_t n)
{
	return s->peer ? eap_peer_store(s->peer, span(octets, n)) : PORTCALL_DISCARD;
}

/* --- life ------------------------------------------------------------------------------------- */

static bool set_up_eap(struct portcall_supplicant *s, const struct portcall_supplicant_config *c)
{
	s->identity = config_identity(c);
	s->server_name = config_text(c->server_name ? c->server_name : "");
	if (!s->identity || !s->server_name)
		return false;
	s->setup = (struct eap_peer_setup){
		.identity = s->identity,
		.credentials = portcall_credentials_ref(c->credentials),
		.crls = portcall_crls_ref(c->crls),
		.policy = { .verify = c->verify,
		            .server_name = s->server_name,
		            .time = c->verify_time,
		            .not_before_ignored = c->not_before_ignored,
		            .ocsp = c->ocsp },
		.tls_min = c->tls_min,
		.tls_max = c->tls_max,
		.fragment = c->fragment,
		.keep_keys = c->keep_keys,
	};
	s->peer = eap_peer_new(&s->setup);
	return s->peer != NULL;
}

struct portcall_supplicant *portcall_supplicant_new(const struct portcall_supplicant_config *config,
                                                    struct portcall_why *ret_why)
{
	struct portcall_supplicant_config c = config_complete(config);
	struct portcall_supplicant *s;

	if (!config_check(&c, ret_why))
		return NULL;
	s = calloc(1, sizeof(*s));
	if (!s)
		goto fail;
	memcpy(s->mac, c.mac, MAC_LEN);
	s->retry_at = PORTCALL_NEVER;
	supp_pae_init(&s->pae);
	s->pae.heldPeriod = c.heldPeriod ? c.heldPeriod : s->pae.heldPeriod;
	s->pae.authPeriod = c.authPeriod ? c.authPeriod : s->pae.authPeriod;
	s->pae.startPeriod = c.startPeriod ? c.startPeriod : s->pae.startPeriod;
	s->pae.maxStart = c.maxStart ? c.maxStart : s->pae.maxStart;
	s->pae.initialize = !c.credentials;
	s->reason = c.credentials ? PORTCALL_REASON_NONE : PORTCALL_REASON_NO_CREDENTIALS;
	if (c.credentials && !set_up_eap(s, &c))
		goto fail;
	return s;
fail:
	(void)config_refuse(ret_why, PORTCALL_REASON_SETTING_INVALID, "out of memory");
	portcall_supplicant_free(s);
	return NULL;
}

void portcall_supplicant_free(struct portcall_supplicant *s)
{
	if (!s)
		return;
	effects_done(&s->effects);
	eap_peer_free(s->peer);
	portcall_credentials_unref(s->setup.credentials);
	portcall_crls_unref(s->setup.crls);
	free(s->identity);
	free(s->server_name);
	free(s);
}
