/* SPDX-License-Identifier: BSD-3-Clause */
/* radius_state - which device is where, by rlm_portcall's state file. */
#ifndef TOOLS_RADIUS_STATE_H
#define TOOLS_RADIUS_STATE_H

/* argv[0] is where, who or sessions.  The exit status: 1 when there is none. */
int radius_sessions(int argc, char **argv);

#endif
