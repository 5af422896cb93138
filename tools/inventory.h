/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * inventory - the provisioning tree as `portcall inventory build` sees it.
 *
 * inventory_tree.c reads the files, inventory.c makes the document.  Shell: errors go to standard error
 * as one sentence each.
 */
#ifndef TOOLS_INVENTORY_H
#define TOOLS_INVENTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <jansson.h>

#include <portcall/credentials.h>

#include "common/auto.h"

enum { ROLES_MAX = 64 };

struct role_option {
	const char *name, *vlan;
};

struct options {
	const char *tree, *passphrase_file, *config_name;
	const char *output; /* NULL: standard output */
	bool keep_going;
	int64_t roll_over; /* seconds; 0: no previous certificate is kept */
	struct role_option roles[ROLES_MAX];
	size_t roles_n;
};

/* One device file, merged with the system file. */
struct record {
	uint8_t mac[6];
	char *file;
	struct portcall_credentials *credentials; /* NULL: it has no certificate */
	bool shared;
};

struct tree {
	const char *config_name;
	int model_n;       /* octets of config_name before "_conf" */
	char *system_file; /* "" without one */
	struct record **records;
	size_t count;
};

/* NULL: it was said why. */
struct tree *tree_read(const struct options *options);
void tree_free(struct tree *tree);
AUTO_CLEANUP(tree, struct tree *, tree_free)
AUTO_CLEANUP(json, json_t *, json_decref)

/* One sentence, with the program's name before it, on standard error. */
__attribute__((format(printf, 1, 2))) void inventory_complain(const char *fmt, ...);

/* Write `text` and a line's end to `path` so that a reader sees the old or the new file, whole. */
bool inventory_replace(const char *path, const char *text);

#endif
