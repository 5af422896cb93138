/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * item_read - provisioning items out of XML, with libxml2's SAX parser.
 *
 * Nothing of the document is kept but names and text of Item elements.  libxml2 is used without
 * network, DTD, entities beyond the predefined ones and without its huge-document mode; a DOCTYPE
 * ends the parse at once.
 */
#include "common/item.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <libxml/parser.h>
#include <libxml/parserInternals.h>

#include "common/bytes.h"
#include "common/item_scan.h"
#include "common/text.h"

enum {
	MAX_NAME = 128,
	MAX_INDEX = 9999,
	MAX_MARKUP = 32768, /* elements, attributes and the like: libxml2 keeps their names */
};

struct reading {
	xmlParserCtxtPtr parser;
	struct portcall_items *items;
	enum portcall_err err; /* the first failure ends the parse */
	struct portcall_why why;
	char culprit[MAX_NAME + 1]; /* the item that `why` is about, or "" */
	unsigned depth;
	unsigned markup; /* elements and attributes so far */
	bool in_item;
	struct portcall_item item; /* the open one: index and line */
	char name[MAX_NAME + 1];
	struct text value;
};

__attribute__((format(printf, 5, 6))) static void refuse(struct reading *r, enum portcall_err err,
                                                         enum portcall_reason reason, int line,
                                                         const char *fmt, ...)
{
	va_list args;

	if (r->err)
		return;
	r->err = err;
	r->why.reason = reason;
	r->why.line = line;
	va_start(args, fmt);
	vsnprintf(r->why.text, sizeof(r->why.text), fmt, args);
	va_end(args);
	for (char *c = r->why.text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = ' ';
	for (size_t n = strlen(r->why.text); n && r->why.text[n - 1] == ' '; n--)
		r->why.text[n - 1] = '\0';
	if (r->in_item)
		memcpy(r->culprit, r->name, sizeof(r->culprit));
	if (r->parser)
		xmlStopParser(r->parser);
}

static int line_of(const struct reading *r)
{
	return r->parser->input ? r->parser->input->line : 0;
}

static void on_doctype(void *ctx, const xmlChar *name, const xmlChar *public_id,
                       const xmlChar *system_id)
{
	struct reading *r = ctx;

	(void)public_id;
	(void)system_id;
	refuse(r, PORTCALL_ERR_REFUSED, PORTCALL_REASON_XML_DOCTYPE, line_of(r), "<!DOCTYPE %.64s",
	       (const char *)name);
}

/* 0...MAX_INDEX in decimal, -1: it is not. */
static long index_of(const char *text)
{
	long value = 0;

	if (!*text)
		return -1;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -1;
		value = value * 10 + (*text - '0');
		if (value > MAX_INDEX)
			return -1;
	}
	return value;
}

/* Opens the item when the element has a name attribute; others are somebody else's. */
static void open_item(struct reading *r, int count, const xmlChar **attribute)
{
	bool named = false;

	r->item = (struct portcall_item){ .index = -1, .line = line_of(r) };
	for (int i = 0; i < count; i++, attribute += 5) {
		/* localname, prefix, URI, value, end of value */
		const char *key = (const char *)attribute[0], *value = (const char *)attribute[3];
		ptrdiff_t n = attribute[4] - attribute[3];

		if (attribute[1])
			continue;
		if (!strcmp(key, "name")) {
			if (n < 1 || n > MAX_NAME) {
				refuse(r, PORTCALL_ERR_SYNTAX, PORTCALL_REASON_XML_SYNTAX,
				       r->item.line,
				       "an item's name has %td octets; 1 to %d are read", n,
				       MAX_NAME);
				return;
			}
			memset(r->name, 0, sizeof(r->name));
			memcpy(r->name, value, (size_t)n);
			named = true;
		} else if (!strcmp(key, "index")) {
			char digits[8] = { 0 };

			if (n < (ptrdiff_t)sizeof(digits))
				memcpy(digits, value, (size_t)n);
			r->item.index = index_of(digits);
			if (r->item.index < 0) {
				refuse(r, PORTCALL_ERR_SYNTAX, PORTCALL_REASON_XML_SYNTAX,
				       r->item.line, "an item's index is not a number of 0 to %d",
				       MAX_INDEX);
				return;
			}
		}
	}
	r->in_item = named;
}

