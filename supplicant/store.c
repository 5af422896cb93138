/* SPDX-License-Identifier: BSD-3-Clause */
#include "supplicant/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "common/auto.h"
#include "common/digest.h"

AUTO_CLEANUP(json, json_t *, json_decref)

enum { STATE_FORMAT = 1, STATE_MAX = 4096 /* octets */, LAST_GOOD_STEP = 3600 /* seconds */ };

struct store {
	int dir;
	char *path;
	int64_t last_good;
	char refused[STORE_DIGEST_LEN];
};

static const char *const set_files[] = {
	[STORE_ACTIVE] = "active.xml",
	[STORE_IMPORTED] = "imported.xml",
};
static const char state_file[] = "state.json";

/* --- files ---------------------------------------------------------------------------------------- */

/* The text wiped and freed. */
static void drop_text(char *text, size_t n)
{
	if (text)
		explicit_bzero(text, n);
	free(text);
}

/* Errno is set when not. */
static bool is_regular(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return false;
	errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
	return S_ISREG(st.st_mode);
}

/* Reads at most `max` octets; NULL with errno (EFBIG: it is larger). */
static char *read_file(int dir, const char *name, size_t max, size_t *ret_n)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	bool regular = fd >= 0 && is_regular(fd);
	char *text = regular ? malloc(max + 1) : NULL;
	size_t have = 0;
	ssize_t n = 1;

	while (text && n != 0 && have <= max) {
		n = read(fd, text + have, max + 1 - have);
		if (n > 0)
			have += (size_t)n;
		else if (n < 0 && errno != EINTR)
			break;
	}
	if (text && n == 0 && have <= max) {
		close(fd);
		text[have] = '\0';
		*ret_n = have;
		return text;
	}
	int error = !text || n < 0 ? errno : EFBIG;

	drop_text(text, have);
	if (fd >= 0)
		close(fd);
	errno = error;
	return NULL;
}

static bool write_all(int fd, const char *text, size_t n)
{
	while (n > 0) {
		ssize_t wrote = write(fd, text, n);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote < 0)
			return false;
		text += wrote;
		n -= (size_t)wrote;
	}
	return true;
}

static bool fail(const struct store *store, const char *doing, const char *name, char *ret_why)
{
	snprintf(ret_why, STORE_WHY_LEN, "Cannot %s %.120s/%s: %s.", doing, store->path, name,
	         strerror(errno));
	return false;
}

/* Until the rename the old file stands; after it the new one does, whole and on the disk. */
static bool replace_file(struct store *store, const char *name, const char *text, size_t n,
                         char *ret_why)
{
	char beside[64];
	int fd;
	bool ok;

	snprintf(beside, sizeof(beside), "%s.tmp", name);
	fd = openat(store->dir, beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
	            0600);
	if (fd < 0)
		return fail(store, "write", beside, ret_why);
	ok = write_all(fd, text, n) && fsync(fd) == 0;
	if (!ok)
		fail(store, "write", beside, ret_why);
	close(fd);
	if (ok && renameat(store->dir, beside, store->dir, name) < 0)
		ok = fail(store, "rename to", name, ret_why);
	if (!ok)
		unlinkat(store->dir, beside, 0);
	if (ok && fsync(store->dir) < 0)
		ok = fail(store, "sync", name, ret_why);
	return ok;
}

/* --- state ------------------------------------------------------------------------------------------ */

static bool is_digest(const char *text)
{
	return strlen(text) == STORE_DIGEST_LEN - 1 &&
	       strspn(text, "0123456789abcdef") == STORE_DIGEST_LEN - 1;
}

/* A state that cannot be read is an empty one: what it holds is a help, not a need. */
static void load_state(struct store *store)
{
	size_t n;
	AUTO(free) char *text = read_file(store->dir, state_file, STATE_MAX, &n);
	AUTO(json) json_t *state = text ? json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL) : NULL;
	json_int_t format = 0, last_good = 0;
	const char *refused = "";

	if (!state || json_unpack(state, "{s:I,s?I,s?s}", "format", &format, "last_good",
	                          &last_good, "refused", &refused) < 0)
		return;
	if (format != STATE_FORMAT)
		return;
	if (last_good > 0)
		store->last_good = last_good;
	if (is_digest(refused))
		strcpy(store->refused, refused);
}

static bool save_state(struct store *store, char *ret_why)
{
	AUTO(json)
	json_t *state = json_pack("{s:i,s:I,s:s}", "format", STATE_FORMAT, "last_good",
	                          (json_int_t)store->last_good, "refused", store->refused);
	AUTO(free) char *text = state ? json_dumps(state, JSON_COMPACT) : NULL;

	if (!text) {
		errno = ENOMEM;
		return fail(store, "write", state_file, ret_why);
	}
	return replace_file(store, state_file, text, strlen(text), ret_why);
}

/* --- life --------------------------------------------------------------------------------------------- */

/* The folder with the folders above it that are missing. */
static bool make_folder(const char *path)
{
	AUTO(free) char *copy = strdup(path);

	errno = ENOENT;
	if (!copy || !*copy)
		return false;
	for (char *p = copy + 1; (p = strchr(p, '/')) != NULL; p++) {
		*p = '\0';
		if (mkdir(copy, 0755) < 0 && errno != EEXIST)
			return false;
		*p = '/';
	}
	return mkdir(copy, 0700) == 0 || errno == EEXIST;
}

/* What an interruption left beside the files. */
static void remove_leftovers(const struct store *store)
{
	unlinkat(store->dir, "active.xml.tmp", 0);
	unlinkat(store->dir, "imported.xml.tmp", 0);
	unlinkat(store->dir, "state.json.tmp", 0);
}

