/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * check - what unit tests share on top of cmocka: hex, and the properties that every decoder has.
 *
 * One group of tests for each program, so that its TAP has one plan.  Test names are sentences
 * with the clause: C("RFC 3748 4.1: padding behind Length is cut", padding_is_cut).
 */
#ifndef TESTS_UNIT_CHECK_H
#define TESTS_UNIT_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/bytes.h"

#define C(sentence, function)                        \
	{                                            \
		sentence, function, NULL, NULL, NULL \
	}

/* Hex digits, blanks between them allowed, into `buf`. */
static inline struct span unhex(const char *hex, void *buf, size_t max)
{
	uint8_t *out = buf;
	size_t digits = 0;

	for (; *hex; hex++) {
		if (*hex == ' ' || *hex == '\n')
			continue;
		const char *alphabet = "0123456789abcdef";
		const char *at = strchr(alphabet, *hex);

		assert_non_null(at);
		assert_true(digits / 2 < max);
		out[digits / 2] = (uint8_t)(out[digits / 2] << 4 | (at - alphabet));
		digits++;
	}
	assert_int_equal(digits % 2, 0);
	return span(buf, digits / 2);
}

static inline bool span_is(struct span s, const char *text)
{
	return span_equal(s, span_of_string(text));
}

/* Does `accepts` take the input?  It sees an exact copy, so that the sanitizer finds a read behind its end. */
static inline bool accepts_copy(bool (*accepts)(struct span), const uint8_t *p, size_t n)
{
	uint8_t *copy = malloc(n ? n : 1);

	assert_non_null(copy);
	memcpy(copy, p, n);
	bool taken = accepts(span(copy, n));

	free(copy);
	return taken;
}

/* `good` is accepted, and nothing that ends earlier. */
static inline void rejects_every_prefix(bool (*accepts)(struct span), struct span good)
{
	assert_true(accepts_copy(accepts, good.p, good.n));
	for (size_t n = 0; n < good.n; n++) {
		if (accepts_copy(accepts, good.p, n))
			fail_msg("accepts the first %zu of %zu octets", n, good.n);
	}
}

/* `good` is accepted, and nothing that differs from it in one bit. */
static inline void rejects_every_bitflip(bool (*accepts)(struct span), struct span good)
{
	uint8_t *copy = malloc(good.n ? good.n : 1);

	assert_non_null(copy);
	memcpy(copy, good.p, good.n);
	assert_true(accepts(span(copy, good.n)));
	for (size_t bit = 0; bit < 8 * good.n; bit++) {
		copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
		bool taken = accepts(span(copy, good.n));

		copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (taken) {
			free(copy);
			fail_msg("accepts bit %zu of octet %zu flipped", bit % 8, bit / 8);
			return;
		}
	}
	free(copy);
}

#endif
