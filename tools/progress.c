/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { QUIET_MS = 500, EVERY_MS = 100, WIDTH = 30 };

static int64_t msec_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct progress progress_of(const char *what, size_t all)
{
	return (struct progress){ .what = what,
		                  .all = all,
		                  .begun = msec_now(),
		                  .terminal = isatty(STDERR_FILENO) == 1 };
}

void progress_show(struct progress *p, size_t done)
{
	int64_t now, left;
	int bar;

	if (!p->terminal || !p->all || done > p->all)
		return;
	now = msec_now();
	if (now - p->begun < QUIET_MS || now - p->shown < EVERY_MS)
		return;
	p->shown = now;
	p->visible = true;
	bar = (int)(done * WIDTH / p->all);
	left = done ? (now - p->begun) * (int64_t)(p->all - done) / (int64_t)done / 1000 : 0;
	fprintf(stderr, "\r%s [%.*s%*s] %zu of %zu, %lld s left \x1b[K", p->what, bar,
	        "##############################", WIDTH - bar, "", done, p->all, (long long)left);
	fflush(stderr);
}

void progress_end(struct progress *p)
{
	if (p->visible)
		fputs("\r\x1b[K", stderr);
	p->visible = false;
}
