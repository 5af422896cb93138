/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pki_openssl - the parts of tools/pki that name OpenSSL's types.
 *
 * For pki_*.c and the tools that work on certificates of others; nobody else includes it.
 */
#ifndef TOOLS_PKI_OPENSSL_H
#define TOOLS_PKI_OPENSSL_H

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "common/auto.h"
#include "common/bytes.h"
#include "tools/pki.h"

struct pki_cert {
	X509 *x509;
	EVP_PKEY *key;         /* NULL: somebody else has it */
	STACK_OF(X509) *above; /* intermediate CAs, nearest first; a self-signed root is left out */
	char *serial;
	char *issuer;
};

struct pki_csr {
	X509_REQ *req;
};

AUTO_CLEANUP(bio, BIO *, BIO_free_all)
AUTO_CLEANUP(x509, X509 *, X509_free)
AUTO_CLEANUP(pkey, EVP_PKEY *, EVP_PKEY_free)
AUTO_CLEANUP(pkcs12, PKCS12 *, PKCS12_free)
AUTO_CLEANUP(names, GENERAL_NAMES *, GENERAL_NAMES_free)
AUTO_CLEANUP(x509_name, X509_NAME *, X509_NAME_free)
AUTO_CLEANUP(pki, struct pki_cert *, pki_free)
AUTO_CLEANUP(pki_csr, struct pki_csr *, pki_csr_free)

static inline void auto_certs(STACK_OF(X509) **at)
{
	sk_X509_pop_free(*at, X509_free);
}

/* "what: OpenSSL's reason"; always false, so that callers can return it. */
bool pki_failed(char ret_why[static PKI_WHY_LEN], const char *what);

/* Fills in serial and issuer from the certificate; false: no memory. */
bool pki_facts_set(struct pki_cert *cert);

/* What `bio` (a memory BIO) holds, malloc'ed, NUL-terminated. */
char *pki_bio_text(BIO *bio);

/* What a file held. */
struct pki_material {
	STACK_OF(X509) *certs; /* in its order, each once; NULL: none */
	EVP_PKEY *key;
	X509_REQ *csr;
	X509_CRL *crl;
	bool pkcs12;
	char legacy[160]; /* old algorithms that protect the PKCS#12, for people */
};

/*
 * Adds what `content` holds (zero `m` before the first one).  `passphrase` opens keys and PKCS#12; NULL or
 * "": none, and then a PKCS#12 without protection is read too.  False: `ret_why`.
 */
bool pki_material_read(struct span content, const char *passphrase, struct pki_material *m,
                       char ret_why[static PKI_WHY_LEN]);
void pki_material_done(struct pki_material *m);

static inline void auto_material(struct pki_material *at)
{
	pki_material_done(at);
}

/*
 * The certificate of `key` among `certs` (of several the one that ends last), with the CAs that lead
 * upwards from it, of which a root is left out unless `root`.  `key` may be NULL: then the leaf is the
 * certificate that issued no other one.  Takes references.  NULL: `ret_why`.
 */
struct pki_cert *pki_join(STACK_OF(X509) *certs, EVP_PKEY *key, bool root,
                          char ret_why[static PKI_WHY_LEN]);

/* Adds what `san` says ("DNS:a.example", "IP:10.0.0.1", "email:", "URI:", "UPN:") to `names`. */
bool pki_san_add(GENERAL_NAMES *names, const char *san, char ret_why[static PKI_WHY_LEN]);

/* As pki_request.san takes them; kinds that have no such text are left out.  NULL: no memory. */
char **pki_san_list(const GENERAL_NAMES *names);

/* "C=DE, O=Example, CN=phone1" or "/C=DE/O=Example/CN=phone1" as a name.  NULL: `ret_why`. */
X509_NAME *pki_name_read(const char *text, char ret_why[static PKI_WHY_LEN]);

#endif
