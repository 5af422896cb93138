/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/nasty.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/x509v3.h>

#include "tests/unit/pki_fixture.h"
#include "tests/unit/revocation_fixture.h"

#define ROOM (1 << 20)

struct span nasty_text(const char *head, const char *part, size_t n, const char *tail)
{
	char *text = malloc(n + strlen(head) + strlen(tail) + strlen(part) + 32);
	size_t at;

	assert_non_null(text);
	at = (size_t)sprintf(text, "%s", head);
	for (unsigned i = 0; at < n; i++)
		at += (size_t)sprintf(text + at, part, i);
	at += (size_t)sprintf(text + at, "%s", tail);
	return span(text, at);
}

/* What OpenSSL wrote, on malloc's heap. */
static struct span take(unsigned char *der, int n)
{
	uint8_t *copy = malloc((size_t)(n > 0 ? n : 1));

	assert_true(n > 0);
	assert_non_null(copy);
	memcpy(copy, der, (size_t)n);
	OPENSSL_free(der);
	return span(copy, (size_t)n);
}

/* --- DER by hand ---------------------------------------------------------------------------------------- */

static void write_header(struct writer *w, uint8_t tag, size_t n)
{
	write_u8(w, tag);
	write_u8(w, 0x83);
	write_u8(w, (uint8_t)(n >> 16));
	write_u16(w, (uint16_t)n);
}

/* tag, length, contents; what is inside may be the same buffer's. */
static struct span wrap(uint8_t tag, struct span inside)
{
	uint8_t *out = malloc(inside.n + 5);
	struct writer w = writer_to(out, inside.n + 5);

	write_header(&w, tag, inside.n);
	write_bytes(&w, inside);
	span_free(inside);
	return writer_span(&w);
}

static struct span copy_of(const void *p, size_t n)
{
	void *copy = malloc(n);

	memcpy(copy, p, n);
	return span(copy, n);
}

static struct span join(struct span first, struct span second)
{
	uint8_t *both = malloc(first.n + second.n);

	memcpy(both, first.p, first.n);
	memcpy(both + first.n, second.p, second.n);
	span_free(first);
	span_free(second);
	return span(both, first.n + second.n);
}

static struct span repeat(struct span part, size_t times)
{
	uint8_t *out = malloc(part.n * times);

	for (size_t i = 0; i < times; i++)
		memcpy(out + i * part.n, part.p, part.n);
	span_free(part);
	return span(out, part.n * times);
}

/* --- PKCS#12 -------------------------------------------------------------------------------------------- */

const char *const nasty_p12_name[P12_KINDS] = {
	"many bags",         "nested bags",
	"a big attribute",   "many attributes",
	"many safes",        "safes that cost work",
	"many certificates", "iterations of the MAC",
	"a huge RSA key",    "a certificate of 50 kB",
};

/* A secret bag of a type that nobody knows, without value: 22 octets. */
static struct span small_bag(void)
{
	static const uint8_t bag[] = { 0x30, 0x18, 0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7,
		                       0x0d, 0x01, 0x0c, 0x0a, 0x01, 0x05, 0xa0, 0x09, 0x30,
		                       0x07, 0x06, 0x01, 0x2a, 0xa0, 0x02, 0x05, 0x00 };

	return copy_of(bag, sizeof(bag));
}

static struct span nested_bags(unsigned depth)
{
	static const uint8_t oid[] = { 0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7,
		                       0x0d, 0x01, 0x0c, 0x0a, 0x01, 0x06 };
	struct span bags = small_bag();

	while (depth--)
		bags = wrap(0x30, join(copy_of(oid, sizeof(oid)), wrap(0xa0, wrap(0x30, bags))));
	return bags;
}

