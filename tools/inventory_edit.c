/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * inventory_edit - `portcall inventory revoke|disable|...`: decisions of people, and questions, on one inventory.json.
 *
 * Each edit replaces the file in one step, under a lock on its folder; a running server takes it over by itself.
 */
#include "tools/inventory_edit.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>

#include "common/mac.h"
#include "tools/inventory.h"
#include "tools/options.h"
#include "tools/rfc3339.h"

#define INVENTORY "/etc/portcall/inventory.json"

enum { DAY = 86400 };

/* --- reading --------------------------------------------------------------------------------------- */

/* NULL: it was said why. */
static json_t *load(const char *path)
{
	json_error_t error;
	json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &error);

	if (json_is_array(json_object_get(root, "devices")))
		return root;
	if (root || error.line > 0)
		inventory_complain("%s is no inventory%s%s", path, root ? "." : ": ",
		                   root ? "" : error.text);
	else
		inventory_complain("%s cannot be read: %s.", path, strerror(errno));
	json_decref(root);
	return NULL;
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* Borrowed; NULL: no such device. */
static json_t *device_find(const json_t *root, const uint8_t mac[static 6])
{
	json_t *device, *devices = json_object_get(root, "devices");
	uint8_t other[MAC_LEN];
	size_t i;

	json_array_foreach(devices, i, device) {
		if (mac_parse(text_of(device, "mac"), other) && mac_equal(mac, other))
			return device;
	}
	return NULL;
}

static bool same_certificate(const json_t *a, const json_t *b)
{
	return json_is_object(a) && json_is_object(b) &&
	       strcmp(text_of(a, "issuer"), text_of(b, "issuer")) == 0 &&
	       strcmp(text_of(a, "serial"), text_of(b, "serial")) == 0;
}

/* --- edits ------------------------------------------------------------------------------------------- */

/* Wherever it stands, also as a previous one: how many devices have it. */
static size_t mark_revoked(const json_t *root, const json_t *certificate)
{
	static const char *const keys[] = { "certificate", "previous" };
	AUTO(json) json_t *wanted = json_deep_copy(certificate);
	json_t *device, *devices = json_object_get(root, "devices");
	size_t i, n = 0;

	json_array_foreach(devices, i, device) {
		for (size_t k = 0; k < 2; k++) {
			json_t *other = json_object_get(device, keys[k]);

			if (!same_certificate(wanted, other))
				continue;
			json_object_set_new(other, "revoked", json_true());
			n++;
		}
	}
	return n;
}

static bool edit_revoke(json_t *root, json_t *device)
{
	json_t *certificate = json_object_get(device, "certificate");
	json_t *previous = json_object_get(device, "previous");

	if (!json_is_object(certificate)) {
		inventory_complain("%s has no certificate that could be revoked.",
		                   text_of(device, "mac"));
		return false;
	}

	size_t n = mark_revoked(root, certificate);

	if (json_is_object(previous))
		mark_revoked(root, previous);
	printf("%s: its certificate %s of %s is revoked.\n", text_of(device, "mac"),
	       text_of(certificate, "serial"), text_of(certificate, "issuer"));
	if (n > 1)
		printf("%zu devices use it; none of them gets in with it any more.\n", n);
	return true;
}

static bool edit_rotate(json_t *root, json_t *device)
{
	if (!edit_revoke(root, device))
		return false;
	json_object_set_new(device, "provisioned", json_false());
	puts("It may use the staging VLAN until it is enabled again; build the inventory with its "
	     "new certificate.");
	return true;
}

static bool edit_disable(json_t *root, json_t *device)
{
	(void)root;
	json_object_set_new(device, "enabled", json_false());
	printf("%s is disabled.\n", text_of(device, "mac"));
	return true;
}

static bool edit_stolen(json_t *root, json_t *device)
{
	(void)root;
	json_object_set_new(device, "stolen", json_true());
	printf("%s is marked as stolen.\n", text_of(device, "mac"));
	return true;
}

/* A revoked certificate stays revoked. */
static bool edit_enable(json_t *root, json_t *device)
{
	const json_t *certificate = json_object_get(device, "certificate");

	(void)root;
	json_object_set_new(device, "enabled", json_true());
	json_object_del(device, "stolen");
	json_object_del(device, "provisioned");
	printf("%s is enabled.\n", text_of(device, "mac"));
	if (json_is_true(json_object_get(certificate, "revoked")))
		puts("Its certificate is still revoked: it needs a new one.");
	return true;
}

