/* SPDX-License-Identifier: BSD-3-Clause */
#include "supplicant/l2_linux.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/eapol.h"
#include "common/mac.h"

enum {
	FRAME_MAX = 2048,    /* octets; longer ones are no EAPOL for us */
	BATCH = 64,          /* frames before the loop gets its turn */
	MESSAGES_MAX = 32768 /* octets of one netlink datagram */
};

#define CARRIER 0x10000u /* IFF_LOWER_UP */

struct l2 {
	uv_poll_t packet_poll, link_poll;
	int packet, link; /* descriptors; -1: not open */
	unsigned open_handles;
	bool closing;
	unsigned index;
	uint8_t mac[MAC_LEN];
	bool up, known;
	uint32_t down_count; /* of the carrier, as the kernel counts */
	const struct l2_events *events;
	void *ctx;
};

/* --- EAPOL ------------------------------------------------------------------------------------------ */

/* The VLAN of a tag that was taken off; 0: none, or a priority tag. */
static unsigned stripped_vlan(struct msghdr *msg)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		struct tpacket_auxdata aux;

		if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA ||
		    c->cmsg_len < CMSG_LEN(sizeof(aux)))
			continue;
		memcpy(&aux, CMSG_DATA(c), sizeof(aux));
		if (aux.tp_status & TP_STATUS_VLAN_VALID)
			return aux.tp_vlan_tci & 0xfff;
	}
	return 0;
}

/*
 * Is it ours, and not of a VLAN?  The kernel takes a tag off; it tells it (PACKET_AUXDATA) to sockets of all
 * protocols only, but calls a frame of a VLAN that this machine does not have one for another host.
 */
static bool is_for_us(struct msghdr *msg, const struct sockaddr_ll *from)
{
	return from->sll_pkttype != PACKET_OTHERHOST && stripped_vlan(msg) == 0;
}

static void frames_arrived(uv_poll_t *poll, int status, int events)
{
	struct l2 *l2 = poll->data;

	(void)status;
	(void)events;
	for (int i = 0; i < BATCH && !l2->closing; i++) {
		uint8_t frame[FRAME_MAX];
		union {
			struct cmsghdr align;
			char room[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
		} control;
		struct iovec iov = { .iov_base = frame, .iov_len = sizeof(frame) };
		struct sockaddr_ll from = { 0 };
		struct msghdr msg = { .msg_name = &from,
			              .msg_namelen = sizeof(from),
			              .msg_iov = &iov,
			              .msg_iovlen = 1,
			              .msg_control = &control,
			              .msg_controllen = sizeof(control) };
		ssize_t n = recvmsg(l2->packet, &msg, MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) /* nothing left; or ENETDOWN, which is told once */
			return;
		if (!(msg.msg_flags & MSG_TRUNC) && is_for_us(&msg, &from))
			l2->events->frame(l2->ctx, frame, (size_t)n);
	}
}

bool l2_send(struct l2 *l2, const uint8_t *frame, size_t n)
{
	return l2->packet >= 0 && send(l2->packet, frame, n, MSG_DONTWAIT) == (ssize_t)n;
}

static int open_packet(const struct l2 *l2)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1;
	struct sockaddr_ll address = { .sll_family = AF_PACKET,
		                       .sll_protocol = htons(EAPOL_ETHERTYPE),
		                       .sll_ifindex = (int)l2->index };
	struct packet_mreq group = { .mr_ifindex = (int)l2->index,
		                     .mr_type = PACKET_MR_MULTICAST,
		                     .mr_alen = MAC_LEN };

	memcpy(group.mr_address, mac_pae_group, MAC_LEN);
	if (fd >= 0 && setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) == 0 &&
	    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) == 0 &&
	    setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &group, sizeof(group)) == 0 &&
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* --- link ------------------------------------------------------------------------------------------- */

static void set_link(struct l2 *l2, bool up, uint32_t down_count, bool other_mac)
{
	bool flapped = l2->known && l2->up && up && (other_mac || down_count != l2->down_count);
	bool changed = !l2->known || l2->up != up;

	l2->known = true;
	l2->up = up;
	l2->down_count = down_count;
	if (flapped)
		l2->events->link(l2->ctx, false);
	if (changed || flapped)
		l2->events->link(l2->ctx, up);
}

static void read_link(struct l2 *l2, const struct nlmsghdr *message)
{
	const struct ifinfomsg *info = NLMSG_DATA(message);
	int left = (int)IFLA_PAYLOAD(message);
	uint32_t down_count = 0;
	bool other_mac = false;

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*info)) || info->ifi_index != (int)l2->index)
		return;
	for (const struct rtattr *a = IFLA_RTA(info); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		if (a->rta_type == IFLA_CARRIER_DOWN_COUNT && RTA_PAYLOAD(a) == sizeof(down_count))
			memcpy(&down_count, RTA_DATA(a), sizeof(down_count));
		if (a->rta_type == IFLA_ADDRESS && RTA_PAYLOAD(a) == MAC_LEN) {
			other_mac = memcmp(l2->mac, RTA_DATA(a), MAC_LEN) != 0;
			memcpy(l2->mac, RTA_DATA(a), MAC_LEN);
		}
	}
	if (message->nlmsg_type == RTM_DELLINK) {
		set_link(l2, false, down_count, false);
		l2->events->gone(l2->ctx);
	} else if (message->nlmsg_type == RTM_NEWLINK) {
		set_link(l2, (info->ifi_flags & IFF_UP) && (info->ifi_flags & CARRIER), down_count,
		         other_mac);
	}
}

