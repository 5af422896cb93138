/* SPDX-License-Identifier: BSD-3-Clause */
#include "supplicant/option43.h"

#include <string.h>

enum { PAD = 0, VENDOR = 1, VLAN = 2, URL = 3, END = 255, VLAN_MAX = 4094, DATA_MAX = 1024 };

static bool is_vendor(struct span value)
{
	static const char name[] = "Siemens";

	return value.n >= sizeof(name) - 1 && memcmp(value.p, name, sizeof(name) - 1) == 0;
}

/* Four octets as documented, two as seen in the field. */
static unsigned vlan_of(struct span value)
{
	struct reader r = reader_of(value);
	uint32_t vlan = value.n == 4 ? read_u32(&r) : value.n == 2 ? read_u16(&r) : 0;

	return vlan <= VLAN_MAX ? vlan : 0;
}

static void copy_url(struct span value, char ret_url[static OPTION43_URL_MAX])
{
	while (value.n > 0 && value.p[value.n - 1] == 0) /* servers that count a terminator */
		value.n--;
	if (value.n >= OPTION43_URL_MAX)
		return;
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] <= ' ' || value.p[i] > '~')
			return;
	}
	if (value.n > 0)
		memcpy(ret_url, value.p, value.n);
	ret_url[value.n] = '\0';
}

struct option43 option43_decode(struct span data)
{
	struct option43 option = { 0 };
	struct reader r = reader_of(data);

	while (r.left.n > 0) {
		uint8_t code = read_u8(&r);

		if (code == PAD)
			continue;
		if (code == END)
			break;
		struct span value = read_bytes(&r, read_u8(&r));

		if (!reader_ok(&r))
			break;
		if (code == VENDOR)
			option.siemens = is_vendor(value);
		else if (code == VLAN)
			option.vlan = vlan_of(value);
		else if (code == URL)
			copy_url(value, option.url);
	}
	return option;
}

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

struct option43 option43_decode_hex(const char *hex)
{
	uint8_t data[DATA_MAX];
	size_t n = 0;

	while (n < DATA_MAX) {
		int high = nibble(hex[2 * n]);
		int low = high < 0 ? -1 : nibble(hex[2 * n + 1]);

		if (low < 0)
			break;
		data[n++] = (uint8_t)(high << 4 | low);
	}
	return option43_decode(span(data, n));
}
