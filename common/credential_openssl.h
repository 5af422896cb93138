/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * credential_openssl - the parsed objects of portcall_credentials, and the policy on them.
 *
 * The only header that names OpenSSL's types; included by credential.c, cert_policy.c,
 * tls_backend.c and fetch.c alone.  The objects are read-only and shared by every session.
 */
#ifndef COMMON_CREDENTIAL_OPENSSL_H
#define COMMON_CREDENTIAL_OPENSSL_H

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "common/bytes.h"
#include "common/cert_policy.h"
#include "common/pkcs12_passphrase.h"

/* Borrowed: live as long as the credentials.  Take OpenSSL references to keep one longer. */
struct credential_parts {
	X509 *client;
	EVP_PKEY *key;
	STACK_OF(X509) *chain; /* to be sent behind `client`, leaf upwards, no root; may be empty */
	X509_STORE *anchors; /* of both slots; partial chains allowed where an anchor is no root */
	enum portcall_profile profile;
};

struct credential_parts credential_parts(const struct portcall_credentials *credentials);

/*
 * The one SSL_CTX that all sessions of `credentials` share: made by `make` at the first call (any thread may
 * ask; of two at once one context stays), and freed with them.  Borrowed.  NULL: `make` failed; the next call tries again.
 */
SSL_CTX *credential_ssl_ctx(struct portcall_credentials *credentials,
                            SSL_CTX *(*make)(const struct credential_parts *parts));

/* --- building (credential_read.c) ---------------------------------------------------------------- */

struct portcall_credentials *credentials_new(enum portcall_profile profile); /* NULL: no memory */
/* Both take references, and give what the certificate says; NULL: no memory. */
const struct portcall_certificate_info *credentials_add_anchor(struct portcall_credentials *c,
                                                               X509 *cert, int slot,
                                                               const char *name);
const struct portcall_certificate_info *credentials_set_client(struct portcall_credentials *c,
                                                               X509 *leaf, EVP_PKEY *key,
                                                               STACK_OF(X509) *certs);

/*
 * A store of the certificates in `text` (PEM, or base64 DER), each named `name` in details
 * ("https-ca").  Anchors that `policy` refuses are left out; NULL and `ret_why`: none is left.
 */
X509_STORE *credential_anchors(const char *text, size_t n, const char *name,
                               const struct cert_policy *policy, struct portcall_why *ret_why);

/*
 * Security level from the profile, and how chains are verified: what the functions below build on.  Call it
 * before SSL_CTX_use_certificate(): OpenSSL judges the own certificate by this level.
 */
void cert_policy_setup(SSL_CTX *ctx, enum portcall_profile profile);

/*
 * Let `ssl` (a client) judge the server by `policy` against `anchors` (NULL: those of its SSL_CTX).
 * `verdict` is filled here, and again during the handshake when a certificate is refused: then
 * verdict->why has reason and detail, and OpenSSL sends the right alert.  False: no memory, or a
 * `server_name` that is none (verdict->why says so).
 */
bool cert_policy_attach(SSL *ssl, const struct cert_policy *policy, X509_STORE *anchors,
                        struct cert_verdict *verdict);

/* The same for a whole SSL_CTX with one session at a time (libcurl). */
bool cert_policy_attach_ctx(SSL_CTX *ctx, const struct cert_policy *policy, X509_STORE *anchors,
                            struct cert_verdict *verdict);

/* The checker: what a handshake would say about `leaf` with the untrusted `chain` (may be NULL). */
PORTCALL_MUST_CHECK enum portcall_err cert_policy_judge(const struct cert_policy *policy,
                                                        X509_STORE *anchors, X509 *leaf,
                                                        STACK_OF(X509) *chain,
                                                        struct portcall_why *ret_why);

/* Kind and strength of a key: NONE when the profile admits it, else WEAK_KEY or KEY_TYPE and a text. */
enum portcall_reason cert_policy_key(EVP_PKEY *key, enum portcall_profile profile,
                                     char ret_text[static 240]);
/* The digest that `cert` is signed with: NONE, or WEAK_DIGEST and a text. */
enum portcall_reason cert_policy_digest(X509 *cert, enum portcall_profile profile,
                                        char ret_text[static 240]);
/* NONE, CERT_EXPIRED or CERT_NOT_YET_VALID at `time` (seconds since 1970). */
enum portcall_reason cert_policy_dates(X509 *cert, int64_t time);

/* Appends to a text of fixed size; what does not fit is cut. */
__attribute__((format(printf, 2, 3))) void cert_append(char text[static 240], const char *fmt, ...);
/* "; notAfter 2026-05-27T20:26:40Z" */
void cert_append_date(char text[static 240], const char *what, const ASN1_TIME *date);

