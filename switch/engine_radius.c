/* SPDX-License-Identifier: BSD-3-Clause */
/* Access-Requests: between the ports, the RADIUS client and its sockets. */
#include "switch/engine_private.h"

#include "switch/events.h"

enum { DATAGRAMS = 64 /* before the other handles have their turn */ };

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
	events_radius(e->conf->ports[port].name, status.session,
	              e->conf->servers[effect->server].name, effect, code);
}

void engine_radius_drain(struct engine *e, msec now)
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
			events_radius_discard(e->conf->servers[effect.server].name, false,
			                      effect.why);
			break;
		case RADIUS_EFFECT_SERVER:
			events_radius_server(e->conf->servers[effect.server].name, false,
			                     effect.alive, effect.why);
			break;
		}
	}
}

static void on_datagrams(uv_poll_t *poll, int status, int events)
{
	struct engine *e = poll->data;
	size_t fd = (size_t)(poll - e->datagrams);
	struct link_datagram datagram;
	msec now = engine_now();

	(void)status;
	(void)events;
	for (int i = 0; i < DATAGRAMS && link_udp_receive(e->udp, fd, &datagram); i++) {
		radius_client_input(e->radius, datagram.server, datagram.socket, datagram.bytes,
		                    now);
		engine_radius_drain(e, now);
	}
	engine_settle(e, now);
}

void engine_radius_start(struct engine *e)
{
	for (size_t i = 0; e->udp && i < link_udp_count(e->udp); i++)
		engine_poll_fd(e, &e->datagrams[i], link_udp_fd(e->udp, i), on_datagrams);
}

void engine_radius_close(struct engine *e)
{
	for (size_t i = 0; e->udp && i < link_udp_count(e->udp); i++)
		uv_close((uv_handle_t *)&e->datagrams[i], NULL);
}
