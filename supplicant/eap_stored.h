/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * eap_stored - the TLS session of a success, kept for the next authentication.
 *
 * Octets that only fit where they came from: a SHA-256 over them and over everything that the server was
 * judged by (own certificate, anchors, profile, revocation lists, level, name), TLS versions and identity.
 * So a session that was stored under other settings, or damaged, is not used.  Not a signature: who can
 * write the octets has the session anyway, and keeps them secret.
 *
 * Pure; no clock.  Not thread-safe.
 */
#ifndef SUPPLICANT_EAP_STORED_H
#define SUPPLICANT_EAP_STORED_H

#include "common/bytes.h"
#include "supplicant/eap_peer.h"

struct eap_stored {
	uint8_t *octets; /* heap, secret; NULL: none */
	size_t n;
};

/* Wipe and free. */
void eap_stored_drop(struct eap_stored *stored);

/*
 * Keep `tls` (copied) as the session of a conversation that was judged with `crls`; what was there before goes.
 * Nothing is kept when each server has to prove its status anew (ocsp = require).
 */
void eap_stored_keep(struct eap_stored *stored, const struct eap_peer_setup *setup,
                     const struct portcall_crls *crls, struct span tls);

/* Octets of an earlier eap_stored (copied).  DISCARD: they do not fit `setup`, nothing changed; ERR_MEMORY. */
PORTCALL_MUST_CHECK enum portcall_err eap_stored_load(struct eap_stored *stored,
                                                      const struct eap_peer_setup *setup,
                                                      struct span octets);

/* What TLS may offer, borrowed; empty when nothing is there or it does not fit `setup` (any more). */
struct span eap_stored_tls(const struct eap_stored *stored, const struct eap_peer_setup *setup);

#endif
