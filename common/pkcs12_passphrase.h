/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pkcs12_passphrase - the octets that one pass phrase may have become inside a PKCS#12.
 *
 * RFC 7292 takes the pass phrase as a BMPString, PBES2 (RFC 8018) takes octets, UTF-8 by advice.  Tools differ
 * beyond ASCII, and old ones within it:
 *
 *	OpenSSL 1.0    widened each octet of the terminal's encoding to a BMPString's character; PBES2: those octets
 *	NSS < 3.31     PBES2: the BMPString with its end
 *	no pass phrase BMPString: "" (two zero octets) or nothing at all
 *
 * Pure but for the memory of the variants, which is wiped.  Not thread-safe.
 */
#ifndef COMMON_PKCS12_PASSPHRASE_H
#define COMMON_PKCS12_PASSPHRASE_H

#include <stdbool.h>
#include <stddef.h>

/* Which of the two ways a key derivation takes its pass phrase, as OpenSSL's functions expect it. */
enum pkcs12_encoding {
	PKCS12_BMP,   /* the MAC and the schemes of PKCS#12: OpenSSL makes a BMPString of UTF-8 */
	PKCS12_OCTETS /* PBES2 and the schemes of PKCS#5: as it is */
};

enum pkcs12_origin { PKCS12_GIVEN, PKCS12_EMPTY, PKCS12_ABSENT };

struct pkcs12_try {
	const char *text; /* NULL: absent */
	int n;
	enum pkcs12_origin origin;
};

struct pkcs12_passphrases {
	struct pkcs12_try list[2][5]; /* by encoding, to be tried in this order */
	size_t n[2];
	char *memory;
	size_t memory_n;
};

/* `passphrase` is UTF-8 (if it is none, ISO-8859-1) and outlives `p`; NULL and "": none.  False: no memory. */
bool pkcs12_passphrases_init(struct pkcs12_passphrases *p, const char *passphrase);
void pkcs12_passphrases_done(struct pkcs12_passphrases *p);

/* The i-th of the list fits: it goes first from now on, and only its origin is tried. */
void pkcs12_passphrases_found(struct pkcs12_passphrases *p, enum pkcs12_encoding encoding,
                              size_t i);

#endif
