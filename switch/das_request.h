/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * das_request - what the attributes of a Disconnect-Request or CoA-Request ask for (RFC 5176 3);
 * for das.c alone.
 *
 * Pure: no I/O, no clock, no allocation.  Thread-safe.
 */
#ifndef SWITCH_DAS_REQUEST_H
#define SWITCH_DAS_REQUEST_H

#include "switch/das.h"

struct das_identity {
	const char *nas_identifier;
	uint8_t nas_ip[16];
	size_t nas_ip_n;
	uint8_t mac[MAC_LEN];
};

/* DONE: `request`, of which the packet is there, has its action and what names the session. */
enum das_error_cause das_request_read(const struct das_identity *identity,
                                      struct das_request *request);

#endif
