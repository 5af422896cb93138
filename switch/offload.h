/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * offload - what Linux left undone in a frame for the network card to do: checksum and segmentation.
 *
 * Between two packet sockets the state travels with the frame and nothing needs doing.  Where a frame leaves
 * Linux as it is (a capture file), offload_complete() writes the checksum.  Segmentation is not done
 * here: a frame of several segments is valid as one large frame, whose checksum is completed alike.
 *
 * Pure, thread-safe.
 */
#ifndef SWITCH_OFFLOAD_H
#define SWITCH_OFFLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { OFFLOAD_NEEDS_CHECKSUM = 1 };

/* struct virtio_net_hdr in the host's byte order, as PACKET_VNET_HDR carries it. */
struct offload {
	uint8_t flags;
	uint8_t gso_type; /* 0: one segment */
	uint16_t hdr_len;
	uint16_t gso_size;
	uint16_t csum_start;  /* the checksum is over the octets from here to the end ... */
	uint16_t csum_offset; /* ... and stands this far behind csum_start */
};

/* The headers grew (or shrank) by `n` octets before csum_start: a tag was put in or taken off. */
void offload_move(struct offload *offload, int n);

/*
 * Write the checksum that is missing into the frame of `n` octets; the state says afterwards that
 * nothing is missing.  false: the state points outside of the frame, nothing was changed.
 */
bool offload_complete(struct offload *offload, uint8_t *frame, size_t n);

#endif
