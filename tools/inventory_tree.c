/* SPDX-License-Identifier: BSD-3-Clause */
/* inventory_tree - reading the provisioning tree, and writing a file in one step. */
#include "tools/inventory.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/mac.h"

enum { PASSPHRASE_MAX = 1024 };

static const char ITEM[] = "802.1x-certificate";

AUTO_CLEANUP(items, struct portcall_items *, portcall_items_free)

void inventory_complain(const char *fmt, ...)
{
	va_list args;

	fputs("portcall inventory: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
}

/* "FILE:LINE: sentence (detail) hint" */
static void complain_why(const char *file, const struct portcall_why *why)
{
	char line[16] = "";

	if (why->line > 0)
		snprintf(line, sizeof(line), ":%d", why->line);
	inventory_complain("%s%s: %s%s%s%s %s", file, line, portcall_reason_text(why->reason),
	                   *why->text ? " (" : "", why->text, *why->text ? ")" : "",
	                   portcall_reason_hint(why->reason));
}

/* The content of a file below the folder `dir`, malloc'ed; NULL: errno says why. */
static char *file_read(int dir, const char *name, size_t *ret_n)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	char *text = f ? malloc(PORTCALL_ITEMS_MAX_FILE + 1) : NULL;

	if (text) {
		/* one octet too many is kept, so that the reader refuses the size itself */
		*ret_n = fread(text, 1, PORTCALL_ITEMS_MAX_FILE + 1, f);
		if (ferror(f)) {
			free(text);
			text = NULL;
		}
	}
	if (f)
		fclose(f);
	else if (fd >= 0)
		close(fd);
	return text;
}

static struct portcall_items *items_read(int dir, const char *name)
{
	struct portcall_items *items = NULL;
	struct portcall_why why = { 0 };
	size_t n = 0;
	AUTO(free) char *text = file_read(dir, name, &n);

	if (!text)
		inventory_complain("%s cannot be read: %s.", name, strerror(errno));
	else if (portcall_items_read(text, n, NULL, NULL, &items, &why) != PORTCALL_OK)
		complain_why(name, &why);
	return items;
}

/* The first line of the file, without its end. */
static bool passphrase_read(const char *path, char passphrase[static PASSPHRASE_MAX])
{
	FILE *f = fopen(path, "re");

	if (!f) {
		inventory_complain("%s cannot be read: %s.", path, strerror(errno));
		return false;
	}
	setvbuf(f, NULL, _IONBF, 0); /* no copy of it in stdio's buffer */

	bool some = fgets(passphrase, PASSPHRASE_MAX, f);
	bool ok = !ferror(f) && (!some || strlen(passphrase) < PASSPHRASE_MAX - 1);

	fclose(f);
	if (!some)
		passphrase[0] = '\0';
	passphrase[strcspn(passphrase, "\r\n")] = '\0';
	if (!ok)
		inventory_complain("%s: the first line is no pass phrase.", path);
	return ok;
}

/* --- devices ---------------------------------------------------------------------------------------- */

void tree_free(struct tree *tree)
{
	if (!tree)
		return;
	for (size_t i = 0; i < tree->count; i++) {
		portcall_credentials_unref(tree->records[i]->credentials);
		free(tree->records[i]->file);
		free(tree->records[i]);
	}
	free(tree->records);
	free(tree->system_file);
	free(tree);
}

/*
 * false: its certificate cannot be read, which was said.  A device without one is no error: it is known, but does
 * not get in.  Dates and strength are for the RADIUS server and the phone to judge.
 */
static bool credentials_read(const struct tree *tree, const struct portcall_items *system,
                             const struct portcall_items *own, const char *passphrase,
                             struct record *record)
{
	AUTO(items) struct portcall_items *merged = portcall_items_merge(system, own);
	struct portcall_credentials_options options = { .size = sizeof(options),
		                                        .passphrase = passphrase,
		                                        .profile = PORTCALL_PROFILE_OPTIPOINT,
		                                        .verify = PORTCALL_VERIFY_NONE,
		                                        .unencrypted_pkcs12 = true };
	struct portcall_why why = { 0 };

	if (!merged) {
		inventory_complain("There is not enough memory.");
		return false;
	}
	if (portcall_credentials_read(merged, &options, &record->credentials, &why) ==
	    PORTCALL_OK) {
		record->shared = !portcall_items_find(own, ITEM);
		return true;
	}
	if (why.reason == PORTCALL_REASON_NO_CERTIFICATE_ITEM)
		return true;
	complain_why(portcall_items_find(own, ITEM) ? record->file : tree->system_file, &why);
	return false;
}

static bool device_read(struct tree *tree, int dir, const char *file, const uint8_t mac[static 6],
                        const struct portcall_items *system, const char *passphrase,
                        bool keep_going)
{
	struct record **more = realloc(tree->records, (tree->count + 1) * sizeof(*tree->records));
	struct record *record = calloc(1, sizeof(*record));

	if (more)
		tree->records = more;
	if (!more || !record || !(record->file = strdup(file))) {
		free(record);
		inventory_complain("There is not enough memory.");
		return false;
	}
	memcpy(record->mac, mac, MAC_LEN);
	tree->records[tree->count++] = record;

	AUTO(items) struct portcall_items *own = items_read(dir, file);

	return (own && credentials_read(tree, system, own, passphrase, record)) || keep_going;
}

static int by_mac(const void *a, const void *b)
{
	const struct record *const *x = a, *const *y = b;

	return memcmp((*x)->mac, (*y)->mac, MAC_LEN);
}

