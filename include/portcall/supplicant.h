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

enum {
	PORTCALL_MAX_FRAME = 1514,
	PORTCALL_SESSION_MAX = 4128, /* octets of an exported session */
};

struct portcall_supplicant;

enum portcall_tls { PORTCALL_TLS_1_2 = 12, PORTCALL_TLS_1_3 = 13 };

struct portcall_supplicant_config {
	size_t size;    /* sizeof(struct portcall_supplicant_config) */
	uint8_t mac[6]; /* this interface's address */
	struct portcall_credentials
		*credentials; /* a reference is taken; NULL: silent, takes no part in 802.1X */
	const char *
		identity; /* EAP identity, at most 253 octets; NULL: the certificate's CN; copied */
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
	bool keep_keys; /* for portcall_supplicant_take_keys() */
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

/* IEEE 802.1X-2004 9.5.2, with the names of its MIB (dot1xSuppStatsTable). */
struct portcall_supplicant_statistics {
	uint64_t dot1xSuppEapolFramesRx;
	uint64_t dot1xSuppEapolFramesTx;
	uint64_t dot1xSuppEapolStartFramesTx;
	uint64_t dot1xSuppEapolLogoffFramesTx;
	uint64_t dot1xSuppEapolRespIdFramesTx;
	uint64_t dot1xSuppEapolRespFramesTx; /* other than Resp/Id */
	uint64_t dot1xSuppEapolReqIdFramesRx;
	uint64_t dot1xSuppEapolReqFramesRx; /* other than Req/Id */
	uint64_t dot1xSuppInvalidEapolFramesRx;
	uint64_t dot1xSuppEapLengthErrorFramesRx;
	uint8_t dot1xSuppLastEapolFrameVersion;   /* 0: none came yet */
	uint8_t dot1xSuppLastEapolFrameSource[6]; /* MAC address */
};

struct portcall_supplicant_status {
	const char *pae_state; /* of the figure: "CONNECTING", "AUTHENTICATED", ...; static */
	bool authorized;
	enum portcall_reason reason; /* of the last result */
	int64_t retry_at;
	const char *tls_version; /* "TLSv1.3"; "" before a handshake; static */
	const char *tls_cipher;
	bool resumed;
	struct portcall_supplicant_statistics statistics;
	uint64_t successes, failures; /* attempts */
	uint64_t discarded;           /* EAPOL frames that changed nothing */
	char session[32]; /* the switch's session id from the Identity request; "" without one */
};
PORTCALL_API void portcall_supplicant_status(const struct portcall_supplicant *supplicant,
                                             struct portcall_supplicant_status *ret_status);

/*
 * Keys of an authentication (RFC 5216 2.3, RFC 9190 2.3), for what uses the port next (MACsec, a VPN, ...).
 * Kept only with keep_keys, from the result AUTHENTICATED until they are taken or the next conversation begins.
 */
struct portcall_keys {
	uint8_t msk[64];
	uint8_t emsk[64];
	uint8_t session_id[65]; /* EAP Session-Id: method type and Method-Id */
};
/* Given once: the supplicant's copy is wiped, the caller wipes `ret_keys` after use.  False: there are none. */
PORTCALL_API bool portcall_supplicant_take_keys(struct portcall_supplicant *supplicant,
                                                struct portcall_keys *ret_keys);

/*
 * Resumption.  After an authentication the supplicant keeps the TLS session (1 to 2 kB) and resumes it at the
 * next one, which saves both ends the certificates: status.resumed.  A session that did not lead to success is
 * not tried again, and one that the server has forgotten costs nothing: the handshake is then a full one.
 *
 * To resume after a restart, too, export the session after each result AUTHENTICATED and import it into
 * the new supplicant before its link is up.  It holds secrets of the session: store it encrypted, wipe the octets
 * after use.  It is bound to the credentials, anchors, revocation lists and settings that it came from.
 */
/* Copies at most PORTCALL_SESSION_MAX octets to `ret_octets` and returns how many; 0: there is no session. */
PORTCALL_API size_t portcall_supplicant_session_export(const struct portcall_supplicant *supplicant,
                                                       uint8_t *ret_octets);
/* DISCARD: damaged, or of other credentials or settings; the next handshake is a full one.  ERR_MEMORY. */
PORTCALL_API enum portcall_err portcall_supplicant_session_import(
	struct portcall_supplicant *supplicant, const uint8_t *octets, size_t n);

#ifdef __cplusplus
}
#endif
#endif
