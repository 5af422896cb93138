/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RADIUS codec: the vectors of tests/vectors/radius.txt, and what holds for every packet.
 * With PORTCALL_CORPUS=DIR the vectors' octets are written to DIR/vector-N, for the fuzz target.
 */
#include "tests/unit/check.h"

#include <stdio.h>

#include "switch/access.h"
#include "switch/radius.h"

static const char vectors[] = "tests/vectors/radius.txt";
static const char secret_text[] = "xyzzy5461";
static const uint8_t request_authenticator[RADIUS_AUTHENTICATOR_LEN] = {
	0x0f, 0x40, 0x3f, 0x94, 0x73, 0x97, 0x80, 0x57,
	0xbd, 0x83, 0xd5, 0xcb, 0x98, 0xf4, 0x22, 0x7a,
};

static struct span secret(void)
{
	return span_of_string(secret_text);
}

static const char *check_text(const struct radius_packet *packet)
{
	switch (radius_verify_reply(packet, request_authenticator, secret())) {
	case RADIUS_REPLY_OK:
		return "ok";
	case RADIUS_REPLY_BAD_AUTHENTICATOR:
		return "bad-authenticator";
	case RADIUS_REPLY_NO_MESSAGE_AUTHENTICATOR:
		return "no-message-authenticator";
	case RADIUS_REPLY_BAD_MESSAGE_AUTHENTICATOR:
		return "bad-message-authenticator";
	}
	return "";
}

static void vlan_text(const struct radius_packet *packet, char *buf, size_t max)
{
	static const struct port_vlan vlans[] = { { "voice", 20 }, { "data", 30 } };
	struct access_grant grant;
	char detail[PORT_MAX_DETAIL + 1];
	enum portcall_reason reason = access_grant_read(packet, vlans, 2, &grant, detail);

	if (reason == PORTCALL_REASON_PORT_AUTHENTICATED)
		snprintf(buf, max, "%u", (unsigned)grant.vlan);
	else
		snprintf(buf, max, "%s", portcall_reason_code(reason));
}

/* What the codec sees in `datagram`, in the words of the vectors. */
static void describe(struct span datagram, char *buf, size_t max)
{
	struct radius_packet packet;
	struct radius_attribute a;
	uint8_t eap[2000];
	char eap_text[24], vlan[64];
	size_t eap_n, attributes = 0;

	if (radius_decode(datagram, &packet)) {
		snprintf(buf, max, "discard");
		return;
	}
	struct reader r = reader_of(packet.attributes);

	while (radius_next(&r, &a))
		attributes++;
	if (radius_eap_message(&packet, eap, sizeof(eap), &eap_n))
		strcpy(eap_text, "discard");
	else if (eap_n == 0)
		strcpy(eap_text, "none");
	else
		snprintf(eap_text, sizeof(eap_text), "%zu", eap_n);
	vlan_text(&packet, vlan, sizeof(vlan));
	snprintf(buf, max, "%s id %u attributes %zu reply %s eap %s vlan %s",
	         radius_code_text(packet.code), (unsigned)packet.id, attributes,
	         check_text(&packet), eap_text, vlan);
}

/* One logical line, without newline, continued over backslashes; false: end of file. */
static bool next_line(FILE *file, char *buf, size_t max)
{
	size_t n = 0;

	buf[0] = '\0';
	while (fgets(buf + n, (int)(max - n), file)) {
		n += strcspn(buf + n, "\n");
		buf[n] = '\0';
		if (n == 0 || buf[n - 1] != '\\')
			return true;
		n--;
	}
	return n > 0;
}

static void write_corpus(struct span datagram, unsigned number)
{
	const char *folder = getenv("PORTCALL_CORPUS");
	char path[512];

	if (!folder)
		return;
	snprintf(path, sizeof(path), "%s/vector-%02u", folder, number);
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(datagram.p, 1, datagram.n, file), datagram.n);
	assert_int_equal(fclose(file), 0);
}

