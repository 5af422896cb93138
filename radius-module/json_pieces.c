/* SPDX-License-Identifier: GPL-2.0-or-later */
/* json_pieces - a JSON text taken apart at its top; see the header. */
#include "radius-module/json_pieces.h"

#include <stdio.h>
#include <string.h>

struct json_pieces json_pieces_of(const char *text, size_t n)
{
	return (struct json_pieces){ .text = text, .n = n };
}

/* "line 3, column 13: what." of the octet at `at`. */
static void fail(struct json_pieces *p, size_t at, const char *what)
{
	size_t line = 1, column = 0;

	if (p->failed)
		return;
	for (size_t i = 0; i < at && i < p->n; i++) {
		column++;
		if (p->text[i] == '\n') {
			line++;
			column = 0;
		}
	}
	p->failed = true;
	snprintf(p->why, sizeof(p->why), "line %zu, column %zu: %s.", line, column, what);
}

/* The next character that is no white space, without taking it; 0 at the end. */
static char peek(struct json_pieces *p)
{
	while (p->at < p->n && memchr(" \t\n\r", p->text[p->at], 4))
		p->at++;
	return p->at < p->n ? p->text[p->at] : '\0';
}

static bool take(struct json_pieces *p, char wanted)
{
	char what[] = "'?' expected";

	if (p->failed)
		return false;
	if (peek(p) == wanted) {
		p->at++;
		return true;
	}
	what[1] = wanted;
	fail(p, p->at + 1, what);
	return false;
}

void json_pieces_open(struct json_pieces *p, char bracket)
{
	take(p, bracket);
	p->first = true;
}

bool json_pieces_more(struct json_pieces *p, char bracket)
{
	if (p->failed)
		return false;
	if (peek(p) == bracket) {
		p->at++;
		p->first = false; /* of what it stands in */
		return false;
	}
	if (!p->first && !take(p, ','))
		return false;
	p->first = false;
	return true;
}

json_t *json_pieces_value(struct json_pieces *p)
{
	json_error_t error;
	json_t *value;

	if (p->failed)
		return NULL;
	peek(p);
	value = json_loadb(p->text + p->at, p->n - p->at,
	                   JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK | JSON_REJECT_DUPLICATES,
	                   &error);
	if (value)
		p->at += (size_t)error.position;
	else
		fail(p, p->at + (error.position > 0 ? (size_t)error.position : 0), error.text);
	return value;
}

json_t *json_pieces_key(struct json_pieces *p)
{
	json_t *key = peek(p) == '"' ? json_pieces_value(p) : NULL;

	if (!key)
		fail(p, p->at + 1, "a key in quotes expected");
	if (key && take(p, ':'))
		return key;
	json_decref(key);
	return NULL;
}

void json_pieces_end(struct json_pieces *p)
{
	if (peek(p) != '\0' || p->at < p->n)
		fail(p, p->at + 1, "nothing may follow the inventory");
}
