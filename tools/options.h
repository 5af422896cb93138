/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * options - the command line of one subcommand of `portcall`, as a table.
 *
 *	static const char *const profiles[] = { "modern", "optipoint", NULL };
 *	bool json = false;
 *	int profile = 0;
 *	const struct option_spec specs[] = {
 *		{ "json", .flag = &json },
 *		{ "profile", .choice = &profile, .choices = profiles },
 *		{ NULL },
 *	};
 *	struct words words;
 *	if (!options_read(argc, argv, specs, 1, 2, &words))
 *		return 2;
 *
 * Values stand behind a space or a '='.  Options are not abbreviated.  Shell: errors go to standard
 * error as one sentence.
 */
#ifndef TOOLS_OPTIONS_H
#define TOOLS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { OPTION_LIST_MAX = 64 };

/* An option that may stand several times. */
struct option_list {
	const char *text[OPTION_LIST_MAX + 1]; /* ended by NULL */
	size_t n;
};

/* One of the pointers is not NULL: where the value goes; untouched without the option. */
struct option_spec {
	const char *name; /* without its dashes; NULL ends the table */
	bool *flag;
	const char **text;
	struct option_list *list;
	int64_t *number; /* least...most */
	int64_t *time;   /* seconds since 1970: 2026-01-31, 2026-01-31T10:00:00Z, or @1790000000 */
	int *choice;     /* position in `choices` */
	const char *const *choices; /* ended by NULL */
	int64_t least, most;
};

struct words {
	char **at;
	int n;
};

/*
 * Options may stand before, between and behind the words, of which there are least...most.
 * False: wrong usage, which was said.  `ret_words` points into `argv`.
 */
bool options_read(int argc, char **argv, const struct option_spec *specs, int least, int most,
                  struct words *ret_words);

/* One of the arguments asks for help. */
bool options_help(int argc, char **argv);

/* "portcall: " and one sentence, on standard error. */
__attribute__((format(printf, 1, 2))) void complain(const char *fmt, ...);

#endif
