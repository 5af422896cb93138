/* SPDX-License-Identifier: BSD-3-Clause */
/* Accounting: from the ports' gates to the accounting servers. */
#include "switch/engine_private.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/log.h"
#include "switch/access.h"
#include "switch/events.h"

enum { DATAGRAMS = 64 /* before the other handles have their turn */ };

/* --- life --------------------------------------------------------------------------------------- */

bool engine_acct_make(struct engine *e)
{
	struct radius_server_config servers[RADIUS_MAX_SERVERS];
	struct radius_client_config client = { .servers = servers,
		                               .server_n = e->conf->accounting_n,
		                               .accounting = true,
		                               .random = engine_random };
	struct acct_config config = { .ports = e->n,
		                      .interim = e->conf->accounting_interim,
		                      .nas_identifier = e->conf->nas_identifier };

	if (e->conf->accounting_n == 0)
		return true;
	for (unsigned i = 0; i < e->conf->accounting_n; i++) {
		const struct switch_conf_server *s = &e->conf->accounting[i];

		servers[i] = (struct radius_server_config){ .secret = span_of_string(s->secret),
			                                    .timeout = s->timeout,
			                                    .attempts = s->attempts };
	}
	memcpy(config.mac, e->mac, MAC_LEN);
	config.nas_ip_n = engine_nas_ip(e, config.nas_ip);
	e->acct_datagrams = calloc(link_udp_count(e->acct_udp), sizeof(*e->acct_datagrams));
	e->acct_radius = radius_client_new(&client);
	e->acct = acct_new(&config);
	return e->acct_datagrams && e->acct_radius && e->acct;
}

static void drain(struct engine *e, msec now)
{
	struct radius_effect effect;

	while (radius_client_output(e->acct_radius, &effect)) {
		const struct switch_conf_server *server = &e->conf->accounting[effect.server];
		unsigned port = (unsigned)(effect.session >> 32) - 1;

		switch (effect.kind) {
		case RADIUS_EFFECT_SEND:
			link_udp_send(e->acct_udp, (unsigned)effect.server, effect.socket,
			              effect.datagram);
			events_radius(e->conf->ports[port].name, "", server->name, &effect,
			              RADIUS_ACCOUNTING_REQUEST);
			break;
		case RADIUS_EFFECT_REPLY:
			events_radius(e->conf->ports[port].name, "", server->name, &effect,
			              effect.reply.code);
			acct_reply(e->acct, effect.session, now);
			break;
		case RADIUS_EFFECT_TIMEOUT:
			acct_timeout(e->acct, effect.session, now);
			break;
		case RADIUS_EFFECT_DISCARD:
			events_radius_discard(server->name, true, effect.why);
			break;
		case RADIUS_EFFECT_SERVER:
			events_radius_server(server->name, true, effect.alive, effect.why);
			break;
		}
	}
}

static void on_datagrams(uv_poll_t *poll, int status, int events)
{
	struct engine *e = poll->data;
	size_t fd = (size_t)(poll - e->acct_datagrams);
	struct link_datagram datagram;
	msec now = engine_now();

	(void)events;
	for (int i = 0; i < DATAGRAMS && link_udp_receive(e->acct_udp, fd, &datagram); i++) {
		radius_client_input(e->acct_radius, datagram.server, datagram.socket,
		                    datagram.bytes, now);
		drain(e, now);
	}
	if (status < 0) /* libuv stops for an error of the socket, which was read by now */
		uv_poll_start(poll, UV_READABLE, on_datagrams);
	engine_settle(e, now);
}

void engine_acct_start(struct engine *e)
{
	for (size_t i = 0; e->acct && i < link_udp_count(e->acct_udp); i++)
		engine_poll_fd(e, &e->acct_datagrams[i], link_udp_fd(e->acct_udp, i), on_datagrams);
}

void engine_acct_close(struct engine *e)
{
	for (size_t i = 0; e->acct && i < link_udp_count(e->acct_udp); i++)
		uv_close((uv_handle_t *)&e->acct_datagrams[i], NULL);
}

/* --- sessions ----------------------------------------------------------------------------------- */

static struct acct_counters counters_of(const struct engine *e, unsigned port)
{
	const struct bridge_counters *c = bridge_counters(e->bridge, port);

	return (struct acct_counters){ .in_octets = c->rx_bytes,
		                       .out_octets = c->tx_bytes,
		                       .in_packets = c->rx_frames,
		                       .out_packets = c->tx_frames };
}

void engine_acct_granted(struct engine *e, unsigned port, uint16_t vlan,
                         const struct port_effect *effect, msec now)
{
	struct acct_counters counters;

	if (!e->acct)
		return;
	if (!effect->grant) { /* forced open: nobody's session */
		engine_acct_closed(e, port, ACCT_ADMIN_RESET, now);
		return;
	}
	struct acct_session session = {
		.id = effect->session,
		.user = effect->user,
		.port_id = e->conf->ports[port].name,
		.vlan = vlan,
		.interim = effect->grant->interim,
		.class_attributes = span(effect->grant->class_attributes, effect->grant->class_n),
	};

	memcpy(session.mac, effect->mac, MAC_LEN);
	counters = counters_of(e, port);
	acct_start(e->acct, port, &session, &counters, now, (int64_t)time(NULL));
}

void engine_acct_closed(struct engine *e, unsigned port, enum acct_cause cause, msec now)
{
	struct acct_counters counters;

	if (!e->acct)
		return;
	counters = counters_of(e, port);
	acct_stop(e->acct, port, &counters, cause, now, (int64_t)time(NULL));
}

void engine_acct_tick(struct engine *e, msec now)
{
	unsigned port;

	if (!e->acct)
		return;
	while (acct_due(e->acct, now, &port)) {
		struct acct_counters counters = counters_of(e, port);

		acct_interim(e->acct, port, &counters, now, (int64_t)time(NULL));
	}
	radius_client_tick(e->acct_radius, now);
}

msec engine_acct_settle(struct engine *e, msec now)
{
	struct acct_effect effect;

	if (!e->acct)
		return MSEC_NEVER;
	drain(e, now);
	while (acct_output(e->acct, now, &effect)) {
		switch (effect.kind) {
		case ACCT_EFFECT_SUBMIT:
			if (radius_client_submit(e->acct_radius, effect.request, effect.attributes,
			                         RADIUS_ANY_SERVER, now) != PORTCALL_OK)
				acct_timeout(e->acct, effect.request, now);
			break;
		case ACCT_EFFECT_LOST:
			log_event(LOG_LEVEL_WARN, "accounting-lost", "{s:s}", "port",
			          e->conf->ports[effect.port].name);
			break;
		}
		drain(e, now);
	}
	return msec_min(acct_deadline(e->acct), radius_client_deadline(e->acct_radius));
}

bool engine_acct_idle(const struct engine *e)
{
	struct acct_status status;

	if (!e->acct)
		return true;
	acct_status(e->acct, &status);
	return status.queued == 0;
}
