/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any inventory.json: it is refused with a sentence, or each of its devices is found under both keys. */
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "radius-module/inventory_object.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char why[INVENTORY_WHY_LEN] = "";
	struct inventory *inventory = inventory_read((const char *)data, size, why);

	if (!inventory) {
		size_t n = strnlen(why, sizeof(why));

		assert(n > 0 && n < sizeof(why) && !strpbrk(why, "\n\r\t\x1b"));
		return 0;
	}
	for (size_t i = 0; i < inventory_count(inventory); i++) {
		const struct device *d = &inventory->devices[i], *found;

		assert(inventory_by_mac(inventory, d->mac) == d);
		assert(strlen(d->vlan) <= 32 && d->name && d->model && d->role_name);
		assert(!*d->role_name == !d->role && !*d->location_name == !d->location);
		if (!*d->certificate.serial)
			continue;
		assert(*d->certificate.issuer && d->certificate.not_after);
		found = inventory_by_certificate(inventory, d->certificate.issuer,
		                                 d->certificate.serial);
		assert(found &&
		       (found == d || (found->certificate.shared && d->certificate.shared)));
	}
	inventory_unref(inventory);
	return 0;
}
