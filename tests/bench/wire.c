/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * wire - how long something takes, by the kernel's timestamps of the frames on an interface.
 *
 *	wire link INTERFACE [COMMAND...]
 *		Give INTERFACE its link and then run COMMAND; three numbers, ms from just before the link:
 *		to the first EAPOL-Start, to the first EAP-Response, to the EAP-Success.  Then COMMAND is ended.
 *	wire radius PORT COMMAND...
 *		Run COMMAND; one number, ms from the first Access-Request on loopback to the Access-Accept.
 *
 * COMMAND's output goes to standard error.  Exit status: 0 measured, 1 not (it says why), 2 usage.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/if_ether.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/eap.h"
#include "common/eapol.h"

enum { FRAME_MAX = 2048, LIMIT_MS = 15000, EXIT_USAGE = 2 };
enum { ETHERNET_LEN = 14, IPV4_LEN = 20, PROTOCOL_UDP = 17 };
enum { RADIUS_REQUEST = 1, RADIUS_ACCEPT = 2, RADIUS_REJECT = 3 };

struct wire {
	int fd;
	int ifindex;
	const char *interface;
	struct timespec since;
	uint8_t frame[FRAME_MAX];
	size_t n;
	bool incoming;
	double at; /* ms of the last frame since `since` */
};

static _Noreturn void die(const char *what, const char *why)
{
	fprintf(stderr, "wire: %s: %s\n", what, why);
	exit(EXIT_FAILURE);
}

static double ms_between(const struct timespec *from, const struct timespec *to)
{
	return (double)(to->tv_sec - from->tv_sec) * 1e3 +
	       (double)(to->tv_nsec - from->tv_nsec) / 1e6;
}

static void listen_on(struct wire *w, const char *interface)
{
	struct sockaddr_ll ll = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	const int on = 1;
	int pending;

	w->interface = interface;
	w->ifindex = ll.sll_ifindex = (int)if_nametoindex(interface);
	w->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (!w->ifindex || w->fd < 0 ||
	    setsockopt(w->fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) < 0 ||
	    bind(w->fd, (struct sockaddr *)&ll, sizeof(ll)) < 0)
		die(interface, strerror(errno));
	/* an interface that is down says so once */
	getsockopt(w->fd, SOL_SOCKET, SO_ERROR, &pending, &(socklen_t){ sizeof(pending) });
}

static void now(struct timespec *ret_time)
{
	clock_gettime(CLOCK_REALTIME, ret_time); /* the clock of SO_TIMESTAMPNS */
}

/* The next frame; false: the time is up. */
static bool next_frame(struct wire *w)
{
	struct timespec t;

	for (;;) {
		struct pollfd p = { .fd = w->fd, .events = POLLIN };
		union {
			struct cmsghdr align;
			char octets[CMSG_SPACE(sizeof(struct timespec))];
		} control;
		struct sockaddr_ll from;
		struct iovec iov = { w->frame, sizeof(w->frame) };
		struct msghdr msg = { .msg_name = &from,
			              .msg_namelen = sizeof(from),
			              .msg_iov = &iov,
			              .msg_iovlen = 1,
			              .msg_control = &control,
			              .msg_controllen = sizeof(control) };
		struct cmsghdr *c;
		ssize_t n;

		now(&t);
		double left = LIMIT_MS - ms_between(&w->since, &t);

		if (left < 1 || poll(&p, 1, (int)left) <= 0)
			return false;
		n = recvmsg(w->fd, &msg, 0);
		if (n < 0)
			continue;
		c = CMSG_FIRSTHDR(&msg);
		if (!c || c->cmsg_type != SCM_TIMESTAMPNS)
			die(w->interface, "frames have no timestamps");
		memcpy(&t, CMSG_DATA(c), sizeof(t));
		w->n = (size_t)n;
		w->at = ms_between(&w->since, &t);
		w->incoming = from.sll_pkttype != PACKET_OUTGOING;
		return true;
	}
}