/* Lower-case hex of the SHA-256 of the DER form, of the SubjectPublicKeyInfo; "" when out of memory. */
void cert_sha256(X509 *cert, char ret_hex[static 65]);
void cert_spki_sha256(X509 *cert, char ret_hex[static 65]);
int64_t cert_seconds(const ASN1_TIME *date); /* since 1970; 0: malformed */
/* "RSA-2048", "P-256", "ED25519"; "unknown" for NULL, as X509_get0_pubkey() may give */
void cert_key_name(EVP_PKEY *key, char ret_name[static 32]);
/* The INTEGER's octets in lower-case hex, as FreeRADIUS prints them ("03e9"); "" when they do not fit. */
void cert_serial(X509 *cert, char *ret_hex, size_t n);
/* RFC 2253 form in UTF-8: cut when too long, control characters escaped. */
void cert_name(const X509_NAME *name, char *ret_text, size_t n);
void cert_subject(X509 *cert, char *ret_text, size_t n); /* the same for people: never empty */

/* The first CN, the first DNS, e-mail, UPN or URI name, in UTF-8; "" without one. */
void cert_common_name(X509 *cert, char *ret_text, size_t n);
void cert_alternative_name(X509 *cert, char *ret_text, size_t n);
/* What OpenSSL's error queue says about DER that did not parse; empties the queue. */
void der_damage(char *ret_text, size_t n);

/* --- trust anchors (anchor.c) --------------------------------------------------------------------- */

/*
 * Adds the certificates in `text` to `certs`: PEM blocks, or one DER in base64.  `line` is where the
 * text begins.  A private key in it refuses the whole text.
 */
PORTCALL_MUST_CHECK enum portcall_err anchors_parse(struct span text, int line,
                                                    STACK_OF(X509) *certs,
                                                    struct portcall_why *ret_why);

/* Could `cert` ever vouch for a server?  NONE, CERT_EXPIRED, WEAK_KEY or KEY_TYPE and a text. */
enum portcall_reason anchor_judge(X509 *cert, const struct cert_policy *policy,
                                  char ret_text[static 240]);

/* Names `cert` after its slot, in details, and adds it; false: no memory. */
bool anchor_add(X509_STORE *store, X509 *cert, const char *name);

/* --- revocation (crl.c, ocsp.c) --------------------------------------------------------------------- */

/* Does a list that `issuer` signed name `cert`?  Then `ret_text` says since when and why. */
bool crls_revoked(const struct portcall_crls *crls, X509 *cert, X509 *issuer,
                  char ret_text[static 240]);

/*
 * What the stapled OCSP response (DER, empty: none) means for `leaf` under `issuer` (NULL: unknown): NONE,
 * SERVER_REVOKED, or SERVER_STATUS where a good one is asked for and this is none; with a text.
 */
enum portcall_reason ocsp_judge(const struct cert_policy *policy, struct span response, X509 *leaf,
                                X509 *issuer, char ret_text[static 240]);

/* --- PKCS#12 (pkcs12.c) ------------------------------------------------------------------------- */

enum { CREDENTIAL_MAX_CERTS = 16, PKCS12_MAX_ITERATIONS = 1000000 };

/* What was in a PKCS#12, parsed in the default library context. */
struct pkcs12_contents {
	EVP_PKEY *key;
	STACK_OF(X509) *certs; /* in the file's order */
	char legacy[160];      /* the old algorithms that protect it, for people; "" none */
};

/*
 * Read DER.  `passphrase` is UTF-8, NULL and "" are both none; encodings of old tools are tried, too.
 * Sizes, counts and key derivation iterations (at most `iterations` each, six times that together)
 * are checked before work is done.  ERR_MEMORY,
 * ERR_LIMIT, ERR_SYNTAX or ERR_REFUSED with reason and text in `ret_why`.  OpenSSL's legacy
 * provider is loaded into a library context of its own, and only when the file needs it.
 */
PORTCALL_MUST_CHECK enum portcall_err pkcs12_read(struct span der, const char *passphrase,
                                                  bool unencrypted, unsigned iterations,
                                                  struct pkcs12_contents *ret_contents,
                                                  struct portcall_why *ret_why);
void pkcs12_done(struct pkcs12_contents *contents);

/* What the file says about the protection of one of its parts (pkcs12_protection.c). */
struct pkcs12_protection {
	int64_t iterations;            /* of the key derivation; -1: no number that fits */
	const char *old;               /* its name for people when it is an old one, else NULL */
	bool needs_legacy;             /* only OpenSSL's legacy provider knows it */
	enum pkcs12_encoding encoding; /* of the pass phrase */
};

/* ERR_SYNTAX or ERR_REFUSED with reason and text in `ret_why`; `what` begins the text. */
enum portcall_err pkcs12_protection(const X509_ALGOR *algorithm, const char *what,
                                    struct pkcs12_protection *ret, struct portcall_why *ret_why);
int64_t pkcs12_count(const ASN1_INTEGER *value); /* -1: no number that fits */

#endif
