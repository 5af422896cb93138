/* SPDX-License-Identifier: BSD-3-Clause */
/* Any octets as a PKCS#12 in DER; with and without unencrypted-pkcs12. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>

#include <openssl/err.h>

#include "common/credential_openssl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (int unencrypted = 0; unencrypted < 2; unencrypted++) {
		struct pkcs12_contents contents = { 0 };
		struct portcall_why why;
		enum portcall_err err = pkcs12_read(span(data, size), "Sesam, oeffne dich",
		                                    unencrypted, 100, &contents, &why);

		if (!err != (contents.key != NULL) || ERR_peek_error())
			abort();
		pkcs12_done(&contents);
	}
	return 0;
}
