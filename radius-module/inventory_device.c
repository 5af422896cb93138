/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inventory_device - one device of inventory.json. */
#include "radius-module/inventory_fields.h"

#include <stdio.h>
#include <string.h>

#include "common/mac.h"

/* A fleet has the same model, role and issuer: what the device before has is not kept again. */
static const char *keep_once(struct inventory *inventory, const char *before, const char *text)
{
	return before && !strcmp(before, text) ? before : inventory_keep(inventory, text);
}

static const char *issuer_keep(struct inventory *inventory, const char *before, const char *text)
{
	char *kept = (char *)(uintptr_t)inventory_keep(inventory, text);

	if (*kept)
		verdict_oneline(kept);
	if (!before || strcmp(before, kept) != 0)
		return kept;
	inventory->strings_n = (size_t)(kept - inventory->strings);
	return before;
}

static bool serial_keep(struct inventory *inventory, const json_t *object, const char *place,
                        const char **ret_serial, char *why)
{
	const char *serial = NULL;

	if (!inventory_string(object, place, "serial", REQUIRED, &serial, why))
		return false;
	if (strspn(serial, "0123456789abcdef") != strlen(serial) || strlen(serial) % 2)
		return inventory_refuse(
			why, "%s.serial: it is not lower-case hex with two digits an octet.",
			place);
	*ret_serial = inventory_keep(inventory, serial);
	return true;
}

/* "" or 12:34:AB, as FreeRADIUS prints it. */
static bool key_id_keep(struct inventory *inventory, const json_t *object, const char *place,
                        const char **ret_key_id, char *why)
{
	const char *text = NULL;

	if (!inventory_string(object, place, "key_id", OPTIONAL, &text, why))
		return false;
	for (size_t i = 0; text[i]; i++) {
		bool colon = i % 3 == 2;

		if (colon ? text[i] != ':' || !text[i + 1] : !strchr("0123456789ABCDEF", text[i]))
			return inventory_refuse(
				why, "%s.key_id: it is not upper-case hex with colons.", place);
	}
	*ret_key_id = inventory_keep(inventory, text);
	return true;
}

/* The object at `key`; `ret_object` is NULL when it is absent or null. */
static bool object_of(const json_t *above, const char *place, const char *key,
                      struct place *ret_place, const json_t **ret_object, char *why)
{
	const json_t *object = json_object_get(above, key);

	snprintf(ret_place->text, sizeof(ret_place->text), "%.64s.%s", place, key);
	*ret_object = json_is_null(object) ? NULL : object;
	return !*ret_object || json_is_object(object) ||
	       inventory_refuse(why, "%s: it is not an object.", ret_place->text);
}

static bool certificate_read(struct inventory *inventory, const json_t *above,
                             const char *above_place, const struct device *before,
                             struct device *device, char *why)
{
	static const char *const keys[] = { "issuer",    "serial",      "cn",     "san",
		                            "not_after", "spki_sha256", "key_id", "shared",
		                            "revoked",   NULL };
	const char *issuer = NULL, *cn = NULL, *text;
	const json_t *object = NULL;
	struct place place = { "" };

	device->certificate.issuer = device->certificate.serial = "";
	device->certificate.cn = device->certificate.key_id = "";
	if (!object_of(above, above_place, "certificate", &place, &object, why))
		return false;
	if (!object)
		return true;
	if (!inventory_known_keys(object, place.text, keys, why) ||
	    !inventory_string(object, place.text, "issuer", REQUIRED, &issuer, why) ||
	    !serial_keep(inventory, object, place.text, &device->certificate.serial, why) ||
	    !inventory_time(object, place.text, "not_after", &device->certificate.not_after, why) ||
	    !inventory_string(object, place.text, "cn", OPTIONAL, &cn, why) ||
	    !inventory_string(object, place.text, "san", OPTIONAL, &text, why) ||
	    !inventory_string(object, place.text, "spki_sha256", OPTIONAL, &text, why) ||
	    !key_id_keep(inventory, object, place.text, &device->certificate.key_id, why) ||
	    !inventory_bool(object, place.text, "shared", false, &device->certificate.shared,
	                    why) ||
	    !inventory_bool(object, place.text, "revoked", false, &device->certificate.revoked,
	                    why))
		return false;
	device->certificate.cn = keep_once(inventory, device->name, cn);
	device->certificate.issuer =
		issuer_keep(inventory, before ? before->certificate.issuer : NULL, issuer);
	return true;
}

