/* SPDX-License-Identifier: BSD-3-Clause */
#include "supplicant/dhcp.h"

#include <arpa/inet.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "common/auto.h"

AUTO_CLEANUP(json, json_t *, json_decref)

enum {
	LINE_MAX_LEN = 4096,  /* octets of what the script says at once */
	RESTART_DELAY = 1000, /* ms before a client that ended is started again */
	STOP_LIMIT = 2000     /* ms for a release */
};

static const char script_mark[] = "PORTCALL_DHCP_SCRIPT";

/* One udhcpc; outlives its stop until it has really ended. */
struct child {
	struct dhcp *dhcp; /* NULL: stopped, nobody listens any more */
	uv_process_t process;
	uv_pipe_t pipe;
	uv_timer_t limit; /* of its stop */
	unsigned open_handles;
	char line[LINE_MAX_LEN];
	size_t have;
};

struct dhcp {
	uv_loop_t *loop;
	uv_timer_t restart;
	struct dhcp_config config;
	const struct dhcp_events *events;
	void *ctx;
	struct child *child;
	bool quitting;
};

/* --- the script ------------------------------------------------------------------------------------- */

bool dhcp_is_script(void)
{
	return getenv(script_mark) != NULL;
}

/* udhcpc's environment (busybox's documentation of udhcpc scripts) as one line of JSON. */
int dhcp_script(int argc, char **argv)
{
	static const char *const names[] = { "ip", "mask", "router", "serverid", "opt43" };
	AUTO(json) json_t *event = json_pack("{s:s}", "event", argc > 1 ? argv[1] : "");
	AUTO(free) char *line = NULL;
	size_t n;

	for (size_t i = 0; event && i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = getenv(names[i]);

		/* a value that is not UTF-8 is none of these */
		if (value)
			(void)json_object_set_new(event, names[i], json_string(value));
	}
	line = event ? json_dumps(event, JSON_COMPACT) : NULL;
	if (!line)
		return 1;
	n = strlen(line);
	line[n] = '\n'; /* in place of the NUL: one write, so that lines never mix */
	return write(STDOUT_FILENO, line, n + 1) == (ssize_t)(n + 1) ? 0 : 1;
}

/* --- events ------------------------------------------------------------------------------------------- */

/* The first address of a list, host order; 0: none. */
static uint32_t address_of(const json_t *event, const char *name)
{
	const char *text = json_string_value(json_object_get(event, name));
	char first[INET_ADDRSTRLEN] = "";
	struct in_addr in;

	if (!text || sscanf(text, "%15[0-9.]", first) != 1 || inet_pton(AF_INET, first, &in) != 1)
		return 0;
	return ntohl(in.s_addr);
}

static bool read_lease(const json_t *event, struct dhcp_lease *ret_lease)
{
	const char *mask = json_string_value(json_object_get(event, "mask"));
	const char *vendor = json_string_value(json_object_get(event, "opt43"));
	struct dhcp_lease lease = {
		.address = { .ip = address_of(event, "ip"),
		             .prefix = mask ? (unsigned)strtoul(mask, NULL, 10) : 24,
		             .router = address_of(event, "router") },
		.server = address_of(event, "serverid"),
	};

	if (!ip_is_host(lease.address.ip, lease.address.prefix))
		return false;
	if (!ip_is_host(lease.address.router, 32) || lease.address.router == lease.address.ip)
		lease.address.router = 0;
	if (vendor)
		lease.vendor = option43_decode_hex(vendor);
	*ret_lease = lease;
	return true;
}

static void event_arrived(struct dhcp *dhcp, const char *line, size_t n)
{
	AUTO(json) json_t *event = json_loadb(line, n, 0, NULL);
	const char *name = json_string_value(json_object_get(event, "event"));
	struct dhcp_lease lease;

	if (!name)
		return;
	if ((strcmp(name, "bound") == 0 || strcmp(name, "renew") == 0) && read_lease(event, &lease))
		dhcp->events->bound(dhcp->ctx, &lease);
	else if (strcmp(name, "deconfig") == 0 || strcmp(name, "nak") == 0)
		dhcp->events->lost(dhcp->ctx);
	else if (strcmp(name, "leasefail") == 0)
		dhcp->events->silent(dhcp->ctx);
}

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buf)
{
	struct child *child = handle->data;

	(void)suggested;
	if (child->have == sizeof(child->line)) /* no line of ours is that long */
		child->have = 0;
	*ret_buf = uv_buf_init(child->line + child->have,
	                       (unsigned)(sizeof(child->line) - child->have));
}

static void child_closed(uv_handle_t *handle)
{
	struct child *child = handle->data;

	if (--child->open_handles == 0)
		free(child);
}

static void bytes_arrived(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct child *child = stream->data;
	char *end;

	(void)buf;
	if (n < 0) {
		uv_close((uv_handle_t *)stream, child_closed);
		return;
	}
	child->have += (size_t)n;
	while ((end = memchr(child->line, '\n', child->have)) != NULL) {
		size_t used = (size_t)(end + 1 - child->line);

		if (child->dhcp && !child->dhcp->quitting)
			event_arrived(child->dhcp, child->line, used - 1);
		child->have -= used;
		memmove(child->line, end + 1, child->have);
	}
}

/* --- the child ------------------------------------------------------------------------------------------ */

static void start_again(uv_timer_t *timer)
{
	dhcp_start(timer->data);
}

static void restart_later(struct dhcp *dhcp)
{
	uv_timer_start(&dhcp->restart, start_again, RESTART_DELAY, 0);
}

