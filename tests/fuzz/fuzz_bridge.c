/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any frames between ports that are opened and closed at any time: a closed port takes no part, VLANs
 * stay apart, EAPOL and frames of foreign stations stay on their port.
 *
 * The input is a list of steps: an octet (what: 2 bits, port: 2 bits, argument: 4 bits), and for a
 * frame an octet with its length and the frame.
 */
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "switch/bridge.h"

enum { PORTS = 4, STATIONS = 8, AGE = 50 };
enum step { FRAME, OPEN, CLOSE, LINK };

static const uint8_t session_mac[MAC_LEN] = { 2, 0, 0, 0, 0, 1 };

static struct {
	uint16_t vlan; /* 0: closed */
	bool up, single;
} model[PORTS];

static bool has_type(struct span frame, uint16_t wanted)
{
	for (size_t at = 12; at + 2 <= frame.n; at += 4) {
		uint16_t type = (uint16_t)(frame.p[at] << 8 | frame.p[at + 1]);

		if (type != 0x8100 && type != 0x88a8 && type != 0x9100)
			return type == wanted;
	}
	return false;
}

static void check(const struct bridge_decision *d, unsigned port, struct span frame)
{
	if (d->verdict != BRIDGE_DROP)
		assert(has_type(frame, 0x888e) == (d->verdict == BRIDGE_PAE));
	if (d->verdict != BRIDGE_FORWARD)
		return;
	assert(model[port].vlan && frame.n >= 14 + d->strip);
	assert(!model[port].single || mac_equal(frame.p + MAC_LEN, session_mac));
	for (size_t i = 0; i < d->egress_n; i++) {
		unsigned out = d->egress[i];

		assert(out != port && out < PORTS && model[out].up);
		assert(model[out].vlan == model[port].vlan);
		assert(i == 0 || d->egress[i - 1] < out);
	}
}

static void check_stations(const struct bridge *bridge)
{
	size_t n = 0;

	for (const struct fdb_entry *e = fdb_next(bridge_fdb(bridge), NULL); e;
	     e = fdb_next(bridge_fdb(bridge), e)) {
		assert(e->port < PORTS && model[e->port].vlan == e->vlan && !mac_is_group(e->mac));
		n++;
	}
	assert(n == fdb_count(bridge_fdb(bridge)) && n <= STATIONS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bridge_config config = {
		.ports = PORTS, .mac = { 2, 0, 0, 0, 0, 0xee }, .fdb_max = STATIONS, .fdb_age = AGE
	};
	struct bridge *bridge = bridge_new(&config);
	struct reader r = reader_of(span(data, size));

	if (!bridge)
		return 0;
	memset(model, 0, sizeof(model));
	for (msec now = 0; !reader_done(&r) && reader_ok(&r); now += 3) {
		uint8_t octet = read_u8(&r);
		unsigned port = octet >> 2 & 3, argument = octet >> 4;

		switch ((enum step)(octet & 3)) {
		case FRAME: {
			struct span frame = read_bytes(&r, read_u8(&r));
			struct bridge_decision d = bridge_input(bridge, port, frame, now);

			check(&d, port, frame);
			break;
		}
		case OPEN:
			model[port].vlan = (uint16_t)(1 + (argument & 3));
			model[port].single = argument & 4;
			bridge_open(bridge, port, model[port].vlan,
			            model[port].single ? session_mac : NULL);
			break;
		case CLOSE:
			model[port].vlan = 0;
			bridge_close(bridge, port);
			break;
		case LINK:
			model[port].up = argument & 1;
			bridge_link(bridge, port, model[port].up);
			break;
		}
		if (argument & 8)
			bridge_tick(bridge, now);
		check_stations(bridge);
	}
	bridge_free(bridge);
	return 0;
}
