/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reply - a verdict becomes a reply list and a log line.
 *
 * A reject of ours replaces the whole list: rlm_eap has put EAP-Success and keys there already when
 * post-auth decides.  The EAP-Failure is made here, since rlm_eap has forgotten the session by then.
 */
#include "radius-module/module.h"

enum { EAP_FAILURE = 4, LINE_LEN = 2048 };

/* --- the log line ------------------------------------------------------------------------------- */

struct line {
	char text[LINE_LEN];
	size_t n;
};

/* " key=value", quoted where needed; what a peer wrote is escaped.  Empty values are left out. */
static void line_add(struct line *line, char const *key, char const *value)
{
	static char const plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "-_.:/@+,";

	if (!*value || line->n + strlen(key) + 8 > sizeof(line->text))
		return;

	bool quote = strspn(value, plain) != strlen(value);
	char *end = line->text + sizeof(line->text) - 8; /* room for an escape and the end */
	char *p = line->text + line->n;

	p += sprintf(p, "%s%s=%s", line->n ? " " : "", key, quote ? "\"" : "");
	for (; *value && p < end; value++) {
		unsigned char c = (unsigned char)*value;

		if (c < 0x20 || c == 0x7f)
			p += sprintf(p, "\\x%02x", c);
		else if (c == '"' || c == '\\')
			p += sprintf(p, "\\%c", c);
		else
			*p++ = (char)c;
	}
	if (quote)
		*p++ = '"';
	*p = '\0';
	line->n = (size_t)(p - line->text);
}

void reply_log(rlm_portcall_t const *inst, REQUEST *request, struct facts const *facts,
               struct verdict const *verdict, char const *detail)
{
	struct line line = { .n = 0 };
	char mac[MAC_TEXT_LEN], seconds[12] = "", port[12] = "";
	char const *nas = *facts->request.nas_identifier ? facts->request.nas_identifier
	                                                 : facts->request.nas_address;

	if (facts->request.port_known)
		snprintf(port, sizeof(port), "%u", facts->request.port);

	if (verdict->session_timeout)
		snprintf(seconds, sizeof(seconds), "%u", verdict->session_timeout);
	line_add(&line, "verdict", verdict_kind_name(verdict->kind));
	line_add(&line, "monitor", verdict->monitored ? "would-reject" : "");
	line_add(&line, "reason", portcall_reason_code(verdict->reason));
	line_add(&line, "mac",
	         facts->request.mac_known ? mac_colons(facts->mac, mac) : facts->station);
	line_add(&line, "device", facts->device ? facts->device->name : "");
	line_add(&line, "vlan", verdict->vlan);
	line_add(&line, "session_timeout", seconds);
	line_add(&line, "tls", facts->tls);
	line_add(&line, "resumed", facts->resumed ? "yes" : "");
	line_add(&line, "session", facts->session);
	line_add(&line, "nas", nas);
	line_add(&line, "port", port);
	line_add(&line, "text", portcall_reason_text(verdict->reason));
	line_add(&line, "hint", portcall_reason_hint(verdict->reason));
	line_add(&line, "detail", detail);
	radlog_request(L_AUTH, L_DBG_LVL_OFF, request, "%s", line.text);
	state_verdict(inst->state, verdict, facts->request.mac_known ? facts->mac : NULL, nas,
	              facts->session, time(NULL));
}

/* --- the reply ---------------------------------------------------------------------------------- */

/* Replaces the attribute in the reply; `text` is taken as it is, without escapes. */
static void reply_string(REQUEST *request, char const *attribute, char const *text)
{
	VALUE_PAIR *vp = pair_make_reply(attribute, NULL, T_OP_SET);

	if (vp)
		fr_pair_value_strcpy(vp, text);
}

