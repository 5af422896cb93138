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

static void keeps_sets_in_private_files(void **state)
{
	struct store_fixture *f = *state;
	struct store *store = store_open_plain(f);
	struct stat st;
	char path[128];

	store_set_holds(store, STORE_ACTIVE, "");
	store_put(f, store, STORE_ACTIVE, "one");
	store_put(f, store, STORE_ACTIVE, "two");
	store_set_holds(store, STORE_ACTIVE, "two");
	store_set_holds(store, STORE_IMPORTED, "");
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	snprintf(path, sizeof(path), "%s/active.xml", f->path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	store_close(store);
}

static void promotes_and_drops(void **state)
{
	struct store_fixture *f = *state;
	struct store *store = store_open_plain(f);

	store_put(f, store, STORE_ACTIVE, "old");
	store_put(f, store, STORE_IMPORTED, "new");
	store_set_holds(store, STORE_ACTIVE, "old");
	assert_true(store_promote(store, f->why));
	store_set_holds(store, STORE_ACTIVE, "new");
	store_set_holds(store, STORE_IMPORTED, "");
	assert_false(store_promote(store, f->why));
	store_set_holds(store, STORE_ACTIVE, "new");
	store_put(f, store, STORE_IMPORTED, "bad");
	assert_true(store_drop_imported(store, f->why));
	assert_true(store_drop_imported(store, f->why)); /* none is fine */
	store_set_holds(store, STORE_ACTIVE, "new");
	store_close(store);
}

static void one_program_at_a_time(void **state)
{
	struct store_fixture *f = *state;
	struct store *store = store_open_plain(f);

	assert_null(store_open(f->path, "", f->why));
	assert_non_null(strstr(f->why, "Another portcall-phone"));
	store_close(store);
	store_close(store_open_plain(f));
}

static void closes_a_folder_that_is_open_to_others(void **state)
{
	struct store_fixture *f = *state;
	struct stat st;

	store_close(store_open_plain(f));
	assert_int_equal(chmod(f->path, 0755), 0);
	store_close(store_open_plain(f));
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
}

static void says_why_a_set_cannot_be_read(void **state)
{
	struct store_fixture *f = *state;
	struct store *store = store_open_plain(f);
	struct portcall_why why;

	store_write_file(f, "active.xml", "<L><Item name='a'>1</It");
	assert_null(store_load(store, STORE_ACTIVE, &why));
	assert_int_equal(why.reason, PORTCALL_REASON_XML_SYNTAX);
	store_close(store);
}

static void remembers_state(void **state)
{
	struct store_fixture *f = *state;
	struct store *store = store_open_plain(f);
	struct portcall_items *items = store_items_of("1"), *other = store_items_of("2");
	char digest[STORE_DIGEST_LEN], different[STORE_DIGEST_LEN];
	bool set;

	assert_true(store_digest(store, items, digest));
	assert_true(store_digest(store, other, different));
	assert_string_not_equal(digest, different);
	portcall_items_free(items);
	portcall_items_free(other);
	assert_string_equal(store_refused(store), "");
	assert_true(store_set_refused(store, digest, f->why));
	assert_true(store_set_last_good(store, 4000000000, f->why));
	store_close(store);
	store = store_open_plain(f);
	assert_string_equal(store_refused(store), digest);
	assert_int_equal(store_time(store, 1000, &set), 4000000000);
	assert_false(set);
	assert_int_equal(store_time(store, 4000000001, &set), 4000000001);
	assert_true(set);
	assert_true(store_set_refused(store, "", f->why));
	store_close(store);
	store = store_open_plain(f);
	assert_string_equal(store_refused(store), "");
	store_close(store);
}

static void no_clock_is_earlier_than_the_build(void **state)
{
	struct store_fixture *f = *state;
	struct store *store = store_open_plain(f);
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
	struct store_fixture *f = *state;

	store_close(store_open_plain(f));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct store *store;
		bool set;

		store_write_file(f, "state.json", texts[i]);
		store = store_open_plain(f);
		assert_string_equal(store_refused(store), "");
		assert_true(store_time(store, 3900000000, &set) == 3900000000);
		store_close(store);
	}
}

