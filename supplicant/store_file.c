/* SPDX-License-Identifier: BSD-3-Clause */
#include "supplicant/store_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/auto.h"

enum { NAME_LEN = 64 };

int store_folder_open(const char *path)
{
	AUTO(free) char *copy = strdup(path);

	errno = ENOENT;
	if (!copy || !*copy)
		return -1;
	for (char *p = copy + 1; (p = strchr(p, '/')) != NULL; p++) {
		*p = '\0';
		if (mkdir(copy, 0755) < 0 && errno != EEXIST && errno != EROFS)
			return -1;
		*p = '/';
	}
	if (mkdir(copy, 0700) < 0 && errno != EEXIST && errno != EROFS)
		return -1;
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* --- reading -------------------------------------------------------------------------------------- */

void store_file_forget(char *text, size_t n)
{
	if (text)
		explicit_bzero(text, n);
	free(text);
}

/* Errno is set when not. */
static bool is_regular(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return false;
	errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
	return S_ISREG(st.st_mode);
}

char *store_file_read(int folder, const char *name, size_t max, size_t *ret_n)
{
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	bool regular = fd >= 0 && is_regular(fd);
	char *text = regular ? malloc(max + 1) : NULL;
	size_t have = 0;
	ssize_t n = 1;

	while (text && n != 0 && have <= max) {
		n = read(fd, text + have, max + 1 - have);
		if (n > 0)
			have += (size_t)n;
		else if (n < 0 && errno != EINTR)
			break;
	}
	if (text && n == 0 && have <= max) {
		close(fd);
		text[have] = '\0';
		*ret_n = have;
		return text;
	}
	int error = !text || n < 0 ? errno : EFBIG;

	store_file_forget(text, have);
	if (fd >= 0)
		close(fd);
	errno = error;
	return NULL;
}

/* --- writing -------------------------------------------------------------------------------------- */

static bool write_all(int fd, const void *octets, size_t n)
{
	const char *p = octets;

	while (n > 0) {
		ssize_t wrote = write(fd, p, n);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote < 0)
			return false;
		p += wrote;
		n -= (size_t)wrote;
	}
	return true;
}

/* The contents that a name will lose; -1: there are none. */
static int open_old(int folder, const char *name)
{
	int fd = openat(folder, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0 || is_regular(fd))
		return fd;
	close(fd);
	return -1;
}

/* Only what has no name any more, for good.  Without fsync nothing would reach the disk; failures are no loss. */
static void wipe_old(int fd)
{
	static const char zeros[4096];
	struct stat st;

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && st.st_nlink == 0) {
		off_t left = st.st_size;

		while (left > 0) {
			size_t n = left < (off_t)sizeof(zeros) ? (size_t)left : sizeof(zeros);

			if (!write_all(fd, zeros, n))
				break;
			left -= (off_t)n;
		}
		(void)fsync(fd);
	}
	close(fd);
}

/* With root's help a folder of somebody else stays his. */
static bool give_to_owner(int folder, int fd)
{
	struct stat st;

	if (geteuid() != 0)
		return true;
	return fstat(folder, &st) == 0 && (st.st_uid == 0 || fchown(fd, st.st_uid, st.st_gid) == 0);
}

static void name_beside(const char *name, char ret_beside[static NAME_LEN])
{
	snprintf(ret_beside, NAME_LEN, "%s.tmp", name);
}

/* As NAME.tmp, and on the disk. */
static bool write_beside(int folder, const char *beside, struct span octets)
{
	int fd =
		openat(folder, beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	int error;
	bool ok;

	if (fd < 0)
		return false;
	ok = give_to_owner(folder, fd) && write_all(fd, octets.p, octets.n) && fsync(fd) == 0;
	error = errno;
	close(fd);
	errno = error;
	return ok;
}

const char *store_file_rename(int folder, const char *from, const char *to)
{
	int old = open_old(folder, to);
	int error;

	if (renameat(folder, from, folder, to) < 0) {
		error = errno;
		if (old >= 0)
			close(old);
		errno = error;
		return "rename to";
	}
	if (fsync(folder) < 0) { /* after a power cut the old one may be there again */
		error = errno;
		if (old >= 0)
			close(old);
		errno = error;
		return "sync";
	}
	wipe_old(old);
	return NULL;
}

const char *store_file_replace(int folder, const char *name, struct span octets)
{
	char beside[NAME_LEN];
	const char *failed = "write";
	int error;

	name_beside(name, beside);
	if (write_beside(folder, beside, octets))
		failed = store_file_rename(folder, beside, name);
	if (failed) {
		error = errno;
		unlinkat(folder, beside, 0);
		errno = error;
	}
	return failed;
}

const char *store_file_remove(int folder, const char *name)
{
	int old = open_old(folder, name);
	int error = 0;
	const char *failed = NULL;

	if (unlinkat(folder, name, 0) < 0)
		failed = errno == ENOENT ? NULL : "remove";
	else if (fsync(folder) < 0)
		failed = "sync";
	error = errno;
	if (!failed)
		wipe_old(old);
	else if (old >= 0)
		close(old);
	errno = error;
	return failed;
}

void store_file_clean(int folder, const char *name)
{
	char beside[NAME_LEN];
	int old;

	name_beside(name, beside);
	old = open_old(folder, beside);
	unlinkat(folder, beside, 0);
	wipe_old(old);
}
