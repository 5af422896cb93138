/* SPDX-License-Identifier: BSD-3-Clause */
/* items_set - `portcall items set`: items of a provisioning file, changed in place. */
#include "tools/items.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/item.h"
#include "common/mac.h"
#include "tools/files.h"
#include "tools/item_value.h"
#include "tools/options.h"

const char items_set_help[] =
	"usage: portcall items set [OPTION...] FILE NAME=VALUE|NAME=@VALUEFILE...\n"
	"\n"
	"Sets items of a system or device file; all else in it stays as it is.  The file gets "
	"another\n"
	"version (system-config-version or device-config-version), so that phones apply it, and "
	"is\n"
	"replaced in one step.  NAME[1]=... means the item with index 1; NAME=@@x is the text @x;\n"
	"NAME= is an empty item, which deletes what the phone has.\n"
	"\n"
	"A value file with a certificate in DER becomes PEM in a radius-server-ca item, and a\n"
	"PKCS#12 becomes base64 in the 802.1x-certificate item.  A private key in a "
	"radius-server-ca\n"
	"item and an item that looks like a pass phrase are refused.\n"
	"\n"
	"  --create         make FILE when it is not there\n"
	"  --keep-version   leave the version item alone\n"
	"  --json           one JSON object\n"
	"\n"
	"Exit status: 0 done (also when nothing changed), 1 refused, 2 cannot read or wrong "
	"usage.\n"
	"\n"
	"  portcall items set op420adv_conf.xml radius-server-ca1=@ca.pem "
	"802.1x-certificate=@phone.p12\n";

AUTO_CLEANUP(items, struct portcall_items *, portcall_items_free)

static const char empty_document[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
				     "<DLSMessage xmlns=\"http://www.siemens.com/DLS\">\n"
				     "  <Message>\n"
				     "    <Action>WriteItems</Action>\n"
				     "    <ItemList>\n"
				     "      <Item name=\"%s\">1</Item>\n"
				     "    </ItemList>\n"
				     "  </Message>\n"
				     "</DLSMessage>\n";

/* --- versions --------------------------------------------------------------------------------------- */

/* <name><MAC>.<ext> is a device's file. */
static bool is_device_file(const char *path)
{
	const char *base = strrchr(path, '/'), *dot;
	char digits[13];
	uint8_t mac[MAC_LEN];

	base = base ? base + 1 : path;
	dot = strrchr(base, '.');
	if (!dot)
		dot = base + strlen(base);
	if (dot - base < 12)
		return false;
	memcpy(digits, dot - 12, 12);
	digits[12] = '\0';
	return strspn(digits, "0123456789abcdefABCDEF") == 12 && mac_parse(digits, mac);
}

static const char *version_item(const char *path, const struct portcall_items *items)
{
	bool device = portcall_items_find(items, ITEM_DEVICE_VERSION) != NULL;
	bool system = portcall_items_find(items, ITEM_SYSTEM_VERSION) != NULL;

	if (device != system)
		return device ? ITEM_DEVICE_VERSION : ITEM_SYSTEM_VERSION;
	return is_device_file(path) ? ITEM_DEVICE_VERSION : ITEM_SYSTEM_VERSION;
}

/* Without the white space around it. */
static bool version_now(const struct portcall_items *items, const char *name, char *ret_text,
                        size_t n)
{
	const struct portcall_item *item = portcall_items_find(items, name);
	const char *p = item ? item->value : "";
	size_t length;

	p += strspn(p, " \t\r\n");
	length = strlen(p);
	while (length && strchr(" \t\r\n", p[length - 1]))
		length--;
	if (length >= n)
		return false;
	memcpy(ret_text, p, length);
	ret_text[length] = '\0';
	return true;
}

/* --- changing a file ------------------------------------------------------------------------------------ */

static bool same_text(const struct portcall_item *item, const char *value)
{
	const char *p = item->value;

	for (; *value; value++) {
		if (*value == '\r' && value[1] == '\n')
			continue;
		if (*p++ != *value)
			return false;
	}
	return !*p;
}

static const struct portcall_item *find_at(const struct portcall_items *items,
                                           const struct item_change *change)
{
	for (size_t i = 0; i < portcall_items_count(items); i++) {
		const struct portcall_item *item = portcall_items_at(items, i);

		if (!strcmp(item->name, change->name) &&
		    (item->index < 0 ? 0 : item->index) == (change->index < 0 ? 0 : change->index))
			return item;
	}
	return NULL;
}

static bool changes_nothing(const struct portcall_items *items, const struct item_change *changes,
                            size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct portcall_item *item = find_at(items, &changes[i]);

		if (!item || !same_text(item, changes[i].value))
			return false;
	}
	return true;
}

