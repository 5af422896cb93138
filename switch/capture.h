/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * capture - what passed on the wire of each port, one pcap file per port.
 *
 * Shell only (libpcap).  Files have nanosecond times of CLOCK_REALTIME, as the events have, and whole frames:
 * checksums that Linux left to the network card are completed in the file, and a frame of several segments that
 * Linux had not cut yet stands in it as one large frame.
 */
#ifndef SWITCH_CAPTURE_H
#define SWITCH_CAPTURE_H

#include "switch/link_packet.h"

struct capture;

/* Write `directory`/`name`.pcap for each of `n` ports, replacing older files.  NULL: `ret_why` is one sentence. */
struct capture *capture_open(const char *directory, const char *const *names, unsigned n,
                             char ret_why[static LINK_WHY_LEN]);
void capture_close(struct capture *capture); /* NULL is fine */

void capture_frame(struct capture *capture, const struct link_frame *frame);
void capture_flush(struct capture *capture); /* readers see all frames so far */

#endif
