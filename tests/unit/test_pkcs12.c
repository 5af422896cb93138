/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <openssl/provider.h>

#include <openssl/err.h>

#include "common/credential_openssl.h"
#include "common/pem.h"
#include "tests/unit/findings.h"
#include "tests/unit/pki_fixture.h"

/* The files of all tests: root > middle > phone; other belongs to nobody. */
static struct world {
	struct fixture_cert root, middle, phone, other;
	char *ca;
} w;

static int make_world(void **state)
{
	(void)state;
	w.root = fixture_ca(NULL, "O=Lab/CN=Root");
	w.middle = fixture_ca(&w.root, "O=Lab/CN=Middle");
	w.phone = fixture_client(&w.middle, "O=Lab/CN=phone1");
	w.other = fixture_client(&w.root, "O=Lab/CN=other");
	w.ca = fixture_pem(w.root.cert);
	return 0;
}

static int free_world(void **state)
{
	(void)state;
	fixture_done(&w.root);
	fixture_done(&w.middle);
	fixture_done(&w.phone);
	fixture_done(&w.other);
	free(w.ca);
	return 0;
}

enum {
	RC2_40 = NID_pbe_WithSHA1And40BitRC2_CBC,
	RC2_128 = NID_pbe_WithSHA1And128BitRC2_CBC,
	RC4 = NID_pbe_WithSHA1And128BitRC4,
	DES3 = NID_pbe_WithSHA1And3_Key_TripleDES_CBC,
	MD5_DES = NID_pbeWithMD5AndDES_CBC,
};

#define STREET         \
	"Stra\xc3\x9f" \
	"e"

struct row {
	const char *name;
	struct fixture_p12 p12; /* own: phone, unless `foreign` */
	bool foreign;           /* the phone's certificate with somebody else's key */
	bool two_keys;
	bool with_chain;        /* root first, then middle: the wrong order */
	const char *passphrase; /* "-": none */
	bool unencrypted;       /* unencrypted-pkcs12 = yes */
	enum portcall_err err;
	const char *codes;  /* findings */
	const char *detail; /* part of the last finding's text */
};

