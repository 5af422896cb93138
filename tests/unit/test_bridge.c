/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "switch/bridge.h"

/*
 * The switch of every test: address 02:..:ee;
 * 0 open in 20 for everybody, 1 open in 20 for station 02:..:01 alone, 2 closed, 3 open in 30,
 * 4 open in 20 but without link, 5 open in 20 for everybody.
 */
enum { PORTS = 6 };

#define STATION(n) "0200000000" n
#define ALL        "ffffffffffff"
#define PAE_GROUP  "0180c2000003"
#define BPDU_GROUP "0180c2000000"
#define LLDP_GROUP "0180c200000e"
#define IP     \
	"0800" \
	"4500"
#define ARP    \
	"0806" \
	"0001"
#define EAPOL  \
	"888e" \
	"01010000"

struct want {
	enum bridge_verdict verdict;
	const char *egress; /* digits of the ports */
	size_t strip;
	const char *counted; /* drop counters that went up by one: "name:port ..." */
};

struct row {
	const char *name;
	unsigned in;
	const char *frame;
	struct want want;
};

static const struct row table[] = {
	{ "802.1Q 8.6.3: a broadcast leaves by the open ports of its VLAN that have a link",
	  0,
	  ALL STATION("aa") ARP,
	  { BRIDGE_FORWARD, "15", 0, "egress:2" } },
	{ "an unknown unicast is flooded to the same ports",
	  0,
	  STATION("77") STATION("aa") IP,
	  { BRIDGE_FORWARD, "15", 0, "egress:2" } },
	{ "a multicast too",
	  0,
	  "01005e000001" STATION("aa") IP,
	  { BRIDGE_FORWARD, "15", 0, "egress:2" } },
	{ "a known station gets its frames alone",
	  0,
	  STATION("05") STATION("aa") IP,
	  { BRIDGE_FORWARD, "5", 0, "" } },
	{ "a frame back to its own port goes nowhere",
	  5,
	  STATION("05") STATION("06") IP,
	  { BRIDGE_FORWARD, "", 0, "" } },
	{ "VLANs are apart: alone in 30, nobody hears it",
	  3,
	  ALL STATION("03") ARP,
	  { BRIDGE_FORWARD, "", 0, "egress:2" } },
	{ "VLANs are apart: a station of 20 is unknown in 30",
	  3,
	  STATION("05") STATION("03") IP,
	  { BRIDGE_FORWARD, "", 0, "egress:2" } },

	{ "802.1X 6.4: closed: EAPOL goes to the PAE",
	  2,
	  PAE_GROUP STATION("02") EAPOL,
	  { BRIDGE_PAE, "", 0, "" } },
	{ "closed: EAPOL to the switch's own address too",
	  2,
	  STATION("ee") STATION("02") EAPOL,
	  { BRIDGE_PAE, "", 0, "" } },
	{ "closed: VLAN-tagged EAPOL too",
	  2,
	  PAE_GROUP STATION("02") "81000014" EAPOL,
	  { BRIDGE_PAE, "", 0, "" } },
	{ "closed: priority-tagged EAPOL too",
	  2,
	  PAE_GROUP STATION("02") "8100e000" EAPOL,
	  { BRIDGE_PAE, "", 0, "" } },
	{ "closed: EAPOL behind two tags too",
	  2,
	  PAE_GROUP STATION("02") "88a80005"
	                          "81000014" EAPOL,
	  { BRIDGE_PAE, "", 0, "" } },
	{ "open: EAPOL goes to the PAE and is not forwarded",
	  0,
	  ALL STATION("aa") EAPOL,
	  { BRIDGE_PAE, "", 0, "" } },
	{ "open for one station: EAPOL of another goes to the PAE, which decides",
	  1,
	  PAE_GROUP STATION("02") EAPOL,
	  { BRIDGE_PAE, "", 0, "" } },

	{ "closed: a broadcast stays outside",
	  2,
	  ALL STATION("02") ARP,
	  { BRIDGE_DROP, "", 0, "unauthorized:2" } },
	{ "closed: a unicast to a known station stays outside",
	  2,
	  STATION("05") STATION("02") IP,
	  { BRIDGE_DROP, "", 0, "unauthorized:2" } },
	{ "closed: a tagged frame stays outside",
	  2,
	  ALL STATION("02") "81000014" ARP,
	  { BRIDGE_DROP, "", 0, "unauthorized:2" } },
	{ "closed: a BPDU stays outside",
	  2,
	  BPDU_GROUP STATION("02") "0026424203",
	  { BRIDGE_DROP, "", 0, "unauthorized:2" } },
	{ "closed: a frame of 802.1X pre-authentication (88-C7) is no EAPOL",
	  2,
	  STATION("ee") STATION("02") "88c7"
	                              "01010000",
	  { BRIDGE_DROP, "", 0, "unauthorized:2" } },

	{ "8.6.3: BPDUs are not forwarded",
	  0,
	  BPDU_GROUP STATION("aa") "0026424203",
	  { BRIDGE_DROP, "", 0, "link_local:0" } },
	{ "8.6.3: LLDP is not forwarded",
	  0,
	  LLDP_GROUP STATION("aa") "88cc0207",
	  { BRIDGE_DROP, "", 0, "link_local:0" } },
	{ "8.6.3: the PAE group is not forwarded, whatever is in it",
	  0,
	  PAE_GROUP STATION("aa") IP,
	  { BRIDGE_DROP, "", 0, "link_local:0" } },
	{ "a frame to the switch itself is not forwarded",
	  0,
	  STATION("ee") STATION("aa") IP,
	  { BRIDGE_DROP, "", 0, "link_local:0" } },

	{ "an access port takes no tagged frame",
	  0,
	  ALL STATION("aa") "81000014" ARP,
	  { BRIDGE_DROP, "", 0, "vlan:0" } },
	{ "not even with its own PVID",
	  3,
	  ALL STATION("03") "8100001e" ARP,
	  { BRIDGE_DROP, "", 0, "vlan:3" } },
	{ "nor with VID 4095",
	  0,
	  ALL STATION("aa") "81000fff" ARP,
	  { BRIDGE_DROP, "", 0, "vlan:0" } },
	{ "nor a service tag",
	  0,
	  ALL STATION("aa") "88a80014" ARP,
	  { BRIDGE_DROP, "", 0, "vlan:0" } },
	{ "9.3: a priority tag is taken off",
	  0,
	  ALL STATION("aa") "8100e000" ARP,
	  { BRIDGE_FORWARD, "15", 4, "egress:2" } },
	{ "a tag behind a priority tag is no way into another VLAN",
	  0,
	  ALL STATION("aa") "8100e000"
	                    "8100001e" ARP,
	  { BRIDGE_DROP, "", 0, "vlan:0" } },
	{ "nor a second priority tag",
	  0,
	  ALL STATION("aa") "81000000"
	                    "81000000" ARP,
	  { BRIDGE_DROP, "", 0, "vlan:0" } },

	{ "single-host: the session's station passes",
	  1,
	  STATION("05") STATION("01") IP,
	  { BRIDGE_FORWARD, "5", 0, "" } },
	{ "single-host: another one does not",
	  1,
	  STATION("05") STATION("02") IP,
	  { BRIDGE_DROP, "", 0, "source:1" } },
	{ "single-host: no other port can take the session's address over",
	  0,
	  STATION("05") STATION("01") IP,
	  { BRIDGE_DROP, "", 0, "source:0" } },
	{ "nobody can speak as the switch",
	  0,
	  STATION("05") STATION("ee") IP,
	  { BRIDGE_DROP, "", 0, "source:0" } },

	{ "a group address as source is malformed",
	  0,
	  ALL "030000000001" ARP,
	  { BRIDGE_DROP, "", 0, "malformed:0" } },
	{ "also on EAPOL",
	  2,
	  PAE_GROUP "030000000001" EAPOL,
	  { BRIDGE_DROP, "", 0, "malformed:2" } },
	{ "13 octets are no frame",
	  0,
	  ALL STATION("aa") "08",
	  { BRIDGE_DROP, "", 0, "malformed:0" } },
	{ "a tag that is cut off is malformed",
	  0,
	  ALL STATION("aa") "81000000"
	                    "08",
	  { BRIDGE_DROP, "", 0, "malformed:0" } },
	{ "an empty frame is malformed", 2, "", { BRIDGE_DROP, "", 0, "malformed:2" } },
};

