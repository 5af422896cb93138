/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inventory of rlm_portcall: what is read, and what is refused with which sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "radius-module/inventory.h"

static char why[INVENTORY_WHY_LEN];

#define CERT \
	"{\"issuer\": \"/CN=CA\", \"serial\": \"03e9\", \"not_after\": \"2027-11-21T10:00:00Z\"}"
#define WITH(devices) \
	"{\"format\": 1, \"roles\": {\"voice\": {\"vlan\": \"20\"}}, \"devices\": [" devices "]}"

static struct inventory *read_text(const char *text)
{
	/* a block of exactly this size, so that a sanitizer sees each octet too many */
	size_t n = strlen(text);
	char *exact = malloc(n + !n);

	memcpy(exact, text, n);
	struct inventory *inventory = inventory_read(exact, n, why);

	free(exact);
	return inventory;
}

static void a_device_is_found_by_mac_and_by_certificate(void **state)
{
	(void)state;
	struct inventory *inventory = read_text(
		"{\"format\": 1, \"generated\": \"2026-11-21T10:00:00Z\","
		" \"roles\": {\"voice\": {\"vlan\": \"20\", \"session_timeout\": 600},"
		"             \"lab\": {\"vlan\": \"lab-net\"}, \"none\": {}},"
		" \"devices\": ["
		" {\"mac\": \"02:00:00:00:01:01\", \"name\": \"phone1\", \"model\": \"op420adv\","
		"  \"role\": \"voice\", \"vlan\": null, \"enabled\": true, \"files\": [\"a.xml\"],"
		"  \"certificate\": {\"issuer\": \"/O=L/CN=B\\\\xC3\\\\xA4\", \"serial\": \"03e9\","
		"   \"cn\": \"phone1\", \"san\": \"\", \"not_after\": \"2027-11-21T10:00:00Z\","
		"   \"spki_sha256\": \"00\", \"shared\": false}},"
		" {\"mac\": \"0200.0000.0102\", \"role\": \"lab\", \"enabled\": false, "
		"\"certificate\": null},"
		" {\"mac\": \"02-00-00-00-01-03\", \"role\": \"voice\", \"vlan\": \"30\"},"
		" {\"mac\": \"020000000104\"}]}");

	assert_non_null(inventory);
	assert_int_equal(inventory_count(inventory), 4);

	const struct device *d = inventory_by_mac(inventory, (const uint8_t[]){ 2, 0, 0, 0, 1, 1 });

	assert_non_null(d);
	assert_string_equal(d->name, "phone1");
	assert_string_equal(d->model, "op420adv");
	assert_string_equal(d->role->name, "voice");
	assert_string_equal(d->role->vlan, "20");
	assert_int_equal(d->role->session_timeout, 600);
	assert_string_equal(d->certificate.cn, "phone1");
	assert_true(d->enabled);
	assert_false(d->certificate.shared);
	assert_int_equal(d->certificate.not_after, 1826791200);
	assert_ptr_equal(inventory_by_certificate(inventory, "/O=L/CN=B\xc3\xa4", "03e9"), d);
	assert_null(inventory_by_certificate(inventory, "/O=L/CN=B", "03e9"));
	assert_null(inventory_by_certificate(inventory, "/O=L/CN=B\xc3\xa4", "03e8"));
	assert_null(inventory_by_certificate(inventory, "", ""));

	d = inventory_by_mac(inventory, (const uint8_t[]){ 2, 0, 0, 0, 1, 2 });
	assert_false(d->enabled);
	assert_string_equal(d->role->vlan, "lab-net");
	assert_string_equal(d->certificate.serial, "");
	d = inventory_by_mac(inventory, (const uint8_t[]){ 2, 0, 0, 0, 1, 3 });
	assert_string_equal(d->vlan, "30"); /* its own before the role's */
	assert_int_equal(d->role->session_timeout, 600);
	d = inventory_by_mac(inventory, (const uint8_t[]){ 2, 0, 0, 0, 1, 4 });
	assert_string_equal(d->vlan, "");
	assert_null(d->role);
	assert_null(inventory_by_mac(inventory, (const uint8_t[]){ 2, 0, 0, 0, 1, 5 }));
	inventory_unref(inventory);
}

