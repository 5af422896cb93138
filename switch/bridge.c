/* SPDX-License-Identifier: BSD-3-Clause */
#include "switch/bridge.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/eapol.h"

enum { TAG_LEN = 4, VID_MASK = 0xfff, VID_MAX = 4094 };

struct port {
	bool up;
	bool single;   /* only frames of `mac` come in */
	uint16_t vlan; /* 0: closed */
	uint16_t expected_vlan;
	uint8_t mac[MAC_LEN];
	struct bridge_counters counters;
};

struct bridge {
	unsigned n;
	uint8_t mac[MAC_LEN];
	struct fdb *fdb;
	unsigned *egress;
	struct port *ports;
};

/* What bridge_input() has to know of a frame. */
struct view {
	const uint8_t *dst, *src;
	uint16_t ethertype; /* behind all tags */
	bool prioritized;   /* the outer tag has VID 0 */
	bool vlan_tagged;   /* there is a tag with a VID, or more than a priority tag */
};

struct bridge *bridge_new(const struct bridge_config *config)
{
	struct bridge *bridge = calloc(1, sizeof(*bridge));

	if (!bridge)
		return NULL;
	bridge->n = config->ports;
	memcpy(bridge->mac, config->mac, MAC_LEN);
	bridge->fdb = fdb_new(config->fdb_max, config->fdb_age, config->seed);
	bridge->egress = calloc(config->ports ? config->ports : 1, sizeof(*bridge->egress));
	bridge->ports = calloc(config->ports ? config->ports : 1, sizeof(*bridge->ports));
	if (!bridge->fdb || !bridge->egress || !bridge->ports) {
		bridge_free(bridge);
		return NULL;
	}
	return bridge;
}

void bridge_free(struct bridge *bridge)
{
	if (!bridge)
		return;
	fdb_free(bridge->fdb);
	free(bridge->egress);
	free(bridge->ports);
	free(bridge);
}

static struct port *port_of(const struct bridge *bridge, unsigned port)
{
	assert(port < bridge->n);
	return &bridge->ports[port];
}

void bridge_open(struct bridge *bridge, unsigned port, uint16_t vlan, const uint8_t *mac)
{
	struct port *p = port_of(bridge, port);

	assert(vlan >= 1 && vlan <= VID_MAX);
	if (p->vlan == vlan && p->single == (mac != NULL) && (!mac || mac_equal(p->mac, mac)))
		return;
	fdb_flush_port(bridge->fdb, port);
	p->vlan = vlan;
	p->single = mac != NULL;
	if (mac)
		memcpy(p->mac, mac, MAC_LEN);
}

void bridge_close(struct bridge *bridge, unsigned port)
{
	struct port *p = port_of(bridge, port);

	if (p->vlan == 0)
		return;
	p->vlan = 0;
	fdb_flush_port(bridge->fdb, port);
}

void bridge_link(struct bridge *bridge, unsigned port, bool up)
{
	port_of(bridge, port)->up = up;
	if (!up)
		fdb_flush_port(bridge->fdb, port);
}

bool bridge_is_open(const struct bridge *bridge, unsigned port)
{
	return port_of(bridge, port)->vlan != 0;
}

void bridge_expect_vlan(struct bridge *bridge, unsigned port, uint16_t vlan)
{
	port_of(bridge, port)->expected_vlan = vlan;
}

static bool is_tag(uint16_t ethertype)
{
	return ethertype == 0x8100 || ethertype == 0x88a8 || ethertype == 0x9100;
}

/* 802.1Q 6.9.1, 9.3.  All tags are looked behind: no depth of tagging hides a frame's type. */
static bool parse(struct span frame, struct view *ret_view)
{
	struct reader r = reader_of(frame);
	struct view view = { 0 };

	view.dst = read_bytes(&r, MAC_LEN).p;
	view.src = read_bytes(&r, MAC_LEN).p;
	view.ethertype = read_u16(&r);
	for (int tags = 0; is_tag(view.ethertype) && reader_ok(&r); tags++) {
		uint16_t vid = read_u16(&r) & VID_MASK;

		if (vid == 0 && tags == 0)
			view.prioritized = true;
		else
			view.vlan_tagged = true;
		view.ethertype = read_u16(&r);
	}
	if (!reader_ok(&r) || mac_is_group(view.src))
		return false;
	*ret_view = view;
	return true;
}

