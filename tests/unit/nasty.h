/* SPDX-License-Identifier: BSD-3-Clause */
/* nasty - inputs that are made to cost much: documents, PKCS#12 files, certificates, lists. */
#ifndef TESTS_NASTY_H
#define TESTS_NASTY_H

#include "common/bytes.h"

/* `head`, `part` (printf with its number) until `n` octets are there, `tail`.  On the heap. */
struct span nasty_text(const char *head, const char *part, size_t n, const char *tail);

enum nasty_p12 {
	P12_MANY_BAGS,       /* as many as fit into the file */
	P12_NESTED_BAGS,     /* one inside the other */
	P12_BIG_ATTRIBUTE,   /* of the key */
	P12_MANY_ATTRIBUTES, /* small ones */
	P12_MANY_SAFES,
	P12_SAFES_WITH_WORK, /* each with 1000 iterations */
	P12_MANY_CERTS,
	P12_MAC_ITERATIONS, /* 2^31 - 1 */
	P12_HUGE_KEY,       /* RSA, some 60,000 bits */
	P12_HUGE_CERT,      /* beside the phone's */
	P12_KINDS
};

/* DER, protected by FIXTURE_PASS.  On the heap. */
struct span nasty_p12(enum nasty_p12 kind);
extern const char *const nasty_p12_name[P12_KINDS];

enum nasty_cert {
	CERT_MANY_NAMES, /* relative distinguished names of the subject */
	CERT_MANY_ALTERNATIVE_NAMES,
	CERT_MANY_EXTENSIONS,
	CERT_HUGE_MODULUS,  /* RSA with nothing but it */
	CERT_LONG_EXPONENT, /* RSA-2048 with an exponent as long */
	CERT_KINDS
};

/* DER of a self-signed CA of at most `n` octets.  On the heap. */
struct span nasty_cert(enum nasty_cert kind, size_t n);
extern const char *const nasty_cert_name[CERT_KINDS];

enum nasty_crl { CRL_ENTRIES, CRL_NAMES /* of its issuer */, CRL_EXTENSIONS, CRL_KINDS };

/* DER of at most `n` octets.  On the heap. */
struct span nasty_crl(enum nasty_crl kind, size_t n);
extern const char *const nasty_crl_name[CRL_KINDS];

#endif