static void vectors_match(void **state)
{
	static char line[20000], why[400], found[400];
	static uint8_t octets[RADIUS_MAX_PACKET + 100];
	struct span datagram = span(NULL, 0);
	unsigned count = 0, failed = 0;
	FILE *file = fopen(vectors, "r");

	(void)state;
	if (!file)
		fail_msg("%s cannot be opened; run the tests in the root of the tree", vectors);
	while (next_line(file, line, sizeof(line))) {
		if (line[0] == '#') {
			snprintf(why, sizeof(why), "%s", line);
		} else if (strncmp(line, "decode ", 7) == 0) {
			datagram = unhex(line + 7, octets, sizeof(octets));
		} else if (strncmp(line, "match ", 6) == 0) {
			write_corpus(datagram, ++count);
			describe(datagram, found, sizeof(found));
			if (strcmp(found, line + 6) != 0) {
				print_message("%s\n#   expected %s\n#   found    %s\n", why,
				              line + 6, found);
				failed++;
			}
		}
	}
	fclose(file);
	assert_true(count > 20);
	assert_int_equal(failed, 0);
}

static uint8_t packet_octets[RADIUS_MAX_PACKET];

/* An Accept with every kind of attribute that we read. */
static struct span full_accept(void)
{
	static const uint8_t eap[600] = { 3, 9, 0x02, 0x58 };
	uint8_t attributes[2000], more[64];
	struct writer w = writer_to(attributes, sizeof(attributes));
	size_t n;

	radius_put_eap(&w, span(eap, sizeof(eap)));
	write_bytes(&w, unhex("4006 0000000d 4106 00000006 5104 3230 1b06 00000e10", more,
	                      sizeof(more)));
	radius_put_text(&w, RADIUS_USER_NAME, "phone1");
	assert_int_equal(radius_reply(RADIUS_ACCESS_ACCEPT, 5, request_authenticator,
	                              writer_span(&w), secret(), packet_octets,
	                              sizeof(packet_octets), &n),
	                 PORTCALL_OK);
	return span(packet_octets, n);
}

static bool decodes(struct span datagram)
{
	struct radius_packet packet;

	return radius_decode(datagram, &packet) == PORTCALL_OK;
}

static bool verifies(struct span datagram)
{
	struct radius_packet packet;

	return radius_decode(datagram, &packet) == PORTCALL_OK &&
	       radius_verify_reply(&packet, request_authenticator, secret()) == RADIUS_REPLY_OK;
}

static void every_prefix_is_discarded(void **state)
{
	(void)state;
	rejects_every_prefix(decodes, full_accept());
}

static void every_bitflip_is_noticed(void **state)
{
	(void)state;
	rejects_every_bitflip(verifies, full_accept());
}

static void requests_carry_message_authenticator_first(void **state)
{
	uint8_t buf[RADIUS_MAX_PACKET], attributes[64];
	struct writer w = writer_to(attributes, sizeof(attributes));
	struct radius_packet packet;
	struct radius_attribute a;
	size_t n;

	(void)state;
	radius_put_text(&w, RADIUS_USER_NAME, "phone1");
	radius_put_u32(&w, RADIUS_NAS_PORT, 7);
	assert_int_equal(radius_request(9, request_authenticator, writer_span(&w), secret(), buf,
	                                sizeof(buf), &n),
	                 PORTCALL_OK);
	assert_int_equal(n, RADIUS_OVERHEAD + w.n);
	assert_int_equal(radius_decode(span(buf, n), &packet), PORTCALL_OK);
	assert_int_equal(packet.code, RADIUS_ACCESS_REQUEST);
	assert_int_equal(packet.id, 9);
	assert_memory_equal(packet.authenticator, request_authenticator, RADIUS_AUTHENTICATOR_LEN);
	struct reader r = reader_of(packet.attributes);

	assert_true(radius_next(&r, &a));
	assert_int_equal(a.type, RADIUS_MESSAGE_AUTHENTICATOR);
	/* made with Python's hmac over the same packet */
	uint8_t expected[16];

	unhex("c59c8e9462e268b4ae36549efe97cffe", expected, sizeof(expected));
	assert_memory_equal(a.value.p, expected, sizeof(expected));
}

