/* SPDX-License-Identifier: BSD-3-Clause */
/* Names as people write them, requests, and what other tools' files hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/err.h>

#include "tools/pki_openssl.h"

enum { NOW = 1763700000 };

static char why[PKI_WHY_LEN];

static struct pki_request request_of(const char *subject)
{
	return (struct pki_request){ .subject = subject,
		                     .not_before = NOW - 60,
		                     .not_after = NOW + 86400 };
}

static void a_name_reads_back_as_it_was_written(void **state)
{
	(void)state;
	static const struct {
		const char *text, *back, *oneline;
	} rows[] = {
		{ "CN=phone1", "CN=phone1", "/CN=phone1" },
		{ "C=DE, ST=Bayern, L=M\xc3\xbcnchen, O=Example, OU=Phones, CN=?",
		  "C=DE, ST=Bayern, L=M\xc3\xbcnchen, O=Example, OU=Phones, CN=?", NULL },
		{ " c = DE ,cn=a", "C=DE, CN=a", "/C=DE/CN=a" },
		{ "/C=DE/O=Example, Inc./CN=a", "C=DE, O=Example\\, Inc., CN=a",
		  "/C=DE/O=Example, Inc./CN=a" },
		{ "O=Example\\, Inc.,CN=a\\\\b\\ ", "O=Example\\, Inc., CN=a\\\\b\\ ",
		  "/O=Example, Inc./CN=a\\b " },
		{ "CN=a+b=c", "CN=a+b=c", NULL },
		{ "emailAddress=a@b.example, serialNumber=1, DC=x, CN=a",
		  "emailAddress=a@b.example, serialNumber=1, DC=x, CN=a", NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct pki_request request = request_of(rows[i].text);
		struct pki_cert *cert = pki_ca(NULL, &request, why);
		char text[PKI_NAME_LEN];

		assert_non_null(cert);
		assert_true(pki_subject(cert, text, sizeof(text)));
		assert_string_equal(text, rows[i].back);
		if (rows[i].oneline)
			assert_string_equal(pki_issuer(cert), rows[i].oneline);
		assert_false(pki_subject(cert, text, strlen(text)));
		pki_free(cert);
	}
}

static void a_name_with_a_mistake_is_refused_never_shortened(void **state)
{
	(void)state;
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "", "The name is empty." },
		{ "phone1", "\"phone1\": expected TYPE=value, as in CN=phone1." },
		{ "O=x, phone1, CN=a", "\"phone1, CN=a\": expected TYPE=value, as in CN=phone1." },
		{ "CN=", "CN has no value." },
		{ "O= , CN=a", "O has no value." },
		/* openssl leaves this one out without a word */
		{ "StateOrProvinceNam=x, CN=a",
		  "StateOrProvinceNam is no type of a name; usual ones are C, ST, L, O, OU, CN and "
		  "emailAddress." },
		{ "C=Deutschland, CN=a", "C=Deutschland: too long, too short or not UTF-8 (C has 2 "
		                         "letters, CN at most 64)." },
		{ "CN=0123456789012345678901234567890123456789012345678901234567890123x",
		  "CN=0123456789012345678901234567890123456789012345678901234567890123x: too long, "
		  "too short or not UTF-8 (C has 2 letters, CN at most 64)." },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct pki_request request = request_of(rows[i].text);

		assert_null(pki_ca(NULL, &request, why));
		assert_string_equal(why, rows[i].why);
	}
}

static void a_template_is_filled_in_its_cn(void **state)
{
	(void)state;
	char text[PKI_NAME_LEN], cn[80];

	assert_true(pki_name_fill("O=Why?, CN=phone-?", "0200000000", text, sizeof(text), why));
	assert_string_equal(text, "O=Why?, CN=phone-0200000000");
	assert_true(pki_name_fill("CN=?, O=x", "a, b", text, sizeof(text), why));
	assert_string_equal(text, "CN=a\\, b, O=x");
	assert_true(pki_name_cn(text, cn, sizeof(cn), why));
	assert_string_equal(cn, "a, b");
	assert_false(pki_name_fill("O=?, CN=phone", "x", text, sizeof(text), why));
	assert_string_equal(why,
	                    "The subject's CN has no '?' that could be filled: \"O=?, CN=phone\".");
	assert_false(pki_name_fill("CN=?", "0123456789", text, 10, why));
	assert_true(pki_name_with_cn("C=DE, CN=CA, O=x", "?", text, sizeof(text), why));
	assert_string_equal(text, "C=DE, CN=?, O=x");
	assert_true(pki_name_with_cn("O=x", "?", text, sizeof(text), why));
	assert_string_equal(text, "O=x, CN=?");
}

