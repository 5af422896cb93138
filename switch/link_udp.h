/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * link_udp - the UDP sockets towards the RADIUS servers.
 *
 * Shell only.  Socket `i` of the RADIUS client is one source port per address family that the servers
 * have.  The sockets belong to the network namespace in which they were opened.  A datagram counts
 * only when it comes from the address and port of a server.
 */
#ifndef SWITCH_LINK_UDP_H
#define SWITCH_LINK_UDP_H

#include "common/bytes.h"
#include "switch/link_netns.h"
#include "switch/switch_conf.h"

struct link_udp;

struct link_datagram {
	unsigned server;
	unsigned socket;
	struct span bytes; /* valid until the next link_udp_receive() */
};

/* `servers` is borrowed.  NULL: `ret_why` is one sentence. */
struct link_udp *link_udp_open(const struct switch_conf_server *servers, unsigned server_n,
                               unsigned sockets, char ret_why[static LINK_WHY_LEN]);
void link_udp_close(struct link_udp *udp); /* NULL is fine */

size_t link_udp_count(const struct link_udp *udp); /* descriptors, to be polled each */
int link_udp_fd(const struct link_udp *udp, size_t i);

void link_udp_send(struct link_udp *udp, unsigned server, unsigned socket, struct span datagram);

/* The next datagram of a server at descriptor `i`; false: none waits. */
bool link_udp_receive(struct link_udp *udp, size_t i, struct link_datagram *ret_datagram);

/* The address from which `server` is reached, wire order: 4 or 16 octets; 0: there is no way to it now. */
size_t link_udp_source(const struct switch_conf_server *server, uint8_t ret_address[static 16]);

#endif