static size_t unhex(const char *hex, uint8_t *buf)
{
	size_t n = strlen(hex) / 2;

	for (size_t i = 0; i < n; i++) {
		char digits[] = { hex[2 * i], hex[2 * i + 1], '\0' };

		buf[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
	return n;
}

/* The frame stands alone on the heap, so that the sanitizer sees each octet read behind it. */
static struct bridge_decision input(struct bridge *bridge, unsigned port, const char *hex, msec now)
{
	uint8_t octets[256];
	size_t n = unhex(hex, octets);
	uint8_t *frame = malloc(n ? n : 1);

	memcpy(frame, octets, n);
	struct bridge_decision decision = bridge_input(bridge, port, span(frame, n), now);

	free(frame);
	return decision;
}

static struct bridge *new_bridge(void)
{
	static const uint8_t station_1[] = { 2, 0, 0, 0, 0, 1 };
	struct bridge_config config = {
		.ports = PORTS,
		.mac = { 2, 0, 0, 0, 0, 0xee },
		.fdb_max = 16,
		.fdb_age = 300000,
		.seed = 7,
	};
	struct bridge *bridge = bridge_new(&config);

	assert_non_null(bridge);
	for (unsigned i = 0; i < PORTS; i++)
		bridge_link(bridge, i, i != 4);
	bridge_open(bridge, 0, 20, NULL);
	bridge_open(bridge, 1, 20, station_1);
	bridge_open(bridge, 3, 30, NULL);
	bridge_open(bridge, 4, 20, NULL);
	bridge_open(bridge, 5, 20, NULL);
	/* stations 01 and 05 have spoken before, to one that is known: nothing was flooded */
	input(bridge, 5, STATION("05") STATION("05") IP, 0);
	input(bridge, 1, STATION("05") STATION("01") IP, 0);
	return bridge;
}

static const char *egress_text(const struct bridge_decision *decision, char text[static PORTS + 1])
{
	for (size_t i = 0; i < decision->egress_n; i++)
		text[i] = (char)('0' + decision->egress[i]);
	text[decision->egress_n] = '\0';
	return text;
}

static void append(char *text, const char *name, unsigned port, uint64_t times)
{
	while (times--) {
		size_t n = strlen(text);

		strcpy(text + n, n ? " " : "");
		strcat(text, name);
		n = strlen(text);
		text[n] = ':';
		text[n + 1] = (char)('0' + port);
		text[n + 2] = '\0';
	}
}

static const char *counted(const struct bridge *bridge, char text[static 256])
{
	text[0] = '\0';
	for (unsigned i = 0; i < PORTS; i++) {
		const struct bridge_counters *c = bridge_counters(bridge, i);

		append(text, "unauthorized", i, c->drop_unauthorized);
		append(text, "egress", i, c->drop_egress_unauthorized);
		append(text, "vlan", i, c->drop_vlan);
		append(text, "link_local", i, c->drop_link_local);
		append(text, "malformed", i, c->drop_malformed);
		append(text, "source", i, c->drop_source);
	}
	return text;
}

static void decides_as_the_table_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		const struct row *row = &table[i];
		struct bridge *bridge = new_bridge();
		size_t known = fdb_count(bridge_fdb(bridge));
		uint64_t before = bridge_counters(bridge, row->in)->rx_frames;
		char egress[PORTS + 1], counters[256];

		print_message("%s\n", row->name);
		struct bridge_decision decision = input(bridge, row->in, row->frame, 1);

		assert_int_equal(decision.verdict, row->want.verdict);
		assert_string_equal(egress_text(&decision, egress), row->want.egress);
		assert_int_equal(decision.strip, row->want.strip);
		assert_string_equal(counted(bridge, counters), row->want.counted);
		assert_int_equal(bridge_counters(bridge, row->in)->rx_frames, before + 1);
		assert_int_equal(bridge_counters(bridge, row->in)->rx_eapol,
		                 row->want.verdict == BRIDGE_PAE);
		/* what was not forwarded was not learned either */
		if (decision.verdict != BRIDGE_FORWARD)
			assert_int_equal(fdb_count(bridge_fdb(bridge)), known);
		bridge_free(bridge);
	}
}

