/* SPDX-License-Identifier: BSD-3-Clause */
#include "switch/link_packet.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

enum {
	TAG_LEN = 4,
	ADDRESSES_LEN = 12,
	QUEUE_MAX = 256,
	RECEIVE_TRIES = 16,
	BUFFER_OCTETS = 16 << 20, /* of the socket, each way */
	NOBODY = -1,
};

static_assert(sizeof(struct offload) == 10, "struct offload is struct virtio_net_hdr");

struct incoming {
	struct sockaddr_ll from;
	struct iovec parts[2];
	union {
		char octets[CMSG_SPACE(sizeof(struct tpacket_auxdata)) +
		            CMSG_SPACE(sizeof(struct timespec))];
		size_t align;
	} control;
	struct offload offload;
	uint8_t *buf; /* TAG_LEN octets of room, then the frame */
};

struct outgoing {
	struct sockaddr_ll to;
	struct iovec parts[3];
	struct link_frame frame; /* as it is sent, but `p` still has what is stripped */
	size_t strip;
};

struct place {
	int ifindex; /* 0: free */
	int port;
};

struct link_packet {
	int fd;
	void (*sent)(void *ctx, const struct link_frame *frame);
	void *ctx;
	unsigned ports;
	int *ifindex;         /* of each port; 0: none */
	struct place *places; /* hash table: port of an ifindex */
	unsigned place_mask;
	struct incoming in[LINK_BATCH];
	struct mmsghdr in_msgs[LINK_BATCH];
	struct link_frame frames[LINK_BATCH];
	uint8_t *buffers;
	uint8_t *unstripped; /* one frame put together again for `sent` */
	struct outgoing out[QUEUE_MAX];
	struct mmsghdr out_msgs[QUEUE_MAX];
	unsigned queued;
	uint64_t lost;
};

static bool set_option(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) == 0;
}

/*
 * The protocol is set by bind(), after the options: no frame is queued without its virtio header.
 */
static int open_socket(char *ret_why)
{
	struct sockaddr_ll all = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0) {
		snprintf(ret_why, LINK_WHY_LEN, "Cannot open a packet socket: %s%s.",
		         strerror(errno), errno == EPERM ? "; run portcall-switch as root" : "");
		return -1;
	}
	if (!set_option(fd, SOL_PACKET, PACKET_VNET_HDR, 1) ||
	    !set_option(fd, SOL_PACKET, PACKET_AUXDATA, 1) ||
	    !set_option(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1) ||
	    !set_option(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1) ||
	    bind(fd, (const struct sockaddr *)&all, sizeof(all)) < 0) {
		snprintf(ret_why, LINK_WHY_LEN, "Cannot set up the packet socket: %s.",
		         strerror(errno));
		close(fd);
		return -1;
	}
	/* Without the privilege for it the buffers stay at the system's limit. */
	if (!set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_OCTETS))
		set_option(fd, SOL_SOCKET, SO_RCVBUF, BUFFER_OCTETS);
	if (!set_option(fd, SOL_SOCKET, SO_SNDBUFFORCE, BUFFER_OCTETS))
		set_option(fd, SOL_SOCKET, SO_SNDBUF, BUFFER_OCTETS);
	return fd;
}

static void prepare_batch(struct link_packet *link)
{
	for (size_t i = 0; i < LINK_BATCH; i++) {
		struct incoming *in = &link->in[i];

		in->buf = link->buffers + i * (TAG_LEN + LINK_FRAME_MAX);
		in->parts[0].iov_base = &in->offload;
		in->parts[0].iov_len = sizeof(in->offload);
		in->parts[1].iov_base = in->buf + TAG_LEN;
		in->parts[1].iov_len = LINK_FRAME_MAX;
	}
}

struct link_packet *link_packet_open(unsigned ports,
                                     void (*sent)(void *ctx, const struct link_frame *frame),
                                     void *ctx, char ret_why[static LINK_WHY_LEN])
{
	struct link_packet *link = calloc(1, sizeof(*link));
	unsigned places = 16;

	if (!link) {
		snprintf(ret_why, LINK_WHY_LEN, "Out of memory.");
		return NULL;
	}
	while (places < 2 * ports)
		places *= 2;
	link->sent = sent;
	link->ctx = ctx;
	link->ports = ports;
	link->place_mask = places - 1;
	link->places = calloc(places, sizeof(*link->places));
	link->ifindex = calloc(ports ? ports : 1, sizeof(*link->ifindex));
	link->buffers = malloc((size_t)LINK_BATCH * (TAG_LEN + LINK_FRAME_MAX));
	link->unstripped = malloc(LINK_FRAME_MAX + TAG_LEN);
	link->fd = -1;
	if (!link->places || !link->ifindex || !link->buffers || !link->unstripped)
		snprintf(ret_why, LINK_WHY_LEN, "Out of memory.");
	else
		link->fd = open_socket(ret_why);
	if (link->fd < 0) {
		link_packet_close(link);
		return NULL;
	}
	prepare_batch(link);
	return link;
}

