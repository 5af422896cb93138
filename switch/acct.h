/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * acct - accounting of the ports' sessions (RFC 2866, 2869 5, 3580 2): start, interim, stop, kept
 * until a server has them.
 *
 * Pure: no I/O, no clock, no allocation after acct_new().  Not thread-safe.  Times: msec since any
 * fixed origin, never goes back; `wall`: seconds since 1970, for Event-Timestamp.
 *
 *	acct_start(a, port, &session, &counters, now, wall); acct_stop(...)
 *	while (acct_due(a, now, &port)) acct_interim(a, port, &counters, now, wall);
 *	while (acct_output(a, now, &effect)) radius_client_submit(client, effect.request, ...)
 *	acct_reply(a, request, now); acct_timeout(a, request, now)
 *
 * The counters are the owner's, of the port since ever; a session counts from its start.  Records
 * of one port leave in their order, one at a time; those of several ports side by side.  When no
 * server answers all wait, at first 5 s, later up to a minute; Acct-Delay-Time says how long a
 * record waited.  An interim record that has not left yet is replaced by a later record of its
 * session.  When the queue is full the oldest record is lost, with an effect that says so.
 */
#ifndef SWITCH_ACCT_H
#define SWITCH_ACCT_H

#include "common/fsm.h"
#include "switch/port.h"

enum {
	ACCT_MAX_ATTRIBUTES = 1280, /* of one record */
	ACCT_WINDOW = 32,           /* records that are under way at a time */
};

/* Acct-Terminate-Cause (RFC 2866 5.10, RFC 3580 2.1). */
enum acct_cause {
	ACCT_USER_REQUEST = 1,
	ACCT_LOST_CARRIER = 2,
	ACCT_IDLE_TIMEOUT = 4,
	ACCT_SESSION_TIMEOUT = 5,
	ACCT_ADMIN_RESET = 6,
	ACCT_ADMIN_REBOOT = 7,
	ACCT_REAUTHENTICATION_FAILURE = 20,
	ACCT_PORT_REINITIALIZED = 21,
	ACCT_PORT_DISABLED = 22,
};

enum acct_cause acct_cause_of(enum portcall_reason reason); /* of a CLOSE effect */

struct acct_config {
	unsigned ports;
	size_t max;       /* records kept; 0: 4 * ports + 256 */
	unsigned interim; /* s between interim records when the Accept names none; 0: none then */
	/* what the ports say in their Access-Requests */
	const char *nas_identifier; /* NULL: left out; borrowed */
	uint8_t nas_ip[16];         /* wire order */
	size_t nas_ip_n;            /* 4, 16; 0: left out */
	uint8_t mac[MAC_LEN];       /* Called-Station-Id */
};

struct acct; /* opaque; owned by the caller */

struct acct *acct_new(const struct acct_config *config); /* NULL: no memory */
void acct_free(struct acct *acct);                       /* NULL is fine */

/* As the switch sees them: in is what the station sent. */
struct acct_counters {
	uint64_t in_octets, out_octets, in_packets, out_packets;
};

struct acct_session {
	const char *id, *user, *port_id; /* copied */
	uint8_t mac[MAC_LEN];
	uint16_t vlan;
	unsigned interim;             /* s, of the Accept; 0: the configuration's */
	struct span class_attributes; /* Class, as the Accept had it, whole attributes; copied */
};

/*
 * The gate of `port` opened, or stays open for the session that is counted already: then only
 * what the Accept said is taken over.
 */
void acct_start(struct acct *acct, unsigned port, const struct acct_session *session,
                const struct acct_counters *counters, msec now, int64_t wall);
/* The gate closed; nothing happens when no session was counted. */
void acct_stop(struct acct *acct, unsigned port, const struct acct_counters *counters,
               enum acct_cause cause, msec now, int64_t wall);
/* A port whose interim record is due; false: none.  Call acct_interim() for it. */
bool acct_due(const struct acct *acct, msec now, unsigned *ret_port);
void acct_interim(struct acct *acct, unsigned port, const struct acct_counters *counters, msec now,
                  int64_t wall);

/* The server has the record of `request`; no server answered it. */
void acct_reply(struct acct *acct, uint64_t request, msec now);
void acct_timeout(struct acct *acct, uint64_t request, msec now);

msec acct_deadline(const struct acct *acct); /* when acct_due() or acct_output() are next needed */

enum acct_effect_kind {
	/* `attributes` to any server; the handle is `request`, its upper half NAS-Port */
	ACCT_EFFECT_SUBMIT,
	ACCT_EFFECT_LOST, /* a record of `port` was lost: the queue is full */
};

struct acct_effect {
	enum acct_effect_kind kind;
	unsigned port;
	uint64_t request;
	struct span attributes; /* valid until the next call on this object */
};

bool acct_output(struct acct *acct, msec now, struct acct_effect *ret_effect);

struct acct_status {
	size_t queued; /* records that no server has yet, those under way included */
	uint64_t records, acknowledged, timeouts, lost;
};

void acct_status(const struct acct *acct, struct acct_status *ret_status);

#endif
