/* SPDX-License-Identifier: BSD-3-Clause */
/* ca_crl - a certificate revocation list (RFC 5280 5) out of a CA's index. */
#include "tools/ca.h"

#include <string.h>

#include <openssl/pem.h>

#include "tools/pki_openssl.h"
#include "tools/rfc3339.h"

static int reason_code(const char *text)
{
	for (int i = 0; text && ca_reasons[i]; i++)
		if (!strcmp(text, ca_reasons[i]))
			return i;
	return 0;
}

static bool crl_add(X509_CRL *crl, const char *serial, const json_t *record)
{
	const char *at = json_string_value(json_object_get(record, "revoked"));
	int reason = reason_code(json_string_value(json_object_get(record, "reason")));
	X509_REVOKED *revoked = X509_REVOKED_new();
	ASN1_ENUMERATED *code = ASN1_ENUMERATED_new();
	BIGNUM *number = NULL;
	ASN1_INTEGER *integer =
		BN_hex2bn(&number, serial) ? BN_to_ASN1_INTEGER(number, NULL) : NULL;
	ASN1_TIME *date = NULL;
	int64_t seconds;
	bool ok = revoked && code && integer && at && rfc3339_read(at, &seconds) &&
	          (date = ASN1_TIME_set(NULL, (time_t)seconds)) &&
	          X509_REVOKED_set_serialNumber(revoked, integer) &&
	          X509_REVOKED_set_revocationDate(revoked, date) &&
	          /* RFC 5280 5.3.1: unspecified is not written */
	          (!reason ||
	           (ASN1_ENUMERATED_set(code, reason) &&
	            X509_REVOKED_add1_ext_i2d(revoked, NID_crl_reason, code, 0, 0) == 1)) &&
	          X509_CRL_add0_revoked(crl, revoked);

	if (!ok)
		X509_REVOKED_free(revoked);
	ASN1_TIME_free(date);
	ASN1_INTEGER_free(integer);
	ASN1_ENUMERATED_free(code);
	BN_free(number);
	return ok;
}

static bool crl_head(X509_CRL *crl, const struct pki_cert *ca, int64_t now, int64_t next,
                     int64_t number)
{
	ASN1_TIME *this_update = ASN1_TIME_set(NULL, (time_t)now);
	ASN1_TIME *next_update = ASN1_TIME_set(NULL, (time_t)next);
	ASN1_INTEGER *integer = ASN1_INTEGER_new();
	AUTHORITY_KEYID *authority = AUTHORITY_KEYID_new();
	const ASN1_OCTET_STRING *key = X509_get0_subject_key_id(ca->x509);
	bool ok = this_update && next_update && integer && authority &&
	          X509_CRL_set_version(crl, X509_CRL_VERSION_2) &&
	          X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca->x509)) &&
	          X509_CRL_set1_lastUpdate(crl, this_update) &&
	          X509_CRL_set1_nextUpdate(crl, next_update) &&
	          ASN1_INTEGER_set_int64(integer, number) &&
	          X509_CRL_add1_ext_i2d(crl, NID_crl_number, integer, 0, 0) == 1;

	if (ok && key) {
		authority->keyid = ASN1_OCTET_STRING_dup(key);
		ok = authority->keyid &&
		     X509_CRL_add1_ext_i2d(crl, NID_authority_key_identifier, authority, 0, 0) == 1;
	}
	AUTHORITY_KEYID_free(authority);
	ASN1_INTEGER_free(integer);
	ASN1_TIME_free(next_update);
	ASN1_TIME_free(this_update);
	return ok;
}

/* Expired ones need no entry (RFC 5280 3.3). */
static bool is_listed(const json_t *record, int64_t now)
{
	const char *end = json_string_value(json_object_get(record, "not_after"));
	int64_t seconds;

	return json_object_get(record, "revoked") &&
	       !(end && rfc3339_read(end, &seconds) && seconds <= now);
}

char *ca_crl_pem(const struct pki_cert *ca, json_t *by_serial, int64_t number, int64_t now,
                 int64_t next, size_t *ret_revoked, char ret_why[static PKI_WHY_LEN])
{
	AUTO(bio) BIO *bio = BIO_new(BIO_s_mem());
	X509_CRL *crl = X509_CRL_new();
	bool ok = crl && bio && crl_head(crl, ca, now, next, number);
	size_t count = 0;
	const char *serial;
	json_t *record;
	char *pem = NULL;

	json_object_foreach(by_serial, serial, record) {
		if (!is_listed(record, now))
			continue;
		ok = ok && crl_add(crl, serial, record);
		count++;
	}
	if (ok && X509_CRL_sort(crl) && X509_CRL_sign(crl, ca->key, EVP_sha256()) > 0 &&
	    PEM_write_bio_X509_CRL(bio, crl))
		pem = pki_bio_text(bio);
	if (!pem)
		pki_failed(ret_why, "The CRL could not be made");
	X509_CRL_free(crl);
	*ret_revoked = count;
	return pem;
}