/* A closed port takes no part in any frame's way: each row once more, with all ports closed. */
static void closed_everywhere_passes_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct bridge *bridge = new_bridge();

		for (unsigned port = 0; port < PORTS; port++)
			bridge_close(bridge, port);
		assert_int_equal(fdb_count(bridge_fdb(bridge)), 0);
		for (unsigned port = 0; port < PORTS; port++) {
			struct bridge_decision decision = input(bridge, port, table[i].frame, 1);

			assert_int_not_equal(decision.verdict, BRIDGE_FORWARD);
		}
		assert_int_equal(fdb_count(bridge_fdb(bridge)), 0);
		bridge_free(bridge);
	}
}

static void a_closed_port_is_forgotten_and_gets_nothing(void **state)
{
	struct bridge *bridge = new_bridge();
	char egress[PORTS + 1], counters[256];
	struct bridge_decision decision;

	(void)state;
	bridge_close(bridge, 5);
	decision = input(bridge, 0, STATION("05") STATION("aa") IP, 1);
	assert_string_equal(egress_text(&decision, egress), "1");
	assert_string_equal(counted(bridge, counters), "egress:2 egress:5");
	bridge_open(bridge, 5, 20, NULL);
	decision = input(bridge, 0, STATION("05") STATION("aa") IP, 2);
	assert_string_equal(egress_text(&decision, egress), "15");
	bridge_free(bridge);
}

