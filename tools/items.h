/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * items - `portcall items`: provisioning files checked and changed.
 *
 * Shell.  Results go to standard output, errors to standard error.  The int results are exit statuses:
 * 0 done, 1 refused, 2 cannot read or wrong usage.
 */
#ifndef TOOLS_ITEMS_H
#define TOOLS_ITEMS_H

#include <stdbool.h>
#include <stddef.h>

#include <portcall/error.h>

#include "common/auto.h"
#include "tools/item_edit.h"

#include <jansson.h>

AUTO_CLEANUP(json, json_t *, json_decref)

int items_check(int argc, char **argv);
int items_set(int argc, char **argv);

extern const char items_check_help[], items_set_help[];

/* "FILE:LINE: error: sentence [detail]" and the hint on a line of its own; without a line or file when 0 or NULL. */
void items_complain(const char *file, const struct portcall_why *why, const char *item);

/* How a provisioning file is changed; zero is sensible. */
struct items_file {
	const char *path;
	bool create;       /* make it when it is not there */
	bool keep_version; /* leave the version item alone */
};

/* What became of it. */
struct items_changed {
	bool written;
	char version_item[32]; /* "" when the version stayed */
	char before[64], after[64];
};

/* Set `changes` (at most ITEMS_CHANGES_MAX), give the file another version, write it in one step. */
enum { ITEMS_CHANGES_MAX = 64 };
int items_file_set(const struct items_file *file, const struct item_change *changes, size_t n,
                   struct items_changed *ret_changed);

#endif
