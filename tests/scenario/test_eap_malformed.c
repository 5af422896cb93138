/* SPDX-License-Identifier: BSD-3-Clause */
/* EAP-TLS requests that break RFC 5216 3.1, and servers that never come to an end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "common/eap.h"
#include "tests/scenario/talk.h"

struct damage {
	unsigned round;
	uint8_t set, clear; /* flags */
	int length;         /* -1: as it is; otherwise L with this value */
	int cut;            /* octets of TLS data left; -1: all */
	bool no_flags;
};

static void do_damage(void *ctx, unsigned round, uint8_t *packet, size_t *n, size_t max)
{
	const struct damage *d = ctx;
	uint8_t data[4096];
	struct writer w = writer_to(data, sizeof(data));
	struct eap_packet p;
	struct eap_tls_header h;

	if (round != d->round || eap_decode(span(packet, *n), &p) != PORTCALL_OK ||
	    eap_tls_decode(p.data, &h) != PORTCALL_OK)
		return;
	if (d->length >= 0)
		h.flags |= EAP_TLS_FLAG_LENGTH;
	h.flags = (uint8_t)((h.flags | d->set) & ~d->clear);
	if (d->cut >= 0)
		h.fragment.n = (size_t)d->cut;
	if (!d->no_flags) {
		write_u8(&w, h.flags);
		if (h.flags & EAP_TLS_FLAG_LENGTH)
			write_u32(&w, d->length >= 0 ? (uint32_t)d->length : h.length);
		write_bytes(&w, h.fragment);
	}
	assert_int_equal(
		eap_encode(EAP_CODE_REQUEST, p.id, EAP_METHOD_TLS, writer_span(&w), packet, max, n),
		PORTCALL_OK);
}

static void damaged(struct damage d, enum eap_peer_verdict verdict, const char *detail)
{
	struct talk t = talk_of(&fixtures[RSA], 12);

	t.server_config.fragment = 500;
	t.server_config.mangle = do_damage;
	t.server_config.mangle_ctx = &d;
	talk_init(&t);
	converse(&t);
	expect(&t, verdict, PORTCALL_REASON_PROTOCOL_ERROR);
	if (!strstr(t.outcome.detail, detail))
		print_error("detail: %s\n", t.outcome.detail);
	assert_non_null(strstr(t.outcome.detail, detail));
	talk_done(&t);
}

static void malformed_requests_end_the_attempt_with_a_reason(void **state)
{
	const struct damage none = { .round = 2, .length = -1, .cut = -1 };
	struct damage d;

	(void)state;
	d = none, d.no_flags = true;
	damaged(d, EAP_PEER_DISCARD, "shorter than its header");
	d = none, d.length = 70000;
	damaged(d, EAP_PEER_FAILURE, "64 KiB");
	d = none, d.length = 100;
	damaged(d, EAP_PEER_FAILURE, "longer than its length");
	d = none, d.length = 0;
	damaged(d, EAP_PEER_FAILURE, "length was 0");
	d = none, d.clear = EAP_TLS_FLAG_MORE;
	damaged(d, EAP_PEER_FAILURE, "shorter than its length");
	d = none, d.cut = 0;
	damaged(d, EAP_PEER_FAILURE, "empty");
	d = none, d.length = 500, d.set = EAP_TLS_FLAG_MORE;
	damaged(d, EAP_PEER_FAILURE, "more fragments");
	d = none, d.round = 3, d.length = 900;
	damaged(d, EAP_PEER_FAILURE, "changed");
	d = none, d.set = EAP_TLS_FLAG_START;
	damaged(d, EAP_PEER_DISCARD, "second EAP-TLS Start");
	d = none, d.round = 1, d.clear = EAP_TLS_FLAG_START;
	damaged(d, EAP_PEER_DISCARD, "before its Start");
}

/* The server only ever sends empty requests, or fragments that never end. */
static void loops_without_progress_are_ended(void **state)
{
	struct talk t = talk_of(&fixtures[P256], 13);
	uint8_t packet[1600] = { EAP_CODE_REQUEST, 8, 0, 6, EAP_METHOD_TLS, EAP_TLS_FLAG_START };
	struct span response;
	unsigned rounds = 0;

	(void)state;
	talk_init(&t);
	feed(&t, identity_request(7), &response);
	feed(&t, span(packet, 6), &response);
	packet[5] = 0;
	do {
		packet[1]++;
		assert_true(++rounds < 10);
	} while (feed(&t, span(packet, 6), &response) == EAP_PEER_RESPONSE);
	expect(&t, EAP_PEER_FAILURE, PORTCALL_REASON_PROTOCOL_ERROR);
	talk_done(&t);

	talk_init(&t);
	feed(&t, identity_request(7), &response);
	packet[5] = EAP_TLS_FLAG_START;
	packet[1]++;
	feed(&t, span(packet, 6), &response);
	packet[2] = 1500 >> 8;
	packet[3] = 1500 & 255;
	packet[5] = EAP_TLS_FLAG_MORE; /* no length is ever announced */
	packet[6] = 22, packet[7] = 3, packet[8] = 3, packet[9] = 0x3f;
	for (rounds = 0; rounds < 200; rounds++) {
		packet[1]++;
		if (feed(&t, span(packet, 1500), &response) != EAP_PEER_RESPONSE)
			break;
		if (rounds == 0)
			memset(packet + 6, 0, 1494);
	}
	assert_true(rounds <= EAP_PEER_MESSAGE_MAX / 1494);
	t.outcome = eap_peer_outcome(t.peer);
	assert_int_not_equal(t.outcome.reason, PORTCALL_REASON_AUTHENTICATED);
	talk_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(malformed_requests_end_the_attempt_with_a_reason),
		cmocka_unit_test(loops_without_progress_are_ended),
	};

	return cmocka_run_group_tests_name("malformed EAP-TLS: RFC 5216 3.1", tests, talk_setup,
	                                   talk_teardown);
}
