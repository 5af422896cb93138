/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lab_probe - what an intruder would try on a closed port, from the phone's own place.
 *
 * Four frames: ARP for the web server, a TCP SYN to its port 443 at its true MAC address, an ICMP echo and a
 * DHCPDISCOVER.  The switch must count each as dropped; nothing of them may leave another port (the
 * captures tell), and nothing but EAPOL may come back.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/auto.h"
#include "common/control.h"
#include "common/mac.h"
#include "tools/lab.h"

AUTO_CLEANUP(json, json_t *, json_decref)

enum {
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_ARP = 0x0806,
	HEADER = 14,
	IPV4 = 20,
	PROBES = 4,
	FRAME_MAX = 400
};

struct frame {
	uint8_t p[FRAME_MAX];
	size_t n;
};

static const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
static const uint8_t source_ip[4] = { 10, 77, 20, 9 }, web_ip[4] = { 10, 77, 20, 2 };

static void put(struct frame *frame, const void *p, size_t n)
{
	memcpy(frame->p + frame->n, p, n);
	frame->n += n;
}

static void put16(struct frame *frame, unsigned value)
{
	put(frame, (const uint8_t[]){ (uint8_t)(value >> 8), (uint8_t)value }, 2);
}

static void ethernet(struct frame *frame, const uint8_t *to, const uint8_t *from, unsigned type)
{
	frame->n = 0;
	put(frame, to, 6);
	put(frame, from, 6);
	put16(frame, type);
}

static unsigned sum(const uint8_t *p, size_t n, unsigned start)
{
	for (size_t i = 0; i < n; i++)
		start += (unsigned)p[i] << (i % 2 ? 0 : 8);
	while (start >> 16)
		start = (start & 0xffff) + (start >> 16);
	return start;
}

static void set16(uint8_t *p, unsigned value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

/* RFC 791: header with its checksum; the payload of `n` octets follows. */
static void ipv4(struct frame *frame, unsigned protocol, const uint8_t *from, const uint8_t *to,
                 size_t n)
{
	uint8_t header[IPV4] = { 0x45, 0, 0, 0, 0, 1, 0, 0, 64, (uint8_t)protocol };

	set16(header + 2, (unsigned)(IPV4 + n));
	memcpy(header + 12, from, 4);
	memcpy(header + 16, to, 4);
	set16(header + 10, ~sum(header, IPV4, 0) & 0xffff);
	put(frame, header, IPV4);
}

static void probe_arp(struct frame *frame, const uint8_t *mac)
{
	ethernet(frame, broadcast, mac, ETHERTYPE_ARP);
	put(frame, (const uint8_t[]){ 0, 1, 8, 0, 6, 4, 0, 1 }, 8);
	put(frame, mac, 6);
	put(frame, source_ip, 4);
	put(frame, (const uint8_t[6]){ 0 }, 6);
	put(frame, web_ip, 4);
}

static void probe_syn(struct frame *frame, const uint8_t *mac, const uint8_t *web)
{
	uint8_t tcp[20] = { 0xc0, 0x01, 443 >> 8, 443 & 0xff, 0,      0,    0,    1,
		            0,    0,    0,        0,          5 << 4, 0x02, 0xff, 0xff };
	uint8_t pseudo[12] = { 0 };

	memcpy(pseudo, source_ip, 4);
	memcpy(pseudo + 4, web_ip, 4);
	pseudo[9] = IPPROTO_TCP;
	pseudo[11] = sizeof tcp;
	set16(tcp + 16, ~sum(tcp, sizeof tcp, sum(pseudo, sizeof pseudo, 0)) & 0xffff);
	ethernet(frame, web, mac, ETHERTYPE_IPV4);
	ipv4(frame, IPPROTO_TCP, source_ip, web_ip, sizeof tcp);
	put(frame, tcp, sizeof tcp);
}

static void probe_echo(struct frame *frame, const uint8_t *mac, const uint8_t *web)
{
	uint8_t icmp[16] = { 8, 0, 0, 0, 0x50, 0x43, 0, 1, 'p', 'o', 'r', 't', 'c', 'a', 'l', 'l' };

	set16(icmp + 2, ~sum(icmp, sizeof icmp, 0) & 0xffff);
	ethernet(frame, web, mac, ETHERTYPE_IPV4);
	ipv4(frame, IPPROTO_ICMP, source_ip, web_ip, sizeof icmp);
	put(frame, icmp, sizeof icmp);
}

/* RFC 2131: BOOTREQUEST with the broadcast flag; options 53 (discover) and 60. */
static void probe_dhcp(struct frame *frame, const uint8_t *mac)
{
	static const uint8_t options[] = { 99,  130, 83,  99,  53,  1,   1,   60,  11,  'O', 'p',
		                           't', 'i', 'I', 'p', 'P', 'h', 'o', 'n', 'e', 255 };
	static const uint8_t any[4] = { 0 };
	uint8_t message[236] = { 1, 1, 6, 0, 'p', 'c', 'l', 'b', 0, 0, 0x80, 0 };
	size_t n = sizeof message + sizeof options;

	memcpy(message + 28, mac, 6);
	ethernet(frame, broadcast, mac, ETHERTYPE_IPV4);
	ipv4(frame, IPPROTO_UDP, any, broadcast, 8 + n);
	put16(frame, 68);
	put16(frame, 67);
	put16(frame, (unsigned)(8 + n));
	put16(frame, 0); /* RFC 768: no checksum */
	put(frame, message, sizeof message);
	put(frame, options, sizeof options);
}

static bool send_all(struct lab *lab, struct lab_phone *phone)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET };
	uint8_t mac[6], web[6];
	struct frame frames[PROBES];
	int fd, bypass = 1;

	if (!mac_parse(phone->mac, mac) || !mac_parse(LAB_WEB_MAC, web) ||
	    !lab_net_enter(lab, phone->name))
		return false;
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	/* Linux gives an interface its queue a moment after its carrier, and drops frames until then */
	if (fd >= 0)
		setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &bypass, sizeof bypass);
	to.sll_ifindex = (int)if_nametoindex("eth0");
	if (!lab_net_enter(lab, NULL))
		return false;
	probe_arp(&frames[0], mac);
	probe_syn(&frames[1], mac, web);
	probe_echo(&frames[2], mac, web);
	probe_dhcp(&frames[3], mac);
	for (unsigned i = 0; fd >= 0 && i < PROBES; i++)
		if (sendto(fd, frames[i].p, frames[i].n, 0, (struct sockaddr *)&to, sizeof to) ==
		    (ssize_t)frames[i].n)
			phone->probes++;
	if (phone->probes != PROBES)
		lab_fail(lab, "%s cannot send into its port: %s.", phone->name, strerror(errno));
	if (fd >= 0)
		close(fd);
	return phone->probes == PROBES;
}