static const struct row table[] = {
	{ .name = "modern: AES-256, PBKDF2, SHA-256 MAC" },
	{ .name = "as openssl -legacy and the phones of 2006 make it: RC2-40, 3DES, SHA-1 MAC",
	  .p12 = { .cert_nid = RC2_40, .key_nid = DES3, .mac = "SHA1" },
	  .codes = "p12-legacy-algorithm",
	  .detail = "MAC SHA-1, certificates RC2-40, private key 3DES" },
	{ .name = "3DES for both",
	  .p12 = { .cert_nid = DES3, .key_nid = DES3 },
	  .codes = "p12-legacy-algorithm" },
	{ .name = "RC2-40 for both (PKCS12_parse cannot read such a key)",
	  .p12 = { .cert_nid = RC2_40, .key_nid = RC2_40, .mac = "SHA1" },
	  .codes = "p12-legacy-algorithm" },
	{ .name = "RC2-128",
	  .p12 = { .cert_nid = RC2_128, .key_nid = RC2_128 },
	  .codes = "p12-legacy-algorithm" },
	{ .name = "RC4-128",
	  .p12 = { .cert_nid = RC4, .key_nid = RC4 },
	  .codes = "p12-legacy-algorithm" },
	{ .name = "MD5 and DES",
	  .p12 = { .cert_nid = MD5_DES, .key_nid = MD5_DES, .mac = "MD5" },
	  .codes = "p12-legacy-algorithm",
	  .detail = "MAC MD5, certificates MD5 and DES" },
	{ .name = "AES with a SHA-1 MAC",
	  .p12 = { .mac = "SHA1" },
	  .codes = "p12-legacy-algorithm",
	  .detail = "MAC SHA-1" },
	{ .name = "certificates in the clear, the key encrypted", .p12 = { .cert_nid = -1 } },
	{ .name = "a pass phrase outside of ASCII",
	  .p12 = { .pass = "Stra\xc3\x9f"
	                   "enbahn\xe2\x82\xac" },
	  .passphrase = "Stra\xc3\x9f"
	                "enbahn\xe2\x82\xac" },
	{ .name = "the same with the algorithms of 2006",
	  .p12 = { .pass = "Stra\xc3\x9f"
	                   "e",
	           .cert_nid = RC2_40,
	           .key_nid = DES3 },
	  .passphrase = "Stra\xc3\x9f"
	                "e",
	  .codes = "p12-legacy-algorithm" },
	{ .name = "the same by OpenSSL 1.0 in a UTF-8 terminal: each octet a character",
	  .p12 = { .pass = "Stra\xc3\x83\xc2\x9f"
	                   "e",
	           .cert_nid = RC2_40,
	           .key_nid = DES3,
	           .mac = "SHA1" },
	  .passphrase = STREET,
	  .codes = "p12-legacy-algorithm" },
	{ .name = "the same with AES",
	  .p12 = { .pass = STREET,
	           .mac_pass = "Stra\xc3\x83\xc2\x9f"
	                       "e" },
	  .passphrase = STREET },
	{ .name = "AES by OpenSSL 1.0 in an ISO-8859-1 terminal",
	  .p12 = { .pass = "Stra\xdf"
	                   "e",
	           .mac_pass = STREET },
	  .passphrase = STREET },
	{ .name = "a pass phrase file in ISO-8859-1",
	  .p12 = { .pass = STREET },
	  .passphrase = "Stra\xdf"
	                "e" },
	{ .name = "AES by NSS before 3.31: a BMPString with its end",
	  .p12 = { .pass = "\0S\0t\0r\0a\0\xdf\0e\0", .pass_n = 14, .mac_pass = STREET },
	  .passphrase = STREET },
	{ .name = "the same within ASCII",
	  .p12 = { .pass = "\0A\0B\0", .pass_n = 6, .mac_pass = "AB" },
	  .passphrase = "AB" },
	{ .name = "the same with a character beyond 16 bits",
	  .p12 = { .pass = "\xd8\x3d\xdd\x11\0", .pass_n = 6, .mac_pass = "\xf0\x9f\x94\x91" },
	  .passphrase = "\xf0\x9f\x94\x91" },
	{ .name = "a pass phrase outside of ASCII that is wrong",
	  .p12 = { .pass = "Strasse" },
	  .passphrase = STREET,
	  .err = PORTCALL_ERR_REFUSED,
	  .codes = "p12-wrong-passphrase" },
	{ .name = "a chain in the wrong order, with its root", .with_chain = true },

	{ .name = "the wrong pass phrase",
	  .passphrase = "wrong",
	  .err = PORTCALL_ERR_REFUSED,
	  .codes = "p12-wrong-passphrase" },
	{ .name = "no pass phrase for a protected file",
	  .passphrase = "-",
	  .err = PORTCALL_ERR_REFUSED,
	  .codes = "p12-wrong-passphrase",
	  .detail = "no pass phrase is configured" },
	{ .name = "an empty pass phrase is no protection",
	  .p12 = { .pass = "" },
	  .passphrase = "-",
	  .err = PORTCALL_ERR_REFUSED,
	  .codes = "p12-unencrypted" },
	{ .name = "an absent pass phrase is no protection",
	  .p12 = { .null_pass = true },
	  .passphrase = "-",
	  .err = PORTCALL_ERR_REFUSED,
	  .codes = "p12-unencrypted" },
	{ .name = "... and is told from a wrong one",
	  .p12 = { .null_pass = true },
	  .err = PORTCALL_ERR_REFUSED,
	  .codes = "p12-unencrypted",
	  .detail = "opens with an empty pass phrase" },
	{ .name = "unencrypted-pkcs12: an empty pass phrase",
	  .p12 = { .pass = "" },
	  .passphrase = "-",
	  .unencrypted = true },
	{ .name = "unencrypted-pkcs12: an absent pass phrase",
	  .p12 = { .null_pass = true, .cert_nid = DES3, .key_nid = DES3 },
	  .passphrase = "-",
	  .unencrypted = true,
	  .codes = "p12-legacy-algorithm" },
	{ .name = "unencrypted-pkcs12: nothing encrypted, no MAC",
	  .p12 = { .key_nid = -1, .cert_nid = -1, .no_mac = true },
	  .passphrase = "-",
	  .unencrypted = true },
	{ .name = "unencrypted-pkcs12: no MAC, the key encrypted",
	  .p12 = { .no_mac = true },
	  .unencrypted = true },
	{ .name = "unencrypted-pkcs12: no MAC and the wrong pass phrase",
	  .p12 = { .no_mac = true },
	  .passphrase = "wrong",
	  .unencrypted = true,
	  .err = PORTCALL_ERR_REFUSED,
	  .codes = "p12-wrong-passphrase" },
	{ .name = "a key in the clear below a good MAC",
	  .p12 = { .key_nid = -1 },
	  .err = PORTCALL_ERR_REFUSED,
	  .codes = "p12-unencrypted",
	  .detail = "private key is not encrypted" },
	{ .name = "no MAC",
	  .p12 = { .no_mac = true },
	  .err = PORTCALL_ERR_REFUSED,
	  .codes = "p12-no-mac" },
	{ .name = "no key",
	  .p12 = { .no_key = true },
	  .err = PORTCALL_ERR_REFUSED,
	  .codes = "p12-no-key" },
	{ .name = "two keys",
	  .two_keys = true,
	  .err = PORTCALL_ERR_REFUSED,
	  .codes = "p12-two-keys" },
	{ .name = "a key without its certificate",
	  .p12 = { .no_cert = true },
	  .err = PORTCALL_ERR_REFUSED,
	  .codes = "p12-key-mismatch",
	  .detail = "0 certificates" },
	{ .name = "a key that does not match",
	  .foreign = true,
	  .err = PORTCALL_ERR_REFUSED,
	  .codes = "p12-key-mismatch",
	  .detail = "1 certificates" },
	{ .name = "too many iterations of the MAC",
	  .p12 = { .mac_iterations = PKCS12_MAX_ITERATIONS + 1 },
	  .err = PORTCALL_ERR_LIMIT,
	  .codes = "p12-iterations",
	  .detail = "MAC: 1000001" },
	{ .name = "too many iterations of the encryption",
	  .p12 = { .iterations = PKCS12_MAX_ITERATIONS + 1, .mac_iterations = 1 },
	  .err = PORTCALL_ERR_LIMIT,
	  .codes = "p12-iterations",
	  .detail = "certificates: 1000001" },
};

