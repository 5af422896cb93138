/* SPDX-License-Identifier: BSD-3-Clause */
#include "switch/engine_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/eapol.h"
#include "common/log.h"
#include "switch/events.h"
#include "switch/link_admin.h"

enum {
	BATCHES = 8,    /* of frames, before the other handles have their turn */
	DATAGRAMS = 64, /* likewise */
};

msec engine_now(void)
{
	return (msec)(uv_hrtime() / 1000000);
}

static const char *name_of(const struct engine *e, unsigned port)
{
	return e->conf->ports[port].name;
}

/* --- effects ------------------------------------------------------------------------------------ */

static void grant(struct engine *e, unsigned port, const struct port_effect *effect)
{
	uint16_t vlan = effect->vlan ? effect->vlan : e->conf->ports[port].vlan;

	if (vlan == 0) { /* engine_set_mode() refuses that beforehand */
		bridge_close(e->bridge, port);
		return;
	}
	bridge_open(e->bridge, port, vlan, effect->has_mac ? effect->mac : NULL);
	events_granted(name_of(e, port), vlan, effect);
}

void engine_drain_port(struct engine *e, unsigned port, msec now)
{
	struct port *p = e->ports[port];
	struct port_effect effect;

	while (port_output(p, &effect)) {
		switch (effect.kind) {
		case PORT_EFFECT_SEND:
			link_packet_send(e->link, port, effect.frame);
			break;
		case PORT_EFFECT_ACCESS_REQUEST:
			if (!e->radius ||
			    radius_client_submit(e->radius, effect.request, effect.attributes,
			                         effect.server, now) != PORTCALL_OK)
				port_radius_timeout(p, effect.request, now);
			break;
		case PORT_EFFECT_CANCEL:
			if (e->radius)
				radius_client_cancel(e->radius, effect.request, effect.unanswered,
				                     now);
			break;
		case PORT_EFFECT_GRANT:
			grant(e, port, &effect);
			break;
		case PORT_EFFECT_CLOSE:
			bridge_close(e->bridge, port);
			events_closed(name_of(e, port), &effect);
			break;
		case PORT_EFFECT_TRANSITION:
			events_transition(name_of(e, port), &effect);
			break;
		}
	}
}

/* The upper half of a handle is the port's number, which counts from 1 as NAS-Port does. */
static unsigned port_of_request(uint64_t request)
{
	return (unsigned)(request >> 32) - 1;
}

static void show_radius(const struct engine *e, unsigned port, const struct radius_effect *effect,
                        unsigned code)
{
	struct port_status status;

	port_status(e->ports[port], &status);
	events_radius(name_of(e, port), status.session, e->conf->servers[effect->server].name,
	              effect, code);
}

static void drain_radius(struct engine *e, msec now)
{
	struct radius_effect effect;

	while (e->radius && radius_client_output(e->radius, &effect)) {
		unsigned port = port_of_request(effect.session);

		switch (effect.kind) {
		case RADIUS_EFFECT_SEND:
			link_udp_send(e->udp, (unsigned)effect.server, effect.socket,
			              effect.datagram);
			show_radius(e, port, &effect, RADIUS_ACCESS_REQUEST);
			break;
		case RADIUS_EFFECT_REPLY:
			show_radius(e, port, &effect, effect.reply.code);
			port_radius_reply(e->ports[port], effect.session, &effect.reply,
			                  (int)effect.server, now);
			engine_drain_port(e, port, now);
			break;
		case RADIUS_EFFECT_TIMEOUT:
			port_radius_timeout(e->ports[port], effect.session, now);
			engine_drain_port(e, port, now);
			break;
		case RADIUS_EFFECT_DISCARD:
			log_event(LOG_LEVEL_WARN, "radius-discard", "{s:s,s:s}", "server",
			          e->conf->servers[effect.server].name, "why", effect.why);
			break;
		case RADIUS_EFFECT_SERVER:
			log_event(effect.alive ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, "radius-server",
			          "{s:s,s:b,s:s}", "server", e->conf->servers[effect.server].name,
			          "alive", effect.alive, "why", effect.why);
			break;
		}
	}
}