static PKCS7 *data_of(struct span safe_contents)
{
	PKCS7 *p7 = PKCS7_new();

	assert_int_equal(PKCS7_set_type(p7, NID_pkcs7_data), 1);
	assert_int_equal(ASN1_OCTET_STRING_set(p7->d.data, safe_contents.p, (int)safe_contents.n),
	                 1);
	span_free(safe_contents);
	return p7;
}

static struct span file_of(STACK_OF(PKCS7) *safes)
{
	PKCS12 *p12 = PKCS12_add_safes(safes, 0);
	unsigned char *der = NULL;
	int n;

	assert_non_null(p12);
	assert_int_equal(PKCS12_set_mac(p12, FIXTURE_PASS, -1, NULL, 0, 1, EVP_sha256()), 1);
	n = i2d_PKCS12(p12, &der);
	PKCS12_free(p12);
	sk_PKCS7_pop_free(safes, PKCS7_free);
	return take(der, n);
}

static struct span file_of_one(PKCS7 *safe)
{
	STACK_OF(PKCS7) *safes = sk_PKCS7_new_null();

	sk_PKCS7_push(safes, safe);
	return file_of(safes);
}

static struct span many_safes(size_t n, int iterations)
{
	STACK_OF(PKCS7) *safes = sk_PKCS7_new_null();
	STACK_OF(PKCS12_SAFEBAG) *none = sk_PKCS12_SAFEBAG_new_null();

	for (size_t i = 0; i < n; i++)
		sk_PKCS7_push(safes, iterations
		                             ? PKCS12_pack_p7encdata(NID_aes_256_cbc, FIXTURE_PASS,
		                                                     -1, NULL, 0, iterations, none)
		                             : PKCS12_pack_p7data(none));
	sk_PKCS12_SAFEBAG_pop_free(none, PKCS12_SAFEBAG_free);
	return file_of(safes);
}

/* With attributes; `bags` is taken. */
static struct span file_of_bags(STACK_OF(PKCS12_SAFEBAG) *bags)
{
	PKCS7 *safe = PKCS12_pack_p7data(bags);

	sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
	return file_of_one(safe);
}

/* A small bag with the same localKeyID again and again, which OpenSSL itself would not write. */
static struct span with_attributes(size_t size, size_t count)
{
	static const uint8_t oid[] = { 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
		                       0xf7, 0x0d, 0x01, 0x09, 0x15 };
	uint8_t *zeros = calloc(1, size);
	struct span bag = small_bag(), contents = copy_of(bag.p + 2, bag.n - 2);
	struct span id = wrap(0x31, wrap(0x04, span(zeros, size)));
	struct span attribute = wrap(0x30, join(copy_of(oid, sizeof(oid)), id));

	span_free(bag);
	bag = wrap(0x30, join(contents, wrap(0x31, repeat(attribute, count))));
	return file_of_one(data_of(wrap(0x30, bag)));
}

static EVP_PKEY *rsa_public(int bits, int exponent_bits)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	BIGNUM *n = BN_new(), *e = BN_new();
	EVP_PKEY *key = NULL;
	OSSL_PARAM *params;

	assert_int_equal(BN_rand(n, bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD), 1);
	assert_int_equal(BN_rand(e, exponent_bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD), 1);
	OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n);
	OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e);
	params = OSSL_PARAM_BLD_to_param(build);
	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(ctx);
	BN_free(n);
	BN_free(e);
	return key;
}

/* RSAPrivateKey of version 0 with eight INTEGERs of `octets` random octets. */
static struct span huge_key(size_t octets)
{
	static const uint8_t head[] = { 0x02, 0x01, 0x00, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86,
		                        0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00 };
	static const uint8_t version[] = { 0x02, 0x01, 0x00 };
	uint8_t *all = malloc(ROOM), *number = malloc(octets);
	struct writer w = writer_to(all, ROOM), whole;
	struct span key, octet_string;
	PKCS8_PRIV_KEY_INFO *p8;
	STACK_OF(PKCS12_SAFEBAG) *bags = sk_PKCS12_SAFEBAG_new_null();
	const unsigned char *p;

