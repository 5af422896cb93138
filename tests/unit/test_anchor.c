/* SPDX-License-Identifier: BSD-3-Clause */
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

#include "common/credential_openssl.h"
#include "tests/unit/findings.h"
#include "tests/unit/pki_fixture.h"

static struct world {
	struct fixture_cert ca, next, phone, server;
	char *ca_pem, *next_pem, *p12, *key_pem;
} w;

static int make_world(void **state)
{
	(void)state;
	/* RSA: it can sign with MD5 */
	w.ca = fixture_cert(
		NULL, (struct fixture_spec){ .subject = "C=DE/O=Lab/CN=Phone CA",
	                                     .key = KEY_RSA_2048,
	                                     .ext = { "basicConstraints=critical,CA:TRUE" } });
	w.next = fixture_ca(NULL, "O=Lab/CN=Next CA");
	w.phone = fixture_client(&w.ca, "O=Lab/CN=phone1");
	w.server = fixture_server(&w.ca, "radius.lab");
	w.ca_pem = fixture_pem(w.ca.cert);
	w.next_pem = fixture_pem(w.next.cert);
	w.key_pem = fixture_key_pem(w.phone.key);
	w.p12 = fixture_p12((struct fixture_p12){ .own = &w.phone, .iterations = 1 });
	return 0;
}

static int free_world(void **state)
{
	(void)state;
	fixture_done(&w.ca);
	fixture_done(&w.next);
	fixture_done(&w.phone);
	fixture_done(&w.server);
	free(w.ca_pem);
	free(w.next_pem);
	free(w.key_pem);
	free(w.p12);
	return 0;
}

/* --- what stands in a CA slot --------------------------------------------------------------------- */

/* How the CA's PEM text is written into the slot. */
static char *as_is(void)
{
	return strdup(w.ca_pem);
}

static char *four_dashes(void)
{
	return fixture_replace(w.ca_pem, "-----", "----");
}

static char *boundary_on_the_tag_line(void)
{
	return fixture_replace(w.ca_pem, "CERTIFICATE-----\n", "CERTIFICATE-----");
}

static char *blank_lines(void)
{
	return fixture_replace(w.ca_pem, "\n", "\r\n\r\n  ");
}

static char *der(void)
{
	return fixture_der_base64(w.ca.cert);
}

static char *two_blocks(void)
{
	char *text = calloc(1, 4096);

	sprintf(text, "current:\n%s\nnext:\n%s", w.ca_pem, w.next_pem);
	return text;
}

static char *key_behind(void)
{
	char *text = calloc(1, 4096);

	sprintf(text, "%s%s", w.ca_pem, w.key_pem);
	return text;
}

static char *key_alone(void)
{
	return strdup(w.key_pem);
}

static char *key_der(void)
{
	unsigned char *p = NULL;
	int n = i2d_PrivateKey(w.phone.key, &p);
	char *text = fixture_base64(p, (size_t)n);

	OPENSSL_free(p);
	return text;
}

static char *pkcs12(void)
{
	return strdup(w.p12);
}

static char *no_end(void)
{
	char *text = strdup(w.ca_pem);

	*strstr(text, "-----END") = '\0';
	return text;
}

static char *no_begin(void)
{
	return strdup(strchr(w.ca_pem, '\n'));
}

static char *three_dashes(void)
{
	return fixture_replace(w.ca_pem, "-----", "---");
}

static char *damaged_base64(void)
{
	char *text = strdup(w.ca_pem);

	*strchr(strchr(text, '\n') + 70, '\n') = '*'; /* the end of the second line of text */
	return text;
}

static char *damaged_der(void)
{
	char *text = strdup(w.ca_pem);

	strchr(text, '\n')[60] ^= 1;
	return text;
}

static char *another_block(void)
{
	return fixture_replace(w.ca_pem, "CERTIFICATE", "PKCS7");
}

static char *cut(void)
{
	char *text = der();

	text[strlen(text) / 2 / 65 * 65] = '\0';
	return text;
}

static char *too_many(void)
{
	char *text = calloc(1, (strlen(w.ca_pem) + 1) * 20);

	for (int i = 0; i < 17; i++)
		strcat(text, w.ca_pem);
	return text;
}

