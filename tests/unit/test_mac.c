/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/check.h"

#include "common/mac.h"

static const uint8_t sample[MAC_LEN] = { 0x02, 0x00, 0xab, 0x00, 0xcd, 0x01 };

static void reads_usual_notations(void **state)
{
	(void)state;
	const char *good[] = { "02:00:ab:00:cd:01", "02:00:AB:00:CD:01", "02-00-AB-00-cd-01",
		               "0200.ab00.cd01", "0200ab00cd01" };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		uint8_t mac[MAC_LEN] = { 0 };

		assert_true(mac_parse(good[i], mac));
		assert_true(mac_equal(mac, sample));
	}
}

static void refuses_everything_else(void **state)
{
	(void)state;
	const char *bad[] = { "",
		              "02",
		              "02:00:ab:00:cd",
		              "02:00:ab:00:cd:",
		              "02:00:ab:00:cd:01:",
		              "02:00:ab:00:cd:011",
		              "02:00-ab:00:cd:01",
		              "2:0:ab:0:cd:1",
		              "02:00:ab:00:cd:0g",
		              "0200.ab00",
		              "0200:ab00:cd01",
		              "0200ab00cd0",
		              "0200ab00cd011",
		              " 02:00:ab:00:cd:01",
		              "02:00:ab:00:cd:01 " };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint8_t mac[MAC_LEN] = { 7, 7, 7, 7, 7, 7 };

		if (mac_parse(bad[i], mac))
			fail_msg("accepts \"%s\"", bad[i]);
		assert_int_equal(mac[0], 7); /* outputs are untouched on failure */
	}
}

static void writes_three_notations(void **state)
{
	(void)state;
	char text[MAC_TEXT_LEN];

	assert_string_equal(mac_colons(sample, text), "02:00:ab:00:cd:01");
	assert_string_equal(mac_hyphens(sample, text), "02-00-AB-00-CD-01");
	assert_string_equal(mac_plain(sample, text), "0200AB00CD01");
}

static void knows_kinds_of_addresses(void **state)
{
	(void)state;
	const uint8_t broadcast[MAC_LEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	const uint8_t bridge_end[MAC_LEN] = { 0x01, 0x80, 0xc2, 0x00, 0x00, 0x0f };
	const uint8_t behind[MAC_LEN] = { 0x01, 0x80, 0xc2, 0x00, 0x00, 0x10 };

	assert_true(mac_is_group(mac_pae_group));
	assert_true(mac_is_group(broadcast));
	assert_false(mac_is_group(sample));
	assert_true(mac_is_link_local(mac_pae_group));
	assert_true(mac_is_link_local(bridge_end));
	assert_false(mac_is_link_local(behind));
	assert_false(mac_is_link_local(broadcast));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		C("reads colons, hyphens, dots and plain digits in either case",
		  reads_usual_notations),
		C("refuses everything else and leaves the output alone", refuses_everything_else),
		C("RFC 3580 3.20 and the other notations are written", writes_three_notations),
		C("802.1Q 8.6.3: 01-80-C2-00-00-00 to -0F are link-local",
		  knows_kinds_of_addresses),
	};

	return cmocka_run_group_tests_name("mac", tests, NULL, NULL);
}