	memset(number, 0x5b, octets);
	write_bytes(&w, span(version, sizeof(version)));
	for (int i = 0; i < 8; i++) {
		write_header(&w, 0x02, octets);
		write_bytes(&w, span(number, octets));
	}
	free(number);
	octet_string = wrap(0x04, wrap(0x30, copy_of(all, w.n)));
	whole = writer_to(all, ROOM);
	write_bytes(&whole, span(head, sizeof(head)));
	write_bytes(&whole, octet_string);
	span_free(octet_string);
	key = wrap(0x30, copy_of(all, whole.n));
	free(all);
	p = key.p;
	p8 = d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, (long)key.n);
	assert_non_null(p8);
	span_free(key);
	sk_PKCS12_SAFEBAG_push(bags, PKCS12_SAFEBAG_create_pkcs8_encrypt(
					     NID_aes_256_cbc, FIXTURE_PASS, -1, NULL, 0, 1, p8));
	PKCS8_PRIV_KEY_INFO_free(p8);
	return file_of_bags(bags);
}

static struct span with_cert(struct span der)
{
	struct fixture_cert phone = fixture_cert(NULL, (struct fixture_spec){ 0 });
	STACK_OF(PKCS12_SAFEBAG) *bags = NULL;
	const unsigned char *p = der.p;
	X509 *cert = d2i_X509(NULL, &p, (long)der.n);

	assert_non_null(cert);
	PKCS12_add_cert(&bags, phone.cert);
	PKCS12_add_cert(&bags, cert);
	PKCS12_add_key(&bags, phone.key, 0, 1, NID_aes_256_cbc, FIXTURE_PASS);
	X509_free(cert);
	fixture_done(&phone);
	span_free(der);
	return file_of_bags(bags);
}

static struct span many_certs(void)
{
	struct fixture_cert cert = fixture_cert(NULL, (struct fixture_spec){ 0 });
	STACK_OF(PKCS12_SAFEBAG) *bags = NULL;

	for (int i = 0; i < 150; i++)
		PKCS12_add_cert(&bags, cert.cert);
	fixture_done(&cert);
	return file_of_bags(bags);
}

static struct span mac_iterations(void)
{
	PKCS12 *p12;
	struct span good = file_of_one(data_of(wrap(0x30, small_bag())));
	const unsigned char *p = good.p;
	const ASN1_INTEGER *count;
	unsigned char *der = NULL;
	int n;

	p12 = d2i_PKCS12(NULL, &p, (long)good.n);
	span_free(good);
	PKCS12_set_mac(p12, FIXTURE_PASS, -1, NULL, 0, 2, EVP_sha256());
	PKCS12_get0_mac(NULL, NULL, NULL, &count, p12);
	ASN1_INTEGER_set_int64((ASN1_INTEGER *)(uintptr_t)count, INT32_MAX);
	n = i2d_PKCS12(p12, &der);
	PKCS12_free(p12);
	return take(der, n);
}

struct span nasty_p12(enum nasty_p12 kind)
{
	switch (kind) {
	case P12_MANY_BAGS:
		return file_of_one(data_of(wrap(0x30, repeat(small_bag(), 2400))));
	case P12_NESTED_BAGS:
		return file_of_one(data_of(wrap(0x30, nested_bags(2000))));
	case P12_BIG_ATTRIBUTE:
		return with_attributes(60000, 1);
	case P12_MANY_ATTRIBUTES:
		return with_attributes(1, 2000);
	case P12_MANY_SAFES:
		return many_safes(3300, 0);
	case P12_SAFES_WITH_WORK:
		return many_safes(8, 1000);
	case P12_MANY_CERTS:
		return many_certs();
	case P12_MAC_ITERATIONS:
		return mac_iterations();
	case P12_HUGE_KEY:
		return huge_key(7500);
	case P12_HUGE_CERT:
		return with_cert(nasty_cert(CERT_MANY_NAMES, 50000));
	case P12_KINDS:
		break;
	}
	return span(NULL, 0);
}

