/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists as spreadsheets write them (RFC 4180). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tools/csv.h"

struct row {
	const char *name, *text;
	const char *expected; /* "line:field|field line:..." with ! and the fault */
};

static const struct row table[] = {
	{ "fields and lines", "a,b\nc,d\n", "1:a|b 2:c|d" },
	{ "the last line may lack its end", "a\nb", "1:a 2:b" },
	{ "CR/LF, and white space around a field", " a ,\tb \r\nc,d\r\n", "1:a|b 2:c|d" },
	{ "empty lines are skipped, and counted", "\n\na\n\r\n\nb\n", "3:a 6:b" },
	{ "empty fields", "a,,\n,,b\n,", "1:a|| 2:||b 3:|" },
	{ "a byte order mark",
	  "\xef\xbb\xbf"
	  "a,b",
	  "1:a|b" },
	{ "semicolons when the first line has no comma", "a;b\nc,d;e\n", "1:a|b 2:c,d|e" },
	{ "a comma in the first line means commas", "a,b;c\nd;e\n", "1:a|b;c 2:d;e" },
	{ "quotes: separators, line ends and quotes in a field",
	  "\"a,b\" ,\"c \"\"d\"\"\",\"e\nf\"\ng", "1:a,b|c \"d\"|e\nf 3:g" },
	{ "an empty field in quotes", "\"\",\"\"\n\"\"", "1:| 2:" },
	{ "a quote that is not closed takes the rest", "a,\"b\nc,d",
	  "1:a|b\nc,d!a quote is not closed" },
	{ "text behind a quote: the line is lost, not the list", "\"a\"b,c\nd",
	  "1:a!text follows a closing quote 2:d" },
	{ "nothing", "", "" },
	{ "only line ends", "\r\n\n", "" },
};

static void reads(void **state)
{
	const struct row *row = *state;
	char *text = strdup(row->text), got[400] = "";
	struct csv csv = csv_of(text);
	struct csv_record record;
	size_t n = 0;

	while (csv_next(&csv, &record)) {
		n += (size_t)snprintf(got + n, sizeof(got) - n, "%s%d:", n ? " " : "", csv.line);
		for (size_t i = 0; i < record.n; i++)
			n += (size_t)snprintf(got + n, sizeof(got) - n, "%s%s", i ? "|" : "",
			                      record.field[i]);
		if (record.fault)
			n += (size_t)snprintf(got + n, sizeof(got) - n, "!%s", record.fault);
	}
	assert_string_equal(got, row->expected);
	free(text);
}

static void too_many_fields_are_a_fault(void **state)
{
	(void)state;
	char text[CSV_FIELDS_MAX + 4];
	struct csv_record record;

	memset(text, ',', sizeof(text));
	strcpy(text + CSV_FIELDS_MAX - 1, "\na");
	struct csv csv = csv_of(text);

	assert_true(csv_next(&csv, &record));
	assert_int_equal(record.n, CSV_FIELDS_MAX);
	assert_null(record.fault);
	assert_true(csv_next(&csv, &record));
	memset(text, ',', sizeof(text));
	strcpy(text + CSV_FIELDS_MAX, "\na");
	csv = csv_of(text);
	assert_true(csv_next(&csv, &record));
	assert_non_null(record.fault);
}

int main(void)
{
	enum { ROWS = sizeof(table) / sizeof(*table) };
	static const struct CMUnitTest other = cmocka_unit_test(too_many_fields_are_a_fault);
	struct CMUnitTest tests[ROWS + 1];

	for (size_t i = 0; i < ROWS; i++)
		tests[i] = (struct CMUnitTest){ .name = table[i].name,
			                        .test_func = reads,
			                        .initial_state = (void *)(uintptr_t)&table[i] };
	tests[ROWS] = other;
	return _cmocka_run_group_tests("csv", tests, ROWS + 1, NULL, NULL);
}
