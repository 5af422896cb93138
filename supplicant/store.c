/* SPDX-License-Identifier: BSD-3-Clause */
#include "supplicant/store.h"

#include <errno.h>
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
#include "supplicant/seal.h"
#include "supplicant/store_file.h"

AUTO_CLEANUP(json, json_t *, json_decref)

enum { STATE_FORMAT = 1, STATE_MAX = 4096 /* octets */, LAST_GOOD_STEP = 3600 /* seconds */ };

struct store {
	int folder;
	char *path;
	struct seal *seal; /* NULL: no secret */
	uint8_t salt[SEAL_SALT_LEN];
	int64_t last_good;
	char refused[STORE_DIGEST_LEN];
	char restarted[STORE_RESTARTS][STORE_DIGEST_LEN]; /* the newest first; "": none */
};

static const char *const set_files[] = {
	[STORE_ACTIVE] = "active.xml",
	[STORE_IMPORTED] = "imported.xml",
};
static const char state_file[] = "state.json";

/* `doing` as the functions of store_file return it. */
static bool done(const struct store *store, const char *doing, const char *name, char *ret_why)
{
	if (!doing)
		return true;
	snprintf(ret_why, STORE_WHY_LEN, "Cannot %s %.120s/%s: %s.", doing, store->path, name,
	         strerror(errno));
	return false;
}

static void to_hex(const uint8_t *octets, size_t n, char *ret_hex)
{
	for (size_t i = 0; i < n; i++)
		snprintf(ret_hex + 2 * i, 3, "%02x", octets[i]);
}

/* --- state ------------------------------------------------------------------------------------------ */

static bool is_hex(const char *text, size_t n)
{
	return text && strlen(text) == n && strspn(text, "0123456789abcdef") == n;
}

static void take_digest(const json_t *value, char ret_digest[static STORE_DIGEST_LEN])
{
	const char *text = json_string_value(value);

	if (is_hex(text, STORE_DIGEST_LEN - 1))
		strcpy(ret_digest, text);
}

static void take_salt(struct store *store, const char *hex)
{
	unsigned octet;

	if (!is_hex(hex, 2 * SEAL_SALT_LEN))
		return;
	for (size_t i = 0; i < SEAL_SALT_LEN && sscanf(hex + 2 * i, "%2x", &octet) == 1; i++)
		store->salt[i] = (uint8_t)octet;
}

/* A state that cannot be read is an empty one: what it holds is a help, not a need. */
static void load_state(struct store *store)
{
	size_t n;
	AUTO(free) char *text = store_file_read(store->folder, state_file, STATE_MAX, &n);
	AUTO(json) json_t *state = text ? json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL) : NULL;
	const json_t *restarted = json_object_get(state, "restarted");
	json_int_t last_good = json_integer_value(json_object_get(state, "last_good"));

	if (json_integer_value(json_object_get(state, "format")) != STATE_FORMAT)
		return;
	if (last_good > 0)
		store->last_good = last_good;
	take_digest(json_object_get(state, "refused"), store->refused);
	for (size_t i = 0; i < STORE_RESTARTS; i++)
		take_digest(json_array_get(restarted, i), store->restarted[i]);
	take_salt(store, json_string_value(json_object_get(state, "salt")));
}

static bool save_state(struct store *store, char *ret_why)
{
	char salt[2 * SEAL_SALT_LEN + 1];
	json_t *restarted = json_array();
	AUTO(json) json_t *state = NULL;
	AUTO(free) char *text = NULL;

	for (size_t i = 0; i < STORE_RESTARTS && store->restarted[i][0]; i++)
		json_array_append_new(restarted, json_string(store->restarted[i]));
	to_hex(store->salt, SEAL_SALT_LEN, salt);
	state = json_pack("{s:i,s:I,s:s,s:o,s:s}", "format", STATE_FORMAT, "last_good",
	                  (json_int_t)store->last_good, "refused", store->refused, "restarted",
	                  restarted, "salt", salt);
	text = state ? json_dumps(state, JSON_COMPACT) : NULL;
	if (!text) {
		errno = ENOMEM;
		return done(store, "write", state_file, ret_why);
	}
	return done(store, store_file_replace(store->folder, state_file, span(text, strlen(text))),
	            state_file, ret_why);
}

