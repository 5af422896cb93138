/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inventory_read - inventory.json, validated whole.
 *
 * Each function fills `why` and gives false when it refuses.  Keys that the format does not have are
 * refused: a misspelt "enabled" must not let a disabled phone in.
 *
 * The text is taken in pieces, one device at a time, because the tree of a whole fleet would need seven times
 * the text's memory.  Roles may stand behind the devices, so they are applied at the end.  All strings live
 * in one block as large as the text, which is enough: each of them is a copy of a quoted part of it.  What is
 * not written is not resident.
 */
#include "radius-module/inventory_object.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "common/auto.h"
#include "common/mac.h"
#include "radius-module/json_pieces.h"

#define NO_MEMORY "There is not enough memory for the inventory."

AUTO_CLEANUP(json, json_t *, json_decref)
AUTO_CLEANUP(inventory, struct inventory *, inventory_unref)

enum { PLACE_LEN = 96 }; /* "devices[999999].certificate.spki_sha256" */

struct place {
	char text[PLACE_LEN];
};

__attribute__((format(printf, 2, 3))) static bool refuse(char *why, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, INVENTORY_WHY_LEN, fmt, args);
	va_end(args);
	for (char *p = why; *p; p++) {
		if ((uint8_t)*p < 0x20 || *p == 0x7f)
			*p = '?';
	}
	return false;
}

static bool known_keys(const json_t *object, const char *place, const char *const *keys, char *why)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, key, value) {
		const char *const *known = keys;

		while (*known && strcmp(*known, key) != 0)
			known++;
		if (!*known)
			return refuse(why, "%s: the key \"%.40s\" is not known.", place, key);
	}
	return true;
}

static const char *keep(struct inventory *inventory, const char *text)
{
	size_t n = strlen(text) + 1;
	char *copy = inventory->strings + inventory->strings_n;

	if (n == 1)
		return "";
	memcpy(copy, text, n); /* fits: see the top of this file */
	inventory->strings_n += n;
	return copy;
}

enum presence { OPTIONAL, REQUIRED };

/* A string without NUL inside; `ret_text` is "" when it is absent or null and OPTIONAL. */
static bool string_of(const json_t *object, const char *place, const char *key,
                      enum presence presence, const char **ret_text, char *why)
{
	const json_t *value = json_object_get(object, key);

	if (!value || json_is_null(value)) {
		if (presence == REQUIRED)
			return refuse(why, "%s.%s: it is missing.", place, key);
		*ret_text = "";
		return true;
	}
	if (!json_is_string(value))
		return refuse(why, "%s.%s: it is not a string.", place, key);
	if (presence == REQUIRED && !json_string_length(value))
		return refuse(why, "%s.%s: it is empty.", place, key);
	*ret_text = json_string_value(value);
	return true;
}

static bool bool_of(const json_t *object, const char *place, const char *key, bool without,
                    bool *ret_value, char *why)
{
	const json_t *value = json_object_get(object, key);

	if (value && !json_is_boolean(value))
		return refuse(why, "%s.%s: it is neither true nor false.", place, key);
	*ret_value = value ? json_is_true(value) : without;
	return true;
}

/* RFC 3580 3.31: an id in decimal, or a name that the switch knows. */
static bool vlan_of(struct inventory *inventory, const json_t *object, const char *place,
                    const char **ret_vlan, char *why)
{
	const char *text = NULL;

	if (!string_of(object, place, "vlan", OPTIONAL, &text, why))
		return false;

	size_t n = strlen(text), digits = strspn(text, "0123456789");

	for (const char *p = text; *p; p++) {
		if (*p < 0x21 || *p > 0x7e)
			return refuse(why,
			              "%s.vlan: only printable ASCII may stand in a VLAN name.",
			              place);
	}
	if (n > 32)
		return refuse(why, "%s.vlan: a VLAN name has at most 32 characters.", place);
	if (n && digits == n && (n > 4 || *text == '0' || atoi(text) > 4094))
		return refuse(why, "%s.vlan: a VLAN id is a number from 1 to 4094.", place);
	*ret_vlan = keep(inventory, text);
	return true;
}