static const struct slot_row {
	const char *name;
	char *(*text)(void);
	const char *anchors; /* NULL: refused */
	const char *codes, *detail;
} slots[] = {
	{ "PEM", as_is, "1", "", NULL },
	{ "PEM with four dashes, as the manual prints it", four_dashes, "1", "", NULL },
	{ "PEM whose text begins on the boundary's line", boundary_on_the_tag_line, "1", "", NULL },
	{ "PEM with CR/LF, blank lines and spaces", blank_lines, "1", "", NULL },
	{ "base64 DER", der, "1", "", NULL },
	{ "two PEM blocks with text around them are two anchors", two_blocks, "1 1", "", NULL },
	{ "a private key behind the certificate", key_behind, NULL, "ca-contains-private-key",
	  "PRIVATE KEY block" },
	{ "a private key alone", key_alone, NULL, "ca-contains-private-key", NULL },
	{ "a private key in DER", key_der, NULL, "ca-contains-private-key", "in DER" },
	{ "a PKCS#12", pkcs12, NULL, "ca-contains-private-key", "exchanged" },
	{ "no END line", no_end, NULL, "ca-syntax", "without its END line" },
	{ "no BEGIN line", no_begin, NULL, "ca-syntax", "no BEGIN CERTIFICATE" },
	{ "three dashes", three_dashes, NULL, "ca-syntax", "five dashes" },
	{ "a character that is no base64", damaged_base64, NULL, "ca-syntax", "not base64" },
	{ "damaged DER", damaged_der, NULL, "ca-syntax", "damaged: the " },
	{ "half of it", cut, NULL, "ca-syntax", "cut short" },
	{ "another kind of block", another_block, NULL, "ca-syntax", "PKCS7" },
	{ "17 certificates", too_many, NULL, "ca-too-many", NULL },
};

static void reads_slot(void **state)
{
	const struct slot_row *row = *state;
	char *text = row->text();

	expect_credentials(
		fixture_document(text, NULL, w.p12),
		(struct portcall_credentials_options){ .verify = PORTCALL_VERIFY_TRUSTED },
		row->anchors, row->codes, row->detail);
	free(text);
}

static void fault_lines(void **state)
{
	struct findings findings = { 0 };
	struct portcall_credentials *none = NULL;
	struct portcall_why why = { 0 };
	char *text = damaged_base64();

	(void)state;
	/* the slot's item stands in line 3, its first line of base64 in line 4 */
	assert_int_equal(read_document(fixture_document(text, NULL, w.p12),
	                               (struct portcall_credentials_options){ .verify = 1 },
	                               &findings, &none, &why),
	                 PORTCALL_ERR_SYNTAX);
	assert_int_equal(why.line, 5);
	free(text);
	findings = (struct findings){ 0 };
	assert_int_equal(read_document(fixture_document(w.ca_pem, NULL, "MIIB\nAQ*I"),
	                               (struct portcall_credentials_options){ .verify = 1 },
	                               &findings, &none, &why),
	                 PORTCALL_ERR_SYNTAX);
	assert_string_equal(findings_codes(&findings), "base64-bad");
	assert_string_equal(findings.at[0].item, "802.1x-certificate");
	assert_int_equal(why.line, findings.at[0].why.line);
}

/* --- both slots ------------------------------------------------------------------------------------ */

static char *pem_of(struct fixture_spec spec)
{
	struct fixture_cert cert = fixture_cert(NULL, spec);
	char *pem = fixture_pem(cert.cert);

	fixture_done(&cert);
	return pem;
}

#define CA_EXT                                      \
	{                                           \
		"basicConstraints=critical,CA:TRUE" \
	}

