/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * l2_linux - the phone's network interface on Linux: EAPOL frames (AF_PACKET) and the link (rtnetlink).
 *
 * The interface is set up (IFF_UP) once, at l2_open().  Link means: up, and with a carrier.  A link that
 * was lost and came back between two looks, or that got another MAC address, is reported as down and up.  EAPOL frames are taken untagged or
 * priority-tagged (VLAN 0); those of another VLAN are dropped (IEEE 802.1X-2004 7.4).  Shell, libuv loop.
 */
#ifndef SUPPLICANT_L2_LINUX_H
#define SUPPLICANT_L2_LINUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

enum { L2_WHY_LEN = 200 };

struct l2;

struct l2_events {
	void (*link)(void *ctx, bool up);                         /* first at the loop's start */
	void (*frame)(void *ctx, const uint8_t *frame, size_t n); /* a whole Ethernet frame */
	void (*gone)(void *ctx);                                  /* the interface was removed */
};

/* `eapol`: open the packet socket.  NULL: `ret_why` is one sentence. */
struct l2 *l2_open(uv_loop_t *loop, const char *interface, bool eapol,
                   const struct l2_events *events, void *ctx, char ret_why[static L2_WHY_LEN]);
void l2_close(struct l2 *l2); /* NULL is fine; the loop must run once more to finish */

const uint8_t *l2_mac(const struct l2 *l2);
unsigned l2_index(const struct l2 *l2);
/* False: the frame could not be sent, as when it is lost on the wire. */
bool l2_send(struct l2 *l2, const uint8_t *frame, size_t n);

#endif
