/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One call = inputs into the shared variables, then run(): both machines and the EAP layer move until none
 * of them does.  What they ask for becomes effects.
 *
 * Deviations, beside those of auth_pae.c, backend.c and eap_pass.c:
 * D1 An EAPOL-Start while the Identity request is unanswered sends that request again instead of ABORTING:
 *    request and Start cross at link-up, and one conversation is enough.
 * D2 eapolEap does not outlive the frame that set it: a response that nobody waits for is dropped.
 * D3 When no RADIUS server answers, aWhile ends at once.
 * D4 The end of a session by Session-Timeout, and re-authentication of a port that is not authorised,
 *    pulse `initialize`.
 */
#include "switch/port.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/eapol.h"
#include "switch/access.h"
#include "switch/backend.h"
#include "switch/eap_pass.h"

enum { EFFECTS_MAX = 64, FRAME_MAX = 1514, ANY_SERVER = -1 };

struct pending {
	enum port_effect_kind kind;
	bool final; /* SEND: Success or Failure, `code` and `id`; else the EAP layer's request */
	enum eap_code code;
	uint8_t id;
	uint64_t request;    /* CANCEL */
	const char *machine; /* TRANSITION */
	const struct fsm_arc *arc;
};

/* What the latest GRANT or CLOSE said; its strings stay for the owner when the next attempt begins. */
struct decision {
	bool has_mac;
	uint8_t mac[MAC_LEN];
	uint16_t vlan;
	char session[PORT_SESSION_LEN + 1];
	char user[RADIUS_MAX_VALUE + 1];
	enum portcall_reason reason;
	char detail[PORT_MAX_DETAIL + 1];
};

struct port {
	struct port_config config;
	char name[PORT_MAX_NAME + 1], nas_identifier[PORT_MAX_NAME + 1];
	struct pae_shared shared;
	struct auth_pae pae;
	struct backend backend;
	struct eap_pass eap;
	/* the attempt, and the session that comes of it */
	bool has_mac;
	uint8_t mac[MAC_LEN];
	char session[PORT_SESSION_LEN + 1];
	char user[RADIUS_MAX_VALUE + 1];
	uint8_t identity[RADIUS_MAX_VALUE];
	size_t identity_n;
	struct access_grant grant;
	msec reAuthWhen, session_end;
	/* RADIUS */
	uint64_t request;   /* outstanding; 0: none */
	uint32_t request_n; /* made so far */
	int server;
	uint8_t state[RADIUS_MAX_VALUE];
	size_t state_n;
	uint8_t attributes[RADIUS_MAX_ATTRIBUTES];
	size_t attributes_n;
	/* why the attempt fails or the session ends; told at the next CLOSE */
	bool to_tell;
	enum portcall_reason cause;
	char detail[PORT_MAX_DETAIL + 1];
	/* what the owner was told */
	bool open;
	struct decision decision;
	struct port_counters counters;
	const struct eap_packet *response; /* of the frame that is being worked on */
	struct pending effects[EFFECTS_MAX];
	size_t effect_head, effect_n;
	uint8_t frame[FRAME_MAX];
	size_t frame_n;
};

static msec seconds(unsigned s)
{
	return (msec)s * 1000;
}

static void copy_text(char *to, size_t max, const char *text)
{
	access_printable(span_of_string(text ? text : ""), to, max);
}

static void emit(struct port *p, struct pending effect)
{
	assert(p->effect_n < EFFECTS_MAX); /* the owner drains after each call */
	p->effects[(p->effect_head + p->effect_n++) % EFFECTS_MAX] = effect;
}

/* --- decisions --------------------------------------------------------------------------------- */

static void blame(struct port *p, enum portcall_reason cause, const char *detail)
{
	p->cause = cause;
	p->to_tell = true;
	copy_text(p->detail, sizeof(p->detail), detail);
}

