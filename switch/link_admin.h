/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * link_admin - takes interfaces of the ports' network namespace down and up (netdevice(7)).
 *
 * Shell only.  The descriptor belongs to the network namespace in which it was opened.
 */
#ifndef SWITCH_LINK_ADMIN_H
#define SWITCH_LINK_ADMIN_H

#include <stdbool.h>

#include "switch/link_netns.h"

/* A descriptor for link_admin_set(), to be closed by the caller; -1: `ret_why` is one sentence. */
int link_admin_open(char ret_why[static LINK_WHY_LEN]);

/* false: errno says why not. */
bool link_admin_set(int fd, const char *interface, bool up);

#endif
