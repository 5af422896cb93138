/* SPDX-License-Identifier: BSD-3-Clause */
/* text - a string that grows and is wiped. */
#include "common/text.h"

#include <stdlib.h>
#include <string.h>

void text_wipe(struct text *t)
{
	if (t->p)
		explicit_bzero(t->p, t->room);
	free(t->p);
	*t = (struct text){ 0 };
}

void text_add(struct text *t, const char *p, size_t n)
{
	if (t->failed)
		return;
	if (t->room - t->n <= n) {
		size_t room = (t->n + n + 1) * 2;
		char *grown = malloc(room);

		if (!grown) {
			t->failed = true;
			return;
		}
		if (t->p) {
			memcpy(grown, t->p, t->n);
			explicit_bzero(t->p, t->room);
			free(t->p);
		}
		t->p = grown;
		t->room = room;
	}
	if (n)
		memcpy(t->p + t->n, p, n);
	t->n += n;
	t->p[t->n] = '\0';
}