/* A power failure: the writer dies at a random moment; what is there is the old set or a new one, whole. */
static void survives_interruptions(void **state)
{
	struct store_fixture *f = *state;
	struct store *store = store_open_plain(f);

	store_put(f, store, STORE_ACTIVE, "old");
	store_close(store);
	for (int i = 0; i < 25; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			struct store *mine = store_open(f->path, "", f->why);
			struct portcall_items *items = store_items_of("new");

			for (;;)
				if (!store_save(mine, STORE_IMPORTED, items, f->why) ||
				    !store_promote(mine, f->why))
					_exit(1);
		}
		assert_true(pid > 0);
		usleep((useconds_t)(i * 311));
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		store = store_open_plain(f);
		struct portcall_why why;
		struct portcall_items *items = store_load(store, STORE_ACTIVE, &why);
		assert_non_null(items);
		portcall_items_free(items);
		assert_true(store_file_count(f) <= 2); /* nothing half-written is left */
		store_close(store);
	}
}

static void a_folder_that_cannot_be_made_is_one_sentence(void **state)
{
	struct store_fixture *f = *state;

	assert_null(store_open("/dev/null/store", "", f->why));
	assert_non_null(strstr(f->why, "Cannot open the store /dev/null/store"));
}

static void loads_nothing(struct store *store, enum portcall_reason reason)
{
	struct portcall_why why;

	assert_null(store_load(store, STORE_ACTIVE, &why));
	assert_int_equal(why.reason, reason);
}

static void remembers_restarts(void **state)
{
	struct store_fixture *f = *state;
	struct store *store = store_open_plain(f);
	char digest[STORE_DIGEST_LEN];

	memset(digest, 'a', sizeof(digest) - 1);
	digest[sizeof(digest) - 1] = '\0';
	assert_false(store_restarted(store, digest));
	for (int i = 0; i < 9; i++) {
		digest[0] = (char)('0' + i);
		assert_true(store_add_restarted(store, digest, f->why));
	}
	store_close(store);
	store = store_open_plain(f);
	for (int i = 0; i < 9; i++) {
		digest[0] = (char)('0' + i);
		assert_int_equal(store_restarted(store, digest),
		                 i > 0); /* the oldest is forgotten */
	}
	store_close(store);
}

static void what_is_no_file_is_no_set(void **state)
{
	struct store_fixture *f = *state;
	struct store *store = store_open_plain(f);
	char path[128];

	snprintf(path, sizeof(path), "%s/active.xml", f->path);
	assert_int_equal(mkfifo(path, 0600), 0);
	loads_nothing(store, PORTCALL_REASON_FILE_UNREADABLE);
	store_put(f, store, STORE_ACTIVE, "1");
	store_set_holds(store, STORE_ACTIVE, "1");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	loads_nothing(store, PORTCALL_REASON_FILE_UNREADABLE);
	store_put(f, store, STORE_ACTIVE, "2");
	store_set_holds(store, STORE_ACTIVE, "2");
	store_close(store);
	assert_null(store_open("", "", f->why));
}

/* Root works in the folder of the user that the phone runs as. */
static void files_belong_to_the_folder_s_owner(void **state)
{
	struct store_fixture *f = *state;
	struct store *store = store_open_plain(f);
	struct stat st;
	char path[128];

	if (geteuid() != 0 || chown(f->path, 4711, 4712) != 0) {
		store_close(store);
		skip();
	}
	store_put(f, store, STORE_ACTIVE, "1");
	snprintf(path, sizeof(path), "%s/active.xml", f->path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_uid, 4711);
	assert_int_equal(st.st_gid, 4712);
	assert_int_equal(st.st_mode & 07777, 0600);
	store_close(store);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, store_set_up, store_tear_down)
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
		T(remembers_restarts),
		T(what_is_no_file_is_no_set),
		T(files_belong_to_the_folder_s_owner),
	};
#undef T
	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
