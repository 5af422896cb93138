/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * item_edit - item_scan finds where the values stand; our reader has the last word.
 */
#include "tools/item_edit.h"

#include <errno.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/auto.h"
#include "common/item.h"
#include "tools/item_scan.h"

AUTO_CLEANUP(items, struct portcall_items *, portcall_items_free)

static inline void auto_text(struct text *t)
{
	text_wipe(t);
}

static enum portcall_err refuse(struct portcall_why *ret_why, enum portcall_err err,
                                enum portcall_reason reason, const char *what, const char *more)
{
	*ret_why = (struct portcall_why){ .reason = reason };
	snprintf(ret_why->text, sizeof(ret_why->text), "%s%.100s", what, more);
	return err;
}

static enum portcall_err refuse_memory(struct portcall_why *ret_why)
{
	return refuse(ret_why, PORTCALL_ERR_MEMORY, PORTCALL_REASON_NONE, "out of memory", "");
}

/* --- encodings: the scan works on ASCII supersets, UTF-16 is carried over ------------------------- */

struct encoding {
	const char *utf16; /* iconv's name; NULL: one octet units */
	const char *mark;  /* byte order mark that stands before it */
	size_t mark_n;
	uint32_t most; /* largest code point that is written as itself */
};

static struct encoding encoding_of(struct span doc)
{
	struct encoding e = { .most = 0x10ffff };
	const char *text = (const char *)doc.p, *end, *at;

	if (doc.n >= 4 && !memcmp(doc.p, "\xff\xfe", 2))
		return (struct encoding){ "UTF-16LE", "\xff\xfe", 2, e.most };
	if (doc.n >= 4 && !memcmp(doc.p, "\xfe\xff", 2))
		return (struct encoding){ "UTF-16BE", "\xfe\xff", 2, e.most };
	if (doc.n >= 4 && !memcmp(doc.p, "<\0?\0", 4))
		return (struct encoding){ "UTF-16LE", "", 0, e.most };
	if (doc.n >= 4 && !memcmp(doc.p, "\0<\0?", 4))
		return (struct encoding){ "UTF-16BE", "", 0, e.most };
	if (doc.n >= 3 && !memcmp(doc.p, "\xef\xbb\xbf", 3))
		return e;
	end = doc.n >= 5 && !memcmp(doc.p, "<?xml", 5) ? memmem(text, doc.n, "?>", 2) : NULL;
	at = end ? memmem(text, (size_t)(end - text), "encoding", 8) : NULL;
	for (; at && at < end && *at != '"' && *at != '\''; at++)
		;
	if (at && end - at > 10 && !strncasecmp(at + 1, "ISO-8859-1", 10))
		e.most = 0xff;
	else if (at && end - at > 8 && !strncasecmp(at + 1, "US-ASCII", 8))
		e.most = 0x7f;
	return e;
}

static bool convert(const char *to, const char *from, struct span in, struct text *out)
{
	iconv_t cd = iconv_open(to, from);
	char *p = (char *)(uintptr_t)in.p, buf[4096];
	size_t left = in.n;
	bool ok = cd != (iconv_t)-1;

	while (ok && left) {
		char *q = buf;
		size_t room = sizeof(buf);

		ok = iconv(cd, &p, &left, &q, &room) != (size_t)-1 || errno == E2BIG;
		text_add(out, buf, sizeof(buf) - room);
	}
	explicit_bzero(buf, sizeof(buf));
	if (cd != (iconv_t)-1)
		iconv_close(cd);
	return ok && !out->failed;
}

/* --- writing -------------------------------------------------------------------------------------- */

struct edit {
	struct span doc; /* one octet units */
	struct encoding encoding;
	const char *line_end;
	const struct item_change *changes;
	size_t n;
	bool *done;
	struct text out; /* wiped by item_edit() */
	struct portcall_why *why;
};

static void add(struct text *t, const char *string)
{
	text_add(t, string, strlen(string));
}

/* The code point at `*at`, which moves behind it; -1: not UTF-8, or none that XML may carry. */
static int32_t code_point(const uint8_t **at)
{
	const uint8_t *p = *at;
	int more = p[0] < 0x80 ? 0 : p[0] < 0xe0 ? 1 : p[0] < 0xf0 ? 2 : 3;
	int32_t c = more ? p[0] & (0x3f >> more) : p[0];
	static const int32_t least[] = { 0, 0x80, 0x800, 0x10000 };

	if ((p[0] >= 0x80 && p[0] < 0xc2) || p[0] > 0xf4)
		return -1;
	for (int i = 1; i <= more; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return -1;
		c = c << 6 | (p[i] & 0x3f);
	}
	*at += more + 1;
	if (c < least[more] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) || c == 0xfffe ||
	    c == 0xffff || (c < ' ' && c != '\t' && c != '\n' && c != '\r'))
		return -1;
	return c;
}