static void decide(struct port *p, enum port_effect_kind kind, enum portcall_reason reason,
                   uint16_t vlan)
{
	struct decision *d = &p->decision;

	d->has_mac = p->has_mac;
	memcpy(d->mac, p->mac, MAC_LEN);
	d->vlan = vlan;
	memcpy(d->session, p->session, sizeof(d->session));
	memcpy(d->user, p->user, sizeof(d->user));
	d->reason = reason;
	memcpy(d->detail, p->detail, sizeof(d->detail));
	p->open = kind == PORT_EFFECT_GRANT;
	p->to_tell = false;
	emit(p, (struct pending){ .kind = kind });
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

static void forget_station(struct port *p)
{
	p->has_mac = false;
	p->session[0] = p->user[0] = '\0';
	p->identity_n = 0;
}

static void open_authenticated(struct port *p, msec now)
{
	p->reAuthWhen = p->session_end = MSEC_NEVER;
	if (p->config.reAuthPeriod)
		p->reAuthWhen = now + seconds(p->config.reAuthPeriod);
	if (p->grant.session_timeout && p->grant.reauthenticate)
		p->reAuthWhen = now + seconds(p->grant.session_timeout);
	else if (p->grant.session_timeout)
		p->session_end = now + seconds(p->grant.session_timeout);
	p->counters.successes++;
	decide(p, PORT_EFFECT_GRANT, PORTCALL_REASON_PORT_AUTHENTICATED, p->grant.vlan);
}

/* --- conversation ------------------------------------------------------------------------------ */

static void cancel_request(struct port *p)
{
	if (p->request)
		emit(p, (struct pending){ .kind = PORT_EFFECT_CANCEL, .request = p->request });
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

/* eapRestart: a session that is authorised keeps its station and id, everything else begins anew. */
static void begin_attempt(struct port *p)
{
	cancel_request(p);
	p->state_n = 0;
	p->server = ANY_SERVER;
	if (!p->shared.authPortStatus) {
		if (!p->shared.eapolStart)
			forget_station(p);
		make_session_id(p);
	}
	eap_pass_restart(&p->eap, &p->shared, p->session);
}

static void fail_attempt(struct port *p, enum portcall_reason cause, const char *detail,
                         struct span eap)
{
	blame(p, cause, detail);
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

/* eapResp: the response of the current frame goes to the server if it answers the request. */
static void take_response(struct port *p)
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
	emit(p, (struct pending){ .kind = PORT_EFFECT_ACCESS_REQUEST, .request = p->request });
}

/* --- machines ---------------------------------------------------------------------------------- */

static void send_final(struct port *p, enum eap_code code, uint8_t id)
{
	emit(p,
	     (struct pending){ .kind = PORT_EFFECT_SEND, .final = true, .code = code, .id = id });
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
	emit(p, (struct pending){ .kind = PORT_EFFECT_SEND });
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
		cancel_request(p);
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
		forget_station(p);
		p->detail[0] = '\0';
		p->reAuthWhen = p->session_end = MSEC_NEVER;
		decide(p, PORT_EFFECT_GRANT, PORTCALL_REASON_PORT_FORCED_OPEN, 0);
		break;
	case AUTH_PAE_FORCE_UNAUTH:
		if (p->decision.reason == PORTCALL_REASON_PORT_FORCED_CLOSED)
			break;
		blame(p, PORTCALL_REASON_PORT_FORCED_CLOSED, "");
		close_port(p);
		forget_station(p);
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
	if (from == BACKEND_RESPONSE)
		blame(p, PORTCALL_REASON_PORT_RADIUS_TIMEOUT, "");
	else if (p->eap.answered || p->has_mac)
		blame(p, PORTCALL_REASON_PORT_SUPPLICANT_SILENT, "");
	else
		blame(p, PORTCALL_REASON_PORT_NO_SUPPLICANT, "");
}

static void tell_transition(struct port *p, const char *machine, const struct fsm_arc *arc)
{
	emit(p, (struct pending){ .kind = PORT_EFFECT_TRANSITION, .machine = machine, .arc = arc });
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
		take_response(p);
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
		begin_attempt(p);
		return true;
	}
	return false;
}

static void run(struct port *p, msec now)
{
	while (move(p, now))
		;
}

static void pulse_initialize(struct port *p, msec now)
{
	p->shared.initialize = true;
	run(p, now);
	p->shared.initialize = false;
	run(p, now);
}

/* --- interface --------------------------------------------------------------------------------- */

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
	p->server = ANY_SERVER;
	p->reAuthWhen = p->session_end = MSEC_NEVER;
	p->decision.reason = PORTCALL_REASON_PORT_NOT_YET;
	p->config.random(p->config.random_ctx, &first_id, sizeof(first_id));
	auth_pae_init(&p->pae, seconds(config->quietPeriod),
	              config->reAuthMax ? config->reAuthMax : 1);
	backend_init(&p->backend, seconds(config->serverTimeout));
	eap_pass_init(&p->eap, seconds(config->txPeriod), seconds(config->suppTimeout),
	              config->maxReq, first_id);
	return p;
}

