/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/pki_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

static EVP_PKEY *rsa(unsigned bits)
{
	/* one for each size: making them is slow, and nobody here needs two */
	static EVP_PKEY *made[4];
	EVP_PKEY **at = &made[bits == 512 ? 0 : bits == 1024 ? 1 : bits == 2048 ? 2 : 3];

	if (!*at)
		*at = EVP_RSA_gen(bits);
	assert_non_null(*at);
	EVP_PKEY_up_ref(*at);
	return *at;
}

EVP_PKEY *fixture_key(enum fixture_key kind)
{
	EVP_PKEY *key = NULL;

	switch (kind) {
	case KEY_P256:
		key = EVP_EC_gen("P-256");
		break;
	case KEY_P384:
		key = EVP_EC_gen("P-384");
		break;
	case KEY_P521:
		key = EVP_EC_gen("P-521");
		break;
	case KEY_P192:
		key = EVP_EC_gen("P-192");
		break;
	case KEY_ED25519:
		key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
		break;
	case KEY_RSA_512:
		return rsa(512);
	case KEY_RSA_1024:
		return rsa(1024);
	case KEY_RSA_2048:
		return rsa(2048);
	case KEY_RSA_4096:
		return rsa(4096);
	case KEY_EXPLICIT:
		key = EVP_EC_gen("P-256");
		assert_int_equal(EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_ENCODING,
		                                                OSSL_PKEY_EC_ENCODING_EXPLICIT),
		                 1);
		break;
	}
	assert_non_null(key);
	return key;
}

static void set_name(X509_NAME *name, const char *text)
{
	char copy[256], *at = copy, *part;

	snprintf(copy, sizeof(copy), "%s", text);
	while ((part = strsep(&at, "/"))) {
		char *value = strchr(part, '=');

		assert_non_null(value);
		*value++ = '\0';
		assert_int_equal(X509_NAME_add_entry_by_txt(name, part, MBSTRING_UTF8,
		                                            (unsigned char *)value, -1, -1, 0),
		                 1);
	}
}

static void add_extension(X509 *cert, X509 *issuer, const char *text)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;
	char name[64];
	const char *value = strchr(text, '=');

	assert_non_null(value);
	snprintf(name, sizeof(name), "%.*s", (int)(value - text), text);
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	ext = X509V3_EXT_nconf(NULL, &ctx, name, value + 1);
	assert_non_null(ext);
	assert_int_equal(X509_add_ext(cert, ext, -1), 1);
	X509_EXTENSION_free(ext);
}

static void add_unknown(X509 *cert)
{
	ASN1_OBJECT *oid = OBJ_txt2obj("1.3.6.1.4.1.59999.1.99", 1);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION *ext;

	assert_int_equal(ASN1_OCTET_STRING_set(value, (const unsigned char *)"\x05\0", 2), 1);
	ext = X509_EXTENSION_create_by_OBJ(NULL, oid, 1, value);
	assert_int_equal(X509_add_ext(cert, ext, -1), 1);
	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(value);
	ASN1_OBJECT_free(oid);
}

static void sign(X509 *cert, EVP_PKEY *key, const EVP_MD *digest, bool pss)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *how = NULL;

	assert_int_equal(EVP_DigestSignInit(ctx, &how, digest, NULL, key), 1);
	if (pss)
		assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING), 1);
	assert_true(X509_sign_ctx(cert, ctx) > 0);
	EVP_MD_CTX_free(ctx);
}

/* As others see it, without what only its maker knows of the key. */
static X509 *read_again(X509 *cert)
{
	unsigned char *der = NULL;
	const unsigned char *p;
	int n = i2d_X509(cert, &der);
	X509 *again;

	p = der;
	again = d2i_X509(NULL, &p, n);
	assert_non_null(again);
	OPENSSL_free(der);
	X509_free(cert);
	return again;
}

struct fixture_cert fixture_cert(const struct fixture_cert *issuer, struct fixture_spec spec)
{
	struct fixture_cert made = { .cert = X509_new() };
	X509 *above = issuer ? issuer->cert : made.cert;
	EVP_PKEY *signer;
	time_t now = (time_t)FIXTURE_NOW;
	const EVP_MD *digest = EVP_get_digestbyname(spec.digest ? spec.digest : "SHA256");

