/* SPDX-License-Identifier: BSD-3-Clause */
/* The VLAN of an Access-Accept (RFC 2868, RFC 3580 3.31), and what an Access-Request says. */
#include "tests/unit/check.h"

#include "switch/access.h"

static const struct port_vlan vlans[] = { { "voice", 20 }, { "data", 4094 }, { "30", 7 } };

/* Attributes in hex: 40 Tunnel-Type, 41 Tunnel-Medium-Type, 51 Tunnel-Private-Group-Id. */
static const struct {
	const char *why;
	const char *attributes;
	enum portcall_reason reason;
	uint16_t vlan;
} table[] = {
	{ "nothing", "", PORTCALL_REASON_PORT_VLAN_MISSING, 0 },
	{ "by number", "4006 0000000d 4106 00000006 5104 3230", PORTCALL_REASON_PORT_AUTHENTICATED,
	  20 },
	{ "by name", "4006 0000000d 4106 00000006 5107 766f696365",
	  PORTCALL_REASON_PORT_AUTHENTICATED, 20 },
	{ "the largest number", "4006 0000000d 4106 00000006 5106 34303934",
	  PORTCALL_REASON_PORT_AUTHENTICATED, 4094 },
	{ "any order", "5104 3230 4106 00000006 4006 0000000d", PORTCALL_REASON_PORT_AUTHENTICATED,
	  20 },
	{ "tag 31", "4006 1f00000d 4106 1f000006 5105 1f3230", PORTCALL_REASON_PORT_AUTHENTICATED,
	  20 },
	{ "tag 0 written out", "4006 0000000d 4106 00000006 5105 003230",
	  PORTCALL_REASON_PORT_AUTHENTICATED, 20 },
	{ "leading zeros", "4006 0000000d 4106 00000006 5106 30303230",
	  PORTCALL_REASON_PORT_AUTHENTICATED, 20 },
	{ "digits are a number, never the name \"30\"", "4006 0000000d 4106 00000006 5104 3330",
	  PORTCALL_REASON_PORT_VLAN_UNKNOWN, 0 },
	{ "an unknown name", "4006 0000000d 4106 00000006 5104 6f68",
	  PORTCALL_REASON_PORT_VLAN_UNKNOWN, 0 },
	{ "names are case-sensitive", "4006 0000000d 4106 00000006 5107 566f696365",
	  PORTCALL_REASON_PORT_VLAN_UNKNOWN, 0 },
	{ "VLAN 0", "4006 0000000d 4106 00000006 5103 30", PORTCALL_REASON_PORT_VLAN_MALFORMED, 0 },
	{ "VLAN 4095", "4006 0000000d 4106 00000006 5106 34303935",
	  PORTCALL_REASON_PORT_VLAN_MALFORMED, 0 },
	{ "a number that wraps to 20 in 16 and 32 bits",
	  "4006 0000000d 4106 00000006 510c 34323934393637333136",
	  PORTCALL_REASON_PORT_VLAN_MALFORMED, 0 },
	{ "an empty group id", "4006 0000000d 4106 00000006 5102",
	  PORTCALL_REASON_PORT_VLAN_MALFORMED, 0 },
	{ "no Tunnel-Type", "4106 00000006 5104 3230", PORTCALL_REASON_PORT_VLAN_MALFORMED, 0 },
	{ "no Tunnel-Medium-Type", "4006 0000000d 5104 3230", PORTCALL_REASON_PORT_VLAN_MALFORMED,
	  0 },
	{ "no group id", "4006 0000000d 4106 00000006", PORTCALL_REASON_PORT_VLAN_MALFORMED, 0 },
	{ "medium IPv4", "4006 0000000d 4106 00000001 5104 3230",
	  PORTCALL_REASON_PORT_VLAN_MALFORMED, 0 },
	{ "parts under different tags", "4006 0100000d 4106 02000006 5105 013230",
	  PORTCALL_REASON_PORT_VLAN_MALFORMED, 0 },
	{ "two VLANs under two tags",
	  "4006 0100000d 4106 01000006 5105 013230 4006 0200000d 4106 02000006 5105 023330",
	  PORTCALL_REASON_PORT_VLAN_MALFORMED, 0 },
	{ "two group ids under one tag", "4006 0000000d 4106 00000006 5104 3230 5104 3330",
	  PORTCALL_REASON_PORT_VLAN_MALFORMED, 0 },
	{ "a short Tunnel-Type", "4005 00000d 4106 00000006 5104 3230",
	  PORTCALL_REASON_PORT_VLAN_MALFORMED, 0 },
	{ "a tunnel of another kind beside it",
	  "4006 01000003 4106 01000001 5105 016c32 4006 0200000d 4106 02000006 5105 023230",
	  PORTCALL_REASON_PORT_AUTHENTICATED, 20 },
	{ "only a tunnel of another kind", "4006 00000003 4106 00000001",
	  PORTCALL_REASON_PORT_VLAN_MISSING, 0 },
	{ "Service-Type Framed", "0606 00000002 4006 0000000d 4106 00000006 5104 3230",
	  PORTCALL_REASON_PORT_AUTHENTICATED, 20 },
	{ "Service-Type Administrative is a Reject (RFC 2865 5.6)",
	  "0606 00000006 4006 0000000d 4106 00000006 5104 3230",
	  PORTCALL_REASON_PORT_RADIUS_MALFORMED, 0 },
	{ "a Service-Type of three octets", "0605 000002 4006 0000000d 4106 00000006 5104 3230",
	  PORTCALL_REASON_PORT_RADIUS_MALFORMED, 0 },
	{ "a Session-Timeout of three octets makes an Accept a Reject (RFC 2865 5)",
	  "4006 0000000d 4106 00000006 5104 3230 1b05 000001",
	  PORTCALL_REASON_PORT_RADIUS_MALFORMED, 0 },
};

