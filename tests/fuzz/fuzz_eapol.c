/* SPDX-License-Identifier: BSD-3-Clause */
/* Any Ethernet frame: what decodes lies inside it, and encodes to a frame that decodes to the same. */
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>

#include "common/eapol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t again[65535 + EAPOL_HEADER_LEN];
	struct eapol_frame f, g;
	size_t n;

	if (eapol_decode(span(data, size), &f) != PORTCALL_OK)
		return 0;
	assert(f.dst == data && f.src == data + MAC_LEN);
	assert(f.body.p >= data && f.body.n <= size - (size_t)(f.body.p - data));
	if (eapol_encode(f.dst, f.src, f.type, f.body, again, sizeof(again), &n) != PORTCALL_OK)
		abort();
	if (eapol_decode(span(again, n), &g) != PORTCALL_OK)
		abort();
	assert(g.type == f.type && span_equal(g.body, f.body));
	assert(mac_equal(g.dst, f.dst) && mac_equal(g.src, f.src));
	return 0;
}
