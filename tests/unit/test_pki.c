/* SPDX-License-Identifier: BSD-3-Clause */
/* Certificates and PKCS#12 files of the lab's certificate authority. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>
#include <openssl/x509v3.h>

#include "tools/pki.h"

enum { NOW = 1763700000 };

static char why[PKI_WHY_LEN];

static const struct pki_request ca_request = {
	.cn = "Phone CA", .o = "Portcall Lab", .not_before = NOW - 60, .not_after = NOW + 86400
};
static const struct pki_request phone_request = { .cn = "phone1",
	                                          .purpose = PKI_CLIENT,
	                                          .serial = 0x03e9,
	                                          .not_before = NOW - 60,
	                                          .not_after = NOW + 3600 };

static X509 *parsed(const struct pki_cert *cert)
{
	char *pem = pki_pem(cert, false);
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL);

	assert_non_null(x509);
	BIO_free(bio);
	free(pem);
	return x509;
}

/* X509_V_OK or the verification error of `leaf` below `root`, with `between` (may be NULL) sent along. */
static int verify(const struct pki_cert *leaf, const struct pki_cert *between,
                  const struct pki_cert *root, int64_t at, int purpose)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	STACK_OF(X509) *untrusted = sk_X509_new_null();
	X509 *x509 = parsed(leaf), *anchor = parsed(root);

	if (between)
		sk_X509_push(untrusted, parsed(between));
	X509_STORE_add_cert(store, anchor);
	X509_STORE_CTX_init(ctx, store, x509, untrusted);
	X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(ctx), (time_t)at);
	X509_STORE_CTX_set_purpose(ctx, purpose);
	X509_verify_cert(ctx);
	int error = X509_STORE_CTX_get_error(ctx);

	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	sk_X509_pop_free(untrusted, X509_free);
	X509_free(x509);
	X509_free(anchor);
	ERR_clear_error();
	return error;
}

static void a_certificate_says_what_was_asked_for(void **state)
{
	(void)state;
	struct pki_cert *ca = pki_ca(NULL, &ca_request, why);
	struct pki_request request = phone_request;

	request.cn = "radius.example";
	request.o = "Portcall Lab";
	request.purpose = PKI_SERVER;
	request.dns = (const char *const[]){ "radius.example", "radius2.example", NULL };
	request.ip = (const char *const[]){ "10.77.1.2", "fd00::1", NULL };
	struct pki_cert *cert = pki_issue(ca, &request, why);

	assert_non_null(cert);
	X509 *x509 = parsed(cert);

	assert_int_equal(X509_check_host(x509, "radius2.example", 0, 0, NULL), 1);
	assert_int_equal(X509_check_host(x509, "other.example", 0, 0, NULL), 0);
	assert_int_equal(X509_check_ip_asc(x509, "10.77.1.2", 0), 1);
	assert_int_equal(X509_check_ip_asc(x509, "fd00::1", 0), 1);
	assert_int_equal(X509_check_purpose(x509, X509_PURPOSE_SSL_SERVER, 0), 1);
	assert_int_equal(X509_check_purpose(x509, X509_PURPOSE_SSL_CLIENT, 0), 0);
	assert_int_equal(X509_cmp_time(X509_get0_notAfter(x509), &(time_t){ NOW + 3599 }), 1);
	assert_int_equal(X509_cmp_time(X509_get0_notAfter(x509), &(time_t){ NOW + 3600 }), -1);
	assert_string_equal(pki_serial(cert), "03e9");
	assert_string_equal(pki_issuer(cert), "/O=Portcall Lab/CN=Phone CA");
	X509_free(x509);
	pki_free(cert);
	pki_free(ca);
}

