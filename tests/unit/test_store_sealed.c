/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/unit/store_fixture.h"

/* The file's octets; their count. */
static size_t read_file(const struct store_fixture *f, const char *name, char buf[static 4096])
{
	char path[128];
	FILE *file;
	size_t n;

	snprintf(path, sizeof(path), "%s/%s", f->path, name);
	file = fopen(path, "r");
	assert_non_null(file);
	n = fread(buf, 1, 4095, file);
	buf[n] = '\0';
	fclose(file);
	return n;
}

static bool holds(const struct store_fixture *f, const char *name, const char *text)
{
	char buf[4096];
	size_t n = read_file(f, name, buf);

	return memmem(buf, n, text, strlen(text)) != NULL;
}

static void loads_nothing(struct store *store, enum portcall_reason reason)
{
	struct portcall_why why;

	assert_null(store_load(store, STORE_ACTIVE, &why));
	assert_int_equal(why.reason, reason);
}

static void with_a_secret_sets_are_sealed(void **state)
{
	struct store_fixture *f = *state;
	struct store *store = store_open_with(f, "correct horse");
	char first[4096], second[4096];

	store_put(f, store, STORE_ACTIVE, "confidential");
	assert_false(holds(f, "active.xml", "confidential"));
	assert_false(holds(f, "active.xml", "Item"));
	read_file(f, "active.xml", first);
	store_put(f, store, STORE_ACTIVE, "confidential");
	read_file(f, "active.xml", second);
	assert_memory_not_equal(first, second, 74); /* another nonce each time */
	store_close(store);
	store = store_open_with(f, "correct horse");
	store_set_holds(store, STORE_ACTIVE, "confidential");
	store_put(f, store, STORE_IMPORTED, "next");
	assert_true(store_promote(store, f->why));
	store_set_holds(store, STORE_ACTIVE, "next");
	store_close(store);
	store = store_open_with(f, "another");
	loads_nothing(store, PORTCALL_REASON_STORE_SEALED);
	store_put(f, store, STORE_IMPORTED,
	          "new"); /* the phone goes on with what it is given now */
	store_set_holds(store, STORE_IMPORTED, "new");
	store_close(store);
	store = store_open_with(f, "");
	loads_nothing(store, PORTCALL_REASON_STORE_SEALED);
	store_close(store);
}

static void a_set_in_clear_is_sealed_when_it_is_read(void **state)
{
	struct store_fixture *f = *state;
	struct store *store = store_open_with(f, "correct horse");

	store_write_file(f, "active.xml", "<L><Item name='a'>by hand</Item></L>");
	store_set_holds(store, STORE_ACTIVE, "by hand");
	assert_false(holds(f, "active.xml", "by hand"));
	store_set_holds(store, STORE_ACTIVE, "by hand");
	store_close(store);
}

static void damage_is_told_from_another_secret(void **state)
{
	struct store_fixture *f = *state;
	struct store *store = store_open_with(f, "correct horse");
	char good[4096], path[128];
	size_t n;

	store_put(f, store, STORE_ACTIVE, "1");
	n = read_file(f, "active.xml", good);
	snprintf(path, sizeof(path), "%s/active.xml", f->path);
	for (size_t i = 0; i <= n; i++) {
		struct portcall_why why;
		struct portcall_items *items;
		FILE *file = fopen(path, "w");

		assert_non_null(file);
		if (i < n)
			good[i] ^= 1;
		fwrite(good, 1, n, file);
		fclose(file);
		/* the count of iterations, the salt and the check value belong to the secret */
		items = store_load(store, STORE_ACTIVE, &why);
		if (i == n)
			assert_non_null(items);
		else
			assert_null(items);
		if (i >= 46 && i < n)
			assert_int_equal(why.reason, PORTCALL_REASON_STORE_DAMAGED);
		else if (i < n)
			assert_int_not_equal(why.reason, PORTCALL_REASON_NONE);
		portcall_items_free(items);
		if (i < n)
			good[i] ^= 1;
	}
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(truncate(path, 0), 0);
		FILE *file = fopen(path, "w");

		fwrite(good, 1, i, file);
		fclose(file);
		struct portcall_why why;

		assert_null(store_load(store, STORE_ACTIVE, &why));
		assert_int_not_equal(why.reason, PORTCALL_REASON_NONE);
	}
	store_close(store);
}

static void digests_are_keyed_with_the_secret(void **state)
{
	struct store_fixture *f = *state;
	struct portcall_items *items = store_items_of("1");
	char clear[STORE_DIGEST_LEN], sealed[STORE_DIGEST_LEN], again[STORE_DIGEST_LEN];
	struct store *store = store_open_with(f, "");

	assert_true(store_digest(store, items, clear));
	store_close(store);
	store = store_open_with(f, "correct horse");
	assert_true(store_digest(store, items, sealed));
	assert_string_not_equal(clear, sealed);
	assert_true(store_set_refused(store, sealed, f->why)); /* and the salt is kept */
	store_close(store);
	store = store_open_with(f, "correct horse");
	assert_true(store_digest(store, items, again));
	assert_string_equal(again, store_refused(store));
	store_close(store);
	portcall_items_free(items);
}

/* What was replaced or removed is overwritten: looked at through a descriptor that was opened before. */
static void what_goes_is_overwritten(void **state)
{
	struct store_fixture *f = *state;
	struct store *store = store_open_plain(f);
	char path[128], buf[4096];

	for (int how = 0; how < 4; how++) {
		FILE *old;
		size_t n;

		store_put(f, store, STORE_ACTIVE, "confidential");
		snprintf(path, sizeof(path), "%s/active.xml", f->path);
		old = fopen(path, "r");
		assert_non_null(old);
		if (how == 0) {
			store_put(f, store, STORE_ACTIVE, "new");
		} else if (how == 1) {
			store_put(f, store, STORE_IMPORTED, "new");
			assert_true(store_promote(store, f->why));
		} else if (how == 2) {
			assert_true(store_erase(store, f->why));
			store_set_holds(store, STORE_ACTIVE, "");
			assert_int_equal(store_file_count(f), 0);
		} else {
			char other[160]; /* a name of its own keeps it */

			snprintf(other, sizeof(other), "%s/other", f->path);
			assert_int_equal(link(path, other), 0);
			store_put(f, store, STORE_ACTIVE, "new");
		}
		n = fread(buf, 1, sizeof(buf), old);
		fclose(old);
		assert_true(n > 50);
		assert_int_equal(memmem(buf, n, "confidential", 12) != NULL, how == 3);
	}
	store_close(store);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, store_set_up, store_tear_down)
	const struct CMUnitTest tests[] = {
		T(with_a_secret_sets_are_sealed),      T(a_set_in_clear_is_sealed_when_it_is_read),
		T(damage_is_told_from_another_secret), T(digests_are_keyed_with_the_secret),
		T(what_goes_is_overwritten),
	};
#undef T
	return cmocka_run_group_tests_name("store, sealed", tests, NULL, NULL);
}
