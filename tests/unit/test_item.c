/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <libxml/xmlerror.h>
#include <libxml/xmlmemory.h>

#include "common/item.h"
#include "tests/unit/findings.h"

struct row {
	const char *name;
	const char *document;
	size_t n;          /* 0: strlen(document) */
	const char *items; /* "name=value name[index]=value", when it is read */
	const char *codes; /* findings; NULL: none */
	enum portcall_err err;
	int line;           /* of the last finding */
	const char *detail; /* part of its text */
};

#define I(name, value) "<Item name=\"" name "\">" value "</Item>"

static const struct row table[] = {
	{ .name = "the DLS envelope with its namespace",
	  .document = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	              "<DLSMessage xmlns=\"http://www.siemens.com/DLS\"><Message nonce=\"1\">"
	              "<Action>WriteItems</Action><ItemList>" I("system-config-version", "2")
	                      I("a", "b") "</ItemList></Message></DLSMessage>",
	  .items = "system-config-version=2 a=b" },
	{ .name = "a namespace with a prefix",
	  .document = "<d:DLSMessage xmlns:d=\"http://www.siemens.com/DLS\"><d:Item name=\"a\">b"
	              "</d:Item></d:DLSMessage>",
	  .items = "a=b" },
	{ .name = "a bare ItemList",
	  .document = "<ItemList>" I("a", "b") "</ItemList>",
	  .items = "a=b" },
	{ .name = "a single Item", .document = I("a", "b"), .items = "a=b" },
	{ .name = "index attributes are kept, and tell items of one name apart",
	  .document = "<L><Item name=\"a\" index=\"1\">x</Item><Item index=\"0\" "
	              "name=\"a\">y</Item></L>",
	  .items = "a[1]=x a[0]=y" },
	{ .name = "CDATA is text", .document = I("a", "<![CDATA[<&>]]>"), .items = "a=<&>" },
	{ .name = "CDATA and text are one value",
	  .document = I("a", "1<![CDATA[2]]>3<!-- no -->4<?pi no?>5"),
	  .items = "a=12345" },
	{ .name = "the predefined entities and character references",
	  .document = I("a", "&lt;&amp;&gt;&quot;&apos;&#65;&#x42;"),
	  .items = "a=<&>\"'AB" },
	{ .name = "an empty item", .document = "<L><Item name=\"a\"/></L>", .items = "a=" },
	{ .name = "CR/LF is LF, blank lines and spaces stay",
	  .document = I("a", "\r\n\r\n x \r\n"),
	  .items = "a=\n\n x \n" },
	{ .name = "an Item without a name is somebody else's",
	  .document = "<L><Item>x</Item>" I("a", "b") "</L>",
	  .items = "a=b" },
	{ .name = "text outside of items is ignored",
	  .document = "<L>text<Action>WriteItems</Action>" I("a", "b") "</L>",
	  .items = "a=b" },
	{ .name = "a UTF-8 byte order mark",
	  .document = "\xef\xbb\xbf" I("a", "\xc3\xa4"),
	  .items = "a=\xc3\xa4" },
	{ .name = "ISO-8859-1 declared becomes UTF-8",
	  .document = "<?xml version='1.0' encoding='ISO-8859-1'?>" I("a", "\xe4"),
	  .items = "a=\xc3\xa4" },
	{ .name = "UTF-16 with a byte order mark",
	  .document = "\xff\xfe<\0I\0t\0e\0m\0 "
	              "\0n\0a\0m\0e\0=\0'\0a\0'\0>\0\xe4\0<\0/\0I\0t\0e\0m\0>\0",
	  .n = 48,
	  .items = "a=\xc3\xa4" },
	{ .name = "a misspelt name is reported and read",
	  .document = "<L>\n" I("radius-server-cal", "x") "</L>",
	  .items = "radius-server-cal=x",
	  .codes = "item-name-typo",
	  .line = 2,
	  .detail = "did you mean radius-server-ca1?" },

	{ .name = "an encoding that only iconv knows is refused",
	  .document = "<?xml version=\"1.0\" encoding=\"ISO-2022-CN-EXT\"?>" I("a", "b"),
	  .err = PORTCALL_ERR_SYNTAX,
	  .codes = "xml-encoding",
	  .line = 1,
	  .detail = "ISO-2022-CN-EXT" },
	{ .name = "UTF-16 that declares another encoding",
	  .document = "<\0?\0x\0m\0l\0 \0e\0n\0c\0o\0d\0i\0n\0g\0=\0'\0U\0T\0F\0-\0"
	              "7\0'\0?\0>\0<\0a\0/\0>\0",
	  .n = 60,
	  .err = PORTCALL_ERR_SYNTAX,
	  .codes = "xml-encoding",
	  .line = 1,
	  .detail = "UTF-7" },
	{ .name = "UCS-4, which libxml2 would hand to iconv",
	  .document = "<\0\0\0a\0\0\0/\0\0\0>\0\0\0",
	  .n = 16,
	  .err = PORTCALL_ERR_SYNTAX,
	  .codes = "xml-encoding",
	  .line = 1 },
	{ .name = "EBCDIC",
	  .document = "\x4c\x6f\xa7\x94\x93",
	  .err = PORTCALL_ERR_SYNTAX,
	  .codes = "xml-encoding",
	  .line = 1,
	  .detail = "unknown" },
	{ .name = "octets that are not of the declared encoding",
	  .document = I("a", "\xe4\xe4"),
	  .err = PORTCALL_ERR_SYNTAX,
	  .codes = "xml-syntax",
	  .line = 1 },
	{ .name = "a DOCTYPE",
	  .document = "<!DOCTYPE L [<!ENTITY a \"aaaa\">]>\n<L>" I("a", "&a;") "</L>",
	  .err = PORTCALL_ERR_REFUSED,
	  .codes = "xml-doctype",
	  .line = 1 },
	{ .name = "an external DOCTYPE",
	  .document = "\n<!DOCTYPE L SYSTEM \"file:///etc/passwd\"><L>" I("a", "b") "</L>",
	  .err = PORTCALL_ERR_REFUSED,
	  .codes = "xml-doctype",
	  .line = 2 },
	{ .name = "an entity that nobody defined",
	  .document = "<L>\n" I("a", "&b;") "</L>",
	  .err = PORTCALL_ERR_SYNTAX,
	  .codes = "xml-syntax",
	  .line = 2,
	  .detail = "Entity 'b' not defined" },
	{ .name = "a tag that does not close",
	  .document = "<L>\n<Item name=\"a\">x</ltem></L>",
	  .err = PORTCALL_ERR_SYNTAX,
	  .codes = "xml-syntax",
	  .line = 2,
	  .detail = "Item line 2 and ltem" },
	{ .name = "an element inside an item",
	  .document = "<L><Item name=\"a\">x\n<Item name=\"b\">y</Item></Item></L>",
	  .err = PORTCALL_ERR_SYNTAX,
	  .codes = "xml-syntax",
	  .line = 2,
	  .detail = "inside the item a of line 1" },
	{ .name = "an item twice",
	  .document = "<L>" I("a", "x") "\n" I("b", "x") "\n" I("a", "y") "</L>",
	  .err = PORTCALL_ERR_REFUSED,
	  .codes = "item-duplicate",
	  .line = 3,
	  .detail = "line 1" },
	{ .name = "no index is the same place as index 0",
	  .document = "<L>" I("a", "x") "<Item name=\"a\" index=\"0\">y</Item></L>",
	  .err = PORTCALL_ERR_REFUSED,
	  .codes = "item-duplicate",
	  .line = 1 },
	{ .name = "an index that is no number",
	  .document = "<Item name=\"a\" index=\"x\">y</Item>",
	  .err = PORTCALL_ERR_SYNTAX,
	  .codes = "xml-syntax",
	  .line = 1 },
	{ .name = "an index that is too large",
	  .document = "<Item name=\"a\" index=\"10000\">y</Item>",
	  .err = PORTCALL_ERR_SYNTAX,
	  .codes = "xml-syntax",
	  .line = 1 },
	{ .name = "a name attribute that is empty",
	  .document = "<Item name=\"\">y</Item>",
	  .err = PORTCALL_ERR_SYNTAX,
	  .codes = "xml-syntax",
	  .line = 1 },
	{ .name = "a pass phrase item",
	  .document = "<L>\n\n" I("802.1x-passphrase", "secret") "</L>",
	  .err = PORTCALL_ERR_REFUSED,
	  .codes = "item-passphrase-refused",
	  .line = 3,
	  .detail = "802.1x-passphrase" },
	{ .name = "17 elements deep",
	  .document = "<a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a>" I(
		  "a", "b") "</a></a></a></a></a></a></a></a></a></a></a></a></a></a></a></a>",
	  .err = PORTCALL_ERR_LIMIT,
	  .codes = "xml-too-deep",
	  .line = 1 },
	{ .name = "no items",
	  .document = "<html><body>404</body></html>",
	  .err = PORTCALL_ERR_SYNTAX,
	  .codes = "xml-no-items" },
	{ .name = "item in lower case is another element",
	  .document = "<item name=\"a\">b</item>",
	  .err = PORTCALL_ERR_SYNTAX,
	  .codes = "xml-no-items" },
	{ .name = "no document",
	  .document = "",
	  .err = PORTCALL_ERR_SYNTAX,
	  .codes = "xml-syntax" },
	{ .name = "no XML",
	  .document = "-----BEGIN CERTIFICATE-----",
	  .err = PORTCALL_ERR_SYNTAX,
	  .codes = "xml-syntax",
	  .line = 1 },
};