/* In order of their addresses; false: two files are for one device. */
static bool sort(struct tree *tree)
{
	bool ok = true;

	qsort(tree->records, tree->count, sizeof(*tree->records), by_mac);
	for (size_t i = 1; i < tree->count; i++) {
		if (by_mac(&tree->records[i - 1], &tree->records[i]) != 0)
			continue;
		inventory_complain("%s and %s are for the same device.", tree->records[i - 1]->file,
		                   tree->records[i]->file);
		ok = false;
	}
	return ok;
}

enum kind { KIND_OTHER, KIND_SYSTEM, KIND_DEVICE };

/* <name>.<ext> or <name><12 hex digits>.<ext>; ext is letters and digits, so that backups are left out. */
static enum kind kind_of(const char *file, const char *name, uint8_t ret_mac[static 6])
{
	size_t n = strlen(name);
	const char *dot = strrchr(file, '.');
	char mac[13];

	if (strncmp(file, name, n) != 0 || !dot || !dot[1])
		return KIND_OTHER;
	for (const char *p = dot + 1; *p; p++) {
		if (!isalnum((unsigned char)*p))
			return KIND_OTHER;
	}
	if (dot == file + n)
		return KIND_SYSTEM;
	if (dot != file + n + 12)
		return KIND_OTHER;
	memcpy(mac, file + n, 12);
	mac[12] = '\0';
	return mac_parse(mac, ret_mac) ? KIND_DEVICE : KIND_OTHER;
}

static bool system_find(struct tree *tree, DIR *dir)
{
	uint8_t mac[MAC_LEN];

	for (struct dirent *entry; (entry = readdir(dir));) {
		if (kind_of(entry->d_name, tree->config_name, mac) != KIND_SYSTEM)
			continue;
		if (*tree->system_file) {
			inventory_complain("%s and %s are both files for all devices; keep one.",
			                   tree->system_file, entry->d_name);
			return false;
		}
		free(tree->system_file);
		tree->system_file = strdup(entry->d_name);
		if (!tree->system_file) {
			inventory_complain("There is not enough memory.");
			return false;
		}
	}
	return true;
}

static bool tree_fill(struct tree *tree, DIR *dir, const struct options *options,
                      const char *passphrase)
{
	AUTO(items) struct portcall_items *system = NULL;
	uint8_t mac[MAC_LEN];
	bool ok = true;

	if (!system_find(tree, dir))
		return false;
	if (*tree->system_file) {
		system = items_read(dirfd(dir), tree->system_file);
		if (!system)
			return false;
	}
	rewinddir(dir);
	for (struct dirent *entry; (entry = readdir(dir));) {
		if (kind_of(entry->d_name, tree->config_name, mac) == KIND_DEVICE &&
		    !device_read(tree, dirfd(dir), entry->d_name, mac, system, passphrase,
		                 options->keep_going))
			ok = false; /* go on: all that is wrong is said at once */
	}
	if (ok && !tree->count)
		inventory_complain("%s: there is no file %s<MAC>.xml in it.", options->tree,
		                   tree->config_name);
	return ok && tree->count && sort(tree);
}

struct tree *tree_read(const struct options *options)
{
	AUTO(tree) struct tree *tree = calloc(1, sizeof(*tree));
	char passphrase[PASSPHRASE_MAX];
	DIR *dir = opendir(options->tree);
	const char *suffix = strstr(options->config_name, "_conf");

	if (!dir) {
		inventory_complain("%s cannot be read: %s.", options->tree, strerror(errno));
		return NULL;
	}
	if (!tree || !(tree->system_file = strdup(""))) {
		inventory_complain("There is not enough memory.");
		closedir(dir);
		return NULL;
	}
	tree->config_name = options->config_name;
	tree->model_n =
		suffix ? (int)(suffix - options->config_name) : (int)strlen(options->config_name);

	bool ok = passphrase_read(options->passphrase_file, passphrase) &&
	          tree_fill(tree, dir, options, passphrase);

	explicit_bzero(passphrase, sizeof(passphrase));
	closedir(dir);
	return ok ? steal(tree) : NULL;
}

/* --- writing ------------------------------------------------------------------------------------------ */

bool inventory_replace(const char *path, const char *text)
{
	AUTO(free) char *real = realpath(path, NULL);
	const char *target = real ? real : path;
	size_t n = strlen(target);
	AUTO(free) char *temporary = malloc(n + 8);
	struct stat st;
	bool into = stat(target, &st) == 0 && !S_ISREG(st.st_mode); /* /dev/null stays what it is */
	FILE *f = into ? fopen(target, "we") : NULL;
	int fd = -1;

	if (temporary && !into) {
		memcpy(temporary, target, n);
		memcpy(temporary + n, ".XXXXXX", 8);
		fd = mkostemp(temporary, O_CLOEXEC);
		f = fd < 0 ? NULL : fdopen(fd, "w");
	}
	/* no secret is in it, and the RADIUS server runs as another user */
	bool ok = f && (into || fchmod(fd, 0644) == 0) && fputs(text, f) >= 0 &&
	          fputc('\n', f) >= 0 && fflush(f) == 0 && (into || fsync(fd) == 0);
	int error = errno;

	if (f ? fclose(f) : fd >= 0 && close(fd))
		ok = false;
	if (ok && (into || rename(temporary, target) == 0))
		return true;
	if (ok)
		error = errno;
	if (fd >= 0)
		unlink(temporary);
	inventory_complain("%s cannot be written: %s.", path, strerror(error));
	return false;
}