void port_free(struct port *port)
{
	free(port);
}

void port_link(struct port *port, bool up, msec now)
{
	struct port *p = port;

	if (p->shared.portEnabled == up)
		return;
	p->shared.portEnabled = up;
	if (up)
		p->decision.reason = PORTCALL_REASON_PORT_NOT_YET;
	else
		blame(p, PORTCALL_REASON_PORT_LINK_DOWN, "");
	run(p, now);
	if (!up)
		forget_station(p);
}

static void input_start(struct port *p, const struct eapol_frame *frame, msec now)
{
	p->counters.eapolStartFramesRx++;
	if (p->shared.portControl == PORT_AUTO && !p->has_mac) {
		p->has_mac = true;
		memcpy(p->mac, frame->src, MAC_LEN);
	}
	if (p->backend.state == BACKEND_REQUEST && p->eap.identity)
		p->shared.eapReq = true; /* D1 */
	else
		p->shared.eapolStart = true;
	run(p, now);
}

static void input_logoff(struct port *p, msec now)
{
	p->counters.eapolLogoffFramesRx++;
	if (!p->has_mac)
		return;
	if (p->shared.authPortStatus || p->pae.state == AUTH_PAE_AUTHENTICATING)
		blame(p, PORTCALL_REASON_PORT_LOGOFF, "");
	p->shared.eapolLogoff = true;
	run(p, now);
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
	if (!p->has_mac && p->eap.state == EAP_PASS_REQUEST && packet.id == p->eap.id) {
		p->has_mac = true;
		memcpy(p->mac, frame->src, MAC_LEN);
	}
	p->response = &packet;
	p->shared.eapolEap = true;
	run(p, now);
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
		blame(p, PORTCALL_REASON_PORT_SESSION_TIMEOUT, "");
		pulse_initialize(p, now);
	}
	if (now >= p->reAuthWhen) {
		p->reAuthWhen = MSEC_NEVER;
		p->shared.reAuthenticate = true;
	}
	run(p, now);
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
	if (control == PORT_AUTO)
		blame(port, PORTCALL_REASON_PORT_NOT_YET, "");
	run(port, now);
}

void port_reauthenticate(struct port *port, msec now)
{
	if (port->shared.authPortStatus) {
		port->shared.reAuthenticate = true;
		run(port, now);
	} else {
		pulse_initialize(port, now); /* D4 */
	}
}

static void take_challenge(struct port *p, const struct radius_packet *reply, int server)
{
	uint8_t eap[EAP_PASS_MAX_PACKET];
	size_t eap_n;
	struct span state;

	/* RFC 3579 2.1: a challenge of an EAP conversation carries the next request */
	if (radius_eap_message(reply, eap, sizeof(eap), &eap_n) ||
	    eap_pass_request(&p->eap, &p->shared, span(eap, eap_n))) {
		fail_attempt(p, PORTCALL_REASON_PORT_RADIUS_MALFORMED,
		             "The Access-Challenge carries no EAP-Request that fits.",
		             span(NULL, 0));
		return;
	}
	p->server = server;
	p->state_n = 0;
	if (radius_find(reply, RADIUS_STATE, &state) && state.n > 0) {
		memcpy(p->state, state.p, state.n);
		p->state_n = state.n;
	}
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
	run(port, now);
}

void port_radius_timeout(struct port *port, uint64_t request, msec now)
{
	if (request == 0 || request != port->request)
		return;
	port->request = 0;
	port->backend.aWhile = now; /* D3 */
	run(port, now);
}

static void build_frame(struct port *p, const struct pending *effect)
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
	const struct pending *next = &p->effects[p->effect_head];
	struct port_effect e = { .kind = next->kind,
		                 .request = next->request,
		                 .server = p->server };

	p->effect_head = (p->effect_head + 1) % EFFECTS_MAX;
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
		.user = p->user,
		.reason = p->decision.reason,
		.detail = p->decision.detail,
		.counters = p->counters,
	};
	memcpy(ret_status->mac, p->mac, MAC_LEN);
}