static void two_slots(void **state)
{
	struct portcall_credentials_options trusted = { .verify = PORTCALL_VERIFY_TRUSTED };
	struct portcall_credentials_options none = { .verify = PORTCALL_VERIFY_NONE };
	struct portcall_credentials_options undated = { .verify = PORTCALL_VERIFY_TRUSTED,
		                                        .now = -1 };
	char *expired = pem_of((struct fixture_spec){ .from = -99, .to = -1, .ext = CA_EXT });
	char *future = pem_of((struct fixture_spec){ .from = 9, .to = 99, .ext = CA_EXT });
	char *weak = pem_of((struct fixture_spec){ .key = KEY_RSA_1024, .ext = CA_EXT });
	char *late = pem_of((struct fixture_spec){ .to = 5000, .ext = CA_EXT });
	char *server = fixture_pem(w.server.cert);

	(void)state;
	expect_credentials(fixture_document(w.ca_pem, w.next_pem, w.p12), trusted, "1 2", "", NULL);
	expect_credentials(fixture_document(NULL, w.next_pem, w.p12), trusted, "2", "", NULL);
	expect_credentials(fixture_document(" \n ", w.next_pem, w.p12), trusted, "2", "", NULL);
	expect_credentials(fixture_document(expired, w.next_pem, w.p12), trusted, "2",
	                   "anchor-expired", "CN=test");
	expect_credentials(fixture_document(w.ca_pem, expired, w.p12), trusted, "1",
	                   "anchor-expired", NULL);
	expect_credentials(fixture_document(expired, NULL, w.p12), trusted, NULL, "cert-expired",
	                   "anchor CN=test");
	expect_credentials(fixture_document(expired, NULL, w.p12), none, "1", "", NULL);
	expect_credentials(fixture_document(expired, NULL, w.p12), undated, "1", "", NULL);
	expect_credentials(fixture_document(w.ca_pem, future, w.p12), trusted, "1 2",
	                   "anchor-not-yet-valid", NULL);
	expect_credentials(fixture_document(w.ca_pem, weak, w.p12), trusted, "1", "weak-key",
	                   "RSA-1024");
	expect_credentials(fixture_document(weak, NULL, w.p12), trusted, NULL, "weak-key",
	                   "RSA-1024");
	trusted.profile = PORTCALL_PROFILE_OPTIPOINT;
	expect_credentials(fixture_document(weak, NULL, w.p12), trusted, "1", "", NULL);
	trusted.profile = PORTCALL_PROFILE_MODERN;
	expect_credentials(fixture_document(late, NULL, w.p12), trusted, "1", "cert-past-2038",
	                   NULL);
	expect_credentials(fixture_document(server, NULL, w.p12), trusted, "1p",
	                   "ca-is-leaf-pinned", "radius.lab");
	expect_credentials(fixture_document(NULL, NULL, w.p12), trusted, NULL, "no-ca-item", NULL);
	expect_credentials(fixture_document(NULL, NULL, w.p12), none, "", "", NULL);
	expect_credentials(fixture_document(w.ca_pem, NULL, NULL), trusted, NULL,
	                   "no-certificate-item", NULL);
	free(expired);
	free(future);
	free(weak);
	free(late);
	free(server);
}

static void unknown_key(void **state)
{
	static const unsigned char rsa[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1 };
	unsigned char *p = NULL, *at;
	int n = i2d_X509(w.ca.cert, &p);
	char *text;

	(void)state;
	/* the key's algorithm becomes one that nobody knows; the signature is not looked at */
	at = memmem(p, (size_t)n, rsa, sizeof(rsa));
	assert_non_null(at);
	at[sizeof(rsa) - 1] = 99;
	text = fixture_base64(p, (size_t)n);
	expect_credentials(
		fixture_document(text, NULL, w.p12),
		(struct portcall_credentials_options){ .verify = PORTCALL_VERIFY_TRUSTED }, NULL,
		"key-type", "public key cannot be read");
	expect_credentials(fixture_document(text, NULL, w.p12),
	                   (struct portcall_credentials_options){ .verify = PORTCALL_VERIFY_NONE },
	                   "1", "", NULL);
	OPENSSL_free(p);
	free(text);
}

