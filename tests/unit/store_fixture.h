/* SPDX-License-Identifier: BSD-3-Clause */
/* store_fixture - a store in a folder of its own, for the tests of the phone's store. */
#ifndef TESTS_UNIT_STORE_FIXTURE_H
#define TESTS_UNIT_STORE_FIXTURE_H

#include "supplicant/store.h"

struct store_fixture {
	char top[64];
	char path[96];
	char why[STORE_WHY_LEN];
};

int store_set_up(void **state);
int store_tear_down(void **state);
struct portcall_items *store_items_of(const char *value);
struct store *store_open_with(struct store_fixture *f, const char *secret);
struct store *store_open_plain(struct store_fixture *f);
void store_put(struct store_fixture *f, struct store *store, enum store_set set, const char *value);
void store_set_holds(struct store *store, enum store_set set, const char *value);
void store_write_file(const struct store_fixture *f, const char *name, const char *text);
unsigned store_file_count(const struct store_fixture *f);

#endif