/* False: there is too much of it. */
static bool count_markup(struct reading *r, unsigned more)
{
	r->markup += more;
	if (r->markup <= MAX_MARKUP)
		return true;
	refuse(r, PORTCALL_ERR_LIMIT, PORTCALL_REASON_XML_TOO_MANY_ITEMS, line_of(r),
	       "more than %d elements and attributes", MAX_MARKUP);
	return false;
}

static void on_instruction(void *ctx, const xmlChar *target, const xmlChar *data)
{
	struct reading *r = ctx;

	(void)target;
	(void)data;
	if (!r->err)
		(void)count_markup(r, 1);
}

static void on_start(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                     int namespaces, const xmlChar **namespace, int attributes, int defaulted,
                     const xmlChar **attribute)
{
	struct reading *r = ctx;

	(void)prefix;
	(void)uri;
	(void)namespace;
	(void)defaulted;
	if (r->err)
		return;
	if (++r->depth > PORTCALL_ITEMS_MAX_DEPTH) {
		refuse(r, PORTCALL_ERR_LIMIT, PORTCALL_REASON_XML_TOO_DEEP, line_of(r),
		       "element %.64s", (const char *)name);
		return;
	}
	if (!count_markup(r, 1 + (unsigned)attributes + (unsigned)namespaces))
		return;
	if (r->in_item) {
		refuse(r, PORTCALL_ERR_SYNTAX, PORTCALL_REASON_XML_SYNTAX, line_of(r),
		       "element %.64s stands inside the item %s of line %d; is an </Item> missing?",
		       (const char *)name, r->name, r->item.line);
		return;
	}
	if (!strcmp((const char *)name, "Item"))
		open_item(r, attributes, attribute);
}

static void on_text(void *ctx, const xmlChar *text, int n)
{
	struct reading *r = ctx;

	if (r->err || !r->in_item)
		return;
	if (r->value.n + (size_t)n > PORTCALL_ITEMS_MAX_VALUE) {
		refuse(r, PORTCALL_ERR_LIMIT, PORTCALL_REASON_ITEM_TOO_LARGE, r->item.line, "%s",
		       r->name);
		return;
	}
	text_add(&r->value, (const char *)text, (size_t)n);
	if (r->value.failed)
		refuse(r, PORTCALL_ERR_MEMORY, PORTCALL_REASON_NONE, 0, "out of memory");
}

static void on_end(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	struct reading *r = ctx;

	(void)name;
	(void)prefix;
	(void)uri;
	if (r->err)
		return;
	r->depth--;
	if (!r->in_item)
		return;
	r->item.name = r->name;
	r->item.value = r->value.p;
	r->item.value_n = r->value.n;
	if (item_name_is_passphrase(r->name))
		refuse(r, PORTCALL_ERR_REFUSED, PORTCALL_REASON_ITEM_PASSPHRASE_REFUSED,
		       r->item.line, "%s", r->name);
	else if (portcall_items_count(r->items) == PORTCALL_ITEMS_MAX_COUNT)
		refuse(r, PORTCALL_ERR_LIMIT, PORTCALL_REASON_XML_TOO_MANY_ITEMS, r->item.line,
		       "%s", r->name);
	else if (!items_append(r->items, &r->item))
		refuse(r, PORTCALL_ERR_MEMORY, PORTCALL_REASON_NONE, 0, "out of memory");
	if (!r->err)
		r->in_item = false;
	text_wipe(&r->value);
}

static void on_error(void *ctx, xmlErrorPtr error)
{
	struct reading *r = ctx;

	if (error->level < XML_ERR_ERROR)
		return;
	if (error->code == XML_ERR_NO_MEMORY)
		refuse(r, PORTCALL_ERR_MEMORY, PORTCALL_REASON_NONE, 0, "out of memory");
	else if (error->code == XML_ERR_UNSUPPORTED_ENCODING)
		refuse(r, PORTCALL_ERR_SYNTAX, PORTCALL_REASON_XML_ENCODING, error->line, "%s",
		       error->message ? error->message : "");
	else
		refuse(r, PORTCALL_ERR_SYNTAX, PORTCALL_REASON_XML_SYNTAX, error->line, "%s",
		       error->message ? error->message : "");
}

