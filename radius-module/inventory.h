/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inventory - the devices of inventory.json (docs/interfaces.md 6, docs/inventory.schema.json).
 *
 * inventory_read() validates a document whole and gives an immutable, reference-counted object; lookups
 * take constant time.  Thread-safe.  Knows nothing of FreeRADIUS.
 */
#ifndef RADIUS_MODULE_INVENTORY_H
#define RADIUS_MODULE_INVENTORY_H

#include <stddef.h>
#include <stdint.h>

#include "radius-module/verdict.h"

struct inventory;

enum {
	INVENTORY_WHY_LEN = 240,
	INVENTORY_MAX_FILE = 256 << 20, /* octets */
	INVENTORY_MAX_DEVICES = 1000000,
	INVENTORY_MAX_ROLES = 256,
	INVENTORY_MAX_RULES = 1024, /* of one role; parts of one location */
	INVENTORY_MAX_LOCATIONS = 65536,
};

/* NULL: `ret_why` holds one sentence that names the place, e.g. "devices[3].mac: ...". */
struct inventory *inventory_read(const char *text, size_t n,
                                 char ret_why[static INVENTORY_WHY_LEN]);
struct inventory *inventory_ref(struct inventory *inventory);
void inventory_unref(struct inventory *inventory); /* NULL is fine */

size_t inventory_count(const struct inventory *inventory);
const struct device *inventory_at(const struct inventory *inventory, size_t i); /* borrowed */

/* Borrowed: valid as long as the caller's reference.  NULL: there is none. */
const struct device *inventory_by_mac(const struct inventory *inventory,
                                      const uint8_t mac[static 6]);
/* The first device with this certificate, of the present generation if there is one; `issuer` as verdict_oneline() writes it. */
const struct device *inventory_by_certificate(const struct inventory *inventory, const char *issuer,
                                              const char *serial);

#endif
