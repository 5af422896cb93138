/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * port - one 802.1X port of the switch: Authenticator PAE, Backend Authentication, EAP
 * pass-through and the RADIUS conversation behind them (IEEE 802.1X-2004 clause 8, RFC 3579, RFC
 * 3580).
 *
 * Pure: no I/O, no clock, no allocation after port_new().  Not thread-safe; ports are
 * independent.  Times: msec since any fixed origin, never goes back; periods of the configuration
 * in seconds.
 *
 *	port_link(p, true, now);
 *	while (port_output(p, &effect))    send, submit to the RADIUS client, open or close the gate
 *	port_input(p, frame, now); port_radius_reply(...); port_radius_timeout(...); port_tick(...)
 *
 * The port opens no sockets and owns no RADIUS client: an ACCESS_REQUEST effect carries the
 * attributes.  The owner hands them to radius_client_submit() with the effect's `request` as
 * session handle, and hands REPLY and TIMEOUT of that handle back.  The upper 32 bits of a handle
 * are config.number, so that the owner finds the port; answers to handles that the port no longer
 * waits for are ignored.
 *
 * Single-host mode: the first station that speaks EAPOL owns the attempt, and the session that
 * comes of it; EAPOL of others is ignored and counted until the attempt or session ends.  The
 * gate itself is the owner's: closed until GRANT, open for that station in that VLAN, closed
 * again at CLOSE.
 */
#ifndef SWITCH_PORT_H
#define SWITCH_PORT_H

#include <portcall/error.h>

#include "common/fsm.h"
#include "common/mac.h"
#include "switch/auth_pae.h"
#include "switch/radius.h"

enum { PORT_SESSION_LEN = 16, PORT_MAX_NAME = 63, PORT_MAX_DETAIL = 255 };

/* A VLAN that this switch has; an Access-Accept may name it by id or by name. */
struct port_vlan {
	const char *name;
	uint16_t id; /* 1 to 4094 */
};

struct port_config {
	const char *name;     /* NAS-Port-Id; copied (at most PORT_MAX_NAME octets) */
	uint32_t number;      /* NAS-Port, and the upper half of request handles */
	uint8_t mac[MAC_LEN]; /* the switch's: EAPOL source, Called-Station-Id */
	enum port_control control;
	const char *nas_identifier;    /* copied (at most PORT_MAX_NAME octets); NULL: left out */
	uint8_t nas_ip[16];            /* NAS-IP-Address or NAS-IPv6-Address, wire order */
	size_t nas_ip_n;               /* 4 or 16; 0: left out */
	const struct port_vlan *vlans; /* borrowed: must outlive the port */
	size_t vlan_n;
	/* IEEE 802.1X-2004, seconds unless noted; PORT_CONFIG_DEFAULTS sets them */
	unsigned quietPeriod;   /* 60: after a failure */
	unsigned reAuthMax;     /* 2: attempts before DISCONNECTED; at least 1 */
	unsigned reAuthPeriod;  /* 0: no re-authentication by the clock */
	unsigned serverTimeout; /* 30: for RADIUS to answer */
	unsigned suppTimeout;   /* 30: for the supplicant to answer */
	unsigned txPeriod;      /* 30: for the supplicant to answer the Identity request */
	unsigned maxReq;        /* 2: retransmissions of an EAP-Request */
	void (*random)(void *ctx, void *ret_octets, size_t n); /* for session ids */
	void *random_ctx;
};

/* Initializer: struct port_config c = { PORT_CONFIG_DEFAULTS, .name = "p1", ... }; */
#define PORT_CONFIG_DEFAULTS                                                       \
	.quietPeriod = 60, .reAuthMax = 2, .reAuthPeriod = 0, .serverTimeout = 30, \
	.suppTimeout = 30, .txPeriod = 30, .maxReq = 2

struct port; /* opaque; owned by the caller */

struct port *port_new(const struct port_config *config); /* NULL: no memory */
void port_free(struct port *port);                       /* NULL is fine */