static void add_code_point(struct edit *e, int32_t c, const uint8_t *utf8, size_t n)
{
	char text[16];

	if ((uint32_t)c > e->encoding.most) {
		snprintf(text, sizeof(text), "&#%d;", c);
		add(&e->out, text);
	} else if (e->encoding.most == 0xff && c >= 0x80) {
		text_add(&e->out, &(char){ (char)c }, 1);
	} else {
		text_add(&e->out, (const char *)utf8, n);
	}
}

/* Character data.  '>' only where it must be: old phones know no &gt;.  False: not text for XML. */
static bool add_value(struct edit *e, const char *value)
{
	const uint8_t *p = (const uint8_t *)value;

	while (*p) {
		const uint8_t *from = p;
		int32_t c = code_point(&p);

		if (c < 0)
			return false;
		if (c == '&')
			add(&e->out, "&amp;");
		else if (c == '<')
			add(&e->out, "&lt;");
		else if (c == '>' && from - (const uint8_t *)value >= 2 && from[-1] == ']' &&
		         from[-2] == ']')
			add(&e->out, "&gt;");
		else if (c == '\n' || (c == '\r' && *p != '\n'))
			add(&e->out, e->line_end);
		else if (c != '\r')
			add_code_point(e, c, from, (size_t)(p - from));
	}
	return true;
}

static void add_name(struct edit *e, const char *name)
{
	for (; *name; name++) {
		if (*name == '&')
			add(&e->out, "&amp;");
		else if (*name == '<')
			add(&e->out, "&lt;");
		else if (*name == '"')
			add(&e->out, "&quot;");
		else
			text_add(&e->out, name, 1);
	}
}

static void add_octets(struct edit *e, size_t from, size_t to)
{
	text_add(&e->out, (const char *)e->doc.p + from, to - from);
}

static long place_of(long index)
{
	return index < 0 ? 0 : index;
}

static const struct item_change *change_of(struct edit *e, const struct portcall_item *item)
{
	for (size_t i = 0; i < e->n; i++) {
		const struct item_change *change = &e->changes[i];

		if (strcmp(change->name, item->name) != 0 ||
		    place_of(change->index) != place_of(item->index))
			continue;
		e->done[i] = true;
		return change;
	}
	return NULL;
}

static bool add_element(struct edit *e, const struct item_place *like,
                        const struct item_change *change)
{
	size_t space = like->tag;
	char index[32] = "";

	while (space && item_scan_space(e->doc.p[space - 1]))
		space--;
	add_octets(e, space, like->tag);
	add(&e->out, "<");
	text_add(&e->out, (const char *)like->prefix.p, like->prefix.n);
	add(&e->out, "Item name=\"");
	add_name(e, change->name);
	if (change->index >= 0)
		snprintf(index, sizeof(index), "\" index=\"%ld", change->index);
	add(&e->out, index);
	add(&e->out, "\">");
	if (!add_value(e, change->value))
		return false;
	add(&e->out, "</");
	text_add(&e->out, (const char *)like->prefix.p, like->prefix.n);
	add(&e->out, "Item>");
	return true;
}

static bool replace_value(struct edit *e, const struct item_place *place,
                          const struct item_change *change)
{
	if (place->closed) { /* <Item name="x" /> */
		size_t slash = place->after - 2;

		while (slash > place->tag && item_scan_space(e->doc.p[slash - 1]))
			slash--;
		add_octets(e, place->tag, slash);
		add(&e->out, ">");
		if (!add_value(e, change->value))
			return false;
		add(&e->out, "</");
		text_add(&e->out, (const char *)place->prefix.p, place->prefix.n);
		add(&e->out, "Item>");
		return true;
	}
	add_octets(e, place->tag, place->value);
	if (!add_value(e, change->value))
		return false;
	add_octets(e, place->end, place->after);
	return true;
}

static enum portcall_err refuse_value(struct edit *e, const struct item_change *change)
{
	return refuse(e->why, PORTCALL_ERR_SYNTAX, PORTCALL_REASON_XML_SYNTAX,
	              "the new value is no text that XML can carry: ", change->name);
}

static enum portcall_err rewrite(struct edit *e, const struct portcall_items *items)
{
	struct item_scan scan = { .doc = e->doc };
	struct item_place place = { 0 };
	size_t written = 0, i = 0;

	for (; item_scan_next(&scan, &place); i++) {
		const struct portcall_item *item = portcall_items_at(items, i);
		const struct item_change *change = item ? change_of(e, item) : NULL;

		if (!item)
			break;
		add_octets(e, written, place.tag);
		written = place.after;
		if (!change)
			add_octets(e, place.tag, place.after);
		else if (!replace_value(e, &place, change))
			return refuse_value(e, change);
	}
	if (i != portcall_items_count(items))
		return refuse(e->why, PORTCALL_ERR_SYNTAX, PORTCALL_REASON_XML_SYNTAX,
		              "its items cannot be told apart; write it with an XML editor", "");
	for (size_t k = 0; k < e->n; k++)
		if (!e->done[k] && !add_element(e, &place, &e->changes[k]))
			return refuse_value(e, &e->changes[k]);
	add_octets(e, written, e->doc.n);
	return e->out.failed ? refuse_memory(e->why) : PORTCALL_OK;
}