static void a_chain_verifies_within_its_dates_and_purpose_only(void **state)
{
	(void)state;
	struct pki_cert *ca = pki_ca(NULL, &ca_request, why);
	struct pki_cert *other = pki_ca(NULL, &ca_request, why);
	struct pki_request sub_request = ca_request;

	sub_request.cn = "Phone CA 2";
	struct pki_cert *sub = pki_ca(ca, &sub_request, why);
	struct pki_cert *phone = pki_issue(sub, &phone_request, why);

	assert_int_equal(verify(phone, sub, ca, NOW, X509_PURPOSE_SSL_CLIENT), X509_V_OK);
	assert_int_equal(verify(phone, NULL, ca, NOW, X509_PURPOSE_SSL_CLIENT),
	                 X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
	assert_int_equal(verify(phone, sub, ca, NOW + 4000, X509_PURPOSE_SSL_CLIENT),
	                 X509_V_ERR_CERT_HAS_EXPIRED);
	assert_int_equal(verify(phone, sub, ca, NOW - 120, X509_PURPOSE_SSL_CLIENT),
	                 X509_V_ERR_CERT_NOT_YET_VALID);
	assert_int_equal(verify(phone, sub, ca, NOW, X509_PURPOSE_SSL_SERVER),
	                 X509_V_ERR_INVALID_PURPOSE);
	/* the same name, another key: the wrong CA of the lab's cases */
	assert_int_not_equal(verify(phone, sub, other, NOW, X509_PURPOSE_SSL_CLIENT), X509_V_OK);
	/* a leaf signs nothing */
	assert_null(pki_issue(phone, &phone_request, why));
	assert_string_equal(why, "The issuer is not a CA.");
	pki_free(phone);
	pki_free(sub);
	pki_free(other);
	pki_free(ca);
}

static void every_kind_of_key_and_digest_is_made(void **state)
{
	(void)state;
	static const struct {
		enum pki_key key;
		enum pki_digest digest;
		int bits, nid;
	} rows[] = {
		{ PKI_P256, PKI_SHA256, 256, NID_ecdsa_with_SHA256 },
		{ PKI_P384, PKI_SHA1, 384, NID_ecdsa_with_SHA1 },
		{ PKI_RSA_1024, PKI_MD5, 1024, NID_md5WithRSAEncryption },
		{ PKI_RSA_2048, PKI_SHA256, 2048, NID_sha256WithRSAEncryption },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct pki_request request = ca_request;

		request.key = rows[i].key;
		request.digest = rows[i].digest;
		struct pki_cert *cert = pki_ca(NULL, &request, why);

		assert_non_null(cert);
		X509 *x509 = parsed(cert);

		assert_int_equal(EVP_PKEY_get_bits(X509_get0_pubkey(x509)), rows[i].bits);
		assert_int_equal(X509_get_signature_nid(x509), rows[i].nid);
		assert_true(strlen(pki_serial(cert)) <= 16);
		X509_free(x509);
		pki_free(cert);
	}
}

static void a_modern_pkcs12_opens_with_its_passphrase_only(void **state)
{
	(void)state;
	struct pki_cert *ca = pki_ca(NULL, &ca_request, why);
	struct pki_request sub_request = ca_request;

	sub_request.cn = "Phone CA 2";
	struct pki_cert *sub = pki_ca(ca, &sub_request, why);
	struct pki_cert *phone = pki_issue(sub, &phone_request, why);
	size_t n = 0;
	uint8_t *der = pki_pkcs12(phone, "s\xc3\xa9same", PKI_MODERN, &n, why);

	assert_non_null(der);
	const unsigned char *p = der;
	PKCS12 *p12 = d2i_PKCS12(NULL, &p, (long)n);
	EVP_PKEY *key = NULL;
	X509 *x509 = NULL;
	STACK_OF(X509) *above = NULL;

	assert_int_equal(PKCS12_verify_mac(p12, "sesame", -1), 0);
	assert_int_equal(PKCS12_parse(p12, "s\xc3\xa9same", &key, &x509, &above), 1);
	assert_int_equal(X509_check_private_key(x509, key), 1);
	assert_int_equal(sk_X509_num(above), 1); /* the intermediate, not the root */
	sk_X509_pop_free(above, X509_free);
	X509_free(x509);
	EVP_PKEY_free(key);
	PKCS12_free(p12);
	free(der);
	pki_free(phone);
	pki_free(sub);
	pki_free(ca);
	ERR_clear_error();
}

static void an_optipoint_pkcs12_uses_the_old_algorithms_and_the_process_never_learns_them(
	void **state)
{
	(void)state;
	struct pki_cert *ca = pki_ca(NULL, &ca_request, why);
	struct pki_cert *phone = pki_issue(ca, &phone_request, why);
	size_t n = 0;
	uint8_t *der = pki_pkcs12(phone, "secret", PKI_OPTIPOINT, &n, why);

	assert_non_null(der);
	const unsigned char *p = der;
	PKCS12 *p12 = d2i_PKCS12(NULL, &p, (long)n);
	const X509_ALGOR *mac = NULL;
	const ASN1_OBJECT *digest = NULL;

	PKCS12_get0_mac(NULL, &mac, NULL, NULL, p12);
	X509_ALGOR_get0(&digest, NULL, NULL, mac);
	assert_int_equal(OBJ_obj2nid(digest), NID_sha1);
	assert_int_equal(PKCS12_verify_mac(p12, "secret", -1), 1);
	EVP_PKEY *key = NULL;
	X509 *x509 = NULL;

	/* RC2-40 is not known to the default library context */
	assert_int_equal(PKCS12_parse(p12, "secret", &key, &x509, NULL), 0);
	assert_int_equal(OSSL_PROVIDER_available(NULL, "legacy"), 0);
	PKCS12_free(p12);
	free(der);
	pki_free(phone);
	pki_free(ca);
	ERR_clear_error();
}

static void the_base64_text_is_the_pkcs12_file(void **state)
{
	(void)state;
	struct pki_cert *ca = pki_ca(NULL, &ca_request, why);
	struct pki_cert *phone = pki_issue(ca, &phone_request, why);
	char *text = pki_pkcs12_base64(phone, "secret", PKI_MODERN, why);

	assert_non_null(text);
	assert_true(strcspn(text, "\n") == 64);
	BIO *bio = BIO_push(BIO_new(BIO_f_base64()), BIO_new_mem_buf(text, -1));
	PKCS12 *p12 = d2i_PKCS12_bio(bio, NULL);

	assert_non_null(p12);
	assert_int_equal(PKCS12_verify_mac(p12, "secret", -1), 1);
	PKCS12_free(p12);
	BIO_free_all(bio);
	free(text);
	pki_free(phone);
	pki_free(ca);
}

static void key_files_are_for_the_owner_only(void **state)
{
	(void)state;
	char dir[] = "/tmp/test-pki-XXXXXX", key_path[64], cert_path[64];
	struct stat st;

	assert_non_null(mkdtemp(dir));
	snprintf(key_path, sizeof(key_path), "%s/key.pem", dir);
	snprintf(cert_path, sizeof(cert_path), "%s/cert.pem", dir);
	fclose(fopen(key_path, "w")); /* an old file with an open mode must not decide */
	struct pki_cert *ca = pki_ca(NULL, &ca_request, why);

	assert_true(pki_write_key(ca, key_path, why));
	assert_true(pki_write_cert(ca, true, cert_path, why));
	assert_int_equal(stat(key_path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat(cert_path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	FILE *f = fopen(key_path, "r");
	EVP_PKEY *key = PEM_read_PrivateKey(f, NULL, NULL, NULL);
	X509 *x509 = parsed(ca);

	assert_int_equal(X509_check_private_key(x509, key), 1);
	fclose(f);
	EVP_PKEY_free(key);
	X509_free(x509);
	unlink(key_path);
	assert_false(pki_write_key(ca, "/nonexistent/key.pem", why));
	assert_string_equal(why,
	                    "/nonexistent/key.pem cannot be written: No such file or directory.");
	unlink(cert_path);
	rmdir(dir);
	pki_free(ca);
}

static void nonsense_is_refused_with_a_sentence(void **state)
{
	(void)state;
	struct pki_request request = ca_request;

	request.cn = request.o = NULL;
	assert_null(pki_ca(NULL, &request, why));
	assert_string_equal(why, "A certificate needs a common name or an organization.");
	request = ca_request;
	request.not_after = request.not_before - 1;
	assert_null(pki_ca(NULL, &request, why));
	assert_string_equal(why, "The certificate would end before it begins.");
	struct pki_cert *ca = pki_ca(NULL, &ca_request, why);

	request = phone_request;
	request.ip = (const char *const[]){ "10.77.1.256", NULL };
	assert_null(pki_issue(ca, &request, why));
	assert_memory_equal(why, "\"IP:10.77.1.256\" is no alternative name: ", 41);
	pki_free(ca);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_certificate_says_what_was_asked_for),
		cmocka_unit_test(a_chain_verifies_within_its_dates_and_purpose_only),
		cmocka_unit_test(every_kind_of_key_and_digest_is_made),
		cmocka_unit_test(a_modern_pkcs12_opens_with_its_passphrase_only),
		cmocka_unit_test(
			an_optipoint_pkcs12_uses_the_old_algorithms_and_the_process_never_learns_them),
		cmocka_unit_test(the_base64_text_is_the_pkcs12_file),
		cmocka_unit_test(key_files_are_for_the_owner_only),
		cmocka_unit_test(nonsense_is_refused_with_a_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
