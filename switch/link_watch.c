/* SPDX-License-Identifier: BSD-3-Clause */
#include "switch/link_watch.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>

/* <net/if.h> and <linux/if.h> cannot stand in one file, and only the second one has it. */
enum { LOWER_UP = 0x10000 };

enum { BUFFER_LEN = 64 << 10, BUFFER_OCTETS = 4 << 20, REPLY_TIMEOUT_S = 5 };

struct interface {
	const char *name;
	int ifindex; /* 0: there is none of this name */
	bool up;
	uint32_t downs; /* how often it lost its link, ever */
	/* what was told last */
	int told_ifindex;
	bool told_up;
	uint32_t told_downs;
};

struct link_watch {
	int events;  /* notifications */
	int queries; /* questions and their answers */
	bool alone;
	link_watch_fn *changed;
	void *ctx;
	char intruder[120];
	unsigned n;
	struct interface *interfaces;
	char *buf;
};

/* --- messages ----------------------------------------------------------------------------------- */

/* Attributes of one message, by type; a later one of the same type wins. */
static void attributes_of(const struct nlmsghdr *m, size_t header, const struct rtattr **ret_table,
                          unsigned max)
{
	const char *p = (const char *)m + NLMSG_LENGTH(NLMSG_ALIGN(header));
	size_t left = m->nlmsg_len > NLMSG_LENGTH(NLMSG_ALIGN(header))
	                      ? m->nlmsg_len - NLMSG_LENGTH(NLMSG_ALIGN(header))
	                      : 0;

	for (unsigned i = 0; i <= max; i++)
		ret_table[i] = NULL;
	while (left >= sizeof(struct rtattr)) {
		const struct rtattr *a = (const struct rtattr *)(const void *)p;
		size_t step = RTA_ALIGN(a->rta_len);

		if (a->rta_len < sizeof(*a) || a->rta_len > left)
			return;
		if (a->rta_type <= max)
			ret_table[a->rta_type] = a;
		if (step >= left)
			return;
		p += step;
		left -= step;
	}
}

static const void *payload(const struct rtattr *a)
{
	return (const char *)a + RTA_LENGTH(0);
}

static void link_message(struct link_watch *watch, const struct nlmsghdr *m)
{
	const struct rtattr *attributes[IFLA_CARRIER_DOWN_COUNT + 1], *downs;
	struct ifinfomsg info;

	if (m->nlmsg_len < NLMSG_LENGTH(sizeof(info)))
		return;
	memcpy(&info, (const char *)m + NLMSG_HDRLEN, sizeof(info));
	attributes_of(m, sizeof(info), attributes, IFLA_CARRIER_DOWN_COUNT);
	downs = attributes[IFLA_CARRIER_DOWN_COUNT];
	/* Messages of the bridge family are about bridge ports; interfaces are of AF_UNSPEC. */
	if (info.ifi_family != AF_UNSPEC || !attributes[IFLA_IFNAME])
		return;

	const char *name = payload(attributes[IFLA_IFNAME]);
	unsigned up = IFF_UP | LOWER_UP;

	for (unsigned i = 0; i < watch->n; i++) {
		struct interface *it = &watch->interfaces[i];

		if (m->nlmsg_type == RTM_NEWLINK && strcmp(it->name, name) == 0) {
			it->ifindex = info.ifi_index;
			it->up = (info.ifi_flags & up) == up;
			if (downs && downs->rta_len >= RTA_LENGTH(sizeof(it->downs)))
				memcpy(&it->downs, payload(downs), sizeof(it->downs));
		} else if (it->ifindex == info.ifi_index) { /* gone, or has another name now */
			it->ifindex = 0;
			it->up = false;
		}
	}
}

static void address_message(struct link_watch *watch, const struct nlmsghdr *m)
{
	const struct rtattr *attributes[IFA_LOCAL + 1], *address;
	char name[IF_NAMESIZE] = "?", text[INET6_ADDRSTRLEN] = "?";
	struct ifaddrmsg info;

	if (m->nlmsg_len < NLMSG_LENGTH(sizeof(info)) || watch->intruder[0])
		return;
	memcpy(&info, (const char *)m + NLMSG_HDRLEN, sizeof(info));
	attributes_of(m, sizeof(info), attributes, IFA_LOCAL);
	address = attributes[IFA_LOCAL] ? attributes[IFA_LOCAL] : attributes[IFA_ADDRESS];
	if (!address || info.ifa_scope == RT_SCOPE_HOST) /* loopback hears no port */
		return;
	inet_ntop(info.ifa_family, payload(address), text, sizeof(text));
	/* The question is asked on a socket of the watched namespace, wherever this thread is. */
	struct ifreq request = { .ifr_ifindex = (int)info.ifa_index };

	if (ioctl(watch->queries, SIOCGIFNAME, &request) == 0)
		snprintf(name, sizeof(name), "%s", request.ifr_name);
	snprintf(watch->intruder, sizeof(watch->intruder), "%s has the address %s", name, text);
}

