/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bytes - bounded views of memory, and cursors that read and write big-endian wire formats.
 *
 * Pure: no I/O, no clock, no allocation.  Thread-safe (no state outside the arguments).
 * A cursor that once ran out stays failed: read as many fields as the format has, then ask
 * reader_ok()/writer_ok() one time.  A failed read gives 0 or an empty span.
 */
#ifndef COMMON_BYTES_H
#define COMMON_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A view; the bytes belong to somebody else.  p may be NULL only when n is 0. */
struct span {
	const uint8_t *p;
	size_t n; /* octets */
};

static inline struct span span(const void *p, size_t n)
{
	return (struct span){ .p = p, .n = n };
}

bool span_equal(struct span a, struct span b); /* not constant-time: never for secrets or MACs */
struct span span_of_string(const char *text);  /* without the terminating NUL */

struct reader {
	struct span left;
	bool failed;
};

struct reader reader_of(struct span bytes);
uint8_t read_u8(struct reader *r);
uint16_t read_u16(struct reader *r);
uint32_t read_u32(struct reader *r);
struct span read_bytes(struct reader *r, size_t n); /* a view into the input */
struct span read_rest(struct reader *r);
bool reader_ok(const struct reader *r);   /* nothing ran out so far */
bool reader_done(const struct reader *r); /* ... and nothing is left */

struct writer {
	uint8_t *p;
	size_t n; /* written, octets */
	size_t max;
	bool failed;
};

struct writer writer_to(void *buf, size_t max);
void write_u8(struct writer *w, uint8_t v);
void write_u16(struct writer *w, uint16_t v);
void write_u32(struct writer *w, uint32_t v);
void write_bytes(struct writer *w, struct span bytes);
void write_zeros(struct writer *w, size_t n);
/* Overwrite two octets that were written before at `at` (a length known only later). */
void write_u16_at(struct writer *w, size_t at, uint16_t v);
bool writer_ok(const struct writer *w);
struct span writer_span(const struct writer *w); /* what was written; empty after a failure */

#endif
