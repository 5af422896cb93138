/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "switch/offload.h"

/* 10.0.0.1:53 -> 10.0.0.2:4096, 5 octets of UDP; the field holds the pseudo header's sum, as Linux leaves it. */
static const uint8_t udp[] = {
	2,    0,   0,    0,   0,   2,  2,    0,    0,  0,  0,    1,    8, 0, /* Ethernet */
	0x45, 0,   0,    33,  0,   1,  0,    0,    64, 17, 0x66, 0xc9,       /* IPv4 */
	10,   0,   0,    1,   10,  0,  0,    2,                              /* addresses */
	0,    53,  0x10, 0,   0,   13, 0x14, 0x21,                           /* UDP */
	'h',  'e', 'l',  'l', 'o',
};

static const struct offload udp_state = {
	.flags = OFFLOAD_NEEDS_CHECKSUM,
	.csum_start = 34,
	.csum_offset = 6,
};

/* RFC 768 as it stands: one's complement of the sum of pseudo header, header and data. */
static uint16_t sum_of(const uint8_t *p, size_t n, uint32_t sum)
{
	for (size_t i = 0; i < n; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static uint16_t verify_udp(const uint8_t *frame, size_t tag)
{
	const uint8_t *ip = frame + 14 + tag, *datagram = ip + 20;
	uint16_t length = (uint16_t)(datagram[4] << 8 | datagram[5]);

	return sum_of(datagram, length, sum_of(ip + 12, 8, (uint32_t)17 + length));
}

static void a_checksum_left_to_the_card_is_completed(void **state)
{
	struct offload offload = udp_state;
	uint8_t frame[sizeof(udp)];

	(void)state;
	memcpy(frame, udp, sizeof(udp));
	assert_true(offload_complete(&offload, frame, sizeof(frame)));
	assert_int_equal(verify_udp(frame, 0), 0xffff);
	assert_int_equal(offload.flags, 0);
	/* nothing else was touched */
	assert_memory_equal(frame, udp, 40);
	assert_memory_equal(frame + 42, udp + 42, sizeof(udp) - 42);
	/* and once is enough */
	uint8_t again[sizeof(udp)];

	memcpy(again, frame, sizeof(frame));
	assert_true(offload_complete(&offload, again, sizeof(again)));
	assert_memory_equal(again, frame, sizeof(frame));
}

static void rfc_768_a_sum_of_zero_is_sent_as_ones(void **state)
{
	struct offload offload = { .flags = OFFLOAD_NEEDS_CHECKSUM,
		                   .csum_start = 0,
		                   .csum_offset = 2 };
	uint8_t frame[] = { 0xff, 0xf0, 0x00, 0x0f };

	(void)state;
	assert_true(offload_complete(&offload, frame, sizeof(frame)));
	assert_int_equal(frame[2], 0xff);
	assert_int_equal(frame[3], 0xff);
}

static void a_finished_frame_stays_as_it_is(void **state)
{
	struct offload offload = { .csum_start = 34, .csum_offset = 6 };
	uint8_t frame[sizeof(udp)];

	(void)state;
	memcpy(frame, udp, sizeof(udp));
	assert_true(offload_complete(&offload, frame, sizeof(frame)));
	assert_memory_equal(frame, udp, sizeof(udp));
}

static void a_field_outside_of_the_frame_is_refused(void **state)
{
	static const struct {
		uint16_t start, offset;
	} table[] = { { 34, 12 }, { 46, 0 }, { 47, 0 }, { 65535, 65535 }, { 34, 65535 } };

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct offload offload = { .flags = OFFLOAD_NEEDS_CHECKSUM,
			                   .csum_start = table[i].start,
			                   .csum_offset = table[i].offset };
		uint8_t *frame = malloc(sizeof(udp));

		memcpy(frame, udp, sizeof(udp));
		assert_false(offload_complete(&offload, frame, sizeof(udp)));
		assert_memory_equal(frame, udp, sizeof(udp));
		assert_int_equal(offload.flags, OFFLOAD_NEEDS_CHECKSUM);
		free(frame);
	}
}

/* Every length that the frame can be cut to, on the heap: nothing is read or written behind it. */
static void no_prefix_is_read_behind_its_end(void **state)
{
	(void)state;
	for (size_t n = 1; n < sizeof(udp); n++) {
		struct offload offload = udp_state;
		uint8_t *frame = malloc(n);

		memcpy(frame, udp, n);
		assert_int_equal(offload_complete(&offload, frame, n), n >= 42);
		free(frame);
	}
}

static void a_tag_put_in_or_taken_off_moves_the_state(void **state)
{
	struct offload offload = udp_state;
	uint8_t frame[sizeof(udp) + 4];

	(void)state;
	memcpy(frame, udp, 12);
	memcpy(frame + 12, "\x81\x00\xe0\x00", 4);
	memcpy(frame + 16, udp + 12, sizeof(udp) - 12);
	offload_move(&offload, 4);
	assert_true(offload_complete(&offload, frame, sizeof(frame)));
	assert_int_equal(verify_udp(frame, 4), 0xffff);

	offload = udp_state;
	offload.gso_type = 1;
	offload.hdr_len = 54;
	offload_move(&offload, 4);
	assert_int_equal(offload.csum_start, 38);
	assert_int_equal(offload.hdr_len, 58);
	offload_move(&offload, -4);
	assert_int_equal(offload.csum_start, 34);
	assert_int_equal(offload.hdr_len, 54);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_checksum_left_to_the_card_is_completed),
		cmocka_unit_test(rfc_768_a_sum_of_zero_is_sent_as_ones),
		cmocka_unit_test(a_finished_frame_stays_as_it_is),
		cmocka_unit_test(a_field_outside_of_the_frame_is_refused),
		cmocka_unit_test(no_prefix_is_read_behind_its_end),
		cmocka_unit_test(a_tag_put_in_or_taken_off_moves_the_state),
	};

	return cmocka_run_group_tests_name("offload", tests, NULL, NULL);
}
