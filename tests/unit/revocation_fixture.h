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
	size_t extensions;     /* further ones that are not critical */
	const char *digest;    /* of the signature; NULL: SHA256 */
};

/* DER on the heap, to be freed. */
struct span fixture_crl(const struct fixture_cert *issuer, struct fixture_crl spec);
char *fixture_crl_pem(struct span der); /* free() */

struct fixture_ocsp {
	const struct fixture_cert *issuer, *leaf; /* whose status it is */
	const struct fixture_cert *signer;        /* NULL: the issuer */
	bool send_signer;                         /* its certificate goes along */
	enum { OCSP_SAYS_GOOD, OCSP_SAYS_REVOKED, OCSP_SAYS_UNKNOWN } status;
	long from, to; /* thisUpdate, nextUpdate; both 0: -1 and 7 */
	bool no_next;
	int error;             /* OCSP_RESPONSE_STATUS_...: no status at all */
	const char *digest;    /* of the signature; NULL: SHA256 */
	const char *id_digest; /* of the certificate's id; NULL: SHA1 */
	size_t others;         /* statuses of other certificates before it */
	bool by_key;           /* the responder is named by its key */
};

struct span fixture_ocsp(struct fixture_ocsp spec); /* DER on the heap, to be freed */

void span_free(struct span s);

#endif
