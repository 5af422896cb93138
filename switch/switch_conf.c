/* SPDX-License-Identifier: BSD-3-Clause */
#include "switch/switch_conf.h"

#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>

#include "common/digest.h"
#include "switch/das.h"
#include "switch/radius_client.h"

enum { SECTION_MAX = 120 };

const char switch_conf_modes[] = "auto force-authorized force-unauthorized";

static const struct conf_rule rules[] = {
	{ "log-level", .choices = "error warn info debug" },
	{ "fdb-age", .min = 1, .max = 1000000 }, /* 802.1Q Table 8-6: 10 to 1,000,000 s */
	{ "fdb-max", .min = 16, .max = 1000000 },
	{ "radius|port", .min = 1, .max = 65535 },
	{ "radius|timeout", .min = 1, .max = 60 },
	{ "radius|attempts", .min = 1, .max = 20 },
	{ "dynamic-authorisation|port", .min = 1, .max = 65535 },
	{ "dynamic-authorisation|window", .min = 1, .max = 86400 },
	{ "dynamic-authorisation|event-timestamp", .choices = "required optional" },
	{ "vlan|id", .min = 1, .max = 4094 },
	{ "port|mode", .choices = switch_conf_modes },
	{ "port|tx-period", .min = 1, .max = 65535 },
	{ "port|quiet-period", .min = 0, .max = 65535 },
	{ "port|supp-timeout", .min = 1, .max = 65535 },
	{ "port|server-timeout", .min = 1, .max = 65535 },
	{ "port|max-req", .min = 1, .max = 10 },
	{ "port|reauth-max", .min = 1, .max = 10 },
	{ "port|reauth-period", .min = 0, .max = 2147483 },
	{ 0 },
};

const char *switch_conf_mode_text(enum port_control mode)
{
	switch (mode) {
	case PORT_AUTO:
		return "auto";
	case PORT_FORCE_AUTHORIZED:
		return "force-authorized";
	case PORT_FORCE_UNAUTHORIZED:
		return "force-unauthorized";
	}
	return "";
}

/* What is being read, for the sentences. */
struct reading {
	const char *path;
	char *why;
	struct switch_conf *conf;
};

__attribute__((format(printf, 2, 3))) static bool refuse(const struct reading *r, const char *fmt,
                                                         ...)
{
	int n = snprintf(r->why, CONF_WHY_LEN, "%s: ", r->path);
	va_list ap;

	va_start(ap, fmt);
	if (n >= 0 && n < CONF_WHY_LEN)
		vsnprintf(r->why + n, (size_t)(CONF_WHY_LEN - n), fmt, ap);
	va_end(ap);
	return false;
}

/* libconfuse keeps "" apart from nothing; for us both mean "not given". */
static const char *string(cfg_t *cfg, const char *option)
{
	const char *text = cfg_getstr(cfg, option);

	return text && *text ? text : NULL;
}

socklen_t switch_conf_address_len(const union switch_conf_address *address)
{
	return address->any.sa_family == AF_INET ? sizeof(address->v4) : sizeof(address->v6);
}

static bool read_address(const struct reading *r, const char *section, const char *text,
                         unsigned port, union switch_conf_address *ret_address)
{
	if (!text)
		return refuse(r, "%s: address is missing.", section);
	if (inet_pton(AF_INET, text, &ret_address->v4.sin_addr) == 1) {
		ret_address->v4.sin_family = AF_INET;
		ret_address->v4.sin_port = htons((uint16_t)port);
		return true;
	}
	if (inet_pton(AF_INET6, text, &ret_address->v6.sin6_addr) == 1) {
		ret_address->v6.sin6_family = AF_INET6;
		ret_address->v6.sin6_port = htons((uint16_t)port);
		return true;
	}
	return refuse(r, "%s: address = \"%s\" is not an IP address.", section, text);
}

static bool read_secret(const struct reading *r, const char *section, cfg_t *cfg,
                        char ret_secret[static CONF_SECRET_MAX])
{
	const char *file = string(cfg, "secret-file");
	char why[CONF_WHY_LEN];

	if (!file)
		return refuse(r, "%s: secret-file is missing.", section);
	if (!conf_secret(file, ret_secret, why))
		return refuse(r, "%s: %s", section, why);
	if (strlen(ret_secret) > RADIUS_MAX_SECRET)
		return refuse(r, "%s: the secret in %s is longer than %d octets.", section, file,
		              RADIUS_MAX_SECRET);
	return true;
}

