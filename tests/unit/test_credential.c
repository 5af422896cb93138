/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/credential_openssl.h"
#include "tests/unit/findings.h"
#include "tests/unit/pki_fixture.h"

static struct world {
	struct fixture_cert ca, phone;
	char *ca_pem;
} w;

static int make_world(void **state)
{
	(void)state;
	/* RSA: it can sign with MD5 */
	w.ca = fixture_cert(
		NULL, (struct fixture_spec){ .subject = "C=DE/O=Lab/CN=Phone CA",
	                                     .key = KEY_RSA_2048,
	                                     .ext = { "basicConstraints=critical,CA:TRUE" } });
	w.phone = fixture_client(&w.ca, "O=Lab/CN=phone1");
	w.ca_pem = fixture_pem(w.ca.cert);
	return 0;
}

static int free_world(void **state)
{
	(void)state;
	fixture_done(&w.ca);
	fixture_done(&w.phone);
	free(w.ca_pem);
	return 0;
}

/* --- the phone's own certificate -------------------------------------------------------------------- */

static const struct own_row {
	const char *name;
	struct fixture_spec spec; /* signed by the phones' CA */
	enum portcall_profile profile;
	bool refused;
	const char *codes, *detail;
} own[] = {
	{ .name = "no EKU and no keyUsage", .codes = "" },
	{ .name = "P-384", .spec = { .key = KEY_P384 }, .codes = "" },
	{ .name = "RSA-2048", .spec = { .key = KEY_RSA_2048 }, .codes = "" },
	{ .name = "RSA-4096", .spec = { .key = KEY_RSA_4096 }, .codes = "" },
	{ .name = "signed with RSA-PSS", .spec = { .pss = true }, .codes = "" },
	{ .name = "a curve that is spelt out",
	  .spec = { .key = KEY_EXPLICIT },
	  .profile = PORTCALL_PROFILE_OPTIPOINT,
	  .refused = true,
	  .codes = "key-type",
	  .detail = "P-256 with explicit parameters" },
	{ .name = "EKU for any purpose alone",
	  .spec = { .ext = { "extendedKeyUsage=anyExtendedKeyUsage" } },
	  .refused = true,
	  .codes = "eku-missing" },
	{ .name = "a CA's certificate that is the phone's too",
	  .spec = { .ext = { "basicConstraints=critical,CA:TRUE" } },
	  .codes = "" },
	{ .name = "modern refuses RSA-1024",
	  .spec = { .key = KEY_RSA_1024 },
	  .refused = true,
	  .codes = "weak-key",
	  .detail = "RSA-1024; profile modern" },
	{ .name = "optipoint admits RSA-1024 and SHA-1",
	  .spec = { .key = KEY_RSA_1024, .digest = "SHA1" },
	  .profile = PORTCALL_PROFILE_OPTIPOINT,
	  .codes = "" },
	{ .name = "optipoint admits MD5",
	  .spec = { .digest = "MD5" },
	  .profile = PORTCALL_PROFILE_OPTIPOINT,
	  .codes = "" },
	{ .name = "optipoint refuses RSA-512",
	  .spec = { .key = KEY_RSA_512 },
	  .profile = PORTCALL_PROFILE_OPTIPOINT,
	  .refused = true,
	  .codes = "weak-key" },
	{ .name = "modern refuses SHA-1",
	  .spec = { .digest = "SHA1" },
	  .refused = true,
	  .codes = "weak-digest",
	  .detail = "sha1WithRSAEncryption" },
	{ .name = "modern refuses Ed25519",
	  .spec = { .key = KEY_ED25519 },
	  .refused = true,
	  .codes = "key-type",
	  .detail = "ED25519" },
	{ .name = "modern refuses P-521",
	  .spec = { .key = KEY_P521 },
	  .refused = true,
	  .codes = "key-type",
	  .detail = "P-521" },
	{ .name = "P-192 is weak",
	  .spec = { .key = KEY_P192 },
	  .refused = true,
	  .codes = "weak-key" },
	{ .name = "EKU without clientAuth",
	  .spec = { .ext = { "extendedKeyUsage=serverAuth" } },
	  .refused = true,
	  .codes = "eku-missing",
	  .detail = "no clientAuth" },
	{ .name = "EKU with both",
	  .spec = { .ext = { "extendedKeyUsage=serverAuth,clientAuth" } },
	  .codes = "" },
	{ .name = "keyUsage without digitalSignature",
	  .spec = { .ext = { "keyUsage=keyEncipherment" } },
	  .refused = true,
	  .codes = "key-usage" },
	{ .name = "an expired one is reported and used",
	  .spec = { .from = -9, .to = -1 },
	  .codes = "cert-expired",
	  .detail = "until 2026-05-27" },
	{ .name = "one that is not valid yet is reported and used",
	  .spec = { .from = 1, .to = 9 },
	  .codes = "cert-not-yet-valid" },
	{ .name = "one that ends after January 2038",
	  .spec = { .from = -1, .to = 4500 },
	  .codes = "cert-past-2038",
	  .detail = "until 2038-" },
	{ .name = "an unknown critical extension is reported: the server decides",
	  .spec = { .unknown_critical = true },
	  .codes = "unknown-critical-extension" },
};

