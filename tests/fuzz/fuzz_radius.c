/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A datagram from a RADIUS server: through the decoder and all its readers, to a client that
 * waits for an answer with its identifier, and, as if it had been verified, to a port that waits
 * for it.
 */
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <string.h>

#include "common/eap.h"
#include "common/eapol.h"
#include "switch/access.h"
#include "switch/radius_client.h"

static const struct port_vlan vlans[] = { { "voice", 20 }, { "data", 30 } };

static void zeros(void *ctx, void *ret_octets, size_t n)
{
	(void)ctx;
	memset(ret_octets, 0, n);
}

static void read_everything(const struct radius_packet *packet)
{
	struct reader r = reader_of(packet->attributes);
	struct radius_attribute a;
	uint8_t eap[1496];
	struct span value;
	uint32_t number;
	size_t n = 0;

	while (radius_next(&r, &a))
		n += a.value.n + 2;
	assert(n == packet->attributes.n);
	for (unsigned type = 0; type < 256; type++) {
		radius_find(packet, (uint8_t)type, &value);
		radius_find_u32(packet, (uint8_t)type, &number);
	}
	radius_find_vendor(packet, RADIUS_VENDOR_PORTCALL, RADIUS_PORTCALL_REASON, &value);
	if (radius_eap_message(packet, eap, sizeof(eap), &n) == PORTCALL_OK)
		assert(n <= sizeof(eap));
}

static void to_client(struct span datagram)
{
	struct radius_server_config server = { .secret = span("xyzzy5461", 9) };
	struct radius_client_config config = {
		.servers = &server, .server_n = 1, .max = 1, .random = zeros
	};
	struct radius_client *client = radius_client_new(&config);
	struct radius_effect effect;

	if (!client)
		return;
	/* random is all zeros: the request has identifier 0 */
	if (radius_client_submit(client, 1, span(NULL, 0), RADIUS_ANY_SERVER, 0) == PORTCALL_OK)
		radius_client_input(client, 0, 0, datagram, 1);
	while (radius_client_output(client, &effect))
		assert(effect.kind != RADIUS_EFFECT_REPLY);
	radius_client_free(client);
}

static void drain(struct port *port, unsigned *grants)
{
	struct port_effect effect;

	while (port_output(port, &effect))
		*grants += effect.kind == PORT_EFFECT_GRANT;
}

static void to_port(const struct radius_packet *packet)
{
	static const uint8_t phone[MAC_LEN] = { 2, 0, 0, 0, 1, 1 };
	struct port_config config = { PORT_CONFIG_DEFAULTS, .name = "p1", .vlans = vlans,
		                      .vlan_n = 2, .random = zeros };
	struct port *port = port_new(&config);
	uint8_t eap[16], frame[64];
	unsigned grants = 0;
	size_t n;

	if (!port)
		return;
	port_link(port, true, 0);
	/* random is all zeros: the Identity request has identifier 1 */
	if (eap_encode(EAP_CODE_RESPONSE, 1, EAP_METHOD_IDENTITY, span("p", 1), eap, sizeof(eap),
	               &n) == PORTCALL_OK &&
	    eapol_encode(mac_pae_group, phone, EAPOL_EAP, span(eap, n), frame, sizeof(frame), &n) ==
	            PORTCALL_OK)
		port_input(port, span(frame, n), 1);
	drain(port, &grants);
	port_radius_reply(port, 1, packet, 0, 2);
	drain(port, &grants);
	assert(grants == 0 || packet->code == RADIUS_ACCESS_ACCEPT);
	if (port_deadline(port) != MSEC_NEVER)
		port_tick(port, port_deadline(port));
	drain(port, &grants);
	port_free(port);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span datagram = span(data, size);
	struct radius_packet packet;

	to_client(datagram);
	if (radius_decode(datagram, &packet) == PORTCALL_OK) {
		read_everything(&packet);
		to_port(&packet);
	}
	return 0;
}
