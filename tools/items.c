/* SPDX-License-Identifier: BSD-3-Clause */
/* items - the command: its subcommands and how findings are said. */
#include "tools/items.h"

#include <stdio.h>
#include <string.h>

#include "tools/commands.h"
#include "tools/options.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *about, *help;
} commands[] = {
	{ "check", items_check, "would a phone accept these provisioning files?",
	  items_check_help },
	{ "set", items_set, "set items in a provisioning file, and give it another version",
	  items_set_help },
};

enum { COMMANDS = sizeof(commands) / sizeof(*commands) };

static int usage(FILE *out, int status)
{
	fputs("usage: portcall items COMMAND [ARGUMENTS]\n\n", out);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-7s %s\n", commands[i].name, commands[i].about);
	fputs("\nportcall items COMMAND --help says more.\n", out);
	return status;
}

void items_complain(const char *file, const struct portcall_why *why, const char *item)
{
	const char *hint = portcall_reason_hint(why->reason);

	fputs("portcall: ", stderr);
	if (file)
		fputs(file, stderr);
	if (file && why->line > 0)
		fprintf(stderr, ":%d", why->line);
	fprintf(stderr, "%s%s%s%s%s%s%s\n", file ? ": " : "", item ? item : "", item ? ": " : "",
	        portcall_reason_text(why->reason), *why->text ? " [" : "", why->text,
	        *why->text ? "]" : "");
	if (*hint)
		fprintf(stderr, "    %s\n", hint);
}

int cmd_items(int argc, char **argv)
{
	if (argc < 2)
		return usage(stderr, 2);
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return usage(stdout, 0);
	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(argv[1], commands[i].name) != 0)
			continue;
		if (options_help(argc - 1, argv + 1)) {
			fputs(commands[i].help, stdout);
			return 0;
		}
		return commands[i].run(argc - 1, argv + 1);
	}
	complain("There is no command \"items %s\"; portcall items --help lists them.", argv[1]);
	return 2;
}
