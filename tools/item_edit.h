/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * item_edit - changes items of a provisioning document and leaves every other octet as it is.
 *
 * No I/O.  The document is read with our own reader before and after: what it says afterwards is what
 * it said before, but for the changes, or the edit is refused.  Comments, order, white space, line
 * ends and encoding stay.  A new item follows the last one and looks like it.  Thread-safe.
 */
#ifndef TOOLS_ITEM_EDIT_H
#define TOOLS_ITEM_EDIT_H

#include <portcall/items.h>

#include "common/bytes.h"
#include "common/text.h"

struct item_change {
	const char *name;
	long index;        /* -1: none, which is the same place as 0 */
	const char *value; /* UTF-8; its line ends become the document's */
};

/*
 * `changes` have each name and index once.  ERR_SYNTAX, ERR_LIMIT, ERR_REFUSED: reason and text in
 * `ret_why`, `ret_document` untouched.  `ret_document` is wiped by the caller.
 */
PORTCALL_MUST_CHECK enum portcall_err item_edit(struct span document,
                                                const struct item_change *changes, size_t n,
                                                struct text *ret_document,
                                                struct portcall_why *ret_why);

/* A version that differs from `version`: 7 -> 8, 2026-a -> 2026-a.1, "" -> 1. False: it does not fit. */
bool item_next_version(const char *version, char *ret_next, size_t n);

#endif