/* --- the reader's word on it ------------------------------------------------------------------------ */

/* As the reader will give it: line ends are '\n'. */
static bool same_value(const struct portcall_item *item, const char *value)
{
	const char *p = item->value;

	for (; *value; value++) {
		char c = *value;

		if (c == '\r' && value[1] == '\n')
			continue;
		if (*p++ != (c == '\r' ? '\n' : c))
			return false;
	}
	return (size_t)(p - item->value) == item->value_n;
}

static bool same_place(const struct portcall_item *a, const struct portcall_item *b)
{
	return !strcmp(a->name, b->name) && a->index == b->index;
}

/* `after` is `before` with the changes. */
static bool is_so(struct edit *e, const struct portcall_items *before,
                  const struct portcall_items *after)
{
	size_t n = portcall_items_count(before), more = 0;

	for (size_t i = 0; i < portcall_items_count(after); i++) {
		const struct portcall_item *new = portcall_items_at(after, i);
		const struct portcall_item *old = portcall_items_at(before, i);
		const struct item_change *change = change_of(e, new);

		if (old && !same_place(old, new))
			return false;
		if (change ? !same_value(new, change->value)
		           : !old || old->value_n != new->value_n ||
		                     memcmp(old->value, new->value, new->value_n) != 0)
			return false;
		more += !old;
	}
	for (size_t i = 0; i < e->n; i++)
		if (!e->done[i])
			return false;
	return portcall_items_count(after) == n + more;
}

static enum portcall_err edit(struct edit *e, struct span document,
                              const struct portcall_items *before, struct text *ret_document)
{
	struct encoding *encoding = &e->encoding;
	AUTO(text) struct text wide = { 0 }, narrow = { 0 };
	AUTO(items) struct portcall_items *after = NULL;
	struct text *made = &e->out;
	enum portcall_err err;

	e->doc = document;
	if (encoding->utf16) {
		struct span rest =
			span(document.p + encoding->mark_n, document.n - encoding->mark_n);

		if (!convert("UTF-8", encoding->utf16, rest, &narrow))
			return refuse(e->why, PORTCALL_ERR_SYNTAX, PORTCALL_REASON_XML_ENCODING,
			              "damaged UTF-16", "");
		e->doc = span(narrow.p, narrow.n);
	}
	e->line_end = memmem(e->doc.p, e->doc.n, "\r\n", 2) ? "\r\n" : "\n";
	err = rewrite(e, before);
	if (err)
		return err;
	if (encoding->utf16) {
		text_add(&wide, encoding->mark, encoding->mark_n);
		if (!convert(encoding->utf16, "UTF-8", span(e->out.p, e->out.n), &wide))
			return refuse_memory(e->why);
		made = &wide;
	}
	err = portcall_items_read(made->p, made->n, NULL, NULL, &after, e->why);
	if (err)
		return err;
	if (!is_so(e, before, after))
		return refuse(e->why, PORTCALL_ERR_SYNTAX, PORTCALL_REASON_XML_SYNTAX,
		              "the changed document does not read back as it should", "");
	*ret_document = *made;
	*made = (struct text){ 0 };
	return PORTCALL_OK;
}

enum portcall_err item_edit(struct span document, const struct item_change *changes, size_t n,
                            struct text *ret_document, struct portcall_why *ret_why)
{
	AUTO(items) struct portcall_items *before = NULL;
	AUTO(free) bool *done = calloc(n + 1, sizeof(*done));
	struct edit e = { .changes = changes, .n = n, .done = done, .why = ret_why };
	enum portcall_err err;

	if (!done)
		return refuse_memory(ret_why);
	err = portcall_items_read(document.p, document.n, NULL, NULL, &before, ret_why);
	if (err)
		return err;
	e.encoding = encoding_of(document);
	err = edit(&e, document, before, ret_document);
	text_wipe(&e.out);
	return err;
}

bool item_next_version(const char *version, char *ret_next, size_t n)
{
	size_t length = strlen(version), digits = 0;
	char *end = ret_next + length;

	if (length + 3 > n || n < 3)
		return false;
	strcpy(ret_next, version);
	while (digits < length && version[length - digits - 1] >= '0' &&
	       version[length - digits - 1] <= '9')
		digits++;
	if (!digits) {
		strcpy(end, length ? ".1" : "1");
		return true;
	}
	for (size_t i = 0; i < digits; i++) {
		char *digit = end - 1 - i;

		if (*digit != '9') {
			++*digit;
			return true;
		}
		*digit = '0';
	}
	/* 99 -> 100 */
	memmove(end - digits + 1, end - digits, digits + 1);
	end[-(ptrdiff_t)digits] = '1';
	return true;
}
