/* SPDX-License-Identifier: BSD-3-Clause */
#include "supplicant/supplicant_config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/mac.h"
#include "supplicant/eap_peer.h"

enum {
	FRAGMENT_DEFAULT = 1398,
	FRAGMENT_MAX = 1490, /* with EAP-TLS, EAP and EAPOL headers in one Ethernet frame */
	SECONDS_MAX = 65535,
};

bool config_refuse(struct portcall_why *ret_why, enum portcall_reason reason, const char *text)
{
	size_t n = strlen(text);

	assert(n < sizeof(ret_why->text));
	ret_why->reason = reason;
	ret_why->line = 0;
	memcpy(ret_why->text, text, n + 1);
	return false;
}

bool config_check(const struct portcall_supplicant_config *c, struct portcall_why *ret_why)
{
	const enum portcall_reason invalid = PORTCALL_REASON_SETTING_INVALID;

	if (mac_is_group(c->mac))
		return config_refuse(ret_why, invalid, "mac must be an individual address");
	if (c->tls_min < PORTCALL_TLS_1_2 || c->tls_max > PORTCALL_TLS_1_3 ||
	    c->tls_min > c->tls_max)
		return config_refuse(ret_why, invalid,
		                     "tls_min and tls_max must be 1.2 or 1.3, in order");
	if (c->fragment < EAP_PEER_FRAGMENT_MIN || c->fragment > FRAGMENT_MAX)
		return config_refuse(ret_why, invalid, "fragment must be 64 to 1490 octets");
	if (c->heldPeriod > SECONDS_MAX || c->authPeriod > SECONDS_MAX ||
	    c->startPeriod > SECONDS_MAX || c->maxStart > SECONDS_MAX)
		return config_refuse(ret_why, invalid, "periods are at most 65535 seconds");
	if (c->verify == PORTCALL_VERIFY_FULL && (!c->server_name || !c->server_name[0]))
		return config_refuse(ret_why, invalid, "verify = full needs server_name");
	if (c->identity && strlen(c->identity) > EAP_PEER_IDENTITY_MAX)
		return config_refuse(ret_why, invalid, "identity must be at most 253 octets");
	if (!c->credentials)
		return true;
	if (!portcall_credentials_client(c->credentials))
		return config_refuse(ret_why, PORTCALL_REASON_NO_CERTIFICATE_ITEM, "");
	if (c->verify != PORTCALL_VERIFY_NONE &&
	    portcall_credentials_anchor_count(c->credentials) == 0)
		return config_refuse(ret_why, PORTCALL_REASON_NO_CA_ITEM, "");
	return true;
}

struct portcall_supplicant_config config_complete(const struct portcall_supplicant_config *given)
{
	struct portcall_supplicant_config c = { 0 };

	memcpy(&c, given, given->size < sizeof(c) ? given->size : sizeof(c));
	c.tls_min = c.tls_min ? c.tls_min : PORTCALL_TLS_1_2;
	c.tls_max = c.tls_max ? c.tls_max : PORTCALL_TLS_1_3;
	c.fragment = c.fragment ? c.fragment : FRAGMENT_DEFAULT;
	return c;
}

char *config_text(const char *text)
{
	size_t n = strlen(text) + 1;
	char *copy = malloc(n);

	return copy ? memcpy(copy, text, n) : NULL;
}

char *config_identity(const struct portcall_supplicant_config *c)
{
	const struct portcall_certificate_info *client =
		portcall_credentials_client(c->credentials);
	char mac[MAC_TEXT_LEN];

	if (c->identity)
		return config_text(c->identity);
	if (client->common_name[0] && strlen(client->common_name) <= EAP_PEER_IDENTITY_MAX)
		return config_text(client->common_name);
	if (client->san[0] && strlen(client->san) <= EAP_PEER_IDENTITY_MAX)
		return config_text(client->san);
	return config_text(mac_colons(c->mac, mac));
}
