/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * commands - the subcommands of `portcall`.
 *
 * Each gets its own arguments: argv[0] is the subcommand's name, argv[argc] is NULL.  Results go to
 * standard output, errors as one sentence to standard error.  The return value is the exit status:
 * 0 done, 1 it failed or was not so, 2 wrong usage.
 */
#ifndef TOOLS_COMMANDS_H
#define TOOLS_COMMANDS_H

int cmd_lab(int argc, char **argv);
int cmd_items(int argc, char **argv);
int cmd_cert(int argc, char **argv);
int cmd_inventory(int argc, char **argv);
int cmd_radius(int argc, char **argv);
int cmd_switch(int argc, char **argv);
int cmd_phone(int argc, char **argv);

#endif