static void describe(const struct portcall_items *items, char *text, size_t room)
{
	size_t n = 0;

	*text = '\0';
	for (size_t i = 0; i < portcall_items_count(items); i++) {
		const struct portcall_item *item = portcall_items_at(items, i);
		char index[24] = "";

		assert_int_equal(strlen(item->value), item->value_n);
		if (item->index >= 0)
			snprintf(index, sizeof(index), "[%ld]", item->index);
		n += (size_t)snprintf(text + n, room - n, "%s%s%s=%s", i ? " " : "", item->name,
		                      index, item->value);
	}
}

static void reads(void **state)
{
	const struct row *row = *state;
	struct findings findings = { 0 };
	struct portcall_items *items = NULL;
	struct portcall_why why = { 0 };
	size_t n = row->n ? row->n : strlen(row->document);
	char text[512];

	assert_int_equal(
		portcall_items_read(row->document, n, findings_add, &findings, &items, &why),
		row->err);
	assert_string_equal(findings_codes(&findings), row->codes ? row->codes : "");
	if (findings.n) {
		const struct portcall_why *last = &findings.at[findings.n - 1].why;

		assert_int_equal(last->line, row->line);
		if (row->detail)
			assert_non_null(strstr(last->text, row->detail));
		assert_false(*last->text && last->text[strlen(last->text) - 1] == ' ');
		if (row->err)
			assert_memory_equal(last, &why, sizeof(why));
	}
	assert_int_equal(!items, row->err != PORTCALL_OK);
	if (items) {
		describe(items, text, sizeof(text));
		assert_string_equal(text, row->items);
	}
	portcall_items_free(items);
}