static void judges_own(void **state)
{
	const struct own_row *row = *state;
	struct fixture_cert cert = fixture_cert(&w.ca, row->spec);
	char *p12 = fixture_p12((struct fixture_p12){ .own = &cert, .iterations = 1 });

	expect_credentials(fixture_document(w.ca_pem, NULL, p12),
	                   (struct portcall_credentials_options){ .verify = PORTCALL_VERIFY_TRUSTED,
	                                                          .profile = row->profile },
	                   row->refused ? NULL : "1", row->codes, row->detail);
	free(p12);
	fixture_done(&cert);
}

#define CA_EXT                                      \
	{                                           \
		"basicConstraints=critical,CA:TRUE" \
	}

static void weak_chain(void **state)
{
	struct fixture_cert middle = fixture_cert(
		&w.ca,
		(struct fixture_spec){ .subject = "CN=middle", .digest = "SHA1", .ext = CA_EXT });
	struct fixture_cert phone = fixture_client(&middle, "CN=phone");
	char *p12 = fixture_p12((struct fixture_p12){ .own = &phone, .more = { middle.cert } });

	(void)state;
	expect_credentials(
		fixture_document(w.ca_pem, NULL, p12),
		(struct portcall_credentials_options){ .verify = PORTCALL_VERIFY_TRUSTED }, NULL,
		"weak-digest", "CN=middle");
	free(p12);
	fixture_done(&phone);
	fixture_done(&middle);
}

/* --- what credentials say --------------------------------------------------------------------------- */

static void renewed_with_the_same_key(void **state)
{
	struct fixture_cert renewed = fixture_cert(
		&w.ca,
		(struct fixture_spec){ .subject = "CN=new", .same_key = w.phone.key, .to = 700 });
	char *p12 = fixture_p12((struct fixture_p12){ .own = &w.phone, .more = { renewed.cert } });
	struct findings findings = { 0 };
	struct portcall_credentials *credentials = NULL;
	struct portcall_why why = { 0 };

	(void)state;
	assert_int_equal(read_document(fixture_document(w.ca_pem, NULL, p12),
	                               (struct portcall_credentials_options){ .verify = 1 },
	                               &findings, &credentials, &why),
	                 PORTCALL_OK);
	assert_string_equal(portcall_credentials_client(credentials)->common_name, "new");
	portcall_credentials_unref(credentials);
	free(p12);
	fixture_done(&renewed);
}

static void information(void **state)
{
	struct fixture_cert cert = fixture_cert(
		&w.ca, (struct fixture_spec){
			       .subject = "C=DE/O=L\xc3\xa4nd, \"x\"/CN=phone1/CN=second",
			       .ext = { "subjectAltName=IP:10.0.0.1,email:a@b.de,DNS:phone1.lab" },
			       .serial = 0x03e9,
			       .to = 10,
			       .from = -10 });
	char *p12 = fixture_p12((struct fixture_p12){ .own = &cert });
	struct portcall_credentials *credentials = NULL, *shared;
	const struct portcall_certificate_info *info;
	struct findings findings = { 0 };
	struct portcall_why why = { 0 };
	char oneline[1024];

	(void)state;
	assert_int_equal(read_document(fixture_document(w.ca_pem, NULL, p12),
	                               (struct portcall_credentials_options){ .verify = 1 },
	                               &findings, &credentials, &why),
	                 PORTCALL_OK);
	shared = portcall_credentials_ref(credentials);
	portcall_credentials_unref(credentials);
	info = portcall_credentials_client(shared);
	assert_string_equal(info->subject, "CN=second,CN=phone1,O=L\xc3\xa4nd\\, \\\"x\\\",C=DE");
	assert_string_equal(info->issuer, "CN=Phone CA,O=Lab,C=DE");
	assert_string_equal(info->issuer_oneline, "/C=DE/O=Lab/CN=Phone CA");
	X509_NAME_oneline(X509_get_issuer_name(cert.cert), oneline, sizeof(oneline));
	assert_string_equal(info->issuer_oneline, oneline);
	assert_string_equal(info->common_name, "phone1");
	assert_string_equal(info->san, "a@b.de");
	assert_string_equal(info->serial, "03e9");
	assert_string_equal(info->key, "P-256");
	assert_int_equal(info->not_before, FIXTURE_NOW - 10 * 86400);
	assert_int_equal(info->not_after, FIXTURE_NOW + 10 * 86400);
	assert_int_equal(strlen(info->sha256), 64);
	assert_int_equal(strlen(info->spki_sha256), 64);
	assert_string_not_equal(info->sha256, info->spki_sha256);
	assert_int_equal(info->slot, 0);
	assert_null(portcall_credentials_anchor(shared, 1));
	portcall_credentials_unref(shared);
	portcall_credentials_unref(NULL);
	free(p12);
	fixture_done(&cert);
}

