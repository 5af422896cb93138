/* SPDX-License-Identifier: BSD-3-Clause */
/* pki - a certificate authority for the lab and the tests, on OpenSSL 3. */
#include "tools/pki.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "common/auto.h"

struct pki_cert {
	X509 *x509;
	EVP_PKEY *key;
	STACK_OF(X509) *above; /* intermediate CAs, nearest first; a self-signed root is left out */
	char *serial;
	char *issuer;
};

enum { PKCS12_ITERATIONS = 2048 };

AUTO_CLEANUP(bio, BIO *, BIO_free_all)
AUTO_CLEANUP(pkcs12, PKCS12 *, PKCS12_free)
AUTO_CLEANUP(names, GENERAL_NAMES *, GENERAL_NAMES_free)
AUTO_CLEANUP(pki, struct pki_cert *, pki_free)

/* "what: OpenSSL's reason"; always false, so that callers can return it. */
static bool failed(char why[static PKI_WHY_LEN], const char *what)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	snprintf(why, PKI_WHY_LEN, "%s: %s.", what, reason ? reason : "no more is known");
	ERR_clear_error();
	return false;
}

void pki_free(struct pki_cert *cert)
{
	if (!cert)
		return;
	X509_free(cert->x509);
	EVP_PKEY_free(cert->key); /* wipes the private key */
	sk_X509_pop_free(cert->above, X509_free);
	OPENSSL_free(cert->issuer);
	free(cert->serial);
	free(cert);
}

static EVP_PKEY *key_make(enum pki_key kind)
{
	switch (kind) {
	case PKI_P256:
		return EVP_EC_gen("P-256");
	case PKI_P384:
		return EVP_EC_gen("P-384");
	case PKI_RSA_1024:
		return EVP_RSA_gen(1024);
	case PKI_RSA_2048:
		return EVP_RSA_gen(2048);
	}
	return NULL;
}

static const EVP_MD *digest_of(enum pki_digest digest)
{
	switch (digest) {
	case PKI_SHA256:
		return EVP_sha256();
	case PKI_SHA1:
		return EVP_sha1();
	case PKI_MD5:
		return EVP_md5();
	}
	return NULL;
}

static bool name_set(X509_NAME *name, const struct pki_request *request)
{
	if (request->o && !X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8,
	                                              (const unsigned char *)request->o, -1, -1, 0))
		return false;
	return !request->cn ||
	       X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
	                                  (const unsigned char *)request->cn, -1, -1, 0);
}

static bool serial_set(X509 *x509, uint64_t serial)
{
	while (!serial) {
		if (RAND_bytes((unsigned char *)&serial, sizeof(serial)) != 1)
			return false;
		serial &= INT64_MAX; /* positive in 8 octets (RFC 5280 4.1.2.2) */
	}
	return ASN1_INTEGER_set_uint64(X509_get_serialNumber(x509), serial);
}

static bool names_add(GENERAL_NAMES *names, int type, ASN1_STRING *value)
{
	GENERAL_NAME *name = value ? GENERAL_NAME_new() : NULL;

	if (!name || !sk_GENERAL_NAME_push(names, name)) {
		GENERAL_NAME_free(name);
		ASN1_STRING_free(value);
		return false;
	}
	GENERAL_NAME_set0_value(name, type, value);
	return true;
}

static bool san_add(X509 *x509, const struct pki_request *request)
{
	AUTO(names) GENERAL_NAMES *names = GENERAL_NAMES_new();

	if (!names)
		return false;
	for (const char *const *dns = request->dns; dns && *dns; dns++) {
		ASN1_STRING *text = ASN1_IA5STRING_new();

		if (text && !ASN1_STRING_set(text, *dns, -1)) {
			ASN1_STRING_free(text);
			return false;
		}
		if (!names_add(names, GEN_DNS, text))
			return false;
	}
	for (const char *const *ip = request->ip; ip && *ip; ip++) {
		if (!names_add(names, GEN_IPADD, a2i_IPADDRESS(*ip)))
			return false;
	}
	return !sk_GENERAL_NAME_num(names) ||
	       X509_add1_ext_i2d(x509, NID_subject_alt_name, names, 0, 0) == 1;
}

