/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inventory_fields - the values of inventory.json, for the readers inventory_*.c alone.
 *
 * Each function fills `why` with one sentence that begins with `place` and gives false when it refuses.
 */
#ifndef RADIUS_MODULE_INVENTORY_FIELDS_H
#define RADIUS_MODULE_INVENTORY_FIELDS_H

#include <stdbool.h>

#include <jansson.h>

#include "common/auto.h"
#include "radius-module/inventory_object.h"

#define NO_MEMORY "There is not enough memory for the inventory."

AUTO_CLEANUP(json, json_t *, json_decref)
AUTO_CLEANUP(inventory, struct inventory *, inventory_unref)

enum presence { OPTIONAL, REQUIRED };
enum { PLACE_LEN = 96 }; /* "devices[999999].certificate.spki_sha256" */

struct place {
	char text[PLACE_LEN];
};

/* Always false.  Control characters of the file become '?'. */
__attribute__((format(printf, 2, 3))) bool inventory_refuse(char *why, const char *fmt, ...);

/* No key but these, ended by NULL. */
bool inventory_known_keys(const json_t *object, const char *place, const char *const *keys,
                          char *why);

/* A copy that lives as long as the inventory. */
const char *inventory_keep(struct inventory *inventory, const char *text);

/* A string without NUL inside; `ret_text` is "" when it is absent or null and OPTIONAL. */
bool inventory_string(const json_t *object, const char *place, const char *key,
                      enum presence presence, const char **ret_text, char *why);
bool inventory_bool(const json_t *object, const char *place, const char *key, bool without,
                    bool *ret_value, char *why);
/* RFC 3580 3.31: an id in decimal, or a name that the switch knows; kept. */
bool inventory_vlan(struct inventory *inventory, const json_t *object, const char *place,
                    const char **ret_vlan, char *why);
bool inventory_seconds(const json_t *object, const char *place, const char *key,
                       uint32_t *ret_seconds, char *why);
/* RFC 3339 in UTC: 2027-11-21T10:00:00Z.  Seconds since 1970. */
bool inventory_time(const json_t *object, const char *place, const char *key, int64_t *ret_time,
                    char *why);

/* One element of "devices"; `device` stands behind the ones that were read before. */
bool inventory_device_read(struct inventory *inventory, const json_t *object, const char *place,
                           struct device *device, char *why);

/* "locations" and "roles". */
bool inventory_locations_read(struct inventory *inventory, const json_t *locations, char *why);
bool inventory_roles_read(struct inventory *inventory, const json_t *roles, char *why);
/* What the devices and roles say by name becomes a pointer, once all of them are known. */
bool inventory_names_resolve(struct inventory *inventory, char *why);

#endif