static bool ask_link(struct l2 *l2)
{
	struct {
		struct nlmsghdr header;
		struct ifinfomsg info;
	} ask = { .header = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
		              .nlmsg_type = RTM_GETLINK,
		              .nlmsg_flags = NLM_F_REQUEST },
		  .info = { .ifi_family = AF_UNSPEC, .ifi_index = (int)l2->index } };

	return send(l2->link, &ask, sizeof(ask), 0) == (ssize_t)sizeof(ask);
}

static void links_changed(uv_poll_t *poll, int status, int events)
{
	struct l2 *l2 = poll->data;
	_Alignas(struct nlmsghdr) char buf[MESSAGES_MAX];

	(void)status;
	(void)events;
	for (int i = 0; i < BATCH && !l2->closing; i++) {
		ssize_t got = recv(l2->link, buf, sizeof(buf), MSG_DONTWAIT);
		size_t left = got > 0 ? (size_t)got : 0;

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == ENOBUFS) /* news were lost: ask */
			ask_link(l2);
		if (got <= 0)
			return;
		for (const struct nlmsghdr *m = (const void *)buf;
		     NLMSG_OK(m, left) && !l2->closing; m = NLMSG_NEXT(m, left))
			read_link(l2, m);
	}
}

static int open_link(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };

	if (fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* --- life ------------------------------------------------------------------------------------------- */

/* Address and index of the interface, and IFF_UP. */
static bool prepare(struct l2 *l2, const char *interface)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { 0 };
	bool ok = false;

	if (fd < 0)
		return false;
	strncpy(request.ifr_name, interface, IFNAMSIZ - 1);
	if (ioctl(fd, SIOCGIFINDEX, &request) == 0) {
		l2->index = (unsigned)request.ifr_ifindex;
		ok = ioctl(fd, SIOCGIFHWADDR, &request) == 0;
	}
	if (ok && request.ifr_hwaddr.sa_family != ARPHRD_ETHER) {
		errno = EPROTONOSUPPORT;
		ok = false;
	}
	if (ok) {
		memcpy(l2->mac, request.ifr_hwaddr.sa_data, MAC_LEN);
		ok = ioctl(fd, SIOCGIFFLAGS, &request) == 0;
	}
	if (ok && !(request.ifr_flags & IFF_UP)) {
		request.ifr_flags |= IFF_UP;
		ok = ioctl(fd, SIOCSIFFLAGS, &request) == 0;
	}
	close(fd);
	return ok;
}

static bool watch(struct l2 *l2, uv_loop_t *loop, uv_poll_t *poll, int fd, uv_poll_cb on_readable)
{
	if (uv_poll_init(loop, poll, fd) < 0)
		return false;
	poll->data = l2;
	l2->open_handles++;
	return uv_poll_start(poll, UV_READABLE, on_readable) == 0;
}

static void closed(uv_handle_t *handle)
{
	struct l2 *l2 = handle->data;

	if (--l2->open_handles > 0)
		return;
	if (l2->packet >= 0)
		close(l2->packet);
	if (l2->link >= 0)
		close(l2->link);
	free(l2);
}

void l2_close(struct l2 *l2)
{
	if (!l2 || l2->closing)
		return;
	l2->closing = true;
	l2->open_handles++; /* this function's own */
	if (l2->packet_poll.data)
		uv_close((uv_handle_t *)&l2->packet_poll, closed);
	if (l2->link_poll.data)
		uv_close((uv_handle_t *)&l2->link_poll, closed);
	closed(&(uv_handle_t){ .data = l2 });
}

struct l2 *l2_open(uv_loop_t *loop, const char *interface, bool eapol,
                   const struct l2_events *events, void *ctx, char ret_why[static L2_WHY_LEN])
{
	struct l2 *l2 = calloc(1, sizeof(*l2));
	const char *doing = "use";

	if (!l2) {
		snprintf(ret_why, L2_WHY_LEN, "Out of memory for the interface.");
		return NULL;
	}
	*l2 = (struct l2){ .packet = -1, .link = -1, .events = events, .ctx = ctx };
	if (!prepare(l2, interface))
		goto fail;
	doing = "watch the link of";
	l2->link = open_link();
	if (l2->link < 0 || !watch(l2, loop, &l2->link_poll, l2->link, links_changed) ||
	    !ask_link(l2))
		goto fail;
	if (!eapol)
		return l2;
	doing = "open a packet socket on";
	l2->packet = open_packet(l2);
	if (l2->packet >= 0 && watch(l2, loop, &l2->packet_poll, l2->packet, frames_arrived))
		return l2;
fail:
	snprintf(ret_why, L2_WHY_LEN, "Cannot %s the interface %s: %s.", doing, interface,
	         strerror(errno));
	l2_close(l2);
	return NULL;
}

const uint8_t *l2_mac(const struct l2 *l2)
{
	return l2->mac;
}

unsigned l2_index(const struct l2 *l2)
{
	return l2->index;
}