static bool extension_add(X509 *x509, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, issuer, x509, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	bool ok = extension && X509_add_ext(x509, extension, -1);

	X509_EXTENSION_free(extension);
	return ok;
}

static bool extensions_add(X509 *x509, X509 *issuer, const struct pki_request *request, bool ca)
{
	bool rsa = request->key == PKI_RSA_1024 || request->key == PKI_RSA_2048;
	const char *usage = ca    ? "critical,keyCertSign,cRLSign"
	                    : rsa ? "critical,digitalSignature,keyEncipherment"
	                          : "critical,digitalSignature";

	if (!extension_add(x509, issuer, NID_basic_constraints,
	                   ca ? "critical,CA:TRUE" : "critical,CA:FALSE") ||
	    !extension_add(x509, issuer, NID_key_usage, usage) ||
	    !extension_add(x509, issuer, NID_subject_key_identifier, "hash") ||
	    !extension_add(x509, issuer, NID_authority_key_identifier, "keyid"))
		return false;
	if (!ca && request->purpose != PKI_ANY &&
	    !extension_add(x509, issuer, NID_ext_key_usage,
	                   request->purpose == PKI_SERVER ? "serverAuth" : "clientAuth"))
		return false;
	return san_add(x509, request);
}

/* The CAs above a certificate that `issuer` signed: the issuer and what is above it, without the root. */
static bool above_set(struct pki_cert *cert, const struct pki_cert *issuer)
{
	cert->above = sk_X509_new_null();
	if (!cert->above)
		return false;
	if (!issuer || X509_self_signed(issuer->x509, 0) == 1)
		return true;
	if (!X509_add_cert(cert->above, issuer->x509, X509_ADD_FLAG_UP_REF))
		return false;
	return X509_add_certs(cert->above, issuer->above, X509_ADD_FLAG_UP_REF);
}

static char *serial_text(X509 *x509)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(x509);
	const unsigned char *p = ASN1_STRING_get0_data(serial);
	size_t n = (size_t)ASN1_STRING_length(serial);
	char *text = malloc(2 * n + 1);

	for (size_t i = 0; text && i < n; i++)
		snprintf(text + 2 * i, 3, "%02x", p[i]);
	return text;
}

static bool make(struct pki_cert *cert, const struct pki_cert *issuer,
                 const struct pki_request *request, bool ca)
{
	cert->key = key_make(request->key);
	cert->x509 = X509_new();
	if (!cert->key || !cert->x509)
		return false;

	X509 *x509 = cert->x509;
	X509 *above = issuer ? issuer->x509 : x509;

	return X509_set_version(x509, X509_VERSION_3) && serial_set(x509, request->serial) &&
	       ASN1_TIME_set(X509_getm_notBefore(x509), (time_t)request->not_before) &&
	       ASN1_TIME_set(X509_getm_notAfter(x509), (time_t)request->not_after) &&
	       name_set(X509_get_subject_name(x509), request) &&
	       X509_set_issuer_name(x509, X509_get_subject_name(above)) &&
	       X509_set_pubkey(x509, cert->key) && extensions_add(x509, above, request, ca) &&
	       X509_sign(x509, issuer ? issuer->key : cert->key, digest_of(request->digest)) > 0 &&
	       above_set(cert, issuer) && (cert->serial = serial_text(x509)) != NULL &&
	       (cert->issuer = X509_NAME_oneline(X509_get_issuer_name(x509), NULL, 0)) != NULL;
}

