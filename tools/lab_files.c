/* SPDX-License-Identifier: BSD-3-Clause */
/* lab_files - files of the run folder: written, or copied from configs/ with @NAME@ replaced. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/auto.h"
#include "tools/lab.h"

enum { FILE_MAX = 1 << 20 };

static void close_file(FILE **at)
{
	if (*at)
		fclose(*at);
}

bool lab_folder(struct lab *lab, const char *path)
{
	char full[sizeof LAB_RUN + 128];

	snprintf(full, sizeof full, LAB_RUN "/%s", path);
	if (mkdir(full, 0755) < 0 && errno != EEXIST)
		return lab_fail(lab, "%s cannot be made: %s.", full, strerror(errno));
	return true;
}

/* Open LAB_RUN/to; secrets have their mode from the first moment. */
static FILE *open_run(struct lab *lab, const char *to, mode_t mode, int how)
{
	char path[sizeof LAB_RUN + 128];
	int fd;
	FILE *out;

	snprintf(path, sizeof path, LAB_RUN "/%s", to);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | how, mode);
	out = fd < 0 ? NULL : fdopen(fd, "w");
	if (!out) {
		lab_fail(lab, "%s cannot be written: %s.", path, strerror(errno));
		if (fd >= 0)
			close(fd);
	}
	return out;
}

bool lab_write(struct lab *lab, const char *to, mode_t mode, const char *fmt, ...)
{
	FILE *out = open_run(lab, to, mode, O_TRUNC);
	va_list args;

	if (!out)
		return false;
	va_start(args, fmt);
	vfprintf(out, fmt, args);
	va_end(args);
	if (fclose(out))
		return lab_fail(lab, "%s cannot be written: %s.", to, strerror(errno));
	return true;
}

bool lab_write_octets(struct lab *lab, const char *to, mode_t mode, const void *p, size_t n)
{
	FILE *out = open_run(lab, to, mode, O_TRUNC);

	if (!out)
		return false;
	if (fwrite(p, 1, n, out) != n || fclose(out))
		return lab_fail(lab, "%s cannot be written: %s.", to, strerror(errno));
	return true;
}

/* The text of LAB_CONFIGS/from; malloc'ed. */
static char *read_config(struct lab *lab, const char *from)
{
	char path[sizeof LAB_CONFIGS + 128];
	AUTO(free) char *text = malloc(FILE_MAX + 1);
	FILE *in __attribute__((cleanup(close_file))) = NULL;
	size_t n;

	snprintf(path, sizeof path, LAB_CONFIGS "/%s", from);
	in = fopen(path, "re");
	if (!in || !text) {
		lab_fail(lab, "%s cannot be read: %s.", from, strerror(errno));
		return NULL;
	}
	n = fread(text, 1, FILE_MAX, in);
	text[n] = '\0';
	return steal(text);
}

static const char *value_of(const struct lab_variable *variables, const char *name, size_t n)
{
	for (; variables && variables->name; variables++)
		if (strlen(variables->name) == n && memcmp(variables->name, name, n) == 0)
			return variables->value;
	return NULL;
}

static bool copy(struct lab *lab, const char *from, const char *to, int how,
                 const struct lab_variable *variables)
{
	AUTO(free) char *text = read_config(lab, from);
	FILE *out __attribute__((cleanup(close_file))) = text ? open_run(lab, to, 0644, how) : NULL;

	if (!out)
		return false;
	for (const char *at = text; *at;) {
		size_t plain = strcspn(at, "@"), name;
		const char *value;

		fwrite(at, 1, plain, out);
		at += plain;
		if (!*at)
			break;
		name = strspn(at + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
		if (!name || at[1 + name] != '@') { /* an ordinary @ */
			fputc(*at++, out);
			continue;
		}
		value = value_of(variables, at + 1, name);
		if (!value)
			return lab_fail(lab, "%s: nothing is known to replace @%.*s@.", from,
			                (int)name, at + 1);
		fputs(value, out);
		at += name + 2;
	}
	return ferror(out) ? lab_fail(lab, "%s cannot be written.", to) : true;
}

bool lab_install(struct lab *lab, const char *from, const char *to,
                 const struct lab_variable *variables)
{
	return copy(lab, from, to, O_TRUNC, variables);
}

bool lab_append(struct lab *lab, const char *from, const char *to,
                const struct lab_variable *variables)
{
	return copy(lab, from, to, O_APPEND, variables);
}