	if (spec.same_key)
		EVP_PKEY_up_ref(spec.same_key);
	made.key = spec.same_key ? spec.same_key : fixture_key(spec.key);
	signer = issuer ? issuer->key : made.key;
	if (!spec.from && !spec.to) {
		spec.from = -30;
		spec.to = 365;
	}
	X509_set_version(made.cert, spec.version1 ? X509_VERSION_1 : X509_VERSION_3);
	ASN1_INTEGER_set_uint64(X509_get_serialNumber(made.cert), spec.serial ? spec.serial : 1001);
	assert_non_null(X509_time_adj_ex(X509_getm_notBefore(made.cert), (int)spec.from, 0, &now));
	assert_non_null(X509_time_adj_ex(X509_getm_notAfter(made.cert), (int)spec.to, 0, &now));
	set_name(X509_get_subject_name(made.cert), spec.subject ? spec.subject : "CN=test");
	X509_set_issuer_name(made.cert, X509_get_subject_name(above));
	X509_set_pubkey(made.cert, made.key);
	for (size_t i = 0; i < 8 && spec.ext[i]; i++)
		add_extension(made.cert, above, spec.ext[i]);
	if (spec.unknown_critical)
		add_unknown(made.cert);
	if (EVP_PKEY_get_base_id(signer) == EVP_PKEY_ED25519)
		digest = NULL;
	sign(made.cert, signer, digest, spec.pss);
	made.cert = read_again(made.cert);
	return made;
}

struct fixture_cert fixture_ca(const struct fixture_cert *issuer, const char *subject)
{
	return fixture_cert(issuer, (struct fixture_spec){
					    .subject = subject,
					    .to = 3000,
					    .from = -300,
					    .ext = { "basicConstraints=critical,CA:TRUE",
	                                             "keyUsage=critical,keyCertSign,cRLSign",
	                                             "subjectKeyIdentifier=hash" },
				    });
}

struct fixture_cert fixture_client(const struct fixture_cert *ca, const char *subject)
{
	return fixture_cert(
		ca, (struct fixture_spec){
			    .subject = subject,
			    .ext = { "extendedKeyUsage=clientAuth", "keyUsage=digitalSignature" },
		    });
}

struct fixture_cert fixture_server(const struct fixture_cert *ca, const char *name)
{
	char subject[128], san[128];

	snprintf(subject, sizeof(subject), "O=Lab/CN=%s", name);
	snprintf(san, sizeof(san), "subjectAltName=DNS:%s", name);
	return fixture_cert(ca, (struct fixture_spec){
					.subject = subject,
					.ext = { "extendedKeyUsage=serverAuth", san },
				});
}

void fixture_done(struct fixture_cert *cert)
{
	X509_free(cert->cert);
	EVP_PKEY_free(cert->key);
	*cert = (struct fixture_cert){ 0 };
}

static char *text_of(BIO *bio)
{
	char *p, *text;
	long n = BIO_get_mem_data(bio, &p);

	text = malloc((size_t)n + 1);
	assert_non_null(text);
	memcpy(text, p, (size_t)n);
	text[n] = '\0';
	BIO_free(bio);
	return text;
}

char *fixture_pem(X509 *cert)
{
	BIO *bio = BIO_new(BIO_s_mem());

	assert_int_equal(PEM_write_bio_X509(bio, cert), 1);
	return text_of(bio);
}

char *fixture_key_pem(EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());

	assert_int_equal(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
	return text_of(bio);
}

char *fixture_base64(const void *p, size_t n)
{
	BIO *memory = BIO_new(BIO_s_mem()), *filter = BIO_new(BIO_f_base64());

	BIO_push(filter, memory);
	assert_int_equal(BIO_write(filter, p, (int)n), (int)n);
	assert_int_equal(BIO_flush(filter), 1);
	BIO_pop(filter);
	BIO_free(filter);
	return text_of(memory);
}

char *fixture_der_base64(X509 *cert)
{
	unsigned char *der = NULL;
	int n = i2d_X509(cert, &der);
	char *text = fixture_base64(der, (size_t)n);

	OPENSSL_free(der);
	return text;
}

/* --- PKCS#12 -------------------------------------------------------------------------------------- */

static void add_key_bag(STACK_OF(PKCS12_SAFEBAG) **bags, EVP_PKEY *key, int nid, int iterations,
                        const char *pass, int pass_n)
{
	PKCS8_PRIV_KEY_INFO *p8 = EVP_PKEY2PKCS8(key);
	PKCS12_SAFEBAG *bag;

	if (nid == -1)
		bag = PKCS12_SAFEBAG_create0_p8inf(p8);
	else
		bag = PKCS12_SAFEBAG_create_pkcs8_encrypt(nid ? nid : NID_aes_256_cbc, pass, pass_n,
		                                          NULL, 0, iterations, p8);
	assert_non_null(bag);
	if (nid != -1)
		PKCS8_PRIV_KEY_INFO_free(p8);
	if (!*bags)
		*bags = sk_PKCS12_SAFEBAG_new_null();
	assert_true(sk_PKCS12_SAFEBAG_push(*bags, bag) > 0);
}

