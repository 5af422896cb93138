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

#include "supplicant/store.h"

struct fixture {
	char top[64];
	char path[96];
	char why[STORE_WHY_LEN];
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	strcpy(f->top, "/tmp/portcall-store-XXXXXX");
	if (!mkdtemp(f->top))
		return -1;
	snprintf(f->path, sizeof(f->path), "%s/a/b", f->top);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", f->top);
	if (system(command) != 0)
		return -1;
	free(f);
	return 0;
}

static struct portcall_items *items_of(const char *value)
{
	char document[128];
	struct portcall_items *items = NULL;
	struct portcall_why why;

	snprintf(document, sizeof(document), "<L><Item name=\"a\">%s</Item></L>", value);
	assert_int_equal(portcall_items_read(document, strlen(document), NULL, NULL, &items, &why),
	                 0);
	return items;
}

static struct store *open_store(struct fixture *f)
{
	struct store *store = store_open(f->path, f->why);

	if (!store)
		fail_msg("%s", f->why);
	return store;
}

static void save(struct fixture *f, struct store *store, enum store_set set, const char *value)
{
	struct portcall_items *items = items_of(value);

	assert_true(store_save(store, set, items, f->why));
	portcall_items_free(items);
}

/* "" for none */
static void set_holds(const struct store *store, enum store_set set, const char *value)
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

static void write_file(const struct fixture *f, const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", f->path, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static unsigned file_count(const struct fixture *f)
{
	DIR *dir = opendir(f->path);
	unsigned count = 0;

	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
		count += entry->d_name[0] != '.';
	closedir(dir);
	return count;
}

static void keeps_sets_in_private_files(void **state)
{
	struct fixture *f = *state;
	struct store *store = open_store(f);
	struct stat st;
	char path[128];

	set_holds(store, STORE_ACTIVE, "");
	save(f, store, STORE_ACTIVE, "one");
	save(f, store, STORE_ACTIVE, "two");
	set_holds(store, STORE_ACTIVE, "two");
	set_holds(store, STORE_IMPORTED, "");
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	snprintf(path, sizeof(path), "%s/active.xml", f->path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	store_close(store);
}

static void promotes_and_drops(void **state)
{
	struct fixture *f = *state;
	struct store *store = open_store(f);

	save(f, store, STORE_ACTIVE, "old");
	save(f, store, STORE_IMPORTED, "new");
	set_holds(store, STORE_ACTIVE, "old");
	assert_true(store_promote(store, f->why));
	set_holds(store, STORE_ACTIVE, "new");
	set_holds(store, STORE_IMPORTED, "");
	assert_false(store_promote(store, f->why));
	set_holds(store, STORE_ACTIVE, "new");
	save(f, store, STORE_IMPORTED, "bad");
	assert_true(store_drop_imported(store, f->why));
	assert_true(store_drop_imported(store, f->why)); /* none is fine */
	set_holds(store, STORE_ACTIVE, "new");
	store_close(store);
}

static void one_program_at_a_time(void **state)
{
	struct fixture *f = *state;
	struct store *store = open_store(f);

	assert_null(store_open(f->path, f->why));
	assert_non_null(strstr(f->why, "Another portcall-phone"));
	store_close(store);
	store_close(open_store(f));
}

static void closes_a_folder_that_is_open_to_others(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	store_close(open_store(f));
	assert_int_equal(chmod(f->path, 0755), 0);
	store_close(open_store(f));
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
}

static void says_why_a_set_cannot_be_read(void **state)
{
	struct fixture *f = *state;
	struct store *store = open_store(f);
	struct portcall_why why;

	write_file(f, "active.xml", "<L><Item name='a'>1</It");
	assert_null(store_load(store, STORE_ACTIVE, &why));
	assert_int_equal(why.reason, PORTCALL_REASON_XML_SYNTAX);
	store_close(store);
}

static void remembers_state(void **state)
{
	struct fixture *f = *state;
	struct store *store = open_store(f);
	struct portcall_items *items = items_of("1"), *other = items_of("2");
	char digest[STORE_DIGEST_LEN], different[STORE_DIGEST_LEN];
	bool set;

	assert_true(store_digest(items, digest));
	assert_true(store_digest(other, different));
	assert_string_not_equal(digest, different);
	portcall_items_free(items);
	portcall_items_free(other);
	assert_string_equal(store_refused(store), "");
	assert_true(store_set_refused(store, digest, f->why));
	assert_true(store_set_last_good(store, 4000000000, f->why));
	store_close(store);
	store = open_store(f);
	assert_string_equal(store_refused(store), digest);
	assert_int_equal(store_time(store, 1000, &set), 4000000000);
	assert_false(set);
	assert_int_equal(store_time(store, 4000000001, &set), 4000000001);
	assert_true(set);
	assert_true(store_set_refused(store, "", f->why));
	store_close(store);
	store = open_store(f);
	assert_string_equal(store_refused(store), "");
	store_close(store);
}

static void no_clock_is_earlier_than_the_build(void **state)
{
	struct fixture *f = *state;
	struct store *store = open_store(f);
	bool set = true;

	assert_true(store_time(store, 0, &set) > 1700000000);
	assert_false(set);
	store_close(store);
}

static void damaged_state_is_an_empty_one(void **state)
{
	static const char *const texts[] = { "",
		                             "{",
		                             "[]",
		                             "{\"format\":2,\"last_good\":4000000000}",
		                             "{\"format\":1,\"last_good\":\"x\"}",
		                             "{\"format\":1,\"refused\":\"../../x\"}" };
	struct fixture *f = *state;

	store_close(open_store(f));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct store *store;
		bool set;

		write_file(f, "state.json", texts[i]);
		store = open_store(f);
		assert_string_equal(store_refused(store), "");
		assert_true(store_time(store, 3900000000, &set) == 3900000000);
		store_close(store);
	}
}

/* A power failure: the writer dies at a random moment; what is there is the old set or a new one, whole. */
static void survives_interruptions(void **state)
{
	struct fixture *f = *state;
	struct store *store = open_store(f);

	save(f, store, STORE_ACTIVE, "old");
	store_close(store);
	for (int i = 0; i < 25; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			struct store *mine = store_open(f->path, f->why);
			struct portcall_items *items = items_of("new");

			for (;;)
				if (!store_save(mine, STORE_IMPORTED, items, f->why) ||
				    !store_promote(mine, f->why))
					_exit(1);
		}
		assert_true(pid > 0);
		usleep((useconds_t)(i * 311));
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		store = open_store(f);
		struct portcall_why why;
		struct portcall_items *items = store_load(store, STORE_ACTIVE, &why);
		assert_non_null(items);
		portcall_items_free(items);
		assert_true(file_count(f) <= 2); /* nothing half-written is left */
		store_close(store);
	}
}

static void a_folder_that_cannot_be_made_is_one_sentence(void **state)
{
	struct fixture *f = *state;

	assert_null(store_open("/dev/null/store", f->why));
	assert_non_null(strstr(f->why, "Cannot open the store /dev/null/store"));
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(keeps_sets_in_private_files),
		T(promotes_and_drops),
		T(one_program_at_a_time),
		T(closes_a_folder_that_is_open_to_others),
		T(says_why_a_set_cannot_be_read),
		T(remembers_state),
		T(no_clock_is_earlier_than_the_build),
		T(damaged_state_is_an_empty_one),
		T(survives_interruptions),
		T(a_folder_that_cannot_be_made_is_one_sentence),
	};
#undef T
	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
