/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/check.h"

#include "common/eapol.h"

static const uint8_t phone[MAC_LEN] = { 0x02, 0, 0, 0, 0, 0x01 };

static bool accepts(struct span frame)
{
	struct eapol_frame f;

	return eapol_decode(frame, &f) == PORTCALL_OK;
}

static bool accepts_hex(const char *hex)
{
	uint8_t buf[128];

	return accepts(unhex(hex, buf, sizeof(buf)));
}

static void start_frame(void **state)
{
	(void)state;
	uint8_t frame[64], expected[64];
	size_t n = 0;

	assert_int_equal(eapol_encode(mac_pae_group, phone, EAPOL_START, span(NULL, 0), frame,
	                              sizeof(frame), &n),
	                 PORTCALL_OK);
	assert_int_equal(n, 60);
	struct span head =
		unhex("0180c2000003 020000000001 888e 02 01 0000", expected, sizeof(expected));

	assert_memory_equal(frame, head.p, head.n);
	for (size_t i = head.n; i < n; i++)
		assert_int_equal(frame[i], 0);
}

static void padding_is_cut(void **state)
{
	(void)state;
	uint8_t frame[64];
	struct eapol_frame f;
	size_t n = 0;

	assert_int_equal(eapol_encode(mac_pae_group, phone, EAPOL_EAP,
	                              span("\x01\x02\x00\x05\x01", 5), frame, sizeof(frame), &n),
	                 PORTCALL_OK);
	assert_int_equal(eapol_decode(span(frame, n), &f), PORTCALL_OK);
	assert_int_equal(f.type, EAPOL_EAP);
	assert_int_equal(f.version, 2);
	assert_int_equal(f.body.n, 5);
	assert_true(mac_equal(f.dst, mac_pae_group));
	assert_true(mac_equal(f.src, phone));
}

static void every_prefix(void **state)
{
	(void)state;
	uint8_t buf[64];

	rejects_every_prefix(
		accepts,
		unhex("0180c2000003 020000000001 888e 02 00 0005 01 02 0005 01", buf, sizeof(buf)));
}

static void tags_are_skipped(void **state)
{
	(void)state;
	assert_true(accepts_hex("0180c2000003 020000000001 8100 0000 888e 02 01 0000"));
	assert_true(accepts_hex("0180c2000003 020000000001 88a8 0064 8100 0014 888e 02 01 0000"));
	assert_false(accepts_hex(
		"0180c2000003 020000000001 8100 0001 8100 0002 8100 0003 888e 02 01 0000"));
	assert_false(accepts_hex("0180c2000003 020000000001 8100 0000 0800 02 01 0000"));
}

static void later_versions_are_read(void **state)
{
	(void)state;
	assert_true(accepts_hex("0180c2000003 020000000001 888e 01 01 0000"));
	assert_true(accepts_hex("0180c2000003 020000000001 888e 03 01 0000"));
	assert_true(accepts_hex("0180c2000003 020000000001 888e ff 01 0000"));
	assert_false(accepts_hex("0180c2000003 020000000001 888e 00 01 0000"));
}

static void what_is_not_eapol(void **state)
{
	(void)state;
	assert_false(accepts_hex("0180c2000003 020000000001 0800 02 01 0000"));
	assert_false(accepts_hex("0180c2000003 030000000001 888e 02 01 0000"));
	assert_true(accepts_hex("0180c2000003 020000000001 888e 02 08 0000"));
	assert_false(accepts_hex("0180c2000003 020000000001 888e 02 09 0000"));
	assert_false(accepts_hex("0180c2000003 020000000001 888e 02 00 ffff 00"));
}

static void limits_of_encoding(void **state)
{
	(void)state;
	static uint8_t body[65536], frame[65536 + EAPOL_HEADER_LEN];
	size_t n = 7;

	assert_int_equal(eapol_encode(mac_pae_group, phone, EAPOL_EAP, span(body, 65536), frame,
	                              sizeof(frame), &n),
	                 PORTCALL_ERR_LIMIT);
	assert_int_equal(
		eapol_encode(mac_pae_group, phone, EAPOL_START, span(NULL, 0), frame, 59, &n),
		PORTCALL_ERR_LIMIT);
	assert_int_equal(n, 7);
	assert_int_equal(eapol_encode(mac_pae_group, phone, EAPOL_EAP, span(body, 65535), frame,
	                              sizeof(frame), &n),
	                 PORTCALL_OK);
	assert_int_equal(n, 65535 + EAPOL_HEADER_LEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		C("802.1X-2004 7.5: EAPOL-Start to the PAE group address, padded to 60 octets",
		  start_frame),
		C("802.1X-2004 7.5.5: what is behind the body's length is padding", padding_is_cut),
		C("rejects every prefix of a frame", every_prefix),
		C("802.1X-2004 7.4: up to two tags are skipped, a third is not", tags_are_skipped),
		C("802.1X-2020 11.4: later versions are read, 0 is not", later_versions_are_read),
		C("drops other types, group sources, unknown packets and false lengths",
		  what_is_not_eapol),
		C("encoding has limits and leaves the output alone beyond them",
		  limits_of_encoding),
	};

	return cmocka_run_group_tests_name("eapol", tests, NULL, NULL);
}