static void message(struct link_watch *watch, const struct nlmsghdr *m, bool *addresses_changed)
{
	switch (m->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		link_message(watch, m);
		return;
	case RTM_NEWADDR:
	case RTM_DELADDR:
		*addresses_changed = true;
		return;
	}
}

/* --- questions ---------------------------------------------------------------------------------- */

struct question {
	struct nlmsghdr header;
	union {
		struct ifinfomsg link;
		struct ifaddrmsg address;
	} about;
};

/* Ask, and take in the answers.  false: errno. */
static bool ask(struct link_watch *watch, const struct question *question)
{
	bool dump = question->header.nlmsg_flags & NLM_F_DUMP;

	if (send(watch->queries, question, question->header.nlmsg_len, 0) < 0)
		return false;
	for (;;) {
		ssize_t n = recv(watch->queries, watch->buf, BUFFER_LEN, 0);
		const struct nlmsghdr *m = (const struct nlmsghdr *)(const void *)watch->buf;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		for (size_t left = (size_t)n; NLMSG_OK(m, left); m = NLMSG_NEXT(m, left)) {
			struct nlmsgerr error;

			if (m->nlmsg_type == NLMSG_DONE)
				return true;
			if (m->nlmsg_type == NLMSG_ERROR) {
				memcpy(&error, (const char *)m + NLMSG_HDRLEN, sizeof(error));
				errno = -error.error;
				return error.error == 0;
			}
			if (m->nlmsg_type == RTM_NEWLINK)
				link_message(watch, m);
			else if (m->nlmsg_type == RTM_NEWADDR)
				address_message(watch, m);
			if (!dump)
				return true;
		}
	}
}

static bool ask_links(struct link_watch *watch)
{
	const struct question question = {
		.header = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
		            .nlmsg_type = RTM_GETLINK,
		            .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
	};

	for (unsigned i = 0; i < watch->n; i++) {
		watch->interfaces[i].ifindex = 0;
		watch->interfaces[i].up = false;
	}
	return ask(watch, &question);
}

static bool ask_addresses(struct link_watch *watch)
{
	const struct question question = {
		.header = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifaddrmsg)),
		            .nlmsg_type = RTM_GETADDR,
		            .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
	};

	watch->intruder[0] = '\0';
	if (ask(watch, &question))
		return true;
	/* Unknown is treated as unsafe. */
	snprintf(watch->intruder, sizeof(watch->intruder), "the addresses cannot be read: %s",
	         strerror(errno));
	return false;
}

/* --- IPv6 --------------------------------------------------------------------------------------- */

/* /proc/sys/net shows the namespace of the thread that opens a file in it. */
static bool ipv6_off(const char *interface, char *ret_why)
{
	char path[100], value = '0';
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", interface);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd >= 0 && write(fd, "1", 1) == 1) {
		close(fd);
		return true;
	}
	int error = errno;

	if (fd < 0 && error != ENOENT) /* read-only /proc/sys: fine when somebody did it before */
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		if (read(fd, &value, 1) != 1)
			value = '0';
		close(fd);
	}
	if (value == '1' || error == ENOENT) /* a kernel without IPv6 */
		return true;
	snprintf(ret_why, LINK_WHY_LEN,
	         "Cannot switch IPv6 off for the ports (%s: %s); write 1 there first.", path,
	         strerror(error));
	return false;
}

static bool isolate(struct link_watch *watch, char *ret_why)
{
	if (watch->alone && (!ipv6_off("all", ret_why) || !ipv6_off("default", ret_why)))
		return false;
	for (unsigned i = 0; i < watch->n; i++) {
		if (!ipv6_off(watch->interfaces[i].name, ret_why))
			return false;
	}
	ask_addresses(watch);
	if (!watch->intruder[0])
		return true;
	snprintf(ret_why, LINK_WHY_LEN,
	         "The ports are not isolated: %s in their network namespace; remove it, or give "
	         "the ports a "
	         "namespace of their own (ports-namespace).",
	         watch->intruder);
	return false;
}

/*
 * An interface that came anew has IPv6 as its namespace has it by default.  Where that is not
 * switched off, this thread is in the same namespace.  true: there was one.
 */
static bool isolate_newcomers(struct link_watch *watch)
{
	char why[LINK_WHY_LEN];
	bool any = false;

	for (unsigned i = 0; i < watch->n && !watch->alone; i++) {
		struct interface *it = &watch->interfaces[i];

		if (it->ifindex == 0 || it->ifindex == it->told_ifindex)
			continue;
		any = true;
		(void)ipv6_off(it->name, why); /* when it fails, the address is found that it has */
	}
	return any;
}

