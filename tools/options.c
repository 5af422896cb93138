/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/options.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/rfc3339.h"

void complain(const char *fmt, ...)
{
	va_list args;

	fputs("portcall: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
}

static bool number_read(const struct option_spec *spec, const char *value)
{
	char *end;
	long long number;

	errno = 0;
	number = strtoll(value, &end, 10);
	if (errno || end == value || *end || number < spec->least || number > spec->most) {
		complain("--%s %s: expected a number of %lld to %lld.", spec->name, value,
		         (long long)spec->least, (long long)spec->most);
		return false;
	}
	*spec->number = number;
	return true;
}

static bool choice_read(const struct option_spec *spec, const char *value)
{
	for (int i = 0; spec->choices[i]; i++) {
		if (strcmp(spec->choices[i], value) != 0)
			continue;
		*spec->choice = i;
		return true;
	}
	fprintf(stderr, "portcall: --%s %s: expected", spec->name, value);
	for (int i = 0; spec->choices[i]; i++)
		fprintf(stderr, "%s %s", i ? "," : "", spec->choices[i]);
	fputs(".\n", stderr);
	return false;
}

static bool value_read(const struct option_spec *spec, const char *value)
{
	if (spec->flag) {
		*spec->flag = true;
	} else if (spec->text) {
		*spec->text = value;
	} else if (spec->list) {
		if (spec->list->n == OPTION_LIST_MAX) {
			complain("--%s may stand %d times.", spec->name, OPTION_LIST_MAX);
			return false;
		}
		spec->list->text[spec->list->n++] = value;
	} else if (spec->number) {
		return number_read(spec, value);
	} else if (spec->choice) {
		return choice_read(spec, value);
	} else if (spec->time && !rfc3339_read(value, spec->time)) {
		complain("--%s %s: expected a time like 2026-01-31, 2026-01-31T10:00:00Z or "
		         "@1790000000.",
		         spec->name, value);
		return false;
	}
	return true;
}

/* The option that `word` ("--name" or "--name=value") names, and its value if it carries one. */
static const struct option_spec *spec_of(const struct option_spec *specs, const char *word,
                                         const char **ret_value)
{
	const char *equals = strchr(word, '=');
	size_t n = equals ? (size_t)(equals - word) : strlen(word);

	*ret_value = equals ? equals + 1 : NULL;
	for (; specs->name; specs++)
		if (strlen(specs->name) + 2 == n && !memcmp(specs->name, word + 2, n - 2))
			return specs;
	return NULL;
}

/* One option at argv[*at], which moves to its last argument. */
static bool option_read(int argc, char **argv, const struct option_spec *specs, int *at)
{
	const char *word = argv[*at], *value;
	const struct option_spec *spec = spec_of(specs, word, &value);

	if (!spec) {
		complain("\"%.60s\" is not an option of this command; --help lists them.", word);
		return false;
	}
	if (spec->flag && value) {
		complain("--%s takes no value.", spec->name);
		return false;
	}
	if (!spec->flag && !value) {
		if (*at + 1 == argc) {
			complain("--%s lacks its value.", spec->name);
			return false;
		}
		value = argv[++*at];
	}
	return value_read(spec, value);
}

bool options_read(int argc, char **argv, const struct option_spec *specs, int least, int most,
                  struct words *ret_words)
{
	int n = 0;

	for (int i = 1, only_words = 0; i < argc; i++) {
		if (only_words || argv[i][0] != '-' || !argv[i][1])
			argv[1 + n++] = argv[i]; /* the words move to the front */
		else if (!strcmp(argv[i], "--"))
			only_words = 1;
		else if (!option_read(argc, argv, specs, &i))
			return false;
	}
	if (n < least) {
		complain("An argument is missing; --help says more.");
		return false;
	}
	if (n > most) {
		complain("\"%.60s\" is one argument too many; --help says more.", argv[1 + most]);
		return false;
	}
	*ret_words = (struct words){ argv + 1, n };
	return true;
}

bool options_help(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			return true;
	return false;
}
