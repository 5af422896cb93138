/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * das - dynamic authorisation server (RFC 5176): Disconnect-Request and CoA-Request of a RADIUS
 * server or of an operator's tool, answered with ACK, or NAK and Error-Cause.
 *
 * Pure: no I/O, no clock, no allocation after das_new().  Not thread-safe.  Times: msec since any
 * fixed origin, never goes back; `wall`: seconds since 1970, for Event-Timestamp.
 *
 *	switch (das_input(d, client, port, datagram, now, wall, &request)) {
 *	case DAS_DROP:   request.why says why nothing is answered
 *	case DAS_ANSWER: send request.reply: a NAK, or what was answered before
 *	case DAS_DECIDE: cause = das_select(&request, sessions, n, &at);
 *	                 if (cause == DAS_DONE) cause = what came of carrying out request.action
 *	                 send das_answer(d, &request, cause, now)
 *	}
 *
 * Addresses are the owner's: a client is its index in the configuration, and datagrams of others
 * are not given to the server at all.  A request counts only when its Request Authenticator and
 * its Message-Authenticator are right and its Event-Timestamp is within `window` of `wall`.  The
 * same octets are never carried out twice: from the same source port they are a retransmission,
 * answered as before (RFC 5080 2.2.2), from another one a replay, dropped.
 *
 * A session is named by Acct-Session-Id (or Cisco's audit-session-id), Calling-Station-Id,
 * NAS-Port, NAS-Port-Id, User-Name and Called-Station-Id; all that are given must match, and they
 * must match one session.  A CoA-Request carries one of the commands that Cisco's switches know:
 * Cisco-AVPair = "subscriber:command=reauthenticate" (or bounce-host-port, disable-host-port).
 * Other changes of authorisation are refused: Unsupported-Attribute, Unsupported-Service.
 */
#ifndef SWITCH_DAS_H
#define SWITCH_DAS_H

#include "common/fsm.h"
#include "common/mac.h"
#include "switch/radius.h"

enum {
	DAS_MAX_CLIENTS = 16,
	DAS_MAX_SECRET = 128,
};

struct das_config {
	const struct span *secrets; /* of each client: 1 to DAS_MAX_SECRET octets; copied, wiped */
	size_t client_n;            /* 1 to DAS_MAX_CLIENTS */
	unsigned window;            /* s, either side of `wall`; 0: 300 (RFC 5176 6.3) */
	bool timestamp_optional;    /* requests without Event-Timestamp are taken too */
	size_t remember;            /* answers kept for `window` * 2; 0: 4096 */
	/* what names this switch; borrowed */
	const char *nas_identifier; /* NULL: none */
	uint8_t nas_ip[16];         /* wire order */
	size_t nas_ip_n;            /* 4, 16; 0: unknown */
	uint8_t mac[MAC_LEN];       /* Called-Station-Id */
};

struct das; /* opaque; owned by the caller */

/* NULL: no memory, or a configuration outside the ranges above. */
struct das *das_new(const struct das_config *config);
void das_free(struct das *das); /* NULL is fine; wipes secrets */

enum das_action {
	DAS_DISCONNECT,     /* end the session; the station may authenticate again */
	DAS_REAUTHENTICATE, /* now; the port stays open meanwhile */
	DAS_BOUNCE,         /* take the link down for a while */
	DAS_DISABLE,        /* take the port down until somebody enables it */
};

/* RFC 5176 3.5. */
enum das_error_cause {
	DAS_DONE = 0, /* no error: ACK */
	DAS_UNSUPPORTED_ATTRIBUTE = 401,
	DAS_MISSING_ATTRIBUTE = 402,
	DAS_NAS_IDENTIFICATION_MISMATCH = 403,
	DAS_INVALID_REQUEST = 404,
	DAS_UNSUPPORTED_SERVICE = 405,
	DAS_INVALID_ATTRIBUTE_VALUE = 407,
	DAS_ADMINISTRATIVELY_PROHIBITED = 501,
	DAS_SESSION_CONTEXT_NOT_FOUND = 503,
	DAS_SESSION_CONTEXT_NOT_REMOVABLE = 504,
	DAS_RESOURCES_UNAVAILABLE = 506,
	DAS_MULTIPLE_SESSION_SELECTION = 508,
};

struct das_request {
	size_t client;
	uint16_t source_port;
	struct radius_packet packet; /* views into the datagram */
	enum das_action action;
	/* DAS_DROP: why; DAS_ANSWER: what was wrong with it, and the reply */
	const char *why; /* static storage */
	enum das_error_cause cause;
	bool repeated;     /* a retransmission: counted and carried out before */
	struct span reply; /* valid until the next call; empty: it would be too long */
	/* what names the session; spans with .p == NULL, has_* == false: not given */
	struct span session, audit_session, user, port_id;
	bool has_port, has_station, elsewhere; /* elsewhere: Called-Station-Id is not ours */
	uint32_t port;
	uint8_t station[MAC_LEN];
};

enum das_verdict { DAS_DROP, DAS_ANSWER, DAS_DECIDE };

enum das_verdict das_input(struct das *das, size_t client, uint16_t source_port,
                           struct span datagram, msec now, int64_t wall,
                           struct das_request *ret_request);

/* A session of the switch, as das_select() sees it; strings are borrowed, "": none. */
struct das_session {
	const char *id;
	const char *user;
	bool has_mac;
	uint8_t mac[MAC_LEN];
	uint32_t port;       /* NAS-Port */
	const char *port_id; /* NAS-Port-Id */
	bool forced;         /* the administrator decides here, there is no session */
};

/*
 * DONE: `ret_at` is the one that the request names.  ADMINISTRATIVELY_PROHIBITED: it names a forced
 * port.  SESSION_CONTEXT_NOT_FOUND, MULTIPLE_SESSION_SELECTION.
 */
enum das_error_cause das_select(const struct das_request *request,
                                const struct das_session *sessions, size_t n, size_t *ret_at);

/*
 * What came of a request to decide: call it once for each.  The reply, valid until the next call on
 * this server; empty: it would be too long.
 */
struct span das_answer(struct das *das, const struct das_request *request,
                       enum das_error_cause cause, msec now);

struct das_client_status {
	uint64_t disconnect_requests, coa_requests; /* authentic ones, without retransmissions */
	uint64_t acks, naks;                        /* likewise */
	uint64_t repeated;
	uint64_t bad_authenticators; /* dropped: either authenticator wrong or missing */
	uint64_t malformed;          /* dropped: no Disconnect-Request or CoA-Request */
	uint64_t stale;              /* dropped: Event-Timestamp is missing or outside the window */
	uint64_t replayed;           /* dropped: carried out before, for another source port */
};

void das_client(const struct das *das, size_t client, struct das_client_status *ret_status);

const char *das_action_text(enum das_action action);          /* "disconnect", "reauthenticate" */
const char *das_error_cause_text(enum das_error_cause cause); /* "Session-Context-Not-Found" */

#endif
