/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * store - what the phone keeps on disk, safe against a loss of power at any point.
 *
 *	FOLDER/                0700, one program at a time (flock)
 *	  active.xml           0600: the items in use, known to be good; DLS WriteItems form
 *	  imported.xml         0600: new items whose credentials are on trial; mostly absent
 *	  state.json           0600: {"format":1,"last_good":<seconds since 1970>,"refused":"<digest>",
 *	                             "restarted":["<digest>",...],"salt":"<hex>"}
 *
 * With a secret (the phone's pass phrase) the two sets are sealed (seal.h); one that lies there in clear, as
 * from hand, is sealed when it is read.  Files are replaced and removed as store_file.h says: whole, and what
 * was there before is overwritten.  To seed a phone use portcall-phone --import.  Shell; not thread-safe.
 */
#ifndef SUPPLICANT_STORE_H
#define SUPPLICANT_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include <portcall/items.h>

enum { STORE_WHY_LEN = 300, STORE_DIGEST_LEN = 65 /* hex with NUL */, STORE_RESTARTS = 8 };

enum store_set { STORE_ACTIVE, STORE_IMPORTED };

struct store;

/* Make or open the folder `path`.  `secret`: "" for none.  NULL: `ret_why` is one sentence. */
struct store *store_open(const char *path, const char *secret, char ret_why[static STORE_WHY_LEN]);
void store_close(struct store *store); /* NULL is fine */

/* The items of a set; NULL: there is none (`ret_why` reason NONE), or it cannot be read. */
struct portcall_items *store_load(struct store *store, enum store_set set,
                                  struct portcall_why *ret_why);
/* These write; false: `ret_why` is one sentence and the files are what they were. */
bool store_save(struct store *store, enum store_set set, const struct portcall_items *items,
                char ret_why[static STORE_WHY_LEN]);
bool store_promote(struct store *store,
                   char ret_why[static STORE_WHY_LEN]); /* imported becomes active */
bool store_drop_imported(struct store *store, char ret_why[static STORE_WHY_LEN]);
/* Everything, state and clock too.  False: something may be left. */
bool store_erase(struct store *store, char ret_why[static STORE_WHY_LEN]);

/* Knows the written form of a set again: HMAC under the secret, without one SHA-256. */
bool store_digest(struct store *store, const struct portcall_items *items,
                  char ret_hex[static STORE_DIGEST_LEN]);

/* The digest of the set whose credentials failed and are not tried again; "" for none. */
const char *store_refused(const struct store *store);
bool store_set_refused(struct store *store, const char *digest, char ret_why[static STORE_WHY_LEN]);

/* The sets that made this phone restart, the newest STORE_RESTARTS of them. */
bool store_restarted(const struct store *store, const char *digest);
bool store_add_restarted(struct store *store, const char *digest,
                         char ret_why[static STORE_WHY_LEN]);

/*
 * The clock before there is one: the later of `system_clock`, this program's build date and the last time
 * that a server proved itself, in seconds since 1970.  ret_set: the system clock itself is plausible.
 */
int64_t store_time(const struct store *store, int64_t system_clock, bool *ret_set);
/* A server proved itself at `now`: remember that.  Written at most once an hour. */
bool store_set_last_good(struct store *store, int64_t now, char ret_why[static STORE_WHY_LEN]);

#endif
