/* SPDX-License-Identifier: BSD-3-Clause */
/* Whole EAP-TLS conversations of eap_peer with a server in the same process: RFC 3748, RFC 5216, RFC 9190. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <time.h>

#include "common/eap.h"
#include "supplicant/eap_peer.h"
#include "tests/scenario/eap_server.h"
#include "tests/scenario/fixture.h"

enum { P256, RSA, KEYS };

static struct fixture fixtures[KEYS];

struct talk {
	const struct fixture *f;
	struct eap_peer_setup setup;
	struct eap_server_config server_config;
	struct eap_peer *peer;
	struct eap_server *server;
	msec now;
	enum eap_peer_verdict verdict;
	struct eap_peer_outcome outcome;
	unsigned responses;
	uint8_t last_id;
};

static struct talk talk_of(const struct fixture *f, int tls)
{
	return (struct talk){
		.f = f,
		.setup = { .identity = "phone1",
		           .credentials = f->credentials,
		           .tls_min = PORTCALL_TLS_1_2,
		           .tls_max = PORTCALL_TLS_1_3,
		           .fragment = 1398,
		           .keep_msk = true },
		.server_config = { .cert = f->server, .client_ca = f->phone_ca, .tls = tls },
	};
}

static void talk_init(struct talk *t)
{
	t->peer = eap_peer_new(&t->setup);
	assert_non_null(t->peer);
	assert_true(eap_peer_restart(t->peer));
	t->server = eap_server_new(&t->server_config);
	assert_non_null(t->server);
}

static void talk_done(struct talk *t)
{
	eap_peer_free(t->peer);
	eap_server_free(t->server);
}

static enum eap_peer_verdict feed(struct talk *t, struct span packet, struct span *ret_response)
{
	struct eap_packet p;

	if (eap_decode(packet, &p) == PORTCALL_OK)
		t->last_id = p.id;
	t->verdict = eap_peer_input(t->peer, packet, t->now, ret_response);
	t->outcome = eap_peer_outcome(t->peer);
	t->responses += t->verdict == EAP_PEER_RESPONSE;
	return t->verdict;
}

static struct span identity_request(uint8_t id)
{
	static uint8_t packet[64];
	static const char data[] = "Portcall\0sid=4f2a-01";
	size_t n = 0;

	assert_int_equal(eap_encode(EAP_CODE_REQUEST, id, EAP_METHOD_IDENTITY,
	                            span(data, sizeof(data) - 1), packet, sizeof(packet), &n),
	                 PORTCALL_OK);
	return span(packet, n);
}

/* Until somebody has decided or says nothing more. */
static void converse(struct talk *t)
{
	struct span packet = identity_request(7), response = span(NULL, 0);

	for (int i = 0; i < 300; i++) {
		enum eap_server_verdict verdict;

		if (feed(t, packet, &response) != EAP_PEER_RESPONSE)
			return;
		verdict = eap_server_input(t->server, response, &packet);
		if (verdict == EAP_SERVER_SILENT)
			return;
	}
	fail_msg("no end after 300 rounds");
}

static void expect(const struct talk *t, enum eap_peer_verdict verdict, enum portcall_reason reason)
{
	if (t->verdict != verdict || t->outcome.reason != reason)
		print_error("verdict %d reason %s: %s\n", t->verdict,
		            portcall_reason_code(t->outcome.reason), t->outcome.detail);
	assert_int_equal(t->verdict, verdict);
	assert_int_equal(t->outcome.reason, reason);
}

static void succeed_with(struct talk *t)
{
	uint8_t ours[EAP_PEER_MSK_LEN], theirs[EAP_PEER_MSK_LEN];

	talk_init(t);
	converse(t);
	expect(t, EAP_PEER_SUCCESS, PORTCALL_REASON_AUTHENTICATED);
	assert_string_equal(t->outcome.tls_version,
	                    t->server_config.tls == 12 ? "TLSv1.2" : "TLSv1.3");
	assert_string_equal(t->outcome.session, "4f2a-01");
	assert_string_equal(eap_server_identity(t->server), "phone1");
	assert_true(eap_peer_take_msk(t->peer, ours));
	assert_false(eap_peer_take_msk(t->peer, ours));
	assert_true(eap_server_msk(t->server, theirs));
	assert_memory_equal(ours, theirs, sizeof(ours));
}

