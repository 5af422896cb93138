/* SPDX-License-Identifier: BSD-3-Clause */
/* revocation_fixture - revocation lists and OCSP responses of any (also wrong) kind for the tests. */
#ifndef TESTS_REVOCATION_FIXTURE_H
#define TESTS_REVOCATION_FIXTURE_H

#include "common/bytes.h"
#include "tests/unit/pki_fixture.h"

/* Zero is a sensible value everywhere; days count from FIXTURE_NOW. */
struct fixture_crl {
	EVP_PKEY *key;      /* signs instead of the issuer's own */
	uint64_t serial[4]; /* of what is revoked, ended by 0; reason keyCompromise */
	size_t more;        /* further serials, from 1,000,000 on */
	long from, to;      /* thisUpdate, nextUpdate; both 0: -1 and 30 */
	bool no_next;
	bool removed;          /* the reason is removeFromCRL */
	bool delta;            /* a delta list */
	bool unknown_critical; /* a critical extension that nobody knows */
	const char *digest;    /* of the signature; NULL: SHA256 */
};

/* DER on the heap, to be freed. */
struct span fixture_crl(const struct fixture_cert *issuer, struct fixture_crl spec);
char *fixture_crl_pem(struct span der); /* free() */

#endif
