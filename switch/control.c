/* SPDX-License-Identifier: BSD-3-Clause */
#include "switch/control.h"

#include <errno.h>
#include <string.h>

#include "common/conf.h"
#include "switch/engine.h"
#include "switch/events.h"

static json_t *counters_of(const struct engine *e, unsigned port)
{
	const struct bridge_counters *c = bridge_counters(e->bridge, port);

	return json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "rx_frames",
	                 (json_int_t)c->rx_frames, "rx_bytes", (json_int_t)c->rx_bytes, "tx_frames",
	                 (json_int_t)c->tx_frames, "tx_bytes", (json_int_t)c->tx_bytes, "rx_eapol",
	                 (json_int_t)c->rx_eapol, "tx_eapol", (json_int_t)c->tx_eapol,
	                 "drop_unauthorized", (json_int_t)c->drop_unauthorized,
	                 "drop_egress_unauthorized", (json_int_t)c->drop_egress_unauthorized,
	                 "drop_vlan", (json_int_t)c->drop_vlan, "drop_link_local",
	                 (json_int_t)c->drop_link_local, "drop_malformed",
	                 (json_int_t)c->drop_malformed, "drop_source", (json_int_t)c->drop_source);
}

static json_t *show_port(const struct engine *e, unsigned port)
{
	const struct switch_conf_port *conf = &e->conf->ports[port];
	struct port_status s;
	uint16_t vlan;

	port_status(e->ports[port], &s);
	vlan = s.vlan ? s.vlan : conf->vlan;
	return json_pack(
		"{s:s,s:s,s:b,s:b,s:s,s:b,s:o,s:o,s:o,s:o,s:s,s:s,s:s,s:s,s:s,s:o,s:o}", "name",
		conf->name, "interface", conf->interface, "link", e->up[port], "enabled",
		!e->disabled[port], "mode", switch_conf_mode_text(s.control), "authorized",
		bridge_is_open(e->bridge, port), "mac", events_mac(s.has_mac, s.mac), "vlan",
		bridge_is_open(e->bridge, port) ? json_integer(vlan) : json_null(), "session",
		events_text(s.session), "user", events_text(s.user), "pae_state", s.pae_state,
		"backend_state", s.backend_state, "reason", portcall_reason_code(s.reason), "text",
		portcall_reason_text(s.reason), "hint", portcall_reason_hint(s.reason), "detail",
		events_text(s.detail), "counters", counters_of(e, port));
}

/* The port that the request names; -1 after filling `ret_error`. */
static int find_port(const struct engine *e, const json_t *request, json_t **ret_error)
{
	const char *name = json_string_value(json_object_get(request, "port"));

	for (unsigned i = 0; name && i < e->n; i++) {
		if (strcmp(e->conf->ports[i].name, name) == 0)
			return (int)i;
	}
	if (name)
		*ret_error = control_error("unknown-port", "The switch has no port of this name.",
		                           "The verb show lists the ports.");
	else
		*ret_error = control_error("usage", "The request names no port.",
		                           "Add \"port\": its name.");
	return -1;
}

static json_t *run_show(void *ctx, const json_t *request, json_t **ret_error)
{
	const struct engine *e = ctx;
	json_t *ports = json_array();

	if (json_object_get(request, "port")) {
		int port = find_port(e, request, ret_error);

		if (port < 0) {
			json_decref(ports);
			return NULL;
		}
		json_array_append_new(ports, show_port(e, (unsigned)port));
	} else {
		for (unsigned i = 0; i < e->n; i++)
			json_array_append_new(ports, show_port(e, i));
	}
	return json_pack("{s:o,s:I}", "ports", ports, "lost",
	                 (json_int_t)link_packet_lost(e->link));
}

static json_t *run_fdb(void *ctx, const json_t *request, json_t **ret_error)
{
	const struct engine *e = ctx;
	json_t *entries = json_array();
	msec now = engine_now();

	(void)request;
	(void)ret_error;
	bridge_tick(e->bridge, now); /* what is too old is not shown */
	for (const struct fdb_entry *at = fdb_next(bridge_fdb(e->bridge), NULL); at;
	     at = fdb_next(bridge_fdb(e->bridge), at)) {
		json_array_append_new(entries,
		                      json_pack("{s:o,s:i,s:s,s:f}", "mac",
		                                events_mac(true, at->mac), "vlan", (int)at->vlan,
		                                "port", e->conf->ports[at->port].name, "age_s",
		                                (double)(now - at->seen) / 1000));
	}
	return json_pack("{s:o}", "entries", entries);
}