static bool roles_read(struct inventory *inventory, const json_t *roles, char *why)
{
	static const char *const keys[] = { "vlan", "session_timeout", NULL };
	const char *name;
	json_t *object;

	if (!json_is_object(roles))
		return refuse(why, "roles: it is not an object.");
	if (json_object_size(roles) > INVENTORY_MAX_ROLES)
		return refuse(why, "roles: there are more than %d.", INVENTORY_MAX_ROLES);
	inventory->roles = calloc(json_object_size(roles) + 1, sizeof(*inventory->roles));
	if (!inventory->roles)
		return refuse(why, NO_MEMORY);
	json_object_foreach((json_t *)(uintptr_t)roles, name, object) {
		struct role *role = &inventory->roles[inventory->roles_n++];
		struct place place;

		snprintf(place.text, sizeof(place.text), "roles.%.40s", name);
		if (!json_is_object(object))
			return refuse(why, "%s: it is not an object.", place.text);
		if (!known_keys(object, place.text, keys, why) ||
		    !vlan_of(inventory, object, place.text, &role->vlan, why))
			return false;

		const json_t *timeout = json_object_get(object, "session_timeout");

		if (timeout && (!json_is_integer(timeout) || json_integer_value(timeout) < 0 ||
		                json_integer_value(timeout) > INT32_MAX))
			return refuse(why, "%s.session_timeout: it is not a number of seconds.",
			              place.text);
		role->session_timeout = timeout ? (uint32_t)json_integer_value(timeout) : 0;
		role->name = keep(inventory, name);
	}
	return true;
}

/* What the roles say of the devices, once all of both is known. */
static bool roles_apply(const struct inventory *inventory, char *why)
{
	for (size_t i = 0; i < inventory->count; i++) {
		struct device *device = &inventory->devices[i];
		const struct role *role;
		size_t at = 0;

		if (!*device->role)
			continue;
		while (at < inventory->roles_n &&
		       strcmp(inventory->roles[at].name, device->role) != 0)
			at++;
		if (at == inventory->roles_n)
			return refuse(why, "devices[%zu].role: \"%.40s\" is not one of the roles.",
			              i, device->role);
		role = &inventory->roles[at];
		device->role = role->name;
		device->session_timeout = role->session_timeout;
		if (!*device->vlan)
			device->vlan = role->vlan;
	}
	return true;
}

/* RFC 3339 in UTC: 2027-11-21T10:00:00Z. */
static int64_t rfc3339(const char *text)
{
	static const char form[] = "0000-00-00T00:00:00Z";
	char digits[16];
	size_t n = 0;

	if (strlen(text) != sizeof(form) - 1)
		return 0;
	for (size_t i = 0; i < sizeof(form) - 1; i++) {
		if (form[i] != '0') {
			if (text[i] != form[i])
				return 0;
		} else {
			digits[n++] = text[i];
		}
	}
	digits[n] = 'Z';
	digits[n + 1] = '\0';
	return verdict_asn1_time(digits);
}

