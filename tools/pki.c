/* SPDX-License-Identifier: BSD-3-Clause */
/* pki - certificates made in memory, on OpenSSL 3.  Names: pki_name.c; output: pki_write.c. */
#include "tools/pki_openssl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

bool pki_failed(char why[static PKI_WHY_LEN], const char *what)
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
	case PKI_RSA_4096:
		return EVP_RSA_gen(4096);
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

/* The subject; NULL: `why`. */
static X509_NAME *name_make(const struct pki_request *request, char why[static PKI_WHY_LEN])
{
	AUTO(x509_name) X509_NAME *name = NULL;

	if (request->subject)
		return pki_name_read(request->subject, why);
	name = X509_NAME_new();
	if (name &&
	    (!request->o ||
	     X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, (const unsigned char *)request->o,
	                                -1, -1, 0)) &&
	    (!request->cn ||
	     X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
	                                (const unsigned char *)request->cn, -1, -1, 0)))
		return steal(name);
	pki_failed(why, "The name could not be made");
	return NULL;
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

/* subjectAltName as a value; empty without names.  NULL: `why`. */
static GENERAL_NAMES *san_make(const struct pki_request *request, char why[static PKI_WHY_LEN])
{
	AUTO(names) GENERAL_NAMES *names = GENERAL_NAMES_new();
	char text[300];

	for (const char *const *dns = request->dns; names && dns && *dns; dns++) {
		snprintf(text, sizeof(text), "DNS:%s", *dns);
		if (!pki_san_add(names, text, why))
			return NULL;
	}
	for (const char *const *ip = request->ip; names && ip && *ip; ip++) {
		snprintf(text, sizeof(text), "IP:%s", *ip);
		if (!pki_san_add(names, text, why))
			return NULL;
	}
	for (const char *const *san = request->san; names && san && *san; san++)
		if (!pki_san_add(names, *san, why))
			return NULL;
	if (!names)
		pki_failed(why, "The names could not be made");
	return steal(names);
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

static const char *purpose_text(enum pki_purpose purpose)
{
	switch (purpose) {
	case PKI_SERVER:
		return "serverAuth";
	case PKI_CLIENT:
		return "clientAuth";
	case PKI_BOTH:
		return "clientAuth,serverAuth";
	case PKI_ANY:
		break;
	}
	return NULL;
}

static bool extensions_add(X509 *x509, X509 *issuer, const struct pki_request *request, bool ca)
{
	bool rsa = EVP_PKEY_get_base_id(X509_get0_pubkey(x509)) == EVP_PKEY_RSA;
	const char *usage = ca    ? "keyCertSign,cRLSign"
	                    : rsa ? "digitalSignature,keyEncipherment"
	                          : "digitalSignature";
	const char *purpose = ca ? NULL : purpose_text(request->purpose);

	return extension_add(x509, issuer, NID_basic_constraints,
	                     ca ? "critical,CA:TRUE" : "critical,CA:FALSE") &&
	       extension_add(x509, issuer, NID_key_usage, usage) &&
	       extension_add(x509, issuer, NID_subject_key_identifier, "hash") &&
	       (issuer == x509 || !X509_get0_subject_key_id(issuer) ||
	        extension_add(x509, issuer, NID_authority_key_identifier, "keyid:always")) &&
	       (!purpose || extension_add(x509, issuer, NID_ext_key_usage, purpose));
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

/* Everything but names, key and signature. */
static bool body_set(X509 *x509, X509 *issuer, const struct pki_request *request, bool ca)
{
	return X509_set_version(x509, X509_VERSION_3) && serial_set(x509, request->serial) &&
	       ASN1_TIME_set(X509_getm_notBefore(x509), (time_t)request->not_before) &&
	       ASN1_TIME_set(X509_getm_notAfter(x509), (time_t)request->not_after) &&
	       X509_set_issuer_name(x509, X509_get_subject_name(issuer)) &&
	       extensions_add(x509, issuer, request, ca);
}

bool pki_facts_set(struct pki_cert *cert)
{
	cert->serial = serial_text(cert->x509);
	cert->issuer = X509_NAME_oneline(X509_get_issuer_name(cert->x509), NULL, 0);
	return cert->serial && cert->issuer;
}

static bool make(struct pki_cert *cert, const struct pki_cert *issuer,
                 const struct pki_request *request, bool ca, char why[static PKI_WHY_LEN])
{
	AUTO(x509_name) X509_NAME *subject = name_make(request, why);
	AUTO(names) GENERAL_NAMES *san = subject ? san_make(request, why) : NULL;
	X509 *x509 = cert->x509 = X509_new();
	X509 *above = issuer ? issuer->x509 : x509;

	if (!subject || !san)
		return false; /* it was said why */
	if (!request->csr)
		cert->key = key_make(request->key);
	if (x509 && X509_set_subject_name(x509, subject) &&
	    (request->csr ? X509_set_pubkey(x509, X509_REQ_get0_pubkey(request->csr->req))
	                  : cert->key && X509_set_pubkey(x509, cert->key)) &&
	    body_set(x509, above, request, ca) &&
	    (!sk_GENERAL_NAME_num(san) ||
	     X509_add1_ext_i2d(x509, NID_subject_alt_name, san, 0, 0) == 1) &&
	    X509_sign(x509, issuer ? issuer->key : cert->key, digest_of(request->digest)) > 0 &&
	    above_set(cert, issuer) && pki_facts_set(cert))
		return true;
	return pki_failed(why,
	                  ca ? "The CA could not be made" : "The certificate could not be made");
}

static struct pki_cert *certificate(const struct pki_cert *issuer,
                                    const struct pki_request *request, bool ca,
                                    char why[static PKI_WHY_LEN])
{
	AUTO(pki) struct pki_cert *cert = calloc(1, sizeof(*cert));

	ERR_clear_error();
	if (!request->cn && !request->o && !request->subject) {
		snprintf(why, PKI_WHY_LEN, "A certificate needs a common name or an organization.");
		return NULL;
	}
	if (request->not_after < request->not_before) {
		snprintf(why, PKI_WHY_LEN, "The certificate would end before it begins.");
		return NULL;
	}
	if (!cert || !make(cert, issuer, request, ca, why))
		return NULL;
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

char *pki_csr_make(const struct pki_request *request, char **ret_key_pem,
                   char ret_why[static PKI_WHY_LEN])
{
	AUTO(x509_name) X509_NAME *subject = name_make(request, ret_why);
	AUTO(names) GENERAL_NAMES *san = subject ? san_make(request, ret_why) : NULL;
	AUTO(bio) BIO *bio = BIO_new(BIO_s_mem());
	struct pki_cert holder = { .key = san ? key_make(request->key) : NULL };
	X509_REQ *req = X509_REQ_new();
	STACK_OF(X509_EXTENSION) *extensions = NULL;
	char *text = NULL;

	if (bio && req && holder.key && X509_REQ_set_subject_name(req, subject) &&
	    X509_REQ_set_pubkey(req, holder.key) &&
	    (!sk_GENERAL_NAME_num(san) ||
	     (X509V3_add1_i2d(&extensions, NID_subject_alt_name, san, 0, 0) == 1 &&
	      X509_REQ_add_extensions(req, extensions))) &&
	    X509_REQ_sign(req, holder.key, digest_of(request->digest)) > 0 &&
	    PEM_write_bio_X509_REQ(bio, req) &&
	    (*ret_key_pem = pki_key_pem(&holder, NULL, 0, ret_why)))
		text = pki_bio_text(bio);
	else if (san)
		pki_failed(ret_why, "The request could not be made");
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	X509_REQ_free(req);
	EVP_PKEY_free(holder.key);
	return text;
}

const char *pki_serial(const struct pki_cert *cert)
{
	return cert->serial;
}

const char *pki_issuer(const struct pki_cert *cert)
{
	return cert->issuer;
}
