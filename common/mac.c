/* SPDX-License-Identifier: BSD-3-Clause */
#include "common/mac.h"

#include <string.h>

const uint8_t mac_pae_group[MAC_LEN] = { 0x01, 0x80, 0xc2, 0x00, 0x00, 0x03 };

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Digits before the next separator: 2 with ':' or '-', 4 with '.', 12 without any. */
static int group_size(const char *text)
{
	size_t digits = strspn(text, "0123456789abcdefABCDEF");

	switch (text[digits]) {
	case ':':
	case '-':
		return digits == 2 ? 2 : 0;
	case '.':
		return digits == 4 ? 4 : 0;
	case '\0':
		return digits == 12 ? 12 : 0;
	}
	return 0;
}

bool mac_parse(const char *text, uint8_t ret_mac[static MAC_LEN])
{
	uint8_t mac[MAC_LEN];
	int group = group_size(text);
	char separator = group ? text[group] : '\0';

	if (group == 0)
		return false;
	for (int i = 0; i < 2 * MAC_LEN; i++) {
		if (i > 0 && i % group == 0 && *text++ != separator)
			return false;
		int value = digit_value(*text++);

		if (value < 0)
			return false;
		mac[i / 2] = (uint8_t)(i % 2 ? mac[i / 2] << 4 | value : value);
	}
	if (*text != '\0')
		return false;
	memcpy(ret_mac, mac, MAC_LEN);
	return true;
}

static const char *format(const uint8_t *mac, const char *digits, char separator, char *buf)
{
	char *out = buf;

	for (int i = 0; i < MAC_LEN; i++) {
		if (i > 0 && separator)
			*out++ = separator;
		*out++ = digits[mac[i] >> 4];
		*out++ = digits[mac[i] & 15];
	}
	*out = '\0';
	return buf;
}

const char *mac_colons(const uint8_t mac[static MAC_LEN], char buf[static MAC_TEXT_LEN])
{
	return format(mac, "0123456789abcdef", ':', buf);
}

const char *mac_hyphens(const uint8_t mac[static MAC_LEN], char buf[static MAC_TEXT_LEN])
{
	return format(mac, "0123456789ABCDEF", '-', buf);
}

const char *mac_plain(const uint8_t mac[static MAC_LEN], char buf[static MAC_TEXT_LEN])
{
	return format(mac, "0123456789ABCDEF", '\0', buf);
}

bool mac_equal(const uint8_t a[static MAC_LEN], const uint8_t b[static MAC_LEN])
{
	return memcmp(a, b, MAC_LEN) == 0;
}

bool mac_is_group(const uint8_t mac[static MAC_LEN])
{
	return mac[0] & 1;
}

bool mac_is_link_local(const uint8_t mac[static MAC_LEN])
{
	return memcmp(mac, mac_pae_group, MAC_LEN - 1) == 0 && (mac[5] & 0xf0) == 0;
}