static void roles_may_stand_behind_the_devices(void **state)
{
	(void)state;
	struct inventory *inventory = read_text(
		"{\"devices\": [{\"mac\": \"020000000101\", \"role\": \"a\"}, "
		"{\"mac\": \"020000000102\", \"role\": \"a\", \"vlan\": \"7\"}], "
		"\"roles\": {\"a\": {\"vlan\": \"5\", \"session_timeout\": 9}}, \"format\": 1}");

	assert_non_null(inventory);
	const struct device *d = inventory_by_mac(inventory, (const uint8_t[]){ 2, 0, 0, 0, 1, 1 });

	assert_string_equal(d->role->vlan, "5");
	assert_int_equal(d->role->session_timeout, 9);
	d = inventory_by_mac(inventory, (const uint8_t[]){ 2, 0, 0, 0, 1, 2 });
	assert_string_equal(d->vlan, "7");
	inventory_unref(inventory);
}

static void a_previous_certificate_is_found_and_a_present_one_goes_before_it(void **state)
{
#define GENERATION(serial)                                                     \
	"{\"issuer\": \"/CN=CA\", \"serial\": \"" serial "\", \"not_after\": " \
	"\"2027-11-21T10:00:00Z\", \"key_id\": \"0A:FF\"}"
#define BEFORE(serial)                                                         \
	"{\"issuer\": \"/CN=CA\", \"serial\": \"" serial "\", \"not_after\": " \
	"\"2027-11-21T10:00:00Z\", \"until\": \"2026-12-01T00:00:00Z\", \"revoked\": true}"
	(void)state;
	struct inventory *inventory = read_text(WITH(
		"{\"mac\": \"020000000101\", \"certificate\": " GENERATION("0a") ", \"previous\": " BEFORE(
			"0b") "},"
			      "{\"mac\": \"020000000102\", "
			      "\"certificate\": " GENERATION("0b") ", \"previous\": " BEFORE(
				      "0c") ", \"stolen\": true, "
					    "\"mab\": true, "
					    "\"provisioned\": "
					    "false, "
					    "\"version\": \"7\", "
					    "\"running_version\": "
					    "\"6\"},"
					    "{\"mac\": "
					    "\"020000000103\", "
					    "\"previous\": " BEFORE("0c") "}"));

	assert_non_null(inventory);
	const struct device *d = inventory_by_mac(inventory, (const uint8_t[]){ 2, 0, 0, 0, 1, 2 });

	assert_ptr_equal(inventory_by_certificate(inventory, "/CN=CA", "0b"), d);
	assert_ptr_equal(inventory_by_certificate(inventory, "/CN=CA", "0c"), d);
	assert_string_equal(d->certificate.key_id, "0A:FF");
	assert_string_equal(d->previous.serial, "0c");
	assert_int_equal(d->previous.until, 1796083200);
	assert_true(d->previous.revoked && d->stolen && d->mab && d->unprovisioned);
	assert_string_equal(d->version, "7");
	assert_string_equal(d->running, "6");
	inventory_unref(inventory);
}

