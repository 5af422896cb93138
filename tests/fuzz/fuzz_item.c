/* SPDX-License-Identifier: BSD-3-Clause */
/* Any document: it is refused, or what is written of it reads as the same items. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include <portcall/items.h>

static void count(void *ctx, const struct portcall_why *why, const char *item)
{
	(void)item;
	*(size_t *)ctx += strlen(why->text) + 1;
}

static void compare(const struct portcall_items *a, const struct portcall_items *b)
{
	if (portcall_items_count(a) != portcall_items_count(b))
		abort();
	for (size_t i = 0; i < portcall_items_count(a); i++) {
		const struct portcall_item *x = portcall_items_at(a, i),
					   *y = portcall_items_at(b, i);

		if (strcmp(x->name, y->name) || x->index != y->index || x->value_n != y->value_n ||
		    memcmp(x->value, y->value, x->value_n))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct portcall_items *items = NULL, *again = NULL, *merged;
	struct portcall_why why = { 0 };
	size_t told = 0, n;
	char *document;

	if (portcall_items_read(data, size, count, &told, &items, &why) != PORTCALL_OK) {
		if (items || !told)
			abort(); /* a refusal without a finding */
		return 0;
	}
	merged = portcall_items_merge(items, items);
	compare(items, merged);
	document = portcall_items_write(items, &n);
	/* escapes may push a document over the limit */
	if (portcall_items_read(document, n, NULL, NULL, &again, &why) == PORTCALL_OK)
		compare(items, again);
	else if (n <= PORTCALL_ITEMS_MAX_FILE)
		abort();
	free(document);
	portcall_items_free(again);
	portcall_items_free(merged);
	portcall_items_free(items);
	return 0;
}
