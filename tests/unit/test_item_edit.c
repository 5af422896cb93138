/* SPDX-License-Identifier: BSD-3-Clause */
/* Items of a provisioning document, changed in place: every other octet stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tools/item_edit.h"

struct row {
	const char *name;
	const char *before, *after; /* NULL after: refused */
	size_t before_n, after_n;   /* 0: strlen */
	struct item_change changes[3];
};

#define SET(name, value)        \
	{                       \
		name, -1, value \
	}

static const struct row table[] = {
	{ .name = "a value is replaced; comments, order and white space stay",
	  .before = "<!-- <Item name=\"a\">no</Item> -->\n<L>\n\t<Item  name = 'b' >1</Item>\n"
	            "<Item name=\"a\">old</Item  > <Item name=\"c\"/></L>\n<!-- end -->\n",
	  .after = "<!-- <Item name=\"a\">no</Item> -->\n<L>\n\t<Item  name = 'b' >1</Item>\n"
	           "<Item name=\"a\">new</Item  > <Item name=\"c\"/></L>\n<!-- end -->\n",
	  .changes = { SET("a", "new") } },
	{ .name = "a new item follows the last one, at its indentation",
	  .before = "<L>\n  <Item name=\"a\">1</Item>\n</L>",
	  .after = "<L>\n  <Item name=\"a\">1</Item>\n  <Item name=\"b\">2</Item>\n"
	           "  <Item name=\"c\" index=\"0\">3</Item>\n</L>",
	  .changes = { SET("b", "2"), { "c", 0, "3" } } },
	{ .name = "a document in one line stays one",
	  .before = "<L><Item name=\"a\">1</Item></L>",
	  .after = "<L><Item name=\"a\">1</Item><Item name=\"b\">2</Item></L>",
	  .changes = { SET("b", "2") } },
	{ .name = "a single Item cannot have another one beside it",
	  .before = "<Item name=\"a\">1</Item>",
	  .changes = { SET("b", "2") } },
	{ .name = "an empty element opens, with its attributes",
	  .before = "<L><Item name=\"a\" x='/>' /></L>",
	  .after = "<L><Item name=\"a\" x='/>'>1</Item></L>",
	  .changes = { SET("a", "1") } },
	{ .name = "a prefix is kept",
	  .before = "<d:L xmlns:d='u'> <d:Item name=\"a\"/></d:L>",
	  .after = "<d:L xmlns:d='u'> <d:Item name=\"a\">1</d:Item> <d:Item name=\"b\">2</d:Item>"
	           "</d:L>",
	  .changes = { SET("a", "1"), SET("b", "2") } },
	{ .name = "indexes tell items of one name apart, and none is 0",
	  .before = "<L><Item name=\"a\" index=\"1\">x</Item><Item name=\"a\">y</Item></L>",
	  .after = "<L><Item name=\"a\" index=\"1\">x</Item><Item name=\"a\">z</Item></L>",
	  .changes = { { "a", 0, "z" } } },
	{ .name = "other elements called Item, and names in values, are not items",
	  .before = "<L><Item>q</Item><Item x=\" name='n'\">q</Item><Items name=\"a\">q</Items>"
	            "<Item name=\"a\">1</Item></L>",
	  .after = "<L><Item>q</Item><Item x=\" name='n'\">q</Item><Items name=\"a\">q</Items>"
	           "<Item name=\"a\">2</Item></L>",
	  .changes = { SET("a", "2") } },
	{ .name = "CDATA and comments inside a value go with it",
	  .before = "<L><Item name=\"a\">x<![CDATA[</Item>]]><!-- </Item> -->y</Item></L>",
	  .after = "<L><Item name=\"a\">1</Item></L>",
	  .changes = { SET("a", "1") } },
	{ .name = "a name written with a reference is the same name",
	  .before = "<L><Item name=\"&#97;&amp;\">1</Item></L>",
	  .after = "<L><Item name=\"&#97;&amp;\">2</Item></L>",
	  .changes = { SET("a&", "2") } },
	{ .name = "markup in a value is escaped, '>' only where it must be",
	  .before = "<L><Item name=\"a\"/></L>",
	  .after = "<L><Item name=\"a\">&lt;x>&amp;\"'>]]&gt;</Item></L>",
	  .changes = { SET("a", "<x>&\"'>]]>") } },
	{ .name = "CR/LF documents get CR/LF values",
	  .before = "<L>\r\n<Item name=\"a\">1</Item>\r\n</L>\r\n",
	  .after = "<L>\r\n<Item name=\"a\">x\r\ny\r\nz</Item>\r\n</L>\r\n",
	  .changes = { SET("a", "x\ny\r\nz") } },
	{ .name = "ISO-8859-1: one octet where it has one, a reference where it has none",
	  .before =
	          "<?xml version='1.0' encoding='iso-8859-1'?><L><Item name=\"a\">\xe4</Item></L>",
	  .after = "<?xml version='1.0' encoding='iso-8859-1'?><L><Item name=\"a\">\xf6&#8364;"
	           "</Item></L>",
	  .changes = { SET("a", "\xc3\xb6\xe2\x82\xac") } },
	{ .name = "US-ASCII: references",
	  .before = "<?xml version='1.0' encoding='US-ASCII'?><L><Item name=\"a\"/></L>",
	  .after = "<?xml version='1.0' encoding='US-ASCII'?><L><Item name=\"a\">&#246;</Item></L>",
	  .changes = { SET("a", "\xc3\xb6") } },
	{ .name = "UTF-8 with a byte order mark",
	  .before = "\xef\xbb\xbf<L><Item name=\"a\">1</Item></L>",
	  .after = "\xef\xbb\xbf<L><Item name=\"a\">\xc3\xb6</Item></L>",
	  .changes = { SET("a", "\xc3\xb6") } },
	{ .name = "UTF-16 stays UTF-16",
	  .before = "\xff\xfe<\0L\0>\0<\0I\0t\0e\0m\0 \0n\0a\0m\0e\0=\0'\0a\0'\0/\0>\0<\0/\0L\0>\0",
	  .before_n = 48,
	  .after =
	          "\xff\xfe<\0L\0>\0<\0I\0t\0e\0m\0 \0n\0a\0m\0e\0=\0'\0a\0'\0>\0\xac\x20<\0/\0I\0t"
	          "\0e\0m\0>\0<\0/\0L\0>\0",
	  .after_n = 62,
	  .changes = { SET("a", "\xe2\x82\xac") } },
	{ .name = "a control character is no text for XML",
	  .before = "<L><Item name=\"a\"/></L>",
	  .changes = { SET("a", "\x01") } },
	{ .name = "nor is what is not UTF-8",
	  .before = "<L><Item name=\"a\"/></L>",
	  .changes = { SET("a", "\xc3") } },
	{ .name = "nor a surrogate",
	  .before = "<L><Item name=\"a\"/></L>",
	  .changes = { SET("a", "\xed\xa0\x80") } },
	{ .name = "a broken document is not touched",
	  .before = "<L><Item name=\"a\">1</Item>",
	  .changes = { SET("a", "2") } },
	{ .name = "a pass phrase does not get in",
	  .before = "<L><Item name=\"a\">1</Item></L>",
	  .changes = { SET("pkcs12-passphrase", "x") } },
};

