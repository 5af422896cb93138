/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * item - names of provisioning items, and the list that the reader fills.
 *
 * Reading, merging and writing are public: include/portcall/items.h.
 */
#ifndef COMMON_ITEM_H
#define COMMON_ITEM_H

#include <stdbool.h>

#include <portcall/items.h>

#define ITEM_CA1            "radius-server-ca1"
#define ITEM_CA2            "radius-server-ca2"
#define ITEM_CERTIFICATE    "802.1x-certificate"
#define ITEM_SYSTEM_VERSION "system-config-version"
#define ITEM_DEVICE_VERSION "device-config-version"

/*
 * The known name that `name` was probably meant to be (static), or NULL: it is a known name
 * itself, or nothing like one.  Pure.
 */
const char *item_name_meant(const char *name);

/* `name` looks like the pass phrase of a certificate.  Other phone passwords (admin-pwd) do not. Pure. */
bool item_name_is_passphrase(const char *name);

/* --- the list, for the reader and for programs that make items ---------------------------------- */

struct portcall_items *items_new(void);
/* Copies name and value; false: no memory.  Call items_sort() before anything looks an item up. */
bool items_append(struct portcall_items *items, const struct portcall_item *item);
bool items_sort(struct portcall_items *items);
/* The later one of two items with the same name and index, and the line of the other; NULL: none. */
const struct portcall_item *items_duplicate(const struct portcall_items *items, int *ret_line);

#endif