static void reads(void **state)
{
	const struct row *row = *state;
	struct findings findings = { 0 };
	struct portcall_credentials *credentials = NULL;
	struct portcall_why why = { 0 };
	struct fixture_p12 spec = row->p12;
	struct portcall_credentials_options options = {
		.verify = PORTCALL_VERIFY_TRUSTED,
		.unencrypted_pkcs12 = row->unencrypted,
		.passphrase =
			row->passphrase && !strcmp(row->passphrase, "-") ? "" : row->passphrase,
	};
	char *p12;

	spec.own = &w.phone;
	if (row->foreign)
		spec.key = w.other.key;
	if (row->two_keys)
		spec.second_key = w.other.key;
	if (row->with_chain) {
		spec.before = w.root.cert;
		spec.more[0] = w.other.cert;
		spec.more[1] = w.middle.cert;
	}
	p12 = fixture_p12(spec);
	assert_int_equal(read_document(fixture_document(w.ca, NULL, p12), options, &findings,
	                               &credentials, &why),
	                 row->err);
	free(p12);
	assert_string_equal(findings_codes(&findings), row->codes ? row->codes : "");
	for (size_t i = 0; i < findings.n; i++)
		assert_string_equal(findings.at[i].item, "802.1x-certificate");
	if (row->detail)
		assert_non_null(strstr(findings.at[findings.n - 1].why.text, row->detail));
	if (row->err) {
		assert_null(credentials);
		assert_true(why.line > 2);
		assert_int_equal(why.reason, findings.at[findings.n - 1].why.reason);
	} else {
		assert_string_equal(portcall_credentials_client(credentials)->common_name,
		                    "phone1");
		assert_int_equal(portcall_credentials_client(credentials)->chain, row->with_chain);
		if (row->with_chain) {
			STACK_OF(X509) *chain = credential_parts(credentials).chain;

			assert_int_equal(sk_X509_num(chain), 1);
			assert_int_equal(X509_cmp(sk_X509_value(chain, 0), w.middle.cert), 0);
		}
	}
	portcall_credentials_unref(credentials);
	assert_false(OSSL_PROVIDER_available(NULL, "legacy"));
	assert_int_equal(ERR_peek_error(), 0);
}

/* The phone's good file in DER; free() */
static unsigned char *good_der(size_t *ret_n)
{
	struct fixture_p12 spec = { .own = &w.phone, .iterations = 1 };
	char *text = fixture_p12(spec);
	unsigned char *der = malloc(strlen(text));
	struct pem_fault fault;

	assert_non_null(der);
	assert_int_equal(base64_decode(span(text, strlen(text)), der, strlen(text), ret_n, &fault),
	                 PORTCALL_OK);
	free(text);
	return der;
}

static enum portcall_err read_der(const unsigned char *der, size_t n, struct portcall_why *ret_why)
{
	struct pkcs12_contents contents = { 0 };
	enum portcall_err err =
		pkcs12_read(span(der, n), FIXTURE_PASS, false, 1000, &contents, ret_why);

	pkcs12_done(&contents);
	return err;
}

static void rejects_every_prefix(void **state)
{
	struct portcall_why why;
	size_t n;
	unsigned char *der = good_der(&n);

	(void)state;
	assert_int_equal(read_der(der, n, &why), PORTCALL_OK);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(read_der(der, i, &why), PORTCALL_ERR_SYNTAX);
		assert_int_equal(why.reason, PORTCALL_REASON_P12_SYNTAX);
	}
	free(der);
}

