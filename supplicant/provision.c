/* SPDX-License-Identifier: BSD-3-Clause */
#include "supplicant/provision.h"

#include <string.h>

#include "common/item.h"

bool provision_version(const struct portcall_items *items, const char *name,
                       char ret_version[static PROVISION_VERSION_MAX])
{
	static const char space[] = " \t\r\n";
	const struct portcall_item *item = portcall_items_find(items, name);
	size_t n = 0;

	if (item) {
		const char *start = item->value + strspn(item->value, space);

		n = strlen(start);
		while (n > 0 && strchr(space, start[n - 1]))
			n--;
		if (n >= PROVISION_VERSION_MAX)
			n = PROVISION_VERSION_MAX - 1;
		memcpy(ret_version, start, n);
	}
	ret_version[n] = '\0';
	return n > 0;
}

static bool version_changed(const struct portcall_items *current, const struct portcall_items *file,
                            const char *name)
{
	char stored[PROVISION_VERSION_MAX], fetched[PROVISION_VERSION_MAX];

	if (!file)
		return false;
	if (!provision_version(file, name, fetched) || !provision_version(current, name, stored))
		return true;
	return strcmp(stored, fetched) != 0;
}

/* The item of `items` with that name and index; no index is index 0. */
static const struct portcall_item *same_item(const struct portcall_items *items,
                                             const struct portcall_item *wanted)
{
	size_t n = portcall_items_count(items);

	if (wanted->index <= 0)
		return portcall_items_find(items, wanted->name);
	for (size_t i = 0; i < n; i++) {
		const struct portcall_item *item = portcall_items_at(items, i);

		if (item->index == wanted->index && strcmp(item->name, wanted->name) == 0)
			return item;
	}
	return NULL;
}

static bool same_value(const struct portcall_item *a, const struct portcall_item *b)
{
	if (!a || !b)
		return a == b;
	return a->value_n == b->value_n && memcmp(a->value, b->value, a->value_n) == 0;
}

static bool is_credential(const char *name)
{
	return strcmp(name, ITEM_CA1) == 0 || strcmp(name, ITEM_CA2) == 0 ||
	       strcmp(name, ITEM_CERTIFICATE) == 0;
}

/* `next` holds every item of `current`: it was merged from it. */
static enum provision_change compare(const struct portcall_items *current,
                                     const struct portcall_items *next)
{
	enum provision_change change = PROVISION_UNCHANGED;
	size_t n = portcall_items_count(next);

	for (size_t i = 0; i < n; i++) {
		const struct portcall_item *item = portcall_items_at(next, i);

		if (same_value(same_item(current, item), item))
			continue;
		if (is_credential(item->name))
			return PROVISION_CREDENTIALS_CHANGED;
		change = PROVISION_CHANGED;
	}
	return change;
}

enum portcall_err provision_judge(const struct portcall_items *current,
                                  const struct portcall_items *system,
                                  const struct portcall_items *device,
                                  struct portcall_items **ret_items,
                                  enum provision_change *ret_change)
{
	bool system_changed = version_changed(current, system, ITEM_SYSTEM_VERSION);
	bool device_changed = version_changed(current, device, ITEM_DEVICE_VERSION);
	struct portcall_items *base, *next;
	enum provision_change change;

	if (!system_changed && !device_changed) {
		*ret_items = NULL;
		*ret_change = PROVISION_UNCHANGED;
		return PORTCALL_OK;
	}
	base = portcall_items_merge(current, system_changed ? system : NULL);
	next = base ? portcall_items_merge(base, device) : NULL;
	portcall_items_free(base);
	if (!next)
		return PORTCALL_ERR_MEMORY;
	if (portcall_items_count(next) > PORTCALL_ITEMS_MAX_COUNT) {
		portcall_items_free(next);
		return PORTCALL_ERR_LIMIT;
	}
	change = compare(current, next);
	if (change == PROVISION_UNCHANGED) {
		portcall_items_free(next);
		next = NULL;
	}
	*ret_items = next;
	*ret_change = change;
	return PORTCALL_OK;
}

/* Without case: it is people who write it into DHCP servers. */
static bool is_https(const char *url)
{
	static const char scheme[] = "https://";

	for (size_t i = 0; scheme[i]; i++) {
		char c = url[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (c != scheme[i])
			return false;
	}
	return url[sizeof(scheme) - 1] != '\0' && url[sizeof(scheme) - 1] != '/';
}

/* A file's name goes at its end: no query, no fragment, no user, nothing that is not a URL's. */
static bool is_base(const char *url)
{
	const char *at = strchr(url, '@');
	const char *path = is_https(url) ? strchr(url + strlen("https://"), '/') : NULL;

	for (const char *p = url; *p; p++)
		if (*p <= ' ' || *p > '~' || *p == '?' || *p == '#' || *p == '\\')
			return false;
	return is_https(url) && (!at || (path && path < at));
}

bool provision_url(const char *base, const char *name, const char *mac, const char *type,
                   char ret_url[static PROVISION_URL_MAX])
{
	const char *parts[] = { base, "/", name, mac, ".", type };
	size_t n[] = { strlen(base), 1, 0, strlen(mac), 1, strlen(type) };
	size_t at = 0;

	if (!is_base(base))
		return false;
	while (base[n[0] - 1] == '/')
		n[0]--;
	parts[2] += strspn(name, "/");
	n[2] = strlen(parts[2]);
	for (size_t i = 0; i < sizeof(n) / sizeof(n[0]); i++) {
		if (n[i] >= PROVISION_URL_MAX - at)
			return false;
		memcpy(ret_url + at, parts[i], n[i]);
		at += n[i];
	}
	ret_url[at] = '\0';
	return true;
}
