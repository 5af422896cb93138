/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * radius_client - RADIUS client for many sessions and several servers (RFC 2865, 3579, 5080).
 *
 * Pure: no I/O, no clock, no allocation after radius_client_new().  Not thread-safe.  Times: msec
 * since any fixed origin, never goes back.  Random octets come from the configuration.
 *
 *	radius_client_submit(c, session, attributes, RADIUS_ANY_SERVER, now);
 *	while (radius_client_output(c, &effect))    send, or hand the reply to the session
 *	radius_client_input(c, server, socket, datagram, now); or radius_client_tick(c, now)
 *
 * Addresses are the owner's: a server is its index in the configuration, a source port is a
 * socket index.  The owner opens `sockets` UDP sockets (one source port each; servers may share
 * them or not) and says with each datagram which server (by source address) and which socket it
 * came from; datagrams from other addresses are not given to the client at all.
 *
 * An identifier belongs to one (server, socket) and is not used again while its request lives, so
 * that 256 * sockets requests may be outstanding at a server.  A request is sent again with the
 * same octets (RFC 5080 2.2.1: doubling from `timeout`, jitter of a tenth).  After `attempts`
 * transmissions it moves on to the next server, with a new identifier and authenticator; the
 * first one is dead for `dead_time` unless it answered anything in the meantime.  A request that
 * is bound to a server (one that carries its State) does not move.  When all servers are dead
 * they are asked in turn all the same.  A reply removes its request only after both
 * authenticators were verified.
 */
#ifndef SWITCH_RADIUS_CLIENT_H
#define SWITCH_RADIUS_CLIENT_H

#include "common/fsm.h"
#include "switch/radius.h"

enum { RADIUS_MAX_SERVERS = 16, RADIUS_MAX_SECRET = 128, RADIUS_MAX_SOCKETS = 256 };

struct radius_server_config {
	struct span secret; /* 1 to RADIUS_MAX_SECRET octets; copied, wiped when freed */
	msec timeout;       /* until the first retransmission (IRT); 0: 2000 */
	unsigned attempts;  /* transmissions in all (MRC); 0: 4 */
};

struct radius_client_config {
	const struct radius_server_config *servers; /* in order of preference; copied */
	size_t server_n;                            /* 1 to RADIUS_MAX_SERVERS */
	unsigned sockets; /* source ports, 1 to RADIUS_MAX_SOCKETS; 0: 1 */
	size_t max;       /* outstanding requests; 0: 256 * sockets */
	msec max_timeout; /* longest wait between two transmissions (MRT); 0: 16000 */
	msec dead_time;   /* how long a dead server is passed over; 0: 60000 */
	void (*random)(void *ctx, void *ret_octets, size_t n); /* cryptographically strong */
	void *random_ctx;
};

struct radius_client; /* opaque; owned by the caller */

/* NULL: no memory, or a configuration outside the ranges above. */
struct radius_client *radius_client_new(const struct radius_client_config *config);
void radius_client_free(struct radius_client *client); /* NULL is fine; wipes secrets */

/*
 * Send an Access-Request with `attributes` (made with radius_put; copied; Message-Authenticator
 * is added) for `session`, a handle of the caller's that comes back in the effects; one live
 * request per handle.  `server` is an index (the request stays with it) or RADIUS_ANY_SERVER.
 * ERR_LIMIT: too many outstanding, or attributes over RADIUS_MAX_ATTRIBUTES.  ERR_USAGE: no such
 * server, or the handle has a live request.
 */
enum portcall_err radius_client_submit(struct radius_client *client, uint64_t session,
                                       struct span attributes, int server,
                                       msec now) PORTCALL_MUST_CHECK;

/*
 * Forget the request of `session`, if there is one; nothing more is told of it.  `unanswered`:
 * its session waited as long as it can, which counts against the server as the end of all
 * transmissions does.
 */
void radius_client_cancel(struct radius_client *client, uint64_t session, bool unanswered,
                          msec now);

/* A datagram from `server` arrived at `socket`. */
void radius_client_input(struct radius_client *client, size_t server, unsigned socket,
                         struct span datagram, msec now);
void radius_client_tick(struct radius_client *client, msec now); /* idempotent */
msec radius_client_deadline(const struct radius_client *client);

enum radius_effect_kind {
	RADIUS_EFFECT_SEND,    /* send `datagram` to `server` from `socket` */
	RADIUS_EFFECT_REPLY,   /* `reply` of `server` for `session`: verified */
	RADIUS_EFFECT_TIMEOUT, /* no server answered `session` */
	RADIUS_EFFECT_DISCARD, /* a datagram of `server` was dropped: `why` */
	RADIUS_EFFECT_SERVER,  /* `server` is `alive` or not from now on: `why` */
};

struct radius_effect {
	enum radius_effect_kind kind;
	size_t server;              /* SEND, REPLY, DISCARD, SERVER */
	unsigned socket;            /* SEND */
	struct span datagram;       /* SEND; valid until the next call on this client */
	uint8_t id;                 /* SEND, REPLY */
	unsigned attempt;           /* SEND: 1, 2, ... at this server */
	uint64_t session;           /* SEND, REPLY, TIMEOUT */
	struct radius_packet reply; /* REPLY; views, valid until the next call on this client */
	bool alive;                 /* SERVER */
	const char *why;            /* DISCARD, SERVER; static storage */
};

/* Take the oldest effect; false: none is left.  Drain after each call above. */
bool radius_client_output(struct radius_client *client, struct radius_effect *ret_effect);

struct radius_server_status {
	bool alive;
	uint64_t outstanding, requests, retransmissions, accepts, rejects, challenges;
	uint64_t timeouts;           /* requests that this server left unanswered */
	uint64_t bad_authenticators; /* dropped: either authenticator wrong or missing */
	uint64_t malformed;          /* dropped: not a RADIUS packet, or of an unexpected code */
	uint64_t unexpected;         /* dropped: no live request has this identifier */
};

void radius_client_server(const struct radius_client *client, size_t server,
                          struct radius_server_status *ret_status);

#endif
