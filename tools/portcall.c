/* SPDX-License-Identifier: BSD-3-Clause */
/* portcall - one command for people; each subcommand is a file of its own. */
#include <stdio.h>
#include <string.h>

#include "tools/commands.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *about;
} commands[] = {
	{ "lab", cmd_lab,
	  "take phones from link-up to provisioned, with real servers, and prove it" },
	{ "items", cmd_items, "check provisioning files as a phone would, and change them" },
	{ "cert", cmd_cert, "make, convert and show certificates; run a CA for phones" },
	{ "inventory", cmd_inventory,
	  "the RADIUS server's inventory: build it, change it, ask who is where" },
	{ "radius", cmd_radius, "what the RADIUS server has decided, and why" },
	{ "switch", cmd_switch, "ask a running portcall-switch, or tell it what to do" },
	{ "phone", cmd_phone, "ask a running portcall-phone, or tell it what to do" },
};

enum { COMMANDS = sizeof commands / sizeof *commands };

static int usage(FILE *out, int status)
{
	fputs("usage: portcall COMMAND [ARGUMENTS]\n\n", out);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].about);
	fputs("\nportcall COMMAND --help says more.\n", out);
	return status;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return usage(stderr, 2);
	if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 ||
	    strcmp(argv[1], "-h") == 0)
		return usage(stdout, 0);
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	fprintf(stderr, "portcall: there is no command \"%s\"; portcall --help lists them.\n",
	        argv[1]);
	return 2;
}
