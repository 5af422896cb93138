/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pki_read - certificates, keys, requests and PKCS#12 as other tools write them.
 *
 * PEM with four or five dashes and text around it, DER, or DER in base64; several things in one file.
 */
#include "tools/pki_openssl.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>

#include "common/credential_openssl.h"
#include "common/pem.h"
#include "common/text.h"

__attribute__((format(printf, 2, 3))) static bool refuse(char why[static PKI_WHY_LEN],
                                                         const char *fmt, ...)
{
	va_list args;

	ERR_clear_error();
	va_start(args, fmt);
	vsnprintf(why, PKI_WHY_LEN, fmt, args);
	va_end(args);
	return false;
}

void pki_material_done(struct pki_material *m)
{
	sk_X509_pop_free(m->certs, X509_free);
	EVP_PKEY_free(m->key);
	X509_REQ_free(m->csr);
	X509_CRL_free(m->crl);
	*m = (struct pki_material){ 0 };
}

/* --- taking things in --------------------------------------------------------------------------------- */

static bool add_cert(struct pki_material *m, X509 *cert)
{
	if (!m->certs)
		m->certs = sk_X509_new_null();
	if (m->certs && X509_add_cert(m->certs, cert, X509_ADD_FLAG_NO_DUP | X509_ADD_FLAG_UP_REF))
		return true;
	return false;
}

static bool take_cert(struct pki_material *m, X509 *cert, char why[static PKI_WHY_LEN])
{
	bool ok = add_cert(m, cert);

	X509_free(cert);
	return ok || refuse(why, "There is not enough memory.");
}

static bool take_key(struct pki_material *m, EVP_PKEY *key, char why[static PKI_WHY_LEN])
{
	bool same = m->key && EVP_PKEY_eq(m->key, key) == 1;

	if (m->key && !same) {
		EVP_PKEY_free(key);
		return refuse(why, "There is more than one private key.");
	}
	if (same)
		EVP_PKEY_free(key);
	else
		m->key = key;
	return true;
}

static bool take_pkcs7(struct pki_material *m, PKCS7 *p7, char why[static PKI_WHY_LEN])
{
	STACK_OF(X509) *certs = PKCS7_type_is_signed(p7) && p7->d.sign ? p7->d.sign->cert : NULL;
	bool ok = true;

	for (int i = 0; ok && i < sk_X509_num(certs); i++)
		ok = add_cert(m, sk_X509_value(certs, i)) ||
		     refuse(why, "There is not enough memory.");
	PKCS7_free(p7);
	return ok;
}

static bool read_pkcs12(struct pki_material *m, struct span der, const char *passphrase,
                        char why[static PKI_WHY_LEN])
{
	bool given = passphrase && *passphrase, ok;
	struct pkcs12_contents contents;
	struct portcall_why reason;

	if (pkcs12_read(der, passphrase, !given, PKCS12_MAX_ITERATIONS, &contents, &reason) !=
	    PORTCALL_OK) {
		if (reason.reason == PORTCALL_REASON_P12_WRONG_PASSPHRASE)
			return refuse(why, given ? "The pass phrase does not open the PKCS#12."
			                         : "The PKCS#12 needs its pass phrase.");
		return refuse(why, "%s%s%s%s", portcall_reason_text(reason.reason),
		              *reason.text ? " [" : "", reason.text, *reason.text ? "]" : "");
	}
	m->pkcs12 = true;
	memcpy(m->legacy, contents.legacy, sizeof(m->legacy));
	ok = take_key(m, contents.key, why);
	contents.key = NULL;
	for (int i = 0; ok && i < sk_X509_num(contents.certs); i++)
		ok = add_cert(m, sk_X509_value(contents.certs, i));
	pkcs12_done(&contents);
	return ok;
}

/* OpenSSL asks for the pass phrase of a key; without one it would ask on the terminal. */
static int give_passphrase(char *buf, int size, int writing, void *passphrase)
{
	size_t n = passphrase ? strlen(passphrase) : 0;

	(void)writing;
	if (!n || n > (size_t)size)
		return -1;
	memcpy(buf, passphrase, n);
	return (int)n;
}