static bool certificate_read(struct inventory *inventory, const json_t *object, const char *above,
                             const struct device *before, struct device *device, char *why)
{
	static const char *const keys[] = { "issuer",    "serial",      "cn",     "san",
		                            "not_after", "spki_sha256", "shared", NULL };
	const char *issuer = NULL, *serial = NULL, *not_after = NULL, *text;
	struct place place;

	device->certificate.issuer = device->certificate.serial = "";
	if (!object || json_is_null(object))
		return true;
	snprintf(place.text, sizeof(place.text), "%.64s.certificate", above);
	if (!json_is_object(object))
		return refuse(why, "%s: it is not an object.", place.text);
	if (!known_keys(object, place.text, keys, why) ||
	    !string_of(object, place.text, "issuer", REQUIRED, &issuer, why) ||
	    !string_of(object, place.text, "serial", REQUIRED, &serial, why) ||
	    !string_of(object, place.text, "not_after", REQUIRED, &not_after, why) ||
	    !string_of(object, place.text, "cn", OPTIONAL, &text, why) ||
	    !string_of(object, place.text, "san", OPTIONAL, &text, why) ||
	    !string_of(object, place.text, "spki_sha256", OPTIONAL, &text, why) ||
	    !bool_of(object, place.text, "shared", false, &device->certificate.shared, why))
		return false;
	if (strspn(serial, "0123456789abcdef") != strlen(serial) || strlen(serial) % 2)
		return refuse(why, "%s.serial: it is not lower-case hex with two digits an octet.",
		              place.text);
	device->certificate.not_after = rfc3339(not_after);
	if (!device->certificate.not_after)
		return refuse(why, "%s.not_after: it is not a time like 2027-11-21T10:00:00Z.",
		              place.text);
	device->certificate.serial = keep(inventory, serial);

	char *kept = (char *)(uintptr_t)keep(inventory, issuer);

	verdict_oneline(kept);
	device->certificate.issuer = kept;
	if (before && !strcmp(before->certificate.issuer, kept)) { /* a fleet has one issuer */
		device->certificate.issuer = before->certificate.issuer;
		inventory->strings_n = (size_t)(kept - inventory->strings);
	}
	return true;
}

static bool files_check(const json_t *files, const char *place, char *why)
{
	size_t i;
	json_t *file;

	if (files && !json_is_array(files))
		return refuse(why, "%s.files: it is not an array.", place);
	json_array_foreach(files, i, file) {
		if (!json_is_string(file))
			return refuse(why, "%s.files[%zu]: it is not a string.", place, i);
	}
	return true;
}

static bool device_read(struct inventory *inventory, const json_t *object, const char *place,
                        struct device *device, char *why)
{
	static const char *const keys[] = { "mac",     "name",  "model",       "role", "vlan",
		                            "enabled", "files", "certificate", NULL };
	const struct device *before = device > inventory->devices ? device - 1 : NULL;
	const char *mac = NULL, *name = NULL, *model = NULL, *role = NULL;

	if (!json_is_object(object))
		return refuse(why, "%s: it is not an object.", place);
	if (!known_keys(object, place, keys, why) ||
	    !string_of(object, place, "mac", REQUIRED, &mac, why) ||
	    !string_of(object, place, "name", OPTIONAL, &name, why) ||
	    !string_of(object, place, "model", OPTIONAL, &model, why) ||
	    !string_of(object, place, "role", OPTIONAL, &role, why) ||
	    !bool_of(object, place, "enabled", true, &device->enabled, why) ||
	    !files_check(json_object_get(object, "files"), place, why))
		return false;
	if (!mac_parse(mac, device->mac) || mac_is_group(device->mac))
		return refuse(why, "%s.mac: \"%.40s\" is not the MAC address of a device.", place,
		              mac);
	device->name = keep(inventory, name);
	device->model =
		before && !strcmp(before->model, model) ? before->model : keep(inventory, model);
	device->role = before && !strcmp(before->role, role) ? before->role : keep(inventory, role);
	return vlan_of(inventory, object, place, &device->vlan, why) &&
	       certificate_read(inventory, json_object_get(object, "certificate"), place, before,
	                        device, why);
}

/* Both tables; the device at `at` must not contradict those before it. */
static bool index_add(struct inventory *inventory, size_t at, char *why)
{
	const struct device *device = &inventory->devices[at];
	uint32_t *slot = inventory_slot_mac(inventory, device->mac);

	if (*slot)
		return refuse(why, "devices[%zu].mac: devices[%u] has the same MAC address.", at,
		              *slot - 1);
	*slot = (uint32_t)at + 1;
	if (!*device->certificate.serial)
		return true;
	slot = inventory_slot_certificate(inventory, device->certificate.issuer,
	                                  device->certificate.serial);
	if (!*slot) {
		*slot = (uint32_t)at + 1;
		return true;
	}
	if (!device->certificate.shared || !inventory->devices[*slot - 1].certificate.shared)
		return refuse(
			why,
			"devices[%zu].certificate: devices[%u] has the same one, and they are "
			"not both marked as shared.",
			at, *slot - 1);
	return true;
}

