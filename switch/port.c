/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One call = inputs into the shared variables, then port_run(): both machines and the EAP layer
 * move until none of them does.  What they ask for becomes effects.
 *
 * Deviations, beside those of auth_pae.c, backend.c and eap_pass.c:
 * D1 An EAPOL-Start while the Identity request is unanswered sends that request again instead of
 *    ABORTING: request and Start cross at link-up, and one conversation is enough.
 * D2 eapolEap does not outlive the frame that set it: a response that nobody waits for is
 *    dropped.
 * D3 When no RADIUS server answers, aWhile ends at once, but not within a second of the response:
 *    a port whose requests cannot even be sent must not ask its supplicant in a tight circle.
 * D4 The end of a session by Session-Timeout or port_disconnect(), and re-authentication of a port
 *    that is not authorised, pulse `initialize`.
 */
#include "switch/port_private.h"

#include <stdlib.h>
#include <string.h>

#include "common/eapol.h"

static void copy_text(char *to, size_t max, const char *text)
{
	access_printable(span_of_string(text ? text : ""), to, max);
}

struct port *port_new(const struct port_config *config)
{
	struct port *p = calloc(1, sizeof(*p));
	uint8_t first_id;

	if (!p)
		return NULL;
	p->config = *config;
	copy_text(p->name, sizeof(p->name), config->name);
	copy_text(p->nas_identifier, sizeof(p->nas_identifier), config->nas_identifier);
	p->config.name = p->name;
	p->config.nas_identifier = p->nas_identifier;
	p->shared.portControl = config->control;
	p->shared.portValid = true;
	p->server = RADIUS_ANY_SERVER;
	p->reAuthWhen = p->session_end = MSEC_NEVER;
	p->decision.reason = PORTCALL_REASON_PORT_NOT_YET;
	p->config.random(p->config.random_ctx, &first_id, sizeof(first_id));
	auth_pae_init(&p->pae, port_seconds(config->quietPeriod),
	              config->reAuthMax ? config->reAuthMax : 1);
	backend_init(&p->backend, port_seconds(config->serverTimeout));
	eap_pass_init(&p->eap, port_seconds(config->txPeriod), port_seconds(config->suppTimeout),
	              config->maxReq, first_id);
	return p;
}

void port_free(struct port *port)
{
	free(port);
}

static void link_lost(struct port *p, enum portcall_reason reason, const char *detail, msec now)
{
	p->shared.portEnabled = false;
	port_blame(p, reason, detail);
	port_run(p, now);
	port_forget_station(p);
}

void port_link(struct port *port, bool up, msec now)
{
	struct port *p = port;

	if (p->shared.portEnabled == up)
		return;
	if (!up) {
		link_lost(p, PORTCALL_REASON_PORT_LINK_DOWN, "", now);
		return;
	}
	p->shared.portEnabled = true;
	p->decision.reason = PORTCALL_REASON_PORT_NOT_YET;
	port_run(p, now);
}

void port_take_down(struct port *port, enum portcall_reason reason, const char *detail, msec now)
{
	if (port->shared.portEnabled)
		link_lost(port, reason, detail, now);
}

static void input_start(struct port *p, const struct eapol_frame *frame, msec now)
{
	p->counters.eapolStartFramesRx++;
	if (p->shared.portControl == PORT_AUTO && !p->has_mac) {
		p->has_mac = true;
		memcpy(p->mac, frame->src, MAC_LEN);
	}
	if (p->backend.state == BACKEND_REQUEST && p->eap.identity) {
		p->shared.eapReq = true; /* D1 */
	} else {
		p->shared.eapolStart = true;
		if (p->pae.state == AUTH_PAE_AUTHENTICATING) {
			port_blame(p, PORTCALL_REASON_PORT_STARTED_ANEW, "");
			p->to_tell = false; /* unless a session ends by it */
		}
	}
	port_run(p, now);
}

static void input_logoff(struct port *p, msec now)
{
	p->counters.eapolLogoffFramesRx++;
	if (!p->has_mac)
		return;
	if (p->shared.authPortStatus || p->pae.state == AUTH_PAE_AUTHENTICATING)
		port_blame(p, PORTCALL_REASON_PORT_LOGOFF, "");
	p->shared.eapolLogoff = true;
	port_run(p, now);
}

static void input_eap(struct port *p, const struct eapol_frame *frame, msec now)
{
	struct eap_packet packet;

	if (eap_decode(frame->body, &packet)) {
		p->counters.eapLengthErrorFramesRx++;
		return;
	}
	if (packet.code != EAP_CODE_RESPONSE) {
		p->counters.invalidEapolFramesRx++;
		return;
	}
	if (packet.type == EAP_METHOD_IDENTITY)
		p->counters.eapolRespIdFramesRx++;
	else
		p->counters.eapolRespFramesRx++;
	if (!p->has_mac && p->eap.state == EAP_PASS_REQUEST && packet.id == p->eap.id &&
	    packet.type == EAP_METHOD_IDENTITY) {
		p->has_mac = true;
		memcpy(p->mac, frame->src, MAC_LEN);
	}
	p->response = &packet;
	p->shared.eapolEap = true;
	port_run(p, now);
	if (p->shared.eapolEap) {
		p->shared.eapolEap = false; /* D2 */
		p->counters.unexpectedEapFramesRx++;
	}
	p->response = NULL;
}