static void to_port(struct bridge *bridge, struct bridge_decision *decision, unsigned port,
                    uint16_t vlan)
{
	struct port *p = &bridge->ports[port];

	if (!p->up)
		return;
	if (p->vlan == vlan)
		bridge->egress[decision->egress_n++] = port;
	else if (p->vlan == 0 && (p->expected_vlan == 0 || p->expected_vlan == vlan))
		p->counters.drop_egress_unauthorized++;
}

static struct bridge_decision forward(struct bridge *bridge, unsigned ingress,
                                      const struct view *view, msec now)
{
	struct bridge_decision decision = { .verdict = BRIDGE_FORWARD, .egress = bridge->egress };
	uint16_t vlan = bridge->ports[ingress].vlan;
	unsigned egress;

	if (fdb_lookup(bridge->fdb, vlan, view->src, now, &egress) && egress != ingress &&
	    bridge->ports[egress].single) {
		bridge->ports[ingress].counters.drop_source++;
		return (struct bridge_decision){ .verdict = BRIDGE_DROP };
	}
	decision.strip = view->prioritized ? TAG_LEN : 0;
	/* 8.7: a full database only means that the station is flooded to. */
	(void)!fdb_learn(bridge->fdb, vlan, view->src, ingress, now);
	if (!mac_is_group(view->dst) && fdb_lookup(bridge->fdb, vlan, view->dst, now, &egress)) {
		if (egress != ingress)
			to_port(bridge, &decision, egress, vlan);
		return decision;
	}
	for (unsigned i = 0; i < bridge->n; i++)
		if (i != ingress)
			to_port(bridge, &decision, i, vlan);
	return decision;
}

struct bridge_decision bridge_input(struct bridge *bridge, unsigned port, struct span frame,
                                    msec now)
{
	struct port *p = port_of(bridge, port);
	struct bridge_decision drop = { .verdict = BRIDGE_DROP };
	struct view view;

	p->counters.rx_frames++;
	p->counters.rx_bytes += frame.n;
	if (!parse(frame, &view)) {
		p->counters.drop_malformed++;
		return drop;
	}
	if (view.ethertype == EAPOL_ETHERTYPE) {
		p->counters.rx_eapol++;
		return (struct bridge_decision){ .verdict = BRIDGE_PAE };
	}
	if (p->vlan == 0) {
		p->counters.drop_unauthorized++;
		return drop;
	}
	if (mac_is_link_local(view.dst) || mac_equal(view.dst, bridge->mac)) {
		p->counters.drop_link_local++;
		return drop;
	}
	if (view.vlan_tagged) {
		p->counters.drop_vlan++;
		return drop;
	}
	if ((p->single && !mac_equal(view.src, p->mac)) || mac_equal(view.src, bridge->mac)) {
		p->counters.drop_source++;
		return drop;
	}
	return forward(bridge, port, &view, now);
}

void bridge_sent(struct bridge *bridge, unsigned port, size_t n, bool eapol)
{
	struct bridge_counters *counters = &port_of(bridge, port)->counters;

	counters->tx_frames++;
	counters->tx_bytes += n;
	if (eapol)
		counters->tx_eapol++;
}

void bridge_tick(struct bridge *bridge, msec now)
{
	fdb_tick(bridge->fdb, now);
}

msec bridge_deadline(const struct bridge *bridge)
{
	return fdb_deadline(bridge->fdb);
}

const struct bridge_counters *bridge_counters(const struct bridge *bridge, unsigned port)
{
	return &port_of(bridge, port)->counters;
}

const struct fdb *bridge_fdb(const struct bridge *bridge)
{
	return bridge->fdb;
}
