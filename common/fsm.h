/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fsm - what all protocol machines share: virtual time and the arc table made from a .def file.
 *
 * A machine's arcs stand in a .def file that is read beside the standard's figure and included
 * twice: as a table of struct fsm_arc (names for logs, graphs and arc coverage) and as the step
 * function.  Pure, thread-safe.
 */
#ifndef COMMON_FSM_H
#define COMMON_FSM_H

#include <stdbool.h>
#include <stdint.h>

typedef int64_t msec; /* milliseconds since any fixed origin; never goes back */

#define MSEC_NEVER INT64_MAX

static inline msec msec_min(msec a, msec b)
{
	return a < b ? a : b;
}

struct fsm_arc {
	const char *from; /* "*" for a global arc */
	const char *to;
	const char *why; /* the condition as written in the .def file */
};

#endif
