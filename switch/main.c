/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * portcall-switch - a switch in user space whose ports are closed until 802.1X opens them.
 *
 * Exit status: 0 ended by a signal, 1 could not run, 2 wrong usage or configuration.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/version.h"
#include "switch/control.h"
#include "switch/engine.h"

enum { EXIT_USAGE = 2 };

static const char usage[] =
	"usage: portcall-switch [--config FILE] [--check-config]\n"
	"\n"
	"An 802.1X switch in user space: its ports are closed until RADIUS opens them.\n"
	"\n"
	"  -c, --config FILE   configuration (default /etc/portcall/switch.conf)\n"
	"      --check-config  read and check the configuration, then end\n"
	"  -V, --version       print the version\n"
	"  -h, --help          print this\n"
	"\n"
	"Exit status: 0 ended by a signal, 1 could not run, 2 wrong usage or configuration.\n";

static const struct option options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "check-config", no_argument, NULL, 'C' },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

struct daemon {
	uv_loop_t loop;
	struct engine *engine;
	struct control *control;
	uv_signal_t terminate, interrupt;
};

static void on_signal(uv_signal_t *handle, int number)
{
	struct daemon *d = handle->data;

	log_event(LOG_LEVEL_INFO, "stopped", "{s:s}", "cause",
	          number == SIGTERM ? "SIGTERM" : "SIGINT");
	uv_close((uv_handle_t *)&d->terminate, NULL);
	uv_close((uv_handle_t *)&d->interrupt, NULL);
	control_close(d->control);
	engine_close(d->engine);
}

static void watch_signal(struct daemon *d, uv_signal_t *handle, int number)
{
	uv_signal_init(&d->loop, handle);
	handle->data = d;
	uv_signal_start(handle, on_signal, number);
}

static int fail(const char *why)
{
	fprintf(stderr, "portcall-switch: %s\n", why);
	return EXIT_FAILURE;
}

static int run(const struct switch_conf *conf)
{
	struct daemon d = { 0 };
	char why[LINK_WHY_LEN];
	int status = EXIT_SUCCESS;

	signal(SIGPIPE, SIG_IGN);
	log_setup(STDERR_FILENO, conf->log_level);
	if (uv_loop_init(&d.loop) < 0)
		return fail("The event loop cannot be started.");
	d.engine = engine_open(&d.loop, conf, why);
	if (d.engine)
		d.control =
			control_open(&d.loop, conf->control, switch_control_verbs, d.engine, why);
	if (d.control) {
		watch_signal(&d, &d.terminate, SIGTERM);
		watch_signal(&d, &d.interrupt, SIGINT);
		log_event(LOG_LEVEL_INFO, "started", "{s:s,s:s}", "program", "portcall-switch",
		          "version", PORTCALL_VERSION);
		engine_start(d.engine); /* last: the control socket shows every event */
	} else {
		status = fail(why);
		if (d.engine)
			engine_close(d.engine);
	}
	uv_run(&d.loop, UV_RUN_DEFAULT);
	engine_free(d.engine);
	uv_loop_close(&d.loop);
	return status;
}

int main(int argc, char **argv)
{
	const char *path = "/etc/portcall/switch.conf";
	char why[CONF_WHY_LEN];
	struct switch_conf *conf;
	bool check = false;
	int option, status;

	while ((option = getopt_long(argc, argv, "c:Vh", options, NULL)) >= 0) {
		switch (option) {
		case 'c':
			path = optarg;
			break;
		case 'C':
			check = true;
			break;
		case 'V':
			puts("portcall-switch " PORTCALL_VERSION);
			return EXIT_SUCCESS;
		case 'h':
			fputs(usage, stdout);
			return EXIT_SUCCESS;
		default:
			fputs("portcall-switch: See portcall-switch --help.\n", stderr);
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		fprintf(stderr,
		        "portcall-switch: \"%s\" is no option; see portcall-switch --help.\n",
		        argv[optind]);
		return EXIT_USAGE;
	}
	conf = switch_conf_read(path, why);
	if (!conf) {
		fail(why);
		return EXIT_USAGE;
	}
	status = check ? EXIT_SUCCESS : run(conf);
	switch_conf_free(conf);
	return status;
}
