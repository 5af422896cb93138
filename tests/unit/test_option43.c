/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "supplicant/option43.h"

static const struct {
	const char *name;
	const char *hex;
	bool siemens;
	unsigned vlan;
	const char *url;
} table[] = {
	{ "optiPoint manual: vendor, VLAN, URL, five pads and 255",
	  "010a5369656d656e73000000"
	  "020400000065"
	  "031568747470733a2f2f7777772e612e6578616d706c65"
	  "0000000000ff",
	  true, 101, "https://www.a.example" },
	{ "sub-option 3 may stand first (dnsmasq)",
	  "031168747470733a2f2f31302e37372e302e31010753"
	  "69656d656e73ff",
	  true, 0, "https://10.77.0.1" },
	{ "the newer form: seven octets of Siemens, four of VLAN",
	  "01075369656d656e7302040000006503047364"
	  "6c70ff",
	  true, 101, "sdlp" },
	{ "no 255 at the end", "03036162630000", false, 0, "abc" },
	{ "what follows 255 is not read", "ff0303616263", false, 0, "" },
	{ "unknown sub-options are skipped", "2a02ffff0303616263ff", false, 0, "abc" },
	{ "a sub-option that is cut off ends it", "020400000014030a616263", false, 20, "" },
	{ "a length that is cut off ends it", "02040000001403", false, 20, "" },
	{ "two octets of VLAN", "02020014ff", false, 20, "" },
	{ "VLAN 4095 is none", "020400000fffff", false, 0, "" },
	{ "VLAN of three octets is none", "0203000014ff", false, 0, "" },
	{ "another vendor", "0107436973636f2121ff", false, 0, "" },
	{ "a terminator that is counted is dropped", "03046162630000ff", false, 0, "abc" },
	{ "a space in the URL: not kept", "0303612063ff", false, 0, "" },
	{ "a control character in the URL: not kept", "0303610a63ff", false, 0, "" },
	{ "an octet beyond ASCII: not kept", "030361e463ff", false, 0, "" },
	{ "nothing", "", false, 0, "" },
	{ "half an octet ends the hexadecimal text", "0303616263f", false, 0, "abc" },
	{ "what is not hexadecimal ends it", "0303616263 xyz", false, 0, "abc" },
};

static void follows_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct option43 option = option43_decode_hex(table[i].hex);

		print_message("          %s\n", table[i].name);
		assert_int_equal(option.siemens, table[i].siemens);
		assert_int_equal(option.vlan, table[i].vlan);
		assert_string_equal(option.url, table[i].url);
	}
}

static void longest_url(void **state)
{
	uint8_t data[2 + 255];
	struct option43 option;

	(void)state;
	memset(data, 'a', sizeof(data));
	data[0] = 3;
	data[1] = 255;
	option = option43_decode(span(data, sizeof(data)));
	assert_int_equal(strlen(option.url), 255);
}

/* Each prefix in its own allocation, so that a read beyond it is found. */
static void reads_every_prefix(void **state)
{
	static const uint8_t good[] =
		"\x01\x0aSiemens\0\0\0\x02\x04\0\0\0\x14\x03\x09https://x\0\0\xff";

	(void)state;
	for (size_t n = 0; n < sizeof(good); n++) {
		uint8_t *copy = malloc(n ? n : 1);

		assert_non_null(copy);
		memcpy(copy, good, n);
		struct option43 option = option43_decode(span(copy, n));
		assert_int_equal(option.siemens, n >= 12);
		assert_int_equal(option.vlan, n >= 18 ? 20 : 0);
		assert_string_equal(option.url, n >= 29 ? "https://x" : "");
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_the_table),
		cmocka_unit_test(longest_url),
		cmocka_unit_test(reads_every_prefix),
	};

	return cmocka_run_group_tests_name("option43", tests, NULL, NULL);
}
