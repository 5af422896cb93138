/* SPDX-License-Identifier: BSD-3-Clause */
#include "switch/link_das.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>

#include "switch/radius.h"

struct link_das {
	const struct switch_conf_das *conf;
	int fd;
	/* an octet more, so that what is too long is seen as such */
	uint8_t buf[RADIUS_MAX_PACKET + 1];
};

struct link_das *link_das_open(const struct switch_conf_das *conf,
                               char ret_why[static LINK_WHY_LEN])
{
	struct link_das *das = calloc(1, sizeof(*das));
	int on = 1;

	if (!das) {
		snprintf(ret_why, LINK_WHY_LEN, "Out of memory.");
		return NULL;
	}
	das->conf = conf;
	das->fd = socket(conf->at.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (das->fd >= 0 && conf->at.any.sa_family == AF_INET6)
		(void)setsockopt(das->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (das->fd >= 0 && bind(das->fd, &conf->at.any, switch_conf_address_len(&conf->at)) == 0)
		return das;
	snprintf(ret_why, LINK_WHY_LEN,
	         "Cannot listen for dynamic authorisation at %s port %u: %s.", conf->address,
	         conf->port, strerror(errno));
	link_das_close(das);
	return NULL;
}

void link_das_close(struct link_das *das)
{
	if (!das)
		return;
	if (das->fd >= 0)
		close(das->fd);
	free(das);
}

int link_das_fd(const struct link_das *das)
{
	return das->fd;
}

static bool is_from(const union switch_conf_address *client, const struct sockaddr_in6 *from)
{
	struct sockaddr_in v4;

	if (client->any.sa_family != from->sin6_family)
		return false;
	if (from->sin6_family == AF_INET6)
		return memcmp(&client->v6.sin6_addr, &from->sin6_addr, sizeof(from->sin6_addr)) ==
		       0;
	memcpy(&v4, from, sizeof(v4));
	return client->v4.sin_addr.s_addr == v4.sin_addr.s_addr;
}

bool link_das_receive(struct link_das *das, struct link_das_datagram *ret_datagram)
{
	struct link_das_datagram d = { .client = -1 };
	socklen_t length = sizeof(d.from);
	ssize_t n;

	do {
		n = recvfrom(das->fd, das->buf, sizeof(das->buf), MSG_DONTWAIT,
		             (struct sockaddr *)&d.from, &length);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return false;
	d.port = ntohs(d.from.sin6_port); /* where sin_port is, too */
	d.bytes = span(das->buf, (size_t)n);
	for (unsigned i = 0; i < das->conf->client_n && d.client < 0; i++) {
		if (is_from(&das->conf->clients[i].from, &d.from))
			d.client = (int)i;
	}
	*ret_datagram = d;
	return true;
}

void link_das_reply(struct link_das *das, const struct link_das_datagram *to, struct span reply)
{
	/* What is lost here is lost as on the network: the client asks again. */
	(void)!sendto(das->fd, reply.p, reply.n, 0, (const struct sockaddr *)&to->from,
	              to->from.sin6_family == AF_INET ? sizeof(struct sockaddr_in)
	                                              : sizeof(struct sockaddr_in6));
}

const char *link_das_address(const struct link_das_datagram *datagram,
                             char buf[static INET6_ADDRSTRLEN])
{
	struct sockaddr_in v4;

	if (datagram->from.sin6_family == AF_INET6)
		return inet_ntop(AF_INET6, &datagram->from.sin6_addr, buf, INET6_ADDRSTRLEN);
	memcpy(&v4, &datagram->from, sizeof(v4));
	return inet_ntop(AF_INET, &v4.sin_addr, buf, INET6_ADDRSTRLEN);
}
