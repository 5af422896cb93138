/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * authenticate - the smallest whole program around libportcall: 802.1X over a TAP device.
 *
 *	PORTCALL_PASSPHRASE=... authenticate tap0 op420adv_conf.xml
 *
 * Exit status: 0 the port is open, 1 an attempt failed (its reason is printed), 2 it cannot begin.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <linux/if.h>
#include <linux/if_tun.h>
#include <portcall/supplicant.h>

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int open_tap(const char *name)
{
	struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (fd >= 0 && ioctl(fd, TUNSETIFF, &request) == 0)
		return fd;
	perror(name);
	exit(2);
}

static _Noreturn void refuse(const char *what, const struct portcall_why *why)
{
	fprintf(stderr, "%s: %s %s\n", what, portcall_reason_text(why->reason), why->text);
	exit(2);
}

static struct portcall_credentials *read_credentials(const char *path)
{
	static char document[PORTCALL_ITEMS_MAX_FILE];
	struct portcall_credentials_options options = {
		.size = sizeof(options),
		.passphrase = getenv("PORTCALL_PASSPHRASE"),
		.now = time(NULL),
	};
	struct portcall_credentials *credentials;
	struct portcall_items *items;
	struct portcall_why why = { .reason = PORTCALL_REASON_FILE_UNREADABLE };
	FILE *file = fopen(path, "rb");
	size_t n = file ? fread(document, 1, sizeof(document), file) : 0;

	if (!file || fclose(file) != 0 ||
	    portcall_items_read(document, n, NULL, NULL, &items, &why) != PORTCALL_OK ||
	    portcall_credentials_read(items, &options, &credentials, &why) != PORTCALL_OK)
		refuse(path, &why);
	portcall_items_free(items);
	return credentials;
}

/* Do what the supplicant asks for; true: an attempt ended, and `ret_reason` says how. */
static bool act(struct portcall_supplicant *supplicant, int tap, enum portcall_reason *ret_reason)
{
	struct portcall_effect effect;
	bool ended = false;

	while (portcall_supplicant_output(supplicant, &effect)) {
		if (effect.kind == PORTCALL_EFFECT_SEND &&
		    write(tap, effect.frame, effect.frame_n) != (ssize_t)effect.frame_n)
			perror("send"); /* the machine sends again when it matters */
		if (effect.kind == PORTCALL_EFFECT_RESULT) {
			printf("%s %s %s\n", portcall_reason_code(effect.reason),
			       portcall_reason_text(effect.reason), effect.detail);
			*ret_reason = effect.reason;
			ended = true;
		}
	}
	return ended;
}

int main(int argc, char **argv)
{
	struct portcall_supplicant_config config = { .size = sizeof(config),
		                                     .mac = { 2, 0, 0, 0, 1, 1 } };
	enum portcall_reason reason = PORTCALL_REASON_NONE;
	struct portcall_why why;

	if (argc != 3)
		return fputs("usage: authenticate TAP ITEMS.xml\n", stderr), 2;
	config.credentials = read_credentials(argv[2]);
	struct portcall_supplicant *supplicant = portcall_supplicant_new(&config, &why);
	if (!supplicant)
		refuse("supplicant", &why);
	struct pollfd tap = { .fd = open_tap(argv[1]), .events = POLLIN };

	portcall_supplicant_link(supplicant, true, now());
	while (!act(supplicant, tap.fd, &reason)) {
		int64_t wait = portcall_supplicant_deadline(supplicant) - now();
		uint8_t frame[2048];
		poll(&tap, 1, wait < 0 ? 0 : wait > 60000 ? 60000 : (int)wait);
		ssize_t n = read(tap.fd, frame, sizeof(frame));
		if (n > 0)
			portcall_supplicant_input(supplicant, frame, (size_t)n, now());
		else
			portcall_supplicant_tick(supplicant, now());
	}
	portcall_supplicant_free(supplicant);
	portcall_credentials_unref(config.credentials);
	return reason == PORTCALL_REASON_AUTHENTICATED ? 0 : 1;
}
