/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * item_value - what a file becomes as the value of a provisioning item.
 *
 * No I/O.  Trust anchors become PEM text, a PKCS#12 base64 in lines of 64, everything else is text as it
 * stands.  A value that no phone could use is refused: a CA item with a private key above all.
 */
#ifndef TOOLS_ITEM_VALUE_H
#define TOOLS_ITEM_VALUE_H

#include <portcall/error.h>

#include "common/bytes.h"

/* The value of item `name` out of a file's content; malloc'ed, wipe it.  NULL: refused, or no memory. */
char *item_value(const char *name, struct span content, struct portcall_why *ret_why);

/* Could a phone use `value` as item `name`?  Names that look like a pass phrase are refused as well. */
PORTCALL_MUST_CHECK enum portcall_err item_value_check(const char *name, const char *value,
                                                       struct portcall_why *ret_why);

/* Lines of 64 characters, each with its end; malloc'ed; NULL: no memory. */
char *base64_lines(struct span octets);

#endif