static void add_cert_safe(STACK_OF(PKCS7) *safes, STACK_OF(PKCS12_SAFEBAG) *bags, int nid,
                          int iterations, const char *pass, int pass_n)
{
	PKCS7 *safe;

	if (nid == -1)
		safe = PKCS12_pack_p7data(bags);
	else
		safe = PKCS12_pack_p7encdata(nid ? nid : NID_aes_256_cbc, pass, pass_n, NULL, 0,
		                             iterations, bags);
	assert_non_null(safe);
	assert_true(sk_PKCS7_push(safes, safe) > 0);
}

static PKCS12 *build(const struct fixture_p12 *spec, const char *pass)
{
	STACK_OF(PKCS12_SAFEBAG) *certs = NULL, *keys = NULL;
	STACK_OF(PKCS7) *safes = sk_PKCS7_new_null();
	int iterations = spec->iterations ? spec->iterations : 2048;
	int pass_n = !pass ? 0 : spec->pass_n ? (int)spec->pass_n : (int)strlen(pass);
	EVP_PKEY *key = spec->key ? spec->key : spec->own ? spec->own->key : NULL;
	PKCS12 *p12;

	if (spec->before)
		assert_non_null(PKCS12_add_cert(&certs, spec->before));
	if (spec->own && !spec->no_cert)
		assert_non_null(PKCS12_add_cert(&certs, spec->own->cert));
	for (size_t i = 0; i < 4 && spec->more[i]; i++)
		assert_non_null(PKCS12_add_cert(&certs, spec->more[i]));
	if (certs)
		add_cert_safe(safes, certs, spec->cert_nid, iterations, pass, pass_n);
	if (key && !spec->no_key)
		add_key_bag(&keys, key, spec->key_nid, iterations, pass, pass_n);
	if (spec->second_key)
		add_key_bag(&keys, spec->second_key, spec->key_nid, iterations, pass, pass_n);
	if (keys)
		assert_int_equal(PKCS12_add_safe(&safes, keys, -1, 0, NULL), 1);
	p12 = PKCS12_add_safes(safes, 0);
	assert_non_null(p12);
	if (!spec->no_mac)
		assert_int_equal(
			PKCS12_set_mac(p12, spec->mac_pass ? spec->mac_pass : pass, -1, NULL, 0,
		                       spec->mac_iterations ? spec->mac_iterations : iterations,
		                       EVP_get_digestbyname(spec->mac ? spec->mac : "SHA256")),
			1);
	sk_PKCS7_pop_free(safes, PKCS7_free);
	sk_PKCS12_SAFEBAG_pop_free(certs, PKCS12_SAFEBAG_free);
	sk_PKCS12_SAFEBAG_pop_free(keys, PKCS12_SAFEBAG_free);
	return p12;
}

char *fixture_p12(struct fixture_p12 spec)
{
	OSSL_LIB_CTX *ctx = OSSL_LIB_CTX_new(), *before;
	OSSL_PROVIDER *base = OSSL_PROVIDER_load(ctx, "default");
	OSSL_PROVIDER *legacy = OSSL_PROVIDER_load(ctx, "legacy");
	const char *pass = spec.null_pass ? NULL : spec.pass ? spec.pass : FIXTURE_PASS;
	unsigned char *der = NULL;
	PKCS12 *p12;
	char *text;
	int n;

	assert_non_null(base);
	assert_non_null(legacy);
	before = OSSL_LIB_CTX_set0_default(ctx);
	p12 = build(&spec, pass);
	OSSL_LIB_CTX_set0_default(before);
	n = i2d_PKCS12(p12, &der);
	assert_true(n > 0);
	text = fixture_base64(der, (size_t)n);
	OPENSSL_free(der);
	PKCS12_free(p12);
	OSSL_PROVIDER_unload(legacy);
	OSSL_PROVIDER_unload(base);
	OSSL_LIB_CTX_free(ctx);
	return text;
}

char *fixture_document(const char *ca1, const char *ca2, const char *certificate)
{
	static const char *const names[] = { "radius-server-ca1", "radius-server-ca2",
		                             "802.1x-certificate" };
	const char *text[] = { ca1, ca2, certificate };
	BIO *bio = BIO_new(BIO_s_mem());

	BIO_printf(bio, "<DLSMessage><Message><ItemList>\n<Item name=\"x\">1</Item>\n");
	for (size_t i = 0; i < 3; i++)
		if (text[i])
			BIO_printf(bio, "<Item name=\"%s\">%s</Item>\n", names[i], text[i]);
	BIO_printf(bio, "</ItemList></Message></DLSMessage>\n");
	return text_of(bio);
}

char *fixture_replace(const char *text, const char *what, const char *by)
{
	char *out = calloc(1, strlen(text) * 3 + 1), *to = out;

	while (*text) {
		if (!strncmp(text, what, strlen(what))) {
			to = stpcpy(to, by);
			text += strlen(what);
		} else {
			*to++ = *text++;
		}
	}
	return out;
}
