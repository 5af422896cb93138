/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inventory_file - an inventory that follows its file.
 *
 * `lock` guards the present pointer alone and is never held across anything slow.  The thread waits on
 * `stop_asked`, so that closing is prompt.
 */
#include "radius-module/inventory_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/auto.h"

enum { INTERVAL = 200000000 /* ns */ };

/* What tells one content of the file from another. */
struct stamp {
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec written;
};

struct inventory_file {
	char *path;
	inventory_file_report_fn *report;
	void *ctx;
	struct stamp seen; /* of the last attempt; the thread's own after opening */
	pthread_t thread;
	bool running;
	pthread_mutex_t lock;
	pthread_cond_t stop_asked;
	bool stop;
	struct inventory *present;
};

static struct stamp stamp_of(const struct stat *st)
{
	return (struct stamp){ st->st_dev, st->st_ino, st->st_size, st->st_mtim };
}

static bool stamp_equal(const struct stamp *a, const struct stamp *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	       a->written.tv_sec == b->written.tv_sec && a->written.tv_nsec == b->written.tv_nsec;
}

/* The whole content of `fd`, malloc'ed; NULL: errno says why. */
static char *read_whole(int fd, size_t *ret_n)
{
	size_t n = 0, max = 0;
	char *text = NULL;

	for (;;) {
		if (n == max) {
			max = max ? 2 * max : 64 << 10;
			char *more = realloc(text, max);

			if (!more)
				break;
			text = more;
		}

		ssize_t got = read(fd, text + n, max - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			break;
		if (got == 0) {
			*ret_n = n;
			return text;
		}
		n += (size_t)got;
		if (n > INVENTORY_MAX_FILE) {
			errno = EFBIG;
			break;
		}
	}
	free(text);
	return NULL;
}

/* NULL: `why` says it without the path. */
static struct inventory *load(const char *path, struct stamp *ret_seen, char *why)
{
	struct stat st;
	size_t n = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a fifo must not hold us */
	char *text = NULL;

	if (fd >= 0 && fstat(fd, &st) == 0) {
		*ret_seen = stamp_of(&st);
		errno = EINVAL;
		text = S_ISREG(st.st_mode) ? read_whole(fd, &n) : NULL;
	}
	if (!text)
		snprintf(why, INVENTORY_WHY_LEN, "it cannot be read: %s.", strerror(errno));
	if (fd >= 0)
		close(fd);

	struct inventory *inventory = text ? inventory_read(text, n, why) : NULL;

	free(text);
	return inventory;
}

static void swap(struct inventory_file *file, struct inventory *inventory)
{
	pthread_mutex_lock(&file->lock);
	struct inventory *before = file->present;

	file->present = inventory;
	pthread_mutex_unlock(&file->lock);
	inventory_unref(before);
}

struct inventory *inventory_file_take(struct inventory_file *file)
{
	pthread_mutex_lock(&file->lock);
	struct inventory *inventory = inventory_ref(file->present);

	pthread_mutex_unlock(&file->lock);
	return inventory;
}

/* Once: read the file when it is another one than at the last attempt. */
static void look(struct inventory_file *file)
{
	char why[INVENTORY_WHY_LEN], sentence[INVENTORY_WHY_LEN + 512];
	struct stat st;
	struct stamp now = { 0 };

	if (stat(file->path, &st) == 0)
		now = stamp_of(&st);
	if (stamp_equal(&now, &file->seen))
		return;
	file->seen = now;

	struct inventory *inventory = load(file->path, &file->seen, why);

	if (inventory) {
		snprintf(sentence, sizeof(sentence), "%zu devices read from %.400s.",
		         inventory_count(inventory), file->path);
		swap(file, inventory_ref(inventory));
	} else {
		snprintf(sentence, sizeof(sentence),
		         "%.400s was refused and the inventory before it stays in use: %s",
		         file->path, why);
	}
	file->report(file->ctx, inventory, sentence);
	inventory_unref(inventory);
}

static void *follow(void *arg)
{
	struct inventory_file *file = arg;

	pthread_mutex_lock(&file->lock);
	while (!file->stop) {
		struct timespec next;

		clock_gettime(CLOCK_MONOTONIC, &next);
		next.tv_nsec += INTERVAL;
		next.tv_sec += next.tv_nsec / 1000000000;
		next.tv_nsec %= 1000000000;
		while (!file->stop &&
		       pthread_cond_timedwait(&file->stop_asked, &file->lock, &next) == 0)
			;
		if (file->stop)
			break;
		pthread_mutex_unlock(&file->lock);
		look(file);
		pthread_mutex_lock(&file->lock);
	}
	pthread_mutex_unlock(&file->lock);
	return NULL;
}

static bool start(struct inventory_file *file)
{
	pthread_condattr_t monotonic;

	pthread_mutex_init(&file->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&file->stop_asked, &monotonic);
	pthread_condattr_destroy(&monotonic);

	sigset_t all, before; /* signals are the server's, not this thread's */

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	file->running = pthread_create(&file->thread, NULL, follow, file) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return file->running;
}

struct inventory_file *inventory_file_open(const char *path, inventory_file_report_fn *report,
                                           void *ctx, char ret_why[static INVENTORY_WHY_LEN])
{
	char why[INVENTORY_WHY_LEN];
	struct inventory_file *file = calloc(1, sizeof(*file));

	if (!file || !(file->path = strdup(path))) {
		snprintf(ret_why, INVENTORY_WHY_LEN, "There is not enough memory.");
		free(file);
		return NULL;
	}
	file->report = report;
	file->ctx = ctx;
	file->present = load(path, &file->seen, why);
	if (file->present && start(file))
		return file;
	if (file->present)
		snprintf(ret_why, INVENTORY_WHY_LEN, "A thread could not be started.");
	else
		memcpy(ret_why, why, sizeof(why));
	inventory_unref(file->present);
	free(file->path);
	free(file);
	return NULL;
}

void inventory_file_close(struct inventory_file *file)
{
	if (!file)
		return;
	pthread_mutex_lock(&file->lock);
	file->stop = true;
	pthread_cond_signal(&file->stop_asked);
	pthread_mutex_unlock(&file->lock);
	if (file->running)
		pthread_join(file->thread, NULL);
	pthread_cond_destroy(&file->stop_asked);
	pthread_mutex_destroy(&file->lock);
	inventory_unref(file->present);
	free(file->path);
	free(file);
}
