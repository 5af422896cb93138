/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * progress - one line on the terminal while something takes long.
 *
 *	struct progress p = progress_of("issuing", n);
 *	progress_show(&p, i);
 *	progress_end(&p);
 *
 * Shell.  Nothing is shown when standard error is no terminal, nor in the first half second.
 */
#ifndef TOOLS_PROGRESS_H
#define TOOLS_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
	const char *what;
	size_t all;
	int64_t begun, shown; /* msec */
	bool terminal, visible;
};

struct progress progress_of(const char *what, size_t all);
void progress_show(struct progress *p, size_t done);
void progress_end(struct progress *p); /* takes the line away */

#endif
