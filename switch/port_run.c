/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * port_run - the machines of a port move; what they ask for becomes effects, and what they decide
 * becomes GRANT and CLOSE.
 */
#include "switch/port_private.h"

#include <assert.h>
#include <string.h>

void port_emit(struct port *p, struct port_pending effect)
{
	assert(p->effect_n < PORT_EFFECTS_MAX); /* the owner drains after each call */
	p->effects[(p->effect_head + p->effect_n++) % PORT_EFFECTS_MAX] = effect;
}

/* --- decisions ------------------------------------------------------------------------------- */

void port_blame(struct port *p, enum portcall_reason cause, const char *detail)
{
	p->cause = cause;
	p->to_tell = true;
	access_printable(span_of_string(detail), p->detail, sizeof(p->detail));
}

static void decide(struct port *p, enum port_effect_kind kind, enum portcall_reason reason,
                   uint16_t vlan)
{
	struct port_decision *d = &p->decision;

	d->has_mac = p->has_mac;
	memcpy(d->mac, p->mac, MAC_LEN);
	d->vlan = vlan;
	memcpy(d->session, p->session, sizeof(d->session));
	memcpy(d->user, p->user, sizeof(d->user));
	d->reason = reason;
	memcpy(d->detail, p->detail, sizeof(d->detail));
	p->open = kind == PORT_EFFECT_GRANT;
	p->to_tell = false;
	port_emit(p, (struct port_pending){ .kind = kind });
}

/* The port is not authorised (any more): tell it if it was open or an attempt failed. */
static void close_port(struct port *p)
{
	/* an empty port goes on asking; saying so once is enough */
	bool same = p->cause == PORTCALL_REASON_PORT_NO_SUPPLICANT &&
	            p->decision.reason == PORTCALL_REASON_PORT_NO_SUPPLICANT;

	if (p->open || (p->to_tell && !same))
		decide(p, PORT_EFFECT_CLOSE, p->cause, 0);
	p->to_tell = false;
	p->reAuthWhen = p->session_end = MSEC_NEVER;
}

void port_forget_station(struct port *p)
{
	p->has_mac = false;
	p->session[0] = p->user[0] = '\0';
	p->identity_n = 0;
}

static void open_authenticated(struct port *p, msec now)
{
	p->reAuthWhen = p->session_end = MSEC_NEVER;
	if (p->config.reAuthPeriod)
		p->reAuthWhen = now + port_seconds(p->config.reAuthPeriod);
	if (p->grant.session_timeout && p->grant.reauthenticate)
		p->reAuthWhen = now + port_seconds(p->grant.session_timeout);
	else if (p->grant.session_timeout)
		p->session_end = now + port_seconds(p->grant.session_timeout);
	p->counters.successes++;
	decide(p, PORT_EFFECT_GRANT, PORTCALL_REASON_PORT_AUTHENTICATED, p->grant.vlan);
}

/* --- machines -------------------------------------------------------------------------------- */

static void send_final(struct port *p, enum eap_code code, uint8_t id)
{
	port_emit(p, (struct port_pending){
			     .kind = PORT_EFFECT_SEND, .final = true, .code = code, .id = id });
}

static void send_request(struct port *p, msec now)
{
	if (p->eap.state == EAP_PASS_ENDED) {
		send_final(p, (enum eap_code)p->eap.packet[0], p->eap.id);
		return;
	}
	if (p->eap.identity)
		p->counters.eapolReqIdFramesTx++;
	else
		p->counters.eapolReqFramesTx++;
	port_emit(p, (struct port_pending){ .kind = PORT_EFFECT_SEND });
	eap_pass_sent(&p->eap, now);
}