static void eap_is_split_at_253(void **state)
{
	static const size_t sizes[] = { 0, 1, 253, 254, 506, 507, 1496 };
	static const size_t counts[] = { 0, 1, 1, 2, 2, 3, 6 };
	static uint8_t eap[1496], attributes[2000], joined[1496];

	(void)state;
	for (size_t i = 0; i < sizeof(eap); i++)
		eap[i] = (uint8_t)(i * 7);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct writer w = writer_to(attributes, sizeof(attributes));
		size_t n;

		radius_put_eap(&w, span(eap, sizes[i]));
		assert_true(writer_ok(&w));
		assert_int_equal(w.n, sizes[i] + 2 * counts[i]);
		struct radius_packet packet = { .attributes = writer_span(&w) };

		assert_int_equal(radius_eap_message(&packet, joined, sizeof(joined), &n),
		                 PORTCALL_OK);
		assert_int_equal(n, sizes[i]);
		assert_memory_equal(joined, eap, n);
		if (n > 0)
			assert_int_equal(radius_eap_message(&packet, joined, n - 1, &n),
			                 PORTCALL_ERR_LIMIT);
	}
}

static void what_does_not_fit_is_refused(void **state)
{
	static uint8_t attributes[RADIUS_MAX_ATTRIBUTES + 1], buf[RADIUS_MAX_PACKET + 1];
	struct writer w = writer_to(buf, sizeof(buf));
	size_t n = 0;

	(void)state;
	radius_put(&w, RADIUS_USER_NAME, span(attributes, 254));
	assert_false(writer_ok(&w));
	assert_int_equal(radius_request(1, request_authenticator,
	                                span(attributes, RADIUS_MAX_ATTRIBUTES + 1), secret(), buf,
	                                sizeof(buf), &n),
	                 PORTCALL_ERR_LIMIT);
	assert_int_equal(radius_request(1, request_authenticator, span(attributes, 10), secret(),
	                                buf, RADIUS_OVERHEAD + 9, &n),
	                 PORTCALL_ERR_LIMIT);
	assert_int_equal(n, 0);
	assert_int_equal(radius_request(1, request_authenticator,
	                                span(attributes, RADIUS_MAX_ATTRIBUTES), secret(), buf,
	                                sizeof(buf), &n),
	                 PORTCALL_OK);
	assert_int_equal(n, RADIUS_MAX_PACKET);
}

static void finds_values_of_the_right_size_only(void **state)
{
	uint8_t octets[200];
	struct radius_packet packet = { 0 };
	struct span value;
	uint32_t number = 42;

	(void)state;
	packet.attributes = unhex("1b05 000001  1a0c 0000ea5f 0106 6e6f7065"
	                          " 1a0c 00000001 0106 6f7468 65",
	                          octets, sizeof(octets));
	assert_false(radius_find_u32(&packet, RADIUS_SESSION_TIMEOUT, &number));
	assert_int_equal(number, 42);
	assert_true(radius_find_vendor(&packet, RADIUS_VENDOR_PORTCALL, RADIUS_PORTCALL_REASON,
	                               &value));
	assert_true(span_is(value, "nope"));
	assert_false(radius_find_vendor(&packet, RADIUS_VENDOR_PORTCALL, RADIUS_PORTCALL_SESSION,
	                                &value));
	/* a vendor attribute whose inside overruns is not read */
	packet.attributes = unhex("1a0c 0000ea5f 0107 6e6f7065", octets, sizeof(octets));
	assert_false(radius_find_vendor(&packet, RADIUS_VENDOR_PORTCALL, RADIUS_PORTCALL_REASON,
	                                &value));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		C("tests/vectors/radius.txt", vectors_match),
		C("RFC 2865 3: every prefix of a packet is discarded", every_prefix_is_discarded),
		C("RFC 3579 3.2: one flipped bit anywhere is noticed", every_bitflip_is_noticed),
		C("CVE-2024-3596: requests carry Message-Authenticator first",
		  requests_carry_message_authenticator_first),
		C("RFC 3579 3.1: EAP-Message is split at 253 octets and joined again",
		  eap_is_split_at_253),
		C("RFC 2865 3, 5: what does not fit is refused", what_does_not_fit_is_refused),
		C("RFC 2865 5, 5.26: values of a wrong size are not found",
		  finds_values_of_the_right_size_only),
	};

	return cmocka_run_group_tests_name("radius", tests, NULL, NULL);
}