static void locations_and_rules_are_found_by_name(void **state)
{
	(void)state;
	struct inventory *inventory = read_text(
		"{\"format\": 1, \"devices\": ["
		"{\"mac\": \"020000000101\", \"role\": \"voice\"},"
		"{\"mac\": \"020000000102\", \"role\": \"voice\", \"location\": \"b\"}],"
		"\"roles\": {\"voice\": {\"vlan\": \"20\", \"location\": \"a\", \"vlans\": "
		"[{\"location\": \"b\", \"model\": \"m\", \"vlan\": \"30\"}, {\"vlan\": \"31\"}]}},"
		"\"locations\": {\"b\": [{\"nas\": \"sw1\", \"ports\": \"1-24\"}, {\"ports\": "
		"\"9\"}, {}],"
		" \"a\": []}}");

	assert_non_null(inventory);
	const struct device *d = inventory_by_mac(inventory, (const uint8_t[]){ 2, 0, 0, 0, 1, 2 });

	assert_string_equal(d->location->name, "b");
	assert_int_equal(d->location->parts_n, 3);
	assert_string_equal(d->location->parts[0].nas, "sw1");
	assert_int_equal(d->location->parts[0].port_min, 1);
	assert_int_equal(d->location->parts[0].port_max, 24);
	assert_int_equal(d->location->parts[1].port_min, 9);
	assert_int_equal(d->location->parts[1].port_max, 9);
	assert_int_equal(d->location->parts[2].port_max, UINT32_MAX);
	assert_int_equal(d->role->rules_n, 2);
	assert_ptr_equal(d->role->rules[0].location, d->location);
	assert_string_equal(d->role->rules[0].model, "m");
	assert_string_equal(d->role->rules[1].vlan, "31");
	assert_null(d->role->rules[1].location);
	d = inventory_by_mac(inventory, (const uint8_t[]){ 2, 0, 0, 0, 1, 1 });
	assert_null(d->location);
	assert_string_equal(d->role->location->name, "a");
	inventory_unref(inventory);
}

static void an_empty_inventory_knows_nobody(void **state)
{
	(void)state;
	struct inventory *inventory = read_text("{\"format\": 1, \"devices\": []}");

	assert_non_null(inventory);
	assert_null(inventory_by_mac(inventory, (const uint8_t[]){ 0, 0, 0, 0, 0, 0 }));
	assert_null(inventory_by_certificate(inventory, "", ""));
	inventory_unref(inventory);
}

