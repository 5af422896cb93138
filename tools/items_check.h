/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * items_check - what `portcall items check` knows, shared with its report.
 *
 * Shell; one check in one thread.
 */
#ifndef TOOLS_ITEMS_CHECK_H
#define TOOLS_ITEMS_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include <portcall/credentials.h>

struct finding {
	enum portcall_reason reason;
	enum portcall_severity severity;
	const char *file; /* borrowed; NULL: none of them */
	int line;
	char item[80], text[240];
};

struct check {
	struct portcall_credentials_options options;
	const char *server_name, *server, *crl;
	const char *paths[2];
	struct portcall_items *items[2], *merged;
	struct portcall_credentials *credentials; /* also of what was refused, to be shown */
	struct finding *findings;
	size_t n, room;
	const char *reading; /* the file that findings are about; NULL: the merged items */
	bool unreadable, refused, no_memory;
};

/* The file that an item of the merged list is from, or that is being read; NULL: none. */
const char *check_file_of(const struct check *check, const char *item, long index);
size_t check_count(const struct check *check, enum portcall_severity severity);

/* On standard output (items_report.c). */
void check_print_json(const struct check *check, bool usable);
void check_print_text(const struct check *check, bool usable);

#endif