static bool lock_folder(const struct store *store, const char *path, char *ret_why)
{
	struct stat st;

	if (flock(store->dir, LOCK_EX | LOCK_NB) < 0) {
		snprintf(ret_why, STORE_WHY_LEN,
		         "Another portcall-phone uses the store %.120s; stop it first.", path);
		return false;
	}
	if (fstat(store->dir, &st) < 0 || ((st.st_mode & 077) && fchmod(store->dir, 0700) < 0)) {
		snprintf(ret_why, STORE_WHY_LEN,
		         "The store %.120s is open to others and cannot be closed: %s.", path,
		         strerror(errno));
		return false;
	}
	return true;
}

struct store *store_open(const char *path, char ret_why[static STORE_WHY_LEN])
{
	struct store *store = calloc(1, sizeof(*store));

	if (!store || !(store->path = strdup(path))) {
		snprintf(ret_why, STORE_WHY_LEN, "Out of memory for the store.");
		free(store);
		return NULL;
	}
	store->dir = -1;
	if (make_folder(path))
		store->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->dir < 0) {
		snprintf(ret_why, STORE_WHY_LEN, "Cannot open the store %.120s: %s.", path,
		         strerror(errno));
		goto failed;
	}
	if (!lock_folder(store, path, ret_why))
		goto failed;
	remove_leftovers(store);
	load_state(store);
	return store;
failed:
	store_close(store);
	return NULL;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	if (store->dir >= 0)
		close(store->dir);
	free(store->path);
	free(store);
}

/* --- sets ----------------------------------------------------------------------------------------------- */

struct portcall_items *store_load(const struct store *store, enum store_set set,
                                  struct portcall_why *ret_why)
{
	struct portcall_items *items = NULL;
	size_t n;
	char *text = read_file(store->dir, set_files[set], PORTCALL_ITEMS_MAX_FILE, &n);

	*ret_why = (struct portcall_why){ 0 };
	if (!text) {
		if (errno == ENOENT)
			return NULL;
		ret_why->reason = errno == EFBIG ? PORTCALL_REASON_FILE_TOO_LARGE
		                                 : PORTCALL_REASON_FILE_UNREADABLE;
		snprintf(ret_why->text, sizeof(ret_why->text), "%.120s/%s: %s", store->path,
		         set_files[set], strerror(errno));
		return NULL;
	}
	if (portcall_items_read(text, n, NULL, NULL, &items, ret_why) != PORTCALL_OK)
		items = NULL;
	drop_text(text, n);
	return items;
}

bool store_save(struct store *store, enum store_set set, const struct portcall_items *items,
                char ret_why[static STORE_WHY_LEN])
{
	size_t n = 0;
	char *text = portcall_items_write(items, &n);
	bool ok;

	if (!text || n > PORTCALL_ITEMS_MAX_FILE) {
		errno = text ? EFBIG : ENOMEM;
		ok = fail(store, "write", set_files[set], ret_why);
	} else {
		ok = replace_file(store, set_files[set], text, n, ret_why);
	}
	drop_text(text, n);
	return ok;
}

bool store_promote(struct store *store, char ret_why[static STORE_WHY_LEN])
{
	if (renameat(store->dir, set_files[STORE_IMPORTED], store->dir, set_files[STORE_ACTIVE]) <
	            0 ||
	    fsync(store->dir) < 0)
		return fail(store, "replace", set_files[STORE_ACTIVE], ret_why);
	return true;
}

bool store_drop_imported(struct store *store, char ret_why[static STORE_WHY_LEN])
{
	if (unlinkat(store->dir, set_files[STORE_IMPORTED], 0) < 0)
		return errno == ENOENT || fail(store, "remove", set_files[STORE_IMPORTED], ret_why);
	return fsync(store->dir) == 0 || fail(store, "sync", set_files[STORE_IMPORTED], ret_why);
}

bool store_digest(const struct portcall_items *items, char ret_hex[static STORE_DIGEST_LEN])
{
	uint8_t digest[DIGEST_SHA256_LEN];
	size_t n = 0;
	char *text = portcall_items_write(items, &n);
	struct span part = span(text, n);
	bool ok = text && digest_sha256(&part, 1, digest);

	drop_text(text, n);
	for (size_t i = 0; ok && i < sizeof(digest); i++)
		snprintf(ret_hex + 2 * i, 3, "%02x", digest[i]);
	return ok;
}

const char *store_refused(const struct store *store)
{
	return store->refused;
}

bool store_set_refused(struct store *store, const char *digest, char ret_why[static STORE_WHY_LEN])
{
	if (strcmp(store->refused, digest) == 0)
		return true;
	snprintf(store->refused, sizeof(store->refused), "%s", digest);
	return save_state(store, ret_why);
}

/* --- the clock -------------------------------------------------------------------------------------------- */

/* When this file was compiled; SOURCE_DATE_EPOCH is honoured by the compiler. */
static int64_t build_time(void)
{
	struct tm tm = { 0 };
	const char *end = strptime(__DATE__, "%b %d %Y", &tm);

	return end ? (int64_t)timegm(&tm) : 0;
}

int64_t store_time(const struct store *store, int64_t system_clock, bool *ret_set)
{
	int64_t built = build_time();
	int64_t known = store->last_good > built ? store->last_good : built;

	*ret_set = system_clock >= known;
	return *ret_set ? system_clock : known;
}

bool store_set_last_good(struct store *store, int64_t now, char ret_why[static STORE_WHY_LEN])
{
	if (now < store->last_good + LAST_GOOD_STEP)
		return true;
	store->last_good = now;
	return save_state(store, ret_why);
}
