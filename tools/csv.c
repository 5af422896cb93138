/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/csv.h"

#include <string.h>

struct csv csv_of(char *text)
{
	size_t n;

	if (!strncmp(text, "\xef\xbb\xbf", 3))
		text += 3;
	n = strcspn(text, "\r\n");
	return (struct csv){ .at = text,
		             .separator = memchr(text, ';', n) && !memchr(text, ',', n) ? ';' : ',',
		             .next = 1 };
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* A quoted field at `*at`, which moves behind it; the text is moved over the doubled quotes. */
static const char *quoted(struct csv *csv, const char **ret_fault)
{
	char *from = ++csv->at, *to = from;

	for (; *csv->at; csv->at++) {
		if (*csv->at == '"' && *++csv->at != '"')
			break;
		csv->next += *csv->at == '\n';
		*to++ = *csv->at;
	}
	if (!*csv->at && csv->at[-1] != '"')
		*ret_fault = "a quote is not closed";
	while (is_blank(*csv->at))
		csv->at++;
	if (*csv->at && *csv->at != csv->separator && !strchr("\r\n", *csv->at))
		*ret_fault = "text follows a closing quote";
	/* what ends the field is looked at before its place is overwritten by nothing: to <= at - 1 */
	*to = '\0';
	return from;
}

static const char *bare(struct csv *csv, char **ret_end)
{
	char *from = csv->at;

	while (*csv->at && *csv->at != csv->separator && !strchr("\r\n", *csv->at))
		csv->at++;
	*ret_end = csv->at;
	while (*ret_end > from && is_blank((*ret_end)[-1]))
		--*ret_end;
	return from;
}

bool csv_next(struct csv *csv, struct csv_record *ret_record)
{
	*ret_record = (struct csv_record){ 0 };
	while (*csv->at && strchr("\r\n", *csv->at))
		csv->next += *csv->at++ == '\n';
	if (!*csv->at)
		return false;
	csv->line = csv->next;
	for (;;) {
		const char *field;
		char *end = NULL, stop;

		while (is_blank(*csv->at))
			csv->at++;
		field = *csv->at == '"' ? quoted(csv, &ret_record->fault) : bare(csv, &end);
		if (ret_record->n == CSV_FIELDS_MAX)
			ret_record->fault = "it has too many fields";
		else
			ret_record->field[ret_record->n++] = field;
		stop = *csv->at;
		csv->at += stop != '\0';
		csv->next += stop == '\n';
		if (end)
			*end = '\0';
		if (stop != csv->separator || ret_record->fault)
			break;
	}
	if (ret_record->fault) /* the rest of its line goes with it */
		while (*csv->at && *csv->at != '\n')
			csv->at++;
	return true;
}
