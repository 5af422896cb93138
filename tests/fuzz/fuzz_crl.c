/* SPDX-License-Identifier: BSD-3-Clause */
/* Any octets as a file of revocation lists, and a certificate looked up in what was read. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "common/credential_openssl.h"

/* CN=CA with serial number 1; what it is looked up in is not signed by it. */
static X509 *make_cert(void)
{
	X509 *cert = X509_new();
	X509_NAME *name = cert ? X509_get_subject_name(cert) : NULL;

	if (!name ||
	    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"CA", -1,
	                               -1, 0) != 1 ||
	    X509_set_issuer_name(cert, name) != 1 ||
	    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1) != 1)
		abort();
	return cert;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static X509 *cert;
	struct portcall_crls *crls = NULL;
	struct portcall_why why = { 0 };
	char text[240];

	if (!cert)
		cert = make_cert();
	if (portcall_crls_read(data, size, 1780000000, NULL, NULL, &crls, &why) != PORTCALL_OK) {
		/* a refusal has a reason, or a text when memory ran out */
		if (crls || (why.reason == PORTCALL_REASON_NONE && !*why.text) || ERR_peek_error())
			abort();
		return 0;
	}
	if (!portcall_crls_count(crls) || crls_revoked(crls, cert, cert, text))
		abort();
	for (size_t i = 0; i < portcall_crls_count(crls); i++)
		if (!memchr(portcall_crls_at(crls, i)->issuer, 0, 1000))
			abort();
	ERR_clear_error();
	portcall_crls_unref(crls);
	return 0;
}