static bool read_key_pem(struct pki_material *m, BIO *bio, const char *passphrase,
                         char why[static PKI_WHY_LEN])
{
	EVP_PKEY *key =
		PEM_read_bio_PrivateKey(bio, NULL, give_passphrase, (void *)(uintptr_t)passphrase);

	if (key)
		return take_key(m, key, why);
	return refuse(why,
	              passphrase && *passphrase
	                      ? "The private key does not open with this pass phrase, or is "
	                        "damaged."
	                      : "The private key is encrypted and needs its pass phrase, or is "
	                        "damaged.");
}

static bool read_der(struct pki_material *m, struct span der, const char *passphrase,
                     char why[static PKI_WHY_LEN])
{
	const unsigned char *p = der.p;
	long n = (long)der.n;
	X509 *cert = d2i_X509(NULL, &p, n);
	PKCS12 *p12;
	PKCS7 *p7;
	X509_SIG *encrypted;
	EVP_PKEY *key;

	if (cert)
		return take_cert(m, cert, why);
	if (!m->csr && (m->csr = d2i_X509_REQ(NULL, (p = der.p, &p), n)))
		return true;
	if (!m->crl && (m->crl = d2i_X509_CRL(NULL, (p = der.p, &p), n)))
		return true;
	if ((p12 = d2i_PKCS12(NULL, (p = der.p, &p), n))) {
		PKCS12_free(p12);
		return read_pkcs12(m, der, passphrase, why);
	}
	if ((p7 = d2i_PKCS7(NULL, (p = der.p, &p), n)))
		return take_pkcs7(m, p7, why);
	if ((encrypted = d2i_X509_SIG(NULL, (p = der.p, &p), n))) {
		BIO *bio = BIO_new(BIO_s_mem());
		bool ok = bio && PEM_write_bio_PKCS8(bio, encrypted) &&
		          read_key_pem(m, bio, passphrase, why);

		BIO_free(bio);
		X509_SIG_free(encrypted);
		return ok;
	}
	if ((key = d2i_AutoPrivateKey(NULL, (p = der.p, &p), n)))
		return take_key(m, key, why);
	return refuse(why, "It is no certificate, key, request, CRL or PKCS#12, or damaged.");
}

/* --- PEM ------------------------------------------------------------------------------------------- */

static bool is_label(struct span label, const char *text)
{
	return span_equal(label, span_of_string(text));
}

/* The block with five dashes, for OpenSSL. */
static bool read_key_block(struct pki_material *m, const struct pem_block *block,
                           const char *passphrase, char why[static PKI_WHY_LEN])
{
	struct text t = { 0 };
	bool ok = false;
	BIO *bio;

	for (int end = 0; end < 2; end++) {
		text_add(&t, end ? "-----END " : "-----BEGIN ", end ? 9 : 11);
		text_add(&t, (const char *)block->label.p, block->label.n);
		text_add(&t, "-----\n", end ? 6 : 5);
		if (!end)
			text_add(&t, (const char *)block->body.p, block->body.n);
	}
	bio = t.failed ? NULL : BIO_new_mem_buf(t.p, (int)t.n);
	if (bio)
		ok = read_key_pem(m, bio, passphrase, why);
	else
		refuse(why, "There is not enough memory.");
	BIO_free(bio);
	text_wipe(&t);
	return ok;
}

