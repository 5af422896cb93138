/* SPDX-License-Identifier: BSD-3-Clause */
#include "common/item_scan.h"

#include <string.h>

/* The document as characters: what is beyond ASCII counts as 0x80. */
struct view {
	const uint8_t *p;
	size_t n;      /* characters */
	unsigned step; /* octets of one */
	unsigned low;  /* which of them has the ASCII value */
};

static uint8_t at(const struct view *v, size_t i)
{
	const uint8_t *c = v->p + i * v->step;

	if (v->step == 2 && c[!v->low])
		return 0x80;
	return c[v->low] < 0x80 ? c[v->low] : 0x80;
}

static bool starts(const struct view *v, size_t i, const char *word)
{
	for (; *word; word++, i++)
		if (i >= v->n || at(v, i) != (uint8_t)*word)
			return false;
	return true;
}

/* Where `word` begins, at or after `i`; v->n: nowhere. */
static size_t find(const struct view *v, size_t i, const char *word)
{
	while (i < v->n && !starts(v, i, word))
		i++;
	return i;
}

static enum portcall_err refuse(const struct view *v, size_t i, enum portcall_err err,
                                enum portcall_reason reason, const char *text, const char *more,
                                struct portcall_why *ret_why)
{
	size_t n = strlen(text), m = strlen(more);

	*ret_why = (struct portcall_why){ .reason = reason, .line = 1 };
	for (size_t k = 0; k < i; k++)
		ret_why->line += at(v, k) == '\n';
	memcpy(ret_why->text, text, n);
	memcpy(ret_why->text + n, more, m + 1);
	return err;
}

/* --- encoding --------------------------------------------------------------------------------------- */

/* False: libxml2 would take it for UCS-4 or EBCDIC. */
static bool view_of(struct span d, struct view *ret)
{
	static const char others[][5] = {
		{ "\0\0\0<" }, { "\0\0<\0" }, { "\0<\0\0" }, { "<\0\0\0" }, { "\x4c\x6f\xa7\x94" }
	};

	*ret = (struct view){ .p = d.p, .n = d.n, .step = 1 };
	if (d.n < 4)
		return true;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (memcmp(d.p, others[i], 4) == 0)
			return false;
	if (memcmp(d.p, "\xef\xbb\xbf", 3) == 0) {
		ret->p += 3;
		ret->n -= 3;
	} else if (memcmp(d.p, "\xff\xfe", 2) == 0 || memcmp(d.p, "\xfe\xff", 2) == 0) {
		*ret = (struct view){
			.p = d.p + 2, .n = (d.n - 2) / 2, .step = 2, .low = d.p[0] == 0xfe
		};
		return d.p[2] || d.p[3]; /* FF FE 00 00: UTF-32 */
	} else if (memcmp(d.p, "<\0?\0", 4) == 0 || memcmp(d.p, "\0<\0?", 4) == 0) {
		*ret = (struct view){ .p = d.p, .n = d.n / 2, .step = 2, .low = !d.p[0] };
	}
	return true;
}

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static bool same_name(const char *a, const char *b)
{
	while (*a && upper(*a) == *b) {
		a++;
		b++;
	}
	return !*a && !*b;
}

static bool encoding_is_read(const char *name, bool wide)
{
	static const char *const narrow_ones[] = { "UTF-8", "ISO-8859-1", "US-ASCII", NULL };
	static const char *const wide_ones[] = { "UTF-16", "UTF-16LE", "UTF-16BE", NULL };

	for (const char *const *known = wide ? wide_ones : narrow_ones; *known; known++)
		if (same_name(name, *known))
			return true;
	return false;
}

/* What the declaration says; "" when it says nothing. */
static void declared_encoding(const struct view *v, char ret_name[static 32])
{
	size_t i, end, n = 0;

	ret_name[0] = '\0';
	if (!starts(v, 0, "<?xml"))
		return;
	end = find(v, 0, "?>");
	i = find(v, 0, "encoding");
	while (i < end && at(v, i) != '"' && at(v, i) != '\'')
		i++;
	for (i++; i < end && at(v, i) != '"' && at(v, i) != '\'' && n < 31; i++) {
		uint8_t c = at(v, i);

		ret_name[n++] = c > ' ' && c < 0x7f ? (char)c : '?';
	}
	ret_name[n] = '\0';
}

/* --- tags --------------------------------------------------------------------------------------------- */

/* Behind the tag that begins at `i`; 0: it is too long. */
static size_t skip_tag(const struct view *v, size_t i)
{
	size_t end = i + ITEM_SCAN_TAG_MAX;
	uint8_t quote = 0;

	for (; i < v->n && i < end; i++) {
		uint8_t c = at(v, i);

		if (quote)
			quote = c == quote ? 0 : quote;
		else if (c == '"' || c == '\'')
			quote = c;
		else if (c == '>')
			return i + 1;
	}
	return i < v->n ? 0 : i; /* the document ends in it: the parser says so */
}

/* Behind what begins at `i` with '<'; 0: a tag that is too long. */
static size_t skip_markup(const struct view *v, size_t i)
{
	if (starts(v, i, "<!--"))
		return find(v, i + 4, "-->");
	if (starts(v, i, "<![CDATA["))
		return find(v, i + 9, "]]>");
	if (starts(v, i, "<?"))
		return find(v, i + 2, "?>");
	return skip_tag(v, i);
}

enum portcall_err item_scan(struct span document, struct portcall_why *ret_why)
{
	struct view v;
	char encoding[32] = "";
	bool known = view_of(document, &v);

	if (known)
		declared_encoding(&v, encoding);
	if (!known || (*encoding && !encoding_is_read(encoding, v.step == 2)))
		return refuse(&v, 0, PORTCALL_ERR_SYNTAX, PORTCALL_REASON_XML_ENCODING, "encoding ",
		              *encoding ? encoding : "unknown", ret_why);
	for (size_t i = 0; i < v.n;) {
		size_t next = at(&v, i) == '<' ? skip_markup(&v, i) : i + 1;

		if (!next)
			return refuse(&v, i, PORTCALL_ERR_LIMIT, PORTCALL_REASON_XML_TAG_TOO_LONG,
			              "", "", ret_why);
		i = next;
	}
	return PORTCALL_OK;
}