static bool read_server(const struct reading *r, cfg_t *cfg, struct switch_conf_server *s)
{
	char section[SECTION_MAX];

	s->name = cfg_title(cfg);
	s->address = string(cfg, "address");
	s->port = (unsigned)cfg_getint(cfg, "port");
	s->timeout = (msec)cfg_getint(cfg, "timeout") * 1000;
	s->attempts = (unsigned)cfg_getint(cfg, "attempts");
	snprintf(section, sizeof(section), "radius %s", s->name);
	return read_address(r, section, s->address, s->port, &s->to) &&
	       read_secret(r, section, cfg, s->secret);
}

static bool read_das_client(const struct reading *r, cfg_t *cfg, struct switch_conf_das_client *c)
{
	char section[SECTION_MAX];

	c->name = cfg_title(cfg);
	c->address = string(cfg, "address");
	snprintf(section, sizeof(section), "dynamic-authorisation client %s", c->name);
	return read_address(r, section, c->address, 0, &c->from) &&
	       read_secret(r, section, cfg, c->secret);
}

static bool read_das(const struct reading *r, cfg_t *cfg)
{
	struct switch_conf_das *das = &r->conf->das;
	unsigned clients = cfg_size(cfg, "client");

	das->address = string(cfg, "address");
	das->port = (unsigned)cfg_getint(cfg, "port");
	das->window = (unsigned)cfg_getint(cfg, "window");
	das->timestamp_optional = strcmp(cfg_getstr(cfg, "event-timestamp"), "optional") == 0;
	if (!read_address(r, "dynamic-authorisation", das->address, das->port, &das->at))
		return false;
	if (clients == 0 || clients > DAS_MAX_CLIENTS)
		return refuse(r, "dynamic-authorisation: there are not 1 to %d client sections.",
		              DAS_MAX_CLIENTS);
	das->clients = calloc(clients, sizeof(*das->clients));
	if (!das->clients)
		return refuse(r, "out of memory.");
	for (unsigned i = 0; i < clients; i++) {
		das->client_n++;
		if (!read_das_client(r, cfg_getnsec(cfg, "client", i), &das->clients[i]))
			return false;
	}
	return true;
}

/* The number that `text` is, or 0. */
static uint16_t vlan_number(const char *text)
{
	char *end;
	unsigned long id = strtoul(text, &end, 10);

	return *text >= '0' && *text <= '9' && *end == '\0' && id <= 4094 ? (uint16_t)id : 0;
}

static bool read_vlan(const struct reading *r, cfg_t *cfg, unsigned at, struct port_vlan *vlan)
{
	bool number = strspn(cfg_title(cfg), "0123456789") == strlen(cfg_title(cfg));

	vlan->name = cfg_title(cfg);
	vlan->id = (uint16_t)cfg_getint(cfg, "id");
	if (vlan->id == 0)
		return refuse(r, "vlan %s: id is missing.", vlan->name);
	if (number && vlan_number(vlan->name) != vlan->id)
		return refuse(r, "vlan %s: the name is the number of another VLAN than %u.",
		              vlan->name, vlan->id);
	for (unsigned i = 0; i < at; i++) {
		if (r->conf->vlans[i].id == vlan->id)
			return refuse(r, "vlan %s and vlan %s have the same id %u.",
			              r->conf->vlans[i].name, vlan->name, vlan->id);
	}
	return true;
}

static uint16_t find_vlan(const struct switch_conf *conf, const char *text)
{
	for (unsigned i = 0; i < conf->vlan_n; i++) {
		if (strcmp(conf->vlans[i].name, text) == 0 ||
		    conf->vlans[i].id == vlan_number(text))
			return conf->vlans[i].id;
	}
	return 0;
}

/* A port's name is part of a file name, of log lines and of NAS-Port-Id. */
static bool is_name(const char *text, size_t max)
{
	return *text && *text != '.' && *text != '-' && strlen(text) <= max &&
	       strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") ==
	               strlen(text);
}

