/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pki - certificates made in memory (X.509 v3, RFC 5280; PKCS#12, RFC 7292; PKCS#10, RFC 2986).
 *
 * Makes CAs, certificates and requests and gives them as PEM, files or PKCS#12.  The lab, the tests and
 * `portcall cert` make theirs with it.  Private keys are on disk only where pki_write_key() put them,
 * and wiped by pki_free().  No extension but basicConstraints is critical: old phones fail on others.
 * Thread-safe as long as one object is not changed by two threads; a CA may issue in several at once.
 *
 * Calls that can fail take `ret_why`: one sentence, untouched on success.  Nothing is printed.
 *
 *	struct pki_request ca_request = { .cn = "Phone CA", .o = "Portcall Lab", .key = PKI_P256,
 *	                                  .not_before = now - 60, .not_after = now + 86400 };
 *	struct pki_cert *ca = pki_ca(NULL, &ca_request, why);
 *	struct pki_request phone = { .cn = "phone1", .purpose = PKI_CLIENT, .key = PKI_P256,
 *	                             .serial = 0x03e9, .not_before = ..., .not_after = ... };
 *	struct pki_cert *cert = pki_issue(ca, &phone, why);
 *	char *item = pki_pkcs12_base64(cert, passphrase, PKI_MODERN, why);
 */
#ifndef TOOLS_PKI_H
#define TOOLS_PKI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pki_key { PKI_P256, PKI_P384, PKI_RSA_1024, PKI_RSA_2048, PKI_RSA_4096 };
enum pki_digest { PKI_SHA256, PKI_SHA1, PKI_MD5 };
/* extended key usage; PKI_ANY: none is written */
enum pki_purpose { PKI_ANY, PKI_SERVER, PKI_CLIENT, PKI_BOTH };
enum { PKI_WHY_LEN = 200, PKI_NAME_LEN = 512 };

/*
 * Containers.  modern: AES-256-CBC, PBKDF2 with HMAC-SHA256, SHA-256 MAC.
 * optipoint: as the tools of 2006 made them: RC2-40 certificates, 3DES key, SHA-1 MAC, 2048 iterations.
 */
enum pki_container { PKI_MODERN, PKI_OPTIPOINT };

struct pki_csr; /* a request of somebody who has the key (PKCS#10) */

/* What a certificate is to say.  Zero is a sensible value everywhere but in the two dates. */
struct pki_request {
	const char *cn;         /* common name; NULL: none */
	const char *o;          /* organization; NULL: none */
	const char *subject;    /* the whole name instead: "C=DE, O=Example, CN=phone1" */
	const char *const *dns; /* subjectAltName, ended by NULL; NULL: none */
	const char *const *ip;  /* subjectAltName: IPv4 or IPv6 addresses, likewise */
	const char *const *san; /* subjectAltName: "DNS:x", "IP:x", "email:x", "URI:x", "UPN:x" */
	enum pki_purpose purpose;
	enum pki_key key;
	const struct pki_csr *csr; /* its key instead of a new one */
	enum pki_digest digest;    /* of the signature on this certificate */
	uint64_t serial;           /* 0: 63 random bits */
	int64_t not_before;        /* seconds since 1970 */
	int64_t not_after;
};

struct pki_cert; /* a certificate, its private key and the CA certificates above it */

/* A CA: self-signed without `issuer`, else an intermediate CA.  NULL: failed.  `purpose` is not used. */
struct pki_cert *pki_ca(const struct pki_cert *issuer, const struct pki_request *request,
                        char ret_why[static PKI_WHY_LEN]);

/* A certificate for a server or client, signed by `ca` (borrowed for the call only).  NULL: failed. */
struct pki_cert *pki_issue(const struct pki_cert *ca, const struct pki_request *request,
                           char ret_why[static PKI_WHY_LEN]);
void pki_free(struct pki_cert *cert); /* NULL is fine */

/* Lower-case hex, as FreeRADIUS prints it: 03e9. */
const char *pki_serial(const struct pki_cert *cert);
const char *pki_issuer(const struct pki_cert *cert); /* one line: /O=Portcall Lab/CN=Phone CA */
/* The subject as pki_request.subject takes it; false: it does not fit. */
bool pki_subject(const struct pki_cert *cert, char *ret_text, size_t n);
bool pki_common_name(const struct pki_cert *cert, char *ret_text, size_t n); /* "" without one */
int64_t pki_not_before(const struct pki_cert *cert); /* seconds since 1970 */
int64_t pki_not_after(const struct pki_cert *cert);
bool pki_is_ca(const struct pki_cert *cert);
/* The kind of its key; false: none that is made here. */
bool pki_key_kind(const struct pki_cert *cert, enum pki_key *ret_key);

/* --- names ---------------------------------------------------------------------------------------- */

/*
 * `subject` with each '?' of its CN replaced by `value`; without '?' there, or when it does not fit
 * `n` or RFC 5280's 64 characters, false and `ret_why`.
 */
bool pki_name_fill(const char *subject, const char *value, char *ret_text, size_t n,
                   char ret_why[static PKI_WHY_LEN]);
/* `subject` with `cn` in place of its CN (added when there is none). */
bool pki_name_with_cn(const char *subject, const char *cn, char *ret_text, size_t n,
                      char ret_why[static PKI_WHY_LEN]);
/* The CN of `subject`, "" without one; false: `subject` is no name. */
bool pki_name_cn(const char *subject, char *ret_cn, size_t n, char ret_why[static PKI_WHY_LEN]);

/* --- requests --------------------------------------------------------------------------------------- */

/* A request with a new key of `request->key`, which `ret_key_pem` gives (wipe it); NULL: failed. */
char *pki_csr_make(const struct pki_request *request, char **ret_key_pem,
                   char ret_why[static PKI_WHY_LEN]);
/* PEM (CERTIFICATE REQUEST or Microsoft's NEW CERTIFICATE REQUEST) or DER; its signature is verified. */
struct pki_csr *pki_csr_read(const void *p, size_t n, char ret_why[static PKI_WHY_LEN]);
void pki_csr_free(struct pki_csr *csr);
/* As pki_request.subject takes it. */
bool pki_csr_subject(const struct pki_csr *csr, char *ret_text, size_t n);
/* Its alternative names as pki_request.san takes them: malloc'ed list and texts, ended by NULL. */
char **pki_csr_san(const struct pki_csr *csr);
void pki_san_free(char **san);

/* --- giving it away ----------------------------------------------------------------------------------- */

/* PEM text of the certificate, and with `chain` of the intermediate CAs above it; malloc'ed; NULL: no memory. */
char *pki_pem(const struct pki_cert *cert, bool chain);

/* PEM of the private key (PKCS#8), under `passphrase` unless NULL; malloc'ed, wipe it. NULL: failed. */
char *pki_key_pem(const struct pki_cert *cert, const char *passphrase, unsigned iterations,
                  char ret_why[static PKI_WHY_LEN]);

/* Write PEM files (replacing what is there): the certificate with mode 0644, its key with mode 0600. */
bool pki_write_cert(const struct pki_cert *cert, bool chain, const char *path,
                    char ret_why[static PKI_WHY_LEN]);
bool pki_write_key(const struct pki_cert *cert, const char *path, char ret_why[static PKI_WHY_LEN]);

struct pki_pkcs12_options {
	enum pki_container container;
	unsigned iterations; /* of modern; 0: 2048 */
	const char *name;    /* friendlyName; NULL: none */
};

/*
 * Key, certificate and intermediate CAs as PKCS#12 (DER) under `passphrase` (UTF-8); malloc'ed; NULL: failed.
 * The old algorithms come from a private library context; the process never learns them.
 */
uint8_t *pki_pkcs12_with(const struct pki_cert *cert, const char *passphrase,
                         const struct pki_pkcs12_options *options, size_t *ret_n,
                         char ret_why[static PKI_WHY_LEN]);
uint8_t *pki_pkcs12(const struct pki_cert *cert, const char *passphrase,
                    enum pki_container container, size_t *ret_n, char ret_why[static PKI_WHY_LEN]);

/* The same as base64 text in lines of 64, as it stands in an 802.1x-certificate item; malloc'ed; NULL: failed. */
char *pki_pkcs12_base64(const struct pki_cert *cert, const char *passphrase,
                        enum pki_container container, char ret_why[static PKI_WHY_LEN]);

#endif
