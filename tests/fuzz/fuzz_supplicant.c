/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Anything that a cable can bring to a supplicant with credentials.  The input is a list of steps, each an
 * octet and its arguments:
 *
 *	0 n n octets   a frame, as it is
 *	1 n n octets   an EAP packet in a good frame, its length field corrected
 *	2 n n octets   an EAP-TLS request with the next identifier: flags and data
 *	3 t            t * 256 ms pass
 *	4              the link goes down and up
 *	5              logoff, or its end
 *	6 n n*3 octets what a real EAP-TLS server answers to the last response; each triple changes one octet
 *	7              re-authentication is asked for
 *
 * Never may the phone report AUTHENTICATED unless a handshake with the real server came to its end.
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "common/eap.h"
#include "common/eapol.h"
#include "tests/scenario/eap_server.h"
#include "tests/scenario/fixture.h"

#include <portcall/supplicant.h>

enum { STEPS_MAX = 200, PACKET_MAX = 4096 };

struct play {
	struct portcall_supplicant *phone;
	struct eap_server *server;
	int64_t now;
	bool link, off, accepted;
	uint8_t id; /* of the last request */
	uint8_t response[PACKET_MAX];
	size_t response_n;
};

static const uint8_t phone_mac[MAC_LEN] = { 2, 0, 0, 0, 1, 1 };
static const uint8_t switch_mac[MAC_LEN] = { 2, 0, 0, 0, 9, 9 };

static void drain(struct play *p)
{
	struct portcall_effect e;
	struct eapol_frame f;

	while (portcall_supplicant_output(p->phone, &e)) {
		if (e.kind == PORTCALL_EFFECT_RESULT && e.reason == PORTCALL_REASON_AUTHENTICATED &&
		    !p->accepted)
			abort();
		if (e.kind != PORTCALL_EFFECT_SEND)
			continue;
		if (eapol_decode(span(e.frame, e.frame_n), &f) != PORTCALL_OK ||
		    e.frame_n > PORTCALL_MAX_FRAME)
			abort();
		if (f.type == EAPOL_EAP && f.body.n <= sizeof(p->response)) {
			memcpy(p->response, f.body.p, f.body.n);
			p->response_n = f.body.n;
		}
	}
}

static void input_eap(struct play *p, struct span packet)
{
	uint8_t frame[PACKET_MAX + 64];
	size_t n = 0;

	if (packet.n > 1)
		p->id = packet.p[1];
	if (eapol_encode(mac_pae_group, switch_mac, EAPOL_EAP, packet, frame, sizeof(frame), &n) ==
	    PORTCALL_OK)
		portcall_supplicant_input(p->phone, frame, n, p->now);
}

static void input_packet(struct play *p, struct span octets)
{
	uint8_t packet[256];

	if (octets.n < EAP_HEADER_LEN)
		return;
	memcpy(packet, octets.p, octets.n);
	packet[2] = (uint8_t)(octets.n >> 8);
	packet[3] = (uint8_t)octets.n;
	input_eap(p, span(packet, octets.n));
}

static void input_tls(struct play *p, struct span octets)
{
	uint8_t packet[512];
	size_t n = 0;

	if (eap_encode(EAP_CODE_REQUEST, (uint8_t)(p->id + 1), EAP_METHOD_TLS, octets, packet,
	               sizeof(packet), &n) == PORTCALL_OK)
		input_eap(p, span(packet, n));
}

static void input_server(struct play *p, struct span changes)
{
	uint8_t packet[PACKET_MAX];
	struct span answer = span(NULL, 0);

	eap_server_input(p->server, span(p->response, p->response_n), &answer);
	if (eap_server_committed(p->server))
		p->accepted = true;
	if (answer.n == 0)
		return;
	memcpy(packet, answer.p, answer.n);
	for (size_t i = 0; i + 2 < changes.n; i += 3)
		packet[(changes.p[i] << 8 | changes.p[i + 1]) % answer.n] ^= changes.p[i + 2];
	input_eap(p, span(packet, answer.n));
}

static void step(struct play *p, struct reader *r)
{
	switch (read_u8(r) % 8) {
	case 0: {
		struct span frame = read_bytes(r, read_u8(r));

		portcall_supplicant_input(p->phone, frame.p, frame.n, p->now);
		break;
	}
	case 1:
		input_packet(p, read_bytes(r, read_u8(r)));
		break;
	case 2:
		input_tls(p, read_bytes(r, read_u8(r)));
		break;
	case 3:
		p->now += read_u8(r) * 256;
		portcall_supplicant_tick(p->phone, p->now);
		break;
	case 4:
		portcall_supplicant_link(p->phone, false, p->now);
		drain(p);
		portcall_supplicant_link(p->phone, true, p->now);
		break;
	case 5:
		p->off = !p->off;
		portcall_supplicant_logoff(p->phone, p->off, p->now);
		break;
	case 6:
		input_server(p, read_bytes(r, (size_t)3 * read_u8(r)));
		break;
	case 7:
		portcall_supplicant_reauthenticate(p->phone, p->now);
		break;
	}
	drain(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fixture fixture; /* keys are expensive, and read-only */
	struct portcall_supplicant_config config = { .size = sizeof(config) };
	struct eap_server_config server = { .tls = size % 2 ? 13 : 12 };
	struct reader r = reader_of(span(data, size));
	struct portcall_why why = { 0 };
	char text[PKI_WHY_LEN];
	struct play p = { 0 };

	if (!fixture.credentials && !fixture_init(&fixture, &(struct fixture_options){ 0 }, text))
		abort();
	memcpy(config.mac, phone_mac, MAC_LEN);
	config.credentials = fixture.credentials;
	server.cert = fixture.server;
	server.client_ca = fixture.phone_ca;
	p.phone = portcall_supplicant_new(&config, &why);
	p.server = eap_server_new(&server);
	if (!p.phone || !p.server)
		abort();
	portcall_supplicant_link(p.phone, true, p.now);
	drain(&p);
	for (int steps = 0; steps < STEPS_MAX && reader_ok(&r) && r.left.n > 0; steps++)
		step(&p, &r);
	portcall_supplicant_free(p.phone);
	eap_server_free(p.server);
	return 0;
}