static bool previous_read(struct inventory *inventory, const json_t *above, const char *above_place,
                          const struct device *before, struct device *device, char *why)
{
	static const char *const keys[] = { "issuer",    "serial",      "cn",     "san",
		                            "not_after", "spki_sha256", "key_id", "until",
		                            "shared",    "revoked",     NULL };
	const char *issuer = NULL, *text;
	const json_t *object = NULL;
	struct place place = { "" };
	bool shared;

	device->previous.issuer = device->previous.serial = "";
	if (!object_of(above, above_place, "previous", &place, &object, why))
		return false;
	if (!object)
		return true;
	if (!inventory_known_keys(object, place.text, keys, why) ||
	    !inventory_string(object, place.text, "issuer", REQUIRED, &issuer, why) ||
	    !serial_keep(inventory, object, place.text, &device->previous.serial, why) ||
	    !inventory_time(object, place.text, "not_after", &device->previous.not_after, why) ||
	    !inventory_time(object, place.text, "until", &device->previous.until, why) ||
	    !inventory_string(object, place.text, "cn", OPTIONAL, &text, why) ||
	    !inventory_string(object, place.text, "san", OPTIONAL, &text, why) ||
	    !inventory_string(object, place.text, "spki_sha256", OPTIONAL, &text, why) ||
	    !inventory_string(object, place.text, "key_id", OPTIONAL, &text, why) ||
	    !inventory_bool(object, place.text, "shared", false, &shared, why) ||
	    !inventory_bool(object, place.text, "revoked", false, &device->previous.revoked, why))
		return false;
	device->previous.issuer =
		issuer_keep(inventory, before ? before->previous.issuer : NULL, issuer);
	return true;
}

static bool files_check(const json_t *files, const char *place, char *why)
{
	size_t i;
	json_t *file;

	if (files && !json_is_array(files))
		return inventory_refuse(why, "%s.files: it is not an array.", place);
	json_array_foreach(files, i, file) {
		if (!json_is_string(file))
			return inventory_refuse(why, "%s.files[%zu]: it is not a string.", place,
			                        i);
	}
	return true;
}

/* The location's name for now; inventory_names_resolve() puts the location there. */
static bool location_name(struct inventory *inventory, const json_t *object, const char *place,
                          const struct device *before, struct device *device, char *why)
{
	const char *name = NULL;

	if (!inventory_string(object, place, "location", OPTIONAL, &name, why))
		return false;
	device->location_name = keep_once(inventory, before ? before->location_name : NULL, name);
	return true;
}

bool inventory_device_read(struct inventory *inventory, const json_t *object, const char *place,
                           struct device *device, char *why)
{
	static const char *const keys[] = {
		"mac",    "name",        "model",    "role",        "vlan",    "enabled",
		"stolen", "mab",         "location", "provisioned", "version", "running_version",
		"files",  "certificate", "previous", NULL
	};
	const struct device *before = device > inventory->devices ? device - 1 : NULL;
	const char *mac = NULL, *name = NULL, *model = NULL, *role = NULL, *version = NULL;
	const char *running = NULL;
	bool provisioned = true;

	if (!json_is_object(object))
		return inventory_refuse(why, "%s: it is not an object.", place);
	if (!inventory_known_keys(object, place, keys, why) ||
	    !inventory_string(object, place, "mac", REQUIRED, &mac, why) ||
	    !inventory_string(object, place, "name", OPTIONAL, &name, why) ||
	    !inventory_string(object, place, "model", OPTIONAL, &model, why) ||
	    !inventory_string(object, place, "role", OPTIONAL, &role, why) ||
	    !inventory_string(object, place, "version", OPTIONAL, &version, why) ||
	    !inventory_string(object, place, "running_version", OPTIONAL, &running, why) ||
	    !inventory_bool(object, place, "enabled", true, &device->enabled, why) ||
	    !inventory_bool(object, place, "stolen", false, &device->stolen, why) ||
	    !inventory_bool(object, place, "mab", false, &device->mab, why) ||
	    !inventory_bool(object, place, "provisioned", true, &provisioned, why) ||
	    !files_check(json_object_get(object, "files"), place, why))
		return false;
	if (!mac_parse(mac, device->mac) || mac_is_group(device->mac))
		return inventory_refuse(
			why, "%s.mac: \"%.40s\" is not the MAC address of a device.", place, mac);
	device->unprovisioned = !provisioned;
	device->name = inventory_keep(inventory, name);
	device->model = keep_once(inventory, before ? before->model : NULL, model);
	device->role_name = keep_once(inventory, before ? before->role_name : NULL, role);
	device->version = keep_once(inventory, before ? before->version : NULL, version);
	device->running = keep_once(inventory, device->version, running);
	return location_name(inventory, object, place, before, device, why) &&
	       inventory_vlan(inventory, object, place, &device->vlan, why) &&
	       certificate_read(inventory, object, place, before, device, why) &&
	       previous_read(inventory, object, place, before, device, why);
}
