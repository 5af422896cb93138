/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * text - a string that grows, and is wiped whenever its memory is given back (it may hold a key).
 *
 * No I/O, no clock.  Allocates with malloc.  A failed addition makes the text failed for good:
 * add everything, then ask once.
 */
#ifndef COMMON_TEXT_H
#define COMMON_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct text {
	char *p;        /* malloc'ed; NUL-terminated once something was added */
	size_t n, room; /* octets */
	bool failed;    /* no memory */
};

void text_add(struct text *t, const char *p, size_t n);
void text_wipe(struct text *t); /* empty and usable again */

#endif
