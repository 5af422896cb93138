/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * link_netns - network namespaces of the switch: where the ports are, and where the management is.
 *
 * Shell only.  A socket belongs for good to the namespace in which it was opened, so the switch enters the
 * ports' namespace, opens its sockets there, and goes back.
 */
#ifndef SWITCH_LINK_NETNS_H
#define SWITCH_LINK_NETNS_H

#include <stdbool.h>

enum { LINK_WHY_LEN = 300 };

/*
 * A descriptor of the namespace `name` (below /run/netns, or a path with a slash; NULL or "": the one this
 * thread is in).  -1: `ret_why` is one sentence.
 */
int link_netns_open(const char *name, char ret_why[static LINK_WHY_LEN]);
bool link_netns_enter(int fd, char ret_why[static LINK_WHY_LEN]);
bool link_netns_same(int a, int b);

#endif
