/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * control - the control socket of a daemon: a Unix stream socket that speaks JSON lines.
 *
 * Shell only, on a libuv loop.  A request is one line {"verb": "status", ...}; the answer is one line:
 * the verb's own object, or {"error": {"code", "text", "hint"}}.  The verb `watch` answers with the
 * events kept so far (the newest 4096) and then each new one, until the client closes.  The socket is
 * made with mode 0600 and removed by control_close().  Requests are at most 64 KiB long.
 */
#ifndef COMMON_CONTROL_H
#define COMMON_CONTROL_H

#include <jansson.h>
#include <uv.h>

struct control;

/* The answer (new reference), or NULL after filling `ret_error` with control_error(). */
struct control_verb {
	const char *name;
	json_t *(*run)(void *ctx, const json_t *request, json_t **ret_error);
};

/* `verbs` (ended by a NULL name) must outlive the control.  Subscribes to log events.  NULL: `ret_why` says why. */
struct control *control_open(uv_loop_t *loop, const char *path, const struct control_verb *verbs,
                             void *ctx, char ret_why[static 200]);
void control_close(
	struct control *control); /* NULL is fine; the loop must run once more to finish */

/* {"code", "text", "hint"}; new reference. */
json_t *control_error(const char *code, const char *text, const char *hint);

/*
 * Client side, blocking: send `request`, give the one answer.  NULL: `ret_why` has a sentence.
 * For `watch` use control_connect() and read lines.
 */
json_t *control_call(const char *path, const json_t *request, char ret_why[static 200]);
int control_connect(const char *path, char ret_why[static 200]); /* a connected descriptor or -1 */

#endif