void link_packet_close(struct link_packet *link)
{
	if (!link)
		return;
	if (link->fd >= 0)
		close(link->fd);
	free(link->places);
	free(link->ifindex);
	free(link->buffers);
	free(link->unstripped);
	free(link);
}

int link_packet_fd(const struct link_packet *link)
{
	return link->fd;
}

static struct place *place_of(const struct link_packet *link, int ifindex)
{
	unsigned i = (unsigned)ifindex * 2654435761u & link->place_mask;

	while (link->places[i].ifindex && link->places[i].ifindex != ifindex)
		i = (i + 1) & link->place_mask;
	return &link->places[i];
}

static void promiscuous(int fd, int option, int ifindex)
{
	struct packet_mreq request = { .mr_ifindex = ifindex, .mr_type = PACKET_MR_PROMISC };

	/* Fails only when the interface has just gone, which is reported by other means. */
	(void)setsockopt(fd, SOL_PACKET, option, &request, sizeof(request));
}

void link_packet_bind(struct link_packet *link, unsigned port, int ifindex)
{
	assert(port < link->ports);
	if (link->ifindex[port] == ifindex)
		return;
	if (link->ifindex[port])
		promiscuous(link->fd, PACKET_DROP_MEMBERSHIP, link->ifindex[port]);
	if (ifindex)
		promiscuous(link->fd, PACKET_ADD_MEMBERSHIP, ifindex);
	link->ifindex[port] = ifindex;
	memset(link->places, 0, (link->place_mask + 1) * sizeof(*link->places));
	for (unsigned i = 0; i < link->ports; i++) {
		if (link->ifindex[i])
			*place_of(link, link->ifindex[i]) =
				(struct place){ .ifindex = link->ifindex[i], .port = (int)i };
	}
}

static int port_of(const struct link_packet *link, const struct sockaddr_ll *from)
{
	const struct place *place = place_of(link, from->sll_ifindex);

	return from->sll_ifindex && place->ifindex == from->sll_ifindex ? place->port : NOBODY;
}

/* The kernel took the outer tag off: put it back between the addresses and the type. */
static void put_tag_back(struct link_frame *frame, uint8_t *buf, const struct tpacket_auxdata *aux)
{
	uint16_t tpid = aux->tp_status & TP_STATUS_VLAN_TPID_VALID ? aux->tp_vlan_tpid
	                                                           : (uint16_t)ETH_P_8021Q;

	memmove(buf, buf + TAG_LEN, ADDRESSES_LEN);
	buf[ADDRESSES_LEN] = (uint8_t)(tpid >> 8);
	buf[ADDRESSES_LEN + 1] = (uint8_t)tpid;
	buf[ADDRESSES_LEN + 2] = (uint8_t)(aux->tp_vlan_tci >> 8);
	buf[ADDRESSES_LEN + 3] = (uint8_t)aux->tp_vlan_tci;
	frame->p = buf;
	frame->n += TAG_LEN;
	offload_move(&frame->offload, TAG_LEN);
}

/* false: nobody's frame. */
static bool take(const struct link_packet *link, struct incoming *in, struct mmsghdr *msg,
                 struct link_frame *ret_frame)
{
	struct link_frame frame = { .offload = in->offload };
	int port = port_of(link, &in->from);

	if (port == NOBODY || msg->msg_hdr.msg_flags & MSG_TRUNC ||
	    msg->msg_len <= sizeof(in->offload))
		return false;
	frame.port = (unsigned)port;
	frame.p = in->buf + TAG_LEN;
	frame.n = msg->msg_len - sizeof(in->offload);
	/* Only what the sender left undone matters from here on. */
	frame.offload.flags &= OFFLOAD_NEEDS_CHECKSUM;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg->msg_hdr); c;
	     c = CMSG_NXTHDR(&msg->msg_hdr, c)) {
		struct tpacket_auxdata aux;

		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
			memcpy(&frame.at, CMSG_DATA(c), sizeof(frame.at));
		} else if (c->cmsg_level == SOL_PACKET && c->cmsg_type == PACKET_AUXDATA) {
			memcpy(&aux, CMSG_DATA(c), sizeof(aux));
			if (aux.tp_status & TP_STATUS_VLAN_VALID && frame.n >= ADDRESSES_LEN)
				put_tag_back(&frame, in->buf, &aux);
		}
	}
	if (frame.at.tv_sec == 0)
		clock_gettime(CLOCK_REALTIME, &frame.at);
	*ret_frame = frame;
	return true;
}