static void what_is_wrong_is_named_with_its_place(void **state)
{
#define D              "{\"mac\": \"02:00:00:00:01:01\"}"
#define IN(key, value) "{\"format\": 1, \"devices\": [], \"" key "\": " value "}"
#define PHONE(more)    WITH("{\"mac\": \"020000000101\", " more "}")
	static const char *const rows[][2] = {
		{ IN("locations", "[]"), "locations: it is not an object." },
		{ IN("locations", "{\"a\": {}}"),
		  "locations.a: it is not an array of at most 1024 parts." },
		{ IN("locations", "{\"a\": [7]}"), "locations.a[0]: it is not an object." },
		{ IN("locations", "{\"a\": [{}, {\"port\": \"1\"}]}"),
		  "locations.a[1]: the key \"port\" is not known." },
		{ IN("locations", "{\"a\": [{\"ports\": \"7-3\"}]}"),
		  "locations.a[0].ports: it is neither a number nor a range like 1-24." },
		{ IN("locations", "{\"a\": [{\"ports\": \"-3\"}]}"),
		  "locations.a[0].ports: it is neither a number nor a range like 1-24." },
		{ IN("locations", "{\"a\": [{\"ports\": \"1-\"}]}"),
		  "locations.a[0].ports: it is neither a number nor a range like 1-24." },
		{ IN("locations", "{\"a\": [{\"ports\": \"4294967295\"}]}"),
		  "locations.a[0].ports: it is neither a number nor a range like 1-24." },
		{ IN("roles", "{\"a\": {\"location\": \"x\"}}"),
		  "roles.a.location: \"x\" is not one of the locations." },
		{ IN("roles", "{\"a\": {\"vlans\": {}}}"),
		  "roles.a.vlans: it is not an array of at most 1024 rules." },
		{ IN("roles", "{\"a\": {\"vlans\": [1]}}"),
		  "roles.a.vlans[0]: it is not an object." },
		{ IN("roles", "{\"a\": {\"vlans\": [{\"model\": \"x\"}]}}"),
		  "roles.a.vlans[0].vlan: it is missing." },
		{ IN("roles", "{\"a\": {\"vlans\": [{\"vlan\": \"2\", \"location\": \"x\"}]}}"),
		  "roles.a.vlans[0].location: \"x\" is not one of the locations." },
		{ PHONE("\"location\": \"x\""),
		  "devices[0].location: \"x\" is not one of the locations." },
		{ PHONE("\"stolen\": 1"), "devices[0].stolen: it is neither true nor false." },
		{ PHONE("\"mab\": 1"), "devices[0].mab: it is neither true nor false." },
		{ PHONE("\"provisioned\": 1"),
		  "devices[0].provisioned: it is neither true nor false." },
		{ PHONE("\"version\": 1"), "devices[0].version: it is not a string." },
		{ PHONE("\"previous\": 1"), "devices[0].previous: it is not an object." },
		{ PHONE("\"previous\": " CERT), "devices[0].previous.until: it is missing." },
		{ PHONE("\"certificate\": {\"issuer\": \"/CN=CA\", \"serial\": \"01\", "
		        "\"not_after\": "
		        "\"2027-11-21T10:00:00Z\", \"key_id\": \"AA:\"}"),
		  "devices[0].certificate.key_id: it is not upper-case hex with colons." },
		{ PHONE("\"certificate\": {\"issuer\": \"/CN=CA\", \"serial\": \"01\", "
		        "\"not_after\": "
		        "\"2027-11-21T10:00:00Z\", \"revoked\": \"yes\"}"),
		  "devices[0].certificate.revoked: it is neither true nor false." },
		{ "", "line 1, column 0: '{' expected." },
		{ "{\n\"format\": 1,\n\"devices\": [}",
		  "line 3, column 13: unexpected token near '}'." },
		{ "[]", "line 1, column 1: '{' expected." },
		{ "{\"devices\": []}", "format: it is missing." },
		{ "{\"format\": 2, \"devices\": []}",
		  "format: it is not 1, the only format that this version reads." },
		{ "{\"format\": 1}", "devices: it is missing." },
		{ "{\"format\": 1, \"format\": 1, \"devices\": []}",
		  "format: it stands there twice." },
		{ "{\"format\": 1, \"devices\": [], \"extra\": 1}",
		  "inventory: the key \"extra\" is not known." },
		{ "{\"format\": 1, \"devices\": [], \"a\\nb\": 1}",
		  "inventory: the key \"a?b\" is not known." },
		{ "{\"format\": 1, \"devices\": [], \"roles\": 3}", "roles: it is not an object." },
		{ "{\"format\": 1, \"devices\": [], \"roles\": {\"a\": 1}}",
		  "roles.a: it is not an object." },
		{ "{\"format\": 1, \"devices\": [], \"roles\": {\"a\": {\"vlan\": \"4095\"}}}",
		  "roles.a.vlan: a VLAN id is a number from 1 to 4094." },
		{ "{\"format\": 1, \"devices\": [], \"roles\": {\"a\": {\"session_timeout\": -1}}}",
		  "roles.a.session_timeout: it is not a number of seconds." },
		{ "{\"format\": 1, \"devices\": []} x",
		  "line 1, column 30: nothing may follow the inventory." },
		{ "{\"format\": 1, \"devices\": [], \"devices\": []}",
		  "devices: it stands there twice." },
		{ "{\"format\": 1 \"devices\": []}", "line 1, column 14: ',' expected." },
		{ "{\"format\": 1, devices: []}", "line 1, column 15: a key in quotes expected." },
		{ "{\"format\" 1}", "line 1, column 11: ':' expected." },
		{ "{\"format\": 1,}", "line 1, column 14: a key in quotes expected." },
		{ "{\"format\": 1, \"devices\": [{},]}", "devices[0].mac: it is missing." },
		{ WITH(D ","), "line 1, column 92: unexpected token near ']'." },
		{ WITH("7"), "devices[0]: it is not an object." },
		{ WITH(D ", {}"), "devices[1].mac: it is missing." },
		{ WITH("{\"mac\": 1}"), "devices[0].mac: it is not a string." },
		{ WITH("{\"mac\": \"\"}"), "devices[0].mac: it is empty." },
		{ WITH("{\"mac\": \"02:00:00:00:01\"}"),
		  "devices[0].mac: \"02:00:00:00:01\" is not the MAC address of a device." },
		{ WITH("{\"mac\": \"01:00:00:00:01:01\"}"),
		  "devices[0].mac: \"01:00:00:00:01:01\" is not the MAC address of a device." },
		{ WITH(D ", " D), "devices[1].mac: devices[0] has the same MAC address." },
		{ WITH(D ", {\"mac\": \"020000000101\"}"),
		  "devices[1].mac: devices[0] has the same MAC address." },
		{ WITH("{\"mac\": \"020000000101\", \"enabeld\": false}"),
		  "devices[0]: the key \"enabeld\" is not known." },
		{ WITH("{\"mac\": \"020000000101\", \"enabled\": \"false\"}"),
		  "devices[0].enabled: it is neither true nor false." },
		{ WITH("{\"mac\": \"020000000101\", \"enabled\": null}"),
		  "devices[0].enabled: it is neither true nor false." },
		{ WITH("{\"mac\": \"020000000101\", \"role\": \"voise\"}"),
		  "devices[0].role: \"voise\" is not one of the roles." },
		{ WITH("{\"mac\": \"020000000101\", \"vlan\": 20}"),
		  "devices[0].vlan: it is not a string." },
		{ WITH("{\"mac\": \"020000000101\", \"vlan\": \"0\"}"),
		  "devices[0].vlan: a VLAN id is a number from 1 to 4094." },
		{ WITH("{\"mac\": \"020000000101\", \"vlan\": \"99999999999\"}"),
		  "devices[0].vlan: a VLAN id is a number from 1 to 4094." },
		{ WITH("{\"mac\": \"020000000101\", \"vlan\": \"a b\"}"),
		  "devices[0].vlan: only printable ASCII may stand in a VLAN name." },
		{ WITH("{\"mac\": \"020000000101\", \"vlan\": "
		       "\"123456789012345678901234567890abc\"}"),
		  "devices[0].vlan: a VLAN name has at most 32 characters." },
		{ WITH("{\"mac\": \"020000000101\", \"files\": \"a\"}"),
		  "devices[0].files: it is not an array." },
		{ WITH("{\"mac\": \"020000000101\", \"files\": [\"a\", 1]}"),
		  "devices[0].files[1]: it is not a string." },
		{ WITH("{\"mac\": \"020000000101\", \"certificate\": []}"),
		  "devices[0].certificate: it is not an object." },
		{ WITH("{\"mac\": \"020000000101\", \"certificate\": {\"serial\": \"00\"}}"),
		  "devices[0].certificate.issuer: it is missing." },
		{ WITH("{\"mac\": \"020000000101\", \"certificate\": {\"issuer\": \"/CN=CA\", "
		       "\"serial\": \"3e9\", \"not_after\": \"2027-11-21T10:00:00Z\"}}"),
		  "devices[0].certificate.serial: it is not lower-case hex with two digits an "
		  "octet." },
		{ WITH("{\"mac\": \"020000000101\", \"certificate\": {\"issuer\": \"/CN=CA\", "
		       "\"serial\": \"03E9\", \"not_after\": \"2027-11-21T10:00:00Z\"}}"),
		  "devices[0].certificate.serial: it is not lower-case hex with two digits an "
		  "octet." },
		{ WITH("{\"mac\": \"020000000101\", \"certificate\": {\"issuer\": \"/CN=CA\", "
		       "\"serial\": \"03e9\", \"not_after\": \"2027-11-21T10:00:00+01:00\"}}"),
		  "devices[0].certificate.not_after: it is not a time like 2027-11-21T10:00:00Z." },
		{ WITH("{\"mac\": \"020000000101\", \"certificate\": " CERT "},"
		       "{\"mac\": \"020000000102\", \"certificate\": " CERT "}"),
		  "devices[1].certificate: devices[0] has the same one, and they are not both "
		  "marked "
		  "as shared." },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct inventory *inventory = read_text(rows[i][0]);

		if (inventory)
			fail_msg("accepted: %s", rows[i][0]);
		assert_string_equal(why, rows[i][1]);
	}
}

