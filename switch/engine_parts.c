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

/* What NAS-IP-Address says: 4 or 16 octets in wire order; 0: nothing is known. */
static size_t nas_ip(const struct switch_conf *conf, uint8_t ret_ip[static 16])
{
	if (conf->nas_ip_n == 0 && conf->server_n)
		return link_udp_source(&conf->servers[0], ret_ip);
	memcpy(ret_ip, conf->nas_ip, sizeof(conf->nas_ip));
	return conf->nas_ip_n;
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

static bool make_das(struct engine *e)
{
	const struct switch_conf *conf = e->conf;
	struct span secrets[DAS_MAX_CLIENTS];
	struct das_config config = {
		.secrets = secrets,
		.client_n = conf->das.client_n,
		.window = conf->das.window,
		.timestamp_optional = conf->das.timestamp_optional,
		.nas_identifier = conf->nas_identifier,
	};

	if (conf->das.client_n == 0)
		return true;
	for (unsigned i = 0; i < conf->das.client_n; i++)
		secrets[i] = span_of_string(conf->das.clients[i].secret);
	memcpy(config.mac, e->mac, MAC_LEN);
	config.nas_ip_n = nas_ip(conf, config.nas_ip);
	e->das_sessions = calloc(e->n, sizeof(*e->das_sessions));
	e->das = das_new(&config);
	return e->das && e->das_sessions;
}

static bool make_ports(struct engine *e)
{
	const struct switch_conf *conf = e->conf;
	struct port_config config = {
		PORT_CONFIG_DEFAULTS,    .nas_identifier = conf->nas_identifier,
		.vlans = conf->vlans,    .vlan_n = conf->vlan_n,
		.random = random_octets,
	};

	memcpy(config.mac, e->mac, MAC_LEN);
	config.nas_ip_n = nas_ip(conf, config.nas_ip);
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
	if (e->bridge && make_radius(e) && make_ports(e) && make_das(e))
		return true;
	snprintf(ret_why, LINK_WHY_LEN, "Out of memory.");
	return false;
}