static void full_handshakes_succeed_and_agree_on_the_msk(void **state)
{
	(void)state;
	for (int key = 0; key < KEYS; key++) {
		for (int tls = 12; tls <= 13; tls++) {
			struct talk t = talk_of(&fixtures[key], tls);

			t.server_config.tickets = 2;
			succeed_with(&t);
			/* and again with the same peer and server */
			assert_true(eap_peer_restart(t.peer));
			converse(&t);
			expect(&t, EAP_PEER_SUCCESS, PORTCALL_REASON_AUTHENTICATED);
			talk_done(&t);
		}
	}
}

static void fragments_of_every_size_work_both_ways(void **state)
{
	static const uint16_t sizes[] = { 100, 253, 500, 1020, 1398, 1490 };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		for (int tls = 12; tls <= 13; tls++) {
			struct talk t = talk_of(&fixtures[RSA], tls);

			t.setup.fragment = sizes[i];
			t.server_config.fragment = sizes[i];
			succeed_with(&t);
			talk_done(&t);
		}
	}
}

static void intermediate_chain_is_sent(void **state)
{
	struct fixture f;
	char why[PKI_WHY_LEN];

	(void)state;
	assert_true(fixture_init(&f, &(struct fixture_options){ .intermediate = true }, why));
	for (int tls = 12; tls <= 13; tls++) {
		struct talk t = talk_of(&f, tls);

		succeed_with(&t);
		talk_done(&t);
	}
	fixture_done(&f);
}

static void either_ca_slot_will_do(void **state)
{
	struct fixture other;
	struct portcall_credentials *both;
	char why[PKI_WHY_LEN];
	struct talk t = talk_of(&fixtures[P256], 13);

	(void)state;
	assert_true(fixture_init(&other, &(struct fixture_options){ 0 }, why));
	both = fixture_credentials(other.server_ca, fixtures[P256].server_ca, fixtures[P256].phone,
	                           why);
	assert_non_null(both);
	t.setup.credentials = both;
	succeed_with(&t);
	talk_done(&t);
	portcall_credentials_unref(both);
	fixture_done(&other);
}

/* The server's certificate is refused: the client sends an alert, and the reason is known at once. */
static void refused_server(const struct fixture *f, enum portcall_verify verify, const char *name,
                           enum portcall_reason reason, int alert)
{
	for (int tls = 12; tls <= 13; tls++) {
		struct talk t = talk_of(f, tls);

		t.setup.policy.verify = verify;
		t.setup.policy.server_name = name;
		talk_init(&t);
		converse(&t);
		expect(&t, EAP_PEER_FAILURE, reason);
		assert_int_equal(eap_server_alert(t.server), alert);
		talk_done(&t);
	}
}

static void server_from_another_ca_is_refused(void **state)
{
	struct fixture f;
	char why[PKI_WHY_LEN];

	(void)state;
	assert_true(fixture_init(&f, &(struct fixture_options){ .foreign_anchor = true }, why));
	refused_server(&f, PORTCALL_VERIFY_TRUSTED, NULL, PORTCALL_REASON_SERVER_UNKNOWN_CA, 48);
	fixture_done(&f);
}

static void expired_and_early_servers_are_refused(void **state)
{
	struct fixture f;
	char why[PKI_WHY_LEN];

	(void)state;
	assert_true(fixture_init(&f,
	                         &(struct fixture_options){ .server_not_before = time(NULL) - 7200,
	                                                    .server_not_after = time(NULL) - 3600 },
	                         why));
	refused_server(&f, PORTCALL_VERIFY_TRUSTED, NULL, PORTCALL_REASON_SERVER_EXPIRED, 45);
	fixture_done(&f);
	assert_true(fixture_init(
		&f, &(struct fixture_options){ .server_not_before = time(NULL) + 3600 }, why));
	refused_server(&f, PORTCALL_VERIFY_TRUSTED, NULL, PORTCALL_REASON_SERVER_NOT_YET_VALID, 42);
	fixture_done(&f);
}

static void a_client_certificate_is_no_server(void **state)
{
	struct fixture f;
	char why[PKI_WHY_LEN];

	(void)state;
	assert_true(
		fixture_init(&f, &(struct fixture_options){ .server_purpose = PKI_CLIENT }, why));
	refused_server(&f, PORTCALL_VERIFY_TRUSTED, NULL, PORTCALL_REASON_SERVER_PURPOSE, 43);
	fixture_done(&f);
}

