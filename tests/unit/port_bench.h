/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * port_bench - a port on a bench: the test is the supplicant and the RADIUS server, `now` is a
 * variable, and what the port did since the last look is counted here.
 */
#ifndef TESTS_UNIT_PORT_BENCH_H
#define TESTS_UNIT_PORT_BENCH_H

#include "tests/unit/check.h"

#include "common/eap.h"
#include "common/eapol.h"
#include "switch/port.h"

static const uint8_t bench_switch[MAC_LEN] = { 0x02, 0, 0, 0, 0, 0xfe };
static const uint8_t bench_phone[MAC_LEN] = { 0x02, 0, 0, 0, 0x01, 0x01 };
static const uint8_t bench_other[MAC_LEN] = { 0x02, 0, 0, 0, 0x01, 0x02 };

static const struct port_vlan bench_vlans[] = { { "voice", 20 }, { "data", 30 } };

struct bench {
	struct port *port;
	msec now;
	/* the newest of each kind */
	uint8_t frame[1514];
	struct eapol_frame eapol;
	struct eap_packet eap;
	uint8_t attributes[RADIUS_MAX_ATTRIBUTES];
	struct radius_packet request; /* only .attributes */
	uint64_t handle;
	int server;
	uint64_t cancelled;
	bool unanswered;
	bool has_mac;
	uint8_t mac[MAC_LEN];
	uint16_t vlan;
	char session[PORT_SESSION_LEN + 1], user[RADIUS_MAX_VALUE + 1];
	char detail[PORT_MAX_DETAIL + 1];
	enum portcall_reason reason;
	/* how many since bench_clear() */
	unsigned frames, requests, cancels, grants, closes, transitions;
};

static inline void bench_random(void *ctx, void *ret_octets, size_t n)
{
	static uint8_t next;
	uint8_t *octets = ret_octets;

	(void)ctx;
	for (size_t i = 0; i < n; i++)
		octets[i] = next++;
}

static inline void bench_decision(struct bench *b, const struct port_effect *e)
{
	b->has_mac = e->has_mac;
	memcpy(b->mac, e->mac, MAC_LEN);
	b->vlan = e->vlan;
	b->reason = e->reason;
	strcpy(b->session, e->session);
	strcpy(b->user, e->user);
	strcpy(b->detail, e->detail);
}

static inline void bench_drain(struct bench *b)
{
	struct port_effect e;

	while (port_output(b->port, &e)) {
		switch (e.kind) {
		case PORT_EFFECT_SEND:
			assert_true(e.frame.n >= 60 && e.frame.n <= sizeof(b->frame));
			memcpy(b->frame, e.frame.p, e.frame.n);
			assert_int_equal(eapol_decode(span(b->frame, e.frame.n), &b->eapol),
			                 PORTCALL_OK);
			assert_int_equal(eap_decode(b->eapol.body, &b->eap), PORTCALL_OK);
			b->frames++;
			break;
		case PORT_EFFECT_ACCESS_REQUEST:
			memcpy(b->attributes, e.attributes.p, e.attributes.n);
			b->request.attributes = span(b->attributes, e.attributes.n);
			b->handle = e.request;
			b->server = e.server;
			b->requests++;
			break;
		case PORT_EFFECT_CANCEL:
			b->cancelled = e.request;
			b->unanswered = e.unanswered;
			b->cancels++;
			break;
		case PORT_EFFECT_GRANT:
			bench_decision(b, &e);
			b->grants++;
			break;
		case PORT_EFFECT_CLOSE:
			bench_decision(b, &e);
			b->closes++;
			break;
		case PORT_EFFECT_TRANSITION:
			assert_non_null(e.machine);
			assert_non_null(e.why);
			b->transitions++;
			break;
		}
	}
}

static inline void bench_clear(struct bench *b)
{
	b->frames = b->requests = b->cancels = b->grants = b->closes = b->transitions = 0;
}

static inline struct port_config bench_config(void)
{
	struct port_config config = {
		PORT_CONFIG_DEFAULTS,
		.name = "p7",
		.number = 7,
		.nas_identifier = "bench",
		.nas_ip = { 192, 0, 2, 1 },
		.nas_ip_n = 4,
		.vlans = bench_vlans,
		.vlan_n = sizeof(bench_vlans) / sizeof(bench_vlans[0]),
		.random = bench_random,
	};

	memcpy(config.mac, bench_switch, MAC_LEN);
	return config;
}

