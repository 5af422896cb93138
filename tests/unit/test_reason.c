/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/check.h"

#include <portcall/error.h>

static bool ends_with_stop(const char *text)
{
	size_t n = strlen(text);

	return n > 1 && text[n - 1] == '.' && text[n - 2] != '.' && text[n - 2] != ' ';
}

static void codes_are_unique_and_kebab_case(void **state)
{
	(void)state;
	for (int i = 0; i < PORTCALL_REASON_COUNT; i++) {
		const char *code = portcall_reason_code((enum portcall_reason)i);
		size_t n = strlen(code);

		if (n < 2 || strspn(code, "abcdefghijklmnopqrstuvwxyz0123456789-") != n ||
		    code[0] == '-' || code[n - 1] == '-' || strstr(code, "--"))
			fail_msg("\"%s\" is not kebab-case", code);
		for (int j = 0; j < i; j++) {
			if (strcmp(code, portcall_reason_code((enum portcall_reason)j)) == 0)
				fail_msg("\"%s\" stands there twice", code);
		}
	}
}

static void texts_are_sentences(void **state)
{
	(void)state;
	for (int i = 0; i < PORTCALL_REASON_COUNT; i++) {
		const char *text = portcall_reason_text((enum portcall_reason)i);

		if (!ends_with_stop(text) || strpbrk(text, "%\n\t") || text[0] < 'A' ||
		    (text[0] > 'Z' && strncmp(text, "802.1X", 6) != 0))
			fail_msg("not a sentence: \"%s\"", text);
	}
}

static void hints_are_sentences(void **state)
{
	(void)state;
	for (int i = 0; i < PORTCALL_REASON_COUNT; i++) {
		const char *hint = portcall_reason_hint((enum portcall_reason)i);

		if (*hint && (!ends_with_stop(hint) || strpbrk(hint, "%\n\t")))
			fail_msg("not a sentence: \"%s\"", hint);
	}
}

static void errors_have_hints(void **state)
{
	(void)state;
	for (int i = 0; i < PORTCALL_REASON_COUNT; i++) {
		enum portcall_reason reason = (enum portcall_reason)i;

		if (portcall_reason_severity(reason) == PORTCALL_ERROR &&
		    !*portcall_reason_hint(reason))
			fail_msg("\"%s\" is an error without a hint", portcall_reason_code(reason));
	}
}

static void out_of_range_is_none(void **state)
{
	(void)state;
	const char *none = portcall_reason_code(PORTCALL_REASON_NONE);

	assert_string_equal(portcall_reason_code(PORTCALL_REASON_COUNT), none);
	assert_string_equal(portcall_reason_code((enum portcall_reason)12345), none);
}

static void errors_are_sentences(void **state)
{
	(void)state;
	for (int i = PORTCALL_OK; i <= PORTCALL_ERR_USAGE; i++)
		assert_true(ends_with_stop(portcall_err_text((enum portcall_err)i)));
	assert_true(ends_with_stop(portcall_err_text((enum portcall_err)99)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		C("codes are unique and kebab-case", codes_are_unique_and_kebab_case),
		C("each text is one line that ends with a full stop and has no format sign",
		  texts_are_sentences),
		C("each hint is empty or such a sentence", hints_are_sentences),
		C("each error says what to do", errors_have_hints),
		C("a value outside the list reads as none", out_of_range_is_none),
		C("errors of calls are sentences too", errors_are_sentences),
	};

	return cmocka_run_group_tests_name("reason", tests, NULL, NULL);
}