static void full_compares_the_name(void **state)
{
	struct talk t = talk_of(&fixtures[P256], 13);

	(void)state;
	t.setup.policy.verify = PORTCALL_VERIFY_FULL;
	t.setup.policy.server_name = "radius.example";
	succeed_with(&t);
	talk_done(&t);
	t = talk_of(&fixtures[P256], 13);
	t.setup.policy.verify = PORTCALL_VERIFY_FULL;
	t.setup.policy.server_name = "other.example";
	talk_init(&t);
	converse(&t);
	expect(&t, EAP_PEER_FAILURE, PORTCALL_REASON_SERVER_NAME);
	talk_done(&t);
}

static void verify_none_takes_any_server(void **state)
{
	struct fixture f;
	char why[PKI_WHY_LEN];
	struct talk t;

	(void)state;
	assert_true(fixture_init(&f, &(struct fixture_options){ .foreign_anchor = true }, why));
	t = talk_of(&f, 13);
	t.setup.policy.verify = PORTCALL_VERIFY_NONE;
	succeed_with(&t);
	talk_done(&t);
	fixture_done(&f);
}

static void refused_client(bool alerts, enum portcall_reason reason, const char *detail)
{
	for (int tls = 12; tls <= 13; tls++) {
		struct talk t = talk_of(&fixtures[P256], tls);

		t.server_config.client_ca = fixtures[P256].server_ca; /* not the phone's issuer */
		t.server_config.alerts = alerts;
		talk_init(&t);
		converse(&t);
		expect(&t, EAP_PEER_FAILURE, reason);
		assert_non_null(strstr(t.outcome.detail, detail));
		talk_done(&t);
	}
}

static void the_alert_of_a_server_that_refuses_us_is_named(void **state)
{
	(void)state;
	refused_client(true, PORTCALL_REASON_CLIENT_REFUSED, "unknown CA");
}

static void a_bare_failure_is_a_rejection(void **state)
{
	(void)state;
	refused_client(false, PORTCALL_REASON_REJECTED, "certificate");
}

static void policy_reject_after_the_handshake_ends_the_attempt(void **state)
{
	(void)state;
	for (int tls = 12; tls <= 13; tls++) {
		struct talk t = talk_of(&fixtures[P256], tls);

		t.server_config.reject_after_handshake = true;
		talk_init(&t);
		converse(&t);
		expect(&t, EAP_PEER_FAILURE, PORTCALL_REASON_REJECTED);
		talk_done(&t);
	}
}

static void version_mismatch_is_a_tls_failure(void **state)
{
	struct talk t = talk_of(&fixtures[P256], 12);

	(void)state;
	t.setup.tls_min = PORTCALL_TLS_1_3;
	t.server_config.alerts = true;
	talk_init(&t);
	converse(&t);
	expect(&t, EAP_PEER_FAILURE, PORTCALL_REASON_TLS_FAILED);
	assert_non_null(strstr(t.outcome.detail, "protocol version"));
	talk_done(&t);
}

/* --- RFC 9190 2.5: protected success ------------------------------------------------------------ */

static void success_without_commitment_is_dropped(void **state)
{
	struct talk t = talk_of(&fixtures[P256], 13);

	(void)state;
	t.server_config.no_commitment = true;
	talk_init(&t);
	converse(&t);
	expect(&t, EAP_PEER_DISCARD, PORTCALL_REASON_PROTOCOL_ERROR);
	talk_done(&t);
}

static void any_other_application_data_fails(const char *data, size_t n)
{
	struct talk t = talk_of(&fixtures[P256], 13);

	t.server_config.commitment = data;
	t.server_config.commitment_n = n;
	talk_init(&t);
	converse(&t);
	/* the server says EAP-Success nevertheless; it is dropped */
	expect(&t, EAP_PEER_DISCARD, PORTCALL_REASON_PROTOCOL_ERROR);
	talk_done(&t);
}

static void commitment_is_exactly_one_zero_octet(void **state)
{
	(void)state;
	any_other_application_data_fails("\1", 1);
	any_other_application_data_fails("\0\0", 2);
	any_other_application_data_fails("HTTP", 4);
}

static void close_notify_behind_the_commitment_is_harmless(void **state)
{
	struct talk t = talk_of(&fixtures[P256], 13);

	(void)state;
	t.server_config.close_after = true;
	succeed_with(&t);
	talk_done(&t);
	t = talk_of(&fixtures[P256], 13);
	t.server_config.close_after = true;
	t.server_config.no_commitment = true;
	talk_init(&t);
	converse(&t);
	expect(&t, EAP_PEER_DISCARD, PORTCALL_REASON_PROTOCOL_ERROR);
	talk_done(&t);
}

