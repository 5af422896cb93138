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

int store_set_up(void **state)
{
	struct store_fixture *f = calloc(1, sizeof(*f));

	strcpy(f->top, "/tmp/portcall-store-XXXXXX");
	if (!mkdtemp(f->top))
		return -1;
	snprintf(f->path, sizeof(f->path), "%s/a/b", f->top);
	*state = f;
	return 0;
}

int store_tear_down(void **state)
{
	struct store_fixture *f = *state;
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", f->top);
	if (system(command) != 0)
		return -1;
	free(f);
	return 0;
}

struct portcall_items *store_items_of(const char *value)
{
	char document[128];
	struct portcall_items *items = NULL;
	struct portcall_why why;

	snprintf(document, sizeof(document), "<L><Item name=\"a\">%s</Item></L>", value);
	assert_int_equal(portcall_items_read(document, strlen(document), NULL, NULL, &items, &why),
	                 0);
	return items;
}

struct store *store_open_with(struct store_fixture *f, const char *secret)
{
	struct store *store = store_open(f->path, secret, f->why);

	if (!store)
		fail_msg("%s", f->why);
	return store;
}

struct store *store_open_plain(struct store_fixture *f)
{
	return store_open_with(f, "");
}

void store_put(struct store_fixture *f, struct store *store, enum store_set set, const char *value)
{
	struct portcall_items *items = store_items_of(value);

	assert_true(store_save(store, set, items, f->why));
	portcall_items_free(items);
}

/* "" for none */
void store_set_holds(struct store *store, enum store_set set, const char *value)
{
	struct portcall_why why;
	struct portcall_items *items = store_load(store, set, &why);

	if (*value) {
		assert_non_null(items);
		assert_string_equal(portcall_items_find(items, "a")->value, value);
	} else {
		assert_null(items);
		assert_int_equal(why.reason, PORTCALL_REASON_NONE);
	}
	portcall_items_free(items);
}

void store_write_file(const struct store_fixture *f, const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", f->path, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

unsigned store_file_count(const struct store_fixture *f)
{
	DIR *dir = opendir(f->path);
	unsigned count = 0;

	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
		count += entry->d_name[0] != '.';
	closedir(dir);
	return count;
}
