/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The power goes at the n-th system call of each operation of the store, for every n, on every kind of disk:
 * what was not fsynced is there, there by half, or lost, and names that were changed since the last fsync of
 * the folder are the new ones or the old ones again.  What is there afterwards loads: the old set or the new one.
 * The linker puts these functions in place of the system's (--wrap, see the Makefile).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "supplicant/store.h"

int __real_openat(int dir, const char *name, int flags, ...);
ssize_t __real_write(int fd, const void *p, size_t n);
int __real_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __real_unlinkat(int dir, const char *name, int flags);
int __wrap_openat(int dir, const char *name, int flags, ...);
ssize_t __wrap_write(int fd, const void *p, size_t n);
int __wrap_fsync(int fd);
int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __wrap_unlinkat(int dir, const char *name, int flags);

enum data { DATA_KEPT, DATA_HALVED, DATA_LOST, DATA_KINDS };
enum { CHANGES_MAX = 64, FILES_MAX = 64, CUT = 42 };

/* --- the disk ----------------------------------------------------------------------------------------- */

/* A change of a name that is not on the disk yet. */
struct change {
	int dir;
	char from[64], to[64]; /* from "": a file was made; to "": it was removed */
	int old;               /* what `to` (or a removed `from`) named; -1: nothing */
};

static struct {
	bool on;
	unsigned calls, cut_at; /* counted from 1; 0: never */
	bool fail;              /* the call fails instead, as on a full disk */
	enum data data;
	bool names_lost;
	int dirty
		[FILES_MAX]; /* descriptors of our own of files with data that is not on the disk */
	size_t dirty_n;
	struct change changes[CHANGES_MAX];
	size_t change_n;
} disk;

static void lose_data(void)
{
	for (size_t i = 0; i < disk.dirty_n; i++) {
		struct stat st;

		if (disk.data == DATA_KEPT || fstat(disk.dirty[i], &st) < 0)
			continue;
		if (ftruncate(disk.dirty[i], disk.data == DATA_LOST ? 0 : st.st_size / 2) < 0)
			_exit(1);
	}
}

/* The file of a descriptor gets a name again, with what is in it now. */
static void bring_back(int dir, const char *name, int old)
{
	char buf[65536];
	ssize_t n = pread(old, buf, sizeof(buf), 0);
	int fd = __real_openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (n < 0 || fd < 0 || __real_write(fd, buf, (size_t)n) != n)
		_exit(1);
	close(fd);
}

static void lose_names(void)
{
	while (disk.names_lost && disk.change_n > 0) {
		const struct change *c = &disk.changes[--disk.change_n];

		if (!c->from[0])
			__real_unlinkat(c->dir, c->to, 0);
		else if (c->to[0])
			__real_renameat(c->dir, c->to, c->dir, c->from);
		if (c->old >= 0)
			bring_back(c->dir, c->to[0] ? c->to : c->from, c->old);
	}
}

/* True: the call is to fail. */
static bool count(void)
{
	if (!disk.on || ++disk.calls != disk.cut_at)
		return false;
	if (disk.fail) {
		errno = ENOSPC;
		return true;
	}
	lose_data();
	lose_names();
	_exit(CUT);
}

static void note_change(int dir, const char *from, const char *to, int old)
{
	struct change *c = &disk.changes[disk.change_n];

	if (!disk.on)
		return;
	assert_true(disk.change_n < CHANGES_MAX);
	c->dir = dir;
	snprintf(c->from, sizeof(c->from), "%s", from);
	snprintf(c->to, sizeof(c->to), "%s", to);
	c->old = old;
	disk.change_n++;
}

static bool is_same_file(int a, int b)
{
	struct stat sa, sb;

	return fstat(a, &sa) == 0 && fstat(b, &sb) == 0 && sa.st_ino == sb.st_ino;
}

int __wrap_openat(int dir, const char *name, int flags, ...)
{
	bool makes = (flags & O_CREAT) && faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0;
	int fd;

	if (flags & (O_CREAT | O_TRUNC) && count())
		return -1;
	fd = __real_openat(dir, name, flags, 0600);
	if (fd >= 0 && makes)
		note_change(dir, "", name, -1);
	return fd;
}

