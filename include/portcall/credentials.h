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

PORTCALL_API const struct portcall_certificate_info *portcall_credentials_client(
	const struct portcall_credentials *credentials);
PORTCALL_API size_t
portcall_credentials_anchor_count(const struct portcall_credentials *credentials);
PORTCALL_API const struct portcall_certificate_info *portcall_credentials_anchor(
	const struct portcall_credentials *credentials, size_t i);

#ifdef __cplusplus
}
#endif
#endif
