/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * dhcp - the DHCP client of the phone: udhcpc as a child, this program as its script.
 *
 * udhcpc sees to the protocol; it asks as vendor class `vendor_class` (option 60) for option 43.  On each event
 * it runs this program again, which says on its standard output (a pipe to the daemon) what there is.
 * The child dies with the daemon (setpriv --pdeathsig), releases its lease on dhcp_stop() and dhcp_quit() (killed
 * when that takes longer than two seconds), and is started again when it ends by itself.  Addresses are not
 * set here.  Shell, libuv loop.
 */
#ifndef SUPPLICANT_DHCP_H
#define SUPPLICANT_DHCP_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "supplicant/address_linux.h"
#include "supplicant/option43.h"

enum { DHCP_WHY_LEN = 200 };

struct dhcp;

struct dhcp_lease {
	struct address address;
	uint32_t server; /* host order; 0: unknown */
	struct option43 vendor;
};

struct dhcp_events {
	void (*bound)(void *ctx, const struct dhcp_lease *lease); /* new or renewed */
	void (*lost)(void *ctx);                                  /* the lease ended */
	void (*silent)(void *ctx); /* no server answered; the client goes on asking */
	void (*broken)(void *ctx, const char *why); /* the client cannot run; tried again */
	void (*quit)(void *ctx);                    /* after dhcp_quit(): it has ended */
};

struct dhcp_config {
	const char *interface;
	const char *vendor_class;
	const char *host_name; /* "" for none */
};

/* Strings of `config` and `events` are borrowed.  NULL: no memory. */
struct dhcp *dhcp_new(uv_loop_t *loop, const struct dhcp_config *config,
                      const struct dhcp_events *events, void *ctx);
void dhcp_free(struct dhcp *dhcp); /* NULL is fine; the loop must run until the child has ended */

void dhcp_start(struct dhcp *dhcp);
void dhcp_stop(struct dhcp *dhcp);
/* As dhcp_stop(), and `quit` tells the end.  False: no client runs. */
bool dhcp_quit(struct dhcp *dhcp);

/* Ask for the lease again, or give it back until dhcp_renew().  False: no client runs. */
bool dhcp_renew(struct dhcp *dhcp);
bool dhcp_release(struct dhcp *dhcp);

/* Was this program started by udhcpc as its script?  Then dhcp_script() is all it does. */
bool dhcp_is_script(void);
int dhcp_script(int argc, char **argv);

#endif
