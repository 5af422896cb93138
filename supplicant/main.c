/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * portcall-phone - an IP phone's way onto an 802.1X network: authenticate, get an address, provision.
 *
 * Exit status: 0 ended by a signal, 1 could not run, 2 wrong usage or configuration, 10 restart me
 * (restart = reboot, new credentials were imported).
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

#include "common/auto.h"
#include "common/version.h"
#include "supplicant/dhcp.h"
#include "supplicant/phone.h"
#include "supplicant/provision.h"

enum { EXIT_USAGE = 2 };

static const char usage[] =
	"usage: portcall-phone [--config FILE] [--no-dot1x] [--check-config]\n"
	"       portcall-phone [--config FILE] --import SYSTEM.xml [DEVICE.xml]\n"
	"\n"
	"Bring an IP phone onto an 802.1X network: EAP-TLS at the port, an address, provisioning.\n"
	"\n"
	"  -c, --config FILE   configuration (default /etc/portcall/phone.conf)\n"
	"      --no-dot1x      take no part in 802.1X; another supplicant sees to the port\n"
	"      --import        put provisioning files into the phone's store, then end\n"
	"      --check-config  read and check the configuration, then end\n"
	"  -V, --version       print the version\n"
	"  -h, --help          print this\n"
	"\n"
	"The pass phrase of the phone's certificate comes from passphrase-file, the environment's\n"
	"PORTCALL_PASSPHRASE or the systemd credential passphrase.\n"
	"Exit status: 0 ended by a signal, 1 could not run, 2 wrong usage or configuration,\n"
	"10 start again (restart = reboot).\n";

static const struct option options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "no-dot1x", no_argument, NULL, 'n' },
	{ "import", no_argument, NULL, 'i' },
	{ "check-config", no_argument, NULL, 'C' },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

struct daemon {
	uv_loop_t loop;
	struct phone *phone;
	struct control *control;
	uv_signal_t terminate, interrupt;
	int status;
};

static int fail(const char *why)
{
	fprintf(stderr, "portcall-phone: %s\n", why);
	return EXIT_FAILURE;
}

/* --- the daemon --------------------------------------------------------------------------------------- */

static void on_stopped(void *ctx, int exit_status)
{
	struct daemon *d = ctx;

	d->status = exit_status;
	uv_close((uv_handle_t *)&d->terminate, NULL);
	uv_close((uv_handle_t *)&d->interrupt, NULL);
	control_close(d->control);
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct daemon *d = handle->data;

	phone_stop(d->phone, number == SIGTERM ? "SIGTERM" : "SIGINT", EXIT_SUCCESS);
}

static void watch_signal(struct daemon *d, uv_signal_t *handle, int number)
{
	uv_signal_init(&d->loop, handle);
	handle->data = d;
	uv_signal_start(handle, on_signal, number);
}

static int run(const struct settings *settings)
{
	struct daemon d = { .status = EXIT_SUCCESS };
	char why[PHONE_WHY_LEN];

	signal(SIGPIPE, SIG_IGN);
	log_setup(STDERR_FILENO, settings->log_level);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || uv_loop_init(&d.loop) < 0)
		return fail("The event loop or libcurl cannot be started.");
	watch_signal(&d, &d.terminate, SIGTERM);
	watch_signal(&d, &d.interrupt, SIGINT);
	d.control = control_open(&d.loop, settings->control, phone_verbs, &d.phone, why);
	if (d.control) {
		log_event(LOG_LEVEL_INFO, "started", "{s:s,s:s}", "program", "portcall-phone",
		          "version", PORTCALL_VERSION);
		d.phone = phone_new(&d.loop, settings, on_stopped, &d, why);
	}
	if (!d.phone)
		on_stopped(&d, fail(why));
	uv_run(&d.loop, UV_RUN_DEFAULT);
	phone_free(d.phone);
	uv_loop_close(&d.loop);
	curl_global_cleanup();
	return d.status;
}

/* --- --import ------------------------------------------------------------------------------------------- */

