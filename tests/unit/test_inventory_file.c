/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inventory of rlm_portcall follows its file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "radius-module/inventory_file.h"

static char why[INVENTORY_WHY_LEN];

#define D             "{\"mac\": \"02:00:00:00:01:01\"}"
#define WITH(devices) "{\"format\": 1, \"devices\": [" devices "]}"

struct reports {
	atomic_int loaded, refused;
	char last[1024];
};

static void report(void *ctx, const struct inventory *loaded, const char *sentence)
{
	struct reports *reports = ctx;

	snprintf(reports->last, sizeof(reports->last), "%s", sentence);
	atomic_fetch_add(loaded ? &reports->loaded : &reports->refused, 1);
}

static bool becomes(atomic_int *value, int wanted)
{
	for (int i = 0; i < 1000; i++) { /* 10 s at most */
		if (atomic_load(value) >= wanted)
			return true;
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
	return false;
}

static void write_file(const char *path, const char *text)
{
	char temporary[128];

	snprintf(temporary, sizeof(temporary), "%s.new", path);
	FILE *f = fopen(temporary, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(rename(temporary, path), 0);
}

static size_t count_now(struct inventory_file *file)
{
	struct inventory *inventory = inventory_file_take(file);
	size_t n = inventory_count(inventory);

	inventory_unref(inventory);
	return n;
}

static void a_file_is_followed_and_a_broken_one_changes_nothing(void **state)
{
	static struct reports reports;
	char dir[] = "/tmp/test-inventory-XXXXXX", path[64], expected[256];

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/inventory.json", dir);
	assert_null(inventory_file_open(path, report, &reports, why));
	assert_string_equal(why, "it cannot be read: No such file or directory.");
	assert_null(inventory_file_open(dir, report, &reports, why));
	assert_string_equal(why, "it cannot be read: Invalid argument.");
	write_file(path, "{\"format\": 1, \"devices\": 1}");
	assert_null(inventory_file_open(path, report, &reports, why));
	assert_string_equal(why, "line 1, column 26: '[' expected.");

	write_file(path, WITH(D));
	struct inventory_file *file = inventory_file_open(path, report, &reports, why);

	assert_non_null(file);
	assert_int_equal(count_now(file), 1);
	struct inventory *held = inventory_file_take(file); /* by a request that takes its time */

	write_file(path, WITH("{\"mac\": \"bad\"}"));
	assert_true(becomes(&reports.refused, 1));
	snprintf(expected, sizeof(expected),
	         "%s was refused and the inventory before it stays in use: "
	         "devices[0].mac: \"bad\" is not the MAC address of a device.",
	         path);
	assert_string_equal(reports.last, expected);
	assert_int_equal(count_now(file), 1);

	write_file(path, WITH(D ", {\"mac\": \"020000000102\"}"));
	assert_true(becomes(&reports.loaded, 1));
	snprintf(expected, sizeof(expected), "2 devices read from %s.", path);
	assert_string_equal(reports.last, expected);
	assert_int_equal(count_now(file), 2);
	assert_int_equal(inventory_count(held), 1);
	assert_non_null(inventory_by_mac(held, (const uint8_t[]){ 2, 0, 0, 0, 1, 1 }));

	unlink(path);
	assert_true(becomes(&reports.refused, 2));
	assert_int_equal(count_now(file), 2);
	inventory_file_close(file);
	inventory_unref(held); /* outlives the file */
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_followed_and_a_broken_one_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