void port_link(struct port *port, bool up, msec now);
/* An EAPOL frame from this port's link; what is not EAPOL counts as invalid. */
void port_input(struct port *port, struct span frame, msec now);
void port_tick(struct port *port, msec now); /* idempotent */
msec port_deadline(const struct port *port);
void port_set_control(struct port *port, enum port_control control, msec now);
void port_reauthenticate(struct port *port, msec now);
/* End the session or attempt for `reason`; a new one may begin at once.  `detail`: printable. */
void port_disconnect(struct port *port, enum portcall_reason reason, const char *detail, msec now);
/* As port_link(false), for another reason than that the link was lost. */
void port_take_down(struct port *port, enum portcall_reason reason, const char *detail, msec now);

/* The verified reply of `server` to `request`; views need to live only for this call. */
void port_radius_reply(struct port *port, uint64_t request, const struct radius_packet *reply,
                       int server, msec now);
/* No server answered, or the request could not be submitted at all. */
void port_radius_timeout(struct port *port, uint64_t request, msec now);

enum port_effect_kind {
	PORT_EFFECT_SEND,           /* send `frame` on this port's link */
	PORT_EFFECT_ACCESS_REQUEST, /* radius_client_submit(request, attributes, server) */
	PORT_EFFECT_CANCEL,         /* radius_client_cancel(request, unanswered) */
	PORT_EFFECT_GRANT,          /* open the gate, or confirm or change an open one */
	PORT_EFFECT_CLOSE,          /* close the gate, or an attempt failed on a closed one */
	PORT_EFFECT_TRANSITION,     /* a machine moved */
};

struct port_effect {
	enum port_effect_kind kind;
	struct span frame; /* SEND; valid until the next call on this port */
	/* ACCESS_REQUEST, CANCEL */
	uint64_t request;
	struct span attributes; /* valid until the next call on this port */
	int server;             /* ACCESS_REQUEST: index, or RADIUS_ANY_SERVER */
	bool unanswered;        /* CANCEL: nothing came within serverTimeout */
	/* GRANT, CLOSE; the strings are valid until the next call on this port */
	bool has_mac;         /* false: force-authorized (GRANT), nobody was there (CLOSE) */
	uint8_t mac[MAC_LEN]; /* of the supplicant */
	uint16_t vlan;        /* GRANT: 1 to 4094; 0: the port's own (force-authorized) */
	const char *session;  /* PORT_SESSION_LEN printable characters; "" without a session */
	const char *user;     /* a peer's string, printable octets only; "" if unknown */
	enum portcall_reason reason;
	const char
		*detail; /* CLOSE: the server's Portcall-Reason, the VLAN named, ...; may be "" */
	/* TRANSITION; static storage */
	const char *machine, *from, *to, *why;
};

/* Take the oldest effect; false: none is left.  Drain after each call above. */
bool port_output(struct port *port, struct port_effect *ret_effect);

/* Counters of IEEE 802.1X-2004 9.4.2 (dot1xAuthStatsTable), and ours. */
struct port_counters {
	uint64_t eapolFramesRx, eapolFramesTx, eapolStartFramesRx, eapolLogoffFramesRx;
	uint64_t eapolRespIdFramesRx, eapolRespFramesRx, eapolReqIdFramesTx, eapolReqFramesTx;
	uint64_t invalidEapolFramesRx, eapLengthErrorFramesRx;
	uint64_t foreignEapolFramesRx;  /* from another station than the session's: ignored */
	uint64_t unexpectedEapFramesRx; /* not the answer to the outstanding request: ignored */
	uint64_t successes, failures, timeouts;
};

struct port_status {
	bool link;
	enum port_control control;
	bool authorized;
	const char *pae_state, *backend_state; /* of the figures; static storage */
	bool has_mac;
	uint8_t mac[MAC_LEN];
	uint16_t vlan;       /* while authorized; 0: the port's own */
	const char *session; /* strings are valid until the next call on this port */
	const char *user;
	enum portcall_reason reason; /* of the last GRANT or CLOSE */
	const char *detail;
	struct port_counters counters;
};

void port_status(const struct port *port, struct port_status *ret_status);

#endif