static void on_timer(uv_timer_t *timer);

void engine_settle(struct engine *e, msec now)
{
	msec next = bridge_deadline(e->bridge);

	drain_radius(e, now);
	if (e->capture)
		capture_flush(e->capture);
	for (unsigned i = 0; i < e->n; i++)
		next = msec_min(next, msec_min(port_deadline(e->ports[i]), e->enable_at[i]));
	if (e->radius)
		next = msec_min(next, radius_client_deadline(e->radius));
	if (next == MSEC_NEVER) {
		uv_timer_stop(&e->timer);
		return;
	}
	/* libuv counts from its own idea of now, in whole ms: a millisecond late is never early. */
	uv_update_time(e->loop);
	uv_timer_start(&e->timer, on_timer, next > now ? (uint64_t)(next - now) : 0, 0);
}

static void on_timer(uv_timer_t *timer)
{
	struct engine *e = timer->data;
	msec now = engine_now();

	bridge_tick(e->bridge, now);
	engine_admin_tick(e, now);
	for (unsigned i = 0; i < e->n; i++) {
		if (port_deadline(e->ports[i]) <= now) {
			port_tick(e->ports[i], now);
			engine_drain_port(e, i, now);
		}
	}
	if (e->radius)
		radius_client_tick(e->radius, now);
	engine_settle(e, now);
}

static void poll_again(uv_poll_t *poll, int status, uv_poll_cb on_readable)
{
	if (status < 0) /* libuv stops for an error of the socket, which was read by now */
		uv_poll_start(poll, UV_READABLE, on_readable);
}

/* --- frames ------------------------------------------------------------------------------------- */

static void on_frame(struct engine *e, const struct link_frame *frame, msec now)
{
	struct bridge_decision decision;

	if (!e->up[frame->port] && !e->disabled[frame->port])
		link_watch_refresh(e->watch, frame->port);
	if (!e->up[frame->port])
		return;
	if (e->capture)
		capture_frame(e->capture, frame);
	decision = bridge_input(e->bridge, frame->port, span(frame->p, frame->n), now);
	switch (decision.verdict) {
	case BRIDGE_DROP:
		break;
	case BRIDGE_PAE:
		port_input(e->ports[frame->port], span(frame->p, frame->n), now);
		engine_drain_port(e, frame->port, now);
		break;
	case BRIDGE_FORWARD:
		for (size_t i = 0; i < decision.egress_n; i++)
			link_packet_forward(e->link, decision.egress[i], frame, decision.strip);
		break;
	}
}

static void on_frames(uv_poll_t *poll, int status, int events)
{
	struct engine *e = poll->data;
	msec now = engine_now();

	(void)events;
	for (int batch = 0; batch < BATCHES; batch++) {
		const struct link_frame *frames;
		size_t n = link_packet_receive(e->link, &frames);

		if (n == 0)
			break;
		for (size_t i = 0; i < n; i++)
			on_frame(e, &frames[i], now);
		link_packet_flush(e->link);
	}
	poll_again(poll, status, on_frames);
	engine_settle(e, now);
}

static void on_sent(void *ctx, const struct link_frame *frame)
{
	struct engine *e = ctx;
	bool eapol = frame->n >= 14 && (frame->p[12] << 8 | frame->p[13]) == EAPOL_ETHERTYPE;

	bridge_sent(e->bridge, frame->port, frame->n, eapol);
	if (e->capture)
		capture_frame(e->capture, frame);
}

void engine_apply_link(struct engine *e, unsigned port, msec now)
{
	bool up = e->linked[port] && !e->disabled[port];

	if (e->up[port] == up)
		return;
	e->up[port] = up;
	bridge_link(e->bridge, port, up);
	log_event(LOG_LEVEL_INFO, "link", "{s:s,s:b}", "port", name_of(e, port), "up", up);
	port_link(e->ports[port], up, now);
	engine_drain_port(e, port, now);
}

