/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "common/item.h"
#include "supplicant/provision.h"

/* "name=value name=value": a document; "": none. */
static struct portcall_items *items_of(const char *pairs)
{
	struct portcall_items *items = NULL;
	struct portcall_why why;
	char document[1024] = "<ItemList>", copy[512];
	char *save = NULL;

	if (!*pairs)
		return NULL;
	snprintf(copy, sizeof(copy), "%s", pairs);
	for (char *pair = strtok_r(copy, " ", &save); pair; pair = strtok_r(NULL, " ", &save)) {
		char item[128];
		char *value = strchr(pair, '=');

		*value++ = '\0';
		snprintf(item, sizeof(item), "<Item name=\"%s\">%s</Item>", pair, value);
		strcat(document, item);
	}
	strcat(document, "</ItemList>");
	assert_int_equal(portcall_items_read(document, strlen(document), NULL, NULL, &items, &why),
	                 PORTCALL_OK);
	return items;
}

#define S    ITEM_SYSTEM_VERSION
#define D    ITEM_DEVICE_VERSION
#define CERT ITEM_CERTIFICATE

static const struct {
	const char *name;
	const char *current, *system, *device;
	enum provision_change change;
	const char *then; /* items of the new set */
} table[] = {
	{ "first boot: both files", "", S "=1 a=1", D "=1 b=1", PROVISION_CHANGED,
	  S "=1 a=1 " D "=1 b=1" },
	{ "first boot with credentials", "", S "=1 " CERT "=x", "", PROVISION_CREDENTIALS_CHANGED,
	  S "=1 " CERT "=x" },
	{ "neither version changed: nothing, whatever else did", S "=1 " D "=1 a=1", S "=1 a=2",
	  D "=1 a=3", PROVISION_UNCHANGED, "" },
	{ "changed means different, not greater", S "=2 a=1", S "=1 a=2", "", PROVISION_CHANGED,
	  S "=1 a=2" },
	{ "system version changed: both files", S "=1 " D "=1 a=1 b=1", S "=2 a=2", D "=1 b=2",
	  PROVISION_CHANGED, S "=2 " D "=1 a=2 b=2" },
	{ "device version changed: only the device file", S "=1 " D "=1 a=1 b=1", S "=1 a=2",
	  D "=2 b=2", PROVISION_CHANGED, S "=1 " D "=2 a=1 b=2" },
	{ "device values override system values", "", S "=1 a=system", D "=1 a=device",
	  PROVISION_CHANGED, S "=1 a=device " D "=1" },
	{ "values that no file names stay", S "=1 old=1 " CERT "=x", S "=2 a=1", "",
	  PROVISION_CHANGED, S "=2 old=1 a=1 " CERT "=x" },
	{ "an item without text takes a value away", S "=1 " ITEM_CA2 "=x", S "=2 " ITEM_CA2 "=",
	  "", PROVISION_CREDENTIALS_CHANGED, S "=2 " ITEM_CA2 "=" },
	{ "a file without version is judged by its content", "a=1", "a=2", "", PROVISION_CHANGED,
	  "a=2" },
	{ "... and is no change when it is the same", "a=1 b=2", "a=1", "b=2", PROVISION_UNCHANGED,
	  "" },
	{ "... as the device file over the system file", "a=2", "a=1", "a=2", PROVISION_UNCHANGED,
	  "" },
	{ "no device file", S "=1 " D "=1 a=1", S "=1 a=2", "", PROVISION_UNCHANGED, "" },
	{ "each CA slot is a credential", S "=1 " ITEM_CA1 "=x", S "=2 " ITEM_CA1 "=y", "",
	  PROVISION_CREDENTIALS_CHANGED, S "=2 " ITEM_CA1 "=y" },
	{ "a new version of the same credentials is no change of credentials", S "=1 " CERT "=x",
	  S "=2 " CERT "=x", "", PROVISION_CHANGED, S "=2 " CERT "=x" },
};

static void expect_items(const struct portcall_items *got, const char *pairs)
{
	struct portcall_items *expected = items_of(pairs);

	assert_int_equal(portcall_items_count(got), portcall_items_count(expected));
	for (size_t i = 0; i < portcall_items_count(expected); i++) {
		const struct portcall_item *item = portcall_items_at(expected, i);
		const struct portcall_item *have = portcall_items_find(got, item->name);

		assert_non_null(have);
		assert_string_equal(have->value, item->value);
	}
	portcall_items_free(expected);
}

static void follows_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct portcall_items *current = items_of(table[i].current);
		struct portcall_items *system = items_of(table[i].system);
		struct portcall_items *device = items_of(table[i].device);
		struct portcall_items *next = NULL;
		enum provision_change change;

		print_message("          %s\n", table[i].name);
		assert_int_equal(provision_judge(current, system, device, &next, &change),
		                 PORTCALL_OK);
		assert_int_equal(change, table[i].change);
		if (change == PROVISION_UNCHANGED)
			assert_null(next);
		else
			expect_items(next, table[i].then);
		portcall_items_free(current);
		portcall_items_free(system);
		portcall_items_free(device);
		portcall_items_free(next);
	}
}

