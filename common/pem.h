/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pem - base64 text and PEM blocks as people paste them (RFC 4648, RFC 7468; tolerant of white space).
 *
 * Pure: no I/O, no clock, no allocation.  Boundaries may have four or five dashes (manuals print
 * both) and may share a line with other text.  Thread-safe.
 */
#ifndef COMMON_PEM_H
#define COMMON_PEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <portcall/error.h>

#include "common/bytes.h"

/* What is wrong and where; `what` is static text, NULL: nothing. */
struct pem_fault {
	const char *what;
	size_t at; /* octets from the start of the text */
};

/* Octets that `n` characters of base64 can give at most. */
static inline size_t base64_room(size_t n)
{
	return n / 4 * 3 + 3;
}

/*
 * Decode all of `text`; white space anywhere is skipped.  ERR_SYNTAX: `ret_fault` says what and
 * where; ERR_LIMIT: `max` octets do not hold it.  On failure `out` may be partly written.
 */
PORTCALL_MUST_CHECK enum portcall_err base64_decode(struct span text, uint8_t *out, size_t max,
                                                    size_t *ret_n, struct pem_fault *ret_fault);

struct pem_block {
	struct span label; /* "CERTIFICATE" */
	struct span body;  /* the base64 text, headers included */
	size_t body_at;    /* where the body begins in the whole text */
};

/*
 * The next block at or after `*at`, which moves behind it.  False: none is left
 * (ret_fault->what is NULL), or the block is broken (ret_fault says how).
 */
bool pem_next(struct span text, size_t *at, struct pem_block *ret_block,
              struct pem_fault *ret_fault);

/* The label names a private key of any format. */
bool pem_is_private_key(struct span label);

#endif
