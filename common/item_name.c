/* SPDX-License-Identifier: BSD-3-Clause */
/* item_name - misspelt item names, and names that must not be there. */
#include "common/item.h"

#include <string.h>

enum {
	NAME_MAX_KNOWN = 32, /* longest name worth comparing, with room for typos */
	COST_CONFUSED = 1,   /* 1 for l, 0 for O, another case */
	COST_EDIT = 2,       /* any other wrong, missing or extra character */
	COST_MAX = 4,
};

static const char *const known[] = {
	ITEM_CA1, ITEM_CA2, ITEM_CERTIFICATE, ITEM_SYSTEM_VERSION, ITEM_DEVICE_VERSION,
};

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Characters that print alike, or that people exchange, become one. */
static char alike(char c)
{
	switch (c) {
	case 'l':
	case 'I':
	case 'i':
		return '1';
	case 'O':
	case 'o':
		return '0';
	case '_':
	case '.':
	case ' ':
		return '-';
	}
	return lower(c);
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Weighted Levenshtein distance; both at most NAME_MAX_KNOWN long. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[NAME_MAX_KNOWN + 1];
	size_t n = strlen(b);

	for (size_t j = 0; j <= n; j++)
		row[j] = (unsigned)j * COST_EDIT;
	for (size_t i = 0; a[i]; i++) {
		unsigned diagonal = row[0];

		row[0] += COST_EDIT;
		for (size_t j = 1; j <= n; j++) {
			unsigned change = a[i] == b[j - 1]                 ? 0
			                  : alike(a[i]) == alike(b[j - 1]) ? COST_CONFUSED
			                                                   : COST_EDIT;
			unsigned best =
				least(diagonal + change, least(row[j], row[j - 1]) + COST_EDIT);

			diagonal = row[j];
			row[j] = best;
		}
	}
	return row[n];
}

const char *item_name_meant(const char *name)
{
	char bare[NAME_MAX_KNOWN + 1];
	unsigned best = COST_MAX + 1;
	const char *meant = NULL;
	size_t n = 0;

	for (const char *c = name; *c; c++) {
		if (*c == ' ' || *c == '\t' || *c == '\n' || *c == '\r')
			continue;
		if (n == NAME_MAX_KNOWN)
			return NULL;
		bare[n++] = *c;
	}
	bare[n] = '\0';
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		unsigned cost;

		if (!strcmp(name, known[i]))
			return NULL;
		if (n > strlen(known[i]) + COST_MAX / COST_EDIT ||
		    n + COST_MAX / COST_EDIT < strlen(known[i]))
			continue;
		cost = distance(bare, known[i]);
		if (cost < best) {
			best = cost;
			meant = known[i];
		}
	}
	return meant;
}

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* One word of the (lower-case) name is one of `words`. */
static bool has_word(const char *name, const char *const *words)
{
	for (; *words; words++) {
		size_t n = strlen(*words);

		for (const char *at = strstr(name, *words); at; at = strstr(at + 1, *words))
			if ((at == name || !is_alnum(at[-1])) && !is_alnum(at[n]))
				return true;
	}
	return false;
}

static bool has_part(const char *name, const char *const *parts)
{
	for (; *parts; parts++)
		if (strstr(name, *parts))
			return true;
	return false;
}

bool item_name_is_passphrase(const char *name)
{
	static const char *const phrases[] = { "passphrase", "pass-phrase", "pass_phrase",
		                               "pass phrase", NULL };
	static const char *const words[] = { "password", "passwd", "pwd",      "pw",
		                             "pass",     "pin",    "passcode", NULL };
	static const char *const subjects[] = { "802.1x", "8021x", "cert",   "pkcs", "p12",
		                                "pfx",    "eap",   "radius", NULL };
	char text[128];
	size_t n = 0;

	while (n < sizeof(text) - 1 && name[n]) {
		text[n] = lower(name[n]);
		n++;
	}
	text[n] = '\0';
	return has_part(text, phrases) || (has_part(text, subjects) && has_word(text, words));
}
