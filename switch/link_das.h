/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * link_das - the UDP socket of the dynamic authorisation server.
 *
 * Shell only.  The socket belongs to the network namespace in which it was opened.
 */
#ifndef SWITCH_LINK_DAS_H
#define SWITCH_LINK_DAS_H

#include "common/bytes.h"
#include "switch/link_netns.h"
#include "switch/switch_conf.h"

struct link_das;

struct link_das_datagram {
	int client;               /* of the configuration; -1: the sender is none */
	struct sockaddr_in6 from; /* or an IPv4 one */
	uint16_t port;            /* of the sender */
	struct span bytes;        /* valid until the next link_das_receive() */
};

/* `conf` is borrowed.  NULL: `ret_why` is one sentence. */
struct link_das *link_das_open(const struct switch_conf_das *conf,
                               char ret_why[static LINK_WHY_LEN]);
void link_das_close(struct link_das *das); /* NULL is fine */
int link_das_fd(const struct link_das *das);

/* false: none waits. */
bool link_das_receive(struct link_das *das, struct link_das_datagram *ret_datagram);
void link_das_reply(struct link_das *das, const struct link_das_datagram *to, struct span reply);

/* The sender's address as text. */
const char *link_das_address(const struct link_das_datagram *datagram,
                             char buf[static INET6_ADDRSTRLEN]);

#endif