static json_t *run_radius(void *ctx, const json_t *request, json_t **ret_error)
{
	const struct engine *e = ctx;
	json_t *servers = json_array();

	(void)request;
	(void)ret_error;
	for (unsigned i = 0; i < e->conf->server_n; i++) {
		const struct switch_conf_server *conf = &e->conf->servers[i];
		struct radius_server_status s;

		radius_client_server(e->radius, i, &s);
		json_array_append_new(
			servers,
			json_pack("{s:s,s:s,s:i,s:b,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}",
		                  "name", conf->name, "address", conf->address, "port",
		                  (int)conf->port, "alive", s.alive, "outstanding",
		                  (json_int_t)s.outstanding, "requests", (json_int_t)s.requests,
		                  "retransmissions", (json_int_t)s.retransmissions, "accepts",
		                  (json_int_t)s.accepts, "rejects", (json_int_t)s.rejects,
		                  "challenges", (json_int_t)s.challenges, "timeouts",
		                  (json_int_t)s.timeouts, "bad_authenticators",
		                  (json_int_t)s.bad_authenticators, "malformed",
		                  (json_int_t)s.malformed, "unexpected", (json_int_t)s.unexpected));
	}
	return json_pack("{s:o}", "servers", servers);
}

static json_t *run_das(void *ctx, const json_t *request, json_t **ret_error)
{
	const struct engine *e = ctx;
	json_t *clients = json_array();

	(void)request;
	(void)ret_error;
	for (unsigned i = 0; i < e->conf->das.client_n; i++) {
		const struct switch_conf_das_client *conf = &e->conf->das.clients[i];
		struct das_client_status s;

		das_client(e->das, i, &s);
		json_array_append_new(
			clients,
			json_pack("{s:s,s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "name",
		                  conf->name, "address", conf->address, "disconnect_requests",
		                  (json_int_t)s.disconnect_requests, "coa_requests",
		                  (json_int_t)s.coa_requests, "acks", (json_int_t)s.acks, "naks",
		                  (json_int_t)s.naks, "repeated", (json_int_t)s.repeated,
		                  "bad_authenticators", (json_int_t)s.bad_authenticators,
		                  "malformed", (json_int_t)s.malformed, "stale",
		                  (json_int_t)s.stale, "replayed", (json_int_t)s.replayed));
	}
	return json_pack("{s:o,s:I}", "clients", clients, "unknown", (json_int_t)e->das_unknown);
}

static bool set_mode(struct engine *e, unsigned port, const char *text, json_t **ret_error)
{
	int mode = conf_choice(switch_conf_modes, text);

	if (mode < 0) {
		*ret_error = control_error("usage", "The request names no mode of a port.",
		                           "mode is auto, force-authorized or force-unauthorized.");
		return false;
	}
	if (mode == PORT_FORCE_AUTHORIZED && e->conf->ports[port].vlan == 0) {
		*ret_error = control_error(
			"no-vlan", "The port has no VLAN of its own, so it cannot be opened.",
			"Give the port a vlan in switch.conf.");
		return false;
	}
	if (mode == PORT_AUTO && !e->radius) {
		*ret_error = control_error("no-radius", "The switch has no RADIUS server.",
		                           "Add a radius section to switch.conf.");
		return false;
	}
	engine_set_mode(e, port, (enum port_control)mode);
	return true;
}

static bool set_link(struct engine *e, unsigned port, const char *text, json_t **ret_error)
{
	static const char by_whom[] = "the control socket";
	bool done = true;

	switch (conf_choice("up down bounce", text)) {
	case 0:
		done = engine_enable(e, port);
		break;
	case 1:
		engine_disable(e, port, by_whom);
		break;
	case 2:
		done = engine_bounce(e, port, by_whom);
		break;
	default:
		*ret_error = control_error("usage", "The request names no state of a link.",
		                           "link is up, down or bounce.");
		return false;
	}
	if (!done)
		*ret_error = control_error("link", strerror(errno),
		                           "The switch needs CAP_NET_ADMIN for the interface.");
	return done;
}

static json_t *run_port(void *ctx, const json_t *request, json_t **ret_error)
{
	struct engine *e = ctx;
	const char *mode = json_string_value(json_object_get(request, "mode"));
	const char *link = json_string_value(json_object_get(request, "link"));
	int port = find_port(e, request, ret_error);

	if (port < 0)
		return NULL;
	if ((mode || !link) && !set_mode(e, (unsigned)port, mode ? mode : "", ret_error))
		return NULL;
	if (link && !set_link(e, (unsigned)port, link, ret_error))
		return NULL;
	return json_pack("{s:b}", "ok", 1);
}

static json_t *run_reauth(void *ctx, const json_t *request, json_t **ret_error)
{
	struct engine *e = ctx;
	int port = find_port(e, request, ret_error);

	if (port < 0)
		return NULL;
	engine_reauthenticate(e, (unsigned)port);
	return json_pack("{s:b}", "ok", 1);
}

const struct control_verb switch_control_verbs[] = {
	{ "show", run_show }, { "fdb", run_fdb },   { "radius", run_radius },
	{ "das", run_das },   { "port", run_port }, { "reauth", run_reauth },
	{ NULL, NULL },
};