static void edits(void **state)
{
	const struct row *row = *state;
	struct span before = span(row->before, row->before_n ? row->before_n : strlen(row->before));
	struct text out = { 0 };
	struct portcall_why why = { 0 };
	size_t n = 0;

	while (n < 3 && row->changes[n].name)
		n++;
	enum portcall_err err = item_edit(before, row->changes, n, &out, &why);

	if (!row->after) {
		assert_int_not_equal(err, PORTCALL_OK);
		assert_int_not_equal(why.reason, PORTCALL_REASON_NONE);
		assert_null(out.p);
		return;
	}
	if (err)
		print_message("%s: %s\n", row->name, why.text);
	assert_int_equal(err, PORTCALL_OK);
	if (!row->after_n)
		assert_string_equal(out.p, row->after);
	assert_int_equal(out.n, row->after_n ? row->after_n : strlen(row->after));
	assert_memory_equal(out.p, row->after, out.n);
	text_wipe(&out);
}

static void every_value_of_octets_reads_back_or_is_refused(void **state)
{
	(void)state;
	static const char before[] = "<L><Item name=\"a\">1</Item><Item name=\"b\">2</Item></L>";

	for (unsigned i = 1; i < 0x10000; i += i < 256 ? 1 : 97) {
		char value[3] = { (char)(i & 0xff), (char)(i >> 8), '\0' };
		const struct item_change change = SET("a", value);
		struct text out = { 0 };
		struct portcall_why why;

		/* item_edit() itself compares what the reader gives */
		if (item_edit(span_of_string(before), &change, 1, &out, &why) == PORTCALL_OK)
			assert_non_null(strstr(out.p, "<Item name=\"b\">2</Item></L>"));
		text_wipe(&out);
	}
}

static void versions_differ(void **state)
{
	(void)state;
	static const struct {
		const char *before, *after;
	} rows[] = {
		{ "", "1" },
		{ "1", "2" },
		{ "9", "10" },
		{ "099", "100" },
		{ "999", "1000" },
		{ "2026-a", "2026-a.1" },
		{ "v1.9", "v1.10" },
		{ "2026-a.1", "2026-a.2" },
		{ "18446744073709551615", "18446744073709551616" },
	};
	char next[64];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_true(item_next_version(rows[i].before, next, sizeof(next)));
		assert_string_equal(next, rows[i].after);
	}
	assert_true(item_next_version("99", next, 5));
	assert_string_equal(next, "100");
	assert_false(item_next_version("99", next, 4));
}

int main(void)
{
	enum { ROWS = sizeof(table) / sizeof(*table) };
	static const struct CMUnitTest others[] = {
		cmocka_unit_test(every_value_of_octets_reads_back_or_is_refused),
		cmocka_unit_test(versions_differ),
	};
	struct CMUnitTest tests[ROWS + 2];

	for (size_t i = 0; i < ROWS; i++)
		tests[i] = (struct CMUnitTest){ .name = table[i].name,
			                        .test_func = edits,
			                        .initial_state = (void *)(uintptr_t)&table[i] };
	memcpy(tests + ROWS, others, sizeof(others));
	return _cmocka_run_group_tests("item_edit", tests, ROWS + 2, NULL, NULL);
}