/* Whoever verifies with such a key works for seconds. */
static void huge_key(void **state)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	BIGNUM *n = BN_new(), *e = BN_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	X509 *cert = X509_dup(w.next.cert);
	EVP_PKEY *key = NULL;
	OSSL_PARAM *params;
	char *text;

	(void)state;
	assert_int_equal(BN_rand(n, 9000, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD), 1);
	assert_int_equal(BN_set_word(e, 65537), 1);
	OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n);
	OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e);
	params = OSSL_PARAM_BLD_to_param(build);
	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
	assert_int_equal(X509_set_pubkey(cert, key), 1);
	assert_true(X509_sign(cert, w.next.key, EVP_sha256()) > 0);
	text = fixture_der_base64(cert);
	expect_credentials(
		fixture_document(text, NULL, w.p12),
		(struct portcall_credentials_options){ .verify = PORTCALL_VERIFY_TRUSTED }, NULL,
		"key-type", "RSA-9000; at most 8192 bits");
	free(text);
	X509_free(cert);
	EVP_PKEY_free(key);
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	BN_free(n);
	BN_free(e);
}

static void everything_wrong_is_reported(void **state)
{
	struct portcall_credentials_options trusted = { .verify = PORTCALL_VERIFY_TRUSTED };

	(void)state;
	expect_credentials(fixture_document("x", "y", "z"), trusted, NULL,
	                   "ca-syntax ca-syntax base64-bad", NULL);
	expect_credentials(strdup("<L>\n<Item name='radius-server-cal'>x</Item>\n<Item "
	                          "name='802.1X-certificate'>y"
	                          "</Item></L>"),
	                   trusted, NULL,
	                   "item-name-typo item-name-typo no-ca-item no-certificate-item",
	                   "is 802.1X-certificate in line 3 meant?");
}

static void anchors_from_a_file(void **state)
{
	struct fixture_cert ca = fixture_ca(NULL, "CN=Web CA"),
			    server = fixture_server(&ca, "web.lab");
	struct fixture_cert old = fixture_cert(NULL, (struct fixture_spec){ .from = -9, .to = -1 });
	struct cert_policy policy = { .verify = PORTCALL_VERIFY_TRUSTED, .time = FIXTURE_NOW };
	char *pem = fixture_pem(ca.cert), *old_pem = fixture_pem(old.cert);
	struct portcall_why why = { 0 };
	X509_STORE *store;

	(void)state;
	store = credential_anchors(pem, strlen(pem), "https-ca", &policy, &why);
	assert_non_null(store);
	assert_int_equal(cert_policy_judge(&policy, store, server.cert, NULL, &why), PORTCALL_OK);
	assert_int_equal(cert_policy_judge(&policy, store, old.cert, NULL, &why),
	                 PORTCALL_ERR_REFUSED);
	assert_non_null(strstr(why.text, "CN=Web CA (https-ca)"));
	X509_STORE_free(store);
	assert_null(credential_anchors(old_pem, strlen(old_pem), "https-ca", &policy, &why));
	assert_int_equal(why.reason, PORTCALL_REASON_CERT_EXPIRED);
	assert_null(credential_anchors("hello", 5, "https-ca", &policy, &why));
	assert_int_equal(why.reason, PORTCALL_REASON_CA_SYNTAX);
	free(pem);
	free(old_pem);
	fixture_done(&ca);
	fixture_done(&server);
	fixture_done(&old);
}

int main(void)
{
	enum { SLOTS = sizeof(slots) / sizeof(*slots) };
	static const struct CMUnitTest others[] = {
		{ "a fault in a slot names its line", fault_lines, NULL, NULL, NULL },
		{ "ca1 and ca2 are equal anchors, and either may be empty", two_slots, NULL, NULL,
		  NULL },
		{ "everything that is wrong is reported", everything_wrong_is_reported, NULL, NULL,
		  NULL },
		{ "an anchor whose key is of an unknown kind", unknown_key, NULL, NULL, NULL },
		{ "an anchor whose key is too large to verify with", huge_key, NULL, NULL, NULL },
		{ "anchors of a file, named in details", anchors_from_a_file, NULL, NULL, NULL },
	};
	struct CMUnitTest tests[SLOTS + sizeof(others) / sizeof(*others)];
	size_t n = 0;

	for (size_t i = 0; i < SLOTS; i++)
		tests[n++] = (struct CMUnitTest){ slots[i].name, reads_slot, NULL, NULL,
			                          (void *)(uintptr_t)&slots[i] };
	memcpy(tests + n, others, sizeof(others));
	return cmocka_run_group_tests_name("anchor", tests, make_world, free_world);
}
