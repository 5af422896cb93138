/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tls_wire - what OpenSSL reads from and writes to, in place of two memory BIOs.
 *
 * Reads a TLS message where libeap has it, and writes the answer into what libeap will send: nothing is
 * copied, and nothing is kept while the peer is waited for.  Not thread-safe; different wires are free.
 */
#ifndef SUPPLICANT_TLS_WIRE_H
#define SUPPLICANT_TLS_WIRE_H

#include <openssl/bio.h>

#include "common/bytes.h"

struct wpabuf;

struct tls_wire {
	struct span in;     /* borrowed: what OpenSSL has not read yet */
	struct wpabuf *out; /* owned: what it wrote; NULL: nothing */
};

/* A BIO on `wire` (borrowed, outlives it), for both directions.  NULL: no memory. */
BIO *tls_wire_bio(struct tls_wire *wire);

#endif
