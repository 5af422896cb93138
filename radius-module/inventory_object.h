/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inventory_object - the inside of an inventory, for inventory.c and the readers inventory_*.c alone. */
#ifndef RADIUS_MODULE_INVENTORY_OBJECT_H
#define RADIUS_MODULE_INVENTORY_OBJECT_H

#include <stdatomic.h>

#include "radius-module/inventory.h"

struct inventory {
	atomic_uint references;
	size_t count;
	struct device *devices;
	struct role *roles;
	size_t roles_n;
	struct location *locations;
	size_t locations_n;
	size_t mask;      /* of both tables: their size minus 1; at least half is free */
	uint32_t *by_mac; /* index into devices plus 1; 0: free */
	uint32_t *
		by_certificate; /* twice the index, plus 1 for the previous generation, plus 1; 0: free */
	char *strings;          /* what all names point to */
	size_t strings_n;
};

/* The slot of the device with this key, or the free slot where it would stand. */
uint32_t *inventory_slot_mac(const struct inventory *inventory, const uint8_t mac[static 6]);
uint32_t *inventory_slot_certificate(const struct inventory *inventory, const char *issuer,
                                     const char *serial);

#endif