static void vlan_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		uint8_t octets[200];
		struct radius_packet accept = { .attributes = unhex(table[i].attributes, octets,
			                                            sizeof(octets)) };
		struct access_grant grant = { 0 };
		char detail[PORT_MAX_DETAIL + 1] = "";
		enum portcall_reason reason = access_grant_read(
			&accept, vlans, sizeof(vlans) / sizeof(vlans[0]), &grant, detail);

		if (reason != table[i].reason || grant.vlan != table[i].vlan)
			fail_msg("%s: %s, VLAN %u", table[i].why, portcall_reason_code(reason),
			         (unsigned)grant.vlan);
		if (reason != PORTCALL_REASON_PORT_AUTHENTICATED &&
		    reason != PORTCALL_REASON_PORT_VLAN_MISSING && detail[0] == '\0')
			fail_msg("%s: no detail", table[i].why);
	}
}

static void session_timers_are_read(void **state)
{
	uint8_t octets[200];
	char detail[PORT_MAX_DETAIL + 1];
	struct access_grant grant;
	struct radius_packet accept = {
		.attributes =
			unhex("4006 0000000d 4106 00000006 5104 3230 1b06 00000e10 1d06 00000001",
		              octets, sizeof(octets))
	};

	(void)state;
	assert_int_equal(access_grant_read(&accept, vlans, 3, &grant, detail),
	                 PORTCALL_REASON_PORT_AUTHENTICATED);
	assert_int_equal(grant.session_timeout, 3600);
	assert_true(grant.reauthenticate);
}

static void a_peers_text_is_made_printable(void **state)
{
	char text[6];

	(void)state;
	access_printable(span("a\n\x1b\xff"
	                      "bcd",
	                      7),
	                 text, sizeof(text));
	assert_string_equal(text, "a???b");
	access_printable(span(NULL, 0), text, sizeof(text));
	assert_string_equal(text, "");
}

static void the_largest_request_fits(void **state)
{
	static uint8_t octets[1496], state_octets[RADIUS_MAX_VALUE], buf[RADIUS_MAX_ATTRIBUTES];
	static const uint8_t mac[MAC_LEN] = { 2, 0, 0, 0, 1, 1 };
	char name[PORT_MAX_NAME + 1];
	struct port_config config = { PORT_CONFIG_DEFAULTS, .name = name, .nas_identifier = name,
		                      .nas_ip_n = 16 };
	struct access_request request = {
		.config = &config,
		.supplicant = mac,
		.session = "0123456789abcdef",
		.identity = span(state_octets, sizeof(state_octets)),
		.eap = span(octets, sizeof(octets)),
		.state = span(state_octets, sizeof(state_octets)),
	};
	size_t n;

	(void)state;
	memset(name, 'n', sizeof(name));
	name[PORT_MAX_NAME] = '\0';
	assert_int_equal(access_request_write(&request, buf, sizeof(buf), &n), PORTCALL_OK);
	struct radius_packet packet = { .attributes = span(buf, n) };
	struct span value;

	assert_true(radius_find(&packet, RADIUS_NAS_IPV6_ADDRESS, &value) && value.n == 16);
	assert_false(radius_find(&packet, RADIUS_NAS_IP_ADDRESS, &value));
	assert_true(radius_find(&packet, RADIUS_STATE, &value) && value.n == RADIUS_MAX_VALUE);
	assert_int_equal(access_request_write(&request, buf, 1000, &n), PORTCALL_ERR_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		C("RFC 3580 3.31, RFC 2868 3: which VLAN an Accept names, or why none", vlan_table),
		C("RFC 3580 3.17, 3.18: Session-Timeout and Termination-Action",
		  session_timers_are_read),
		C("a peer's text is made printable and cut", a_peers_text_is_made_printable),
		C("RFC 2865 3: the largest request fits", the_largest_request_fits),
	};

	return cmocka_run_group_tests_name("access", tests, NULL, NULL);
}