void port_input(struct port *port, struct span frame, msec now)
{
	struct port *p = port;
	struct eapol_frame f;

	if (!p->shared.portEnabled)
		return;
	p->counters.eapolFramesRx++;
	if (eapol_decode(frame, &f)) {
		p->counters.invalidEapolFramesRx++;
		return;
	}
	if ((p->has_mac && !mac_equal(p->mac, f.src)) || mac_equal(p->config.mac, f.src)) {
		p->counters.foreignEapolFramesRx++;
		return;
	}
	switch (f.type) {
	case EAPOL_START:
		input_start(p, &f, now);
		break;
	case EAPOL_LOGOFF:
		input_logoff(p, now);
		break;
	case EAPOL_EAP:
		input_eap(p, &f, now);
		break;
	case EAPOL_KEY:
	case EAPOL_ASF_ALERT:
	case EAPOL_MKA:
	case EAPOL_ANNOUNCEMENT_GENERIC:
	case EAPOL_ANNOUNCEMENT_SPECIFIC:
	case EAPOL_ANNOUNCEMENT_REQUEST:
		break;
	}
}

void port_tick(struct port *port, msec now)
{
	struct port *p = port;

	eap_pass_tick(&p->eap, &p->shared, now);
	if (now >= p->session_end) {
		p->session_end = MSEC_NEVER;
		port_blame(p, PORTCALL_REASON_PORT_SESSION_TIMEOUT, "");
		port_pulse_initialize(p, now);
	}
	if (now >= p->reAuthWhen) {
		p->reAuthWhen = MSEC_NEVER;
		p->shared.reAuthenticate = true;
	}
	port_run(p, now);
}

msec port_deadline(const struct port *port)
{
	msec timers = msec_min(port->reAuthWhen, port->session_end);

	timers = msec_min(timers, auth_pae_deadline(&port->pae));
	timers = msec_min(timers, backend_deadline(&port->backend));
	return msec_min(timers, eap_pass_deadline(&port->eap));
}

void port_set_control(struct port *port, enum port_control control, msec now)
{
	if (port->shared.portControl == control)
		return;
	port->shared.portControl = control;
	if (control == PORT_AUTO && port->shared.portEnabled)
		port_blame(port, PORTCALL_REASON_PORT_NOT_YET, "");
	port_run(port, now);
}

void port_reauthenticate(struct port *port, msec now)
{
	if (port->shared.authPortStatus) {
		port->shared.reAuthenticate = true;
		port_run(port, now);
	} else {
		port_pulse_initialize(port, now); /* D4 */
	}
}

void port_disconnect(struct port *port, enum portcall_reason reason, const char *detail, msec now)
{
	if (!port->shared.portEnabled || port->shared.portControl != PORT_AUTO)
		return;
	port_blame(port, reason, detail);
	port_pulse_initialize(port, now);
}

static void build_frame(struct port *p, const struct port_pending *effect)
{
	uint8_t final[EAP_HEADER_LEN];
	struct span body = span(p->eap.packet, p->eap.packet_n);
	size_t n;

	if (effect->final && !eap_encode(effect->code, effect->id, EAP_METHOD_NONE, span(NULL, 0),
	                                 final, sizeof(final), &n))
		body = span(final, n);
	if (eapol_encode(mac_pae_group, p->config.mac, EAPOL_EAP, body, p->frame, sizeof(p->frame),
	                 &p->frame_n))
		p->frame_n = 0;
	p->counters.eapolFramesTx++;
}

bool port_output(struct port *port, struct port_effect *ret_effect)
{
	struct port *p = port;

	if (p->effect_n == 0)
		return false;
	const struct port_pending *next = &p->effects[p->effect_head];
	struct port_effect e = { .kind = next->kind,
		                 .request = next->request,
		                 .server = p->server };

	p->effect_head = (p->effect_head + 1) % PORT_EFFECTS_MAX;
	p->effect_n--;
	switch (next->kind) {
	case PORT_EFFECT_SEND:
		build_frame(p, next);
		e.frame = span(p->frame, p->frame_n);
		break;
	case PORT_EFFECT_ACCESS_REQUEST:
		e.attributes = span(p->attributes, p->attributes_n);
		break;
	case PORT_EFFECT_CANCEL:
		e.unanswered = next->unanswered;
		break;
	case PORT_EFFECT_GRANT:
	case PORT_EFFECT_CLOSE:
		e.has_mac = p->decision.has_mac;
		memcpy(e.mac, p->decision.mac, MAC_LEN);
		e.vlan = p->decision.vlan;
		e.session = p->decision.session;
		e.user = p->decision.user;
		e.reason = p->decision.reason;
		e.detail = p->decision.detail;
		break;
	case PORT_EFFECT_TRANSITION:
		e.machine = next->machine;
		e.from = next->arc->from;
		e.to = next->arc->to;
		e.why = next->arc->why;
		break;
	}
	*ret_effect = e;
	return true;
}

void port_status(const struct port *port, struct port_status *ret_status)
{
	const struct port *p = port;

	*ret_status = (struct port_status){
		.link = p->shared.portEnabled,
		.control = p->shared.portControl,
		.authorized = p->shared.authPortStatus,
		.pae_state = auth_pae_state_text(p->pae.state),
		.backend_state = backend_state_text(p->backend.state),
		.has_mac = p->has_mac,
		.vlan = p->open ? p->decision.vlan : 0,
		.session = p->session,
		.user = p->open ? p->decision.user : p->user,
		.reason = p->decision.reason,
		.detail = p->decision.detail,
		.counters = p->counters,
	};
	memcpy(ret_status->mac, p->mac, MAC_LEN);
}
