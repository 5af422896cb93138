/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inventory_roles - the roles and locations of inventory.json, and what names them. */
#include "radius-module/inventory_fields.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- locations ----------------------------------------------------------------------------------- */

/* "7" or "1-24"; "": all. */
static bool ports_of(const json_t *object, const char *place, struct location_part *part, char *why)
{
	const char *text = NULL;
	unsigned long low, high;
	char *end;

	part->port_min = 0;
	part->port_max = UINT32_MAX;
	if (!inventory_string(object, place, "ports", OPTIONAL, &text, why))
		return false;
	if (!*text)
		return true;
	low = high = strtoul(text, &end, 10);
	if (end != text && *end == '-' && end[1] >= '0' && end[1] <= '9')
		high = strtoul(end + 1, &end, 10);
	if (*text < '0' || *text > '9' || *end || low > high || high >= UINT32_MAX)
		return inventory_refuse(
			why, "%s.ports: it is neither a number nor a range like 1-24.", place);
	part->port_min = (uint32_t)low;
	part->port_max = (uint32_t)high;
	return true;
}

static bool location_read(struct inventory *inventory, const char *name, const json_t *array,
                          struct location *location, char *why)
{
	static const char *const keys[] = { "nas", "ports", NULL };
	struct location_part *parts;
	struct place place;
	const char *nas = NULL;
	json_t *object;
	size_t i;

	if (!json_is_array(array) || json_array_size(array) > INVENTORY_MAX_RULES)
		return inventory_refuse(why,
		                        "locations.%.40s: it is not an array of at most %d parts.",
		                        name, INVENTORY_MAX_RULES);
	parts = calloc(json_array_size(array) + 1, sizeof(*parts));
	if (!parts)
		return inventory_refuse(why, NO_MEMORY);
	location->parts = parts;
	location->name = inventory_keep(inventory, name);
	json_array_foreach(array, i, object) {
		snprintf(place.text, sizeof(place.text), "locations.%.40s[%zu]", name, i);
		if (!json_is_object(object))
			return inventory_refuse(why, "%s: it is not an object.", place.text);
		if (!inventory_known_keys(object, place.text, keys, why) ||
		    !inventory_string(object, place.text, "nas", OPTIONAL, &nas, why) ||
		    !ports_of(object, place.text, &parts[i], why))
			return false;
		parts[i].nas = inventory_keep(inventory, nas);
		location->parts_n++;
	}
	return true;
}

bool inventory_locations_read(struct inventory *inventory, const json_t *locations, char *why)
{
	const char *name;
	json_t *array;

	if (!json_is_object(locations))
		return inventory_refuse(why, "locations: it is not an object.");
	if (json_object_size(locations) > INVENTORY_MAX_LOCATIONS)
		return inventory_refuse(why, "locations: there are more than %d.",
		                        INVENTORY_MAX_LOCATIONS);
	inventory->locations = calloc(json_object_size(locations) + 1, sizeof(struct location));
	if (!inventory->locations)
		return inventory_refuse(why, NO_MEMORY);
	json_object_foreach((json_t *)(uintptr_t)locations, name, array) {
		if (!location_read(inventory, name, array,
		                   &inventory->locations[inventory->locations_n++], why))
			return false;
	}
	return true;
}