static void parse(struct reading *r, struct span doc)
{
	struct portcall_why why;
	enum portcall_err err = item_scan(doc, &why);

	if (err) {
		refuse(r, err, why.reason, why.line, "%s", why.text);
		return;
	}
	xmlInitParser();
	r->parser = xmlCreateMemoryParserCtxt((const char *)doc.p, (int)doc.n);
	if (!r->parser) {
		refuse(r, PORTCALL_ERR_MEMORY, PORTCALL_REASON_NONE, 0, "out of memory");
		return;
	}
	memset(r->parser->sax, 0, sizeof(*r->parser->sax));
	r->parser->sax->initialized = XML_SAX2_MAGIC;
	r->parser->sax->internalSubset = on_doctype;
	r->parser->sax->startElementNs = on_start;
	r->parser->sax->endElementNs = on_end;
	r->parser->sax->processingInstruction = on_instruction;
	r->parser->sax->characters = on_text;
	r->parser->sax->ignorableWhitespace = on_text;
	r->parser->sax->cdataBlock = on_text;
	r->parser->sax->serror = on_error;
	/* NOENT: &amp; in an attribute is '&'; there are no other entities without a DOCTYPE */
	xmlCtxtUseOptions(r->parser, XML_PARSE_NONET | XML_PARSE_NOENT);
	r->parser->userData = r;
	xmlParseDocument(r->parser);
	if (!r->parser->wellFormed)
		refuse(r, PORTCALL_ERR_SYNTAX, PORTCALL_REASON_XML_SYNTAX, line_of(r), "%s", "");
	xmlFreeParserCtxt(r->parser);
	r->parser = NULL;
}

static void check_duplicates(struct reading *r)
{
	int first;
	const struct portcall_item *second = items_duplicate(r->items, &first);

	if (!second)
		return;
	refuse(r, PORTCALL_ERR_REFUSED, PORTCALL_REASON_ITEM_DUPLICATE, second->line,
	       "%s stands in line %d too", second->name, first);
	snprintf(r->culprit, sizeof(r->culprit), "%s", second->name);
}

static void report_typos(const struct portcall_items *items, portcall_finding_fn *finding,
                         void *ctx)
{
	for (size_t i = 0; i < portcall_items_count(items); i++) {
		const struct portcall_item *item = portcall_items_at(items, i);
		struct portcall_why why = { .reason = PORTCALL_REASON_ITEM_NAME_TYPO,
			                    .line = item->line };
		const char *meant = item_name_meant(item->name);

		if (!meant)
			continue;
		snprintf(why.text, sizeof(why.text), "%s: did you mean %s?", item->name, meant);
		finding(ctx, &why, item->name);
	}
}

enum portcall_err portcall_items_read(const void *document, size_t n, portcall_finding_fn *finding,
                                      void *ctx, struct portcall_items **ret_items,
                                      struct portcall_why *ret_why)
{
	struct reading r = { .items = items_new() };

	if (!r.items)
		refuse(&r, PORTCALL_ERR_MEMORY, PORTCALL_REASON_NONE, 0, "out of memory");
	else if (n > PORTCALL_ITEMS_MAX_FILE)
		refuse(&r, PORTCALL_ERR_LIMIT, PORTCALL_REASON_FILE_TOO_LARGE, 0, "%zu octets", n);
	else if (!n)
		refuse(&r, PORTCALL_ERR_SYNTAX, PORTCALL_REASON_XML_SYNTAX, 0,
		       "the document is empty");
	else
		parse(&r, span(document, n));
	text_wipe(&r.value);
	if (!r.err && !portcall_items_count(r.items))
		refuse(&r, PORTCALL_ERR_SYNTAX, PORTCALL_REASON_XML_NO_ITEMS, 0, "%s", "");
	if (!r.err && !items_sort(r.items))
		refuse(&r, PORTCALL_ERR_MEMORY, PORTCALL_REASON_NONE, 0, "out of memory");
	if (!r.err)
		check_duplicates(&r);
	if (!r.err) {
		if (finding)
			report_typos(r.items, finding, ctx);
		*ret_items = r.items;
		return PORTCALL_OK;
	}
	portcall_items_free(r.items);
	if (finding)
		finding(ctx, &r.why, *r.culprit ? r.culprit : NULL);
	*ret_why = r.why;
	return r.err;
}
