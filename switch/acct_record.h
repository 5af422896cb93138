/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * acct_record - the attributes of an accounting record (RFC 2866 5, RFC 2869 5); for acct.c alone.
 *
 * Pure: no I/O, no clock, no allocation.  Thread-safe.
 */
#ifndef SWITCH_ACCT_RECORD_H
#define SWITCH_ACCT_RECORD_H

#include "switch/acct.h"

enum { ACCT_MAX_CLASS = 512 };

/* Acct-Status-Type (RFC 2866 5.1, RFC 2869 2.1). */
enum acct_status_type { ACCT_START = 1, ACCT_STOP = 2, ACCT_INTERIM = 3 };

/* A session that is counted. */
struct acct_counted {
	bool active;
	char id[PORT_SESSION_LEN + 1], user[RADIUS_MAX_VALUE + 1], port_id[PORT_MAX_NAME + 1];
	uint8_t mac[MAC_LEN];
	uint16_t vlan;
	uint8_t class_attributes[ACCT_MAX_CLASS];
	size_t class_n;
	msec began;
	struct acct_counters base; /* of the port when it began */
	unsigned interim;          /* s */
	msec interim_at;
};

/* Takes over what a session says of itself; strings that are too long are cut. */
void acct_counted_set(struct acct_counted *counted, const struct acct_session *session);

struct acct_report {
	struct acct_counters counters;
	enum acct_cause cause; /* of ACCT_STOP */
	msec now;
	int64_t wall;
};

/* How many octets were written. */
size_t acct_record_write(const struct acct_config *config, const struct acct_counted *session,
                         unsigned port, enum acct_status_type type,
                         const struct acct_report *report, uint8_t buf[static ACCT_MAX_ATTRIBUTES]);

#endif
