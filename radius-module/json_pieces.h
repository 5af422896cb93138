/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * json_pieces - a JSON text taken apart at its top (RFC 8259), each part parsed by jansson when it is wanted.
 *
 *	struct json_pieces p = json_pieces_of(text, n);
 *	json_pieces_open(&p, '{');
 *	while (json_pieces_more(&p, '}')) {
 *		json_t *key = json_pieces_key(&p), *value = json_pieces_value(&p);
 *		...
 *	}
 *	json_pieces_end(&p);
 *
 * The first error stays: after it all calls fail, and json_pieces_error() has the sentence.  Arrays likewise,
 * without keys.  Not for several threads at once.
 */
#ifndef RADIUS_MODULE_JSON_PIECES_H
#define RADIUS_MODULE_JSON_PIECES_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

struct json_pieces {
	const char *text; /* borrowed */
	size_t n, at;
	bool first; /* no member of the present object or array was taken yet */
	bool failed;
	char why[200];
};

struct json_pieces json_pieces_of(const char *text, size_t n);
void json_pieces_open(struct json_pieces *p, char bracket);
/* Is there another member?  Takes the comma before it, or else the closing `bracket`. */
bool json_pieces_more(struct json_pieces *p, char bracket);
/* New references; NULL: failed.  A key is a string without NUL inside. */
json_t *json_pieces_key(struct json_pieces *p);
json_t *json_pieces_value(struct json_pieces *p);
void json_pieces_end(struct json_pieces *p); /* nothing may follow */

#endif