static struct pki_cert *certificate(const struct pki_cert *issuer,
                                    const struct pki_request *request, bool ca,
                                    char why[static PKI_WHY_LEN])
{
	AUTO(pki) struct pki_cert *cert = calloc(1, sizeof(*cert));

	ERR_clear_error();
	if (!request->cn && !request->o) {
		snprintf(why, PKI_WHY_LEN, "A certificate needs a common name or an organization.");
		return NULL;
	}
	if (request->not_after < request->not_before) {
		snprintf(why, PKI_WHY_LEN, "The certificate would end before it begins.");
		return NULL;
	}
	if (!cert || !make(cert, issuer, request, ca)) {
		failed(why, ca ? "The CA could not be made" : "The certificate could not be made");
		return NULL;
	}
	return steal(cert);
}

struct pki_cert *pki_ca(const struct pki_cert *issuer, const struct pki_request *request,
                        char ret_why[static PKI_WHY_LEN])
{
	return certificate(issuer, request, true, ret_why);
}

struct pki_cert *pki_issue(const struct pki_cert *ca, const struct pki_request *request,
                           char ret_why[static PKI_WHY_LEN])
{
	if (X509_get_extension_flags(ca->x509) & EXFLAG_CA)
		return certificate(ca, request, false, ret_why);
	snprintf(ret_why, PKI_WHY_LEN, "The issuer is not a CA.");
	return NULL;
}

const char *pki_serial(const struct pki_cert *cert)
{
	return cert->serial;
}

const char *pki_issuer(const struct pki_cert *cert)
{
	return cert->issuer;
}

/* What `bio` (a memory BIO) holds, malloc'ed, NUL-terminated. */
static char *bio_text(BIO *bio)
{
	char *p;
	long n = BIO_get_mem_data(bio, &p);

	return n < 0 ? NULL : strndup(p, (size_t)n);
}

char *pki_pem(const struct pki_cert *cert, bool chain)
{
	AUTO(bio) BIO *bio = BIO_new(BIO_s_mem());

	if (!bio || !PEM_write_bio_X509(bio, cert->x509))
		return NULL;
	for (int i = 0; chain && i < sk_X509_num(cert->above); i++) {
		if (!PEM_write_bio_X509(bio, sk_X509_value(cert->above, i)))
			return NULL;
	}
	return bio_text(bio);
}

/* Removes what is there first, so that neither its mode nor a link decides where the bytes go. */
static bool file_write(const char *path, mode_t mode, const char *p, size_t n,
                       char why[static PKI_WHY_LEN])
{
	if (unlink(path) && errno != ENOENT)
		goto fail;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0)
		goto fail;

	bool ok = fchmod(fd, mode) == 0;

	while (ok && n) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		ok = done > 0;
		p += ok ? done : 0;
		n -= ok ? (size_t)done : 0;
	}
	if (close(fd) == 0 && ok)
		return true;
fail:
	snprintf(why, PKI_WHY_LEN, "%s cannot be written: %s.", path, strerror(errno));
	return false;
}

bool pki_write_cert(const struct pki_cert *cert, bool chain, const char *path,
                    char ret_why[static PKI_WHY_LEN])
{
	AUTO(free) char *pem = pki_pem(cert, chain);

	if (!pem)
		return failed(ret_why, "The certificate could not be written as PEM");
	return file_write(path, 0644, pem, strlen(pem), ret_why);
}

bool pki_write_key(const struct pki_cert *cert, const char *path, char ret_why[static PKI_WHY_LEN])
{
	AUTO(bio) BIO *bio = BIO_new(BIO_s_secmem()); /* wiped when freed */
	char *p;

	ERR_clear_error();
	if (!bio || !PEM_write_bio_PKCS8PrivateKey(bio, cert->key, NULL, NULL, 0, NULL, NULL))
		return failed(ret_why, "The private key could not be written as PEM");
	long n = BIO_get_mem_data(bio, &p);

	return file_write(path, 0600, p, (size_t)n, ret_why);
}

