/* SPDX-License-Identifier: BSD-3-Clause */
/* Any EAP packet: what decodes lies inside it and encodes to the same octets; the headers inside it too. */
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>

#include "common/eap.h"

static int inside(struct span part, struct span whole)
{
	return part.n == 0 ||
	       (part.p >= whole.p && part.n <= whole.n && part.p + part.n <= whole.p + whole.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t again[65536];
	struct span input = span(data, size);
	struct eap_packet p;
	struct eap_tls_header h;
	size_t n;

	if (eap_decode(input, &p) != PORTCALL_OK)
		return 0;
	assert(inside(p.whole, input) && inside(p.data, p.whole));
	if (eap_encode(p.code, p.id, p.type, p.data, again, sizeof(again), &n) != PORTCALL_OK)
		abort();
	if (p.type != EAP_METHOD_NONE)
		assert(span_equal(span(again, n), p.whole));
	assert(inside(eap_identity_session(p.data), p.data));
	if (p.type == EAP_METHOD_TLS && eap_tls_decode(p.data, &h) == PORTCALL_OK)
		assert(inside(h.fragment, p.data));
	return 0;
}
