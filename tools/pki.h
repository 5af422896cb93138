/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pki - a certificate authority for the lab and the tests (X.509 v3, RFC 5280; PKCS#12, RFC 7292).
 *
 * Makes CAs and certificates in memory and gives them as PEM files, PEM text or PKCS#12.  Private
 * keys are on disk only where pki_write_key() put them, and wiped by pki_free().  Thread-safe as long
 * as one object is not used by two threads.
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

enum pki_key { PKI_P256, PKI_P384, PKI_RSA_1024, PKI_RSA_2048 };
enum pki_digest { PKI_SHA256, PKI_SHA1, PKI_MD5 };
enum pki_purpose {
	PKI_ANY,
	PKI_SERVER,
	PKI_CLIENT
}; /* extended key usage; PKI_ANY: none is written */
enum { PKI_WHY_LEN = 200 };

/*
 * Containers.  modern: AES-256-CBC, PBKDF2 with HMAC-SHA256, SHA-256 MAC.
 * optipoint: as the tools of 2006 made them: RC2-40 certificates, 3DES key, SHA-1 MAC.
 */
enum pki_container { PKI_MODERN, PKI_OPTIPOINT };

/* What a certificate is to say.  Zero is a sensible value everywhere but in the two dates. */
struct pki_request {
	const char *cn;         /* common name; NULL: none */
	const char *o;          /* organization; NULL: none */
	const char *const *dns; /* subjectAltName, ended by NULL; NULL: none */
	const char *const
		*ip; /* subjectAltName: IPv4 or IPv6 addresses, ended by NULL; NULL: none */
	enum pki_purpose purpose;
	enum pki_key key;
	enum pki_digest digest; /* of the signature on this certificate */
	uint64_t serial;        /* 0: 63 random bits */
	int64_t not_before;     /* seconds since 1970 */
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

const char *pki_serial(
	const struct pki_cert *cert); /* lower-case hex, as FreeRADIUS prints it: 03e9 */
const char *pki_issuer(const struct pki_cert *cert); /* one line: /O=Portcall Lab/CN=Phone CA */

/* PEM text of the certificate, and with `chain` of the intermediate CAs above it; malloc'ed; NULL: no memory. */
char *pki_pem(const struct pki_cert *cert, bool chain);

/* Write PEM files (replacing what is there): the certificate with mode 0644, its key with mode 0600. */
bool pki_write_cert(const struct pki_cert *cert, bool chain, const char *path,
                    char ret_why[static PKI_WHY_LEN]);
bool pki_write_key(const struct pki_cert *cert, const char *path, char ret_why[static PKI_WHY_LEN]);

/*
 * Key, certificate and intermediate CAs as PKCS#12 (DER) under `passphrase` (UTF-8); malloc'ed; NULL: failed.
 * The old algorithms come from a private library context; the process never learns them.
 */
uint8_t *pki_pkcs12(const struct pki_cert *cert, const char *passphrase,
                    enum pki_container container, size_t *ret_n, char ret_why[static PKI_WHY_LEN]);

/* The same as base64 text in lines of 64, as it stands in an 802.1x-certificate item; malloc'ed; NULL: failed. */
char *pki_pkcs12_base64(const struct pki_cert *cert, const char *passphrase,
                        enum pki_container container, char ret_why[static PKI_WHY_LEN]);

#endif
