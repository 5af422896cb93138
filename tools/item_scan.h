/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * item_scan - where the Item elements of a provisioning document stand.
 *
 * Pure.  For documents that our reader has read already: they are well-formed, so a scan for tags,
 * comments and CDATA sections is enough.  Places are offsets in octets.
 */
#ifndef TOOLS_ITEM_SCAN_H
#define TOOLS_ITEM_SCAN_H

#include "common/bytes.h"

struct item_place {
	size_t tag;         /* its '<' */
	size_t value, end;  /* between the tags; empty and behind the tag when it is <Item/> */
	size_t after;       /* behind the element */
	struct span prefix; /* "d:" */
	bool closed;        /* <Item .../> */
};

struct item_scan {
	struct span doc; /* an ASCII superset, no UTF-16 */
	size_t at;
};

/* The next Item element with a name; false: there is none. */
bool item_scan_next(struct item_scan *s, struct item_place *ret_place);

bool item_scan_space(uint8_t c); /* white space of XML */

#endif
