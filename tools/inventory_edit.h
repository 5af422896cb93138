/* SPDX-License-Identifier: BSD-3-Clause */
/* inventory_edit - the verbs of `portcall inventory` that change or ask one inventory.json. */
#ifndef TOOLS_INVENTORY_EDIT_H
#define TOOLS_INVENTORY_EDIT_H

enum { INVENTORY_EDIT_UNKNOWN = -1 };

/* argv[0] is the verb.  The exit status, or INVENTORY_EDIT_UNKNOWN. */
int inventory_edit(int argc, char **argv);

#endif