/* But for two that say nothing: the version, and the parameter of the MAC's digest (NULL). */
static void rejects_every_changed_octet(void **state)
{
	struct portcall_why why;
	size_t n, read = 0;
	unsigned char *der = good_der(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		der[i] ^= 0x10;
		read += read_der(der, n, &why) == PORTCALL_OK;
		der[i] ^= 0x10;
	}
	assert_int_equal(read, 2);
	free(der);
}

static void octets_behind(void **state)
{
	struct portcall_why why;
	size_t n;
	unsigned char *der = good_der(&n), *longer = calloc(1, n + 3);

	(void)state;
	memcpy(longer, der, n);
	assert_int_equal(read_der(longer, n + 3, &why), PORTCALL_ERR_SYNTAX);
	assert_non_null(strstr(why.text, "3 octets follow its end"));
	free(der);
	free(longer);
}

/* --- files of other tools: tests/data/pkcs12/README ------------------------------------------------- */

static char *read_data(const char *name)
{
	char path[128], *text = calloc(1, 16384);
	FILE *file;

	snprintf(path, sizeof(path), "tests/data/pkcs12/%s", name);
	file = fopen(path, "r");
	if (!file)
		fail_msg("%s cannot be read; run the tests in the root of the tree", path);
	assert_true(fread(text, 1, 16383, file) > 0);
	fclose(file);
	return text;
}

static void other_tools(void **state)
{
	static const struct {
		const char *file, *codes;
		size_t chain;
	} files[] = {
		{ "nss.txt", "", 1 },
		{ "gnutls.txt", "", 1 },
		{ "java.txt", "", 1 },
		{ "java-legacy.txt", "p12-legacy-algorithm", 1 },
	};
	char *root = read_data("root.pem");

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		struct findings findings = { 0 };
		struct portcall_credentials *credentials = NULL;
		struct portcall_why why = { 0 };
		char *p12 = read_data(files[i].file);

		assert_int_equal(read_document(fixture_document(root, NULL, p12),
		                               (struct portcall_credentials_options){ 0 },
		                               &findings, &credentials, &why),
		                 PORTCALL_OK);
		assert_string_equal(findings_codes(&findings), files[i].codes);
		assert_string_equal(portcall_credentials_client(credentials)->subject,
		                    "CN=phone1,O=Lab");
		assert_int_equal(portcall_credentials_client(credentials)->chain, files[i].chain);
		portcall_credentials_unref(credentials);
		free(p12);
	}
	free(root);
}

static void too_many_certificates(void **state)
{
	struct portcall_why why;
	struct pkcs12_contents contents;
	STACK_OF(PKCS12_SAFEBAG) *bags = NULL;
	STACK_OF(PKCS7) *safes = NULL;
	unsigned char *der = NULL;
	PKCS12 *p12;
	int n;

	(void)state;
	for (int i = 0; i < CREDENTIAL_MAX_CERTS + 1; i++)
		PKCS12_add_cert(&bags, w.other.cert);
	PKCS12_add_safe(&safes, bags, -1, 0, NULL);
	p12 = PKCS12_add_safes(safes, 0);
	PKCS12_set_mac(p12, FIXTURE_PASS, -1, NULL, 0, 1, EVP_sha256());
	n = i2d_PKCS12(p12, &der);
	assert_int_equal(
		pkcs12_read(span(der, (size_t)n), FIXTURE_PASS, false, 1000, &contents, &why),
		PORTCALL_ERR_LIMIT);
	assert_int_equal(why.reason, PORTCALL_REASON_P12_LIMIT);
	OPENSSL_free(der);
	PKCS12_free(p12);
	sk_PKCS7_pop_free(safes, PKCS7_free);
	sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
}

int main(void)
{
	enum { ROWS = sizeof(table) / sizeof(*table) };
	struct CMUnitTest tests[ROWS + 5];
	size_t n = 0;

	for (size_t i = 0; i < ROWS; i++)
		tests[n++] = (struct CMUnitTest){ table[i].name, reads, NULL, NULL,
			                          (void *)(uintptr_t)&table[i] };
	tests[n++] = (struct CMUnitTest){ .name = "every prefix is refused",
		                          .test_func = rejects_every_prefix };
	tests[n++] = (struct CMUnitTest){ .name = "every changed octet under the MAC is refused",
		                          .test_func = rejects_every_changed_octet };
	tests[n++] = (struct CMUnitTest){ .name = "octets behind the file are refused",
		                          .test_func = octets_behind };
	tests[n++] = (struct CMUnitTest){ .name = "files of NSS, GnuTLS and Java",
		                          .test_func = other_tools };
	tests[n++] = (struct CMUnitTest){ .name = "17 certificates are refused",
		                          .test_func = too_many_certificates };
	return cmocka_run_group_tests_name("pkcs12", tests, make_world, free_world);
}
