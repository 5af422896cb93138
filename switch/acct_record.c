/* SPDX-License-Identifier: BSD-3-Clause */
#include "switch/acct_record.h"

#include <assert.h>
#include <string.h>

#include "switch/access.h"

enum {
	NAS_PORT_TYPE_ETHERNET = 15,
	AUTHENTIC_RADIUS = 1,
	TUNNEL_TYPE_VLAN = 13,
	TUNNEL_MEDIUM_TYPE_802 = 6,
};

static void copy_text(char *to, size_t max, const char *text)
{
	access_printable(span_of_string(text), to, max);
}

void acct_counted_set(struct acct_counted *counted, const struct acct_session *session)
{
	struct acct_counted *c = counted;

	copy_text(c->id, sizeof(c->id), session->id);
	copy_text(c->user, sizeof(c->user), session->user);
	copy_text(c->port_id, sizeof(c->port_id), session->port_id);
	memcpy(c->mac, session->mac, MAC_LEN);
	c->vlan = session->vlan;
	c->class_n = session->class_attributes.n <= sizeof(c->class_attributes)
	                     ? session->class_attributes.n
	                     : 0;
	if (c->class_n > 0)
		memcpy(c->class_attributes, session->class_attributes.p, c->class_n);
}

/* RFC 3580 3.31: the VLAN in use, untagged tunnel attributes. */
static void put_vlan(struct writer *w, uint16_t vlan)
{
	char digits[5];
	size_t n = sizeof(digits) - 1;

	if (vlan == 0)
		return;
	digits[n] = '\0';
	for (unsigned left = vlan; left > 0; left /= 10)
		digits[--n] = (char)('0' + left % 10);
	radius_put_u32(w, RADIUS_TUNNEL_TYPE, TUNNEL_TYPE_VLAN);
	radius_put_u32(w, RADIUS_TUNNEL_MEDIUM_TYPE, TUNNEL_MEDIUM_TYPE_802);
	radius_put_text(w, RADIUS_TUNNEL_PRIVATE_GROUP_ID, digits + n);
}

/* RFC 2869 5.1, 5.2: 64 bits in two attributes. */
static void put_octets(struct writer *w, uint8_t octets, uint8_t gigawords, uint64_t value)
{
	radius_put_u32(w, octets, (uint32_t)value);
	if (value >> 32)
		radius_put_u32(w, gigawords, (uint32_t)(value >> 32));
}

static void put_usage(struct writer *w, const struct acct_counted *s,
                      const struct acct_report *report)
{
	const struct acct_counters *c = &report->counters, *base = &s->base;

	radius_put_u32(w, RADIUS_ACCT_SESSION_TIME, (uint32_t)((report->now - s->began) / 1000));
	put_octets(w, RADIUS_ACCT_INPUT_OCTETS, RADIUS_ACCT_INPUT_GIGAWORDS,
	           c->in_octets - base->in_octets);
	put_octets(w, RADIUS_ACCT_OUTPUT_OCTETS, RADIUS_ACCT_OUTPUT_GIGAWORDS,
	           c->out_octets - base->out_octets);
	radius_put_u32(w, RADIUS_ACCT_INPUT_PACKETS, (uint32_t)(c->in_packets - base->in_packets));
	radius_put_u32(w, RADIUS_ACCT_OUTPUT_PACKETS,
	               (uint32_t)(c->out_packets - base->out_packets));
}

size_t acct_record_write(const struct acct_config *config, const struct acct_counted *session,
                         unsigned port, enum acct_status_type type,
                         const struct acct_report *report, uint8_t buf[static ACCT_MAX_ATTRIBUTES])
{
	struct writer w = writer_to(buf, ACCT_MAX_ATTRIBUTES);
	char station[MAC_TEXT_LEN];

	radius_put_u32(&w, RADIUS_ACCT_STATUS_TYPE, (uint32_t)type);
	radius_put_text(&w, RADIUS_ACCT_SESSION_ID, session->id);
	radius_put_u32(&w, RADIUS_EVENT_TIMESTAMP, (uint32_t)report->wall);
	radius_put_text(&w, RADIUS_USER_NAME, session->user);
	if (config->nas_identifier)
		radius_put_text(&w, RADIUS_NAS_IDENTIFIER, config->nas_identifier);
	if (config->nas_ip_n == 4)
		radius_put(&w, RADIUS_NAS_IP_ADDRESS, span(config->nas_ip, 4));
	else if (config->nas_ip_n == 16)
		radius_put(&w, RADIUS_NAS_IPV6_ADDRESS, span(config->nas_ip, 16));
	radius_put_u32(&w, RADIUS_NAS_PORT, port + 1);
	radius_put_text(&w, RADIUS_NAS_PORT_ID, session->port_id);
	radius_put_u32(&w, RADIUS_NAS_PORT_TYPE, NAS_PORT_TYPE_ETHERNET);
	radius_put_text(&w, RADIUS_CALLING_STATION_ID, mac_hyphens(session->mac, station));
	radius_put_text(&w, RADIUS_CALLED_STATION_ID, mac_hyphens(config->mac, station));
	radius_put_u32(&w, RADIUS_ACCT_AUTHENTIC, AUTHENTIC_RADIUS);
	put_vlan(&w, session->vlan);
	write_bytes(&w, span(session->class_attributes, session->class_n));
	if (type != ACCT_START)
		put_usage(&w, session, report);
	if (type == ACCT_STOP)
		radius_put_u32(&w, RADIUS_ACCT_TERMINATE_CAUSE, (uint32_t)report->cause);
	assert(writer_ok(&w)); /* all parts have their bounds */
	return w.n;
}