static void child_ended(uv_process_t *process, int64_t status, int sig)
{
	struct child *child = process->data;
	struct dhcp *dhcp = child->dhcp;
	char why[DHCP_WHY_LEN];

	uv_close((uv_handle_t *)process, child_closed);
	uv_close((uv_handle_t *)&child->limit, child_closed);
	if (!dhcp)
		return;
	child->dhcp = NULL;
	dhcp->child = NULL;
	if (dhcp->quitting) {
		dhcp->events->quit(dhcp->ctx);
		return;
	}
	if (sig)
		snprintf(why, sizeof(why), "udhcpc was ended by signal %d", sig);
	else
		snprintf(why, sizeof(why), "udhcpc ended with status %lld%s", (long long)status,
		         status == 127 ? " (is it installed?)" : "");
	restart_later(dhcp);
	dhcp->events->broken(dhcp->ctx, why);
}

/* udhcpc with an environment of its own: no secret of the daemon's can get there. */
static int spawn(struct dhcp *dhcp, struct child *child)
{
	static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	char self[PATH_MAX], mark[64], host[300];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *interface = (char *)(uintptr_t)dhcp->config.interface;
	char *class = (char *)(uintptr_t)dhcp->config.vendor_class;
	char *args[] = { "setpriv", "--pdeathsig", "TERM", "udhcpc", "-f", "-R", "-i", interface,
		         "-s",      self,          "-V",   class,    "-O", "43", "-t", "4",
		         "-T",      "1",           "-A",   "2",      NULL, NULL, NULL };
	char *env[] = { path, mark, NULL };
	uv_stdio_container_t stdio[3] = {
		{ .flags = UV_IGNORE },
		{ .flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
		  .data.stream = (uv_stream_t *)&child->pipe },
		{ .flags = UV_IGNORE },
	};
	uv_process_options_t options = { .exit_cb = child_ended,
		                         .file = args[0],
		                         .args = args,
		                         .env = env,
		                         .stdio_count = 3,
		                         .stdio = stdio };

	if (n < 0)
		return UV_ENOENT;
	self[n] = '\0';
	snprintf(mark, sizeof(mark), "%s=1", script_mark);
	if (dhcp->config.host_name[0]) {
		snprintf(host, sizeof(host), "hostname:%s", dhcp->config.host_name);
		args[20] = "-x";
		args[21] = host;
	}
	return uv_spawn(dhcp->loop, &child->process, &options);
}

void dhcp_start(struct dhcp *dhcp)
{
	struct child *child;
	int rc;

	if (dhcp->child || dhcp->quitting)
		return;
	uv_timer_stop(&dhcp->restart);
	child = calloc(1, sizeof(*child));
	if (!child || uv_pipe_init(dhcp->loop, &child->pipe, 0) < 0) {
		free(child);
		restart_later(dhcp);
		dhcp->events->broken(dhcp->ctx, "out of memory for udhcpc");
		return;
	}
	uv_timer_init(dhcp->loop, &child->limit);
	child->dhcp = dhcp;
	child->process.data = child;
	child->pipe.data = child;
	child->limit.data = child;
	child->open_handles = 3;
	rc = spawn(dhcp, child);
	if (rc == 0) {
		dhcp->child = child;
		uv_read_start((uv_stream_t *)&child->pipe, give_buffer, bytes_arrived);
		return;
	}
	child->dhcp = NULL;
	uv_close((uv_handle_t *)&child->process, child_closed);
	uv_close((uv_handle_t *)&child->pipe, child_closed);
	uv_close((uv_handle_t *)&child->limit, child_closed);
	restart_later(dhcp);
	char why[DHCP_WHY_LEN];

	snprintf(why, sizeof(why), "udhcpc cannot be started: %s", uv_strerror(rc));
	dhcp->events->broken(dhcp->ctx, why);
}

static void took_too_long(uv_timer_t *timer)
{
	struct child *child = timer->data;

	uv_process_kill(&child->process, SIGKILL);
}

static void end_child(struct child *child)
{
	uv_process_kill(&child->process, SIGTERM);
	uv_update_time(child->process.loop);
	uv_timer_start(&child->limit, took_too_long, STOP_LIMIT, 0);
}

bool dhcp_quit(struct dhcp *dhcp)
{
	uv_timer_stop(&dhcp->restart);
	if (!dhcp->child)
		return false;
	dhcp->quitting = true;
	end_child(dhcp->child);
	return true;
}

bool dhcp_renew(struct dhcp *dhcp)
{
	return dhcp->child && uv_process_kill(&dhcp->child->process, SIGUSR1) == 0;
}

bool dhcp_release(struct dhcp *dhcp)
{
	return dhcp->child && uv_process_kill(&dhcp->child->process, SIGUSR2) == 0;
}

void dhcp_stop(struct dhcp *dhcp)
{
	struct child *child = dhcp->child;

	uv_timer_stop(&dhcp->restart);
	if (!child)
		return;
	dhcp->child = NULL;
	child->dhcp = NULL;
	if (!dhcp->quitting)
		end_child(child);
}

/* --- life ----------------------------------------------------------------------------------------------- */

struct dhcp *dhcp_new(uv_loop_t *loop, const struct dhcp_config *config,
                      const struct dhcp_events *events, void *ctx)
{
	struct dhcp *dhcp = calloc(1, sizeof(*dhcp));

	if (!dhcp)
		return NULL;
	dhcp->loop = loop;
	dhcp->config = *config;
	dhcp->events = events;
	dhcp->ctx = ctx;
	uv_timer_init(loop, &dhcp->restart);
	dhcp->restart.data = dhcp;
	return dhcp;
}

static void timer_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void dhcp_free(struct dhcp *dhcp)
{
	if (!dhcp)
		return;
	dhcp_stop(dhcp);
	uv_close((uv_handle_t *)&dhcp->restart, timer_closed);
}
