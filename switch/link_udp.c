/* SPDX-License-Identifier: BSD-3-Clause */
#include "switch/link_udp.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "switch/radius.h"

enum { FAMILIES = 2, NONE = -1 };

struct link_udp {
	const struct switch_conf_server *servers;
	unsigned server_n;
	unsigned sockets;
	size_t count;
	int *fds; /* `sockets` of the first family in use, then those of the second */
	int family[FAMILIES];
	uint8_t buf[RADIUS_MAX_PACKET +
	            1]; /* an octet more, so that what is too long is seen as such */
};

static socklen_t length_of(const struct sockaddr *address)
{
	return address->sa_family == AF_INET ? sizeof(struct sockaddr_in)
	                                     : sizeof(struct sockaddr_in6);
}

static bool open_family(struct link_udp *udp, int family, char *ret_why)
{
	for (unsigned i = 0; i < udp->sockets; i++) {
		int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;
		union {
			struct sockaddr any;
			struct sockaddr_in6 v6;
		} local = { .any.sa_family = (sa_family_t)family };

		if (fd < 0)
			goto fail;
		udp->fds[udp->count++] = fd;
		if (family == AF_INET6)
			(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
		/* Bound at once, so that the source port is there for good. */
		if (bind(fd, &local.any, length_of(&local.any)) < 0)
			goto fail;
	}
	return true;
fail:
	snprintf(ret_why, LINK_WHY_LEN, "Cannot open a UDP socket for RADIUS: %s.",
	         strerror(errno));
	return false;
}

struct link_udp *link_udp_open(const struct switch_conf_server *servers, unsigned server_n,
                               unsigned sockets, char ret_why[static LINK_WHY_LEN])
{
	static const int families[FAMILIES] = { AF_INET, AF_INET6 };
	struct link_udp *udp = calloc(1, sizeof(*udp));
	int used = 0;

	if (udp)
		udp->fds = calloc((size_t)sockets * FAMILIES, sizeof(*udp->fds));
	if (!udp || !udp->fds) {
		snprintf(ret_why, LINK_WHY_LEN, "Out of memory.");
		free(udp);
		return NULL;
	}
	udp->servers = servers;
	udp->server_n = server_n;
	udp->sockets = sockets;
	for (int f = 0; f < FAMILIES; f++) {
		bool wanted = false;

		for (unsigned i = 0; i < server_n; i++)
			wanted |= servers[i].to.any.sa_family == families[f];
		if (!wanted)
			continue;
		udp->family[used++] = families[f];
		if (!open_family(udp, families[f], ret_why)) {
			link_udp_close(udp);
			return NULL;
		}
	}
	return udp;
}

void link_udp_close(struct link_udp *udp)
{
	if (!udp)
		return;
	for (size_t i = 0; i < udp->count; i++)
		close(udp->fds[i]);
	free(udp->fds);
	free(udp);
}

size_t link_udp_count(const struct link_udp *udp)
{
	return udp->count;
}

int link_udp_fd(const struct link_udp *udp, size_t i)
{
	assert(i < udp->count);
	return udp->fds[i];
}

void link_udp_send(struct link_udp *udp, unsigned server, unsigned socket, struct span datagram)
{
	assert(server < udp->server_n && socket < udp->sockets);

	const struct sockaddr *to = &udp->servers[server].to.any;
	size_t first = to->sa_family == udp->family[0] ? 0 : udp->sockets;

	/* What is lost here is lost as on the network: the client sends it again. */
	(void)!sendto(udp->fds[first + socket], datagram.p, datagram.n, 0, to, length_of(to));
}

static int server_of(const struct link_udp *udp, const struct sockaddr_in6 *from)
{
	struct sockaddr_in v4;

	memcpy(&v4, from, sizeof(v4));
	for (unsigned i = 0; i < udp->server_n; i++) {
		const struct switch_conf_server *s = &udp->servers[i];

		if (s->to.any.sa_family != from->sin6_family)
			continue;
		if (from->sin6_family == AF_INET && s->to.v4.sin_port == v4.sin_port &&
		    s->to.v4.sin_addr.s_addr == v4.sin_addr.s_addr)
			return (int)i;
		if (from->sin6_family == AF_INET6 && s->to.v6.sin6_port == from->sin6_port &&
		    memcmp(&s->to.v6.sin6_addr, &from->sin6_addr, sizeof(from->sin6_addr)) == 0)
			return (int)i;
	}
	return NONE;
}

bool link_udp_receive(struct link_udp *udp, size_t i, struct link_datagram *ret_datagram)
{
	for (;;) {
		struct sockaddr_in6 from = { 0 };
		socklen_t length = sizeof(from);
		ssize_t n = recvfrom(udp->fds[i], udp->buf, sizeof(udp->buf), MSG_DONTWAIT,
		                     (struct sockaddr *)&from, &length);
		int server;

		if (n < 0 && (errno == EAGAIN || errno == EBADF))
			return false;
		if (n < 0) /* an ICMP error of an earlier datagram */
			continue;
		server = server_of(udp, &from);
		if (server == NONE)
			continue;
		*ret_datagram = (struct link_datagram){
			.server = (unsigned)server,
			.socket = (unsigned)(i % udp->sockets),
			.bytes = span(udp->buf, (size_t)n),
		};
		return true;
	}
}

size_t link_udp_source(const struct switch_conf_server *server, uint8_t ret_address[static 16])
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} local;
	socklen_t length = sizeof(local);
	int fd = socket(server->to.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool known = fd >= 0 && connect(fd, &server->to.any, length_of(&server->to.any)) == 0 &&
	             getsockname(fd, &local.any, &length) == 0;

	if (fd >= 0)
		close(fd);
	if (!known)
		return 0;
	if (local.any.sa_family == AF_INET) {
		memcpy(ret_address, &local.v4.sin_addr, 4);
		return 4;
	}
	memcpy(ret_address, &local.v6.sin6_addr, 16);
	return 16;
}
