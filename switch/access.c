/* SPDX-License-Identifier: BSD-3-Clause */
#include "switch/access.h"

#include <string.h>

enum {
	SERVICE_TYPE_FRAMED = 2,
	NAS_PORT_TYPE_ETHERNET = 15,
	TUNNEL_TYPE_VLAN = 13, /* RFC 3580 3.31 */
	TUNNEL_MEDIUM_TYPE_802 = 6,
	TUNNEL_TAG_MAX = 0x1f, /* RFC 2868 3.1; greater: not a tag */
	TERMINATION_ACTION_RADIUS = 1,
	VLAN_MAX = 4094,
};

/* --- request --------------------------------------------------------------------------------- */

static void put_nas(struct writer *w, const struct port_config *config)
{
	if (config->nas_identifier)
		radius_put_text(w, RADIUS_NAS_IDENTIFIER, config->nas_identifier);
	if (config->nas_ip_n == 4)
		radius_put(w, RADIUS_NAS_IP_ADDRESS, span(config->nas_ip, 4));
	else if (config->nas_ip_n == 16)
		radius_put(w, RADIUS_NAS_IPV6_ADDRESS, span(config->nas_ip, 16));
	radius_put_u32(w, RADIUS_NAS_PORT, config->number);
	radius_put_text(w, RADIUS_NAS_PORT_ID, config->name);
	radius_put_u32(w, RADIUS_NAS_PORT_TYPE, NAS_PORT_TYPE_ETHERNET);
}

enum portcall_err access_request_write(const struct access_request *request, uint8_t *buf,
                                       size_t max, size_t *ret_n)
{
	struct writer w = writer_to(buf, max);
	char station[MAC_TEXT_LEN];

	mac_hyphens(request->supplicant, station);
	/*
	 * RFC 3579 2.1: User-Name is the Identity; one that does not fit is replaced by the
	 * station's id
	 */
	if (request->identity.n > 0 && request->identity.n <= RADIUS_MAX_VALUE)
		radius_put(&w, RADIUS_USER_NAME, request->identity);
	else
		radius_put_text(&w, RADIUS_USER_NAME, station);
	put_nas(&w, request->config);
	radius_put_u32(&w, RADIUS_SERVICE_TYPE, SERVICE_TYPE_FRAMED);
	radius_put_u32(&w, RADIUS_FRAMED_MTU, ACCESS_FRAMED_MTU);
	radius_put_text(&w, RADIUS_CALLING_STATION_ID, station);
	radius_put_text(&w, RADIUS_CALLED_STATION_ID, mac_hyphens(request->config->mac, station));
	radius_put_text(&w, RADIUS_CONNECT_INFO, "802.1X Ethernet");
	radius_put_text(&w, RADIUS_ACCT_SESSION_ID, request->session);
	radius_put_eap(&w, request->eap);
	if (request->state.n > 0)
		radius_put(&w, RADIUS_STATE, request->state);
	if (!writer_ok(&w))
		return PORTCALL_ERR_LIMIT;
	*ret_n = w.n;
	return PORTCALL_OK;
}

void access_printable(struct span text, char *buf, size_t max)
{
	size_t n = text.n < max - 1 ? text.n : max - 1;

	for (size_t i = 0; i < n; i++)
		buf[i] = (char)(text.p[i] >= ' ' && text.p[i] <= '~' ? text.p[i] : '?');
	buf[n] = '\0';
}

/* --- VLAN of an Access-Accept ---------------------------------------------------------------- */

/* One tunnel: the attributes that share a tag (RFC 2868 3.1). */
struct tunnel {
	bool has_type, has_medium, has_group;
	uint32_t type, medium;
	struct span group;
};

/* Tagged 32-bit value: tag octet and 24 bits; a tag octet over 0x1f counts as 0. */
static bool read_tagged(struct span value, uint8_t *ret_tag, uint32_t *ret_value)
{
	struct reader r = reader_of(value);
	uint32_t v = read_u32(&r);

	if (!reader_done(&r))
		return false;
	*ret_tag = (uint8_t)(v >> 24) > TUNNEL_TAG_MAX ? 0 : (uint8_t)(v >> 24);
	*ret_value = v & 0xffffff;
	return true;
}

/* Tagged string: a first octet over 0x1f belongs to the string (RFC 2868 3.6). */
static bool read_group(struct span value, uint8_t *ret_tag, struct span *ret_group)
{
	struct reader r = reader_of(value);
	bool tagged = value.n > 0 && value.p[0] <= TUNNEL_TAG_MAX;
	uint8_t tag = tagged ? read_u8(&r) : 0;

	*ret_tag = tag;
	*ret_group = read_rest(&r);
	return ret_group->n > 0;
}

/* false: an attribute is malformed or stands twice for one tag. */
static bool collect(const struct radius_packet *accept, struct tunnel tunnels[TUNNEL_TAG_MAX + 1])
{
	struct reader r = reader_of(accept->attributes);
	struct radius_attribute a;

	while (radius_next(&r, &a)) {
		uint8_t tag;
		uint32_t value;
		struct span group;

		if (a.type == RADIUS_TUNNEL_TYPE) {
			if (!read_tagged(a.value, &tag, &value) || tunnels[tag].has_type)
				return false;
			tunnels[tag].has_type = true;
			tunnels[tag].type = value;
		} else if (a.type == RADIUS_TUNNEL_MEDIUM_TYPE) {
			if (!read_tagged(a.value, &tag, &value) || tunnels[tag].has_medium)
				return false;
			tunnels[tag].has_medium = true;
			tunnels[tag].medium = value;
		} else if (a.type == RADIUS_TUNNEL_PRIVATE_GROUP_ID) {
			if (!read_group(a.value, &tag, &group) || tunnels[tag].has_group)
				return false;
			tunnels[tag].has_group = true;
			tunnels[tag].group = group;
		}
	}
	return true;
}