/* --- packets that come when they should not ------------------------------------------------------ */

static struct span bare(enum eap_code code, uint8_t id)
{
	static uint8_t packet[4];
	size_t n = 0;

	assert_int_equal(eap_encode(code, id, 0, span(NULL, 0), packet, sizeof(packet), &n),
	                 PORTCALL_OK);
	return span(packet, n);
}

static void early_success_is_dropped_at_every_step(void **state)
{
	(void)state;
	for (int tls = 12; tls <= 13; tls++) {
		struct talk t = talk_of(&fixtures[P256], tls);
		struct span packet = identity_request(7), response, ignored;
		unsigned dropped = 0;

		t.server_config.fragment = 300;
		talk_init(&t);
		assert_int_equal(feed(&t, bare(EAP_CODE_SUCCESS, 7), &ignored), EAP_PEER_DISCARD);
		while (feed(&t, packet, &response) == EAP_PEER_RESPONSE) {
			uint8_t id = t.last_id;

			if (eap_server_input(t.server, response, &packet) == EAP_SERVER_ACCEPT)
				continue;
			assert_int_equal(feed(&t, bare(EAP_CODE_SUCCESS, id), &ignored),
			                 EAP_PEER_DISCARD);
			dropped++;
		}
		expect(&t, EAP_PEER_SUCCESS, PORTCALL_REASON_AUTHENTICATED);
		assert_true(dropped >= 4);
		talk_done(&t);
	}
}

static void failure_with_the_current_id_ends_the_attempt_at_every_step(void **state)
{
	(void)state;
	for (unsigned step = 1; step < 6; step++) {
		struct talk t = talk_of(&fixtures[P256], 13);
		struct span packet = identity_request(7), response, ignored;

		t.server_config.fragment = 300;
		talk_init(&t);
		assert_int_equal(feed(&t, bare(EAP_CODE_FAILURE, 7), &ignored), EAP_PEER_DISCARD);
		for (unsigned i = 0; i < step; i++) {
			assert_int_equal(feed(&t, packet, &response), EAP_PEER_RESPONSE);
			if (i + 1 < step)
				eap_server_input(t.server, response, &packet);
		}
		assert_int_equal(
			feed(&t, bare(EAP_CODE_FAILURE, (uint8_t)(t.last_id + 1)), &ignored),
			EAP_PEER_DISCARD);
		t.last_id--;
		assert_int_equal(feed(&t, bare(EAP_CODE_FAILURE, t.last_id), &ignored),
		                 EAP_PEER_FAILURE);
		expect(&t, EAP_PEER_FAILURE, PORTCALL_REASON_REJECTED);
		talk_done(&t);
	}
}

static void a_late_failure_after_the_identity_means_radius_is_down(void **state)
{
	struct talk t = talk_of(&fixtures[P256], 13);
	struct span response;

	(void)state;
	talk_init(&t);
	feed(&t, identity_request(7), &response);
	expect(&t, EAP_PEER_RESPONSE,
	       PORTCALL_REASON_RADIUS_UNREACHABLE); /* if nothing more came */
	t.now += 4000;
	feed(&t, bare(EAP_CODE_FAILURE, 7), &response);
	expect(&t, EAP_PEER_FAILURE, PORTCALL_REASON_RADIUS_UNREACHABLE);
	talk_done(&t);
}

static void duplicates_get_the_same_response(void **state)
{
	struct talk t = talk_of(&fixtures[P256], 13);
	struct span packet = identity_request(7), response;

	(void)state;
	talk_init(&t);
	while (feed(&t, packet, &response) == EAP_PEER_RESPONSE) {
		uint8_t first[2048];
		size_t n = response.n;

		assert_true(n <= sizeof(first));
		memcpy(first, response.p, n);
		assert_int_equal(feed(&t, packet, &response), EAP_PEER_RESPONSE);
		assert_int_equal(response.n, n);
		assert_memory_equal(response.p, first, n);
		eap_server_input(t.server, response, &packet);
	}
	expect(&t, EAP_PEER_SUCCESS, PORTCALL_REASON_AUTHENTICATED);
	talk_done(&t);
}