/* --- the samples that the manual prints -------------------------------------------------------------- */

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = calloc(1, 16384);

	if (!file)
		fail_msg("%s cannot be read; run the tests in the root of the tree", path);
	assert_true(fread(text, 1, 16383, file) > 0);
	fclose(file);
	return text;
}

static char *sample(const char *name, const char *const *repairs)
{
	char path[128], *text, *repaired;

	snprintf(path, sizeof(path), "tests/data/optipoint-%s.txt", name);
	text = read_file(path);
	for (; repairs && *repairs; repairs += 2) {
		assert_non_null(strstr(text, repairs[0]));
		repaired = fixture_replace(text, repairs[0], repairs[1]);
		free(text);
		text = repaired;
	}
	return text;
}

static void printed_samples(void **state)
{
	static const char *const close_ca[] = { "END CERTIFICATE----", "END CERTIFICATE----</Item>",
		                                NULL };
	static const char *const name_ca[] = { "radius-server-cal", "radius-server-ca1",
		                               "END CERTIFICATE----", "END CERTIFICATE----</Item>",
		                               NULL };
	static const char *const close_p12[] = { "</ltem>", "</Item>", NULL };
	static const char *const name_p12[] = { "</ltem>", "</Item>", "certifi-\n\ncate",
		                                "certificate", NULL };
	struct portcall_credentials_options options = { .verify = PORTCALL_VERIFY_TRUSTED,
		                                        .profile = PORTCALL_PROFILE_OPTIPOINT };

	(void)state;
	/* as printed: no end tag; the name ends in l; letters of the issuer's name read wrongly */
	expect_credentials(sample("radius-server-ca1", NULL), options, NULL, "xml-syntax",
	                   "Item line 1");
	expect_credentials(sample("radius-server-ca1", close_ca), options, NULL,
	                   "item-name-typo no-ca-item no-certificate-item", NULL);
	expect_credentials(sample("radius-server-ca1", name_ca), options, NULL,
	                   "ca-syntax no-certificate-item", NULL);
	/* as printed: ltem; the name broken over two lines; letters of the MAC read wrongly */
	expect_credentials(sample("802.1x-certificate", NULL), options, NULL, "xml-syntax", "ltem");
	expect_credentials(sample("802.1x-certificate", close_p12), options, NULL,
	                   "item-name-typo no-ca-item no-certificate-item", "802.1x-certifi-");
	expect_credentials(sample("802.1x-certificate", name_p12), options, NULL,
	                   "no-ca-item p12-syntax", "the MAC (mac.dinfo.algor.parameter)");
}

int main(void)
{
	enum { OWN = sizeof(own) / sizeof(*own) };
	static const struct CMUnitTest others[] = {
		{ "a weak certificate of the own chain is refused", weak_chain, NULL, NULL, NULL },
		{ "of two certificates of the key the later one is used", renewed_with_the_same_key,
		  NULL, NULL, NULL },
		{ "what a certificate says, as FreeRADIUS prints it", information, NULL, NULL,
		  NULL },
		{ "the manual's samples are refused, and the reason names what is damaged",
		  printed_samples, NULL, NULL, NULL },
	};
	struct CMUnitTest tests[OWN + sizeof(others) / sizeof(*others)];
	size_t n = 0;

	for (size_t i = 0; i < OWN; i++)
		tests[n++] = (struct CMUnitTest){ own[i].name, judges_own, NULL, NULL,
			                          (void *)(uintptr_t)&own[i] };
	memcpy(tests + n, others, sizeof(others));
	return cmocka_run_group_tests_name("credential", tests, make_world, free_world);
}
