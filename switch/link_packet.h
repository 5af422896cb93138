/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * link_packet - the links of all ports through one packet socket (packet(7)).
 *
 * Shell only.  The socket belongs to the network namespace in which it was opened, is bound to no
 * interface, and knows a frame's port by its interface index.  Frames come and go in batches, with the
 * checksum and segmentation state that Linux left in them (PACKET_VNET_HDR), so that offloads stay on.
 * An 802.1Q tag that the kernel took off is put back: frames are as they stood on the wire, without FCS.
 */
#ifndef SWITCH_LINK_PACKET_H
#define SWITCH_LINK_PACKET_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "common/bytes.h"
#include "switch/link_netns.h"
#include "switch/offload.h"

enum { LINK_BATCH = 64, LINK_FRAME_MAX = 65536 + 64 };

struct link_packet;

struct link_frame {
	unsigned port;
	const uint8_t *p; /* valid until the next link_packet_receive() */
	size_t n;
	struct offload offload;
	struct timespec at; /* CLOCK_REALTIME: when the kernel took it in, or gave it out */
};

/*
 * For ports 0 to `ports` - 1, none of them bound yet.  `sent` is told each frame that left, when it left.
 * NULL: `ret_why` is one sentence.
 */
struct link_packet *link_packet_open(unsigned ports,
                                     void (*sent)(void *ctx, const struct link_frame *frame),
                                     void *ctx, char ret_why[static LINK_WHY_LEN]);
void link_packet_close(struct link_packet *link);   /* NULL is fine */
int link_packet_fd(const struct link_packet *link); /* readable: call link_packet_receive() */

/* From now on `port` is the interface with this index (0: none); all its frames are received. */
void link_packet_bind(struct link_packet *link, unsigned port, int ifindex);

/* The frames that wait, at most LINK_BATCH; 0: none. */
size_t link_packet_receive(struct link_packet *link, const struct link_frame **ret_frames);

/*
 * Send `frame` by `port` without the `strip` octets behind its addresses (0 or 4), at the latest with
 * link_packet_flush(), which comes before the next link_packet_receive().
 */
void link_packet_forward(struct link_packet *link, unsigned port, const struct link_frame *frame,
                         size_t strip);
void link_packet_flush(struct link_packet *link);

/* Frames that the kernel dropped because the switch was too slow to take them, since it was opened. */
uint64_t link_packet_lost(struct link_packet *link);

/* Send `frame` by `port` at once. */
void link_packet_send(struct link_packet *link, unsigned port, struct span frame);

#endif
