/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any octets as a stapled OCSP response; what parses is judged once more with a signature that fits, since
 * hardly a mutation would come past it.
 */
#include "tests/fuzz/fuzz.h"

#include <stdbool.h>
#include <stdlib.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include "common/credential_openssl.h"

static struct {
	EVP_PKEY *key;
	X509 *ca, *leaf;
} w;

static X509 *make_cert(const char *cn, long serial)
{
	X509 *cert = X509_new();
	X509_NAME *name = X509_NAME_new();

	if (!cert || !name ||
	    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)cn, -1, -1,
	                               0) != 1 ||
	    X509_set_subject_name(cert, name) != 1 ||
	    X509_set_issuer_name(cert, X509_get_subject_name(w.ca ? w.ca : cert)) != 1 ||
	    ASN1_INTEGER_set(X509_get_serialNumber(cert), serial) != 1 ||
	    X509_set_pubkey(cert, w.key) != 1 || X509_sign(cert, w.key, EVP_sha256()) <= 0)
		abort();
	X509_NAME_free(name);
	return cert;
}

static void judge(struct span response)
{
	char text[240];

	for (int ocsp = PORTCALL_OCSP_STAPLED; ocsp <= PORTCALL_OCSP_REQUIRE; ocsp++) {
		struct cert_policy policy = { .time = 1780000000,
			                      .ocsp = (enum portcall_ocsp)ocsp };
		enum portcall_reason reason = ocsp_judge(&policy, response, w.leaf, w.ca, text);

		if (!reason != !*text || ERR_peek_error())
			abort();
	}
}

/* OpenSSL writes the responder's new id over the old one, which must be of the same kind. */
static bool sign(OCSP_BASICRESP *basic)
{
	const ASN1_OCTET_STRING *key_id = NULL;
	const X509_NAME *name = NULL;
	unsigned long flags = OCSP_NOCERTS | OCSP_NOTIME;

	if (OCSP_resp_get0_id(basic, &key_id, &name) != 1 || (!key_id && !name))
		return false;
	if (key_id)
		flags |= OCSP_RESPID_KEY;
	if (OCSP_basic_sign(basic, w.ca, w.key, EVP_sha256(), NULL, flags) != 1)
		return false;
	ASN1_OCTET_STRING_free((ASN1_OCTET_STRING *)(uintptr_t)key_id); /* forgotten there */
	return true;
}

static void judge_signed(struct span response)
{
	const unsigned char *p = response.p;
	unsigned char *again = NULL;
	OCSP_RESPONSE *outer = d2i_OCSP_RESPONSE(NULL, &p, (long)response.n), *signed_again = NULL;
	OCSP_BASICRESP *basic = outer ? OCSP_response_get1_basic(outer) : NULL;
	int n = 0;

	if (basic && sign(basic))
		signed_again = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
	if (signed_again)
		n = i2d_OCSP_RESPONSE(signed_again, &again);
	ERR_clear_error();
	if (n > 0)
		judge(span(again, (size_t)n));
	OPENSSL_free(again);
	OCSP_RESPONSE_free(signed_again);
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(outer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!w.key) {
		w.key = EVP_EC_gen("P-256");
		w.ca = make_cert("CA", 1);
		w.leaf = make_cert("server", 7);
	}
	judge(span(data, size));
	judge_signed(span(data, size));
	return 0;
}