static void on_link(void *ctx, unsigned port, int ifindex, bool up)
{
	struct engine *e = ctx;

	link_packet_bind(e->link, port, ifindex);
	e->linked[port] = up;
	if (up && e->disabled[port]) /* made anew, or somebody else took it up */
		(void)link_admin_set(e->admin, e->conf->ports[port].interface, false);
	engine_apply_link(e, port, engine_now());
}

static void on_changes(uv_poll_t *poll, int status, int events)
{
	struct engine *e = poll->data;
	const char *intruder;

	(void)events;
	link_watch_read(e->watch);
	poll_again(poll, status, on_changes);
	intruder = link_watch_intruder(e->watch);
	if (strcmp(intruder ? intruder : "", e->intruder) != 0) {
		snprintf(e->intruder, sizeof(e->intruder), "%s", intruder ? intruder : "");
		log_event(intruder ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO, "isolation", "{s:b,s:s?}",
		          "isolated", !intruder, "why", intruder);
	}
	engine_settle(e, engine_now());
}

static void on_datagrams(uv_poll_t *poll, int status, int events)
{
	struct engine *e = poll->data;
	size_t fd = (size_t)(poll - e->datagrams);
	struct link_datagram datagram;
	msec now = engine_now();

	(void)events;
	for (int i = 0; i < DATAGRAMS && link_udp_receive(e->udp, fd, &datagram); i++) {
		radius_client_input(e->radius, datagram.server, datagram.socket, datagram.bytes,
		                    now);
		drain_radius(e, now);
	}
	poll_again(poll, status, on_datagrams);
	engine_settle(e, now);
}

static void on_das(uv_poll_t *poll, int status, int events)
{
	(void)events;
	engine_das_input(poll->data, engine_now());
	poll_again(poll, status, on_das);
}

/* --- wishes of the control socket --------------------------------------------------------------- */

void engine_set_mode(struct engine *e, unsigned port, enum port_control mode)
{
	msec now = engine_now();

	port_set_control(e->ports[port], mode, now);
	engine_drain_port(e, port, now);
	engine_settle(e, now);
}

void engine_reauthenticate(struct engine *e, unsigned port)
{
	msec now = engine_now();

	port_reauthenticate(e->ports[port], now);
	engine_drain_port(e, port, now);
	engine_settle(e, now);
}

/* --- life --------------------------------------------------------------------------------------- */

/* Links in the ports' namespace, RADIUS in the management's; this thread ends in the latter. */
static bool open_links(struct engine *e, const char *const *interfaces, char *ret_why)
{
	int ports = link_netns_open(e->conf->ports_namespace, ret_why);
	int management = ports < 0 ? -1 : link_netns_open(e->conf->management_namespace, ret_why);
	bool done = false;

	if (management < 0 || !link_netns_enter(ports, ret_why))
		goto out;
	e->link = link_packet_open(e->n, on_sent, e, ret_why);
	if (e->link)
		e->watch = link_watch_open(interfaces, e->n, !link_netns_same(ports, management),
		                           on_link, e, ret_why);
	if (e->watch)
		e->admin = link_admin_open(ret_why);
	if (e->admin < 0 || !e->watch || !link_netns_enter(management, ret_why))
		goto out;
	if (link_netns_same(ports, management))
		log_event(
			LOG_LEVEL_WARN, "isolation", "{s:b,s:s}", "isolated", 0, "why",
			"the ports share the management's network namespace; set ports-namespace");
	if (e->conf->server_n) {
		e->udp = link_udp_open(e->conf->servers, e->conf->server_n, engine_sockets(e),
		                       ret_why);
		if (!e->udp)
			goto out;
	}
	if (e->conf->das.client_n) {
		e->link_das = link_das_open(&e->conf->das, ret_why);
		if (!e->link_das)
			goto out;
	}
	done = true;
out:
	if (management >= 0)
		close(management);
	if (ports >= 0)
		close(ports);
	return done;
}

