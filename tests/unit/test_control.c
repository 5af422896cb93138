/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/check.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/control.h"
#include "common/log.h"

/* Server and client in one thread: the loop turns until the client's socket can be read. */
static uv_loop_t loop;
static struct control *control;
static char folder[] = "/tmp/portcall-test-control-XXXXXX";
static char path[64];
static char why[200];

static json_t *echo(void *ctx, const json_t *request, json_t **ret_error)
{
	(void)ret_error;
	assert_ptr_equal(ctx, &loop);
	return json_pack("{s:O}", "got", json_object_get(request, "value"));
}

static json_t *refuse(void *ctx, const json_t *request, json_t **ret_error)
{
	(void)ctx;
	(void)request;
	*ret_error = control_error("refused", "This is refused.", "Ask differently.");
	return NULL;
}

static const struct control_verb verbs[] = { { "echo", echo },
	                                     { "refuse", refuse },
	                                     { NULL, NULL } };

static int set_up(void **state)
{
	(void)state;
	log_setup(-1, LOG_LEVEL_DEBUG);
	strcpy(strrchr(folder, '-'), "-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/socket", folder);
	uv_loop_init(&loop);
	control = control_open(&loop, path, verbs, &loop, why);
	return control ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	control_close(control);
	uv_run(&loop, UV_RUN_DEFAULT);
	if (uv_loop_close(&loop) < 0 || access(path, F_OK) == 0)
		return -1;
	return rmdir(folder);
}

static int connect_client(void)
{
	int fd = control_connect(path, why);

	assert_true(fd >= 0);
	return fd;
}

static bool readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 1) == 1;
}

/* The next line (borrowed until the next call), without its end; NULL: the server closed. */
static const char *next_line(int fd)
{
	static char buf[8192];
	size_t n = 0;

	for (;;) {
		for (int turn = 0; !readable(fd); turn++) {
			assert_true(turn < 5000);
			uv_run(&loop, UV_RUN_NOWAIT);
		}
		if (recv(fd, buf + n, 1, 0) != 1)
			return NULL;
		if (buf[n] == '\n')
			break;
		assert_true(++n < sizeof(buf));
	}
	buf[n] = '\0';
	return buf;
}

static const char *ask(int fd, const char *request)
{
	assert_int_equal(send(fd, request, strlen(request), 0), strlen(request));
	return next_line(fd);
}

