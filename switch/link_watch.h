/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * link_watch - the ports' network namespace: which interfaces there are, whether they have a link, and that no
 * IP stack listens there (rtnetlink(7)).
 *
 * Shell only.  The isolation of the ports rests on there being no IP address in their namespace: with one,
 * the kernel itself would answer a closed port.  So IPv6 is switched off there, and while any address but
 * loopback is in the namespace, link_watch_intruder() names it and no port has a link.
 */
#ifndef SWITCH_LINK_WATCH_H
#define SWITCH_LINK_WATCH_H

#include "switch/link_netns.h"

struct link_watch;

/* The interface of `port` came, went, or changed; ifindex 0: there is none. */
typedef void link_watch_fn(void *ctx, unsigned port, int ifindex, bool up);

/*
 * Watch `n` interfaces of the current network namespace (names are borrowed); their numbers are the
 * ports'.  `alone`: the namespace is only for ports, so that IPv6 is switched off in all of it and not for the ports'
 * interfaces alone.  NULL: `ret_why` is one sentence (an unknown interface, an address, ...).
 * Call link_watch_read() once to be told the first state.
 */
struct link_watch *link_watch_open(const char *const *interfaces, unsigned n, bool alone,
                                   link_watch_fn *changed, void *ctx,
                                   char ret_why[static LINK_WHY_LEN]);
void link_watch_close(struct link_watch *watch);   /* NULL is fine */
int link_watch_fd(const struct link_watch *watch); /* readable: call link_watch_read() */

/* Take in all notifications, then tell `changed` what is not as it was. */
void link_watch_read(struct link_watch *watch);

/*
 * Ask for the state of `port` now: the kernel's notification may come up to a second after the first
 * frame that the new link carries.
 */
void link_watch_refresh(struct link_watch *watch, unsigned port);

/* "eth0 has the address 192.0.2.1", or NULL. */
const char *link_watch_intruder(const struct link_watch *watch);

#endif
