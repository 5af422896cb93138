/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lab_process - the lab's children: started in a namespace, followed line by line.
 *
 * Output goes through a pipe into the log file and to the line function.  A real pipe, not libuv's
 * socket pair: nginx opens /dev/stdout again.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tools/lab.h"

enum { POLL_MS = 5 };

double lab_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

bool lab_fail(struct lab *lab, const char *fmt, ...)
{
	va_list args;

	if (!*lab->why) {
		va_start(args, fmt);
		vsnprintf(lab->why, sizeof lab->why, fmt, args);
		va_end(args);
		uv_stop(&lab->loop);
	}
	return false;
}

static void timed_out(uv_timer_t *timer)
{
	((struct lab *)timer->data)->timed_out = true;
}

bool lab_wait(struct lab *lab, bool (*done)(struct lab *), unsigned ms)
{
	lab->timed_out = false;
	lab->timer.data = lab;
	uv_timer_start(&lab->timer, timed_out, ms, 0);
	while (!*lab->why && !done(lab) && !lab->timed_out)
		uv_run(&lab->loop, UV_RUN_ONCE);
	uv_timer_stop(&lab->timer);
	return !*lab->why && done(lab);
}

static void wake_up(uv_timer_t *timer)
{
	(void)timer;
}

bool lab_wait_polling(struct lab *lab, bool (*done)(struct lab *), unsigned ms)
{
	bool ok;

	uv_timer_start(&lab->poll, wake_up, POLL_MS, POLL_MS);
	ok = lab_wait(lab, done, ms);
	uv_timer_stop(&lab->poll);
	return ok;
}

static void take_line(struct lab_process *p, const char *line)
{
	fprintf(p->log, "%s\n", line);
	if (*line)
		snprintf(p->last, sizeof p->last, "%s", line);
	if (p->line)
		p->line(p, line);
}

static void alloc(uv_handle_t *handle, size_t hint, uv_buf_t *buf)
{
	struct lab_process *p = handle->data;

	(void)hint;
	*buf = uv_buf_init(p->buffer + p->n, (unsigned)(sizeof p->buffer - 1 - p->n));
}

static void read_lines(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf)
{
	struct lab_process *p = stream->data;
	char *line = p->buffer, *end;

	(void)buf;
	if (got > 0)
		p->n += (size_t)got;
	p->buffer[p->n] = '\0';
	while ((end = memchr(line, '\n', p->n - (size_t)(line - p->buffer)))) {
		*end = '\0';
		take_line(p, line);
		line = end + 1;
	}
	p->n -= (size_t)(line - p->buffer);
	memmove(p->buffer, line, p->n);
	if (p->n &&
	    (got < 0 ||
	     p->n == sizeof p->buffer - 1)) { /* an end without newline, or a line too long */
		p->buffer[p->n] = '\0';
		p->n = 0;
		take_line(p, p->buffer);
	}
	fflush(p->log);
	if (got >= 0)
		return;
	uv_close((uv_handle_t *)stream, NULL);
	fclose(p->log);
	p->log = NULL;
}

static void ended(uv_process_t *handle, int64_t status, int signal)
{
	struct lab_process *p = handle->data;
	ssize_t got;

	p->ended = true;
	p->status = status;
	p->signal = signal;
	/* what it said last may still be in the pipe */
	if (!uv_is_closing((uv_handle_t *)&p->out)) {
		int fd;

		uv_fileno((uv_handle_t *)&p->out, &fd);
		while ((got = read(fd, p->buffer + p->n, sizeof p->buffer - 1 - p->n)) > 0)
			read_lines((uv_stream_t *)&p->out, got, NULL);
	}
	uv_close((uv_handle_t *)handle, NULL);
	if (p->may_end)
		return;
	if (signal)
		lab_fail(p->lab, "%s was ended by signal %d: %s", p->name, signal, p->last);
	else
		lab_fail(p->lab, "%s ended with status %d: %s", p->name, (int)status, p->last);
}

/* uv_spawn() in another network namespace: the child inherits this thread's. */
static int spawn_in(struct lab *lab, struct lab_process *p, const char *netns,
                    const char *const *argv, int out)
{
	uv_stdio_container_t stdio[] = {
		{ .flags = UV_IGNORE },
		{ .flags = UV_INHERIT_FD, .data.fd = out },
		{ .flags = UV_INHERIT_FD, .data.fd = out },
	};
	uv_process_options_t options = {
		.file = argv[0],
		.args = (char **)(uintptr_t)argv,
		.exit_cb = ended,
		.stdio = stdio,
		.stdio_count = 3,
		.cwd = LAB_RUN,
	};
	int error;

	if (netns && !lab_net_enter(lab, netns))
		return UV_EINVAL;
	error = uv_spawn(&lab->loop, &p->handle, &options);
	if (netns && !lab_net_enter(lab, NULL))
		return UV_EINVAL;
	return error;
}

struct lab_process *lab_spawn(struct lab *lab, struct lab_phone *phone, const char *name,
                              const char *netns, void (*line)(struct lab_process *, const char *),
                              const char *const *argv)
{
	struct lab_process *p = calloc(1, sizeof *p);
	char log[64];
	int fds[2] = { -1, -1 }, error;

	if (!p) {
		lab_fail(lab, "out of memory.");
		return NULL;
	}
	p->next = lab->processes;
	lab->processes = p;
	p->lab = lab;
	p->phone = phone;
	p->line = line;
	p->handle.data = p->out.data = p;
	snprintf(p->name, sizeof p->name, "%s%s%s", name, phone ? "-" : "",
	         phone ? phone->name : "");
	snprintf(log, sizeof log, LAB_RUN "/log/%s.log", p->name);
	p->log = fopen(log, "ae");
	if (!p->log || pipe2(fds, O_CLOEXEC) < 0) {
		lab_fail(lab, "%s cannot be followed: %s.", p->name, strerror(errno));
		p->ended = true;
		return NULL;
	}
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	uv_pipe_init(&lab->loop, &p->out, 0);
	uv_pipe_open(&p->out, fds[0]);
	error = spawn_in(lab, p, netns, argv, fds[1]);
	close(fds[1]);
	if (error) {
		p->ended = true;
		uv_close((uv_handle_t *)&p->out, NULL);
		lab_fail(lab, "%s cannot be started: %s.", argv[0], uv_strerror(error));
		return NULL;
	}
	uv_read_start((uv_stream_t *)&p->out, alloc, read_lines);
	return p;
}

/* Its end, waited for by the owner of the lab's only timer. */
bool lab_ended(struct lab *lab, struct lab_process *p, unsigned ms)
{
	lab->timed_out = false;
	lab->timer.data = lab;
	uv_timer_start(&lab->timer, timed_out, ms, 0);
	while (!p->ended && !lab->timed_out && !*lab->why)
		uv_run(&lab->loop, UV_RUN_ONCE);
	uv_timer_stop(&lab->timer);
	return p->ended;
}

bool lab_command(struct lab *lab, const char *name, const char *netns, const char *const *argv)
{
	struct lab_process *p = lab_spawn(lab, NULL, name, netns, NULL, argv);

	if (!p)
		return false;
	p->may_end = true;
	if (!lab_ended(lab, p, 10000))
		return lab_fail(lab, "%s did not end within 10 s.", name);
	if (p->status || p->signal)
		return lab_fail(lab, "%s failed: %s", name, p->last);
	return true;
}

void lab_processes_free(struct lab *lab)
{
	for (struct lab_process *p = lab->processes, *next; p; p = next) {
		next = p->next;
		if (p->log)
			fclose(p->log);
		free(p);
	}
	lab->processes = NULL;
}
