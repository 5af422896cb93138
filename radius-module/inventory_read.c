/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inventory_read - inventory.json, validated whole.
 *
 * Keys that the format does not have are refused: a misspelt "enabled" must not let a disabled phone in.
 *
 * The text is taken in pieces, one device at a time, because the tree of a whole fleet would need seven times
 * the text's memory.  Roles may stand behind the devices, so they are applied at the end.
 */
#include "radius-module/inventory_fields.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "radius-module/json_pieces.h"

/* Both tables; the device at `at` must not contradict those before it. */
static bool index_add(struct inventory *inventory, size_t at, char *why)
{
	const struct device *device = &inventory->devices[at];
	uint32_t *slot = inventory_slot_mac(inventory, device->mac);

	if (*slot)
		return inventory_refuse(why,
		                        "devices[%zu].mac: devices[%u] has the same MAC address.",
		                        at, *slot - 1);
	*slot = (uint32_t)at + 1;
	if (!*device->certificate.serial)
		return true;
	slot = inventory_slot_certificate(inventory, device->certificate.issuer,
	                                  device->certificate.serial);
	if (!*slot) {
		*slot = (uint32_t)at * 2 + 1;
		return true;
	}
	if (!device->certificate.shared || !inventory->devices[(*slot - 1) / 2].certificate.shared)
		return inventory_refuse(
			why,
			"devices[%zu].certificate: devices[%u] has the same one, and they are "
			"not both marked as shared.",
			at, (*slot - 1) / 2);
	return true;
}

/* A certificate of the generation before; a present one goes before it. */
static void index_previous(struct inventory *inventory, size_t at)
{
	const struct device *device = &inventory->devices[at];
	uint32_t *slot;

	if (!*device->previous.serial)
		return;
	slot = inventory_slot_certificate(inventory, device->previous.issuer,
	                                  device->previous.serial);
	if (!*slot)
		*slot = (uint32_t)at * 2 + 2;
}

static bool index_all(struct inventory *inventory, char *why)
{
	size_t size = 16, keys = inventory->count;

	for (size_t i = 0; i < inventory->count; i++)
		keys += *inventory->devices[i].previous.serial != '\0';
	while (size < 2 * keys)
		size *= 2;
	inventory->mask = size - 1;
	inventory->by_mac = calloc(size, sizeof(uint32_t));
	inventory->by_certificate = calloc(size, sizeof(uint32_t));
	if (!inventory->by_mac || !inventory->by_certificate)
		return inventory_refuse(why, NO_MEMORY);
	for (size_t i = 0; i < inventory->count; i++) {
		if (!index_add(inventory, i, why))
			return false;
	}
	for (size_t i = 0; i < inventory->count; i++)
		index_previous(inventory, i);
	return true;
}

static bool devices_read(struct inventory *inventory, struct json_pieces *pieces, char *why)
{
	size_t room = 0;

	json_pieces_open(pieces, '[');
	while (json_pieces_more(pieces, ']')) {
		AUTO(json) json_t *object = json_pieces_value(pieces);
		size_t at = inventory->count;
		struct place place;

		if (!object)
			return false;
		if (at == INVENTORY_MAX_DEVICES)
			return inventory_refuse(why, "devices: there are more than %d.",
			                        INVENTORY_MAX_DEVICES);
		if (at == room) {
			room = room ? 2 * room : 256;

			struct device *more =
				realloc(inventory->devices, room * sizeof(*inventory->devices));

			if (!more)
				return inventory_refuse(why, NO_MEMORY);
			inventory->devices = more;
		}
		memset(&inventory->devices[at], 0, sizeof(*inventory->devices));
		snprintf(place.text, sizeof(place.text), "devices[%zu]", at);
		if (!inventory_device_read(inventory, object, place.text, &inventory->devices[at],
		                           why))
			return false;
		inventory->count++;
	}
	return !pieces->failed;
}

enum member {
	MEMBER_FORMAT,
	MEMBER_GENERATED,
	MEMBER_LOCATIONS,
	MEMBER_ROLES,
	MEMBER_DEVICES,
	MEMBER_COUNT
};

static bool member_read(struct inventory *inventory, struct json_pieces *pieces, enum member member,
                        char *why)
{
	if (member == MEMBER_DEVICES)
		return devices_read(inventory, pieces, why);

	AUTO(json) json_t *value = json_pieces_value(pieces);

	if (!value)
		return false;
	if (member == MEMBER_LOCATIONS)
		return inventory_locations_read(inventory, value, why);
	if (member == MEMBER_ROLES)
		return inventory_roles_read(inventory, value, why);
	if (member == MEMBER_GENERATED)
		return json_is_string(value) || json_is_null(value) ||
		       inventory_refuse(why, "generated: it is not a string.");
	return (json_is_integer(value) && json_integer_value(value) == 1) ||
	       inventory_refuse(why,
	                        "format: it is not 1, the only format that this version reads.");
}

static bool document_read(struct inventory *inventory, struct json_pieces *pieces, char *why)
{
	static const char *const names[MEMBER_COUNT] = { "format", "generated", "locations",
		                                         "roles", "devices" };
	bool seen[MEMBER_COUNT] = { false };

	json_pieces_open(pieces, '{');
	while (json_pieces_more(pieces, '}')) {
		AUTO(json) json_t *key = json_pieces_key(pieces);
		int member = 0;

		if (!key)
			return false;
		while (member < MEMBER_COUNT && strcmp(names[member], json_string_value(key)) != 0)
			member++;
		if (member == MEMBER_COUNT)
			return inventory_refuse(why, "inventory: the key \"%.40s\" is not known.",
			                        json_string_value(key));
		if (seen[member])
			return inventory_refuse(why, "%s: it stands there twice.", names[member]);
		seen[member] = true;
		if (!member_read(inventory, pieces, (enum member)member, why))
			return false;
	}
	json_pieces_end(pieces);
	if (pieces->failed)
		return false;
	if (!seen[MEMBER_FORMAT])
		return inventory_refuse(why, "format: it is missing.");
	if (!seen[MEMBER_DEVICES])
		return inventory_refuse(why, "devices: it is missing.");
	return inventory_names_resolve(inventory, why) && index_all(inventory, why);
}

struct inventory *inventory_read(const char *text, size_t n, char ret_why[static INVENTORY_WHY_LEN])
{
	AUTO(inventory) struct inventory *inventory = calloc(1, sizeof(*inventory));
	struct json_pieces pieces = json_pieces_of(text, n);

	if (!inventory || !(inventory->strings = malloc(n + 1))) {
		free(inventory);
		inventory = NULL;
		inventory_refuse(ret_why, NO_MEMORY);
		return NULL;
	}
	atomic_init(&inventory->references, 1);
	if (document_read(inventory, &pieces, ret_why))
		return steal(inventory);
	if (pieces.failed)
		inventory_refuse(ret_why, "%s", pieces.why);
	return NULL;
}