static PKCS12 *pkcs12_modern(const struct pki_cert *cert, const char *passphrase)
{
	PKCS12 *p12 = PKCS12_create(passphrase, NULL, cert->key, cert->x509, cert->above,
	                            NID_aes_256_cbc, NID_aes_256_cbc, PKCS12_ITERATIONS, -1, 0);

	if (p12 && PKCS12_set_mac(p12, passphrase, -1, NULL, 0, PKCS12_ITERATIONS, EVP_sha256()))
		return p12;
	PKCS12_free(p12);
	return NULL;
}

/*
 * RC2 and 3DES live in a library context of their own.  It is made this thread's default for the call,
 * because parts of OpenSSL 3.0's PKCS#12 code know no other way.
 */
static PKCS12 *pkcs12_optipoint(const struct pki_cert *cert, const char *passphrase)
{
	OSSL_LIB_CTX *ctx = OSSL_LIB_CTX_new();
	OSSL_PROVIDER *modern = ctx ? OSSL_PROVIDER_load(ctx, "default") : NULL;
	OSSL_PROVIDER *legacy = ctx ? OSSL_PROVIDER_load(ctx, "legacy") : NULL;
	PKCS12 *p12 = NULL;

	if (modern && legacy) {
		OSSL_LIB_CTX *before = OSSL_LIB_CTX_set0_default(ctx);

		p12 = PKCS12_create(passphrase, NULL, cert->key, cert->x509, cert->above,
		                    NID_pbe_WithSHA1And3_Key_TripleDES_CBC,
		                    NID_pbe_WithSHA1And40BitRC2_CBC, PKCS12_ITERATIONS, -1, 0);
		if (p12 &&
		    !PKCS12_set_mac(p12, passphrase, -1, NULL, 0, PKCS12_ITERATIONS, EVP_sha1())) {
			PKCS12_free(p12);
			p12 = NULL;
		}
		OSSL_LIB_CTX_set0_default(before);
	}
	if (legacy)
		OSSL_PROVIDER_unload(legacy);
	if (modern)
		OSSL_PROVIDER_unload(modern);
	OSSL_LIB_CTX_free(ctx);
	return p12;
}

uint8_t *pki_pkcs12(const struct pki_cert *cert, const char *passphrase,
                    enum pki_container container, size_t *ret_n, char ret_why[static PKI_WHY_LEN])
{
	ERR_clear_error();
	AUTO(pkcs12)
	PKCS12 *p12 = container == PKI_MODERN ? pkcs12_modern(cert, passphrase)
	                                      : pkcs12_optipoint(cert, passphrase);
	int n = p12 ? i2d_PKCS12(p12, NULL) : -1;
	AUTO(free) uint8_t *der = n > 0 ? malloc((size_t)n) : NULL;
	uint8_t *end = der;

	if (!der || i2d_PKCS12(p12, &end) != n) {
		failed(ret_why, "The PKCS#12 file could not be made");
		return NULL;
	}
	*ret_n = (size_t)n;
	return steal(der);
}

char *pki_pkcs12_base64(const struct pki_cert *cert, const char *passphrase,
                        enum pki_container container, char ret_why[static PKI_WHY_LEN])
{
	size_t n = 0;
	AUTO(free) uint8_t *der = pki_pkcs12(cert, passphrase, container, &n, ret_why);

	if (!der)
		return NULL;

	AUTO(bio) BIO *bio = BIO_new(BIO_s_mem());
	BIO *base64 = BIO_new(BIO_f_base64());

	if (!bio || !base64) {
		BIO_free(base64);
		failed(ret_why, "The PKCS#12 file could not be written as base64");
		return NULL;
	}
	bio = BIO_push(base64, bio);
	if (BIO_write(bio, der, (int)n) != (int)n || BIO_flush(bio) != 1) {
		failed(ret_why, "The PKCS#12 file could not be written as base64");
		return NULL;
	}
	return bio_text(BIO_next(bio));
}
