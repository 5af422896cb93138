/* SPDX-License-Identifier: GPL-2.0-or-later */
/* facts - what a request says, for the verdict. */
#include "radius-module/module.h"

enum { EAP_TYPE_TLS = 13, SERVICE_CALL_CHECK = 10 };

char const *facts_string(VALUE_PAIR const *vp)
{
	return vp ? vp->vp_strvalue : "";
}

VALUE_PAIR *facts_pair(REQUEST *request, unsigned int attribute)
{
	return fr_pair_find_by_num(request->packet->vps, attribute, 0, TAG_ANY);
}

/* The switch asks for a device without 802.1X: Call-Check, or its MAC address as the name. */
static bool is_mab(REQUEST *request, uint8_t const *mac)
{
	VALUE_PAIR *service = facts_pair(request, PW_SERVICE_TYPE);
	VALUE_PAIR *name = facts_pair(request, PW_USER_NAME);
	uint8_t named[MAC_LEN];

	if (service && service->vp_integer == SERVICE_CALL_CHECK)
		return true;
	return name && mac_parse(name->vp_strvalue, named) && mac_equal(named, mac);
}

static enum verdict_method method_of(REQUEST *request, struct facts const *facts)
{
	if (!facts_pair(request, PW_EAP_MESSAGE))
		return facts->request.mac_known && is_mab(request, facts->mac)
		               ? VERDICT_METHOD_MAB
		               : VERDICT_METHOD_NONE;

	VALUE_PAIR *type = facts_pair(request, PW_EAP_TYPE);

	if (!type) /* a resumed session has it there */
		type = fr_pair_find_by_num(request->config, PW_EAP_TYPE, 0, TAG_ANY);
	return type && type->vp_integer > 4 && type->vp_integer != EAP_TYPE_TLS
	               ? VERDICT_METHOD_OTHER_EAP
	               : VERDICT_METHOD_EAP_TLS;
}

/* NAS-IP-Address or NAS-IPv6-Address, or else where the request came from. */
static void nas_gather(struct facts *facts, REQUEST *request)
{
	VALUE_PAIR *v4 = facts_pair(request, PW_NAS_IP_ADDRESS);
	VALUE_PAIR *v6 = facts_pair(request, PW_NAS_IPV6_ADDRESS);
	VALUE_PAIR *port = facts_pair(request, PW_NAS_PORT);
	fr_ipaddr_t const *from = &request->packet->src_ipaddr;
	void const *address = &from->ipaddr;

	if (v4)
		address = &v4->vp_ipaddr;
	else if (v6)
		address = &v6->vp_ipv6addr;
	inet_ntop(v4   ? AF_INET
	          : v6 ? AF_INET6
	               : from->af,
	          address, facts->nas_address, sizeof(facts->nas_address));
	facts->request.nas_address = facts->nas_address;
	facts->request.nas_identifier = facts_string(facts_pair(request, PW_NAS_IDENTIFIER));
	facts->request.port_known = port != NULL;
	facts->request.port = port ? port->vp_integer : 0;
}

struct session facts_session(struct facts const *facts, REQUEST *request)
{
	struct session session = { .port_known = facts->request.port_known,
		                   .port = facts->request.port,
		                   .issuer = facts->issuer };
	char const *nas = *facts->request.nas_identifier ? facts->request.nas_identifier
	                                                 : facts->request.nas_address;

	memcpy(session.mac, facts->mac, MAC_LEN);
	strlcpy(session.id, facts->session, sizeof(session.id));
	strlcpy(session.nas, nas, sizeof(session.nas));
	strlcpy(session.serial, facts->certificate.serial ? facts->certificate.serial : "",
	        sizeof(session.serial));
	ip_ntoh(&request->packet->src_ipaddr, session.peer, sizeof(session.peer));
	return session;
}

static bool certificate_gather(struct facts *facts, rlm_portcall_t const *inst, REQUEST *request)
{
	VALUE_PAIR *list = request->packet->vps;
	char const *issuer = facts_string(fr_pair_find_by_da(list, inst->issuer, TAG_ANY));

	facts->issuer = talloc_strdup(request, issuer);
	if (!facts->issuer)
		return false;
	verdict_oneline(facts->issuer);
	facts->certificate = (struct verdict_certificate){
		.issuer = facts->issuer,
		.serial = facts_string(fr_pair_find_by_da(list, inst->serial, TAG_ANY)),
		.cn = facts_string(fr_pair_find_by_da(list, inst->cn, TAG_ANY)),
		.key_id = facts_string(fr_pair_find_by_da(list, inst->key_id, TAG_ANY)),
		.not_after = verdict_asn1_time(
			facts_string(fr_pair_find_by_da(list, inst->expiration, TAG_ANY))),
	};
	if (*issuer)
		facts->owner = inventory_by_certificate(facts->inventory, facts->issuer,
		                                        facts->certificate.serial);
	return true;
}

bool facts_gather(struct facts *facts, rlm_portcall_t const *inst, REQUEST *request)
{
	VALUE_PAIR *resumed = facts_pair(request, PW_EAP_SESSION_RESUMED);

	*facts = (struct facts){
		.inventory = inventory_file_take(inst->file),
		.station = facts_string(facts_pair(request, PW_CALLING_STATION_ID)),
		.session = facts_string(facts_pair(request, PW_ACCT_SESSION_ID)),
		.tls = facts_string(fr_pair_find_by_da(request->state, inst->tls_version, TAG_ANY)),
		.resumed = resumed && resumed->vp_integer,
		.eap = facts_pair(request, PW_EAP_MESSAGE) != NULL,
	};
	facts->request.mac_known = mac_parse(facts->station, facts->mac);
	facts->request.method = method_of(request, facts);
	nas_gather(facts, request);
	if (facts->request.mac_known)
		facts->device = inventory_by_mac(facts->inventory, facts->mac);
	if (!certificate_gather(facts, inst, request))
		return false;
	if (facts->request.mac_known) {
		struct session session = facts_session(facts, request);

		facts->request.elsewhere = state_elsewhere(inst->state, &session);
	}
	return true;
}

void facts_done(struct facts *facts)
{
	talloc_free(facts->issuer);
	inventory_unref(facts->inventory);
}
