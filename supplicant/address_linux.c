/* SPDX-License-Identifier: BSD-3-Clause */
#include "supplicant/address_linux.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { METRIC = 1000, REQUEST_MAX = 256 /* octets */ };

/* A request under construction; big enough for what is built here. */
struct request {
	_Alignas(struct nlmsghdr) char room[REQUEST_MAX];
};

static struct nlmsghdr *header_of(struct request *r)
{
	return (struct nlmsghdr *)r->room;
}

/* The family's header, to be filled; `r` is zeroed. */
static void *begin(struct request *r, uint16_t type, uint16_t flags, size_t n)
{
	struct nlmsghdr *header = header_of(r);

	header->nlmsg_len = (uint32_t)NLMSG_LENGTH(n);
	header->nlmsg_type = type;
	header->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
	return NLMSG_DATA(header);
}

static void add_u32(struct request *r, unsigned short type, uint32_t value)
{
	struct nlmsghdr *header = header_of(r);
	struct rtattr *attribute = (struct rtattr *)(r->room + NLMSG_ALIGN(header->nlmsg_len));

	attribute->rta_type = type;
	attribute->rta_len = (unsigned short)RTA_LENGTH(sizeof(value));
	memcpy(RTA_DATA(attribute), &value, sizeof(value));
	header->nlmsg_len = NLMSG_ALIGN(header->nlmsg_len) + RTA_SPACE(sizeof(value));
}

/* Sends and waits for the kernel's word; 0 or an errno. */
static int exchange(struct request *r)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct nlmsghdr *header = header_of(r);
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
		char request[REQUEST_MAX];
	} answer;
	int result = EIO;
	ssize_t n;

	if (fd < 0)
		return errno;
	n = send(fd, header, header->nlmsg_len, 0);
	if (n >= 0)
		n = recv(fd, &answer, sizeof(answer), 0);
	if (n < 0)
		result = errno;
	else if ((size_t)n >= NLMSG_LENGTH(sizeof(answer.error)) &&
	         answer.header.nlmsg_type == NLMSG_ERROR)
		result = -answer.error.error;
	close(fd);
	return result;
}

static int change_address(uint16_t type, unsigned interface, const struct address *address)
{
	struct request r = { 0 };
	struct ifaddrmsg *message = begin(
		&r, type, type == RTM_NEWADDR ? NLM_F_CREATE | NLM_F_REPLACE : 0, sizeof(*message));
	uint32_t host_mask = address->prefix < 32 ? UINT32_MAX >> address->prefix : 0;

	message->ifa_family = AF_INET;
	message->ifa_prefixlen = (unsigned char)address->prefix;
	message->ifa_scope = RT_SCOPE_UNIVERSE;
	message->ifa_index = interface;
	add_u32(&r, IFA_LOCAL, htonl(address->ip));
	add_u32(&r, IFA_ADDRESS, htonl(address->ip));
	if (type == RTM_NEWADDR && address->prefix < 31)
		add_u32(&r, IFA_BROADCAST, htonl(address->ip | host_mask));
	return exchange(&r);
}

static int add_route(unsigned interface, const struct address *address)
{
	struct request r = { 0 };
	struct rtmsg *message =
		begin(&r, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, sizeof(*message));

	message->rtm_family = AF_INET;
	message->rtm_table = RT_TABLE_MAIN;
	message->rtm_protocol = RTPROT_DHCP;
	message->rtm_scope = RT_SCOPE_UNIVERSE;
	message->rtm_type = RTN_UNICAST;
	message->rtm_flags = RTNH_F_ONLINK;
	add_u32(&r, RTA_GATEWAY, htonl(address->router));
	add_u32(&r, RTA_PREFSRC, htonl(address->ip));
	add_u32(&r, RTA_PRIORITY, METRIC);
	add_u32(&r, RTA_OIF, interface);
	return exchange(&r);
}

bool address_add(unsigned interface, const struct address *address,
                 char ret_why[static ADDRESS_WHY_LEN])
{
	char text[ADDRESS_TEXT_LEN];
	int error = change_address(RTM_NEWADDR, interface, address);
	const char *what = "the address";

	if (!error && address->router) {
		what = "the default route of";
		error = add_route(interface, address);
	}
	if (!error)
		return true;
	snprintf(ret_why, ADDRESS_WHY_LEN, "Cannot set %s %s: %s.", what,
	         address_text(address, text), strerror(error));
	return false;
}

void address_remove(unsigned interface, const struct address *address)
{
	(void)change_address(RTM_DELADDR, interface, address);
}

bool ip_is_host(uint32_t ip, unsigned prefix)
{
	uint32_t host_mask = prefix < 32 ? UINT32_MAX >> prefix : 0;

	if (prefix < 1 || prefix > 32 || ip >> 24 == 0 || ip >> 24 == 127 || ip >> 28 >= 0xe)
		return false;
	return prefix >= 31 || ((ip & host_mask) != 0 && (ip & host_mask) != host_mask);
}

bool address_equal(const struct address *a, const struct address *b)
{
	return a->ip == b->ip && a->prefix == b->prefix && a->router == b->router;
}

const char *ip_text(uint32_t ip, char buf[static ADDRESS_TEXT_LEN])
{
	snprintf(buf, ADDRESS_TEXT_LEN, "%u.%u.%u.%u", ip >> 24, ip >> 16 & 0xff, ip >> 8 & 0xff,
	         ip & 0xff);
	return buf;
}

const char *address_text(const struct address *address, char buf[static ADDRESS_TEXT_LEN])
{
	char ip[ADDRESS_TEXT_LEN];

	snprintf(buf, ADDRESS_TEXT_LEN, "%.15s/%u", ip_text(address->ip, ip), address->prefix & 63);
	return buf;
}