static void print_finding(void *ctx, const struct portcall_why *why, const char *item)
{
	const char *hint = portcall_reason_hint(why->reason);

	fprintf(stderr, "portcall-phone: %s:%d: %s%s%s%s%s%s%s%s\n", (const char *)ctx, why->line,
	        item ? item : "", item ? ": " : "", portcall_reason_text(why->reason),
	        why->text[0] ? " [" : "", why->text, why->text[0] ? "]" : "", *hint ? " " : "",
	        hint);
}

/* NULL: reported. */
static struct portcall_items *read_document(char *path)
{
	AUTO(free) char *text = malloc(PORTCALL_ITEMS_MAX_FILE + 1);
	FILE *file = fopen(path, "re");
	struct portcall_items *items = NULL;
	struct portcall_why why = { 0 };
	size_t n;

	if (!file || !text) {
		fprintf(stderr, "portcall-phone: Cannot read %s: %s.\n", path, strerror(errno));
		if (file)
			fclose(file);
		return NULL;
	}
	n = fread(text, 1, PORTCALL_ITEMS_MAX_FILE + 1, file);
	fclose(file);
	if (portcall_items_read(text, n, print_finding, path, &items, &why) != PORTCALL_OK)
		items = NULL; /* print_finding() said why */
	explicit_bzero(text, n);
	return items;
}

/* The files become the phone's items, instead of those that it had. */
static int import_files(const struct settings *settings, int count, char **paths)
{
	struct portcall_items *documents[2] = { NULL, NULL }, *items = NULL;
	char why[STORE_WHY_LEN];
	struct store *store = NULL;
	bool ok = true;

	for (int i = 0; ok && i < count; i++)
		ok = (documents[i] = read_document(paths[i])) != NULL;
	if (ok) {
		why[0] = '\0';
		store = store_open(settings->store, settings->passphrase, why);
		items = portcall_items_merge(documents[0], documents[1]);
		ok = store && items && store_save(store, STORE_ACTIVE, items, why) &&
		     store_drop_imported(store, why) && store_set_refused(store, "", why);
		if (!ok)
			fail(why[0] ? why : "Out of memory.");
	}
	store_close(store);
	portcall_items_free(items);
	portcall_items_free(documents[0]);
	portcall_items_free(documents[1]);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* --- command line ----------------------------------------------------------------------------------------- */

static int wrong_usage(const char *what)
{
	fprintf(stderr, "portcall-phone: %s; see portcall-phone --help.\n", what);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	const char *path = "/etc/portcall/phone.conf";
	char why[CONF_WHY_LEN];
	struct settings *settings;
	bool check = false, import = false, dot1x = true;
	int option, files, status;

	if (dhcp_is_script())
		return dhcp_script(argc, argv);
	while ((option = getopt_long(argc, argv, "c:Vh", options, NULL)) >= 0) {
		switch (option) {
		case 'c':
			path = optarg;
			break;
		case 'n':
			dot1x = false;
			break;
		case 'i':
			import = true;
			break;
		case 'C':
			check = true;
			break;
		case 'V':
			puts("portcall-phone " PORTCALL_VERSION);
			return EXIT_SUCCESS;
		case 'h':
			fputs(usage, stdout);
			return EXIT_SUCCESS;
		default:
			return wrong_usage("This is not how it is called");
		}
	}
	files = argc - optind;
	if (import ? files < 1 || files > 2 : files > 0)
		return wrong_usage(import ? "--import takes one or two files"
		                          : "There are arguments that are no options");
	settings = settings_read(path, dot1x, why);
	if (!settings) {
		fail(why);
		return EXIT_USAGE;
	}
	/* to import or to check none is needed; but one that cannot be read is an error */
	if (!settings_passphrase(settings, dot1x && !import && !check, why)) {
		fail(why);
		status = EXIT_USAGE;
	} else if (import) {
		status = import_files(settings, files, argv + optind);
	} else {
		status = check ? EXIT_SUCCESS : run(settings);
	}
	settings_free(settings);
	return status;
}