/* --- life --------------------------------------------------------------------------------------- */

static int open_netlink(unsigned groups, int flags)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = groups };
	struct timeval patience = { .tv_sec = REPLY_TIMEOUT_S };
	int size = BUFFER_OCTETS;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | flags, NETLINK_ROUTE);

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	close(fd);
	return -1;
}

struct link_watch *link_watch_open(const char *const *interfaces, unsigned n, bool alone,
                                   link_watch_fn *changed, void *ctx,
                                   char ret_why[static LINK_WHY_LEN])
{
	struct link_watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		goto memory;
	watch->events = watch->queries = -1;
	watch->alone = alone;
	watch->changed = changed;
	watch->ctx = ctx;
	watch->n = n;
	watch->interfaces = calloc(n ? n : 1, sizeof(*watch->interfaces));
	watch->buf = malloc(BUFFER_LEN);
	if (!watch->interfaces || !watch->buf)
		goto memory;
	for (unsigned i = 0; i < n; i++)
		watch->interfaces[i].name = interfaces[i];
	watch->events =
		open_netlink(RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR, SOCK_NONBLOCK);
	watch->queries = open_netlink(0, 0);
	if (watch->events < 0 || watch->queries < 0 || !ask_links(watch)) {
		snprintf(ret_why, LINK_WHY_LEN, "Cannot ask for the network interfaces: %s.",
		         strerror(errno));
		goto fail;
	}
	for (unsigned i = 0; i < n; i++) {
		if (watch->interfaces[i].ifindex == 0) {
			snprintf(
				ret_why, LINK_WHY_LEN,
				"There is no network interface %s in the ports' network namespace.",
				interfaces[i]);
			goto fail;
		}
	}
	if (!isolate(watch, ret_why))
		goto fail;
	return watch;
memory:
	snprintf(ret_why, LINK_WHY_LEN, "Out of memory.");
fail:
	link_watch_close(watch);
	return NULL;
}

void link_watch_close(struct link_watch *watch)
{
	if (!watch)
		return;
	if (watch->events >= 0)
		close(watch->events);
	if (watch->queries >= 0)
		close(watch->queries);
	free(watch->interfaces);
	free(watch->buf);
	free(watch);
}

int link_watch_fd(const struct link_watch *watch)
{
	return watch->events;
}

const char *link_watch_intruder(const struct link_watch *watch)
{
	return watch->intruder[0] ? watch->intruder : NULL;
}

/*
 * A link that was lost and is back, or another interface of the same name, is told as a loss first:
 * whoever is plugged in now has to authenticate.  The kernel reports a short loss as one change at
 * best, so only its count shows it.
 */
static void tell(struct link_watch *watch, unsigned port)
{
	struct interface *it = &watch->interfaces[port];
	bool up = it->up && !watch->intruder[0];

	if (it->told_up && (it->told_ifindex != it->ifindex || it->told_downs != it->downs)) {
		it->told_up = false;
		watch->changed(watch->ctx, port, it->told_ifindex, false);
	}
	if (it->told_ifindex != it->ifindex || it->told_up != up)
		watch->changed(watch->ctx, port, it->ifindex, up);
	it->told_ifindex = it->ifindex;
	it->told_up = up;
	it->told_downs = it->downs;
}

void link_watch_read(struct link_watch *watch)
{
	bool addresses_changed = false;

	for (;;) {
		ssize_t n = recv(watch->events, watch->buf, BUFFER_LEN, 0);
		const struct nlmsghdr *m = (const struct nlmsghdr *)(const void *)watch->buf;

		if (n < 0 && errno == ENOBUFS) { /* notifications were lost: ask for everything */
			ask_links(watch);
			addresses_changed = true;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		for (size_t left = (size_t)n; NLMSG_OK(m, left); m = NLMSG_NEXT(m, left))
			message(watch, m, &addresses_changed);
	}
	addresses_changed |= isolate_newcomers(watch);
	if (addresses_changed)
		ask_addresses(watch);
	for (unsigned i = 0; i < watch->n; i++)
		tell(watch, i);
}

void link_watch_refresh(struct link_watch *watch, unsigned port)
{
	assert(port < watch->n);

	struct interface *it = &watch->interfaces[port];
	const struct question question = {
		.header = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
		            .nlmsg_type = RTM_GETLINK,
		            .nlmsg_flags = NLM_F_REQUEST },
		.about.link.ifi_index = it->ifindex,
	};

	if (it->ifindex && ask(watch, &question))
		tell(watch, port);
}
