/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fdb - filtering database of the switch: which station lives behind which port, per VLAN
 * (802.1Q 8.7 learning, 8.8 filtering database, 8.8.3 ageing).
 *
 * Pure: no I/O, no clock, no allocation after fdb_new().  Not thread-safe.
 * Time: msec since any fixed origin, never goes back.  MACs: 6 octets, wire order.
 * Learning, looking up and ageing an entry take constant time; a flush walks the table.
 */
#ifndef SWITCH_FDB_H
#define SWITCH_FDB_H

#include <stddef.h>
#include <portcall/error.h>

#include "common/fsm.h"
#include "common/mac.h"

struct fdb;

struct fdb_entry {
	uint8_t mac[MAC_LEN];
	uint16_t vlan; /* 1 to 4094 */
	unsigned port;
	msec seen; /* when a frame of this station came last */
};

/*
 * At most `max` stations; entries die `age` ms after they were last seen.  `seed` is any random
 * number: it keeps stations from choosing addresses that share a hash chain.  NULL: no memory.
 */
struct fdb *fdb_new(size_t max, msec age, uint64_t seed);
void fdb_free(struct fdb *fdb); /* NULL is fine */

/*
 * Remember that `mac` (unicast) lives behind `port` in `vlan`; a station that moved gets its new
 * port.  ERR_LIMIT: table full, nothing changed.
 */
enum portcall_err fdb_learn(struct fdb *fdb, uint16_t vlan, const uint8_t mac[static MAC_LEN],
                            unsigned port, msec now) PORTCALL_MUST_CHECK;

/* The port of a station that has not aged out; false: unknown, `ret_port` untouched. */
bool fdb_lookup(const struct fdb *fdb, uint16_t vlan, const uint8_t mac[static MAC_LEN], msec now,
                unsigned *ret_port);

void fdb_tick(struct fdb *fdb, msec now); /* forget what is too old; idempotent */
msec fdb_deadline(const struct fdb *fdb); /* when the next entry dies; MSEC_NEVER: none */
void fdb_flush_port(struct fdb *fdb, unsigned port);

size_t fdb_count(const struct fdb *fdb);
/*
 * Walk: the entry after `entry`, from the one seen last to the oldest; NULL begins and ends.
 * Valid until the table changes.
 */
const struct fdb_entry *fdb_next(const struct fdb *fdb, const struct fdb_entry *entry);

#endif