static bool all_digits(struct span text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
	}
	return text.n > 0;
}

/* 0: not a number of 1 to 4094. */
static uint16_t vlan_number(struct span digits)
{
	unsigned long id = 0;

	for (size_t i = 0; i < digits.n && id <= VLAN_MAX; i++)
		id = id * 10 + (unsigned long)(digits.p[i] - '0');
	return id <= VLAN_MAX ? (uint16_t)id : 0;
}

static enum portcall_reason find_vlan(struct span group, const struct port_vlan *vlans,
                                      size_t vlan_n, uint16_t *ret_vlan)
{
	uint16_t id = 0;

	if (all_digits(group)) {
		id = vlan_number(group);
		if (id == 0)
			return PORTCALL_REASON_PORT_VLAN_MALFORMED;
	}
	for (size_t i = 0; i < vlan_n; i++) {
		if (id ? vlans[i].id == id : span_equal(group, span_of_string(vlans[i].name))) {
			*ret_vlan = vlans[i].id;
			return PORTCALL_REASON_PORT_AUTHENTICATED;
		}
	}
	return PORTCALL_REASON_PORT_VLAN_UNKNOWN;
}

/* The one tunnel of type VLAN; PORT_AUTHENTICATED: `ret_group` is its group id. */
static enum portcall_reason find_group(const struct radius_packet *accept, struct span *ret_group,
                                       const char **ret_what)
{
	struct tunnel tunnels[TUNNEL_TAG_MAX + 1] = { 0 };
	struct tunnel *found = NULL;

	*ret_what = "A tunnel attribute has a wrong length, is empty or stands twice.";
	if (!collect(accept, tunnels))
		return PORTCALL_REASON_PORT_VLAN_MALFORMED;
	for (size_t tag = 0; tag <= TUNNEL_TAG_MAX; tag++) {
		struct tunnel *t = &tunnels[tag];

		if (!t->has_type && !t->has_medium && !t->has_group)
			continue;
		if (t->has_type && t->type != TUNNEL_TYPE_VLAN)
			continue; /* a tunnel of another kind */
		*ret_what = "Tunnel-Type, Tunnel-Medium-Type or Tunnel-Private-Group-Id is absent.";
		if (!t->has_type || !t->has_medium || !t->has_group)
			return PORTCALL_REASON_PORT_VLAN_MALFORMED;
		*ret_what = "Tunnel-Medium-Type is not IEEE-802.";
		if (t->medium != TUNNEL_MEDIUM_TYPE_802)
			return PORTCALL_REASON_PORT_VLAN_MALFORMED;
		*ret_what = "More than one VLAN is named.";
		if (found)
			return PORTCALL_REASON_PORT_VLAN_MALFORMED;
		found = t;
	}
	*ret_what = "";
	if (!found)
		return PORTCALL_REASON_PORT_VLAN_MISSING;
	*ret_group = found->group;
	return PORTCALL_REASON_PORT_AUTHENTICATED;
}

/* false: present with a wrong length, which makes an Accept no Accept (RFC 2865 5). */
static bool read_optional_u32(const struct radius_packet *accept, uint8_t type, uint32_t *ret_value)
{
	struct span value;

	return !radius_find(accept, type, &value) || radius_find_u32(accept, type, ret_value);
}

enum portcall_reason access_grant_read(const struct radius_packet *accept,
                                       const struct port_vlan *vlans, size_t vlan_n,
                                       struct access_grant *ret_grant,
                                       char ret_detail[static PORT_MAX_DETAIL + 1])
{
	struct access_grant grant = { 0 };
	struct span group;
	const char *what;
	uint32_t action = 0, service = SERVICE_TYPE_FRAMED;
	enum portcall_reason reason = find_group(accept, &group, &what);

	if (reason != PORTCALL_REASON_PORT_AUTHENTICATED) {
		access_printable(span_of_string(what), ret_detail, PORT_MAX_DETAIL + 1);
		return reason;
	}
	reason = find_vlan(group, vlans, vlan_n, &grant.vlan);
	if (reason != PORTCALL_REASON_PORT_AUTHENTICATED) {
		access_printable(group, ret_detail, PORT_MAX_DETAIL + 1);
		return reason;
	}
	what = NULL;
	if (!read_optional_u32(accept, RADIUS_SERVICE_TYPE, &service) ||
	    service != SERVICE_TYPE_FRAMED) /* RFC 2865 5.6: as though it were a Reject */
		what = "Service-Type is not Framed.";
	else if (!read_optional_u32(accept, RADIUS_SESSION_TIMEOUT, &grant.session_timeout) ||
	         !read_optional_u32(accept, RADIUS_TERMINATION_ACTION, &action))
		what = "Session-Timeout or Termination-Action has a wrong length.";
	if (what) {
		access_printable(span_of_string(what), ret_detail, PORT_MAX_DETAIL + 1);
		return PORTCALL_REASON_PORT_RADIUS_MALFORMED;
	}
	grant.reauthenticate = action == TERMINATION_ACTION_RADIUS;
	*ret_grant = grant;
	return reason;
}
