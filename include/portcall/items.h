/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Provisioning items: what an IP phone reads from its provisioning XML.
 *
 * A document is any XML with Item elements that have a name attribute, with or without the DLS
 * envelope (DLSMessage/Message/ItemList/Item) and namespace.  DTDs and entities are refused, sizes
 * are bounded (portcall_items_limits), nothing is fetched.  Thread-safe: objects are immutable.
 */
#ifndef PORTCALL_ITEMS_H
#define PORTCALL_ITEMS_H

#include <stddef.h>
#include <portcall/error.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
	PORTCALL_ITEMS_MAX_FILE = 1 << 20,    /* octets of a document */
	PORTCALL_ITEMS_MAX_VALUE = 256 << 10, /* octets of one item's text */
	PORTCALL_ITEMS_MAX_COUNT = 4096,
	PORTCALL_ITEMS_MAX_DEPTH = 16,
};

struct portcall_items;

struct portcall_item {
	const char *name;  /* case-sensitive; owned by the items */
	long index;        /* the index attribute, -1 without one */
	int line;          /* where it stands in its document, from 1 */
	const char *value; /* text content, UTF-8, as it stands there */
	size_t value_n;    /* octets, without the NUL that follows */
};

/* Called for each finding (warning, or the error that refused the document). `item` is NULL for the document. */
typedef void portcall_finding_fn(void *ctx, const struct portcall_why *why, const char *item);

/*
 * Read a document of `n` octets.  On failure `ret_why` names reason and line and `ret_items` is
 * untouched.  ERR_SYNTAX, ERR_LIMIT, ERR_REFUSED, ERR_MEMORY.  Warnings go to `finding` (may be NULL).
 */
PORTCALL_API PORTCALL_MUST_CHECK enum portcall_err portcall_items_read(
	const void *document, size_t n, portcall_finding_fn *finding, void *ctx,
	struct portcall_items **ret_items, struct portcall_why *ret_why);

/* System values overridden by device values (same name and index); either may be NULL. New object or NULL (memory). */
PORTCALL_API struct portcall_items *portcall_items_merge(const struct portcall_items *system,
                                                         const struct portcall_items *device);

PORTCALL_API void portcall_items_free(struct portcall_items *items); /* NULL is fine */
PORTCALL_API size_t portcall_items_count(const struct portcall_items *items);
PORTCALL_API const struct portcall_item *portcall_items_at(const struct portcall_items *items,
                                                           size_t i);
/* The item `name` without index or with index 0; NULL when absent. */
PORTCALL_API const struct portcall_item *portcall_items_find(const struct portcall_items *items,
                                                             const char *name);

/* The document in DLS WriteItems form; malloc'ed, NUL-terminated; NULL: no memory. */
PORTCALL_API char *portcall_items_write(const struct portcall_items *items, size_t *ret_n);

#ifdef __cplusplus
}
#endif
#endif