static void a_port_that_changes_its_vlan_is_forgotten(void **state)
{
	struct bridge *bridge = new_bridge();
	char egress[PORTS + 1];
	struct bridge_decision decision;

	(void)state;
	bridge_open(bridge, 5, 30, NULL);
	decision = input(bridge, 0, STATION("05") STATION("aa") IP, 1);
	assert_string_equal(egress_text(&decision, egress), "1");
	decision = input(bridge, 3, ALL STATION("03") ARP, 1);
	assert_string_equal(egress_text(&decision, egress), "5");
	bridge_free(bridge);
}

static void opening_again_in_the_same_way_keeps_the_stations(void **state)
{
	struct bridge *bridge = new_bridge();
	size_t known = fdb_count(bridge_fdb(bridge));

	(void)state;
	bridge_open(bridge, 5, 20, NULL);
	assert_int_equal(fdb_count(bridge_fdb(bridge)), known);
	bridge_free(bridge);
}

static void a_lost_link_is_forgotten_and_gets_nothing(void **state)
{
	struct bridge *bridge = new_bridge();
	char egress[PORTS + 1];
	struct bridge_decision decision;

	(void)state;
	bridge_link(bridge, 5, false);
	decision = input(bridge, 0, STATION("05") STATION("aa") IP, 1);
	assert_string_equal(egress_text(&decision, egress), "1");
	bridge_free(bridge);
}

static void a_closed_port_with_a_known_vlan_counts_that_one_only(void **state)
{
	struct bridge *bridge = new_bridge();
	char counters[256];

	(void)state;
	bridge_expect_vlan(bridge, 2, 30);
	input(bridge, 0, ALL STATION("aa") ARP, 1);
	assert_string_equal(counted(bridge, counters), "");
	input(bridge, 3, ALL STATION("03") ARP, 1);
	assert_string_equal(counted(bridge, counters), "egress:2");
	bridge_free(bridge);
}

static void stations_age_out(void **state)
{
	struct bridge *bridge = new_bridge();
	char egress[PORTS + 1];
	struct bridge_decision decision;

	(void)state;
	assert_int_equal(bridge_deadline(bridge), 300000);
	bridge_tick(bridge, 300000);
	assert_int_equal(fdb_count(bridge_fdb(bridge)), 0);
	assert_int_equal(bridge_deadline(bridge), MSEC_NEVER);
	decision = input(bridge, 0, STATION("05") STATION("aa") IP, 300000);
	assert_string_equal(egress_text(&decision, egress), "15");
	bridge_free(bridge);
}

static void a_full_database_floods(void **state)
{
	struct bridge *bridge = new_bridge();
	char frame[64], egress[PORTS + 1];
	struct bridge_decision decision;

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		strcpy(frame, STATION("05") "0200000001");
		const char digits[] = { (char)('a' + i / 10), (char)('0' + i % 10), '\0' };

		strcat(frame, digits);
		strcat(frame, IP);
		decision = input(bridge, 0, frame, 1);
		assert_string_equal(egress_text(&decision, egress), "5");
	}
	assert_int_equal(fdb_count(bridge_fdb(bridge)), 16);
	decision = input(bridge, 5, "0200000001b9" STATION("05") IP, 2);
	assert_string_equal(egress_text(&decision, egress), "01");
	bridge_free(bridge);
}

static void counts_what_was_sent(void **state)
{
	struct bridge *bridge = new_bridge();

	(void)state;
	bridge_sent(bridge, 2, 60, true);
	bridge_sent(bridge, 2, 1514, false);
	assert_int_equal(bridge_counters(bridge, 2)->tx_frames, 2);
	assert_int_equal(bridge_counters(bridge, 2)->tx_bytes, 1574);
	assert_int_equal(bridge_counters(bridge, 2)->tx_eapol, 1);
	bridge_free(bridge);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decides_as_the_table_says),
		cmocka_unit_test(closed_everywhere_passes_nothing),
		cmocka_unit_test(a_closed_port_is_forgotten_and_gets_nothing),
		cmocka_unit_test(a_port_that_changes_its_vlan_is_forgotten),
		cmocka_unit_test(opening_again_in_the_same_way_keeps_the_stations),
		cmocka_unit_test(a_lost_link_is_forgotten_and_gets_nothing),
		cmocka_unit_test(a_closed_port_with_a_known_vlan_counts_that_one_only),
		cmocka_unit_test(stations_age_out),
		cmocka_unit_test(a_full_database_floods),
		cmocka_unit_test(counts_what_was_sent),
	};

	return cmocka_run_group_tests_name("bridge", tests, NULL, NULL);
}
