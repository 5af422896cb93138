/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * item - the list of provisioning items: merged, looked up, and written as XML.
 *
 * Text is wiped when items are freed: it may hold a private key.  Reading: item_read.c.
 */
#include "common/item.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"

struct portcall_items {
	struct portcall_item *item; /* in the document's order */
	size_t n, room;
	size_t *sorted; /* positions in `item`, by name and index */
};

static void item_done(struct portcall_item *item)
{
	/* both were allocated here */
	char *value = (char *)(uintptr_t)item->value;

	if (value)
		explicit_bzero(value, item->value_n);
	free(value);
	free((char *)(uintptr_t)item->name);
}

void portcall_items_free(struct portcall_items *items)
{
	if (!items)
		return;
	for (size_t i = 0; i < items->n; i++)
		item_done(&items->item[i]);
	free(items->item);
	free(items->sorted);
	free(items);
}

bool items_append(struct portcall_items *items, const struct portcall_item *item)
{
	char *name, *value;

	if (items->n == items->room) {
		size_t room = items->room ? items->room * 2 : 16;
		struct portcall_item *grown = realloc(items->item, room * sizeof(*grown));

		if (!grown)
			return false;
		items->item = grown;
		items->room = room;
	}
	name = strdup(item->name);
	value = malloc(item->value_n + 1);
	if (!name || !value) {
		free(name);
		free(value);
		return false;
	}
	if (item->value_n)
		memcpy(value, item->value, item->value_n);
	value[item->value_n] = '\0';
	items->item[items->n] = *item;
	items->item[items->n].name = name;
	items->item[items->n].value = value;
	items->n++;
	return true;
}

/* Without an index is the same place as index 0. */
static long place(const struct portcall_item *item)
{
	return item->index < 0 ? 0 : item->index;
}

static int compare(const struct portcall_item *a, const struct portcall_item *b)
{
	int order = strcmp(a->name, b->name);

	if (order)
		return order;
	return (place(a) > place(b)) - (place(a) < place(b));
}

static int compare_sorted(const void *a, const void *b, void *items)
{
	const struct portcall_item *item = ((struct portcall_items *)items)->item;
	size_t i = *(const size_t *)a, j = *(const size_t *)b;
	int order = compare(&item[i], &item[j]);

	return order ? order : (i > j) - (i < j);
}

bool items_sort(struct portcall_items *items)
{
	free(items->sorted);
	items->sorted = malloc((items->n + 1) * sizeof(*items->sorted));
	if (!items->sorted)
		return false;
	for (size_t i = 0; i < items->n; i++)
		items->sorted[i] = i;
	qsort_r(items->sorted, items->n, sizeof(*items->sorted), compare_sorted, items);
	return true;
}

static const struct portcall_item *find(const struct portcall_items *items,
                                        const struct portcall_item *wanted)
{
	size_t from = 0, to = items->n;

	while (from < to) {
		size_t middle = from + (to - from) / 2;
		const struct portcall_item *item = &items->item[items->sorted[middle]];
		int order = compare(wanted, item);

		if (!order)
			return item;
		if (order < 0)
			to = middle;
		else
			from = middle + 1;
	}
	return NULL;
}

struct portcall_items *items_new(void)
{
	return calloc(1, sizeof(struct portcall_items));
}

const struct portcall_item *items_duplicate(const struct portcall_items *items, int *ret_line)
{
	for (size_t i = 1; i < items->n; i++) {
		const struct portcall_item *first = &items->item[items->sorted[i - 1]];
		const struct portcall_item *second = &items->item[items->sorted[i]];

		if (!compare(first, second)) {
			*ret_line = first->line;
			return second;
		}
	}
	return NULL;
}

size_t portcall_items_count(const struct portcall_items *items)
{
	return items ? items->n : 0;
}

const struct portcall_item *portcall_items_at(const struct portcall_items *items, size_t i)
{
	return items && i < items->n ? &items->item[i] : NULL;
}

const struct portcall_item *portcall_items_find(const struct portcall_items *items,
                                                const char *name)
{
	struct portcall_item wanted = { .name = name, .index = 0 };

	return items ? find(items, &wanted) : NULL;
}

struct portcall_items *portcall_items_merge(const struct portcall_items *system,
                                            const struct portcall_items *device)
{
	struct portcall_items *merged = items_new();
	bool ok = merged != NULL;

	for (size_t i = 0; ok && i < portcall_items_count(system); i++) {
		const struct portcall_item *item = &system->item[i];
		const struct portcall_item *over = device ? find(device, item) : NULL;

		ok = items_append(merged, over ? over : item);
	}
	for (size_t i = 0; ok && i < portcall_items_count(device); i++)
		if (!system || !find(system, &device->item[i]))
			ok = items_append(merged, &device->item[i]);
	if (ok && items_sort(merged))
		return merged;
	portcall_items_free(merged);
	return NULL;
}

/* --- writing ---------------------------------------------------------------------------------- */

static void add(struct text *t, const char *string)
{
	text_add(t, string, strlen(string));
}

/* Character data; `quoted`: inside an attribute.  '>' only where it must be: old phones know no &gt;. */
static void add_escaped(struct text *t, const char *p, size_t n, bool quoted)
{
	for (size_t i = 0; i < n; i++) {
		switch (p[i]) {
		case '&':
			add(t, "&amp;");
			break;
		case '<':
			add(t, "&lt;");
			break;
		case '>':
			add(t, i >= 2 && p[i - 1] == ']' && p[i - 2] == ']' ? "&gt;" : ">");
			break;
		case '"':
			add(t, quoted ? "&quot;" : "\"");
			break;
		case '\r':
			add(t, "&#13;");
			break;
		case '\n':
			add(t, quoted ? "&#10;" : "\n");
			break;
		case '\t':
			add(t, quoted ? "&#9;" : "\t");
			break;
		default:
			text_add(t, p + i, 1);
		}
	}
}

char *portcall_items_write(const struct portcall_items *items, size_t *ret_n)
{
	struct text t = { 0 };

	add(&t, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	        "<DLSMessage xmlns=\"http://www.siemens.com/DLS\">\n"
	        " <Message>\n"
	        "  <Action>WriteItems</Action>\n"
	        "  <ItemList>\n");
	for (size_t i = 0; i < portcall_items_count(items); i++) {
		const struct portcall_item *item = &items->item[i];
		char index[32] = "";

		add(&t, "   <Item name=\"");
		add_escaped(&t, item->name, strlen(item->name), true);
		if (item->index >= 0)
			snprintf(index, sizeof(index), "\" index=\"%ld", item->index);
		add(&t, index);
		add(&t, "\">");
		add_escaped(&t, item->value, item->value_n, false);
		add(&t, "</Item>\n");
	}
	add(&t, "  </ItemList>\n"
	        " </Message>\n"
	        "</DLSMessage>\n");
	if (t.failed) {
		text_wipe(&t);
		return NULL;
	}
	*ret_n = t.n;
	return t.p;
}
