/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * port_conversation - the EAP conversation of a port, between the supplicant and RADIUS (RFC 3579
 * 2).
 */
#include "switch/port_private.h"

#include <assert.h>
#include <string.h>

enum {
	TIMEOUT_SOONEST = 1000, /* ms after the response; see D3 of port.c */
	SUPP_TIMEOUT_MAX = 65535,
};

void port_cancel_request(struct port *p, bool unanswered)
{
	if (p->request)
		port_emit(p, (struct port_pending){ .kind = PORT_EFFECT_CANCEL,
		                                    .request = p->request,
		                                    .unanswered = unanswered });
	p->request = 0;
}

static void make_session_id(struct port *p)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t octets[PORT_SESSION_LEN / 2];

	p->config.random(p->config.random_ctx, octets, sizeof(octets));
	for (size_t i = 0; i < PORT_SESSION_LEN; i++)
		p->session[i] = digits[i % 2 ? octets[i / 2] & 15 : octets[i / 2] >> 4];
	p->session[PORT_SESSION_LEN] = '\0';
}

void port_begin_attempt(struct port *p)
{
	port_cancel_request(p, false);
	/* RFC 2865 5.24: the State of an Accept comes back when its Termination-Action is done */
	if (!p->shared.authPortStatus || !p->shared.reAuthenticate || !p->grant.reauthenticate)
		p->state_n = 0;
	p->server = RADIUS_ANY_SERVER;
	if (!p->shared.authPortStatus) {
		if (!p->shared.eapolStart)
			port_forget_station(p);
		make_session_id(p);
	}
	eap_pass_restart(&p->eap, &p->shared, p->session);
}

static void fail_attempt(struct port *p, enum portcall_reason cause, const char *detail,
                         struct span eap)
{
	port_blame(p, cause, detail);
	p->counters.failures++;
	eap_pass_end(&p->eap, &p->shared, false, eap);
}

static void save_identity(struct port *p, struct span identity)
{
	p->identity_n = identity.n <= sizeof(p->identity) ? identity.n : 0;
	if (p->identity_n > 0)
		memcpy(p->identity, identity.p, identity.n);
	access_printable(identity, p->user, sizeof(p->user));
}

void port_take_response(struct port *p)
{
	const struct eap_packet *response = p->response;
	bool identity = p->eap.identity;

	assert(response);
	if (!eap_pass_response(&p->eap, &p->shared, response)) {
		p->counters.unexpectedEapFramesRx++;
		return;
	}
	if (identity)
		save_identity(p, response->data);
	const struct access_request request = {
		.config = &p->config,
		.supplicant = p->mac,
		.session = p->session,
		.identity = span(p->identity, p->identity_n),
		.eap = response->whole,
		.state = span(p->state, p->state_n),
	};

	if (access_request_write(&request, p->attributes, sizeof(p->attributes),
	                         &p->attributes_n)) {
		fail_attempt(p, PORTCALL_REASON_PORT_RADIUS_MALFORMED,
		             "The EAP response does not fit into an Access-Request.",
		             span(NULL, 0));
		return;
	}
	p->request = (uint64_t)p->config.number << 32 | ++p->request_n;
	port_emit(p, (struct port_pending){ .kind = PORT_EFFECT_ACCESS_REQUEST,
	                                    .request = p->request });
}

static void save_state(struct port *p, const struct radius_packet *reply)
{
	struct span state;

	p->state_n = 0;
	if (radius_find(reply, RADIUS_STATE, &state) && state.n > 0) {
		memcpy(p->state, state.p, state.n);
		p->state_n = state.n;
	}
}

static void take_challenge(struct port *p, const struct radius_packet *reply, int server)
{
	uint8_t eap[EAP_PASS_MAX_PACKET];
	size_t eap_n;
	uint32_t timeout = 0;

	/* RFC 3579 2.1: a challenge of an EAP conversation carries the next request */
	if (radius_eap_message(reply, eap, sizeof(eap), &eap_n) ||
	    eap_pass_request(&p->eap, &p->shared, span(eap, eap_n))) {
		fail_attempt(p, PORTCALL_REASON_PORT_RADIUS_MALFORMED,
		             "The Access-Challenge carries no EAP-Request that fits.",
		             span(NULL, 0));
		return;
	}
	/* RFC 3580 3.17: in a challenge it is how long to wait for the response */
	radius_find_u32(reply, RADIUS_SESSION_TIMEOUT, &timeout);
	if (timeout == 0 || timeout > SUPP_TIMEOUT_MAX)
		timeout = p->config.suppTimeout;
	p->eap.suppTimeout = port_seconds(timeout);
	p->server = server;
	save_state(p, reply);
}

/* Accept or Reject: the code decides, not the EAP packet in it (RFC 3579 2.6.3). */
static void take_verdict(struct port *p, const struct radius_packet *reply)
{
	uint8_t eap[EAP_PASS_MAX_PACKET];
	size_t eap_n = 0;
	struct span text = span(NULL, 0);
	char detail[PORT_MAX_DETAIL + 1];

	if (radius_eap_message(reply, eap, sizeof(eap), &eap_n))
		eap_n = 0;
	radius_find_vendor(reply, RADIUS_VENDOR_PORTCALL, RADIUS_PORTCALL_REASON, &text);
	access_printable(text, detail, sizeof(detail));
	if (reply->code != RADIUS_ACCESS_ACCEPT) {
		fail_attempt(p, PORTCALL_REASON_PORT_REJECTED, detail, span(eap, eap_n));
		return;
	}
	memcpy(p->detail, detail, sizeof(p->detail));
	enum portcall_reason reason =
		access_grant_read(reply, p->config.vlans, p->config.vlan_n, &p->grant, detail);

	if (reason != PORTCALL_REASON_PORT_AUTHENTICATED) {
		fail_attempt(p, reason, detail, span(eap, eap_n));
		return;
	}
	if (radius_find(reply, RADIUS_USER_NAME, &text) && text.n > 0)
		access_printable(text, p->user, sizeof(p->user));
	save_state(p, reply);
	eap_pass_end(&p->eap, &p->shared, true, span(eap, eap_n));
}

void port_radius_reply(struct port *port, uint64_t request, const struct radius_packet *reply,
                       int server, msec now)
{
	if (request == 0 || request != port->request)
		return;
	port->request = 0;
	if (reply->code == RADIUS_ACCESS_CHALLENGE)
		take_challenge(port, reply, server);
	else
		take_verdict(port, reply);
	port_run(port, now);
}

void port_radius_timeout(struct port *port, uint64_t request, msec now)
{
	if (request == 0 || request != port->request)
		return;
	struct backend *backend = &port->backend;
	msec earliest = backend->aWhile - backend->serverTimeout + TIMEOUT_SOONEST;

	port->request = 0;
	backend->aWhile = msec_min(backend->aWhile, now > earliest ? now : earliest); /* D3 */
	port_run(port, now);
}
