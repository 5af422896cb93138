/* SPDX-License-Identifier: BSD-3-Clause */
#include "switch/offload.h"

void offload_move(struct offload *offload, int n)
{
	if (offload->flags & OFFLOAD_NEEDS_CHECKSUM)
		offload->csum_start = (uint16_t)(offload->csum_start + n);
	if (offload->gso_type)
		offload->hdr_len = (uint16_t)(offload->hdr_len + n);
}

/* RFC 1071: one's complement sum of 16-bit words. */
static uint16_t internet_sum(const uint8_t *p, size_t n)
{
	uint64_t sum = 0;

	for (; n > 1; p += 2, n -= 2)
		sum += (uint32_t)p[0] << 8 | p[1];
	if (n)
		sum += (uint32_t)p[0] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/*
 * The field holds the sum of the pseudo header already (TCP, UDP), so that the checksum of
 * everything from csum_start is the finished one, whatever the protocol.
 */
bool offload_complete(struct offload *offload, uint8_t *frame, size_t n)
{
	size_t at = (size_t)offload->csum_start + offload->csum_offset;

	if (!(offload->flags & OFFLOAD_NEEDS_CHECKSUM))
		return true;
	if (offload->csum_start >= n || at + 2 > n)
		return false;

	uint16_t checksum =
		(uint16_t)~internet_sum(frame + offload->csum_start, n - offload->csum_start);

	if (checksum == 0) /* RFC 768: zero means "none", and both are the same sum */
		checksum = 0xffff;
	frame[at] = (uint8_t)(checksum >> 8);
	frame[at + 1] = (uint8_t)checksum;
	offload->flags = (uint8_t)(offload->flags & ~OFFLOAD_NEEDS_CHECKSUM);
	return true;
}
