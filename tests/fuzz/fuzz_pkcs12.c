/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any octets as a PKCS#12 in DER, with and without unencrypted-pkcs12; what parses is read once more
 * with a MAC that fits, since hardly a mutation would come past it.
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/pkcs12.h>

#include "common/credential_openssl.h"

#define PASSPHRASE "Sesam, oeffne dich"

static void read_it(struct span der, bool unencrypted)
{
	struct pkcs12_contents contents = { 0 };
	struct portcall_why why;
	enum portcall_err err = pkcs12_read(der, PASSPHRASE, unencrypted, 100, &contents, &why);

	if (!err != (contents.key != NULL) || ERR_peek_error())
		abort();
	pkcs12_done(&contents);
}

static void read_with_mac(struct span der)
{
	const unsigned char *p = der.p;
	unsigned char *again = NULL;
	PKCS12 *p12 = d2i_PKCS12(NULL, &p, (long)der.n);
	int n = 0;

	if (p12 && PKCS12_set_mac(p12, PASSPHRASE, -1, NULL, 8, 1, EVP_sha256()) == 1)
		n = i2d_PKCS12(p12, &again);
	ERR_clear_error();
	if (n > 0)
		read_it(span(again, (size_t)n), true);
	OPENSSL_free(again);
	PKCS12_free(p12);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_it(span(data, size), false);
	read_it(span(data, size), true);
	read_with_mac(span(data, size));
	return 0;
}