/* A port with link that has asked for the Identity; port_free(b->port) when done. */
static inline void bench_up_with(struct bench *b, const struct port_config *config)
{
	*b = (struct bench){ .port = port_new(config), .now = 1000 };
	assert_non_null(b->port);
	port_link(b->port, true, b->now);
	bench_drain(b);
}

static inline void bench_up(struct bench *b)
{
	struct port_config config = bench_config();

	bench_up_with(b, &config);
}

static inline void bench_eapol(struct bench *b, const uint8_t *from, enum eapol_type type,
                               struct span body)
{
	uint8_t frame[1514];
	size_t n;

	assert_int_equal(eapol_encode(mac_pae_group, from, type, body, frame, sizeof(frame), &n),
	                 PORTCALL_OK);
	port_input(b->port, span(frame, n), b->now);
	bench_drain(b);
}

static inline void bench_respond(struct bench *b, const uint8_t *from, uint8_t id, uint8_t type,
                                 const char *data)
{
	uint8_t eap[1500];
	size_t n;

	assert_int_equal(
		eap_encode(EAP_CODE_RESPONSE, id, type, span_of_string(data), eap, sizeof(eap), &n),
		PORTCALL_OK);
	bench_eapol(b, from, EAPOL_EAP, span(eap, n));
}

/* The server's reply to the outstanding request: `eap` and then `hex` attributes. */
static inline void bench_reply_to(struct bench *b, uint64_t handle, uint8_t code, struct span eap,
                                  const char *hex)
{
	static const uint8_t authenticator[RADIUS_AUTHENTICATOR_LEN];
	uint8_t attributes[2000], more[500], datagram[RADIUS_MAX_PACKET];
	struct writer w = writer_to(attributes, sizeof(attributes));
	struct radius_packet packet;
	size_t n;

	radius_put_eap(&w, eap);
	write_bytes(&w, unhex(hex, more, sizeof(more)));
	assert_int_equal(radius_reply(code, 1, authenticator, writer_span(&w), span("s", 1),
	                              datagram, sizeof(datagram), &n),
	                 PORTCALL_OK);
	assert_int_equal(radius_decode(span(datagram, n), &packet), PORTCALL_OK);
	port_radius_reply(b->port, handle, &packet, 0, b->now);
	bench_drain(b);
}

static inline void bench_reply(struct bench *b, uint8_t code, enum eap_code eap_code, uint8_t id,
                               const char *hex)
{
	uint8_t eap[64];
	size_t n;

	assert_int_equal(
		eap_encode(eap_code, id, EAP_METHOD_TLS, span(" ", 1), eap, sizeof(eap), &n),
		PORTCALL_OK);
	bench_reply_to(b, b->handle, code, span(eap, n), hex);
}

static inline void bench_tick(struct bench *b, msec now)
{
	b->now = now;
	port_tick(b->port, now);
	bench_drain(b);
}

static inline struct port_status bench_status(const struct bench *b)
{
	struct port_status status;

	port_status(b->port, &status);
	return status;
}

/* Tunnel-Type VLAN, Tunnel-Medium-Type IEEE-802, Tunnel-Private-Group-Id "20". */
#define BENCH_VLAN_20  "40060000000d 410600000006 51043230"
#define BENCH_VLAN_30  "40060000000d 410600000006 51043330"
#define BENCH_VLAN_999 "40060000000d 410600000006 5105393939"
#define BENCH_STATE    "1806 a1b2c3d4"

static inline bool bench_request_has(const struct bench *b, uint8_t type, const char *text)
{
	struct span value;

	return radius_find(&b->request, type, &value) && span_is(value, text);
}

/* Identity, one round of EAP-TLS, Accept with VLAN 20. */
static inline void bench_authenticate(struct bench *b)
{
	bench_respond(b, bench_phone, b->eap.id, EAP_METHOD_IDENTITY, "phone1");
	bench_reply(b, RADIUS_ACCESS_CHALLENGE, EAP_CODE_REQUEST, (uint8_t)(b->eap.id + 1),
	            BENCH_STATE);
	bench_respond(b, bench_phone, b->eap.id, EAP_METHOD_TLS, "x");
	bench_reply(b, RADIUS_ACCESS_ACCEPT, EAP_CODE_SUCCESS, b->eap.id, BENCH_VLAN_20);
}

#endif