static struct portcall_items *items_of(const char *document)
{
	struct portcall_items *items = NULL;
	struct portcall_why why = { 0 };

	assert_int_equal(portcall_items_read(document, strlen(document), NULL, NULL, &items, &why),
	                 PORTCALL_OK);
	return items;
}

static void rejects_every_prefix(void **state)
{
	const char good[] = "<?xml version=\"1.0\"?><L>" I("a", "b") I("c", "&lt;") "</L>";

	(void)state;
	for (size_t n = 0; n < sizeof(good) - 1; n++) {
		struct portcall_items *items = NULL;
		struct portcall_why why = { 0 };

		assert_int_equal(portcall_items_read(good, n, NULL, NULL, &items, &why),
		                 PORTCALL_ERR_SYNTAX);
		assert_null(items);
	}
	portcall_items_free(items_of(good));
}

static void merges(void **state)
{
	struct portcall_items *system = items_of("<L>" I("a", "1") I("b", "2") "</L>");
	struct portcall_items *device =
		items_of("<L>" I("c", "3") "<Item name='b' index='0'>4</Item>"
	                                   "<Item name='b' index='1'>5</Item></L>");
	struct portcall_items *merged = portcall_items_merge(system, device), *alone;
	char text[128];

	(void)state;
	alone = portcall_items_merge(NULL, device);
	portcall_items_free(system);
	portcall_items_free(device);
	describe(merged, text, sizeof(text));
	assert_string_equal(text, "a=1 b[0]=4 c=3 b[1]=5");
	assert_string_equal(portcall_items_find(merged, "b")->value, "4");
	assert_null(portcall_items_find(merged, "B"));
	describe(alone, text, sizeof(text));
	assert_string_equal(text, "c=3 b[0]=4 b[1]=5");
	portcall_items_free(merged);
	portcall_items_free(alone);
}

static void writes(void **state)
{
	static const char awkward[] =
		"<L><Item name='&lt;&quot;&amp;&#10;' index='7'>&lt;a&gt;]]&gt;"
		"&amp;&#13;\n\t\"'</Item>" I("b", "") "</L>";
	struct portcall_items *items = items_of(awkward), *again;
	char before[256], after[256], *document;
	size_t n;

	(void)state;
	document = portcall_items_write(items, &n);
	assert_non_null(document);
	assert_int_equal(strlen(document), n);
	assert_non_null(strstr(document, "<Action>WriteItems</Action>"));
	again = items_of(document);
	describe(items, before, sizeof(before));
	describe(again, after, sizeof(after));
	assert_string_equal(before, after);
	free(document);
	portcall_items_free(items);
	portcall_items_free(again);
}

