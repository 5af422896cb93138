/* SPDX-License-Identifier: BSD-3-Clause */
#include "common/control.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/auto.h"
#include "common/log.h"

AUTO_CLEANUP(json, json_t *, json_decref)

enum {
	EVENTS_KEPT = 4096,
	REQUEST_MAX = 64 * 1024,       /* octets */
	ANSWER_MAX = 16 * 1024 * 1024, /* octets, client side */
	UNREAD_MAX = 8 * 1024 * 1024,  /* a watcher that is this far behind is dropped */
	CLIENTS_MAX = 64,
	WHY_LEN = 200,
	CALL_TIMEOUT = 30, /* seconds */
};

struct client {
	uv_pipe_t pipe;
	struct control *control;
	struct client *next;
	char *request; /* REQUEST_MAX octets, from the first octet read until the end */
	size_t have;
	bool watching;
};

struct control {
	uv_pipe_t server;
	const struct control_verb *verbs;
	void *ctx;
	struct client *clients;
	unsigned client_count;
	unsigned open_handles; /* the last one to be closed frees this */
	bool closing;
	char *events[EVENTS_KEPT]; /* lines, a ring */
	size_t event_count;        /* ever */
};

struct sending {
	uv_write_t write;
	char *line;
};

/* --- life of clients ---------------------------------------------------------------------------- */

static void release(struct control *control)
{
	if (--control->open_handles > 0)
		return;
	for (size_t i = 0; i < EVENTS_KEPT; i++)
		free(control->events[i]);
	free(control);
}

static void client_closed(uv_handle_t *handle)
{
	struct client *client = handle->data;

	release(client->control);
	free(client->request);
	free(client);
}

static void client_close(struct client *client)
{
	struct control *control = client->control;

	if (uv_is_closing((uv_handle_t *)&client->pipe))
		return;
	for (struct client **at = &control->clients; *at; at = &(*at)->next) {
		if (*at == client) {
			*at = client->next;
			control->client_count--;
			break;
		}
	}
	uv_close((uv_handle_t *)&client->pipe, client_closed);
}

/* --- sending -------------------------------------------------------------------------------------- */

static void sent(uv_write_t *write, int status)
{
	struct sending *sending = write->data;
	struct client *client = write->handle->data;

	free(sending->line);
	free(sending);
	if (status < 0)
		client_close(client);
}

/* Takes `line` (malloc), which ends with a newline. */
static void send_line(struct client *client, char *line)
{
	struct sending *sending = calloc(1, sizeof(*sending));
	uv_stream_t *stream = (uv_stream_t *)&client->pipe;
	uv_buf_t buf;

	if (!sending || !line || uv_stream_get_write_queue_size(stream) > UNREAD_MAX)
		goto fail;
	sending->line = line;
	sending->write.data = sending;
	buf = uv_buf_init(line, (unsigned)strlen(line));
	if (uv_write(&sending->write, stream, &buf, 1, sent) == 0)
		return;
fail:
	free(sending);
	free(line);
	client_close(client);
}

static char *line_of(const json_t *object)
{
	size_t n = json_dumpb(object, NULL, 0, JSON_COMPACT);
	char *line = n > 0 ? malloc(n + 2) : NULL;

	if (!line)
		return NULL;
	json_dumpb(object, line, n, JSON_COMPACT);
	memcpy(line + n, "\n", 2);
	return line;
}

static void send_json(struct client *client, const json_t *object)
{
	send_line(client, line_of(object));
}

json_t *control_error(const char *code, const char *text, const char *hint)
{
	return json_pack("{s:s,s:s,s:s}", "code", code, "text", text, "hint", hint ? hint : "");
}

/* Takes `error`. */
static void send_error(struct client *client, json_t *error)
{
	AUTO(json) json_t *answer = json_pack("{s:o}", "error", error);

	send_json(client, answer);
}

/* --- events --------------------------------------------------------------------------------------- */

static void event_happened(void *ctx, json_t *event)
{
	struct control *control = ctx;
	char **slot = &control->events[control->event_count % EVENTS_KEPT];
	char *line = line_of(event);

	if (!line)
		return;
	free(*slot);
	*slot = line;
	control->event_count++;
	for (struct client *c = control->clients, *next; c; c = next) {
		next = c->next;
		if (c->watching)
			send_line(c, strdup(line));
	}
}