static void a_shared_certificate_is_one_that_both_devices_declare(void **state)
{
#define SHARED                                           \
	"{\"issuer\": \"/CN=CA\", \"serial\": \"03e9\"," \
	"\"not_after\": \"2027-11-21T10:00:00Z\", \"shared\": true}"
	(void)state;
	struct inventory *inventory =
		read_text(WITH("{\"mac\": \"020000000101\", \"certificate\": " SHARED "},"
	                       "{\"mac\": \"020000000102\", \"certificate\": " SHARED "}"));

	assert_non_null(inventory);
	const struct device *d = inventory_by_mac(inventory, (const uint8_t[]){ 2, 0, 0, 0, 1, 2 });

	assert_true(d->certificate.shared);
	assert_non_null(inventory_by_certificate(inventory, "/CN=CA", "03e9"));
	inventory_unref(inventory);
	assert_null(read_text(WITH("{\"mac\": \"020000000101\", \"certificate\": " SHARED "},"
	                           "{\"mac\": \"020000000102\", \"certificate\": " CERT "}")));
}

static void every_prefix_of_a_document_is_refused(void **state)
{
	static const char text[] = WITH("{\"mac\": \"020000000101\", \"name\": \"a\", \"role\": "
	                                "\"voice\", \"certificate\": " CERT "}");

	(void)state;
	struct inventory *whole = inventory_read(text, sizeof(text) - 1, why);

	assert_non_null(whole);
	inventory_unref(whole);
	for (size_t n = 0; n < sizeof(text) - 1; n++)
		assert_null(inventory_read(text, n, why));
}

