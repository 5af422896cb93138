/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * item_scan - a look at a document before libxml2 sees it.  Pure; thread-safe.
 *
 * libxml2 hands nearly any encoding to iconv, and compares each attribute of a tag with all before it: both
 * must be bounded beforehand, since it says nothing until a tag is complete.
 */
#ifndef COMMON_ITEM_SCAN_H
#define COMMON_ITEM_SCAN_H

#include <portcall/error.h>

#include "common/bytes.h"

enum { ITEM_SCAN_TAG_MAX = 8192 /* characters of a tag */ };

/* OK, or the refusal in `ret_why`. */
enum portcall_err item_scan(struct span document, struct portcall_why *ret_why);

#endif