/* The file's content, or a new document; `ret_created`. */
static bool read_or_make(const struct items_file *file, struct file *ret_content, bool *ret_created)
{
	const char *version =
		is_device_file(file->path) ? ITEM_DEVICE_VERSION : ITEM_SYSTEM_VERSION;
	char *text;
	int n;

	*ret_created = file->create && access(file->path, F_OK) != 0;
	if (!*ret_created)
		return file_read_some(file->path, PORTCALL_ITEMS_MAX_FILE, ret_content);
	n = asprintf(&text, empty_document, version);
	if (n < 0) {
		complain("There is not enough memory.");
		return false;
	}
	*ret_content = (struct file){ (uint8_t *)text, (size_t)n };
	return true;
}

static int status_of(enum portcall_err err)
{
	return err == PORTCALL_ERR_MEMORY || err == PORTCALL_ERR_IO ? 2 : 1;
}

static int refuse(const char *path, const struct portcall_why *why, enum portcall_err err)
{
	items_complain(path, why, NULL);
	return status_of(err);
}

int items_file_set(const struct items_file *file, const struct item_change *changes, size_t n,
                   struct items_changed *ret_changed)
{
	struct item_change all[ITEMS_CHANGES_MAX + 1];
	struct items_changed changed = { .written = true };
	AUTO(file) struct file content = { 0 };
	AUTO(items) struct portcall_items *items = NULL;
	struct portcall_why why;
	struct text out = { 0 };
	enum portcall_err err;
	const char *version;
	bool created, own = false, ok;

	if (!read_or_make(file, &content, &created))
		return 2;
	err = portcall_items_read(content.p, content.n, NULL, NULL, &items, &why);
	if (err)
		return refuse(file->path, &why, err);
	if (!created && changes_nothing(items, changes, n)) {
		*ret_changed = (struct items_changed){ 0 };
		return 0;
	}
	memcpy(all, changes, n * sizeof(*all));
	version = version_item(file->path, items);
	for (size_t i = 0; i < n; i++)
		own |= !strcmp(changes[i].name, version) && changes[i].index <= 0;
	if (!file->keep_version && !own && !created) {
		if (!version_now(items, version, changed.before, sizeof(changed.before)) ||
		    !item_next_version(changed.before, changed.after, sizeof(changed.after))) {
			complain("%s: its %s is too long to be counted up; set it by hand.",
			         file->path, version);
			return 1;
		}
		snprintf(changed.version_item, sizeof(changed.version_item), "%s", version);
		all[n++] = (struct item_change){ version, -1, changed.after };
	}
	err = item_edit(span(content.p, content.n), all, n, &out, &why);
	if (err)
		return refuse(file->path, &why, err);
	/* with a certificate in it, it is not for everybody; the web server's group may read it */
	ok = file_replace(file->path, 0640, out.p, out.n);
	text_wipe(&out);
	*ret_changed = changed;
	return ok ? 0 : 2;
}

/* --- the command ------------------------------------------------------------------------------------ */

struct setting {
	char name[128];
	char *value;
};

static void settings_free(struct setting *settings, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (settings[i].value)
			explicit_bzero(settings[i].value, strlen(settings[i].value));
		free(settings[i].value);
	}
}