static void do_procedure(struct port *p, msec now)
{
	enum pae_procedure procedure = p->shared.procedure;

	p->shared.procedure = PAE_PROCEDURE_NONE;
	switch (procedure) {
	case PAE_PROCEDURE_NONE:
		break;
	case PAE_TX_CANNED_SUCCESS:
		send_final(p, EAP_CODE_SUCCESS, ++p->eap.id);
		break;
	case PAE_TX_CANNED_FAIL:
		send_final(p, EAP_CODE_FAILURE, ++p->eap.id);
		break;
	case PAE_TX_REQ:
		send_request(p, now);
		break;
	case PAE_ABORT_AUTH:
		eap_pass_abort(&p->eap);
		port_cancel_request(p, false);
		break;
	}
}

static void entered_pae_state(struct port *p, msec now)
{
	switch (p->pae.state) {
	case AUTH_PAE_INITIALIZE:
	case AUTH_PAE_DISCONNECTED:
		close_port(p);
		break;
	case AUTH_PAE_RESTART:
		if (!p->shared.authPortStatus)
			close_port(p);
		break;
	case AUTH_PAE_HELD:
		close_port(p);
		break;
	case AUTH_PAE_AUTHENTICATED:
		open_authenticated(p, now);
		break;
	case AUTH_PAE_FORCE_AUTH:
		if (p->decision.reason == PORTCALL_REASON_PORT_FORCED_OPEN)
			break; /* only a Start */
		port_forget_station(p);
		p->detail[0] = '\0';
		p->reAuthWhen = p->session_end = MSEC_NEVER;
		decide(p, PORT_EFFECT_GRANT, PORTCALL_REASON_PORT_FORCED_OPEN, 0);
		break;
	case AUTH_PAE_FORCE_UNAUTH:
		if (p->decision.reason == PORTCALL_REASON_PORT_FORCED_CLOSED)
			break;
		port_blame(p, PORTCALL_REASON_PORT_FORCED_CLOSED, "");
		close_port(p);
		port_forget_station(p);
		break;
	case AUTH_PAE_CONNECTING:
	case AUTH_PAE_AUTHENTICATING:
	case AUTH_PAE_ABORTING:
		break;
	}
}

static void entered_backend_state(struct port *p, enum backend_state from)
{
	if (p->backend.state != BACKEND_TIMEOUT)
		return;
	p->counters.timeouts++;
	if (from == BACKEND_RESPONSE) {
		port_cancel_request(p, true);
		port_blame(p, PORTCALL_REASON_PORT_RADIUS_TIMEOUT, "");
	} else if (p->eap.answered || p->has_mac) {
		port_blame(p, PORTCALL_REASON_PORT_SUPPLICANT_SILENT, "");
	} else {
		port_blame(p, PORTCALL_REASON_PORT_NO_SUPPLICANT, "");
	}
}

static void tell_transition(struct port *p, const char *machine, const struct fsm_arc *arc)
{
	port_emit(p, (struct port_pending){
			     .kind = PORT_EFFECT_TRANSITION, .machine = machine, .arc = arc });
}

/* One arc, or one move of the EAP layer; false: everything is stable. */
static bool move(struct port *p, msec now)
{
	enum backend_state from = p->backend.state;
	const struct fsm_arc *arc = backend_step(&p->backend, &p->shared, now);

	if (arc) {
		tell_transition(p, "BACKEND", arc);
		entered_backend_state(p, from);
		do_procedure(p, now);
		return true;
	}
	if (p->shared.eapResp) {
		port_take_response(p);
		return true;
	}
	arc = auth_pae_step(&p->pae, &p->shared, now);
	if (arc) {
		tell_transition(p, "AUTH_PAE", arc);
		do_procedure(p, now);
		entered_pae_state(p, now);
		return true;
	}
	if (p->shared.eapRestart) {
		port_begin_attempt(p);
		return true;
	}
	return false;
}

void port_run(struct port *p, msec now)
{
	while (move(p, now))
		;
}

void port_pulse_initialize(struct port *p, msec now)
{
	p->shared.initialize = true;
	port_run(p, now);
	p->shared.initialize = false;
	port_run(p, now);
}
