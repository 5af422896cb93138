/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * effects - the queue of what a supplicant wants to happen, and the memory behind each effect.
 *
 * Pure; allocates while something waits and nothing otherwise.  Not thread-safe.
 */
#ifndef SUPPLICANT_EFFECTS_H
#define SUPPLICANT_EFFECTS_H

#include <portcall/supplicant.h>

#include "common/bytes.h"

struct effects {
	struct portcall_effect *queue;
	size_t first, count, room;
	void *lent_frame, *lent_detail; /* of the last effect given out */
};

/*
 * A new effect at the end, to be filled; `frame` and `detail` are copied (empty: none).  NULL: no memory, or
 * too many wait: then it is lost, as a frame on the wire might be.
 */
struct portcall_effect *effects_push(struct effects *effects, enum portcall_effect_kind kind,
                                     struct span frame, const char *detail);

/* The oldest one; its memory stays until the next effects_take() or effects_return(). */
bool effects_take(struct effects *effects, struct portcall_effect *ret_effect);
void effects_return(struct effects *effects);
void effects_done(struct effects *effects);

#endif