/* "NAME" or "NAME[INDEX]" */
static bool name_read(const char *word, size_t n, struct setting *setting, long *ret_index)
{
	char *bracket;
	int end = 0;

	*ret_index = -1;
	if (!n || n >= sizeof(setting->name))
		return false;
	memcpy(setting->name, word, n);
	setting->name[n] = '\0';
	bracket = strchr(setting->name, '[');
	if (!bracket)
		return true;
	if (sscanf(bracket, "[%4ld]%n", ret_index, &end) != 1 || !end || bracket[end] ||
	    *ret_index < 0 || bracket == setting->name)
		return false;
	*bracket = '\0';
	return true;
}

static int setting_read(const char *word, struct setting *setting, struct item_change *change)
{
	const char *equals = strchr(word, '='), *meant, *text;
	struct portcall_why why;
	enum portcall_err err;

	if (!equals || !name_read(word, (size_t)(equals - word), setting, &change->index)) {
		complain("\"%.40s\": expected NAME=VALUE or NAME=@FILE.", word);
		return 2;
	}
	text = equals + 1;
	if (text[0] == '@' && text[1] != '@') {
		AUTO(file) struct file file = { 0 };

		if (!file_read_some(text + 1, PORTCALL_ITEMS_MAX_VALUE, &file))
			return 2;
		setting->value = item_value(setting->name, span(file.p, file.n), &why);
	} else {
		setting->value =
			item_value(setting->name, span_of_string(text + (*text == '@')), &why);
	}
	change->name = setting->name;
	change->value = setting->value;
	err = setting->value ? item_value_check(setting->name, setting->value, &why)
	                     : PORTCALL_ERR_SYNTAX;
	if (err) {
		items_complain(NULL, &why, setting->name);
		return status_of(err);
	}
	meant = item_name_meant(setting->name);
	if (meant)
		complain("warning: the item is set as \"%s\"; did you mean %s?", setting->name,
		         meant);
	return 0;
}

static bool named_twice(const struct item_change *changes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			if (!strcmp(changes[i].name, changes[k].name) &&
			    (changes[i].index > 0 ? changes[i].index : 0) ==
			            (changes[k].index > 0 ? changes[k].index : 0)) {
				complain("%s is given twice.", changes[i].name);
				return true;
			}
	return false;
}

static void report(const char *path, const struct items_changed *changed, bool json)
{
	bool versioned = *changed->version_item;

	if (json) {
		AUTO(json)
		json_t *root = json_pack(
			"{s:s,s:b,s:o}", "file", path, "written", changed->written, "version",
			versioned ? json_pack("{s:s,s:s,s:s}", "item", changed->version_item,
		                              "before", changed->before, "after", changed->after)
				  : json_null());

		json_dumpf(root, stdout, JSON_COMPACT);
		putchar('\n');
	} else if (!changed->written) {
		printf("%s: unchanged, it says so already.\n", path);
	} else if (versioned) {
		printf("%s: written, %s %s -> %s.\n", path, changed->version_item,
		       *changed->before ? changed->before : "(none)", changed->after);
	} else {
		printf("%s: written.\n", path);
	}
}

int items_set(int argc, char **argv)
{
	struct setting settings[ITEMS_CHANGES_MAX] = { 0 };
	struct item_change changes[ITEMS_CHANGES_MAX];
	struct items_changed changed;
	struct items_file file = { 0 };
	bool json = false;
	const struct option_spec specs[] = {
		{ "create", .flag = &file.create },
		{ "keep-version", .flag = &file.keep_version },
		{ "json", .flag = &json },
		{ NULL },
	};
	struct words words;
	size_t n = 0;
	int status = 0;

	if (!options_read(argc, argv, specs, 2, ITEMS_CHANGES_MAX + 1, &words))
		return 2;
	file.path = words.at[0];
	for (int i = 1; i < words.n && !status; i++, n++)
		status = setting_read(words.at[i], &settings[n], &changes[n]);
	if (!status && named_twice(changes, n))
		status = 2;
	if (!status)
		status = items_file_set(&file, changes, n, &changed);
	if (!status)
		report(file.path, &changed, json);
	settings_free(settings, n);
	return status;
}
