/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * files - whole files of the tools: read with a bound, replaced in one step, and pass phrases.
 *
 * Shell.  Calls that fail say so on standard error as one sentence (complain()).  What was read is
 * wiped when it is given back: it may be a key.
 */
#ifndef TOOLS_FILES_H
#define TOOLS_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/auto.h"

struct file {
	uint8_t *p; /* malloc'ed; a NUL follows the content */
	size_t n;
};

enum { FILE_MAX = 16 << 20, PASSPHRASE_MAX = 1024 };

/* All of `path` ("-": standard input).  False: unreadable or larger than FILE_MAX, which was said. */
bool file_read(const char *path, struct file *ret_file);
/* At most `max` octets and one more, so that the caller sees that there are too many. */
bool file_read_some(const char *path, size_t max, struct file *ret_file);
void file_wipe(struct file *file);

static inline void auto_file(struct file *file)
{
	file_wipe(file);
}

/*
 * Readers see the old or the new content, whole; survives a power cut.  `mode` is for a new file: one
 * that is there keeps its own mode and owner, and a symbolic link is followed.
 */
bool file_replace(const char *path, mode_t mode, const void *p, size_t n);
/* The same, and false (which is said) when something is there already. */
bool file_create(const char *path, mode_t mode, const void *p, size_t n);

/*
 * The first line of the file `path`, without its end; without a path the environment variable
 * `variable`; without both "".  `ret_given`: there was one of them.
 */
bool passphrase_read(const char *path, const char *variable,
                     char ret_passphrase[static PASSPHRASE_MAX], bool *ret_given);

#endif