static void ten_thousand_devices_are_all_found(void **state)
{
	enum { N = 10000 };
	size_t max = (size_t)N * 200, n = 0;
	char *text = malloc(max);

	(void)state;
	n += (size_t)snprintf(text, max, "{\"format\": 1, \"devices\": [");
	for (int i = 0; i < N; i++)
		n += (size_t)snprintf(
			text + n, max - n,
			"%s{\"mac\": \"02000000%04x\", \"name\": \"phone%d\", \"certificate\": "
			"{\"issuer\": \"/CN=CA\", \"serial\": \"%04x\", "
			"\"not_after\": \"2027-11-21T10:00:00Z\"}}",
			i ? "," : "", i, i, i);
	n += (size_t)snprintf(text + n, max - n, "]}");
	struct inventory *inventory = inventory_read(text, n, why);

	assert_non_null(inventory);
	for (int i = 0; i < N; i++) {
		uint8_t mac[6] = { 2, 0, 0, 0, (uint8_t)(i >> 8), (uint8_t)i };
		const struct device *d = inventory_by_mac(inventory, mac);
		char serial[8];

		snprintf(serial, sizeof(serial), "%04x", i);
		assert_ptr_equal(inventory_by_certificate(inventory, "/CN=CA", serial), d);
		assert_string_equal(d->certificate.serial, serial);
	}
	inventory_unref(inventory);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_device_is_found_by_mac_and_by_certificate),
		cmocka_unit_test(roles_may_stand_behind_the_devices),
		cmocka_unit_test(a_previous_certificate_is_found_and_a_present_one_goes_before_it),
		cmocka_unit_test(locations_and_rules_are_found_by_name),
		cmocka_unit_test(an_empty_inventory_knows_nobody),
		cmocka_unit_test(what_is_wrong_is_named_with_its_place),
		cmocka_unit_test(a_shared_certificate_is_one_that_both_devices_declare),
		cmocka_unit_test(every_prefix_of_a_document_is_refused),
		cmocka_unit_test(ten_thousand_devices_are_all_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
