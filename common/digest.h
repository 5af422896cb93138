/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * digest - the message digests of RADIUS (MD5, HMAC-MD5), SHA-256, and what belongs to them.
 *
 * No I/O and no state but the system's random source; thread-safe.  The header names no type of
 * the crypto library, so that protocol machines may use it.
 */
#ifndef COMMON_DIGEST_H
#define COMMON_DIGEST_H

#include <portcall/error.h>

#include "common/bytes.h"

enum { DIGEST_MD5_LEN = 16, DIGEST_SHA256_LEN = 32 };

/*
 * Each takes the concatenation of `count` parts, so that a caller need not copy them together.
 * false: out of memory, or the crypto library does not have the algorithm; `ret_digest` untouched.
 */
bool digest_md5(const struct span *parts, size_t count,
                uint8_t ret_digest[static DIGEST_MD5_LEN]) PORTCALL_MUST_CHECK;
bool digest_sha256(const struct span *parts, size_t count,
                   uint8_t ret_digest[static DIGEST_SHA256_LEN]) PORTCALL_MUST_CHECK;
/* RFC 2104 with MD5; a key of any length. */
bool digest_hmac_md5(struct span key, const struct span *parts, size_t count,
                     uint8_t ret_digest[static DIGEST_MD5_LEN]) PORTCALL_MUST_CHECK;

/* Takes the same time wherever the first difference is. */
bool digest_equal(const void *a, const void *b, size_t n);

/* n octets of the system's random source.  false: it failed; `ret_octets` is not usable. */
bool digest_random(void *ret_octets, size_t n) PORTCALL_MUST_CHECK;

/* Overwrite a secret; not optimised away. */
void digest_wipe(void *secret, size_t n);

#endif