static bool read_block(struct pki_material *m, const struct pem_block *block,
                       const char *passphrase, char why[static PKI_WHY_LEN])
{
	uint8_t *der;
	struct pem_fault fault = { 0 };
	size_t n = 0;
	bool ok;

	if (pem_is_private_key(block->label))
		return read_key_block(m, block, passphrase, why);
	if (is_label(block->label, "EC PARAMETERS") || is_label(block->label, "DH PARAMETERS"))
		return true;
	der = malloc(base64_room(block->body.n));
	if (!der)
		return refuse(why, "There is not enough memory.");
	if (base64_decode(block->body, der, base64_room(block->body.n), &n, &fault) != PORTCALL_OK)
		ok = refuse(why, "The %.*s block has %s.", (int)(block->label.n % 60),
		            (const char *)block->label.p, fault.what ? fault.what : "");
	else
		ok = read_der(m, span(der, n), passphrase, why);
	OPENSSL_cleanse(der, n);
	free(der);
	return ok;
}

static bool read_pem(struct pki_material *m, struct span text, const char *passphrase,
                     char why[static PKI_WHY_LEN])
{
	struct pem_block block;
	struct pem_fault fault;
	size_t at = 0;

	while (pem_next(text, &at, &block, &fault))
		if (!read_block(m, &block, passphrase, why))
			return false;
	if (fault.what)
		return refuse(why, "It has %s.", fault.what);
	return at > 0 || refuse(why, "It has no PEM block.");
}

/* DER in base64, as it stands in an item or a .b64 file. */
static bool read_base64(struct pki_material *m, struct span text, const char *passphrase,
                        char why[static PKI_WHY_LEN])
{
	uint8_t *der = malloc(base64_room(text.n));
	struct pem_fault fault = { 0 };
	size_t n = 0;
	bool ok = false;

	if (!der)
		refuse(why, "There is not enough memory.");
	else if (base64_decode(text, der, base64_room(text.n), &n, &fault) != PORTCALL_OK || !n)
		refuse(why, "It is no PEM, no DER and no base64.");
	else
		ok = read_der(m, span(der, n), passphrase, why);
	if (der)
		OPENSSL_cleanse(der, n);
	free(der);
	return ok;
}

bool pki_material_read(struct span content, const char *passphrase, struct pki_material *m,
                       char ret_why[static PKI_WHY_LEN])
{
	ERR_clear_error();
	if (content.n >= 4 && !memcmp(content.p, "\xfe\xed\xfe\xed", 4))
		return refuse(ret_why, "It is a Java key store; keytool -importkeystore "
		                       "-deststoretype pkcs12 converts it.");
	if (memmem(content.p, content.n, "--BEGIN ", 8))
		return read_pem(m, content, passphrase, ret_why);
	/* the length octets of DER that matters here are never text */
	if (content.n > 2 && content.p[0] == 0x30 && content.p[1] >= 0x80)
		return read_der(m, content, passphrase, ret_why);
	return read_base64(m, content, passphrase, ret_why);
}

/* --- a certificate with key and chain ------------------------------------------------------------------ */

static bool issued(X509 *above, X509 *below)
{
	return above != below && X509_check_issued(above, below) == X509_V_OK;
}

static X509 *leaf_of_key(STACK_OF(X509) *certs, EVP_PKEY *key)
{
	X509 *best = NULL;

	for (int i = 0; i < sk_X509_num(certs); i++) {
		X509 *cert = sk_X509_value(certs, i);

		if (X509_check_private_key(cert, key) != 1)
			continue;
		if (!best ||
		    ASN1_TIME_compare(X509_get0_notAfter(cert), X509_get0_notAfter(best)) > 0)
			best = cert;
	}
	ERR_clear_error();
	return best;
}

/* The one that issued no other; NULL: several, or none. */
static X509 *lowest(STACK_OF(X509) *certs)
{
	X509 *found = NULL;

	for (int i = 0; i < sk_X509_num(certs); i++) {
		X509 *cert = sk_X509_value(certs, i);
		bool above = false;

		for (int k = 0; k < sk_X509_num(certs); k++)
			above |= issued(cert, sk_X509_value(certs, k));
		if (above)
			continue;
		if (found)
			return NULL;
		found = cert;
	}
	return found;
}