/* --- certificates --------------------------------------------------------------------------------------- */

const char *const nasty_cert_name[CERT_KINDS] = {
	"many relative names", "many alternative names",   "many extensions",
	"a huge modulus",      "an exponent of 2048 bits",
};

static void add_names(X509_NAME *name, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_int_equal(X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_ASC,
		                                            (const unsigned char *)"x", 1, -1, 0),
		                 1);
}

static void add_alternative_names(X509 *cert, size_t count)
{
	GENERAL_NAMES *names = GENERAL_NAMES_new();

	for (size_t i = 0; i < count; i++) {
		GENERAL_NAME *name = GENERAL_NAME_new();
		ASN1_IA5STRING *text = ASN1_IA5STRING_new();

		ASN1_STRING_set(text, "x", 1);
		GENERAL_NAME_set0_value(name, GEN_DNS, text);
		sk_GENERAL_NAME_push(names, name);
	}
	assert_int_equal(X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, 0), 1);
	GENERAL_NAMES_free(names);
}

static void add_extensions(X509 *cert, size_t count)
{
	ASN1_OBJECT *oid = OBJ_txt2obj("1.3.6.1.4.1.59999.1.99", 1);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();

	for (size_t i = 0; i < count; i++) {
		X509_EXTENSION *ext = X509_EXTENSION_create_by_OBJ(NULL, oid, 0, value);

		assert_int_equal(X509_add_ext(cert, ext, -1), 1);
		X509_EXTENSION_free(ext);
	}
	ASN1_OCTET_STRING_free(value);
	ASN1_OBJECT_free(oid);
}

static void set_key(X509 *cert, EVP_PKEY *key)
{
	assert_int_equal(X509_set_pubkey(cert, key), 1);
	EVP_PKEY_free(key);
}

struct span nasty_cert(enum nasty_cert kind, size_t size)
{
	struct fixture_cert ca = fixture_ca(NULL, "CN=nasty");
	unsigned char *der = NULL;
	int n;

	switch (kind) {
	case CERT_MANY_NAMES:
		add_names(X509_get_subject_name(ca.cert), (size - 500) / 12);
		break;
	case CERT_MANY_ALTERNATIVE_NAMES:
		add_alternative_names(ca.cert, (size - 500) / 3);
		break;
	case CERT_MANY_EXTENSIONS:
		add_extensions(ca.cert, (size - 500) / 16);
		break;
	case CERT_HUGE_MODULUS:
		set_key(ca.cert, rsa_public((int)(size - 500) * 8, 17));
		break;
	case CERT_LONG_EXPONENT:
		set_key(ca.cert, rsa_public(2048, 2047));
		break;
	case CERT_KINDS:
		break;
	}
	assert_true(X509_sign(ca.cert, ca.key, EVP_sha256()) > 0);
	n = i2d_X509(ca.cert, &der);
	fixture_done(&ca);
	return take(der, n);
}

const char *const nasty_crl_name[CRL_KINDS] = { "entries", "names", "extensions" };

struct span nasty_crl(enum nasty_crl kind, size_t n)
{
	struct fixture_cert ca = fixture_ca(NULL, "CN=nasty");
	struct fixture_crl spec = { 0 };
	struct span der;

	switch (kind) {
	case CRL_ENTRIES:
		spec.more = (n - 400) / 36;
		break;
	case CRL_NAMES:
		add_names(X509_get_subject_name(ca.cert), (n - 400) / 12);
		break;
	case CRL_EXTENSIONS:
		spec.extensions = (n - 400) / 20;
		break;
	case CRL_KINDS:
		break;
	}
	der = fixture_crl(&ca, spec);
	fixture_done(&ca);
	return der;
}
