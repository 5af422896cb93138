/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/scenario/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/eapol.h"

static const struct port_vlan vlans[] = { { "voice", 20 } };
static const char secret[] = "testing123";

/* xorshift64*: the world's fate, and randomness for the machines */
static uint64_t draw(struct world *w)
{
	w->random ^= w->random >> 12;
	w->random ^= w->random << 25;
	w->random ^= w->random >> 27;
	return w->random * 2685821657736338717u;
}

static void machine_random(void *ctx, void *ret_octets, size_t n)
{
	uint8_t *octets = ret_octets;

	for (size_t i = 0; i < n; i++)
		octets[i] = (uint8_t)(draw(ctx) >> 33);
}

static bool chance(struct world *w, unsigned of_1000)
{
	return of_1000 > 0 && (draw(w) >> 20) % 1000 < of_1000;
}

/* --- cables ------------------------------------------------------------------------------------- */

static void carry(struct world *w, int to, struct span octets, msec late)
{
	for (size_t i = 0; i < WORLD_FRAMES; i++) {
		struct world_frame *f = &w->frames[i];

		if (f->to != TO_NOBODY)
			continue;
		if (octets.n > sizeof(f->octets))
			abort();
		f->to = to;
		f->at = w->now + 1 + late;
		f->order = w->order++;
		f->n = octets.n;
		memcpy(f->octets, octets.p, octets.n);
		return;
	}
	abort(); /* somebody floods */
}

static void transmit(struct world *w, const struct world_faults *faults, int to, struct span octets)
{
	if (chance(w, faults->loss))
		return;
	for (int copies = chance(w, faults->twice) ? 2 : 1; copies > 0; copies--)
		carry(w, to, octets, faults->late ? (msec)(draw(w) >> 20) % (faults->late + 1) : 0);
}

static void transmit_frame(struct world *w, int to, struct span frame)
{
	if (!w->cut)
		transmit(w, &w->cable, to, frame);
}

void world_inject(struct world *w, int to, struct span frame)
{
	carry(w, to, frame, 0);
}

/* --- the RADIUS server ----------------------------------------------------------------------------- */

static size_t answer(struct world *w, const struct radius_packet *request, uint8_t *buf)
{
	uint8_t eap[WORLD_FRAME_MAX], attributes[WORLD_FRAME_MAX];
	struct writer writer = writer_to(attributes, sizeof(attributes));
	struct span packet;
	size_t eap_n = 0, n = 0;
	uint8_t code = RADIUS_ACCESS_REJECT;

	if (radius_eap_message(request, eap, sizeof(eap), &eap_n) != PORTCALL_OK || eap_n == 0)
		abort();
	switch (eap_server_input(w->server, span(eap, eap_n), &packet)) {
	case EAP_SERVER_CHALLENGE:
		code = RADIUS_ACCESS_CHALLENGE;
		radius_put_text(&writer, RADIUS_STATE, "state");
		break;
	case EAP_SERVER_ACCEPT:
		code = RADIUS_ACCESS_ACCEPT;
		radius_put_u32(&writer, RADIUS_TUNNEL_TYPE, 13);
		radius_put_u32(&writer, RADIUS_TUNNEL_MEDIUM_TYPE, 6);
		radius_put_text(&writer, RADIUS_TUNNEL_PRIVATE_GROUP_ID, "20");
		break;
	case EAP_SERVER_REJECT:
		break;
	case EAP_SERVER_SILENT:
		return 0;
	}
	radius_put_eap(&writer, packet);
	if (!writer_ok(&writer) ||
	    radius_reply(code, request->id, request->authenticator, writer_span(&writer),
	                 span_of_string(secret), buf, WORLD_FRAME_MAX, &n) != PORTCALL_OK)
		abort();
	return n;
}

static void radius_server(struct world *w, struct span datagram)
{
	struct radius_packet request;

	if (w->radius_down)
		return;
	if (radius_decode(datagram, &request) != PORTCALL_OK)
		abort();
	if (memcmp(w->last_request, datagram.p, RADIUS_HEADER_LEN) != 0) {
		memcpy(w->last_request, datagram.p, RADIUS_HEADER_LEN);
		w->last_reply_n = answer(w, &request, w->last_reply);
	}
	if (w->last_reply_n > 0)
		transmit(w, &w->radius_path, TO_RADIUS_CLIENT,
		         span(w->last_reply, w->last_reply_n));
}