static bool climb(struct pki_cert *cert, STACK_OF(X509) *certs, bool root)
{
	X509 *below = cert->x509;

	for (int rounds = sk_X509_num(certs); rounds > 0; rounds--) {
		X509 *above = NULL;

		if (X509_self_signed(below, 0) == 1)
			return true;
		for (int i = 0; i < sk_X509_num(certs) && !above; i++)
			if (issued(sk_X509_value(certs, i), below))
				above = sk_X509_value(certs, i);
		if (!above || (!root && X509_self_signed(above, 0) == 1))
			return true;
		if (!X509_add_cert(cert->above, above, X509_ADD_FLAG_UP_REF))
			return false;
		below = above;
	}
	return true;
}

struct pki_cert *pki_join(STACK_OF(X509) *certs, EVP_PKEY *key, bool root,
                          char ret_why[static PKI_WHY_LEN])
{
	AUTO(pki) struct pki_cert *cert = calloc(1, sizeof(*cert));
	X509 *leaf = key ? leaf_of_key(certs, key) : lowest(certs);

	ERR_clear_error();
	if (!leaf) {
		refuse(ret_why,
		       key ? "None of the certificates belongs to the private key."
		           : "The certificates are not one chain: it is not clear which one "
		             "is the lowest.");
		return NULL;
	}
	if (cert) {
		cert->above = sk_X509_new_null();
		if (X509_up_ref(leaf))
			cert->x509 = leaf;
		if (key && EVP_PKEY_up_ref(key))
			cert->key = key;
	}
	if (cert && cert->above && cert->x509 && (!key || cert->key) && climb(cert, certs, root) &&
	    pki_facts_set(cert))
		return steal(cert);
	refuse(ret_why, "There is not enough memory.");
	return NULL;
}

/* --- what it says -------------------------------------------------------------------------------------- */

bool pki_common_name(const struct pki_cert *cert, char *ret_text, size_t n)
{
	cert_common_name(cert->x509, ret_text, n);
	return *ret_text;
}

int64_t pki_not_before(const struct pki_cert *cert)
{
	return cert_seconds(X509_get0_notBefore(cert->x509));
}

int64_t pki_not_after(const struct pki_cert *cert)
{
	return cert_seconds(X509_get0_notAfter(cert->x509));
}

bool pki_is_ca(const struct pki_cert *cert)
{
	return X509_check_ca(cert->x509) > 0;
}

bool pki_key_kind(const struct pki_cert *cert, enum pki_key *ret_key)
{
	static const struct {
		const char *name;
		enum pki_key key;
	} kinds[] = {
		{ "P-256", PKI_P256 },        { "P-384", PKI_P384 },
		{ "RSA-1024", PKI_RSA_1024 }, { "RSA-2048", PKI_RSA_2048 },
		{ "RSA-4096", PKI_RSA_4096 },
	};
	char name[32];

	cert_key_name(X509_get0_pubkey(cert->x509), name);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (strcmp(name, kinds[i].name) != 0)
			continue;
		*ret_key = kinds[i].key;
		return true;
	}
	return false;
}

/* --- requests ------------------------------------------------------------------------------------------ */

struct pki_csr *pki_csr_read(const void *p, size_t n, char ret_why[static PKI_WHY_LEN])
{
	struct pki_material m = { 0 };
	struct pki_csr *csr = NULL;

	if (!pki_material_read(span(p, n), NULL, &m, ret_why))
		; /* it was said why */
	else if (!m.csr)
		refuse(ret_why, "It holds no certificate request.");
	else if (X509_REQ_verify(m.csr, X509_REQ_get0_pubkey(m.csr)) != 1)
		refuse(ret_why, "The request's signature does not fit its key: it is damaged.");
	else if (!(csr = malloc(sizeof(*csr))))
		refuse(ret_why, "There is not enough memory.");
	else
		csr->req = steal(m.csr);
	pki_material_done(&m);
	return csr;
}

void pki_csr_free(struct pki_csr *csr)
{
	if (csr)
		X509_REQ_free(csr->req);
	free(csr);
}
