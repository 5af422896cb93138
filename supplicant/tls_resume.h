/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tls_resume - a TLS session for resumption (RFC 5246, RFC 5077, RFC 8446), as octets.
 *
 * What a server's certificate was found to be holds as long as what it was judged by: settings, anchors and
 * revocation lists (eap_peer binds the octets to them) and the dates of its chain, which are in the octets.
 * The certificate itself is not, so that a phone at rest stays small.  No state; thread-safe.
 *
 * The octets hold the session's master secret: whoever has them can impersonate both ends of a resumed
 * session.  Their memory is wiped before it is freed.
 */
#ifndef SUPPLICANT_TLS_RESUME_H
#define SUPPLICANT_TLS_RESUME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

#include "common/bytes.h"
#include "common/cert_policy.h"

enum { TLS_RESUME_MAX = 4096 }; /* octets of a session that is kept; larger ones are not */

/* When a server's whole chain is valid, seconds since 1970. */
struct tls_validity {
	int64_t not_before, not_after;
};

/* Of the verified chain of `ssl`; for ever when nothing was verified. */
struct tls_validity tls_validity_of(const SSL *ssl);
/* ... and is it by the clock of `policy`? */
bool tls_validity_holds(const struct tls_validity *validity, const struct cert_policy *policy);

/* `ret_octets` is heap.  False: too large, not resumable, or no memory. */
bool tls_resume_write(SSL_SESSION *session, const struct tls_validity *validity,
                      uint8_t **ret_octets, size_t *ret_n);

/* NULL: damaged, or no memory. */
SSL_SESSION *tls_resume_read(struct span octets, struct tls_validity *ret_validity);

#endif