/* --- effects ------------------------------------------------------------------------------------------ */

static void drain_client(struct world *w);

static void drain_port(struct world *w)
{
	struct port_effect e;

	while (w->port && port_output(w->port, &e)) {
		switch (e.kind) {
		case PORT_EFFECT_SEND:
			w->switch_sent++;
			transmit_frame(w, TO_PHONE, e.frame);
			break;
		case PORT_EFFECT_ACCESS_REQUEST:
			if (radius_client_submit(w->client, e.request, e.attributes, e.server,
			                         w->now) != PORTCALL_OK)
				abort();
			break;
		case PORT_EFFECT_CANCEL:
			radius_client_cancel(w->client, e.request, e.unanswered, w->now);
			break;
		case PORT_EFFECT_GRANT:
			w->gate_open = true;
			w->vlan = e.vlan;
			snprintf(w->switch_session, sizeof(w->switch_session), "%s", e.session);
			w->switch_reason = e.reason;
			break;
		case PORT_EFFECT_CLOSE:
			w->gate_open = false;
			w->switch_reason = e.reason;
			break;
		case PORT_EFFECT_TRANSITION:
			break;
		}
	}
}

static void drain_client(struct world *w)
{
	struct radius_effect e;

	while (w->client && radius_client_output(w->client, &e)) {
		switch (e.kind) {
		case RADIUS_EFFECT_SEND:
			transmit(w, &w->radius_path, TO_RADIUS_SERVER, e.datagram);
			break;
		case RADIUS_EFFECT_REPLY:
			port_radius_reply(w->port, e.session, &e.reply, (int)e.server, w->now);
			break;
		case RADIUS_EFFECT_TIMEOUT:
			port_radius_timeout(w->port, e.session, w->now);
			break;
		case RADIUS_EFFECT_DISCARD:
		case RADIUS_EFFECT_SERVER:
			break;
		}
		drain_port(w);
	}
}

static void note_result(struct world *w, const struct portcall_effect *e)
{
	struct world_result *r = &w->results[w->result_n % WORLD_RESULTS];

	w->result_n++;
	r->at = w->now;
	r->reason = e->reason;
	r->retry_at = e->retry_at;
	snprintf(r->detail, sizeof(r->detail), "%s", e->detail);
}

static void note_pae(struct world *w, const struct portcall_effect *e)
{
	size_t n = strlen(w->pae);

	if (strcmp(e->machine, "SUPP_PAE") == 0 && n + strlen(e->to) + 2 < sizeof(w->pae))
		snprintf(w->pae + n, sizeof(w->pae) - n, "%s%s", n ? " " : "", e->to);
}

static void drain_phone(struct world *w)
{
	struct portcall_effect e;
	struct eapol_frame f;

	while (portcall_supplicant_output(w->phone, &e)) {
		switch (e.kind) {
		case PORTCALL_EFFECT_SEND:
			w->phone_sent++;
			if (eapol_decode(span(e.frame, e.frame_n), &f) != PORTCALL_OK)
				abort();
			w->starts_seen += f.type == EAPOL_START;
			transmit_frame(w, TO_SWITCH, span(e.frame, e.frame_n));
			break;
		case PORTCALL_EFFECT_PORT:
			w->phone_closed += w->phone_authorized && !e.authorized;
			w->phone_authorized = e.authorized;
			break;
		case PORTCALL_EFFECT_RESULT:
			note_result(w, &e);
			break;
		case PORTCALL_EFFECT_TRANSITION:
			note_pae(w, &e);
			break;
		}
	}
}

void world_drain(struct world *w)
{
	drain_phone(w);
	drain_port(w);
	drain_client(w);
}

/* --- time --------------------------------------------------------------------------------------------- */

static struct world_frame *earliest(struct world *w)
{
	struct world_frame *first = NULL;

	for (size_t i = 0; i < WORLD_FRAMES; i++) {
		struct world_frame *f = &w->frames[i];

		if (f->to != TO_NOBODY && (!first || f->at < first->at ||
		                           (f->at == first->at && f->order < first->order)))
			first = f;
	}
	return first;
}

