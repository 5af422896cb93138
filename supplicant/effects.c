/* SPDX-License-Identifier: BSD-3-Clause */
#include "supplicant/effects.h"

#include <stdlib.h>
#include <string.h>

enum { EFFECTS_FIRST = 8, EFFECTS_MAX = 256 };

/* Room for one more at the end. */
static bool make_room(struct effects *e)
{
	size_t room = e->room ? 2 * e->room : EFFECTS_FIRST;
	struct portcall_effect *queue;

	if (e->first + e->count < e->room)
		return true;
	if (e->first > 0) {
		memmove(e->queue, e->queue + e->first, e->count * sizeof(*e->queue));
		e->first = 0;
		return true;
	}
	if (room > EFFECTS_MAX)
		return false;
	queue = realloc(e->queue, room * sizeof(*queue));
	if (!queue)
		return false;
	e->queue = queue;
	e->room = room;
	return true;
}

static void *copy(const void *octets, size_t n)
{
	void *there = malloc(n);

	return there ? memcpy(there, octets, n) : NULL;
}

struct portcall_effect *effects_push(struct effects *e, enum portcall_effect_kind kind,
                                     struct span frame, const char *detail)
{
	struct portcall_effect effect = { .kind = kind, .detail = "", .retry_at = PORTCALL_NEVER };
	struct portcall_effect *slot;

	if (!make_room(e))
		return NULL;
	if (frame.n > 0) {
		effect.frame = copy(frame.p, frame.n);
		effect.frame_n = frame.n;
		if (!effect.frame)
			return NULL;
	}
	if (detail[0] != '\0') {
		const char *text = copy(detail, strlen(detail) + 1);

		effect.detail = text ? text : ""; /* the reason alone says most */
	}
	slot = &e->queue[e->first + e->count++];
	*slot = effect;
	return slot;
}

void effects_return(struct effects *e)
{
	free(e->lent_frame);
	free(e->lent_detail);
	e->lent_frame = e->lent_detail = NULL;
}

bool effects_take(struct effects *e, struct portcall_effect *ret_effect)
{
	effects_return(e);
	if (e->count == 0)
		return false;
	*ret_effect = e->queue[e->first++];
	e->count--;
	e->lent_frame = (void *)(uintptr_t)ret_effect->frame;
	if (ret_effect->detail[0] != '\0')
		e->lent_detail = (void *)(uintptr_t)ret_effect->detail;
	if (e->count == 0) {
		free(e->queue);
		e->queue = NULL;
		e->first = e->room = 0;
	}
	return true;
}

void effects_done(struct effects *e)
{
	struct portcall_effect effect;

	while (effects_take(e, &effect))
		;
}
