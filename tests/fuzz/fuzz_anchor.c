/* SPDX-License-Identifier: BSD-3-Clause */
/* Any text in a CA slot. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>

#include "common/credential_openssl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cert_policy policy = { .verify = PORTCALL_VERIFY_TRUSTED, .time = 1780000000 };
	struct portcall_why why = { 0 };
	X509_STORE *store = credential_anchors((const char *)data, size, "https-ca", &policy, &why);

	/* a refusal has a reason, or a text when memory ran out */
	if (!store && why.reason == PORTCALL_REASON_NONE && !*why.text)
		abort();
	X509_STORE_free(store);
	return 0;
}