static void watch(struct client *client)
{
	const struct control *control = client->control;
	size_t first = control->event_count > EVENTS_KEPT ? control->event_count - EVENTS_KEPT : 0;

	client->watching = true;
	for (size_t i = first; i < control->event_count; i++) {
		if (uv_is_closing((uv_handle_t *)&client->pipe))
			return;
		send_line(client, strdup(control->events[i % EVENTS_KEPT]));
	}
}

/* --- requests ------------------------------------------------------------------------------------- */

static void run_verb(struct client *client, const json_t *request)
{
	const struct control *control = client->control;
	const char *name = json_string_value(json_object_get(request, "verb"));
	const struct control_verb *verb = control->verbs;
	json_t *error = NULL;

	if (name && strcmp(name, "watch") == 0) {
		watch(client);
		return;
	}
	while (verb->name && (!name || strcmp(verb->name, name) != 0))
		verb++;
	if (!verb->name) {
		send_error(client,
		           control_error("unknown-verb", "This daemon does not know that verb.",
		                         "See docs/interfaces.md, section 3."));
		return;
	}
	AUTO(json) json_t *answer = verb->run(control->ctx, request, &error);

	if (answer)
		send_json(client, answer);
	else
		send_error(client, error ? error
		                         : control_error("failed", "The request failed.",
		                                         "See the daemon's log."));
}

static void run_line(struct client *client, const char *line, size_t n)
{
	AUTO(json) json_t *request = json_loadb(line, n, JSON_REJECT_DUPLICATES, NULL);

	if (json_is_object(request))
		run_verb(client, request);
	else
		send_error(client,
		           control_error("bad-request", "The request is not one JSON object.",
		                         "Send one object for each line."));
}

/* Runs each whole line of what was read, and keeps the rest. */
static void run_lines(struct client *client)
{
	size_t start = 0;

	for (;;) {
		char *line = client->request + start;
		char *end = memchr(line, '\n', client->have - start);

		if (!end || uv_is_closing((uv_handle_t *)&client->pipe))
			break;
		run_line(client, line, (size_t)(end - line));
		start = (size_t)(end + 1 - client->request);
	}
	client->have -= start;
	memmove(client->request, client->request + start, client->have);
}

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buf)
{
	struct client *client = handle->data;

	(void)suggested;
	*ret_buf =
		uv_buf_init(client->request + client->have, (unsigned)(REQUEST_MAX - client->have));
}

static void bytes_arrived(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct client *client = stream->data;

	(void)buf;
	if (n == UV_ENOBUFS) /* a line longer than REQUEST_MAX */
		send_error(client,
		           control_error("too-long", "The request is longer than 64 KiB.", ""));
	if (n < 0) {
		client_close(client);
		return;
	}
	client->have += (size_t)n;
	run_lines(client);
}

static void client_arrived(uv_stream_t *server, int status)
{
	struct control *control = server->data;
	struct client *client = status == 0 ? calloc(1, sizeof(*client)) : NULL;

	if (!client)
		return;
	client->request = malloc(REQUEST_MAX);
	client->control = control;
	if (!client->request || uv_pipe_init(server->loop, &client->pipe, 0) < 0) {
		free(client->request);
		free(client);
		return;
	}
	client->pipe.data = client;
	control->open_handles++;
	client->next = control->clients;
	control->clients = client;
	control->client_count++;
	if (uv_accept(server, (uv_stream_t *)&client->pipe) < 0 ||
	    control->client_count > CLIENTS_MAX ||
	    uv_read_start((uv_stream_t *)&client->pipe, give_buffer, bytes_arrived) < 0)
		client_close(client);
}

/* --- server --------------------------------------------------------------------------------------- */

static bool address_of(const char *path, struct sockaddr_un *ret_address, char *ret_why)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(address.sun_path)) {
		snprintf(ret_why, WHY_LEN,
		         "The control socket's path is longer than %zu octets: %.60s...",
		         sizeof(address.sun_path) - 1, path);
		return false;
	}
	strcpy(address.sun_path, path);
	*ret_address = address;
	return true;
}