/* --- the n-th allocation of libxml2 fails ----------------------------------------------------------- */

static long left; /* allocations until the one that fails; below 0: none does */

static bool fails(void)
{
	return left >= 0 && left-- == 0;
}

static void *failing_malloc(size_t n)
{
	return fails() ? NULL : malloc(n);
}

static void *failing_realloc(void *p, size_t n)
{
	return fails() ? NULL : realloc(p, n);
}

static char *failing_strdup(const char *text)
{
	return fails() ? NULL : strdup(text);
}

/* libxml2 prints what it cannot report to a parser. */
static void silent(void *ctx, xmlErrorPtr error)
{
	(void)ctx;
	(void)error;
}

static void out_of_memory(void **state)
{
	static const char document[] =
		"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n"
		"<d:L xmlns:d='http://www.siemens.com/DLS'>"
		"<d:Item name='a' index='3'>b&lt;<![CDATA[c]]></d:Item></d:L>";
	bool done = false;

	(void)state;
	assert_int_equal(xmlMemSetup(free, failing_malloc, failing_realloc, failing_strdup), 0);
	xmlSetStructuredErrorFunc(NULL, silent);
	for (long n = 0; !done; n++) {
		struct portcall_items *items = NULL;
		struct portcall_why why = { 0 };
		enum portcall_err err;

		left = n;
		err = portcall_items_read(document, sizeof(document) - 1, NULL, NULL, &items, &why);
		done = left >= 0; /* none failed any more */
		left = -1;
		if (done)
			assert_int_equal(err, PORTCALL_OK);
		if (!err) /* a failure that libxml2 can do without changes nothing */
			assert_string_equal(portcall_items_at(items, 0)->value, "b<c");
		assert_int_equal(!err, items != NULL);
		portcall_items_free(items);
		assert_true(n < 1000);
	}
	xmlSetStructuredErrorFunc(NULL, NULL);
	xmlMemSetup(free, malloc, realloc, strdup);
}

static void names(void **state)
{
	static const struct {
		const char *name, *meant;
	} meant[] = {
		{ "radius-server-ca1", NULL },
		{ "radius-server-cal", "radius-server-ca1" },
		{ "radius-server-caI", "radius-server-ca1" },
		{ "Radius-Server-CA2", "radius-server-ca2" },
		{ "radius_server_ca2", "radius-server-ca2" },
		{ "radius-server-ca", "radius-server-ca1" },
		{ "802.1x-certifi-  cate", "802.1x-certificate" },
		{ "8O2.1X-certificate", "802.1x-certificate" },
		{ "802.1x-certificate-info", NULL },
		{ "system-config-versions", "system-config-version" },
		{ "sip-server", NULL },
		{ "", NULL },
	};
	static const char *const phrases[] = { "802.1x-passphrase", "802.1x-certificate-password",
		                               "certificate-pass-phrase", "pkcs12-pin",
		                               "RADIUS-Password" };
	static const char *const others[] = {
		"admin-pwd",           "sip-pwd",           "pin", "key-mapping",
		"certificate-pinning", "bypass-certificate"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(meant) / sizeof(*meant); i++) {
		const char *got = item_name_meant(meant[i].name);

		assert_string_equal(got ? got : "-", meant[i].meant ? meant[i].meant : "-");
	}
	for (size_t i = 0; i < sizeof(phrases) / sizeof(*phrases); i++)
		assert_true(item_name_is_passphrase(phrases[i]));
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		assert_false(item_name_is_passphrase(others[i]));
}

int main(void)
{
	enum { ROWS = sizeof(table) / sizeof(*table) };
	struct CMUnitTest tests[ROWS + 5];
	size_t n = 0;

	for (size_t i = 0; i < ROWS; i++)
		tests[n++] = (struct CMUnitTest){ table[i].name, reads, NULL, NULL,
			                          (void *)(uintptr_t)&table[i] };
	tests[n++] = (struct CMUnitTest){ .name = "every prefix of a document is refused",
		                          .test_func = rejects_every_prefix };
	tests[n++] = (struct CMUnitTest){ .name = "device values override system values",
		                          .test_func = merges };
	tests[n++] = (struct CMUnitTest){ .name = "what is written reads as the same items",
		                          .test_func = writes };
	tests[n++] = (struct CMUnitTest){
		.name = "when libxml2 gets no memory, nothing is read and nothing leaks",
		.test_func = out_of_memory
	};
	tests[n++] = (struct CMUnitTest){ .name = "misspelt names, and names of pass phrases",
		                          .test_func = names };
	return cmocka_run_group_tests_name("item", tests, NULL, NULL);
}
