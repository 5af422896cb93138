/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * auto - scope cleanup: AUTO(free_fn) on a local pointer calls free_fn(&pointer) at the end of its scope.
 *
 *	AUTO_CLEANUP(json_free, json_t *, json_decref)
 *	AUTO(json_free) json_t *reply = json_object();
 *	return steal(reply);      (hands it over: the local becomes NULL)
 */
#ifndef COMMON_AUTO_H
#define COMMON_AUTO_H

#include <stdlib.h>

#define AUTO(name) __attribute__((cleanup(auto_##name)))

#define AUTO_CLEANUP(name, type, free_fn)        \
	static inline void auto_##name(type *at) \
	{                                        \
		if (*at)                         \
			free_fn(*at);            \
	}

static inline void auto_free(void *at)
{
	free(*(void **)at);
}

#define steal(pointer)                                       \
	__extension__({                                      \
		__typeof__(pointer) steal_taken = (pointer); \
		(pointer) = NULL;                            \
		steal_taken;                                 \
	})

#endif
