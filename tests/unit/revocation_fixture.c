/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/revocation_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

/* What OpenSSL allocated, as span on malloc's heap. */
static struct span take(unsigned char *der, int n)
{
	uint8_t *copy = malloc((size_t)(n > 0 ? n : 1));

	assert_true(n > 0);
	assert_non_null(copy);
	memcpy(copy, der, (size_t)n);
	OPENSSL_free(der);
	return span(copy, (size_t)n);
}

static ASN1_TIME *day(long days)
{
	time_t now = (time_t)FIXTURE_NOW;
	ASN1_TIME *time = X509_time_adj_ex(NULL, (int)days, 0, &now);

	assert_non_null(time);
	return time;
}

static void revoke(X509_CRL *crl, uint64_t serial, bool removed)
{
	X509_REVOKED *entry = X509_REVOKED_new();
	ASN1_INTEGER *number = ASN1_INTEGER_new();
	ASN1_ENUMERATED *reason = ASN1_ENUMERATED_new();
	ASN1_TIME *since = day(-10);

	ASN1_INTEGER_set_uint64(number, serial);
	ASN1_ENUMERATED_set(reason,
	                    removed ? CRL_REASON_REMOVE_FROM_CRL : CRL_REASON_KEY_COMPROMISE);
	assert_int_equal(X509_REVOKED_set_serialNumber(entry, number), 1);
	assert_int_equal(X509_REVOKED_set_revocationDate(entry, since), 1);
	assert_int_equal(X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, reason, 0, 0), 1);
	assert_int_equal(X509_CRL_add0_revoked(crl, entry), 1);
	ASN1_INTEGER_free(number);
	ASN1_ENUMERATED_free(reason);
	ASN1_TIME_free(since);
}

static void add_unknown(X509_CRL *crl, bool critical)
{
	ASN1_OBJECT *oid = OBJ_txt2obj("1.3.6.1.4.1.59999.1.99", 1);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION *ext;

	assert_int_equal(ASN1_OCTET_STRING_set(value, (const unsigned char *)"\x05\0", 2), 1);
	ext = X509_EXTENSION_create_by_OBJ(NULL, oid, critical, value);
	assert_int_equal(X509_CRL_add_ext(crl, ext, -1), 1);
	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(value);
	ASN1_OBJECT_free(oid);
}

struct span fixture_crl(const struct fixture_cert *issuer, struct fixture_crl spec)
{
	X509_CRL *crl = X509_CRL_new();
	const EVP_MD *digest = EVP_get_digestbyname(spec.digest ? spec.digest : "SHA256");
	ASN1_INTEGER *base = ASN1_INTEGER_new();
	unsigned char *der = NULL;
	ASN1_TIME *time;
	int n;

	if (!spec.from && !spec.to) {
		spec.from = -1;
		spec.to = 30;
	}
	X509_CRL_set_version(crl, X509_CRL_VERSION_2);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer->cert));
	time = day(spec.from);
	X509_CRL_set1_lastUpdate(crl, time);
	ASN1_TIME_free(time);
	time = day(spec.to);
	if (!spec.no_next)
		X509_CRL_set1_nextUpdate(crl, time);
	ASN1_TIME_free(time);
	for (size_t i = 0; i < 4 && spec.serial[i]; i++)
		revoke(crl, spec.serial[i], spec.removed);
	for (size_t i = 0; i < spec.more; i++)
		revoke(crl, 1000000 + i, false);
	ASN1_INTEGER_set(base, 1);
	if (spec.delta)
		assert_int_equal(X509_CRL_add1_ext_i2d(crl, NID_delta_crl, base, 1, 0), 1);
	if (spec.unknown_critical)
		add_unknown(crl, true);
	for (size_t i = 0; i < spec.extensions; i++)
		add_unknown(crl, false);
	X509_CRL_sort(crl);
	assert_true(X509_CRL_sign(crl, spec.key ? spec.key : issuer->key, digest) > 0);
	n = i2d_X509_CRL(crl, &der);
	ASN1_INTEGER_free(base);
	X509_CRL_free(crl);
	return take(der, n);
}

char *fixture_crl_pem(struct span der)
{
	char *base64 = fixture_base64(der.p, der.n), *pem = malloc(strlen(base64) + 80);

	assert_non_null(pem);
	sprintf(pem, "-----BEGIN X509 CRL-----\n%s-----END X509 CRL-----\n", base64);
	free(base64);
	return pem;
}

void span_free(struct span s)
{
	free((void *)(uintptr_t)s.p);
}

/* --- OCSP ------------------------------------------------------------------------------------------ */

static void add_status(OCSP_BASICRESP *basic, const struct fixture_ocsp *spec, OCSP_CERTID *id,
                       int status)
{
	ASN1_TIME *since = day(-10), *from = day(spec->from), *to = day(spec->to);

	assert_non_null(OCSP_basic_add1_status(basic, id, status, OCSP_REVOKED_STATUS_KEYCOMPROMISE,
	                                       since, from, spec->no_next ? NULL : to));
	ASN1_TIME_free(since);
	ASN1_TIME_free(from);
	ASN1_TIME_free(to);
	OCSP_CERTID_free(id);
}

static OCSP_CERTID *other_id(const struct fixture_cert *issuer, size_t i)
{
	ASN1_INTEGER *serial = ASN1_INTEGER_new();
	OCSP_CERTID *id;

	ASN1_INTEGER_set(serial, (long)(5000000 + i));
	id = OCSP_cert_id_new(EVP_sha1(), X509_get_subject_name(issuer->cert),
	                      X509_get0_pubkey_bitstr(issuer->cert), serial);
	ASN1_INTEGER_free(serial);
	return id;
}

static void sign(OCSP_BASICRESP *basic, const struct fixture_ocsp *spec)
{
	const struct fixture_cert *signer = spec->signer ? spec->signer : spec->issuer;
	const EVP_MD *digest = EVP_get_digestbyname(spec->digest ? spec->digest : "SHA256");

	assert_int_equal(OCSP_basic_sign(basic, signer->cert, signer->key, digest, NULL,
	                                 (spec->by_key ? OCSP_RESPID_KEY : 0) |
	                                         (spec->send_signer ? 0 : OCSP_NOCERTS)),
	                 1);
}

struct span fixture_ocsp(struct fixture_ocsp spec)
{
	static const int statuses[] = { V_OCSP_CERTSTATUS_GOOD, V_OCSP_CERTSTATUS_REVOKED,
		                        V_OCSP_CERTSTATUS_UNKNOWN };
	const EVP_MD *md = EVP_get_digestbyname(spec.id_digest ? spec.id_digest : "SHA1");
	OCSP_BASICRESP *basic = spec.error ? NULL : OCSP_BASICRESP_new();
	OCSP_RESPONSE *outer;
	unsigned char *der = NULL;
	int n;

	if (!spec.from && !spec.to) {
		spec.from = -1;
		spec.to = 7;
	}
	for (size_t i = 0; basic && i < spec.others; i++)
		add_status(basic, &spec, other_id(spec.issuer, i), V_OCSP_CERTSTATUS_GOOD);
	if (basic) {
		add_status(basic, &spec, OCSP_cert_to_id(md, spec.leaf->cert, spec.issuer->cert),
		           statuses[spec.status]);
		sign(basic, &spec);
	}
	outer = OCSP_response_create(spec.error, basic);
	n = i2d_OCSP_RESPONSE(outer, &der);
	OCSP_RESPONSE_free(outer);
	OCSP_BASICRESP_free(basic);
	return take(der, n);
}
