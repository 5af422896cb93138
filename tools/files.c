/* SPDX-License-Identifier: BSD-3-Clause */
/* files - whole files: read with a bound, replaced in one step. */
#include "tools/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/options.h"

/* Zero, or the errno of what failed. */
static int fill(int fd, size_t max, struct file *file)
{
	size_t room = 16 << 10;

	file->p = malloc(room + 1);
	file->n = 0;
	while (file->p) {
		ssize_t n = read(fd, file->p + file->n, room - file->n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		file->n += (size_t)n;
		if (n == 0 || file->n > max) {
			file->p[file->n] = '\0';
			return 0;
		}
		if (file->n < room)
			continue;

		uint8_t *grown = malloc(2 * room + 1);

		if (!grown)
			break;
		memcpy(grown, file->p, file->n);
		explicit_bzero(file->p, file->n);
		free(file->p);
		file->p = grown;
		room *= 2;
	}
	return ENOMEM;
}

void file_wipe(struct file *file)
{
	if (file->p)
		explicit_bzero(file->p, file->n);
	free(file->p);
	*file = (struct file){ 0 };
}

bool file_read_some(const char *path, size_t max, struct file *ret_file)
{
	bool standard = !strcmp(path, "-");
	int fd = standard ? 0 : open(path, O_RDONLY | O_CLOEXEC);
	struct file file = { 0 };
	int error = fd < 0 ? errno : fill(fd, max, &file);

	if (!standard && fd >= 0)
		close(fd);
	if (!error) {
		*ret_file = file;
		return true;
	}
	file_wipe(&file);
	complain("%s cannot be read: %s.", standard ? "Standard input" : path, strerror(error));
	return false;
}

bool file_read(const char *path, struct file *ret_file)
{
	if (!file_read_some(path, FILE_MAX, ret_file))
		return false;
	if (ret_file->n <= FILE_MAX)
		return true;
	file_wipe(ret_file);
	complain("%s is larger than %d MiB.", path, FILE_MAX >> 20);
	return false;
}

/* --- writing ---------------------------------------------------------------------------------- */

static bool write_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		p += done;
		n -= (size_t)done;
	}
	return true;
}

/* The folder's entry survives a power cut too. */
static void sync_folder(char *path)
{
	char *slash = strrchr(path, '/');
	int fd;

	if (slash)
		slash[slash == path] = '\0';
	fd = open(slash ? path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	fsync(fd); /* some file systems cannot, and need not */
	close(fd);
}

/* Whatever was at `path` keeps its mode and, as far as we may, its owner. */
static bool adopt(int fd, const char *path, mode_t mode)
{
	struct stat st;

	if (stat(path, &st))
		return fchmod(fd, mode) == 0;
	if (fchown(fd, st.st_uid, st.st_gid) && errno != EPERM)
		return false;
	return fchmod(fd, st.st_mode & 07777) == 0;
}

/* A device or a pipe stays what it is. */
static bool is_special(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

static bool write_into(const char *path, const void *p, size_t n)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write_all(fd, p, n);

	if (!ok)
		complain("%s cannot be written: %s.", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return ok;
}

static bool replace(const char *path, mode_t mode, const void *p, size_t n, bool fresh)
{
	AUTO(free) char *real = realpath(path, NULL);
	AUTO(free) char *temporary = NULL;
	const char *target = real ? real : path;
	int fd = -1, error;
	bool ok;

	if (asprintf(&temporary, "%s.XXXXXX", target) < 0)
		temporary = NULL;
	if (temporary)
		fd = mkostemp(temporary, O_CLOEXEC);
	ok = fd >= 0 && adopt(fd, target, mode) && write_all(fd, p, n) && fsync(fd) == 0;
	if (ok) /* link() refuses what is there, rename() replaces it */
		ok = fresh ? link(temporary, target) == 0 : rename(temporary, target) == 0;
	error = errno;
	if (fd >= 0) {
		close(fd);
		if (!ok || fresh)
			unlink(temporary);
	}
	if (ok)
		sync_folder(temporary);
	else
		complain("%s cannot be written: %s.", path, strerror(error));
	return ok;
}

bool file_replace(const char *path, mode_t mode, const void *p, size_t n)
{
	return is_special(path) ? write_into(path, p, n) : replace(path, mode, p, n, false);
}

bool file_create(const char *path, mode_t mode, const void *p, size_t n)
{
	return replace(path, mode, p, n, true);
}

/* --- pass phrases ----------------------------------------------------------------------------- */

static bool first_line(const char *path, char ret_passphrase[static PASSPHRASE_MAX])
{
	struct file file;
	size_t n;

	if (!file_read_some(path, PASSPHRASE_MAX, &file))
		return false;
	n = strcspn((const char *)file.p, "\r\n");
	if (n < PASSPHRASE_MAX) {
		memcpy(ret_passphrase, file.p, n);
		ret_passphrase[n] = '\0';
	} else {
		complain("%s: its first line is too long for a pass phrase.", path);
	}
	file_wipe(&file);
	return n < PASSPHRASE_MAX;
}

bool passphrase_read(const char *path, const char *variable,
                     char ret_passphrase[static PASSPHRASE_MAX], bool *ret_given)
{
	const char *value = path ? NULL : getenv(variable);

	*ret_passphrase = '\0';
	*ret_given = path || value;
	if (path)
		return first_line(path, ret_passphrase);
	if (!value)
		return true;
	if (strlen(value) >= PASSPHRASE_MAX) {
		complain("%s is too long for a pass phrase.", variable);
		return false;
	}
	strcpy(ret_passphrase, value);
	return true;
}
