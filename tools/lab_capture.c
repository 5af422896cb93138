/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lab_capture - reads the captures of the switch's ports (libpcap), and makes them where hostapd stands.
 *
 * The reader says of each frame what the proof asks, no more.  A last record that is still being
 * written ends the file.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <pcap/pcap.h>

#include "common/bytes.h"
#include "tools/lab.h"

enum { ETHERTYPE_IPV4 = 0x0800, ETHERTYPE_EAPOL = 0x888e, EAP_SUCCESS = 3, TCP = 6, HTTPS = 443 };

/* RFC 9293 3.1 */
static void read_tcp(struct span segment, struct lab_frame *ret)
{
	struct reader tcp = reader_of(segment);
	unsigned from = read_u16(&tcp), to = read_u16(&tcp);
	size_t header;

	read_bytes(&tcp, 8);
	header = (read_u8(&tcp) >> 4) * 4U;
	if (!reader_ok(&tcp) || header > segment.n)
		return;
	ret->tcp_from_443 = from == HTTPS;
	ret->tcp_to_443 = to == HTTPS;
	ret->tcp_octets = segment.n - header;
}

/* RFC 791 3.1; what follows the total length is padding. */
static void read_ipv4(struct span packet, struct lab_frame *ret)
{
	struct reader ip = reader_of(packet);
	unsigned first = read_u8(&ip), total, protocol;
	size_t header = (first & 15) * 4;

	read_u8(&ip);
	total = read_u16(&ip);
	read_bytes(&ip, 5);
	protocol = read_u8(&ip);
	if (!reader_ok(&ip) || first >> 4 != 4 || protocol != TCP || header < 20 ||
	    total > packet.n || header > total)
		return;
	read_tcp(span(packet.p + header, total - header), ret);
}

/* Ethernet, then EAPOL (802.1X-2004 7.5) or IPv4. */
static bool read_frame(struct span bytes, struct lab_frame *ret)
{
	struct reader frame = reader_of(bytes);
	struct span from;
	unsigned type;

	read_bytes(&frame, 6);
	from = read_bytes(&frame, 6);
	type = read_u16(&frame);
	if (!reader_ok(&frame))
		return false;
	memcpy(ret->from, from.p, 6);
	if (type == ETHERTYPE_EAPOL) {
		ret->eapol = true;
		read_u8(&frame);
		if (read_u8(&frame) ==
		    0) { /* EAP-Packet; then its length, and the code of RFC 3748 4 */
			read_u16(&frame);
			ret->eap_success = read_u8(&frame) == EAP_SUCCESS && reader_ok(&frame);
		}
	} else if (type == ETHERTYPE_IPV4) {
		read_ipv4(read_rest(&frame), ret);
	}
	return true;
}

bool lab_capture_read(const char *port, void (*fn)(void *, const struct lab_frame *), void *ctx)
{
	char path[sizeof LAB_RUN + 64], why[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *header;
	const uint8_t *p;
	pcap_t *in;

	snprintf(path, sizeof path, LAB_RUN "/pcap/%s.pcap", port);
	in = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, why);
	if (!in)
		return false;
	while (pcap_next_ex(in, &header, &p) == 1) {
		struct lab_frame frame = { .t = (double)header->ts.tv_sec +
			                        (double)header->ts.tv_usec / 1e9 };

		if (read_frame(span(p, header->caplen), &frame))
			fn(ctx, &frame);
	}
	pcap_close(in);
	return true;
}

/* --- with hostapd: the lab itself captures the ports ------------------------------------------------ */

struct lab_capture {
	pcap_t *in;
	pcap_dumper_t *out;
	uv_poll_t poll;
};

static void dump(uv_poll_t *poll, int status, int events)
{
	struct lab_capture *capture = poll->data;
	int error;
	socklen_t n = sizeof error;

	(void)events;
	pcap_dispatch(capture->in, -1, pcap_dump, (u_char *)capture->out);
	pcap_dump_flush(capture->out);
	if (status == 0)
		return;
	/* the cable was pulled: the socket says so once, libuv stops; frames come again with the link */
	getsockopt(pcap_get_selectable_fd(capture->in), SOL_SOCKET, SO_ERROR, &error, &n);
	uv_poll_start(poll, UV_READABLE, dump);
}

static struct lab_capture *open_port(struct lab *lab, const char *port)
{
	struct lab_capture *capture = calloc(1, sizeof *capture);
	char path[sizeof LAB_RUN + 64], why[PCAP_ERRBUF_SIZE] = "out of memory";

	snprintf(path, sizeof path, LAB_RUN "/pcap/%s.pcap", port);
	if (capture)
		capture->in = pcap_create(port, why);
	if (!capture || !capture->in || pcap_set_immediate_mode(capture->in, 1) ||
	    pcap_set_snaplen(capture->in, 65535) ||
	    pcap_set_tstamp_precision(capture->in, PCAP_TSTAMP_PRECISION_NANO) ||
	    pcap_activate(capture->in) < 0 || pcap_setnonblock(capture->in, 1, why) < 0 ||
	    !(capture->out = pcap_dump_open(capture->in, path))) {
		lab_fail(lab, "port %s cannot be captured: %s.", port,
		         capture && capture->in ? pcap_geterr(capture->in) : why);
		if (capture && capture->in)
			pcap_close(capture->in);
		free(capture);
		return NULL;
	}
	uv_poll_init(&lab->loop, &capture->poll, pcap_get_selectable_fd(capture->in));
	capture->poll.data = capture;
	uv_poll_start(&capture->poll, UV_READABLE, dump);
	return capture;
}

bool lab_capture_open(struct lab *lab)
{
	bool ok = lab_net_enter(lab, "ports");

	for (unsigned i = 0; ok && i < lab->phone_count; i++) {
		lab->phones[i].capture = open_port(lab, lab->phones[i].port);
		ok = lab->phones[i].capture;
	}
	return lab_net_enter(lab, NULL) && ok;
}

void lab_capture_free(struct lab_capture *capture)
{
	if (!capture)
		return;
	pcap_dump_close(capture->out);
	pcap_close(capture->in);
	free(capture);
}