/* What the switch counted, from its verb `show`. */
static void read_counters(struct lab *lab)
{
	AUTO(json) json_t *request = json_pack("{s:s}", "verb", "show");
	char why[200];
	AUTO(json) json_t *answer = request ? control_call(LAB_SWITCH_CONTROL, request, why) : NULL;
	json_t *port, *ports = json_object_get(answer, "ports");
	size_t i;

	json_array_foreach(ports, i, port) {
		struct lab_phone *phone =
			lab_phone_by_port(lab, json_string_value(json_object_get(port, "name")));
		json_t *counters = json_object_get(port, "counters");

		if (phone)
			phone->dropped = (unsigned)json_integer_value(
				json_object_get(counters, "drop_unauthorized"));
	}
}

static bool all_counted(struct lab *lab)
{
	read_counters(lab);
	for (unsigned i = 0; i < lab->phone_count; i++)
		if (lab->phones[i].dropped < lab->phones[i].probes)
			return false;
	return true;
}

static bool links_up(struct lab *lab)
{
	for (unsigned i = 0; i < lab->phone_count; i++)
		if (!lab->phones[i].link)
			return false;
	return true;
}

static bool links_down(struct lab *lab)
{
	for (unsigned i = 0; i < lab->phone_count; i++)
		if (lab->phones[i].link)
			return false;
	return true;
}

bool lab_probe(struct lab *lab)
{
	double start = lab_now();

	if (!lab_net_links(lab, true) || !lab_wait(lab, links_up, 5000))
		return lab_fail(lab, "the switch saw no link-up within 5 s.");
	for (unsigned i = 0; i < lab->phone_count; i++)
		if (!send_all(lab, &lab->phones[i]))
			return false;
	if (!lab_wait_polling(lab, all_counted, 2000) && *lab->why)
		return false;
	lab_line(lab, start, "lab", LAB_PLAIN, "probe",
	         "ARP, TCP SYN to port 443, ICMP echo and DHCP from each phone's place");
	for (unsigned i = 0; i < lab->phone_count; i++)
		lab_line(lab, lab_now(), "switch", LAB_PLAIN, "port closed",
		         "%s: %u of %u probe frames dropped", lab->phones[i].port,
		         lab->phones[i].dropped, lab->phones[i].probes);
	return lab_net_links(lab, false) &&
	       (lab_wait(lab, links_down, 5000) ||
	        lab_fail(lab, "the switch saw no link-down within 5 s."));
}
