/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inventory_fields - the values of inventory.json.
 *
 * All strings of an inventory live in one block as large as the text, which is enough: each of them is a copy of
 * a quoted part of it.  What is not written is not resident.
 */
#include "radius-module/inventory_fields.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool inventory_refuse(char *why, const char *fmt, ...)
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

bool inventory_known_keys(const json_t *object, const char *place, const char *const *keys,
                          char *why)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, key, value) {
		const char *const *known = keys;

		while (*known && strcmp(*known, key) != 0)
			known++;
		if (!*known)
			return inventory_refuse(why, "%s: the key \"%.40s\" is not known.", place,
			                        key);
	}
	return true;
}

const char *inventory_keep(struct inventory *inventory, const char *text)
{
	size_t n = strlen(text) + 1;
	char *copy = inventory->strings + inventory->strings_n;

	if (n == 1)
		return "";
	memcpy(copy, text, n); /* fits: see the top of this file */
	inventory->strings_n += n;
	return copy;
}

bool inventory_string(const json_t *object, const char *place, const char *key,
                      enum presence presence, const char **ret_text, char *why)
{
	const json_t *value = json_object_get(object, key);

	if (!value || json_is_null(value)) {
		if (presence == REQUIRED)
			return inventory_refuse(why, "%s.%s: it is missing.", place, key);
		*ret_text = "";
		return true;
	}
	if (!json_is_string(value))
		return inventory_refuse(why, "%s.%s: it is not a string.", place, key);
	if (presence == REQUIRED && !json_string_length(value))
		return inventory_refuse(why, "%s.%s: it is empty.", place, key);
	*ret_text = json_string_value(value);
	return true;
}

bool inventory_bool(const json_t *object, const char *place, const char *key, bool without,
                    bool *ret_value, char *why)
{
	const json_t *value = json_object_get(object, key);

	if (value && !json_is_boolean(value))
		return inventory_refuse(why, "%s.%s: it is neither true nor false.", place, key);
	*ret_value = value ? json_is_true(value) : without;
	return true;
}

bool inventory_vlan(struct inventory *inventory, const json_t *object, const char *place,
                    const char **ret_vlan, char *why)
{
	const char *text = NULL;

	if (!inventory_string(object, place, "vlan", OPTIONAL, &text, why))
		return false;

	size_t n = strlen(text), digits = strspn(text, "0123456789");

	for (const char *p = text; *p; p++) {
		if (*p < 0x21 || *p > 0x7e)
			return inventory_refuse(
				why, "%s.vlan: only printable ASCII may stand in a VLAN name.",
				place);
	}
	if (n > 32)
		return inventory_refuse(why, "%s.vlan: a VLAN name has at most 32 characters.",
		                        place);
	if (n && digits == n && (n > 4 || *text == '0' || atoi(text) > 4094))
		return inventory_refuse(why, "%s.vlan: a VLAN id is a number from 1 to 4094.",
		                        place);
	*ret_vlan = inventory_keep(inventory, text);
	return true;
}

bool inventory_seconds(const json_t *object, const char *place, const char *key,
                       uint32_t *ret_seconds, char *why)
{
	const json_t *value = json_object_get(object, key);

	if (value && (!json_is_integer(value) || json_integer_value(value) < 0 ||
	              json_integer_value(value) > INT32_MAX))
		return inventory_refuse(why, "%s.%s: it is not a number of seconds.", place, key);
	*ret_seconds = value ? (uint32_t)json_integer_value(value) : 0;
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

bool inventory_time(const json_t *object, const char *place, const char *key, int64_t *ret_time,
                    char *why)
{
	const char *text = NULL;

	if (!inventory_string(object, place, key, REQUIRED, &text, why))
		return false;
	*ret_time = rfc3339(text);
	return *ret_time ||
	       inventory_refuse(why, "%s.%s: it is not a time like 2027-11-21T10:00:00Z.", place,
	                        key);
}
