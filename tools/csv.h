/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * csv - comma-separated values (RFC 4180), one record at a time, in place.
 *
 * Pure: no I/O, no allocation.  Fields may be quoted ("a ""b"", c"); records end with LF or CR/LF; white
 * space around a field that is not quoted is dropped; empty lines are skipped.  A semicolon may stand
 * for the comma throughout, as spreadsheets of some countries write it: the first record decides.
 */
#ifndef TOOLS_CSV_H
#define TOOLS_CSV_H

#include <stdbool.h>
#include <stddef.h>

enum { CSV_FIELDS_MAX = 32 };

struct csv {
	char *at; /* what is left; changed as it is read */
	char separator;
	int line; /* of the record that csv_next() gave, from 1 */
	int next; /* line of `at` */
};

struct csv_record {
	const char *field[CSV_FIELDS_MAX]; /* into the text */
	size_t n;
	const char *fault; /* what is wrong with it; NULL: nothing */
};

/* `text` is NUL-terminated, and is changed. */
struct csv csv_of(char *text);
/* False: there is none left. */
bool csv_next(struct csv *csv, struct csv_record *ret_record);

#endif