ssize_t __wrap_write(int fd, const void *p, size_t n)
{
	struct stat st;
	char path[64];

	if (!disk.on || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return __real_write(fd, p, n);
	if (count())
		return -1;
	assert_true(disk.dirty_n < FILES_MAX);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	disk.dirty[disk.dirty_n++] = open(path, O_RDWR);
	return __real_write(fd, p, n);
}

int __wrap_fsync(int fd)
{
	struct stat st;

	if (count())
		return -1;
	while (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) && disk.change_n > 0)
		if (disk.changes[--disk.change_n].old >= 0)
			close(disk.changes[disk.change_n].old);
	for (size_t i = disk.dirty_n; i-- > 0;)
		if (is_same_file(fd, disk.dirty[i])) {
			close(disk.dirty[i]);
			disk.dirty[i] = disk.dirty[--disk.dirty_n];
		}
	return 0; /* this disk needs no other */
}

int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	int old;

	if (count())
		return -1;
	old = __real_openat(to_dir, to, O_RDONLY);
	note_change(from_dir, from, to, old);
	return __real_renameat(from_dir, from, to_dir, to);
}

int __wrap_unlinkat(int dir, const char *name, int flags)
{
	int old;

	if (count())
		return -1;
	old = __real_openat(dir, name, O_RDONLY);
	if (old >= 0)
		note_change(dir, name, "", old);
	return __real_unlinkat(dir, name, flags);
}

/* All of it has reached the disk. */
static void forget(void)
{
	disk.on = false;
	while (disk.dirty_n > 0)
		close(disk.dirty[--disk.dirty_n]);
	while (disk.change_n > 0)
		if (disk.changes[--disk.change_n].old >= 0)
			close(disk.changes[disk.change_n].old);
}

/* --- the operations --------------------------------------------------------------------------------------- */

static char top[] = "/tmp/portcall-cut-XXXXXX";
static char path[64], why[STORE_WHY_LEN];

static struct portcall_items *items_of(const char *value)
{
	char document[128];
	struct portcall_items *items = NULL;
	struct portcall_why refusal;

	snprintf(document, sizeof(document), "<L><Item name=\"a\">%s</Item></L>", value);
	assert_int_equal(
		portcall_items_read(document, strlen(document), NULL, NULL, &items, &refusal), 0);
	return items;
}

static bool save(struct store *store, enum store_set set, const char *value)
{
	struct portcall_items *items = items_of(value);
	bool ok = store_save(store, set, items, why);

	portcall_items_free(items);
	return ok;
}

