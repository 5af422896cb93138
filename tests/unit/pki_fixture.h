/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pki_fixture - certificates, keys and PKCS#12 files of any (also wrong) kind for the tests.
 *
 * Failures are assertions of the test.  Dates count from FIXTURE_NOW, so nothing expires for real.
 */
#ifndef TESTS_PKI_FIXTURE_H
#define TESTS_PKI_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#define FIXTURE_NOW  INT64_C(1780000000) /* May 2026 */
#define FIXTURE_PASS "Sesam, oeffne dich"

enum fixture_key {
	KEY_P256,
	KEY_P384,
	KEY_P521,
	KEY_P192,
	KEY_ED25519,
	KEY_RSA_512,
	KEY_RSA_1024,
	KEY_RSA_2048,
	KEY_RSA_4096,
	KEY_EXPLICIT, /* P-256, its parameters spelt out */
};

/* Zero is a sensible value everywhere. */
struct fixture_spec {
	const char *subject;  /* "C=DE/O=Lab/CN=phone1"; NULL: "CN=test" */
	enum fixture_key key; /* unless `same_key` */
	EVP_PKEY *same_key;
	const char *digest;    /* of the signature; NULL: SHA256 */
	long from, to;         /* days from FIXTURE_NOW; both 0: -30 and 365 */
	const char *ext[8];    /* "basicConstraints=critical,CA:TRUE", ... ended by NULL */
	bool unknown_critical; /* adds a critical extension that nobody knows */
	bool version1;
	bool pss;        /* an RSA issuer signs with RSA-PSS */
	uint64_t serial; /* 0: 1001 */
};

struct fixture_cert {
	X509 *cert;
	EVP_PKEY *key;
};

EVP_PKEY *fixture_key(enum fixture_key kind); /* the caller frees; RSA keys are made once */
/* Signed by `issuer`, or by itself (NULL). */
struct fixture_cert fixture_cert(const struct fixture_cert *issuer, struct fixture_spec spec);
struct fixture_cert fixture_ca(const struct fixture_cert *issuer, const char *subject);
struct fixture_cert fixture_client(const struct fixture_cert *ca, const char *subject);
struct fixture_cert fixture_server(const struct fixture_cert *ca, const char *name);
void fixture_done(struct fixture_cert *cert);

char *fixture_pem(X509 *cert);                 /* free() */
char *fixture_base64(const void *p, size_t n); /* 64 columns; free() */
char *fixture_der_base64(X509 *cert);
char *fixture_key_pem(EVP_PKEY *key);

struct fixture_p12 {
	const struct fixture_cert *own; /* key and certificate */
	EVP_PKEY *key;                  /* instead of own->key */
	EVP_PKEY *second_key;
	bool no_key, no_cert;
	X509 *more[4];         /* further certificates, ended by NULL */
	X509 *before;          /* a certificate in front of the own one */
	const char *pass;      /* NULL: FIXTURE_PASS */
	bool null_pass;        /* encoded as absent */
	const char *mac_pass;  /* for the MAC and the schemes of PKCS#12, in UTF-8; NULL: pass */
	size_t pass_n;         /* octets of `pass` where it holds NUL; 0: strlen */
	int key_nid, cert_nid; /* 0: AES-256 (PBES2); -1: not encrypted; else a PBE NID */
	const char *mac;       /* digest; NULL: SHA256 */
	bool no_mac;
	int iterations;     /* 0: 2048 */
	int mac_iterations; /* 0: the same */
};
char *fixture_p12(struct fixture_p12 spec); /* base64 in 64 columns; free() */

/* A document with these items; a NULL text leaves the item out.  free() */
char *fixture_document(const char *ca1, const char *ca2, const char *certificate);

char *fixture_replace(const char *text, const char *what, const char *by); /* each time; free() */

#endif
