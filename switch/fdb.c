/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A hash table with chains for the lookup, and one list ordered by the time of the last frame:
 * ageing takes from its old end, a frame moves its station to the new end.  Nodes come from one
 * array; links are indices into it.
 */
#include "switch/fdb.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { NONE = UINT32_MAX };

struct node {
	struct fdb_entry entry; /* first: fdb_next() finds the node from it */
	uint32_t chain;         /* next in the bucket, or next free node */
	uint32_t newer, older;
};

struct fdb {
	size_t max;
	msec age;
	uint64_t seed;
	size_t count;
	uint32_t newest, oldest, unused;
	uint32_t bucket_mask;
	uint32_t *buckets;
	struct node *nodes;
};

static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 33) * 0xff51afd7ed558ccdULL;
	x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53ULL;
	return x ^ x >> 33;
}

static uint32_t *bucket_of(const struct fdb *fdb, uint16_t vlan, const uint8_t *mac)
{
	uint64_t key = vlan;

	for (int i = 0; i < MAC_LEN; i++)
		key = key << 8 | mac[i];
	return &fdb->buckets[mix(mix(key ^ fdb->seed) + fdb->seed) & fdb->bucket_mask];
}

struct fdb *fdb_new(size_t max, msec age, uint64_t seed)
{
	assert(max > 0 && max < UINT32_MAX / 4);

	struct fdb *fdb = calloc(1, sizeof(*fdb));
	uint32_t buckets = 16;

	if (!fdb)
		return NULL;
	while (buckets < max)
		buckets *= 2;
	fdb->max = max;
	fdb->age = age;
	fdb->seed = seed;
	fdb->bucket_mask = buckets - 1;
	fdb->newest = fdb->oldest = NONE;
	fdb->buckets = malloc(buckets * sizeof(*fdb->buckets));
	fdb->nodes = calloc(max, sizeof(*fdb->nodes));
	if (!fdb->buckets || !fdb->nodes) {
		fdb_free(fdb);
		return NULL;
	}
	for (uint32_t i = 0; i < buckets; i++)
		fdb->buckets[i] = NONE;
	for (uint32_t i = 0; i < max; i++)
		fdb->nodes[i].chain = i + 1 < max ? i + 1 : NONE;
	fdb->unused = 0;
	return fdb;
}

void fdb_free(struct fdb *fdb)
{
	if (!fdb)
		return;
	free(fdb->buckets);
	free(fdb->nodes);
	free(fdb);
}

static uint32_t find(const struct fdb *fdb, uint16_t vlan, const uint8_t *mac)
{
	uint32_t i = *bucket_of(fdb, vlan, mac);

	while (i != NONE &&
	       !(fdb->nodes[i].entry.vlan == vlan && mac_equal(fdb->nodes[i].entry.mac, mac)))
		i = fdb->nodes[i].chain;
	return i;
}

static void unlink_age(struct fdb *fdb, uint32_t i)
{
	struct node *node = &fdb->nodes[i];

	if (node->newer == NONE)
		fdb->newest = node->older;
	else
		fdb->nodes[node->newer].older = node->older;
	if (node->older == NONE)
		fdb->oldest = node->newer;
	else
		fdb->nodes[node->older].newer = node->newer;
}

static void link_newest(struct fdb *fdb, uint32_t i)
{
	struct node *node = &fdb->nodes[i];

	node->newer = NONE;
	node->older = fdb->newest;
	if (fdb->newest == NONE)
		fdb->oldest = i;
	else
		fdb->nodes[fdb->newest].newer = i;
	fdb->newest = i;
}

static void forget(struct fdb *fdb, uint32_t i)
{
	struct node *node = &fdb->nodes[i];
	uint32_t *at = bucket_of(fdb, node->entry.vlan, node->entry.mac);

	while (*at != i)
		at = &fdb->nodes[*at].chain;
	*at = node->chain;
	unlink_age(fdb, i);
	node->chain = fdb->unused;
	fdb->unused = i;
	fdb->count--;
}

static bool too_old(const struct fdb *fdb, uint32_t i, msec now)
{
	return now - fdb->nodes[i].entry.seen >= fdb->age;
}

enum portcall_err fdb_learn(struct fdb *fdb, uint16_t vlan, const uint8_t mac[static MAC_LEN],
                            unsigned port, msec now)
{
	assert(!mac_is_group(mac));

	uint32_t i = find(fdb, vlan, mac);

	if (i != NONE) {
		unlink_age(fdb, i);
	} else {
		fdb_tick(fdb, now);
		if (fdb->unused == NONE)
			return PORTCALL_ERR_LIMIT;
		uint32_t *bucket = bucket_of(fdb, vlan, mac);

		i = fdb->unused;
		fdb->unused = fdb->nodes[i].chain;
		fdb->nodes[i].chain = *bucket;
		*bucket = i;
		fdb->nodes[i].entry.vlan = vlan;
		memcpy(fdb->nodes[i].entry.mac, mac, MAC_LEN);
		fdb->count++;
	}
	fdb->nodes[i].entry.port = port;
	fdb->nodes[i].entry.seen = now;
	link_newest(fdb, i);
	return PORTCALL_OK;
}

bool fdb_lookup(const struct fdb *fdb, uint16_t vlan, const uint8_t mac[static MAC_LEN], msec now,
                unsigned *ret_port)
{
	uint32_t i = find(fdb, vlan, mac);

	if (i == NONE || too_old(fdb, i, now))
		return false;
	*ret_port = fdb->nodes[i].entry.port;
	return true;
}

void fdb_tick(struct fdb *fdb, msec now)
{
	while (fdb->oldest != NONE && too_old(fdb, fdb->oldest, now))
		forget(fdb, fdb->oldest);
}

msec fdb_deadline(const struct fdb *fdb)
{
	return fdb->oldest == NONE ? MSEC_NEVER : fdb->nodes[fdb->oldest].entry.seen + fdb->age;
}

void fdb_flush_port(struct fdb *fdb, unsigned port)
{
	for (uint32_t i = fdb->newest; i != NONE;) {
		uint32_t older = fdb->nodes[i].older;

		if (fdb->nodes[i].entry.port == port)
			forget(fdb, i);
		i = older;
	}
}

size_t fdb_count(const struct fdb *fdb)
{
	return fdb->count;
}

const struct fdb_entry *fdb_next(const struct fdb *fdb, const struct fdb_entry *entry)
{
	uint32_t i = entry ? ((const struct node *)(const void *)entry)->older : fdb->newest;

	return i == NONE ? NULL : &fdb->nodes[i].entry;
}
