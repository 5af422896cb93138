/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * frame - raw Ethernet frames for the system tests.
 *
 *	frame send INTERFACE HEX...       sends each frame (spaces and colons in HEX are ignored)
 *	frame record [INTERFACE] >FILE    one line for each frame that comes in, until it is ended:
 *	                                  INTERFACE HEX; without INTERFACE those of all but loopback
 *
 * `record` first prints "ready", once it hears frames.  802.1Q tags stand where they stood on the wire.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { FRAME_MAX = 65536, ADDRESSES = 12, TAG = 4, BUFFER_OCTETS = 8 << 20 };

static int fail(const char *what)
{
	fprintf(stderr, "frame: %s: %s\n", what, strerror(errno));
	return 1;
}

static size_t unhex(const char *text, uint8_t *buf)
{
	size_t digits = 0;

	for (; *text && digits < (size_t)2 * FRAME_MAX; text++) {
		const char *alphabet = "0123456789abcdef";
		const char *at = strchr(alphabet, tolower((unsigned char)*text));

		if (!at)
			continue;
		uint8_t value = (uint8_t)(at - alphabet);

		buf[digits / 2] = (uint8_t)(digits % 2 ? buf[digits / 2] | value : value << 4);
		digits++;
	}
	return digits / 2;
}

static int send_frames(const char *interface, char **frames)
{
	static uint8_t buf[FRAME_MAX];
	struct sockaddr_ll to = { .sll_family = AF_PACKET,
		                  .sll_ifindex = (int)if_nametoindex(interface) };
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	if (fd < 0 || !to.sll_ifindex)
		return fail(interface);
	for (; *frames; frames++) {
		size_t n = unhex(*frames, buf);

		if (sendto(fd, buf, n, 0, (struct sockaddr *)&to, sizeof(to)) != (ssize_t)n)
			return fail(*frames);
	}
	return 0;
}

/* Room of TAG octets is in front of the frame: put the tag that the kernel took off back. */
static uint8_t *whole(struct msghdr *msg, uint8_t *frame, size_t *n)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		struct tpacket_auxdata aux;

		if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA)
			continue;
		memcpy(&aux, CMSG_DATA(c), sizeof(aux));
		if (!(aux.tp_status & TP_STATUS_VLAN_VALID))
			continue;
		memmove(frame - TAG, frame, ADDRESSES);
		frame -= TAG;
		*n += TAG;
		uint16_t tag[] = { htons(aux.tp_vlan_tpid), htons(aux.tp_vlan_tci) };

		memcpy(frame + ADDRESSES, tag, sizeof(tag));
	}
	return frame;
}

static int record(const char *interface)
{
	static uint8_t buf[TAG + FRAME_MAX];
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	int fd = socket(AF_PACKET, SOCK_RAW, 0), on = 1, size = BUFFER_OCTETS;

	if (interface)
		at.sll_ifindex = (int)if_nametoindex(interface);
	if (fd < 0 || (interface && !at.sll_ifindex) ||
	    setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)) < 0 ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		return fail(interface ? interface : "record");
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("ready");
	for (;;) {
		char control[256], name[IF_NAMESIZE] = "?";
		struct iovec part = { .iov_base = buf + TAG, .iov_len = FRAME_MAX };
		struct msghdr msg = { .msg_name = &at,
			              .msg_namelen = sizeof(at),
			              .msg_iov = &part,
			              .msg_iovlen = 1,
			              .msg_control = control,
			              .msg_controllen = sizeof(control) };
		ssize_t received = recvmsg(fd, &msg, 0);
		size_t n = (size_t)received;

		if (received < 0 && errno != ENETDOWN)
			return fail("receive");
		if (received < 0 || at.sll_ifindex == 1)
			continue;
		uint8_t *frame = whole(&msg, buf + TAG, &n);

		if_indextoname((unsigned)at.sll_ifindex, name);
		printf("%s ", name);
		for (size_t i = 0; i < n; i++)
			printf("%02x", frame[i]);
		putchar('\n');
	}
}

int main(int argc, char **argv)
{
	if (argc >= 4 && strcmp(argv[1], "send") == 0)
		return send_frames(argv[2], argv + 3);
	if ((argc == 2 || argc == 3) && strcmp(argv[1], "record") == 0)
		return record(argv[2]);
	fputs("usage: frame send INTERFACE HEX... | frame record [INTERFACE]\n", stderr);
	return 2;
}