static void alternative_names_of_every_kind(void **state)
{
	(void)state;
	static const char *const given[] = {
		"DNS:*.example",
		"IP:10.0.0.1",
		"ip:fd00::1",
		"email:a@b.example",
		"URI:sip:x@y",
		"UPN:ph\xc3\xb6ne@example",
		NULL,
	};
	static const char *const expected[] = {
		"DNS:*.example",     "IP:10.0.0.1", "IP:fd00:0:0:0:0:0:0:1",
		"email:a@b.example", "URI:sip:x@y", "UPN:ph\xc3\xb6ne@example",
	};
	struct pki_request request = request_of("CN=a");
	char *key = NULL;

	request.san = given;
	char *pem = pki_csr_make(&request, &key, why);

	assert_non_null(pem);
	struct pki_csr *csr = pki_csr_read(pem, strlen(pem), why);

	assert_non_null(csr);
	char **san = pki_csr_san(csr);

	for (size_t i = 0; i < 6; i++)
		assert_string_equal(san[i], expected[i]);
	assert_null(san[6]);
	pki_san_free(san);
	pki_csr_free(csr);
	free(pem);
	free(key);
	for (const char *const *bad =
	             (const char *const[]){ "a.example", "DNS:", "DNS:a b", "IP:10.0.0",
	                                    "DNS:\xc3\xb6", "DIR:x", "", NULL };
	     *bad; bad++) {
		request.san = (const char *const[]){ *bad, NULL };
		assert_null(pki_csr_make(&request, &key, why));
		assert_non_null(strstr(why, "is no alternative name"));
	}
}

static void a_request_of_microsoft_is_read_and_a_damaged_one_refused(void **state)
{
	(void)state;
	struct pki_request request = request_of("C=DE, CN=radius");
	char *key = NULL, *pem = pki_csr_make(&request, &key, why), text[4096], subject[80];
	char *body = strchr(pem, '\n') + 1;

	assert_non_null(strstr(key, "BEGIN PRIVATE KEY"));
	*strstr(body, "-----END") = '\0';
	/* boundaries as a manual prints them */
	snprintf(text, sizeof(text),
	         "----BEGIN NEW CERTIFICATE REQUEST----\r\n%s\r\n-----END NEW CERTIFICATE "
	         "REQUEST----\r\n",
	         body);
	struct pki_csr *csr = pki_csr_read(text, strlen(text), why);

	assert_non_null(csr);
	assert_true(pki_csr_subject(csr, subject, sizeof(subject)));
	assert_string_equal(subject, "C=DE, CN=radius");

	struct pki_request ca_request = request_of("CN=CA");
	struct pki_cert *ca = pki_ca(NULL, &ca_request, why);

	ca_request.csr = csr;
	ca_request.subject = subject;
	struct pki_cert *cert = pki_issue(ca, &ca_request, why);

	assert_non_null(cert);
	assert_null(cert->key);
	assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(cert->x509), X509_REQ_get0_pubkey(csr->req)),
	                 1);
	pki_free(cert);
	pki_free(ca);
	pki_csr_free(csr);
	/* a bit of the signature */
	char *at = strstr(text, "\r\n-----END") - 8;

	*at = *at == 'A' ? 'B' : 'A';
	assert_null(pki_csr_read(text, strlen(text), why));
	assert_null(pki_csr_read(key, strlen(key), why));
	assert_string_equal(why, "It holds no certificate request.");
	free(pem);
	free(key);
	ERR_clear_error();
}

