/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * switch_conf - switch.conf (docs/interfaces.md 5), read and checked as a whole.
 *
 * Shell only.
 */
#ifndef SWITCH_SWITCH_CONF_H
#define SWITCH_SWITCH_CONF_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "common/conf.h"
#include "common/log.h"
#include "switch/port.h"

union switch_conf_address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

socklen_t switch_conf_address_len(const union switch_conf_address *address);

struct switch_conf_server {
	const char *name;
	const char *address; /* as written */
	union switch_conf_address to;
	unsigned port;
	char secret[CONF_SECRET_MAX];
	msec timeout;
	unsigned attempts;
};

struct switch_conf_das_client {
	const char *name;
	const char *address; /* as written */
	union switch_conf_address from;
	char secret[CONF_SECRET_MAX];
};

/* client_n == 0: there is no dynamic authorisation server. */
struct switch_conf_das {
	const char *address; /* as written */
	union switch_conf_address at;
	unsigned port;
	unsigned window; /* s */
	bool timestamp_optional;
	unsigned client_n;
	struct switch_conf_das_client *clients;
};

struct switch_conf_port {
	const char *name;
	const char *interface;
	enum port_control mode;
	uint16_t vlan;                                              /* 0: none is configured */
	unsigned txPeriod, quietPeriod, suppTimeout, serverTimeout; /* seconds */
	unsigned maxReq, reAuthMax, reAuthPeriod;
};

/* Strings are owned by it; NULL: not given. */
struct switch_conf {
	cfg_t *cfg;
	const char *ports_namespace, *management_namespace;
	const char *nas_identifier;
	uint8_t nas_ip[16]; /* wire order */
	size_t nas_ip_n;    /* 4, 16; 0: not given */
	bool has_mac;
	uint8_t mac[MAC_LEN];
	const char *control;
	enum log_level log_level;
	const char *capture_dir;
	msec fdb_age;
	size_t fdb_max;
	unsigned server_n, vlan_n, port_n;
	struct switch_conf_server *servers;
	struct switch_conf_das das;
	struct port_vlan *vlans;
	struct switch_conf_port *ports;
};

/* The words of `mode`, in the order of enum port_control, separated by spaces. */
extern const char switch_conf_modes[];
const char *switch_conf_mode_text(enum port_control mode);

/* NULL: `ret_why` is one sentence that names the file. */
struct switch_conf *switch_conf_read(const char *path, char ret_why[static CONF_WHY_LEN]);
void switch_conf_free(struct switch_conf *conf); /* NULL is fine; wipes secrets */

#endif
