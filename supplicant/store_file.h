/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * store_file - files of one folder that survive a loss of power at any point, and leave nothing behind.
 *
 * A file is replaced as a whole: written beside as NAME.tmp, fsync, rename, fsync of the folder.  Then, when
 * nothing can bring the old contents back any more, its blocks are overwritten with zeros.  That wipes them
 * on disks and plain flash; a file system that copies on write, a journal of data or a flash translation layer
 * may keep older copies.  Files are 0600 and belong to the folder's owner.
 *
 * Shell.  The functions that change something return NULL, or what they could not do, with errno.
 */
#ifndef SUPPLICANT_STORE_FILE_H
#define SUPPLICANT_STORE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/bytes.h"

/* The folder, 0700, with those above it that are missing; -1 with errno. */
int store_folder_open(const char *path);

/* Malloc, ended with a NUL that does not count; NULL with errno (EFBIG: more than `max` octets). */
char *store_file_read(int folder, const char *name, size_t max, size_t *ret_n);
void store_file_forget(char *text, size_t n); /* wiped and freed; NULL is fine */

const char *store_file_replace(int folder, const char *name, struct span octets);
const char *store_file_rename(int folder, const char *from, const char *to);
const char *store_file_remove(int folder, const char *name); /* none is fine */
/* What an interruption of store_file_replace() left. */
void store_file_clean(int folder, const char *name);

#endif
