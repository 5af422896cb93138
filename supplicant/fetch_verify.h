/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fetch_verify - is this the provisioning server?  The judgement behind https-ca, https-pin and https-verify.
 *
 * With https-ca the chain must end there; with https-pin the server's own certificate must have that
 * SHA-256, and is then its own anchor; with both, both.  The rest (dates, purpose, strength, name) is
 * cert_policy's.  Used by fetch.c, in its thread.
 */
#ifndef SUPPLICANT_FETCH_VERIFY_H
#define SUPPLICANT_FETCH_VERIFY_H

#include <openssl/ssl.h>

#include "common/cert_policy.h"

struct fetch_verify {
	struct cert_policy policy;
	const uint8_t *pin;      /* 32 octets; NULL: none */
	X509_STORE *anchors;     /* of https-ca; NULL: none; freed by fetch_verify_done() */
	struct portcall_why why; /* why the server was refused */
};

/* Read `ca_file` (NULL: none).  False: verify->why. */
bool fetch_verify_init(struct fetch_verify *verify, const struct cert_policy *policy,
                       const char *ca_file, const uint8_t *pin);
void fetch_verify_done(struct fetch_verify *verify);

/* Let `verify` judge the sessions of `ctx`, and present the credentials' certificate (NULL: none). */
bool fetch_verify_attach(struct fetch_verify *verify, SSL_CTX *ctx,
                         const struct portcall_credentials *client);

/* What a finished handshake was: TLS version (static) and the server's fingerprint ("" without one). */
const char *fetch_verify_session(SSL *ssl, bool *ret_resumed, char ret_sha256[static 65]);

#endif
