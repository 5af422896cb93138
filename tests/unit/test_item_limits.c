/* SPDX-License-Identifier: BSD-3-Clause */
/* What is refused of a document for its size alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <portcall/items.h>

/* `head`, then `part` as often as it takes to reach `n` octets, then `tail`. */
static enum portcall_reason reason_of_big(const char *head, const char *part, size_t n,
                                          const char *tail, enum portcall_err err)
{
	char *document = malloc(n + strlen(part) + strlen(head) + strlen(tail) + 1);
	struct portcall_items *items = NULL;
	struct portcall_why why = { 0 };
	size_t at = strlen(head);

	assert_non_null(document);
	strcpy(document, head);
	for (unsigned i = 0; at < n; i++)
		at += (size_t)sprintf(document + at, part, i);
	strcpy(document + at, tail);
	assert_int_equal(portcall_items_read(document, strlen(document), NULL, NULL, &items, &why),
	                 err);
	portcall_items_free(items);
	free(document);
	return why.reason;
}

static void limits(void **state)
{
	const char *const head = "<Item name=\"a\">", *const tail = "</Item>";

	(void)state;
	assert_int_equal(
		reason_of_big(head, "x", PORTCALL_ITEMS_MAX_FILE, tail, PORTCALL_ERR_LIMIT),
		PORTCALL_REASON_FILE_TOO_LARGE);
	assert_int_equal(
		reason_of_big(head, "x", PORTCALL_ITEMS_MAX_VALUE + 16, tail, PORTCALL_ERR_LIMIT),
		PORTCALL_REASON_ITEM_TOO_LARGE);
	assert_int_equal(reason_of_big(head, "x", PORTCALL_ITEMS_MAX_VALUE + 15, tail, PORTCALL_OK),
	                 PORTCALL_REASON_NONE);
	assert_int_equal(
		reason_of_big("<L>", "<Item name=\"n%08u\"/>", 3 + 4096 * 24, "</L>", PORTCALL_OK),
		PORTCALL_REASON_NONE);
	assert_int_equal(reason_of_big("<L>", "<Item name=\"n%08u\"/>", 3 + 4096 * 24 + 1, "</L>",
	                               PORTCALL_ERR_LIMIT),
	                 PORTCALL_REASON_XML_TOO_MANY_ITEMS);
}

/* libxml2 compares each attribute of a tag with all before it, and keeps every new name. */
static void tags(void **state)
{
	(void)state;
	assert_int_equal(
		reason_of_big("<L>\n<L", " a%06u=''", 8192 + 6, "/></L>", PORTCALL_ERR_LIMIT),
		PORTCALL_REASON_XML_TAG_TOO_LONG);
	assert_int_equal(reason_of_big("<L a='>'", " a%06u=''", 8192 + 6, "/>", PORTCALL_ERR_LIMIT),
	                 PORTCALL_REASON_XML_TAG_TOO_LONG);
	assert_int_equal(
		reason_of_big("<Item name='a'><![CDATA[<", "x", 100000, "]]></Item>", PORTCALL_OK),
		PORTCALL_REASON_NONE);
	assert_int_equal(reason_of_big("<!-- <", "x", 100000, "--><Item name='a'/>", PORTCALL_OK),
	                 PORTCALL_REASON_NONE);
	assert_int_equal(reason_of_big("<L>", "<a/>", 33000 * 4, "</L>", PORTCALL_ERR_LIMIT),
	                 PORTCALL_REASON_XML_TOO_MANY_ITEMS);
	assert_int_equal(
		reason_of_big("<L>", "<a b='' c='' d=''/>", 9000 * 19, "</L>", PORTCALL_ERR_LIMIT),
		PORTCALL_REASON_XML_TOO_MANY_ITEMS);
	assert_int_equal(reason_of_big("<L>", "<?a%08u?>", 33000 * 13, "</L>", PORTCALL_ERR_LIMIT),
	                 PORTCALL_REASON_XML_TOO_MANY_ITEMS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "sizes and counts are limited", limits, NULL, NULL, NULL },
		{ "tags and names are limited before libxml2 works", tags, NULL, NULL, NULL },
	};

	return cmocka_run_group_tests_name("item limits", tests, NULL, NULL);
}
