/* SPDX-License-Identifier: BSD-3-Clause */
#include "common/bytes.h"

#include <string.h>

bool span_equal(struct span a, struct span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

struct span span_of_string(const char *text)
{
	return span(text, strlen(text));
}

struct reader reader_of(struct span bytes)
{
	return (struct reader){ .left = bytes };
}

struct span read_bytes(struct reader *r, size_t n)
{
	if (r->failed || n > r->left.n) {
		r->failed = true;
		return span(NULL, 0);
	}
	struct span taken = span(r->left.p, n);

	if (n > 0)
		r->left = span(r->left.p + n, r->left.n - n);
	return taken;
}

struct span read_rest(struct reader *r)
{
	return read_bytes(r, r->left.n);
}

static uint32_t read_be(struct reader *r, size_t n)
{
	struct span s = read_bytes(r, n);
	uint32_t v = 0;

	for (size_t i = 0; i < s.n; i++)
		v = v << 8 | s.p[i];
	return v;
}

uint8_t read_u8(struct reader *r)
{
	return (uint8_t)read_be(r, 1);
}

uint16_t read_u16(struct reader *r)
{
	return (uint16_t)read_be(r, 2);
}

uint32_t read_u32(struct reader *r)
{
	return read_be(r, 4);
}

bool reader_ok(const struct reader *r)
{
	return !r->failed;
}

bool reader_done(const struct reader *r)
{
	return !r->failed && r->left.n == 0;
}

struct writer writer_to(void *buf, size_t max)
{
	return (struct writer){ .p = buf, .max = max };
}

/* Room for n more octets, or NULL and a failed cursor. */
static uint8_t *reserve(struct writer *w, size_t n)
{
	if (w->failed || n > w->max - w->n) {
		w->failed = true;
		return NULL;
	}
	uint8_t *at = w->p + w->n;

	w->n += n;
	return at;
}

static void write_be(struct writer *w, uint32_t v, size_t n)
{
	uint8_t *at = reserve(w, n);

	for (size_t i = 0; at && i < n; i++)
		at[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
}

void write_u8(struct writer *w, uint8_t v)
{
	write_be(w, v, 1);
}

void write_u16(struct writer *w, uint16_t v)
{
	write_be(w, v, 2);
}

void write_u32(struct writer *w, uint32_t v)
{
	write_be(w, v, 4);
}

void write_bytes(struct writer *w, struct span bytes)
{
	uint8_t *at = reserve(w, bytes.n);

	if (at && bytes.n > 0)
		memcpy(at, bytes.p, bytes.n);
}

void write_zeros(struct writer *w, size_t n)
{
	uint8_t *at = reserve(w, n);

	if (at && n > 0)
		memset(at, 0, n);
}

void write_u16_at(struct writer *w, size_t at, uint16_t v)
{
	if (w->failed || at + 2 > w->n) {
		w->failed = true;
		return;
	}
	w->p[at] = (uint8_t)(v >> 8);
	w->p[at + 1] = (uint8_t)v;
}

bool writer_ok(const struct writer *w)
{
	return !w->failed;
}

struct span writer_span(const struct writer *w)
{
	return w->failed ? span(NULL, 0) : span(w->p, w->n);
}