/* --- life --------------------------------------------------------------------------------------------- */

static bool lock_folder(const struct store *store, char *ret_why)
{
	struct stat st;

	if (flock(store->folder, LOCK_EX | LOCK_NB) < 0) {
		snprintf(ret_why, STORE_WHY_LEN,
		         "Another portcall-phone uses the store %.120s; stop it first.",
		         store->path);
		return false;
	}
	if (fstat(store->folder, &st) < 0 ||
	    ((st.st_mode & 077) && fchmod(store->folder, 0700) < 0)) {
		snprintf(ret_why, STORE_WHY_LEN,
		         "The store %.120s is open to others and cannot be closed: %s.",
		         store->path, strerror(errno));
		return false;
	}
	return true;
}

/* What an interruption left beside the files. */
static void remove_leftovers(const struct store *store)
{
	store_file_clean(store->folder, set_files[STORE_ACTIVE]);
	store_file_clean(store->folder, set_files[STORE_IMPORTED]);
	store_file_clean(store->folder, state_file);
}

struct store *store_open(const char *path, const char *secret, char ret_why[static STORE_WHY_LEN])
{
	struct store *store = calloc(1, sizeof(*store));

	if (!store || !(store->path = strdup(path)) ||
	    !digest_random(store->salt, sizeof(store->salt))) {
		snprintf(ret_why, STORE_WHY_LEN, "Out of memory for the store.");
		if (store)
			free(store->path);
		free(store);
		return NULL;
	}
	store->folder = store_folder_open(path);
	if (store->folder < 0) {
		snprintf(ret_why, STORE_WHY_LEN, "Cannot open the store %.120s: %s.", path,
		         strerror(errno));
		goto failed;
	}
	if (!lock_folder(store, ret_why))
		goto failed;
	remove_leftovers(store);
	load_state(store);
	if (*secret && !(store->seal = seal_new(secret, store->salt))) {
		snprintf(ret_why, STORE_WHY_LEN, "Out of memory for the store.");
		goto failed;
	}
	return store;
failed:
	store_close(store);
	return NULL;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	if (store->folder >= 0)
		close(store->folder);
	seal_free(store->seal);
	free(store->path);
	free(store);
}

/* --- sets ----------------------------------------------------------------------------------------------- */

static void unreadable(const struct store *store, const char *name, struct portcall_why *ret_why)
{
	if (errno == ENOENT)
		return;
	ret_why->reason =
		errno == EFBIG ? PORTCALL_REASON_FILE_TOO_LARGE : PORTCALL_REASON_FILE_UNREADABLE;
	snprintf(ret_why->text, sizeof(ret_why->text), "%.120s/%s: %s", store->path, name,
	         strerror(errno));
}

/* Opens what is sealed, in place of it.  False: `ret_why`. */
static bool unseal(struct store *store, const char *name, char **text, size_t *n,
                   struct portcall_why *ret_why)
{
	char *clear = NULL;
	size_t clear_n = 0;
	enum portcall_err err = PORTCALL_ERR_REFUSED;
	enum portcall_reason reason = PORTCALL_REASON_STORE_SEALED;

	if (store->seal)
		err = seal_open(store->seal, span(*text, *n), &clear, &clear_n, &reason);
	store_file_forget(*text, *n);
	*text = clear;
	*n = clear_n;
	if (err == PORTCALL_OK)
		return true;
	ret_why->reason = reason;
	snprintf(ret_why->text, sizeof(ret_why->text), "%.120s/%s", store->path, name);
	return false;
}