static const char digest[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

static bool replace(struct store *store)
{
	return save(store, STORE_ACTIVE, "new");
}

static bool import(struct store *store)
{
	return save(store, STORE_IMPORTED, "new");
}

static bool import_and_promote(struct store *store)
{
	return import(store) && store_promote(store, why) && store_set_refused(store, "", why);
}

static bool import_and_roll_back(struct store *store)
{
	return import(store) && store_set_refused(store, digest, why) &&
	       store_drop_imported(store, why);
}

static bool restart(struct store *store)
{
	return import(store) && store_add_restarted(store, digest, why);
}

/* Seals what lies there in clear. */
static bool load(struct store *store)
{
	struct portcall_why refusal;

	portcall_items_free(store_load(store, STORE_ACTIVE, &refusal));
	return true;
}

static bool erase(struct store *store)
{
	return store_erase(store, why);
}

static const struct operation {
	const char *name;
	bool (*run)(struct store *store);
	const char *secret;  /* of the operation */
	const char *before;  /* ... and of what was there before */
	bool may_be_new;     /* the active set, afterwards */
	bool may_be_missing; /* ... and that it is not there at all */
} operations[] = {
	{ "replace", replace, "", "", true, false },
	{ "replace, sealed", replace, "secret", "secret", true, false },
	{ "import", import, "secret", "secret", false, false },
	{ "import and promote", import_and_promote, "secret", "secret", true, false },
	{ "import and roll back", import_and_roll_back, "secret", "secret", false, false },
	{ "import and restart", restart, "secret", "secret", false, false },
	{ "seal", load, "secret", "", false, false },
	{ "erase", erase, "secret", "secret", false, true },
};

static struct store *open_store(const char *secret)
{
	struct store *store = store_open(path, secret, why);

	if (!store)
		fail_msg("%s", why);
	return store;
}

static void remove_folder(void)
{
	static const char *const names[] = {
		"active.xml",       "active.xml.tmp", "imported.xml",
		"imported.xml.tmp", "state.json",     "state.json.tmp"
	};
	int dir = open(path, O_RDONLY | O_DIRECTORY);

	for (size_t i = 0; dir >= 0 && i < sizeof(names) / sizeof(names[0]); i++)
		__real_unlinkat(dir, names[i], 0);
	if (dir >= 0)
		close(dir);
	rmdir(path);
}

/* The old set, and a state, in a folder of its own. */
static void prepare(const struct operation *op)
{
	struct store *store;

	remove_folder();
	store = open_store(op->before);
	assert_true(save(store, STORE_ACTIVE, "old"));
	assert_true(store_set_last_good(store, 4000000000, why));
	store_close(store);
}

/* "old", "new", "" for none; fails the test when there is something that does not load. */
static const char *value_of(const struct operation *op, struct store *store, enum store_set set)
{
	struct portcall_why refusal;
	struct portcall_items *items = store_load(store, set, &refusal);
	const char *value = "";

	if (!items && refusal.reason != PORTCALL_REASON_NONE)
		fail_msg("%s, cut at %u, data %d, names %d: %s does not load: %s", op->name,
		         disk.cut_at, disk.data, disk.names_lost,
		         set == STORE_ACTIVE ? "active" : "imported",
		         portcall_reason_code(refusal.reason));
	if (items)
		value = strcmp(portcall_items_find(items, "a")->value, "old") == 0 ? "old" : "new";
	portcall_items_free(items);
	return value;
}

static void judge(const struct operation *op)
{
	struct store *store = open_store(op->secret);
	const char *active = value_of(op, store, STORE_ACTIVE);
	const char *imported = value_of(op, store, STORE_IMPORTED);
	bool set;

	if (strcmp(active, "old") != 0 && !(op->may_be_new && strcmp(active, "new") == 0) &&
	    !(op->may_be_missing && !*active))
		fail_msg("%s, cut at %u, data %d, names %d: active is \"%s\"", op->name,
		         disk.cut_at, disk.data, disk.names_lost, active);
	assert_string_not_equal(imported, "old");
	if (!op->may_be_missing)
		assert_true(store_time(store, 1000, &set) == 4000000000);
	assert_true(!*store_refused(store) || strcmp(store_refused(store), digest) == 0);
	store_close(store);
}

/* Returns false when the operation was over before the cut. */
static bool cut(const struct operation *op, unsigned at)
{
	int status;
	pid_t pid;

	prepare(op);
	disk.cut_at = at;
	pid = fork();
	if (pid == 0) {
		struct store *store = store_open(path, op->secret, why);

		disk.on = true;
		_exit(store && op->run(store) ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) != CUT && WEXITSTATUS(status) != 0)
		fail_msg("%s, cut at %u: status %d", op->name, at, WEXITSTATUS(status));
	judge(op);
	return WEXITSTATUS(status) == CUT;
}

static void the_power_may_go_at_any_call(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		for (int kind = 0; kind < 2 * DATA_KINDS; kind++) {
			unsigned at = 1;

			disk.data = (enum data)(kind / 2);
			disk.names_lost = kind % 2;
			while (cut(&operations[i], at))
				at++;
			assert_true(at > 4); /* an operation that makes no calls proves nothing */
		}
	}
}

/* A full or broken disk: the n-th call fails; the operation says so or is done, and the store goes on. */
static void any_call_may_fail(void **state)
{
	(void)state;
	disk.fail = true;
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		const struct operation *op = &operations[i];
		unsigned calls = 0;

		for (unsigned at = 1; at == 1 || calls >= at - 1; at++) {
			struct store *store;

			prepare(op);
			store = open_store(op->secret);
			disk.on = true;
			disk.calls = 0;
			disk.cut_at = at;
			why[0] = '\0';
			if (!op->run(store))
				assert_non_null(strstr(why, "No space left"));
			forget();
			calls = disk.calls;
			(void)value_of(op, store, STORE_ACTIVE);
			(void)value_of(op, store, STORE_IMPORTED);
			store_close(store);
			judge(op);
		}
	}
	disk.fail = false;
}

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(top))
		return -1;
	snprintf(path, sizeof(path), "%s/store", top);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	remove_folder();
	return rmdir(top);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_power_may_go_at_any_call),
		cmocka_unit_test(any_call_may_fail),
	};

	return cmocka_run_group_tests_name("store, power cuts", tests, set_up, tear_down);
}