static bool index_all(struct inventory *inventory, char *why)
{
	size_t size = 16;

	while (size < 2 * inventory->count)
		size *= 2;
	inventory->mask = size - 1;
	inventory->by_mac = calloc(size, sizeof(uint32_t));
	inventory->by_certificate = calloc(size, sizeof(uint32_t));
	if (!inventory->by_mac || !inventory->by_certificate)
		return refuse(why, NO_MEMORY);
	for (size_t i = 0; i < inventory->count; i++) {
		if (!index_add(inventory, i, why))
			return false;
	}
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
			return refuse(why, "devices: there are more than %d.",
			              INVENTORY_MAX_DEVICES);
		if (at == room) {
			room = room ? 2 * room : 256;

			struct device *more =
				realloc(inventory->devices, room * sizeof(*inventory->devices));

			if (!more)
				return refuse(why, NO_MEMORY);
			inventory->devices = more;
		}
		memset(&inventory->devices[at], 0, sizeof(*inventory->devices));
		snprintf(place.text, sizeof(place.text), "devices[%zu]", at);
		if (!device_read(inventory, object, place.text, &inventory->devices[at], why))
			return false;
		inventory->count++;
	}
	return !pieces->failed;
}

enum member { MEMBER_FORMAT, MEMBER_GENERATED, MEMBER_ROLES, MEMBER_DEVICES, MEMBER_COUNT };

static bool member_read(struct inventory *inventory, struct json_pieces *pieces, enum member member,
                        char *why)
{
	if (member == MEMBER_DEVICES)
		return devices_read(inventory, pieces, why);

	AUTO(json) json_t *value = json_pieces_value(pieces);

	if (!value)
		return false;
	if (member == MEMBER_ROLES)
		return roles_read(inventory, value, why);
	if (member == MEMBER_GENERATED)
		return json_is_string(value) || json_is_null(value) ||
		       refuse(why, "generated: it is not a string.");
	return (json_is_integer(value) && json_integer_value(value) == 1) ||
	       refuse(why, "format: it is not 1, the only format that this version reads.");
}

static bool document_read(struct inventory *inventory, struct json_pieces *pieces, char *why)
{
	static const char *const names[MEMBER_COUNT] = { "format", "generated", "roles",
		                                         "devices" };
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
			return refuse(why, "inventory: the key \"%.40s\" is not known.",
			              json_string_value(key));
		if (seen[member])
			return refuse(why, "%s: it stands there twice.", names[member]);
		seen[member] = true;
		if (!member_read(inventory, pieces, (enum member)member, why))
			return false;
	}
	json_pieces_end(pieces);
	if (pieces->failed)
		return false;
	if (!seen[MEMBER_FORMAT])
		return refuse(why, "format: it is missing.");
	if (!seen[MEMBER_DEVICES])
		return refuse(why, "devices: it is missing.");
	return roles_apply(inventory, why) && index_all(inventory, why);
}

struct inventory *inventory_read(const char *text, size_t n, char ret_why[static INVENTORY_WHY_LEN])
{
	AUTO(inventory) struct inventory *inventory = calloc(1, sizeof(*inventory));
	struct json_pieces pieces = json_pieces_of(text, n);

	if (!inventory || !(inventory->strings = malloc(n + 1))) {
		free(inventory);
		inventory = NULL;
		refuse(ret_why, NO_MEMORY);
		return NULL;
	}
	atomic_init(&inventory->references, 1);
	if (document_read(inventory, &pieces, ret_why))
		return steal(inventory);
	if (pieces.failed)
		refuse(ret_why, "%s", pieces.why);
	return NULL;
}
