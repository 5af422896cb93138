/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * access - what the port says in an Access-Request, and what an Access-Accept means to it
 * (RFC 3579, RFC 3580, RFC 2868).
 *
 * Pure: no I/O, no clock, no allocation.  Thread-safe.
 */
#ifndef SWITCH_ACCESS_H
#define SWITCH_ACCESS_H

#include "common/mac.h"
#include "switch/port.h"

enum { ACCESS_FRAMED_MTU = 1400 };

struct access_request {
	const struct port_config *config;
	const uint8_t *supplicant; /* MAC_LEN octets */
	const char *session;
	struct span identity; /* of the Identity response */
	struct span eap;      /* the response to hand on */
	struct span state;    /* of the challenge before; empty: none */
};

/* Attributes for radius_client_submit().  ERR_LIMIT: they do not fit into `max`. */
enum portcall_err access_request_write(const struct access_request *request, uint8_t *buf,
                                       size_t max, size_t *ret_n) PORTCALL_MUST_CHECK;

/* Copies `text` with '?' for what is not printable ASCII, cut to `max` - 1 characters. */
void access_printable(struct span text, char *buf, size_t max);

struct access_grant {
	uint16_t vlan;            /* 1 to 4094 */
	uint32_t session_timeout; /* s; 0: none */
	bool reauthenticate;      /* at its end: Termination-Action = RADIUS-Request */
};

/*
 * The VLAN of an Access-Accept and its timers, unless it asks for another service than Framed.  PORT_AUTHENTICATED: `ret_grant` is filled.
 * PORT_VLAN_MISSING, _UNKNOWN, _MALFORMED, PORT_RADIUS_MALFORMED: it is not, and `ret_detail`
 * says what was found.
 */
enum portcall_reason access_grant_read(const struct radius_packet *accept,
                                       const struct port_vlan *vlans, size_t vlan_n,
                                       struct access_grant *ret_grant,
                                       char ret_detail[static PORT_MAX_DETAIL + 1]);

#endif
