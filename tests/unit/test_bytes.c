/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/check.h"

static void reads_big_endian(void **state)
{
	(void)state;
	uint8_t buf[16];
	struct reader r = reader_of(unhex("01 0203 04050607 0809 0a", buf, sizeof(buf)));

	assert_int_equal(read_u8(&r), 0x01);
	assert_int_equal(read_u16(&r), 0x0203);
	assert_int_equal(read_u32(&r), 0x04050607);
	struct span two = read_bytes(&r, 2);

	assert_int_equal(two.n, 2);
	assert_ptr_equal(two.p, buf + 7);
	assert_true(reader_ok(&r));
	assert_false(reader_done(&r));
	assert_int_equal(read_rest(&r).n, 1);
	assert_true(reader_done(&r));
}

static void failure_is_sticky(void **state)
{
	(void)state;
	const uint8_t three[] = { 1, 2, 3 };
	struct reader r = reader_of(span(three, sizeof(three)));

	assert_int_equal(read_u32(&r), 0);
	assert_false(reader_ok(&r));
	assert_int_equal(read_u8(&r), 0); /* there are octets, but the cursor has failed */
	assert_int_equal(read_rest(&r).n, 0);
	assert_false(reader_done(&r));
}

static void huge_lengths_do_not_wrap(void **state)
{
	(void)state;
	const uint8_t three[] = { 1, 2, 3 };
	struct reader r = reader_of(span(three, sizeof(three)));

	read_u8(&r);
	assert_int_equal(read_bytes(&r, SIZE_MAX).n, 0);
	assert_false(reader_ok(&r));

	uint8_t out[4];
	struct writer w = writer_to(out, sizeof(out));

	write_u8(&w, 1);
	write_zeros(&w, SIZE_MAX);
	assert_false(writer_ok(&w));
}

static void empty_input(void **state)
{
	(void)state;
	struct reader r = reader_of(span(NULL, 0));

	assert_true(reader_done(&r));
	assert_int_equal(read_bytes(&r, 0).n, 0);
	assert_true(reader_done(&r));
	read_u8(&r);
	assert_false(reader_ok(&r));
	assert_true(span_equal(span(NULL, 0), span("", 0)));
}

static void writes_what_the_reader_reads(void **state)
{
	(void)state;
	uint8_t out[12], expected[12];
	struct writer w = writer_to(out, sizeof(out));

	write_u8(&w, 0x01);
	write_u16(&w, 0);
	write_u32(&w, 0x04050607);
	write_bytes(&w, span("ab", 2));
	write_zeros(&w, 3);
	write_u16_at(&w, 1, 0x0203);
	assert_true(writer_ok(&w));
	assert_true(span_equal(writer_span(&w),
	                       unhex("01 0203 04050607 6162 000000", expected, sizeof(expected))));
}

static void full_buffer_fails_and_stays_failed(void **state)
{
	(void)state;
	uint8_t out[3] = { 9, 9, 9 };
	struct writer w = writer_to(out, 2);

	write_u16(&w, 0x0102);
	assert_true(writer_ok(&w));
	write_u8(&w, 3);
	assert_false(writer_ok(&w));
	assert_int_equal(writer_span(&w).n, 0);
	assert_int_equal(out[2], 9);
}

static void patching_outside_fails(void **state)
{
	(void)state;
	uint8_t out[4];
	struct writer w = writer_to(out, sizeof(out));

	write_u16(&w, 1);
	write_u16_at(&w, 1, 7);
	assert_false(writer_ok(&w));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		C("reads big-endian fields and views", reads_big_endian),
		C("a cursor that ran out stays failed", failure_is_sticky),
		C("lengths near SIZE_MAX do not wrap", huge_lengths_do_not_wrap),
		C("an empty input has nothing to read and is done", empty_input),
		C("the writer writes what the reader reads", writes_what_the_reader_reads),
		C("a full buffer fails, stays failed and is not overrun",
		  full_buffer_fails_and_stays_failed),
		C("a length cannot be patched behind what was written", patching_outside_fails),
	};

	return cmocka_run_group_tests_name("bytes", tests, NULL, NULL);
}
