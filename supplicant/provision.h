/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * provision - what fetched files change: the version gate and the merge.
 *
 * The phone's items are cumulative: each value of the system file overwrites the existing value, each
 * value of the device file overwrites both; a value is taken away by an item without text.  The gate:
 * system version changed, both files are applied; only the device version changed, the device file;
 * neither, nothing.  Changed means different, not greater.  A file without its version item counts as
 * changed; in the end only items that really differ are a change.
 *
 * Pure: no I/O, no clock.  The versions are items of the set itself.
 */
#ifndef SUPPLICANT_PROVISION_H
#define SUPPLICANT_PROVISION_H

#include <stdbool.h>

#include <portcall/items.h>

enum {
	PROVISION_VERSION_MAX = 64, /* octets with NUL; longer ones are cut */
	PROVISION_URL_MAX = 1024,   /* octets with NUL */
};

enum provision_change {
	PROVISION_UNCHANGED,
	PROVISION_CHANGED,             /* items, but not those of 802.1X */
	PROVISION_CREDENTIALS_CHANGED, /* radius-server-ca1, radius-server-ca2 or 802.1x-certificate too */
};

/*
 * What `system` and `device` (NULL: not there) make of `current` (NULL: nothing yet).  ret_items: the new
 * set, to be freed; NULL when unchanged.  ERR_MEMORY; ERR_LIMIT: more than PORTCALL_ITEMS_MAX_COUNT items.
 */
PORTCALL_MUST_CHECK enum portcall_err provision_judge(const struct portcall_items *current,
                                                      const struct portcall_items *system,
                                                      const struct portcall_items *device,
                                                      struct portcall_items **ret_items,
                                                      enum provision_change *ret_change);

/* The text of a version item without the white space around it; false: there is none, `ret_version` is "". */
bool provision_version(const struct portcall_items *items, const char *name,
                       char ret_version[static PROVISION_VERSION_MAX]);

/*
 * Where a file is: base, name, MAC address and type with one slash between.  "https://10.77.0.1/", "a",
 * "020000000101", "xml" give https://10.77.0.1/a020000000101.xml.  `mac` is "" for the system file.
 * False: `base` is no https URL, has a query, a fragment or a user, or all of it is too long.
 */
bool provision_url(const char *base, const char *name, const char *mac, const char *type,
                   char ret_url[static PROVISION_URL_MAX]);

#endif
