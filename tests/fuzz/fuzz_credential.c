/* SPDX-License-Identifier: BSD-3-Clause */
/* Any document, read as items and then as credentials, in each profile. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include <portcall/credentials.h>

static void read_as(const struct portcall_items *items, enum portcall_profile profile,
                    enum portcall_verify verify)
{
	struct portcall_credentials_options options = {
		.size = sizeof(options),
		.passphrase = "Sesam, oeffne dich",
		.profile = profile,
		.verify = verify,
		.unencrypted_pkcs12 = verify == PORTCALL_VERIFY_NONE,
		.now = 1780000000,
		.pkcs12_iterations = 100,
	};
	struct portcall_credentials *credentials = NULL;
	struct portcall_why why = { 0 };

	if (portcall_credentials_read(items, &options, &credentials, &why) != PORTCALL_OK) {
		if (credentials)
			abort();
		return;
	}
	if (strlen(portcall_credentials_client(credentials)->sha256) != 64)
		abort();
	portcall_credentials_unref(credentials);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct portcall_items *items = NULL;
	struct portcall_why why = { 0 };

	if (portcall_items_read(data, size, NULL, NULL, &items, &why) != PORTCALL_OK)
		return 0;
	read_as(items, PORTCALL_PROFILE_MODERN, PORTCALL_VERIFY_TRUSTED);
	read_as(items, PORTCALL_PROFILE_OPTIPOINT, PORTCALL_VERIFY_NONE);
	portcall_items_free(items);
	return 0;
}
