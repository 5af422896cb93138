/* SPDX-License-Identifier: BSD-3-Clause */
/* lab_watch - the event stream of a daemon's control socket (docs/interfaces.md 2 and 3). */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/auto.h"
#include "common/control.h"
#include "tools/lab.h"

AUTO_CLEANUP(json, json_t *, json_decref)

struct lab_watch {
	struct lab *lab;
	struct lab_phone *phone;
	uv_pipe_t pipe;
	size_t n;
	char buffer[1 << 17]; /* longer than any event */
};

static void alloc(uv_handle_t *handle, size_t hint, uv_buf_t *buf)
{
	struct lab_watch *watch = handle->data;

	(void)hint;
	*buf = uv_buf_init(watch->buffer + watch->n, (unsigned)(sizeof watch->buffer - watch->n));
}

static void read_events(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf)
{
	struct lab_watch *watch = stream->data;
	char *line = watch->buffer, *end;

	(void)buf;
	if (got < 0) {
		uv_close((uv_handle_t *)stream, NULL);
		return;
	}
	watch->n += (size_t)got;
	while ((end = memchr(line, '\n', watch->n - (size_t)(line - watch->buffer)))) {
		AUTO(json) json_t *event = json_loadb(line, (size_t)(end - line), 0, NULL);

		if (event)
			lab_observe(watch->lab, watch->phone, event);
		line = end + 1;
	}
	watch->n -= (size_t)(line - watch->buffer);
	memmove(watch->buffer, line, watch->n);
	if (watch->n == sizeof watch->buffer)
		watch->n = 0; /* no daemon of ours sends such a line */
}

struct lab_watch *lab_watch_open(struct lab *lab, struct lab_phone *phone, const char *path)
{
	static const char request[] = "{\"verb\":\"watch\"}\n";
	struct lab_watch *watch = malloc(sizeof *watch);
	char why[200];
	int fd = watch ? control_connect(path, why) : -1;

	if (fd < 0) {
		lab_fail(lab, "%s", watch ? why : "out of memory.");
		free(watch);
		return NULL;
	}
	watch->lab = lab;
	watch->phone = phone;
	watch->n = 0;
	watch->pipe.data = watch;
	if (write(fd, request, sizeof request - 1) != sizeof request - 1 ||
	    uv_pipe_init(&lab->loop, &watch->pipe, 0) < 0 || uv_pipe_open(&watch->pipe, fd) < 0) {
		lab_fail(lab, "%s cannot be watched.", path);
		close(fd);
		free(watch);
		return NULL;
	}
	uv_read_start((uv_stream_t *)&watch->pipe, alloc, read_events);
	return watch;
}

void lab_watch_free(struct lab_watch *watch)
{
	free(watch);
}