static bool read_port(const struct reading *r, cfg_t *cfg, unsigned at, struct switch_conf_port *p)
{
	const char *vlan = string(cfg, "vlan");

	p->name = cfg_title(cfg);
	p->interface = string(cfg, "interface") ? string(cfg, "interface") : p->name;
	p->mode = (enum port_control)conf_choice(switch_conf_modes, cfg_getstr(cfg, "mode"));
	p->txPeriod = (unsigned)cfg_getint(cfg, "tx-period");
	p->quietPeriod = (unsigned)cfg_getint(cfg, "quiet-period");
	p->suppTimeout = (unsigned)cfg_getint(cfg, "supp-timeout");
	p->serverTimeout = (unsigned)cfg_getint(cfg, "server-timeout");
	p->maxReq = (unsigned)cfg_getint(cfg, "max-req");
	p->reAuthMax = (unsigned)cfg_getint(cfg, "reauth-max");
	p->reAuthPeriod = (unsigned)cfg_getint(cfg, "reauth-period");
	if (!is_name(p->name, PORT_MAX_NAME))
		return refuse(
			r,
			"port \"%s\": a name has 1 to %d letters, digits, '.', '_' or '-' and "
			"begins with a letter or digit.",
			p->name, PORT_MAX_NAME);
	if (!is_name(p->interface, IFNAMSIZ - 1))
		return refuse(r, "port %s: \"%s\" is not the name of a network interface.", p->name,
		              p->interface);
	for (unsigned i = 0; i < at; i++) {
		if (strcmp(r->conf->ports[i].interface, p->interface) == 0)
			return refuse(r, "port %s and port %s have the same interface %s.",
			              r->conf->ports[i].name, p->name, p->interface);
	}
	p->vlan = vlan ? find_vlan(r->conf, vlan) : 0;
	if (vlan && !p->vlan)
		return refuse(r, "port %s: there is no vlan %s in this file.", p->name, vlan);
	if (p->mode == PORT_FORCE_AUTHORIZED && !p->vlan)
		return refuse(r, "port %s: a force-authorized port needs a vlan.", p->name);
	if (p->mode == PORT_AUTO && r->conf->server_n == 0)
		return refuse(r, "port %s: mode = auto needs a radius section.", p->name);
	return true;
}

static bool read_addresses(const struct reading *r)
{
	struct switch_conf *conf = r->conf;
	const char *mac = string(conf->cfg, "mac"), *ip = string(conf->cfg, "nas-ip-address");

	conf->has_mac = mac != NULL;
	if (mac && (!mac_parse(mac, conf->mac) || mac_is_group(conf->mac)))
		return refuse(r, "mac = \"%s\" is not the MAC address of a station.", mac);
	if (!ip)
		return true;
	if (inet_pton(AF_INET, ip, conf->nas_ip) == 1)
		conf->nas_ip_n = 4;
	else if (inet_pton(AF_INET6, ip, conf->nas_ip) == 1)
		conf->nas_ip_n = 16;
	else
		return refuse(r, "nas-ip-address = \"%s\" is not an IP address.", ip);
	return true;
}

static bool read_sections(const struct reading *r)
{
	struct switch_conf *conf = r->conf;
	unsigned servers = cfg_size(conf->cfg, "radius"), vlans = cfg_size(conf->cfg, "vlan");
	unsigned ports = cfg_size(conf->cfg, "port");

	if (ports == 0)
		return refuse(r, "there is no port section.");
	if (servers > RADIUS_MAX_SERVERS)
		return refuse(r, "there are more than %d radius sections.", RADIUS_MAX_SERVERS);
	conf->servers = calloc(servers + 1, sizeof(*conf->servers));
	conf->vlans = calloc(vlans + 1, sizeof(*conf->vlans));
	conf->ports = calloc(ports, sizeof(*conf->ports));
	if (!conf->servers || !conf->vlans || !conf->ports)
		return refuse(r, "out of memory.");
	for (; conf->server_n < servers; conf->server_n++) {
		if (!read_server(r, cfg_getnsec(conf->cfg, "radius", conf->server_n),
		                 &conf->servers[conf->server_n]))
			return false;
	}
	for (; conf->vlan_n < vlans; conf->vlan_n++) {
		if (!read_vlan(r, cfg_getnsec(conf->cfg, "vlan", conf->vlan_n), conf->vlan_n,
		               &conf->vlans[conf->vlan_n]))
			return false;
	}
	for (; conf->port_n < ports; conf->port_n++) {
		if (!read_port(r, cfg_getnsec(conf->cfg, "port", conf->port_n), conf->port_n,
		               &conf->ports[conf->port_n]))
			return false;
	}
	return true;
}