/* The folder, locked until it is closed; -1: said. */
static int folder_lock(const char *path)
{
	AUTO(free) char *copy = strdup(path);
	int fd = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd >= 0 && flock(fd, LOCK_EX) == 0)
		return fd;
	inventory_complain("the folder of %s cannot be locked: %s.", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static int edit(const char *path, const char *text, bool (*change)(json_t *root, json_t *device))
{
	uint8_t mac[MAC_LEN];
	int status = 1;

	if (!mac_parse(text, mac)) {
		inventory_complain("\"%s\" is no MAC address.", text);
		return 2;
	}

	int lock = folder_lock(path);

	if (lock < 0)
		return 1;

	AUTO(json) json_t *root = load(path);
	json_t *device = root ? device_find(root, mac) : NULL;

	if (root && !device)
		inventory_complain("%s: there is no device %s in it.", path, text);
	if (device && change(root, device)) {
		AUTO(free) char *document = json_dumps(root, JSON_INDENT(1));

		if (!document)
			inventory_complain("There is not enough memory.");
		else if (inventory_replace(path, document))
			status = 0;
	}
	close(lock);
	return status;
}

/* --- questions ------------------------------------------------------------------------------------------ */

/* "30d", "12h" or seconds. */
static bool duration_of(const char *text, int64_t *ret_seconds)
{
	char *end;
	long long n = strtoll(text, &end, 10);
	int64_t unit = *end == 'd' ? DAY : *end == 'h' ? 3600 : 1;

	if (*text < '0' || *text > '9' || (*end && (end[1] || !strchr("dhs", *end))) ||
	    n > INT32_MAX)
		return false;
	*ret_seconds = n * unit;
	return true;
}

/* Exit status 1 when something is near its end, so that a timer can raise the alarm. */
static int check(const char *path, const char *expiring)
{
	static const struct {
		const char *object, *key, *what;
	} ends[] = {
		{ "certificate", "not_after", "its certificate ends" },
		{ "previous", "until", "its previous certificate is accepted" },
	};
	AUTO(json) json_t *root = load(path);
	json_t *device, *devices = json_object_get(root, "devices");
	int64_t within = 0, when, now = time(NULL);
	size_t i, n = 0;

	if (!duration_of(expiring, &within)) {
		inventory_complain("--expiring %s: expected a time like 30d or 12h.", expiring);
		return 2;
	}
	if (!root)
		return 1;
	json_array_foreach(devices, i, device) {
		for (size_t k = 0; k < 2; k++) {
			const json_t *object = json_object_get(device, ends[k].object);

			if (!rfc3339_read(text_of(object, ends[k].key), &when) ||
			    when > now + within || (k == 1 && when <= now))
				continue;
			printf("%s  %s  %s %s (%s%" PRId64 " days)\n", text_of(device, "mac"),
			       text_of(device, "name"),
			       k == 0 && when <= now ? "its certificate ended" : ends[k].what,
			       text_of(object, ends[k].key), k == 1 ? "until then, " : "",
			       (when - now) / DAY);
			n++;
		}
	}
	if (!n)
		printf("%zu devices, nothing ends within %s.\n", i, expiring);
	return n ? 1 : 0;
}

static void print_changes(const json_t *before, const json_t *after)
{
	const char *key;
	json_t *value;

	printf("~ %s %s:", text_of(after, "mac"), text_of(after, "name"));
	json_object_foreach((json_t *)(uintptr_t)after, key, value) {
		if (!json_equal(value, json_object_get(before, key)))
			printf(" %s", key);
	}
	json_object_foreach((json_t *)(uintptr_t)before, key, value) {
		if (!json_object_get(after, key))
			printf(" %s", key);
	}
	putchar('\n');
}

/* {"020000000101": device}, borrowed by MAC address in one notation. */
static json_t *index_of(const json_t *root)
{
	json_t *device, *devices = json_object_get(root, "devices"), *index = json_object();
	char plain[MAC_TEXT_LEN];
	uint8_t mac[MAC_LEN];
	size_t i;

	json_array_foreach(devices, i, device) {
		if (mac_parse(text_of(device, "mac"), mac))
			json_object_set(index, mac_plain(mac, plain), device);
	}
	return index;
}

/* Exit status 1 when they differ. */
static int diff(const char *old, const char *new)
{
	AUTO(json) json_t *a = load(old);
	AUTO(json) json_t *b = load(new);

	if (!a || !b)
		return 2;

	AUTO(json) json_t *before = index_of(a);
	AUTO(json) json_t *after = index_of(b);
	json_t *device;
	const char *mac;
	bool differ = false;

	json_object_foreach(before, mac, device) {
		if (json_object_get(after, mac))
			continue;
		printf("- %s %s\n", text_of(device, "mac"), text_of(device, "name"));
		differ = true;
	}
	json_object_foreach(after, mac, device) {
		const json_t *other = json_object_get(before, mac);

		if (other && json_equal(device, other))
			continue;
		if (other)
			print_changes(other, device);
		else
			printf("+ %s %s\n", text_of(device, "mac"), text_of(device, "name"));
		differ = true;
	}
	for (size_t i = 0; i < 2; i++) {
		const char *key = i ? "locations" : "roles";
		const json_t *x = json_object_get(a, key), *y = json_object_get(b, key);

		if (x == y || (x && y && json_equal(x, y)))
			continue;
		printf("~ %s\n", key);
		differ = true;
	}
	return differ;
}

/* --- the commands ------------------------------------------------------------------------------------------ */

int inventory_edit(int argc, char **argv)
{
	static const struct {
		const char *name;
		bool (*change)(json_t *root, json_t *device);
	} edits[] = { { "revoke", edit_revoke },
		      { "rotate", edit_rotate },
		      { "disable", edit_disable },
		      { "stolen", edit_stolen },
		      { "enable", edit_enable } };
	const char *path = INVENTORY, *expiring = "30d";
	const struct option_spec specs[] = { { "inventory", .text = &path },
		                             { "expiring", .text = &expiring },
		                             { NULL } };
	bool is_check = strcmp(argv[0], "check") == 0, is_diff = strcmp(argv[0], "diff") == 0;
	int words_n = is_check ? 0 : is_diff ? 2 : 1;
	bool (*change)(json_t * root, json_t * device) = NULL;
	struct words words;

	for (size_t i = 0; i < sizeof(edits) / sizeof(*edits); i++) {
		if (strcmp(argv[0], edits[i].name) == 0)
			change = edits[i].change;
	}
	if (!change && !is_check && !is_diff)
		return INVENTORY_EDIT_UNKNOWN;
	if (!options_read(argc, argv, specs, words_n, words_n, &words))
		return 2;
	if (is_check)
		return check(path, expiring);
	if (is_diff)
		return diff(words.at[0], words.at[1]);
	return edit(path, words.at[0], change);
}
