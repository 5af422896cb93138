/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Credentials: trust anchors and the client certificate with its key, read once from items and
 * shared by any number of supplicants.
 *
 * Opaque, immutable and reference-counted; thread-safe.  Keys are wiped when the last reference goes.
 */
#ifndef PORTCALL_CREDENTIALS_H
#define PORTCALL_CREDENTIALS_H

#include <stdbool.h>
#include <stdint.h>
#include <portcall/items.h>

#ifdef __cplusplus
extern "C" {
#endif

/* modern: RSA >= 2048 or P-256/P-384, SHA-2.  optipoint: RSA-1024, SHA-1 and MD5 too (period-compatible). */
enum portcall_profile { PORTCALL_PROFILE_MODERN, PORTCALL_PROFILE_OPTIPOINT };

/*
 * How a server's certificate is judged.  none: not at all.  trusted: chain, dates, purpose.
 * full: trusted, and the server's name and unknown critical extensions.
 */
enum portcall_verify { PORTCALL_VERIFY_TRUSTED, PORTCALL_VERIFY_FULL, PORTCALL_VERIFY_NONE };

/*
 * OCSP responses that a server staples (RFC 6066 8).  stapled: asked for, and judged when one comes.
 * require: no server without a good one.  none: not asked for.
 */
enum portcall_ocsp { PORTCALL_OCSP_STAPLED, PORTCALL_OCSP_REQUIRE, PORTCALL_OCSP_NONE };

struct portcall_credentials;

struct portcall_credentials_options {
	size_t size;            /* sizeof(struct portcall_credentials_options) */
	const char *passphrase; /* UTF-8; NULL and "" are both "none"; not kept */
	enum portcall_profile profile;
	enum portcall_verify verify;  /* trusted and full ask for at least one anchor */
	bool unencrypted_pkcs12;      /* read a PKCS#12 without protection */
	int64_t now;                  /* seconds since 1970, for expiry; 0: do not judge dates */
	portcall_finding_fn *finding; /* each finding, warnings too; may be NULL */
	void *finding_ctx;
	unsigned pkcs12_iterations; /* most key derivation iterations that are done; 0: 1,000,000 */
};

/*
 * Credentials from radius-server-ca1, radius-server-ca2 and 802.1x-certificate of `items`.
 * On failure `ret_why` names the reason, item text and line; `ret_credentials` is untouched.
 * An expired anchor is skipped and reported when another one is left.
 */
PORTCALL_API PORTCALL_MUST_CHECK enum portcall_err portcall_credentials_read(
	const struct portcall_items *items, const struct portcall_credentials_options *options,
	struct portcall_credentials **ret_credentials, struct portcall_why *ret_why);

PORTCALL_API struct portcall_credentials *portcall_credentials_ref(
	struct portcall_credentials *credentials);
PORTCALL_API void portcall_credentials_unref(
	struct portcall_credentials *credentials); /* NULL is fine */

/* What a certificate says; strings are owned by the credentials. */
struct portcall_certificate_info {
	const char *subject; /* RFC 2253 */
	const char *issuer;
	const char *issuer_oneline; /* as FreeRADIUS prints it: /C=DE/O=... (X509_NAME_oneline) */
	const char *common_name;    /* "" without one */
	const char *san;            /* first DNS, e-mail, UPN or URI name; "" without one */
	const char *serial;         /* lower-case hex, as FreeRADIUS prints it: 03e9 */
	int64_t not_before;         /* seconds since 1970 */
	int64_t not_after;
	const char *key;      /* "RSA-2048", "P-256" */
	char sha256[65];      /* of the DER form, lower-case hex */
	char spki_sha256[65]; /* of the SubjectPublicKeyInfo */
	int slot;             /* 1 or 2 for an anchor, 0 for the client's */
	bool pinned;          /* an anchor that is not a CA */
	size_t chain;         /* client: certificates sent along with it */
};

PORTCALL_API enum portcall_profile portcall_credentials_profile(
	const struct portcall_credentials *credentials);
PORTCALL_API const struct portcall_certificate_info *portcall_credentials_client(
	const struct portcall_credentials *credentials);
PORTCALL_API size_t
portcall_credentials_anchor_count(const struct portcall_credentials *credentials);
PORTCALL_API const struct portcall_certificate_info *portcall_credentials_anchor(
	const struct portcall_credentials *credentials, size_t i);

/*
 * Certificate revocation lists (RFC 5280 5) of the CAs that vouch for servers.  Opaque, immutable,
 * reference-counted, thread-safe; apart from the credentials, because they change more often.
 *
 * A list speaks about the certificates of the CA whose key signed it: what it names is refused, also when
 * the list is past its nextUpdate.  A certificate whose CA has no list here is not refused for that.
 */
struct portcall_crls;

enum {
	PORTCALL_CRLS_MAX_FILE = 256 << 10, /* octets: some 7,000 revoked certificates */
	PORTCALL_CRLS_MAX_COUNT = 16,
};

struct portcall_crl_info {
	const char *issuer;  /* RFC 2253; owned by the lists */
	int64_t this_update; /* seconds since 1970 */
	int64_t next_update; /* 0: it does not say */
	size_t revoked;      /* certificates in it */
};

/*
 * Read a file of `n` octets: one list in DER, or PEM blocks "X509 CRL" (other blocks are passed over).
 * Lists that cannot be used (delta lists, unknown critical extensions) are skipped and reported, and those
 * past their nextUpdate at `now` (seconds since 1970; 0: not judged) are reported.  ERR_SYNTAX, ERR_LIMIT,
 * ERR_REFUSED (none is left) or ERR_MEMORY: `ret_why` has reason, text and line, `ret_crls` is untouched.
 */
PORTCALL_API PORTCALL_MUST_CHECK enum portcall_err portcall_crls_read(
	const void *file, size_t n, int64_t now, portcall_finding_fn *finding, void *ctx,
	struct portcall_crls **ret_crls, struct portcall_why *ret_why);

PORTCALL_API struct portcall_crls *portcall_crls_ref(struct portcall_crls *crls); /* NULL is fine */
PORTCALL_API void portcall_crls_unref(struct portcall_crls *crls);                /* NULL is fine */
PORTCALL_API size_t portcall_crls_count(const struct portcall_crls *crls);        /* 0 for NULL */
PORTCALL_API const struct portcall_crl_info *portcall_crls_at(const struct portcall_crls *crls,
                                                              size_t i);

#ifdef __cplusplus
}
#endif
#endif