static void poll_fd(struct engine *e, uv_poll_t *poll, int fd, uv_poll_cb on_readable)
{
	uv_poll_init(e->loop, poll, fd);
	poll->data = e;
	uv_poll_start(poll, UV_READABLE, on_readable);
}

struct engine *engine_open(uv_loop_t *loop, const struct switch_conf *conf,
                           char ret_why[static LINK_WHY_LEN])
{
	struct engine *e = calloc(1, sizeof(*e));
	const char **names = calloc(conf->port_n, sizeof(*names));
	bool done = false;

	ret_why[0] = '\0';
	if (!e || !names)
		goto out;
	e->loop = loop;
	e->conf = conf;
	e->n = conf->port_n;
	e->admin = -1;
	e->das_discards.told = -1;
	e->ports = calloc(e->n, sizeof(*e->ports));
	e->up = calloc(e->n, sizeof(*e->up));
	e->linked = calloc(e->n, sizeof(*e->linked));
	e->disabled = calloc(e->n, sizeof(*e->disabled));
	e->enable_at = calloc(e->n, sizeof(*e->enable_at));
	if (!e->ports || !e->up || !e->linked || !e->disabled || !e->enable_at)
		goto out;
	for (unsigned i = 0; i < e->n; i++) {
		names[i] = conf->ports[i].interface;
		e->enable_at[i] = MSEC_NEVER;
	}
	if (!open_links(e, names, ret_why) || !engine_make_parts(e, ret_why))
		goto out;
	for (unsigned i = 0; i < e->n; i++)
		names[i] = conf->ports[i].name;
	if (conf->capture_dir) {
		e->capture = capture_open(conf->capture_dir, names, e->n, ret_why);
		if (!e->capture)
			goto out;
	}
	e->datagrams = calloc(e->udp ? link_udp_count(e->udp) : 1, sizeof(*e->datagrams));
	done = e->datagrams != NULL;
out:
	free(names);
	if (done)
		return e;
	if (!e || !ret_why[0])
		snprintf(ret_why, LINK_WHY_LEN, "Out of memory.");
	engine_free(e);
	return NULL;
}

void engine_start(struct engine *e)
{
	e->started = true;
	uv_timer_init(e->loop, &e->timer);
	e->timer.data = e;
	poll_fd(e, &e->frames, link_packet_fd(e->link), on_frames);
	poll_fd(e, &e->changes, link_watch_fd(e->watch), on_changes);
	for (size_t i = 0; e->udp && i < link_udp_count(e->udp); i++)
		poll_fd(e, &e->datagrams[i], link_udp_fd(e->udp, i), on_datagrams);
	if (e->das)
		poll_fd(e, &e->das_poll, link_das_fd(e->link_das), on_das);
	on_changes(&e->changes, 0, 0); /* the first state of the links */
}

void engine_close(struct engine *e)
{
	if (!e->started)
		return;
	uv_close((uv_handle_t *)&e->timer, NULL);
	uv_close((uv_handle_t *)&e->frames, NULL);
	uv_close((uv_handle_t *)&e->changes, NULL);
	if (e->das)
		uv_close((uv_handle_t *)&e->das_poll, NULL);
	for (size_t i = 0; e->udp && i < link_udp_count(e->udp); i++)
		uv_close((uv_handle_t *)&e->datagrams[i], NULL);
	engine_admin_close(e);
	e->started = false;
}

void engine_free(struct engine *e)
{
	if (!e)
		return;
	for (unsigned i = 0; e->ports && i < e->n; i++)
		port_free(e->ports[i]);
	free(e->ports);
	free(e->up);
	free(e->linked);
	free(e->disabled);
	free(e->enable_at);
	free(e->das_sessions);
	free(e->datagrams);
	radius_client_free(e->radius);
	das_free(e->das);
	bridge_free(e->bridge);
	link_udp_close(e->udp);
	link_das_close(e->link_das);
	if (e->admin >= 0)
		close(e->admin);
	link_watch_close(e->watch);
	link_packet_close(e->link);
	capture_close(e->capture);
	free(e);
}
