/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bridge - the forwarding plane of the switch, and so the gate of 802.1X (802.1Q 8.6 with the
 * controlled port of 802.1X-2004 6.4).
 *
 * Each frame that arrives is given to bridge_input() as it stood on the wire (802.1Q tags in
 * place, no FCS); the decision is one of: drop it, hand it to the PAE of its port, or send it out
 * of a set of ports.  A port is open (it has a VLAN) or closed.  A closed port passes EAPOL to
 * its PAE and nothing else, in either direction, flooding included.  Ports are access ports: they
 * belong to one VLAN and carry untagged frames; a priority tag (VID 0) is taken off.  A port that
 * was opened for one session (single-host) takes frames from that station's MAC only, and while
 * that station is in the database no other port can take its address over.  Stations are learned
 * on open ports alone and forgotten when the port is closed or loses its link.
 *
 * Pure: no I/O, no clock, no allocation after bridge_new().  Not thread-safe.
 * Time: msec, never goes back.  Ports are numbered from 0 to config.ports - 1.
 */
#ifndef SWITCH_BRIDGE_H
#define SWITCH_BRIDGE_H

#include "common/bytes.h"
#include "switch/fdb.h"

struct bridge;

struct bridge_config {
	unsigned ports;
	uint8_t mac[MAC_LEN]; /* the switch's own address: frames to it are never forwarded */
	size_t fdb_max;
	msec fdb_age;
	uint64_t seed; /* random, see fdb_new() */
};

enum bridge_verdict {
	BRIDGE_DROP,    /* counted at the port where it came in */
	BRIDGE_PAE,     /* EAPOL: for the port's PAE */
	BRIDGE_FORWARD, /* leaves by the egress ports, of which there may be none */
};

struct bridge_decision {
	enum bridge_verdict verdict;
	/* FORWARD: take so many octets (a priority tag: 4, else 0) off behind the addresses */
	size_t strip;
	const unsigned *egress; /* owned by the bridge, valid until its next call */
	size_t egress_n;
};

struct bridge_counters {
	uint64_t rx_frames, rx_bytes, tx_frames, tx_bytes, rx_eapol, tx_eapol;
	uint64_t drop_unauthorized;        /* came in by this port while it was closed */
	uint64_t drop_egress_unauthorized; /* would have left by this port, which is closed */
	uint64_t drop_vlan;                /* tagged frames on this access port */
	uint64_t drop_link_local;          /* to a link-local group address or to the switch */
	uint64_t drop_malformed;           /* too short, or a group address as source */
	uint64_t drop_source; /* not from the session's station, or from another port's */
};

/* All ports begin closed and without link.  NULL: no memory. */
struct bridge *bridge_new(const struct bridge_config *config);
void bridge_free(struct bridge *bridge); /* NULL is fine */

/*
 * Open `port` in `vlan` (1 to 4094) for the station `mac`, or for everybody when NULL.
 * Its stations are forgotten if anything changes by that.
 */
void bridge_open(struct bridge *bridge, unsigned port, uint16_t vlan, const uint8_t *mac);
void bridge_close(struct bridge *bridge, unsigned port);
void bridge_link(struct bridge *bridge, unsigned port, bool up);
bool bridge_is_open(const struct bridge *bridge, unsigned port);

/*
 * A closed port whose VLAN is known beforehand counts drop_egress_unauthorized for that VLAN
 * only; without one (0, as at the start) it counts what is flooded in any VLAN.
 */
void bridge_expect_vlan(struct bridge *bridge, unsigned port, uint16_t vlan);

/* Decide about a frame that came in by `port`, and learn from it. */
struct bridge_decision bridge_input(struct bridge *bridge, unsigned port, struct span frame,
                                    msec now);

/* Count a frame of `n` octets that was sent out of `port`. */
void bridge_sent(struct bridge *bridge, unsigned port, size_t n, bool eapol);

void bridge_tick(struct bridge *bridge, msec now);
msec bridge_deadline(const struct bridge *bridge);

const struct bridge_counters *bridge_counters(const struct bridge *bridge, unsigned port);
const struct fdb *bridge_fdb(const struct bridge *bridge);

#endif