static int by_name(const void *a, const void *b)
{
	const struct location *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* A name becomes a location; "" is none. */
static bool location_find(const struct inventory *inventory, const char *place, const char *name,
                          const struct location **ret_location, char *why)
{
	const struct location wanted = { .name = name };

	*ret_location = NULL;
	if (!*name)
		return true;
	if (inventory->locations_n)
		*ret_location = bsearch(&wanted, inventory->locations, inventory->locations_n,
		                        sizeof(wanted), by_name);
	return *ret_location ||
	       inventory_refuse(why, "%s.location: \"%.40s\" is not one of the locations.", place,
	                        name);
}

/* --- roles ----------------------------------------------------------------------------------------- */

static bool rule_read(struct inventory *inventory, const json_t *object, const char *place,
                      struct vlan_rule *rule, char *why)
{
	static const char *const keys[] = { "location", "model", "vlan", NULL };
	const char *location = NULL, *model = NULL;

	if (!json_is_object(object))
		return inventory_refuse(why, "%s: it is not an object.", place);
	if (!inventory_known_keys(object, place, keys, why) ||
	    !inventory_string(object, place, "location", OPTIONAL, &location, why) ||
	    !inventory_string(object, place, "model", OPTIONAL, &model, why) ||
	    !inventory_vlan(inventory, object, place, &rule->vlan, why))
		return false;
	if (!*rule->vlan)
		return inventory_refuse(why, "%s.vlan: it is missing.", place);
	rule->location_name = inventory_keep(inventory, location);
	rule->model = inventory_keep(inventory, model);
	return true;
}

static bool rules_read(struct inventory *inventory, const json_t *array, const char *place,
                       struct role *role, char *why)
{
	struct vlan_rule *rules;
	struct place at;
	json_t *object;
	size_t i;

	if (!array)
		return true;
	if (!json_is_array(array) || json_array_size(array) > INVENTORY_MAX_RULES)
		return inventory_refuse(why, "%s.vlans: it is not an array of at most %d rules.",
		                        place, INVENTORY_MAX_RULES);
	rules = calloc(json_array_size(array) + 1, sizeof(*rules));
	if (!rules)
		return inventory_refuse(why, NO_MEMORY);
	role->rules = rules;
	json_array_foreach(array, i, object) {
		snprintf(at.text, sizeof(at.text), "%.60s.vlans[%zu]", place, i);
		if (!rule_read(inventory, object, at.text, &rules[i], why))
			return false;
		role->rules_n++;
	}
	return true;
}

bool inventory_roles_read(struct inventory *inventory, const json_t *roles, char *why)
{
	static const char *const keys[] = { "vlan", "session_timeout", "location", "vlans", NULL };
	const char *name, *location = NULL;
	json_t *object;

	if (!json_is_object(roles))
		return inventory_refuse(why, "roles: it is not an object.");
	if (json_object_size(roles) > INVENTORY_MAX_ROLES)
		return inventory_refuse(why, "roles: there are more than %d.", INVENTORY_MAX_ROLES);
	inventory->roles = calloc(json_object_size(roles) + 1, sizeof(*inventory->roles));
	if (!inventory->roles)
		return inventory_refuse(why, NO_MEMORY);
	json_object_foreach((json_t *)(uintptr_t)roles, name, object) {
		struct role *role = &inventory->roles[inventory->roles_n++];
		struct place place;

		snprintf(place.text, sizeof(place.text), "roles.%.40s", name);
		if (!json_is_object(object))
			return inventory_refuse(why, "%s: it is not an object.", place.text);
		if (!inventory_known_keys(object, place.text, keys, why) ||
		    !inventory_vlan(inventory, object, place.text, &role->vlan, why) ||
		    !inventory_seconds(object, place.text, "session_timeout",
		                       &role->session_timeout, why) ||
		    !inventory_string(object, place.text, "location", OPTIONAL, &location, why) ||
		    !rules_read(inventory, json_object_get(object, "vlans"), place.text, role, why))
			return false;
		role->name = inventory_keep(inventory, name);
		role->location_name = inventory_keep(inventory, location);
	}
	return true;
}

/* --- names become pointers ---------------------------------------------------------------------------- */

static bool role_resolve(const struct inventory *inventory, struct role *role, char *why)
{
	struct place place;

	snprintf(place.text, sizeof(place.text), "roles.%.40s", role->name);
	if (!location_find(inventory, place.text, role->location_name, &role->location, why))
		return false;
	for (size_t i = 0; i < role->rules_n; i++) {
		struct vlan_rule *rule = (struct vlan_rule *)(uintptr_t)&role->rules[i];

		snprintf(place.text, sizeof(place.text), "roles.%.40s.vlans[%zu]", role->name, i);
		if (!location_find(inventory, place.text, rule->location_name, &rule->location,
		                   why))
			return false;
	}
	return true;
}

static bool device_resolve(const struct inventory *inventory, size_t i, char *why)
{
	struct device *device = &inventory->devices[i];
	const struct device *before = i ? device - 1 : NULL;
	struct place place;
	size_t at = 0;

	snprintf(place.text, sizeof(place.text), "devices[%zu]", i);
	if (before && before->location_name == device->location_name)
		device->location = before->location;
	else if (!location_find(inventory, place.text, device->location_name, &device->location,
	                        why))
		return false;
	if (!*device->role_name)
		return true;
	if (before && before->role_name == device->role_name) {
		device->role = before->role;
		return true;
	}
	while (at < inventory->roles_n && strcmp(inventory->roles[at].name, device->role_name) != 0)
		at++;
	if (at == inventory->roles_n)
		return inventory_refuse(why,
		                        "devices[%zu].role: \"%.40s\" is not one of the roles.", i,
		                        device->role_name);
	device->role = &inventory->roles[at];
	return true;
}

bool inventory_names_resolve(struct inventory *inventory, char *why)
{
	if (inventory->locations_n)
		qsort(inventory->locations, inventory->locations_n, sizeof(struct location),
		      by_name);
	for (size_t i = 0; i < inventory->roles_n; i++) {
		if (!role_resolve(inventory, &inventory->roles[i], why))
			return false;
	}
	for (size_t i = 0; i < inventory->count; i++) {
		if (!device_resolve(inventory, i, why))
			return false;
	}
	return true;
}