static void deliver(struct world *w, struct world_frame *slot)
{
	struct world_frame f = *slot;
	struct span octets = span(f.octets, f.n);

	slot->to = TO_NOBODY;
	switch (f.to) {
	case TO_PHONE:
		portcall_supplicant_input(w->phone, octets.p, octets.n, w->now);
		break;
	case TO_SWITCH:
		if (w->port)
			port_input(w->port, octets, w->now);
		break;
	case TO_RADIUS_SERVER:
		radius_server(w, octets);
		break;
	case TO_RADIUS_CLIENT:
		radius_client_input(w->client, 0, 0, octets, w->now);
		break;
	case TO_NOBODY:
		break;
	}
}

static msec next_deadline(const struct world *w)
{
	msec next = portcall_supplicant_deadline(w->phone);

	if (w->port)
		next = msec_min(next, port_deadline(w->port));
	if (w->client)
		next = msec_min(next, radius_client_deadline(w->client));
	return next;
}

bool world_run(struct world *w, msec end, bool (*done)(const struct world *w))
{
	world_drain(w);
	for (long steps = 0; !(done && done(w)); steps++) {
		struct world_frame *f = earliest(w);
		msec next = next_deadline(w);

		if (steps > 1000000)
			abort(); /* somebody's deadline never moves */
		if (f && f->at <= next) {
			if (f->at > end)
				break;
			w->now = f->at > w->now ? f->at : w->now;
			deliver(w, f);
		} else {
			if (next > end)
				break;
			w->now = next > w->now ? next : w->now;
			portcall_supplicant_tick(w->phone, w->now);
			if (w->port)
				port_tick(w->port, w->now);
			if (w->client)
				radius_client_tick(w->client, w->now);
		}
		world_drain(w);
	}
	if (done && done(w))
		return true;
	w->now = end;
	return false;
}

/* --- life --------------------------------------------------------------------------------------------- */

void world_init(struct world *w, const struct world_config *config)
{
	struct portcall_why why = { 0 };
	struct port_config port = {
		PORT_CONFIG_DEFAULTS,
		.name = "p1",
		.number = 1,
		.mac = { 2, 0, 0, 0, 9, 9 },
		.control = PORT_AUTO,
		.nas_identifier = "switch",
		.vlans = vlans,
		.vlan_n = 1,
		.random = machine_random,
		.random_ctx = w,
	};
	struct radius_server_config server = { .secret = span_of_string(secret) };
	struct radius_client_config client = {
		.servers = &server, .server_n = 1, .random = machine_random, .random_ctx = w
	};

	*w = (struct world){ .random = config->seed * 2654435761u + 88172645463325252u };
	w->phone = portcall_supplicant_new(&config->phone, &why);
	if (!w->phone) {
		fprintf(stderr, "%s: %s\n", portcall_reason_code(why.reason), why.text);
		abort();
	}
	if (config->no_switch)
		return;
	w->port = port_new(&port);
	w->client = radius_client_new(&client);
	w->server = eap_server_new(&config->server);
	if (!w->port || !w->client || !w->server)
		abort();
}

void world_done(struct world *w)
{
	portcall_supplicant_free(w->phone);
	port_free(w->port);
	radius_client_free(w->client);
	eap_server_free(w->server);
}

void world_link(struct world *w, bool up)
{
	if (!up)
		for (size_t i = 0; i < WORLD_FRAMES; i++)
			if (w->frames[i].to == TO_PHONE || w->frames[i].to == TO_SWITCH)
				w->frames[i].to = TO_NOBODY;
	if (w->port)
		port_link(w->port, up, w->now);
	drain_port(w);
	portcall_supplicant_link(w->phone, up, w->now);
	world_drain(w);
}

bool world_is_up(const struct world *w)
{
	return w->phone_authorized && w->gate_open;
}

bool world_has_result(const struct world *w)
{
	return w->result_n > 0;
}

enum portcall_reason world_last_reason(const struct world *w)
{
	return w->result_n ? w->results[(w->result_n - 1) % WORLD_RESULTS].reason
	                   : PORTCALL_REASON_NONE;
}