static pid_t run(char **command)
{
	pid_t pid = *command ? fork() : 0;

	if (pid < 0)
		die(*command, strerror(errno));
	if (pid == 0 && *command) {
		dup2(STDERR_FILENO, STDOUT_FILENO);
		execvp(*command, command);
		die(*command, strerror(errno));
	}
	return pid;
}

static int reap(pid_t pid)
{
	int status = 0;

	if (pid > 0)
		waitpid(pid, &status, 0);
	return status;
}

static void set_up(const char *interface)
{
	struct ifreq request = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) < 0)
		die(interface, strerror(errno));
	if (request.ifr_flags & IFF_UP)
		die(interface, "has its link already");
	request.ifr_flags = (short)(request.ifr_flags | IFF_UP);
	if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		die(interface, strerror(errno));
	close(fd);
}

static int measure_link(const char *interface, char **command)
{
	struct wire w = { 0 };
	double start = -1, response = -1, success = -1;
	pid_t pid;

	listen_on(&w, interface);
	now(&w.since);
	set_up(interface);
	pid = run(command);
	while (success < 0 && next_frame(&w)) {
		struct eapol_frame frame;
		struct eap_packet eap;

		if (eapol_decode(span(w.frame, w.n), &frame) != PORTCALL_OK)
			continue;
		if (w.incoming && frame.type == EAPOL_START && start < 0)
			start = w.at;
		if (frame.type != EAPOL_EAP || eap_decode(frame.body, &eap) != PORTCALL_OK)
			continue;
		if (w.incoming && eap.code == EAP_CODE_RESPONSE && response < 0)
			response = w.at;
		if (!w.incoming && eap.code == EAP_CODE_SUCCESS && response >= 0)
			success = w.at;
	}
	if (pid > 0) {
		kill(pid, SIGTERM);
		reap(pid);
	}
	if (success < 0)
		die(interface, "no EAP-Success within 15 s");
	printf("%.3f %.3f %.3f\n", start, response, success);
	return EXIT_SUCCESS;
}

/* The RADIUS code of an IPv4 datagram from (incoming: or to) this port; 0: another packet. */
static unsigned radius_code(const struct wire *w, unsigned port, bool to_server)
{
	struct reader r = reader_of(span(w->frame, w->n));
	unsigned type, first, protocol, from, to, code;

	read_bytes(&r, ETHERNET_LEN - 2);
	type = read_u16(&r);
	first = read_u8(&r);
	read_bytes(&r, 8);
	protocol = read_u8(&r);
	read_bytes(&r, IPV4_LEN - 10);
	from = read_u16(&r);
	to = read_u16(&r);
	read_bytes(&r, 4);
	code = read_u8(&r);
	if (!reader_ok(&r) || type != ETHERTYPE_IP || first != 0x45 || protocol != PROTOCOL_UDP)
		return 0;
	return (to_server ? to : from) == port ? code : 0;
}

static int measure_radius(unsigned port, char **command)
{
	struct wire w = { 0 };
	double request = -1, accept = -1;
	bool rejected = false;
	pid_t pid;

	listen_on(&w, "lo");
	now(&w.since);
	pid = run(command);
	while (accept < 0 && !rejected && next_frame(&w)) {
		if (!w.incoming)
			continue;
		if (request < 0 && radius_code(&w, port, true) == RADIUS_REQUEST)
			request = w.at;
		if (radius_code(&w, port, false) == RADIUS_ACCEPT)
			accept = w.at;
		rejected = radius_code(&w, port, false) == RADIUS_REJECT;
	}
	if (accept < 0)
		kill(pid, SIGTERM);
	if (reap(pid) != 0 || accept < 0)
		die(*command, rejected ? "was rejected" : "did not succeed within 15 s");
	printf("%.3f\n", accept - request);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	if (argc >= 3 && strcmp(argv[1], "link") == 0)
		return measure_link(argv[2], argv + 3);
	if (argc >= 4 && strcmp(argv[1], "radius") == 0)
		return measure_radius((unsigned)atoi(argv[2]), argv + 3);
	fputs("usage: wire link INTERFACE [COMMAND...] | wire radius PORT COMMAND...\n", stderr);
	return EXIT_USAGE;
}
