/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <string.h>

#include "supplicant/option43.h"
#include "tests/fuzz/fuzz.h"

/* What a DHCP server sends, as octets; and as the hexadecimal text of udhcpc: both say the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	char hex[2 * 255 + 1];
	size_t n = size < 255 ? size : 255;
	struct option43 octets = option43_decode(span(data, n)), text;

	for (size_t i = 0; i < n; i++) {
		hex[2 * i] = digits[data[i] >> 4];
		hex[2 * i + 1] = digits[data[i] & 15];
	}
	hex[2 * n] = '\0';
	text = option43_decode_hex(hex);
	assert(octets.vlan <= 4094 && strlen(octets.url) < OPTION43_URL_MAX);
	assert(octets.vlan == text.vlan && octets.siemens == text.siemens);
	assert(strcmp(octets.url, text.url) == 0);
	for (const char *p = octets.url; *p; p++)
		assert(*p > ' ' && *p <= '~');
	return 0;
}
