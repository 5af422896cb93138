/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * address_linux - one IPv4 address and its default route on an interface (rtnetlink).
 *
 * The default route has a metric above those of other programs (1000), so that a machine with
 * another uplink keeps it; it goes away with its address.  Nothing is written to /etc: name servers are
 * not set.  Shell; blocking, but the kernel answers at once.
 */
#ifndef SUPPLICANT_ADDRESS_LINUX_H
#define SUPPLICANT_ADDRESS_LINUX_H

#include <stdbool.h>
#include <stdint.h>

enum { ADDRESS_WHY_LEN = 200, ADDRESS_TEXT_LEN = 20 /* "255.255.255.255/32" with NUL */ };

struct address {
	uint32_t ip;     /* host order */
	unsigned prefix; /* bits */
	uint32_t router; /* host order; 0: none */
};

/* False: `ret_why` is one sentence. */
bool address_add(unsigned interface, const struct address *address,
                 char ret_why[static ADDRESS_WHY_LEN]);
/* Nothing happens when it is not there any more. */
void address_remove(unsigned interface, const struct address *address);

/* Can `ip` be a host's in a network of that prefix: not loopback, multicast, the network or its broadcast? */
bool ip_is_host(uint32_t ip, unsigned prefix);
bool address_equal(const struct address *a, const struct address *b);
const char *address_text(const struct address *address,
                         char buf[static ADDRESS_TEXT_LEN]); /* CIDR */
const char *ip_text(uint32_t ip, char buf[static ADDRESS_TEXT_LEN]);

#endif
