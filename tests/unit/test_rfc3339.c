/* SPDX-License-Identifier: BSD-3-Clause */
/* Times as people write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tools/rfc3339.h"

static void times_are_read(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t seconds;
	} rows[] = {
		{ "2026-11-21", 1795219200 },
		{ "2026-11-21T10:20:30Z", 1795256430 },
		{ "2026-11-21T10:20:30+01:00", 1795252830 },
		{ "2026-11-21T10:20:30-00:30", 1795258230 },
		{ "2100-02-28", 4107456000 },
		{ "@0", 0 },
		{ "@1795219200", 1795219200 },
	};
	char buf[RFC3339_LEN];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		int64_t got = -1;

		assert_true(rfc3339_read(rows[i].text, &got));
		assert_int_equal(got, rows[i].seconds);
	}
	assert_string_equal(rfc3339(1795256430, buf), "2026-11-21T10:20:30Z");
	assert_string_equal(rfc3339_day(1795256430, buf), "2026-11-21");
	assert_string_equal(rfc3339(INT64_MAX, buf), "");
}

static void nonsense_is_refused(void **state)
{
	(void)state;
	static const char *const rows[] = {
		"",
		"now",
		"2026",
		"2026-02-30",
		"2026-11-21T10:20",
		"2026-11-21T10:20:30",
		"2026-11-21 ",
		"2026-11-21T10:20:30+1:00",
		"2026-11-21T10:20:30+01:00x",
		"@",
		"@-1",
		"@1x",
		"@99999999999999999999",
	};
	int64_t got;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_false(rfc3339_read(rows[i], &got));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_read),
		cmocka_unit_test(nonsense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