void reply_reason(REQUEST *request, struct facts const *facts, enum portcall_reason reason)
{
	reply_string(request, "Portcall-Reason", portcall_reason_code(reason));
	if (*facts->session)
		reply_string(request, "Portcall-Session", facts->session);
	/* the codec computes the value; without it a reply can be forged (CVE-2024-3596) */
	if (!fr_pair_find_by_num(request->reply->vps, PW_MESSAGE_AUTHENTICATOR, 0, TAG_ANY))
		pair_make_reply("Message-Authenticator", "0x00", T_OP_SET);
}

/* EAP-Failure with the identifier of the response that it answers (RFC 3748 4.2). */
static void reply_eap_failure(REQUEST *request)
{
	VALUE_PAIR *in = facts_pair(request, PW_EAP_MESSAGE);
	VALUE_PAIR *out = pair_make_reply("EAP-Message", NULL, T_OP_SET);
	uint8_t failure[4] = { EAP_FAILURE, 0, 0, sizeof(failure) };

	if (!out)
		return;
	if (in->vp_length > 1)
		failure[1] = in->vp_octets[1];
	fr_pair_value_memcpy(out, failure, sizeof(failure));
}

/* RFC 4675 2.1 and 2.3: tagged; an id is a number, else it is a name. */
static void reply_egress(REQUEST *request, char const *vlan)
{
	bool id = strspn(vlan, "0123456789") == strlen(vlan);
	VALUE_PAIR *vp = pair_make_reply(id ? "Egress-VLANID" : "Egress-VLAN-Name", NULL, T_OP_SET);
	char name[40];

	if (!vp)
		return;
	if (id) {
		vp->vp_integer = 0x31000000u | (uint32_t)strtoul(vlan, NULL, 10);
	} else {
		snprintf(name, sizeof(name), "1%s", vlan);
		fr_pair_value_strcpy(vp, name);
	}
}

/* What tells the switch that the VLAN is for voice. */
static void reply_voice(rlm_portcall_t const *inst, REQUEST *request, char const *vlan)
{
	switch (inst->profile) {
	case PROFILE_NONE:
		break;
	case PROFILE_CISCO:
		pair_make_reply("Cisco-AVPair", "device-traffic-class=voice", T_OP_ADD);
		break;
	case PROFILE_RFC4675:
		reply_egress(request, vlan);
		break;
	case PROFILE_JUNIPER:
		reply_string(request, "Juniper-VoIP-Vlan", vlan);
		break;
	}
}

void reply_accept(rlm_portcall_t const *inst, REQUEST *request, struct verdict const *verdict)
{
	/* a port's own VLAN stays with the profiles that name the voice VLAN apart */
	bool apart = verdict->kind == VERDICT_ACCEPT &&
	             (inst->profile == PROFILE_RFC4675 || inst->profile == PROFILE_JUNIPER);

	if (*verdict->vlan && !apart) {
		pair_make_reply("Tunnel-Type", "VLAN", T_OP_SET); /* RFC 3580 3.31 */
		pair_make_reply("Tunnel-Medium-Type", "IEEE-802", T_OP_SET);
		reply_string(request, "Tunnel-Private-Group-Id", verdict->vlan);
	}
	if (verdict->session_timeout) {
		VALUE_PAIR *vp = pair_make_reply("Session-Timeout", NULL, T_OP_SET);

		if (vp)
			vp->vp_integer = verdict->session_timeout;
		pair_make_reply("Termination-Action", "RADIUS-Request", T_OP_SET);
	}
	if (*verdict->vlan && verdict->kind == VERDICT_ACCEPT)
		reply_voice(inst, request, verdict->vlan);
}

void reply_reject(REQUEST *request, struct facts const *facts, enum portcall_reason reason)
{
	fr_pair_list_free(&request->reply->vps);
	if (facts->eap)
		reply_eap_failure(request);
	else /* RFC 3579 2.6.5: never beside an EAP-Message */
		reply_string(request, "Reply-Message", portcall_reason_text(reason));
	reply_reason(request, facts, reason);
}
