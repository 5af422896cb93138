/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * eap_peer - the EAP peer of a phone: EAP-TLS and nothing else (RFC 3748, RFC 5216, RFC 9190).
 *
 * Packets in, one verdict out; no I/O, no clock.  libeap does the work (eap_engine).  Between
 * conversations it holds next to nothing: libeap's machine and the TLS connection live from
 * eap_peer_restart() to the verdict SUCCESS or FAILURE (or eap_peer_abort()), and keys are wiped with them.
 * Different peers may be used by different threads at the same time.
 *
 * What libeap 2.10 would do wrong is kept from it: an EAP-Success before the method's end is dropped,
 * an EAP-Failure with the current id ends the attempt even after a TLS 1.2 handshake, EAP-TLS headers that
 * make no sense end it with a reason, and a request for another identity in mid-conversation begins a new one.
 */
#ifndef SUPPLICANT_EAP_PEER_H
#define SUPPLICANT_EAP_PEER_H

#include "common/bytes.h"
#include "common/fsm.h"
#include "supplicant/tls_backend.h"

enum {
	EAP_PEER_SESSION_MAX = 32,    /* octets of the switch's session id, with NUL */
	EAP_PEER_FRAGMENT_MIN = 64,   /* octets of TLS data in one EAP-TLS packet */
	EAP_PEER_MESSAGE_MAX = 65536, /* octets of a reassembled TLS message */
	EAP_PEER_IDENTITY_MAX = 253,  /* octets; what fits a RADIUS User-Name */
};

struct eap_peer_setup {
	const char *identity; /* borrowed, as the rest */
	struct portcall_credentials *credentials;
	struct cert_policy policy;
	struct portcall_crls
		*crls; /* may be exchanged; each conversation keeps those it began with */
	enum portcall_tls tls_min, tls_max;
	uint16_t fragment; /* largest EAP-TLS fragment, octets */
	bool keep_keys;    /* for eap_peer_take_keys(); otherwise keys go with the conversation */
};

enum eap_peer_verdict {
	EAP_PEER_DISCARD, /* silently dropped */
	EAP_PEER_RESPONSE,
	EAP_PEER_SUCCESS,
	EAP_PEER_FAILURE,
};

/* What is known of the conversation, also after its end; the strings are static or the peer's. */
struct eap_peer_outcome {
	enum portcall_reason reason; /* of the end; while it goes on: what silence would mean now */
	const char *detail;
	const char *tls_version; /* "" before a handshake */
	const char *tls_cipher;
	bool resumed;
	const char *session; /* `sid=` of the Identity request; "" without one */
};

struct eap_peer;

/* NULL: no memory.  `setup` and what it points to must outlive the peer. */
struct eap_peer *eap_peer_new(const struct eap_peer_setup *setup);
void eap_peer_free(struct eap_peer *peer); /* NULL is fine */

/* Begin a new conversation (eapRestart).  False: no memory. */
bool eap_peer_restart(struct eap_peer *peer);
/* Forget the conversation (abortSupp); the outcome stays readable. */
void eap_peer_abort(struct eap_peer *peer);

/*
 * True for a request that can begin a conversation when none is on.  Others are stale, and so is an
 * Identity request of the last conversation that comes again within a second.
 */
bool eap_peer_begins(const struct eap_peer *peer, struct span packet, msec now);
/*
 * True when `packet` asks for the identity anew in the middle of a conversation: the authenticator
 * gave that one up.  The owner restarts the peer and then feeds the packet.
 */
bool eap_peer_begins_anew(const struct eap_peer *peer, struct span packet, msec now);

/*
 * A packet from the authenticator (exact length or padded).  RESPONSE: `ret_response` is valid until
 * eap_peer_sent() or the next packet.  `now` tells a rejection from a RADIUS server that never answered.
 */
enum eap_peer_verdict eap_peer_input(struct eap_peer *peer, struct span packet, msec now,
                                     struct span *ret_response);

/* The response was sent: it is not needed any more. */
void eap_peer_sent(struct eap_peer *peer);

struct eap_peer_outcome eap_peer_outcome(const struct eap_peer *peer);

/* The keys of the last success, given once and wiped here; the copy is the caller's to wipe. */
bool eap_peer_take_keys(struct eap_peer *peer, struct portcall_keys *ret_keys);

/*
 * The session of the last success, for resumption: secret, borrowed until the peer is called again.  Empty:
 * none.  The next conversation resumes it by itself, unless settings or revocation lists changed meanwhile.
 */
struct span eap_peer_stored(const struct eap_peer *peer);
/* Take such octets from an earlier peer (copied).  DISCARD: damaged, or of another setup; ERR_MEMORY. */
PORTCALL_MUST_CHECK enum portcall_err eap_peer_store(struct eap_peer *peer, struct span octets);

#endif