static void a_key_under_a_pass_phrase_opens_with_it_only(void **state)
{
	(void)state;
	struct pki_request request = request_of("CN=CA");
	struct pki_cert *ca = pki_ca(NULL, &request, why);
	char *pem = pki_key_pem(ca, "secret", 1000, why);
	struct pki_material m = { 0 };

	assert_non_null(strstr(pem, "BEGIN ENCRYPTED PRIVATE KEY"));
	assert_false(pki_material_read(span_of_string(pem), "sesame", &m, why));
	assert_false(pki_material_read(span_of_string(pem), NULL, &m, why));
	assert_string_equal(
		why, "The private key is encrypted and needs its pass phrase, or is damaged.");
	assert_true(pki_material_read(span_of_string(pem), "secret", &m, why));
	assert_int_equal(EVP_PKEY_eq(m.key, ca->key), 1);
	/* the same one twice is one, another one is too many */
	assert_true(pki_material_read(span_of_string(pem), "secret", &m, why));
	struct pki_cert *other = pki_ca(NULL, &request, why);
	char *other_pem = pki_key_pem(other, NULL, 0, why);

	assert_false(pki_material_read(span_of_string(other_pem), NULL, &m, why));
	assert_string_equal(why, "There is more than one private key.");
	pki_material_done(&m);
	free(other_pem);
	free(pem);
	pki_free(other);
	pki_free(ca);
}

static void a_chain_is_put_in_order(void **state)
{
	(void)state;
	struct pki_request request = request_of("CN=root");
	struct pki_cert *root = pki_ca(NULL, &request, why);

	request.subject = "CN=sub";
	struct pki_cert *sub = pki_ca(root, &request, why);

	request.subject = "CN=leaf";
	struct pki_cert *leaf = pki_issue(sub, &request, why), *joined;
	struct pki_cert *const order[] = { root, leaf, sub, leaf };
	struct pki_material m = { 0 };

	for (size_t i = 0; i < 4; i++) {
		char *pem = pki_pem(order[i], false);

		assert_true(pki_material_read(span_of_string(pem), NULL, &m, why));
		free(pem);
	}
	assert_int_equal(sk_X509_num(m.certs), 3); /* the same one once */
	for (int key = 0; key < 2; key++) {
		joined = pki_join(m.certs, key ? leaf->key : NULL, false, why);
		assert_non_null(joined);
		assert_int_equal(X509_cmp(joined->x509, leaf->x509), 0);
		assert_int_equal(sk_X509_num(joined->above), 1);
		pki_free(joined);
	}
	joined = pki_join(m.certs, NULL, true, why);
	assert_int_equal(sk_X509_num(joined->above), 2);
	assert_int_equal(X509_cmp(sk_X509_value(joined->above, 1), root->x509), 0);
	pki_free(joined);
	request.subject = "CN=other";
	struct pki_cert *other = pki_ca(NULL, &request, why);
	char *pem = pki_pem(other, false);

	assert_true(pki_material_read(span_of_string(pem), NULL, &m, why));
	free(pem);
	assert_null(pki_join(m.certs, NULL, false, why));
	assert_non_null(strstr(why, "not one chain"));
	pki_free(other);
	pki_material_done(&m);
	pki_free(leaf);
	pki_free(sub);
	pki_free(root);
}

static void what_is_nothing_is_said_to_be_nothing(void **state)
{
	(void)state;
	static const char jks[] = "\xfe\xed\xfe\xed\0\0\0\2";
	struct pki_material m = { 0 };

	assert_false(pki_material_read(span(jks, 8), NULL, &m, why));
	assert_non_null(strstr(why, "Java key store"));
	assert_false(pki_material_read(span_of_string("hello, world"), NULL, &m, why));
	assert_string_equal(why, "It is no PEM, no DER and no base64.");
	assert_false(pki_material_read(span_of_string("\x30\x82\x01\x02"), NULL, &m, why));
	assert_string_equal(why, "It is no certificate, key, request, CRL or PKCS#12, or damaged.");
	assert_false(pki_material_read(span_of_string("-----BEGIN CERTIFICATE-----\nabc"), NULL, &m,
	                               why));
	assert_false(pki_material_read(span("", 0), NULL, &m, why));
	pki_material_done(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_reads_back_as_it_was_written),
		cmocka_unit_test(a_name_with_a_mistake_is_refused_never_shortened),
		cmocka_unit_test(a_template_is_filled_in_its_cn),
		cmocka_unit_test(alternative_names_of_every_kind),
		cmocka_unit_test(a_request_of_microsoft_is_read_and_a_damaged_one_refused),
		cmocka_unit_test(a_key_under_a_pass_phrase_opens_with_it_only),
		cmocka_unit_test(a_chain_is_put_in_order),
		cmocka_unit_test(what_is_nothing_is_said_to_be_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
