/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An 802.1X supplicant (IEEE 802.1X-2004 8.2.11, 8.2.12) with EAP-TLS (RFC 5216, RFC 9190).
 *
 * No sockets, no clock, no threads: the owner gives frames and the time, and drains effects.
 *
 *	portcall_supplicant_link(s, true, now);
 *	for (;;) {
 *		while (portcall_supplicant_output(s, &effect))
 *			...                               send, or act on the result
 *		wait until portcall_supplicant_deadline(s) or a frame arrives
 *		portcall_supplicant_input(s, frame, n, now);  or portcall_supplicant_tick(s, now)
 *	}
 *
 * Thread rules: one supplicant belongs to one thread at a time; different supplicants are free.
 * Times: milliseconds of any clock that never goes back.  Frames: Ethernet without FCS.
 */
#ifndef PORTCALL_SUPPLICANT_H
#define PORTCALL_SUPPLICANT_H

#include <portcall/credentials.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PORTCALL_NEVER INT64_MAX

enum { PORTCALL_MAX_FRAME = 1514 };

struct portcall_supplicant;

enum portcall_tls { PORTCALL_TLS_1_2 = 12, PORTCALL_TLS_1_3 = 13 };

struct portcall_supplicant_config {
	size_t size;    /* sizeof(struct portcall_supplicant_config) */
	uint8_t mac[6]; /* this interface's address */
	struct portcall_credentials
		*credentials; /* a reference is taken; NULL: silent, takes no part in 802.1X */
	const char *identity; /* EAP identity; NULL: the client certificate's CN; copied */
	enum portcall_verify verify;
	const char *server_name; /* DNS name of the RADIUS server for verify = full; copied */
	int64_t verify_time; /* seconds since 1970 for the server's dates; 0: the system clock */
	enum portcall_tls tls_min; /* 0: TLS 1.2 */
	enum portcall_tls tls_max; /* 0: TLS 1.3 */
	uint16_t fragment;         /* largest EAP-TLS fragment, octets; 0: 1398 */
	/* IEEE 802.1X-2004 8.2.11.1.2, seconds; 0: the default */
	unsigned heldPeriod;  /* 60 */
	unsigned authPeriod;  /* 30 */
	unsigned startPeriod; /* 30 */
	unsigned maxStart;    /* 3 */

	bool not_before_ignored; /* the clock is not set yet: the server's notBefore is not judged */
	struct portcall_crls *crls; /* a reference is taken; NULL: none */
	enum portcall_ocsp ocsp;
};

/* NULL: no memory, or a configuration that `ret_why` refuses. */
PORTCALL_API struct portcall_supplicant *portcall_supplicant_new(
	const struct portcall_supplicant_config *config, struct portcall_why *ret_why);
PORTCALL_API void portcall_supplicant_free(
	struct portcall_supplicant *supplicant); /* NULL is fine; wipes keys */

PORTCALL_API void portcall_supplicant_link(struct portcall_supplicant *supplicant, bool up,
                                           int64_t now);
PORTCALL_API void portcall_supplicant_input(struct portcall_supplicant *supplicant,
                                            const void *frame, size_t n, int64_t now);
PORTCALL_API void portcall_supplicant_tick(struct portcall_supplicant *supplicant,
                                           int64_t now); /* idempotent */
PORTCALL_API int64_t portcall_supplicant_deadline(const struct portcall_supplicant *supplicant);
/* userLogoff of 8.2.11.1.1: on: sends EAPOL-Logoff and stays logged off; off: authenticates again. */
PORTCALL_API void portcall_supplicant_logoff(struct portcall_supplicant *supplicant, bool on,
                                             int64_t now);
PORTCALL_API void portcall_supplicant_reauthenticate(struct portcall_supplicant *supplicant,
                                                     int64_t now);

/* Revocation lists for the conversations that begin from now on: a reference is taken; NULL: none. */
PORTCALL_API void portcall_supplicant_set_crls(struct portcall_supplicant *supplicant,
                                               struct portcall_crls *crls);

enum portcall_effect_kind {
	PORTCALL_EFFECT_SEND,       /* send `frame` */
	PORTCALL_EFFECT_PORT,       /* the port's status: `authorized`; `reason` says why */
	PORTCALL_EFFECT_RESULT,     /* an attempt ended: `reason`, `detail`, `retry_at` */
	PORTCALL_EFFECT_TRANSITION, /* a machine moved: `machine`, `from`, `to`, `why` */
};

struct portcall_effect {
	enum portcall_effect_kind kind;
	/* SEND */
	const uint8_t *frame; /* valid until the next call on this supplicant */
	size_t frame_n;
	/* PORT, RESULT */
	bool authorized;
	enum portcall_reason reason;
	const char
		*detail;  /* valid until the next call; may be "": which anchor, which alert, ... */
	int64_t retry_at; /* when the next attempt begins; PORTCALL_NEVER: not by itself */
	/* TRANSITION; static storage */
	const char *machine, *from, *to, *why;
};

/* Take the oldest effect; false: none is left.  Drain after each call above. */
PORTCALL_API bool portcall_supplicant_output(struct portcall_supplicant *supplicant,
                                             struct portcall_effect *ret_effect);

struct portcall_supplicant_status {
	const char *pae_state; /* of the figure: "CONNECTING", "AUTHENTICATED", ...; static */
	bool authorized;
	enum portcall_reason reason; /* of the last result */
	int64_t retry_at;
	const char *tls_version; /* "TLSv1.3"; "" before a handshake; static */
	const char *tls_cipher;
	bool resumed;
	uint64_t frames_rx, frames_tx, starts_tx, logoffs_tx, successes, failures, discarded;
	char session[32]; /* the switch's session id from the Identity request; "" without one */
};
PORTCALL_API void portcall_supplicant_status(const struct portcall_supplicant *supplicant,
                                             struct portcall_supplicant_status *ret_status);

#ifdef __cplusplus
}
#endif
#endif
