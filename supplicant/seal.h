/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * seal - octets under the phone's pass phrase, for what lies on its disk.
 *
 *	"portcall-sealed-1\n"  iterations[4]  salt[16]  check[8]  nonce[12]  ciphertext  tag[16]
 *
 * key = PBKDF2-HMAC-SHA256(pass phrase, salt, iterations); AES-256-GCM under HMAC-SHA256(key, "encrypt"), all
 * before the ciphertext is authenticated with it; check = the first octets of HMAC-SHA256(key, "check"), which
 * tells another pass phrase from damage.  Guessing the pass phrase costs here what it costs with the PKCS#12
 * that lies inside and that the same pass phrase protects.
 *
 * No I/O.  A struct seal belongs to one thread at a time; it keeps the key that it derived last.
 */
#ifndef SUPPLICANT_SEAL_H
#define SUPPLICANT_SEAL_H

#include <portcall/error.h>

#include "common/bytes.h"

enum {
	SEAL_ITERATIONS = 10000,
	SEAL_ITERATIONS_MAX = 1000000, /* more are not computed */
	SEAL_OVERHEAD = 74,            /* octets beside the text */
	SEAL_DIGEST_LEN = 32,
	SEAL_SALT_LEN = 16,
};

struct seal;

/* `passphrase` is copied; `salt` (random, the phone's own) is for what is written.  NULL: no memory. */
struct seal *seal_new(const char *passphrase, const uint8_t salt[static SEAL_SALT_LEN]);
void seal_free(struct seal *seal); /* NULL is fine; wipes */

bool seal_is_sealed(struct span octets);

/* `ret_octets`: malloc, n + SEAL_OVERHEAD of them.  ERR_MEMORY. */
PORTCALL_MUST_CHECK enum portcall_err seal_close(struct seal *seal, struct span text,
                                                 uint8_t **ret_octets);
/*
 * `ret_text`: malloc, ended with a NUL that does not count, to be wiped by the caller.  ERR_MEMORY;
 * otherwise `ret_reason` says why not: STORE_SEALED (another pass phrase) or STORE_DAMAGED.
 */
PORTCALL_MUST_CHECK enum portcall_err seal_open(struct seal *seal, struct span octets,
                                                char **ret_text, size_t *ret_n,
                                                enum portcall_reason *ret_reason);

/* What knows a text again, but tells nothing of it to others: HMAC-SHA256 under the same pass phrase and salt. */
PORTCALL_MUST_CHECK bool seal_digest(struct seal *seal, struct span text,
                                     uint8_t ret_digest[static SEAL_DIGEST_LEN]);

#endif