static void weaker_methods_are_refused_with_nak(void **state)
{
	static const uint8_t md5[] = { EAP_CODE_REQUEST, 8, 0, 10, EAP_METHOD_MD5, 4, 1, 2, 3, 4 };
	struct talk t = talk_of(&fixtures[P256], 13);
	struct span response;

	(void)state;
	talk_init(&t);
	feed(&t, identity_request(7), &response);
	assert_int_equal(feed(&t, span(md5, sizeof(md5)), &response), EAP_PEER_RESPONSE);
	assert_int_equal(response.n, 6);
	assert_int_equal(response.p[4], EAP_METHOD_NAK);
	assert_int_equal(response.p[5], EAP_METHOD_TLS);
	feed(&t, bare(EAP_CODE_FAILURE, 8), &response);
	expect(&t, EAP_PEER_FAILURE, PORTCALL_REASON_METHOD_REFUSED);
	talk_done(&t);
}

static void an_authenticator_may_begin_anew(void **state)
{
	struct talk t = talk_of(&fixtures[P256], 13);
	struct span packet, response;

	(void)state;
	talk_init(&t);
	feed(&t, identity_request(7), &response);
	assert_false(eap_peer_begins_anew(t.peer, identity_request(8), t.now));
	eap_server_input(t.server, response, &packet);
	feed(&t, packet, &response); /* Start: ClientHello */
	assert_false(eap_peer_begins_anew(t.peer, identity_request(7), t.now)); /* old */
	assert_int_equal(feed(&t, identity_request(7), &response), EAP_PEER_DISCARD);
	assert_true(eap_peer_begins_anew(t.peer, identity_request(9), t.now));
	assert_true(eap_peer_restart(t.peer));
	converse(&t);
	expect(&t, EAP_PEER_SUCCESS, PORTCALL_REASON_AUTHENTICATED);
	assert_false(eap_peer_begins(t.peer, identity_request(7), t.now)); /* a late duplicate */
	assert_true(eap_peer_begins(t.peer, identity_request(8), t.now));
	talk_done(&t);
}

/* --- malformed EAP-TLS (RFC 5216 3.1) --------------------------------------------------------------- */

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

static int group_setup(void **state)
{
	char why[PKI_WHY_LEN];

	(void)state;
	if (fixture_init(&fixtures[P256], &(struct fixture_options){ .key = PKI_P256 }, why) &&
	    fixture_init(&fixtures[RSA], &(struct fixture_options){ .key = PKI_RSA_2048 }, why))
		return 0;
	print_error("%s\n", why);
	return -1;
}

static int group_teardown(void **state)
{
	(void)state;
	fixture_done(&fixtures[P256]);
	fixture_done(&fixtures[RSA]);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_handshakes_succeed_and_agree_on_the_msk),
		cmocka_unit_test(fragments_of_every_size_work_both_ways),
		cmocka_unit_test(intermediate_chain_is_sent),
		cmocka_unit_test(either_ca_slot_will_do),
		cmocka_unit_test(server_from_another_ca_is_refused),
		cmocka_unit_test(expired_and_early_servers_are_refused),
		cmocka_unit_test(a_client_certificate_is_no_server),
		cmocka_unit_test(full_compares_the_name),
		cmocka_unit_test(verify_none_takes_any_server),
		cmocka_unit_test(the_alert_of_a_server_that_refuses_us_is_named),
		cmocka_unit_test(a_bare_failure_is_a_rejection),
		cmocka_unit_test(policy_reject_after_the_handshake_ends_the_attempt),
		cmocka_unit_test(version_mismatch_is_a_tls_failure),
		cmocka_unit_test(success_without_commitment_is_dropped),
		cmocka_unit_test(commitment_is_exactly_one_zero_octet),
		cmocka_unit_test(close_notify_behind_the_commitment_is_harmless),
		cmocka_unit_test(early_success_is_dropped_at_every_step),
		cmocka_unit_test(failure_with_the_current_id_ends_the_attempt_at_every_step),
		cmocka_unit_test(a_late_failure_after_the_identity_means_radius_is_down),
		cmocka_unit_test(duplicates_get_the_same_response),
		cmocka_unit_test(weaker_methods_are_refused_with_nak),
		cmocka_unit_test(an_authenticator_may_begin_anew),
		cmocka_unit_test(malformed_requests_end_the_attempt_with_a_reason),
		cmocka_unit_test(loops_without_progress_are_ended),
	};

	return cmocka_run_group_tests_name("EAP peer: RFC 3748, RFC 5216, RFC 9190", tests,
	                                   group_setup, group_teardown);
}
