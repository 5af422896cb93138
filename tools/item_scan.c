/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/item_scan.h"

#include <string.h>

static bool looking_at(const struct item_scan *s, const char *word)
{
	size_t n = strlen(word);

	return s->doc.n - s->at >= n && !memcmp(s->doc.p + s->at, word, n);
}

/* Behind the next `word`, or the end. */
static void skip_past(struct item_scan *s, const char *word)
{
	const uint8_t *found = memmem(s->doc.p + s->at, s->doc.n - s->at, word, strlen(word));

	s->at = found ? (size_t)(found - s->doc.p) + strlen(word) : s->doc.n;
}

/* Behind the tag that begins at `at`; '>' may stand in quoted values. */
static void skip_tag(struct item_scan *s)
{
	uint8_t quote = 0;

	for (; s->at < s->doc.n; s->at++) {
		uint8_t c = s->doc.p[s->at];

		if (quote)
			quote = c == quote ? 0 : quote;
		else if (c == '"' || c == '\'')
			quote = c;
		else if (c == '>')
			break;
	}
	s->at += s->at < s->doc.n;
}

/* To the next tag; false: there is none.  What is no tag is skipped. */
static bool next_tag(struct item_scan *s)
{
	while (s->at < s->doc.n) {
		if (s->doc.p[s->at] != '<')
			s->at++;
		else if (looking_at(s, "<!--"))
			skip_past(s, "-->");
		else if (looking_at(s, "<![CDATA["))
			skip_past(s, "]]>");
		else if (looking_at(s, "<?"))
			skip_past(s, "?>");
		else
			return true;
	}
	return false;
}

bool item_scan_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* A name attribute without prefix in the tag `tag` ("<Item name='x'>"). */
static bool has_name(struct span tag)
{
	uint8_t quote = 0;

	for (size_t i = 1; i + 4 < tag.n; i++) {
		uint8_t c = tag.p[i];

		if (quote) {
			quote = c == quote ? 0 : quote;
		} else if (c == '"' || c == '\'') {
			quote = c;
		} else if (item_scan_space(tag.p[i - 1]) && !memcmp(tag.p + i, "name", 4)) {
			for (i += 4; i < tag.n && item_scan_space(tag.p[i]); i++)
				;
			if (i < tag.n && tag.p[i] == '=')
				return true;
			i--;
		}
	}
	return false;
}

bool item_scan_next(struct item_scan *s, struct item_place *ret_place)
{
	while (next_tag(s)) {
		struct item_place place = { .tag = s->at };
		size_t name = s->at + 1, n = 0;
		struct span tag;

		while (name + n < s->doc.n && !item_scan_space(s->doc.p[name + n]) &&
		       !memchr("/>", s->doc.p[name + n], 2))
			n++;
		for (size_t i = 0; i < n; i++)
			if (s->doc.p[name + i] == ':')
				place.prefix = span(s->doc.p + name, i + 1);
		skip_tag(s);
		tag = span(s->doc.p + place.tag, s->at - place.tag);
		if (n - place.prefix.n != 4 ||
		    memcmp(s->doc.p + name + place.prefix.n, "Item", 4) != 0 || !has_name(tag))
			continue;
		place.closed = tag.p[tag.n - 2] == '/';
		place.value = place.end = s->at;
		/* the reader admits no element inside an item: the next tag ends it */
		if (!place.closed && next_tag(s)) {
			place.end = s->at;
			skip_tag(s);
		}
		place.after = s->at;
		*ret_place = place;
		return true;
	}
	return false;
}