static void socket_is_private(void **state)
{
	(void)state;
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void verbs_answer(void **state)
{
	(void)state;
	int fd = connect_client();

	assert_string_equal(ask(fd, "{\"verb\":\"echo\",\"value\":[1,\"x\"]}\n"),
	                    "{\"got\":[1,\"x\"]}");
	assert_string_equal(
		ask(fd, "{\"verb\":\"refuse\"}\n"),
		"{\"error\":{\"code\":\"refused\",\"text\":\"This is refused.\",\"hint\":\"Ask "
		"differently.\"}}");
	assert_non_null(strstr(ask(fd, "{\"verb\":\"dance\"}\n"), "\"unknown-verb\""));
	assert_non_null(strstr(ask(fd, "{}\n"), "\"unknown-verb\""));
	assert_non_null(strstr(ask(fd, "not json\n"), "\"bad-request\""));
	assert_non_null(strstr(ask(fd, "[]\n"), "\"bad-request\""));
	close(fd);
}

static void lines_in_pieces(void **state)
{
	(void)state;
	int fd = connect_client();

	assert_int_equal(send(fd, "{\"verb\":\"echo\",", 15, 0), 15);
	uv_run(&loop, UV_RUN_NOWAIT);
	uv_run(&loop, UV_RUN_NOWAIT);
	assert_string_equal(ask(fd, "\"value\":1}\n{\"verb\":\"echo\",\"value\":2}\n"),
	                    "{\"got\":1}");
	assert_string_equal(next_line(fd), "{\"got\":2}");
	close(fd);
}

static void endless_request(void **state)
{
	(void)state;
	static char blanks[70000];
	int fd = connect_client();
	size_t sent = 0;

	memset(blanks, ' ', sizeof(blanks));
	fcntl(fd, F_SETFL, O_NONBLOCK);
	for (int turn = 0; turn < 1000 && sent < sizeof(blanks); turn++) {
		ssize_t n = send(fd, blanks + sent, sizeof(blanks) - sent, MSG_NOSIGNAL);

		if (n > 0)
			sent += (size_t)n;
		uv_run(&loop, UV_RUN_NOWAIT);
	}
	fcntl(fd, F_SETFL, 0);
	assert_non_null(strstr(next_line(fd), "\"too-long\""));
	assert_null(next_line(fd));
	close(fd);
}

static void watch_sends_old_and_new_events(void **state)
{
	(void)state;
	int fd = connect_client();

	log_event(LOG_LEVEL_DEBUG, "first", "{}");
	log_event(LOG_LEVEL_INFO, "second", "{s:i}", "n", 2);
	assert_non_null(strstr(ask(fd, "{\"verb\":\"watch\"}\n"), "\"event\":\"first\""));
	assert_non_null(strstr(next_line(fd), "\"n\":2"));
	log_event(LOG_LEVEL_INFO, "third", "{}");
	assert_non_null(strstr(next_line(fd), "\"event\":\"third\""));
	close(fd);
	log_event(LOG_LEVEL_INFO, "nobody-listens", "{}");
	uv_run(&loop, UV_RUN_NOWAIT);
	log_event(LOG_LEVEL_INFO, "nobody-listens", "{}");
	uv_run(&loop, UV_RUN_NOWAIT);
}

static void watch_keeps_the_newest(void **state)
{
	(void)state;
	char expected[32];
	int fd;

	for (int i = 0; i < 5000; i++)
		log_event(LOG_LEVEL_DEBUG, "event", "{s:i}", "n", i);
	fd = connect_client();
	const char *line = ask(fd, "{\"verb\":\"watch\"}\n");

	for (int i = 5000 - 4096; i < 5000; i++) {
		snprintf(expected, sizeof(expected), "\"n\":%d}", i);
		if (!strstr(line, expected))
			fail_msg("%s instead of %s", line, expected);
		if (i < 4999)
			line = next_line(fd);
	}
	close(fd);
}

static void one_daemon_for_one_socket(void **state)
{
	(void)state;
	assert_null(control_open(&loop, path, verbs, &loop, why));
	assert_non_null(strstr(why, "Another daemon listens on"));
}

static void stale_socket_is_replaced(void **state)
{
	(void)state;
	char stale[80];
	struct sockaddr_storage address = { .ss_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct control *other;

	snprintf(stale, sizeof(stale), "%s/stale", folder);
	memcpy((char *)&address + sizeof(sa_family_t), stale, strlen(stale) + 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(sa_family_t) + 108), 0);
	close(fd);
	other = control_open(&loop, stale, verbs, &loop, why);
	assert_non_null(other);
	control_close(other);
	assert_int_not_equal(access(stale, F_OK), 0);
}

static void other_files_are_left_alone(void **state)
{
	(void)state;
	assert_null(control_open(&loop, folder, verbs, &loop, why));
	assert_non_null(strstr(why, "is not a socket"));
	assert_null(control_open(&loop, "/nonexistent/socket", verbs, &loop, why));
	assert_non_null(strstr(why, "Cannot listen on /nonexistent/socket"));
	uv_run(&loop, UV_RUN_NOWAIT);
}

static void nobody_answers(void **state)
{
	(void)state;
	assert_int_equal(control_connect("/nonexistent/socket", why), -1);
	assert_string_equal(why,
	                    "No daemon answers on /nonexistent/socket: No such file or directory.");
}

#define L(sentence, function)                               \
	{                                                   \
		sentence, function, set_up, tear_down, NULL \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		L("the socket belongs to its owner alone", socket_is_private),
		L("verbs answer, and errors have code, text and hint", verbs_answer),
		L("requests may come in pieces or several at once", lines_in_pieces),
		L("a request without end is refused", endless_request),
		L("watch sends the events kept and each new one", watch_sends_old_and_new_events),
		L("watch keeps the newest 4096 events", watch_keeps_the_newest),
		L("a second daemon on the same socket is refused", one_daemon_for_one_socket),
		L("the socket of a daemon that was killed is replaced", stale_socket_is_replaced),
		L("what is not a socket is left alone", other_files_are_left_alone),
		C("a client is told that nobody answers", nobody_answers),
	};

	return cmocka_run_group_tests_name("control", tests, NULL, NULL);
}