size_t link_packet_receive(struct link_packet *link, const struct link_frame **ret_frames)
{
	assert(link->queued == 0);
	for (int tries = 0; tries < RECEIVE_TRIES; tries++) {
		size_t taken = 0;
		int count;

		for (size_t i = 0; i < LINK_BATCH; i++) {
			link->in_msgs[i].msg_hdr = (struct msghdr){
				.msg_name = &link->in[i].from,
				.msg_namelen = sizeof(link->in[i].from),
				.msg_iov = link->in[i].parts,
				.msg_iovlen = 2,
				.msg_control = &link->in[i].control,
				.msg_controllen = sizeof(link->in[i].control),
			};
		}
		/* An error such as ENETDOWN is told once, for one interface; the others go on. */
		count = recvmmsg(link->fd, link->in_msgs, LINK_BATCH, MSG_DONTWAIT, NULL);
		if (count < 0 && errno == EAGAIN)
			return 0;
		for (int i = 0; i < count; i++)
			taken += take(link, &link->in[i], &link->in_msgs[i], &link->frames[taken]);
		*ret_frames = link->frames;
		if (taken)
			return taken;
	}
	return 0;
}

uint64_t link_packet_lost(struct link_packet *link)
{
	struct tpacket_stats since; /* the last time that it was asked */
	socklen_t length = sizeof(since);

	if (getsockopt(link->fd, SOL_PACKET, PACKET_STATISTICS, &since, &length) == 0)
		link->lost += since.tp_drops;
	return link->lost;
}

static void tell_sent(struct link_packet *link, const struct outgoing *out,
                      const struct timespec *now)
{
	struct link_frame frame = out->frame;

	if (out->strip) {
		memcpy(link->unstripped, frame.p, ADDRESSES_LEN);
		memcpy(link->unstripped + ADDRESSES_LEN, frame.p + ADDRESSES_LEN + out->strip,
		       frame.n - ADDRESSES_LEN);
		frame.p = link->unstripped;
	}
	frame.at = *now;
	link->sent(link->ctx, &frame);
}

/* What cannot be sent now (no room, link down, interface gone, over the MTU) is lost, as on a switch. */
void link_packet_flush(struct link_packet *link)
{
	for (unsigned at = 0; at < link->queued;) {
		int count =
			sendmmsg(link->fd, link->out_msgs + at, link->queued - at, MSG_DONTWAIT);
		struct timespec now;

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0) {
			at++;
			continue;
		}
		clock_gettime(CLOCK_REALTIME, &now);
		for (int i = 0; i < count; i++)
			tell_sent(link, &link->out[at + (unsigned)i], &now);
		at += (unsigned)count;
	}
	link->queued = 0;
}

/* sendmsg() reads through iov_base, which is not const for recvmsg()'s sake. */
static struct iovec part(const void *p, size_t n)
{
	union {
		const void *in;
		void *out;
	} base = { .in = p };

	return (struct iovec){ .iov_base = base.out, .iov_len = n };
}

void link_packet_forward(struct link_packet *link, unsigned port, const struct link_frame *frame,
                         size_t strip)
{
	assert(port < link->ports && (strip == 0 || frame->n >= ADDRESSES_LEN + strip));
	if (link->ifindex[port] == 0)
		return;
	if (link->queued == QUEUE_MAX)
		link_packet_flush(link);

	unsigned i = link->queued++;
	struct outgoing *out = &link->out[i];
	size_t head = strip ? ADDRESSES_LEN : frame->n;

	out->to =
		(struct sockaddr_ll){ .sll_family = AF_PACKET, .sll_ifindex = link->ifindex[port] };
	out->frame = *frame;
	out->frame.port = port;
	out->frame.n -= strip;
	out->strip = strip;
	if (strip)
		offload_move(&out->frame.offload, -(int)strip);
	out->parts[0] = part(&out->frame.offload, sizeof(out->frame.offload));
	out->parts[1] = part(frame->p, head);
	out->parts[2] = part(frame->p + head + strip, frame->n - head - strip);
	link->out_msgs[i].msg_hdr = (struct msghdr){
		.msg_name = &out->to,
		.msg_namelen = sizeof(out->to),
		.msg_iov = out->parts,
		.msg_iovlen = strip ? 3 : 2,
	};
}

void link_packet_send(struct link_packet *link, unsigned port, struct span frame)
{
	struct link_frame whole = { .port = port, .p = frame.p, .n = frame.n };

	link_packet_forward(link, port, &whole, 0);
	link_packet_flush(link);
}
