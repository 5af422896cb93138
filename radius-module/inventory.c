/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inventory - the devices, hashed by MAC address and by issuer + serial (open addressing). */
#include "radius-module/inventory_object.h"

#include <stdlib.h>
#include <string.h>

#include "common/mac.h"

static size_t hash_mac(const uint8_t mac[static 6])
{
	uint64_t v = 0;

	for (int i = 0; i < 6; i++)
		v = v << 8 | mac[i];
	return (size_t)((v * 0x9e3779b97f4a7c15u) >> 24);
}

/* FNV-1a over both texts. */
static size_t hash_certificate(const char *issuer, const char *serial)
{
	uint64_t v = 0xcbf29ce484222325u;

	for (const char *p = serial; *p; p++)
		v = (v ^ (uint8_t)*p) * 0x100000001b3u;
	for (const char *p = issuer; *p; p++)
		v = (v ^ (uint8_t)*p) * 0x100000001b3u;
	return (size_t)(v ^ v >> 32);
}

uint32_t *inventory_slot_mac(const struct inventory *inventory, const uint8_t mac[static 6])
{
	for (size_t i = hash_mac(mac);; i++) {
		uint32_t *slot = &inventory->by_mac[i & inventory->mask];

		if (!*slot || mac_equal(inventory->devices[*slot - 1].mac, mac))
			return slot;
	}
}

uint32_t *inventory_slot_certificate(const struct inventory *inventory, const char *issuer,
                                     const char *serial)
{
	for (size_t i = hash_certificate(issuer, serial);; i++) {
		uint32_t *slot = &inventory->by_certificate[i & inventory->mask];

		if (!*slot)
			return slot;

		const struct device *device = &inventory->devices[(*slot - 1) / 2];
		bool previous = (*slot - 1) % 2;

		if (!strcmp(previous ? device->previous.serial : device->certificate.serial,
		            serial) &&
		    !strcmp(previous ? device->previous.issuer : device->certificate.issuer,
		            issuer))
			return slot;
	}
}

const struct device *inventory_by_mac(const struct inventory *inventory,
                                      const uint8_t mac[static 6])
{
	uint32_t at = *inventory_slot_mac(inventory, mac);

	return at ? &inventory->devices[at - 1] : NULL;
}

const struct device *inventory_by_certificate(const struct inventory *inventory, const char *issuer,
                                              const char *serial)
{
	uint32_t slot = *inventory_slot_certificate(inventory, issuer, serial);

	return slot ? &inventory->devices[(slot - 1) / 2] : NULL;
}

const struct device *inventory_at(const struct inventory *inventory, size_t i)
{
	return &inventory->devices[i];
}

size_t inventory_count(const struct inventory *inventory)
{
	return inventory->count;
}

struct inventory *inventory_ref(struct inventory *inventory)
{
	atomic_fetch_add_explicit(&inventory->references, 1, memory_order_relaxed);
	return inventory;
}

void inventory_unref(struct inventory *inventory)
{
	if (!inventory ||
	    atomic_fetch_sub_explicit(&inventory->references, 1, memory_order_acq_rel) != 1)
		return;
	free(inventory->by_mac);
	free(inventory->by_certificate);
	free(inventory->devices);
	for (size_t i = 0; i < inventory->roles_n; i++)
		free((void *)(uintptr_t)inventory->roles[i].rules);
	free(inventory->roles);
	for (size_t i = 0; i < inventory->locations_n; i++)
		free((void *)(uintptr_t)inventory->locations[i].parts);
	free(inventory->locations);
	free(inventory->strings);
	free(inventory);
}