static cfg_t *read_file(const char *path, char *why)
{
	cfg_opt_t radius[] = {
		CFG_STR("address", NULL, CFGF_NONE),     CFG_INT("port", 1812, CFGF_NONE),
		CFG_STR("secret-file", NULL, CFGF_NONE), CFG_INT("timeout", 2, CFGF_NONE),
		CFG_INT("attempts", 4, CFGF_NONE),       CFG_END(),
	};
	cfg_opt_t client[] = {
		CFG_STR("address", NULL, CFGF_NONE),
		CFG_STR("secret-file", NULL, CFGF_NONE),
		CFG_END(),
	};
	cfg_opt_t das[] = {
		CFG_STR("address", NULL, CFGF_NONE),
		CFG_INT("port", 3799, CFGF_NONE),
		CFG_INT("window", 300, CFGF_NONE),
		CFG_STR("event-timestamp", "required", CFGF_NONE),
		CFG_SEC("client", client, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
		CFG_END(),
	};
	cfg_opt_t vlan[] = { CFG_INT("id", 0, CFGF_NONE), CFG_END() };
	cfg_opt_t port[] = {
		CFG_STR("interface", NULL, CFGF_NONE),
		CFG_STR("mode", "auto", CFGF_NONE),
		CFG_STR("vlan", NULL, CFGF_NONE),
		CFG_INT("tx-period", 30, CFGF_NONE),
		CFG_INT("quiet-period", 60, CFGF_NONE),
		CFG_INT("supp-timeout", 30, CFGF_NONE),
		CFG_INT("server-timeout", 30, CFGF_NONE),
		CFG_INT("max-req", 2, CFGF_NONE),
		CFG_INT("reauth-max", 2, CFGF_NONE),
		CFG_INT("reauth-period", 0, CFGF_NONE),
		CFG_END(),
	};
	cfg_flag_t section = CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES;
	cfg_opt_t opts[] = {
		CFG_STR("ports-namespace", NULL, CFGF_NONE),
		CFG_STR("management-namespace", NULL, CFGF_NONE),
		CFG_STR("nas-identifier", "portcall-switch", CFGF_NONE),
		CFG_STR("nas-ip-address", NULL, CFGF_NONE),
		CFG_STR("mac", NULL, CFGF_NONE),
		CFG_STR("control", "/run/portcall-switch.sock", CFGF_NONE),
		CFG_STR("log-level", "info", CFGF_NONE),
		CFG_STR("capture-dir", NULL, CFGF_NONE),
		CFG_INT("fdb-age", 300, CFGF_NONE),
		CFG_INT("fdb-max", 8192, CFGF_NONE),
		CFG_SEC("radius", radius, section),
		/* of CFGF_MULTI, so that there is none when the file has none */
		CFG_SEC("dynamic-authorisation", das, CFGF_MULTI),
		CFG_SEC("vlan", vlan, section),
		CFG_SEC("port", port, section),
		CFG_END(),
	};

	return conf_read(path, opts, rules, why);
}

struct switch_conf *switch_conf_read(const char *path, char ret_why[static CONF_WHY_LEN])
{
	struct switch_conf *conf = calloc(1, sizeof(*conf));
	struct reading r = { .path = path, .why = ret_why, .conf = conf };

	if (!conf) {
		refuse(&r, "out of memory.");
		return NULL;
	}
	conf->cfg = read_file(path, ret_why);
	if (!conf->cfg)
		goto fail;
	conf->ports_namespace = string(conf->cfg, "ports-namespace");
	conf->management_namespace = string(conf->cfg, "management-namespace");
	conf->nas_identifier = string(conf->cfg, "nas-identifier");
	conf->control = string(conf->cfg, "control");
	conf->capture_dir = string(conf->cfg, "capture-dir");
	conf->fdb_age = (msec)cfg_getint(conf->cfg, "fdb-age") * 1000;
	conf->fdb_max = (size_t)cfg_getint(conf->cfg, "fdb-max");
	if (!log_level_parse(cfg_getstr(conf->cfg, "log-level"), &conf->log_level))
		goto fail; /* cannot be: the rules know the words */
	if (!conf->control) {
		refuse(&r, "control is empty; name a path for the control socket.");
		goto fail;
	}
	if (conf->nas_identifier && strlen(conf->nas_identifier) > PORT_MAX_NAME) {
		refuse(&r, "nas-identifier is longer than %d octets.", PORT_MAX_NAME);
		goto fail;
	}
	if (cfg_size(conf->cfg, "dynamic-authorisation") > 1) {
		refuse(&r, "there is more than one dynamic-authorisation section.");
		goto fail;
	}
	if (cfg_size(conf->cfg, "dynamic-authorisation") == 1 &&
	    !read_das(&r, cfg_getnsec(conf->cfg, "dynamic-authorisation", 0)))
		goto fail;
	if (read_addresses(&r) && read_sections(&r))
		return conf;
fail:
	switch_conf_free(conf);
	return NULL;
}

void switch_conf_free(struct switch_conf *conf)
{
	if (!conf)
		return;
	for (unsigned i = 0; conf->servers && i <= conf->server_n; i++)
		digest_wipe(conf->servers[i].secret, sizeof(conf->servers[i].secret));
	for (unsigned i = 0; i < conf->das.client_n; i++)
		digest_wipe(conf->das.clients[i].secret, sizeof(conf->das.clients[i].secret));
	free(conf->das.clients);
	free(conf->servers);
	free(conf->vlans);
	free(conf->ports);
	if (conf->cfg)
		cfg_free(conf->cfg);
	free(conf);
}
