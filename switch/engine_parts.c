/* SPDX-License-Identifier: BSD-3-Clause */
/* The pure parts of the switch, made from its configuration. */
#include "switch/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/digest.h"

enum { PORTS_A_SOCKET = 256 }; /* RADIUS identifiers of one source port */

unsigned engine_sockets(const struct engine *e)
{
	return 1 + e->n / PORTS_A_SOCKET;
}

static void random_octets(void *ctx, void *ret_octets, size_t n)
{
	(void)ctx;
	if (!digest_random(ret_octets, n))
		abort(); /* no session may run on octets that can be guessed */
}

static bool make_radius(struct engine *e)
{
	struct radius_server_config servers[RADIUS_MAX_SERVERS];
	struct radius_client_config config = {
		.servers = servers,
		.server_n = e->conf->server_n,
		.sockets = engine_sockets(e),
		.random = random_octets,
	};

	if (e->conf->server_n == 0)
		return true;
	for (unsigned i = 0; i < e->conf->server_n; i++) {
		const struct switch_conf_server *s = &e->conf->servers[i];

		servers[i] = (struct radius_server_config){
			.secret = span_of_string(s->secret),
			.timeout = s->timeout,
			.attempts = s->attempts,
		};
	}
	e->radius = radius_client_new(&config);
	return e->radius != NULL;
}

static bool make_ports(struct engine *e)
{
	const struct switch_conf *conf = e->conf;
	struct port_config config = {
		PORT_CONFIG_DEFAULTS,       .nas_identifier = conf->nas_identifier,
		.nas_ip_n = conf->nas_ip_n, .vlans = conf->vlans,
		.vlan_n = conf->vlan_n,     .random = random_octets,
	};

	memcpy(config.mac, e->mac, MAC_LEN);
	memcpy(config.nas_ip, conf->nas_ip, sizeof(config.nas_ip));
	if (config.nas_ip_n == 0 && conf->server_n)
		config.nas_ip_n = link_udp_source(&conf->servers[0], config.nas_ip);
	for (unsigned i = 0; i < e->n; i++) {
		const struct switch_conf_port *p = &conf->ports[i];

		config.name = p->name;
		config.number = i + 1;
		config.control = p->mode;
		config.quietPeriod = p->quietPeriod;
		config.reAuthMax = p->reAuthMax;
		config.reAuthPeriod = p->reAuthPeriod;
		config.serverTimeout = p->serverTimeout;
		config.suppTimeout = p->suppTimeout;
		config.txPeriod = p->txPeriod;
		config.maxReq = p->maxReq;
		e->ports[i] = port_new(&config);
		if (!e->ports[i])
			return false;
		bridge_expect_vlan(e->bridge, i, p->vlan);
	}
	return true;
}

bool engine_make_parts(struct engine *e, char ret_why[static LINK_WHY_LEN])
{
	struct bridge_config config = {
		.ports = e->n,
		.fdb_max = e->conf->fdb_max,
		.fdb_age = e->conf->fdb_age,
	};

	random_octets(NULL, e->mac, MAC_LEN);
	e->mac[0] = (uint8_t)((e->mac[0] & ~1) | 2); /* a station's, locally administered */
	if (e->conf->has_mac)
		memcpy(e->mac, e->conf->mac, MAC_LEN);
	random_octets(NULL, &config.seed, sizeof(config.seed));
	memcpy(config.mac, e->mac, MAC_LEN);
	e->bridge = bridge_new(&config);
	if (e->bridge && make_radius(e) && make_ports(e))
		return true;
	snprintf(ret_why, LINK_WHY_LEN, "Out of memory.");
	return false;
}
