/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inventory_file - an inventory that follows its file.
 *
 * A thread of its own looks at the file five times a second and reads it when it was replaced or written to;
 * a document that is refused changes nothing.  Requests never wait for the file or for the reading: they
 * take a reference to the present inventory.  Thread-safe.
 */
#ifndef RADIUS_MODULE_INVENTORY_FILE_H
#define RADIUS_MODULE_INVENTORY_FILE_H

#include <stdbool.h>

#include "radius-module/inventory.h"

struct inventory_file;

/*
 * Called from the file's thread after each attempt; may take its time.  `inventory`: what was taken over, borrowed;
 * NULL: refused.  `sentence` is for the log.
 */
typedef void inventory_file_report_fn(void *ctx, const struct inventory *inventory,
                                      const char *sentence);

/* Reads `path` before it returns.  NULL: `ret_why` holds one sentence with the place. */
struct inventory_file *inventory_file_open(const char *path, inventory_file_report_fn *report,
                                           void *ctx, char ret_why[static INVENTORY_WHY_LEN]);
void inventory_file_close(struct inventory_file *file); /* NULL is fine; waits for the thread */

/* The present inventory; the caller's reference. */
struct inventory *inventory_file_take(struct inventory_file *file);

#endif