static void items_with_an_index_are_apart(void **state)
{
	static const char one[] =
		"<L><Item name='k' index='1'>a</Item><Item name='k' index='2'>b</Item></L>";
	static const char two[] = "<L><Item name='k' index='2'>c</Item></L>";
	struct portcall_items *current = NULL, *system = NULL, *next = NULL;
	enum provision_change change;
	struct portcall_why why;

	(void)state;
	assert_int_equal(portcall_items_read(one, strlen(one), NULL, NULL, &current, &why), 0);
	assert_int_equal(portcall_items_read(two, strlen(two), NULL, NULL, &system, &why), 0);
	assert_int_equal(provision_judge(current, system, NULL, &next, &change), PORTCALL_OK);
	assert_int_equal(change, PROVISION_CHANGED);
	assert_int_equal(portcall_items_count(next), 2);
	assert_string_equal(portcall_items_at(next, 0)->value, "a");
	assert_string_equal(portcall_items_at(next, 1)->value, "c");
	portcall_items_free(current);
	portcall_items_free(system);
	portcall_items_free(next);
}

static void versions_are_read_without_white_space(void **state)
{
	static const char document[] =
		"<L><Item name='" S "'>\n  7.1 b \n</Item><Item name='" D "'> </Item></L>";
	struct portcall_items *items = NULL;
	struct portcall_why why;
	char version[PROVISION_VERSION_MAX];

	(void)state;
	assert_int_equal(portcall_items_read(document, strlen(document), NULL, NULL, &items, &why),
	                 0);
	assert_true(provision_version(items, S, version));
	assert_string_equal(version, "7.1 b");
	assert_false(provision_version(items, D, version));
	assert_string_equal(version, "");
	assert_false(provision_version(NULL, S, version));
	portcall_items_free(items);
}

static const struct {
	const char *base, *name, *mac, *type, *url; /* "": refused */
} urls[] = {
	{ "https://10.77.0.1", "conf", "", "xml", "https://10.77.0.1/conf.xml" },
	{ "https://10.77.0.1/", "conf", "020000000101", "xml",
	  "https://10.77.0.1/conf020000000101.xml" },
	{ "https://h:8443//", "/a/conf", "", "xml", "https://h:8443/a/conf.xml" },
	{ "HTTPS://h/prov/", "conf", "", "xml", "HTTPS://h/prov/conf.xml" },
	{ "http://h", "conf", "", "xml", "" },
	{ "ftp://ftp.siemens.com", "conf", "", "xml", "" },
	{ "sdlp://h:18443", "conf", "", "xml", "" },
	{ "https://", "conf", "", "xml", "" },
	{ "https:///", "conf", "", "xml", "" },
	{ "https:/", "conf", "", "xml", "" },
	{ "10.77.0.1", "conf", "", "xml", "" },
	{ "https://h/?a=", "conf", "", "xml", "" },
	{ "https://h/#a", "conf", "", "xml", "" },
	{ "https://h/a b", "conf", "", "xml", "" },
	{ "https://h\\a", "conf", "", "xml", "" },
	{ "https://h\x7f", "conf", "", "xml", "" },
	{ "https://user@h", "conf", "", "xml", "" },
	{ "https://user:secret@h/", "conf", "", "xml", "" },
	{ "https://h/a@b", "conf", "", "xml", "https://h/a@b/conf.xml" },
	{ "", "conf", "", "xml", "" },
};

static void urls_are_put_together(void **state)
{
	char url[PROVISION_URL_MAX], name[PROVISION_URL_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		bool ok = provision_url(urls[i].base, urls[i].name, urls[i].mac, urls[i].type, url);

		assert_int_equal(ok, urls[i].url[0] != '\0');
		if (ok)
			assert_string_equal(url, urls[i].url);
	}
	/* https://h/ + name + .xml: 14 octets and the NUL beside the name */
	memset(name, 'a', sizeof(name));
	name[PROVISION_URL_MAX - 15] = '\0';
	assert_true(provision_url("https://h", name, "", "xml", url));
	assert_int_equal(strlen(url), PROVISION_URL_MAX - 1);
	name[PROVISION_URL_MAX - 15] = 'a';
	name[PROVISION_URL_MAX - 14] = '\0';
	assert_false(provision_url("https://h", name, "", "xml", url));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_the_table),
		cmocka_unit_test(items_with_an_index_are_apart),
		cmocka_unit_test(versions_are_read_without_white_space),
		cmocka_unit_test(urls_are_put_together),
	};

	return cmocka_run_group_tests_name("provision", tests, NULL, NULL);
}