struct portcall_items *store_load(struct store *store, enum store_set set,
                                  struct portcall_why *ret_why)
{
	const char *name = set_files[set];
	struct portcall_items *items = NULL;
	char unused[STORE_WHY_LEN];
	size_t n;
	char *text =
		store_file_read(store->folder, name, PORTCALL_ITEMS_MAX_FILE + SEAL_OVERHEAD, &n);
	bool sealed = text && seal_is_sealed(span(text, n));

	*ret_why = (struct portcall_why){ 0 };
	if (!text) {
		unreadable(store, name, ret_why);
		return NULL;
	}
	if (sealed && !unseal(store, name, &text, &n, ret_why))
		return NULL;
	if (portcall_items_read(text, n, NULL, NULL, &items, ret_why) != PORTCALL_OK)
		items = NULL;
	store_file_forget(text, n);
	if (items && store->seal && !sealed) /* where it cannot be written it stays as it is */
		(void)store_save(store, set, items, unused);
	return items;
}

bool store_save(struct store *store, enum store_set set, const struct portcall_items *items,
                char ret_why[static STORE_WHY_LEN])
{
	const char *name = set_files[set], *failed = "write";
	size_t n = 0;
	char *text = portcall_items_write(items, &n);
	uint8_t *sealed = NULL;

	errno = ENOMEM;
	if (text && n > PORTCALL_ITEMS_MAX_FILE)
		errno = EFBIG;
	else if (text && !store->seal)
		failed = store_file_replace(store->folder, name, span(text, n));
	else if (text && seal_close(store->seal, span(text, n), &sealed) == PORTCALL_OK)
		failed = store_file_replace(store->folder, name, span(sealed, n + SEAL_OVERHEAD));
	if (failed)
		done(store, failed, name, ret_why);
	store_file_forget(text, n);
	free(sealed);
	return !failed;
}

bool store_promote(struct store *store, char ret_why[static STORE_WHY_LEN])
{
	return done(store,
	            store_file_rename(store->folder, set_files[STORE_IMPORTED],
	                              set_files[STORE_ACTIVE]),
	            set_files[STORE_ACTIVE], ret_why);
}

static bool drop(struct store *store, const char *name, char *ret_why)
{
	return done(store, store_file_remove(store->folder, name), name, ret_why);
}

bool store_drop_imported(struct store *store, char ret_why[static STORE_WHY_LEN])
{
	return drop(store, set_files[STORE_IMPORTED], ret_why);
}

bool store_erase(struct store *store, char ret_why[static STORE_WHY_LEN])
{
	store->last_good = 0;
	store->refused[0] = '\0';
	memset(store->restarted, 0, sizeof(store->restarted));
	return drop(store, set_files[STORE_IMPORTED], ret_why) &&
	       drop(store, set_files[STORE_ACTIVE], ret_why) && drop(store, state_file, ret_why);
}

bool store_digest(struct store *store, const struct portcall_items *items,
                  char ret_hex[static STORE_DIGEST_LEN])
{
	uint8_t digest[DIGEST_SHA256_LEN];
	size_t n = 0;
	char *text = portcall_items_write(items, &n);
	struct span part = span(text, n);
	bool ok = text && (store->seal ? seal_digest(store->seal, part, digest)
	                               : digest_sha256(&part, 1, digest));

	store_file_forget(text, n);
	if (ok)
		to_hex(digest, sizeof(digest), ret_hex);
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

bool store_restarted(const struct store *store, const char *digest)
{
	for (size_t i = 0; i < STORE_RESTARTS; i++)
		if (strcmp(store->restarted[i], digest) == 0)
			return true;
	return false;
}

bool store_add_restarted(struct store *store, const char *digest,
                         char ret_why[static STORE_WHY_LEN])
{
	memmove(store->restarted[1], store->restarted[0],
	        sizeof(store->restarted) - sizeof(store->restarted[0]));
	snprintf(store->restarted[0], sizeof(store->restarted[0]), "%s", digest);
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
