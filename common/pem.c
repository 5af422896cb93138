/* SPDX-License-Identifier: BSD-3-Clause */
/* pem - base64 text and PEM blocks. */
#include "common/pem.h"

#include <string.h>

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v';
}

/* 0-63, or -1 */
static int sextet(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	if (c == '/')
		return 63;
	return -1;
}

static enum portcall_err fault(struct pem_fault *ret_fault, const char *what, size_t at)
{
	*ret_fault = (struct pem_fault){ .what = what, .at = at };
	return PORTCALL_ERR_SYNTAX;
}

enum portcall_err base64_decode(struct span text, uint8_t *out, size_t max, size_t *ret_n,
                                struct pem_fault *ret_fault)
{
	uint32_t bits = 0;
	unsigned count = 0; /* characters of the current quantum, padding included */
	unsigned padding = 0;
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = text.p[i];

		if (is_space(c))
			continue;
		if (c == '=') {
			if (count < 2)
				return fault(ret_fault, "a misplaced '='", i);
			padding++;
			bits <<= 6;
		} else {
			int value = sextet(c);

			if (value < 0)
				return fault(ret_fault, "a character that is not base64", i);
			if (padding)
				return fault(ret_fault, "text after the '=' that ends base64", i);
			bits = bits << 6 | (uint32_t)value;
		}
		if (++count < 4)
			continue;
		if (max - n < 3 - padding)
			return PORTCALL_ERR_LIMIT;
		for (unsigned k = 0; k < 3 - padding; k++)
			out[n++] = (uint8_t)(bits >> (16 - 8 * k));
		bits = 0;
		count = 0;
	}
	if (count)
		return fault(ret_fault,
		             "characters missing at its end (base64 comes in groups of four)",
		             text.n);
	*ret_n = n;
	return PORTCALL_OK;
}

/* Dashes at text[at...] */
static size_t dashes(struct span text, size_t at)
{
	size_t n = 0;

	while (at + n < text.n && text.p[at + n] == '-')
		n++;
	return n;
}

static bool starts(struct span text, size_t at, const char *word)
{
	size_t n = strlen(word);

	return text.n - at >= n && !memcmp(text.p + at, word, n);
}

/*
 * The next boundary ("BEGIN " or "END ") at or after `at`.  False: none, or broken (ret_fault).
 * `ret_label` is what stands between the dashes, `ret_from`/`ret_to` the boundary's ends.
 */
static bool boundary(struct span text, size_t at, const char *word, struct span *ret_label,
                     size_t *ret_from, size_t *ret_to, struct pem_fault *ret_fault)
{
	while (at < text.n) {
		size_t from = at, n = dashes(text, at), label, end;

		if (!n) {
			at++;
			continue;
		}
		at += n;
		if (n < 2 || !starts(text, at, word))
			continue;
		label = at + strlen(word);
		for (end = label; end < text.n && text.p[end] != '-' && text.p[end] != '\n'; end++)
			;
		*ret_label = span(text.p + label, end - label);
		*ret_from = from;
		*ret_to = end + dashes(text, end);
		if (n < 4 || n > 5 || *ret_to - end < 4 || *ret_to - end > 5) {
			fault(ret_fault, "a boundary line without its five dashes on both sides",
			      from);
			return false;
		}
		return true;
	}
	return false;
}

bool pem_next(struct span text, size_t *at, struct pem_block *ret_block,
              struct pem_fault *ret_fault)
{
	struct pem_fault none = { 0 };
	struct span end_label;
	size_t begin, body, end, behind;

	*ret_fault = none;
	if (!boundary(text, *at, "BEGIN ", &ret_block->label, &begin, &body, ret_fault))
		return false;
	if (!boundary(text, body, "END ", &end_label, &end, &behind, ret_fault)) {
		if (!ret_fault->what)
			fault(ret_fault, "a BEGIN line without its END line", begin);
		return false;
	}
	if (!span_equal(ret_block->label, end_label)) {
		fault(ret_fault, "an END line that does not fit its BEGIN line", end);
		return false;
	}
	ret_block->body = span(text.p + body, end - body);
	ret_block->body_at = body;
	*at = behind;
	return true;
}

bool pem_is_private_key(struct span label)
{
	static const char ending[] = "PRIVATE KEY";
	size_t n = sizeof(ending) - 1;

	return label.n >= n && !memcmp(label.p + label.n - n, ending, n);
}
