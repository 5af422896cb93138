/* SPDX-License-Identifier: BSD-3-Clause */
#include "common/pkcs12_passphrase.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void add(struct pkcs12_passphrases *p, enum pkcs12_encoding encoding,
                enum pkcs12_origin origin, const char *text, size_t n)
{
	p->list[encoding][p->n[encoding]++] =
		(struct pkcs12_try){ .text = text, .n = (int)n, .origin = origin };
}

/* One character of UTF-8; 0: it is none.  NUL ends the text and never comes here. */
static uint32_t next_character(const uint8_t **at)
{
	static const uint32_t least[] = { 1, 0x80, 0x800, 0x10000 };
	const uint8_t *p = *at;
	unsigned more = *p < 0x80 ? 0 : *p < 0xc0 ? 4 : *p < 0xe0 ? 1 : *p < 0xf0 ? 2 : 3;
	uint32_t c = more ? *p & (0x3fu >> more) : *p;

	if (more > 3 || *p > 0xf4)
		return 0;
	for (unsigned i = 1; i <= more; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < least[more] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	*at = p + more + 1;
	return c;
}

/* Each octet as a character of its own, in UTF-8.  At most twice as long. */
static size_t widen(const char *text, char *out)
{
	size_t n = 0;

	for (const uint8_t *p = (const uint8_t *)text; *p; p++) {
		if (*p >= 0x80)
			out[n++] = (char)(0xc0 | *p >> 6);
		out[n++] = (char)(*p < 0x80 ? *p : 0x80 | (*p & 0x3f));
	}
	return n;
}

static size_t put_unit(char *out, size_t n, uint32_t unit)
{
	out[n++] = (char)(unit >> 8);
	out[n++] = (char)unit;
	return n;
}

/* As BMPString (UTF-16 where that ends) with two zero octets.  At most twice as long, and two. */
static size_t to_bmp(const char *text, char *out)
{
	const uint8_t *p = (const uint8_t *)text;
	size_t n = 0;

	while (*p) {
		uint32_t c = next_character(&p);

		if (c >= 0x10000) {
			n = put_unit(out, n, 0xd800 + ((c - 0x10000) >> 10));
			c = 0xdc00 + (c & 0x3ff);
		}
		n = put_unit(out, n, c);
	}
	return put_unit(out, n, 0);
}

/* As ISO-8859-1; 0: it has characters beyond. */
static size_t to_latin1(const char *text, char *out)
{
	const uint8_t *p = (const uint8_t *)text;
	size_t n = 0;

	while (*p) {
		uint32_t c = next_character(&p);

		if (c > 0xff)
			return 0;
		out[n++] = (char)c;
	}
	return n;
}

static bool is_utf8(const char *text, bool *ret_ascii)
{
	const uint8_t *p = (const uint8_t *)text;

	*ret_ascii = true;
	while (*p) {
		*ret_ascii = *ret_ascii && *p < 0x80;
		if (!next_character(&p))
			return false;
	}
	return true;
}

static bool add_given(struct pkcs12_passphrases *p, const char *text)
{
	size_t n = strlen(text), widened;
	bool ascii, utf8 = is_utf8(text, &ascii);
	char *at;

	p->memory_n = 5 * n + 2;
	p->memory = malloc(p->memory_n);
	if (!p->memory)
		return false;
	at = p->memory;
	add(p, PKCS12_BMP, PKCS12_GIVEN, text, n);
	add(p, PKCS12_OCTETS, PKCS12_GIVEN, text, n);
	if (!ascii) {
		widened = widen(text, at);
		add(p, utf8 ? PKCS12_BMP : PKCS12_OCTETS, PKCS12_GIVEN, at, widened);
		at += widened;
	}
	if (!utf8)
		return true;
	if (!ascii && to_latin1(text, at)) {
		add(p, PKCS12_OCTETS, PKCS12_GIVEN, at, to_latin1(text, at));
		at += n;
	}
	add(p, PKCS12_OCTETS, PKCS12_GIVEN, at, to_bmp(text, at));
	return true;
}

bool pkcs12_passphrases_init(struct pkcs12_passphrases *p, const char *passphrase)
{
	*p = (struct pkcs12_passphrases){ 0 };
	if (passphrase && *passphrase && !add_given(p, passphrase))
		return false;
	for (int encoding = PKCS12_BMP; encoding <= PKCS12_OCTETS; encoding++) {
		add(p, (enum pkcs12_encoding)encoding, PKCS12_EMPTY, "", 0);
		add(p, (enum pkcs12_encoding)encoding, PKCS12_ABSENT, NULL, 0);
	}
	return true;
}

void pkcs12_passphrases_done(struct pkcs12_passphrases *p)
{
	if (p->memory)
		explicit_bzero(p->memory, p->memory_n);
	free(p->memory);
	p->memory = NULL;
}

void pkcs12_passphrases_found(struct pkcs12_passphrases *p, enum pkcs12_encoding encoding, size_t i)
{
	struct pkcs12_try found = p->list[encoding][i];

	memmove(&p->list[encoding][1], &p->list[encoding][0], i * sizeof(found));
	p->list[encoding][0] = found;
	for (int e = PKCS12_BMP; e <= PKCS12_OCTETS; e++) {
		size_t n = 0;

		for (size_t k = 0; k < p->n[e]; k++)
			if (p->list[e][k].origin == found.origin)
				p->list[e][n++] = p->list[e][k];
		p->n[e] = n;
	}
}