/* A socket that nobody listens on any more was left by a daemon that was killed. */
static bool remove_stale(const char *path, char *ret_why)
{
	char unused[WHY_LEN];
	struct stat st;
	int fd;

	if (lstat(path, &st) < 0)
		return true;
	if (!S_ISSOCK(st.st_mode)) {
		snprintf(ret_why, WHY_LEN, "%.120s is there already and is not a socket.", path);
		return false;
	}
	fd = control_connect(path, unused);
	if (fd >= 0) {
		close(fd);
		snprintf(ret_why, WHY_LEN, "Another daemon listens on %.120s.", path);
		return false;
	}
	unlink(path);
	return true;
}

static void server_closed(uv_handle_t *handle)
{
	release(handle->data);
}

struct control *control_open(uv_loop_t *loop, const char *path, const struct control_verb *verbs,
                             void *ctx, char ret_why[static 200])
{
	struct sockaddr_un address;
	struct control *control;
	mode_t mask;
	int rc;

	if (!address_of(path, &address, ret_why) || !remove_stale(path, ret_why))
		return NULL;
	control = calloc(1, sizeof(*control));
	if (!control || uv_pipe_init(loop, &control->server, 0) < 0) {
		snprintf(ret_why, WHY_LEN, "Out of memory for the control socket.");
		free(control);
		return NULL;
	}
	control->server.data = control;
	control->open_handles = 1;
	control->verbs = verbs;
	control->ctx = ctx;
	signal(SIGPIPE, SIG_IGN); /* a client that went away is an error of write() */
	mask = umask(0177);
	rc = uv_pipe_bind(&control->server, path);
	umask(mask);
	if (rc == 0)
		rc = uv_listen((uv_stream_t *)&control->server, 16, client_arrived);
	if (rc < 0) {
		snprintf(ret_why, WHY_LEN, "Cannot listen on %.120s: %s.", path, uv_strerror(rc));
		uv_close((uv_handle_t *)&control->server, server_closed);
		return NULL;
	}
	log_subscribe(event_happened, control);
	return control;
}

void control_close(struct control *control)
{
	if (!control || control->closing)
		return;
	control->closing = true;
	log_subscribe(NULL, NULL);
	while (control->clients)
		client_close(control->clients);
	uv_close((uv_handle_t *)&control->server, server_closed); /* removes the socket's file */
}

/* --- client side ------------------------------------------------------------------------------------ */

int control_connect(const char *path, char ret_why[static 200])
{
	struct sockaddr_un address;
	int fd;

	if (!address_of(path, &address, ret_why))
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	snprintf(ret_why, WHY_LEN, "No daemon answers on %.120s: %s.", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool send_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t wrote = send(fd, p, n, MSG_NOSIGNAL);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			return false;
		p += wrote;
		n -= (size_t)wrote;
	}
	return true;
}

/* One line (malloc) of at most ANSWER_MAX octets; NULL: end, error or time-out. */
static char *receive_line(int fd, size_t *ret_n)
{
	AUTO(free) char *buf = NULL;
	size_t have = 0, room = 0;

	for (;;) {
		if (have == room) {
			char *larger = room < ANSWER_MAX ? realloc(buf, room + 65536) : NULL;

			if (!larger)
				return NULL;
			buf = larger;
			room += 65536;
		}
		ssize_t n = recv(fd, buf + have, room - have, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return NULL;
		char *end = memchr(buf + have, '\n', (size_t)n);

		have += (size_t)n;
		if (end) {
			*ret_n = (size_t)(end - buf);
			return steal(buf);
		}
	}
}

json_t *control_call(const char *path, const json_t *request, char ret_why[static 200])
{
	const struct timeval limit = { .tv_sec = CALL_TIMEOUT };
	AUTO(free) char *line = line_of(request);
	AUTO(free) char *text = NULL;
	size_t n = 0;
	int fd = control_connect(path, ret_why);

	if (fd < 0)
		return NULL;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (line && send_all(fd, line, strlen(line)))
		text = receive_line(fd, &n);
	close(fd);
	json_t *answer = text ? json_loadb(text, n, 0, NULL) : NULL;

	if (!answer)
		snprintf(ret_why, WHY_LEN, "The daemon on %.120s gave no answer.", path);
	return answer;
}
