/* SPDX-License-Identifier: BSD-3-Clause */
/* TLS sessions that are resumed, and those that must not be: RFC 5216 2.1.2, RFC 9190 2.1.2. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/eap.h"
#include "tests/scenario/talk.h"

enum { HOUR = 3600 };

static const struct {
	int tls;
	enum eap_server_resume how;
} ways[] = {
	{ 12, EAP_SERVER_TICKETS },
	{ 12, EAP_SERVER_SESSION_IDS },
	{ 13, EAP_SERVER_TICKETS },
	{ 13, EAP_SERVER_SESSION_IDS },
};
enum { WAYS = sizeof(ways) / sizeof(*ways), TLS12_TICKET = 0, TLS13_TICKET = 2 };

static struct talk talk_that_resumes(const struct fixture *f, int way)
{
	struct talk t = talk_of(f, ways[way].tls);

	t.server_config.resume = ways[way].how;
	t.server_config.tickets = 2;
	return t;
}

static void expect_resumed(const struct talk *t, bool resumed)
{
	assert_int_equal(t->outcome.resumed, resumed);
}

static void each_conversation_resumes_the_one_before(void **state)
{
	(void)state;
	for (int key = 0; key < KEYS; key++) {
		for (int way = 0; way < WAYS; way++) {
			struct talk t = talk_that_resumes(&fixtures[key], way);
			unsigned full;

			succeed_with(&t);
			expect_resumed(&t, false);
			full = eap_server_rounds(t.server);
			for (int i = 0; i < 4; i++) {
				succeed_again(&t);
				expect_resumed(&t, true);
				assert_true(eap_server_rounds(t.server) <= full - (key == RSA));
			}
			talk_done(&t);
		}
	}
}

/* The phone restarts: another peer, with the octets of the first one. */
static struct span carry_over(struct talk *t, uint8_t octets[static PORTCALL_SESSION_MAX])
{
	struct span stored = eap_peer_stored(t->peer);

	assert_in_range(stored.n, 100, PORTCALL_SESSION_MAX);
	memcpy(octets, stored.p, stored.n);
	eap_peer_free(t->peer);
	t->peer = eap_peer_new(&t->setup);
	assert_non_null(t->peer);
	return span(octets, stored.n);
}

static void a_session_survives_a_restart(void **state)
{
	(void)state;
	for (int way = 0; way < WAYS; way++) {
		struct talk t = talk_that_resumes(&fixtures[RSA], way);
		uint8_t octets[PORTCALL_SESSION_MAX];

		succeed_with(&t);
		assert_int_equal(eap_peer_store(t.peer, carry_over(&t, octets)), PORTCALL_OK);
		succeed_again(&t);
		expect_resumed(&t, true);
		talk_done(&t);
	}
}

static void damaged_octets_are_refused(void **state)
{
	struct talk t = talk_that_resumes(&fixtures[P256], TLS12_TICKET);
	uint8_t octets[PORTCALL_SESSION_MAX];
	struct span stored;

	(void)state;
	succeed_with(&t);
	stored = carry_over(&t, octets);
	for (size_t n = 0; n < stored.n; n++)
		assert_int_equal(eap_peer_store(t.peer, span(octets, n)), PORTCALL_DISCARD);
	for (size_t i = 0; i < stored.n; i++) {
		octets[i] ^= 1;
		assert_int_equal(eap_peer_store(t.peer, stored), PORTCALL_DISCARD);
		octets[i] ^= 1;
	}
	assert_int_equal(eap_peer_store(t.peer, stored), PORTCALL_OK);
	talk_done(&t);
}

/* --- bound to what the server was judged by ----------------------------------------------------------- */

static void expect_unfit(struct talk *t, const struct eap_peer_setup *other)
{
	uint8_t octets[PORTCALL_SESSION_MAX];
	struct eap_peer_setup before;
	struct span stored;

	succeed_with(t);
	before = t->setup;
	t->setup = *other;
	stored = carry_over(t, octets);
	assert_int_equal(eap_peer_store(t->peer, stored), PORTCALL_DISCARD);
	t->setup = before;
	assert_int_equal(eap_peer_store(t->peer, stored), PORTCALL_OK);
	talk_done(t);
}

static void other_settings_ask_for_a_full_handshake(void **state)
{
	struct talk t = talk_that_resumes(&fixtures[P256], TLS13_TICKET);
	struct eap_peer_setup other;

	(void)state;
	other = t.setup, other.policy.verify = PORTCALL_VERIFY_NONE;
	expect_unfit(&t, &other);
	other = t.setup, other.policy.verify = PORTCALL_VERIFY_FULL;
	other.policy.server_name = "radius.example";
	expect_unfit(&t, &other);
	other = t.setup, other.policy.ocsp = PORTCALL_OCSP_REQUIRE;
	expect_unfit(&t, &other);
	other = t.setup, other.identity = "phone2";
	expect_unfit(&t, &other);
	other = t.setup, other.tls_max = PORTCALL_TLS_1_2;
	expect_unfit(&t, &other);
	other = t.setup, other.credentials = fixtures[RSA].credentials;
	expect_unfit(&t, &other);
}

static void other_anchors_ask_for_a_full_handshake(void **state)
{
	const struct fixture *f = &fixtures[P256];
	struct talk t = talk_that_resumes(f, TLS13_TICKET);
	struct eap_peer_setup other = t.setup;
	char why[PKI_WHY_LEN];

	(void)state;
	other.credentials =
		fixture_credentials(fixtures[RSA].server_ca, f->server_ca, f->phone, why);
	assert_non_null(other.credentials);
	expect_unfit(&t, &other);
	portcall_credentials_unref(other.credentials);
}

static struct portcall_crls *some_list(void)
{
	struct portcall_crls *crls = NULL;
	struct portcall_why why;
	char pem[4096];
	FILE *file = fopen("tests/fuzz/corpus/crl/pem", "r");
	size_t n;

	assert_non_null(file);
	n = fread(pem, 1, sizeof(pem), file);
	fclose(file);
	assert_int_equal(portcall_crls_read(pem, n, 0, NULL, NULL, &crls, &why), PORTCALL_OK);
	return crls;
}

static void a_new_revocation_list_asks_for_a_full_handshake(void **state)
{
	struct talk t = talk_that_resumes(&fixtures[P256], TLS12_TICKET);
	struct portcall_crls *crls = some_list();

	(void)state;
	succeed_with(&t);
	t.setup.crls = crls;
	succeed_again(&t);
	expect_resumed(&t, false);
	succeed_again(&t); /* it was judged by the list, too */
	expect_resumed(&t, true);
	t.setup.crls = NULL;
	succeed_again(&t);
	expect_resumed(&t, false);
	talk_done(&t);
	portcall_crls_unref(crls);
}

/* Dates pass. */
static void an_expired_server_is_not_resumed(void **state)
{
	struct fixture f;
	char why[PKI_WHY_LEN];

	(void)state;
	assert_true(fixture_init(
		&f, &(struct fixture_options){ .server_not_after = time(NULL) + HOUR }, why));
	for (int way = 0; way < WAYS; way++) {
		struct talk t = talk_that_resumes(&f, way);

		succeed_with(&t);
		t.setup.policy.time = time(NULL) + HOUR / 2;
		succeed_again(&t);
		expect_resumed(&t, true);
		t.setup.policy.time = time(NULL) + HOUR + 1;
		assert_true(eap_peer_restart(t.peer));
		converse(&t);
		expect(&t, EAP_PEER_FAILURE, PORTCALL_REASON_SERVER_EXPIRED);
		talk_done(&t);
	}
	fixture_done(&f);
}

static void a_clock_before_the_certificate_asks_for_a_full_handshake(void **state)
{
	struct talk t = talk_that_resumes(&fixtures[P256], TLS12_TICKET);

	(void)state;
	t.setup.policy.not_before_ignored = true;
	t.setup.policy.time = time(NULL) - HOUR;
	succeed_with(&t);
	succeed_again(&t);
	expect_resumed(&t, true);
	t.setup.policy.not_before_ignored = false;
	assert_true(eap_peer_restart(t.peer));
	converse(&t);
	expect(&t, EAP_PEER_FAILURE, PORTCALL_REASON_SERVER_NOT_YET_VALID);
	talk_done(&t);
}

/* --- when it does not work ------------------------------------------------------------------------------ */

static void a_server_that_forgot_gets_a_full_handshake(void **state)
{
	(void)state;
	for (int way = 0; way < WAYS; way++) {
		struct talk t = talk_that_resumes(&fixtures[P256], way);

		succeed_with(&t);
		eap_server_free(t.server);
		t.server = eap_server_new(&t.server_config);
		assert_non_null(t.server);
		succeed_again(&t);
		expect_resumed(&t, false);
		succeed_again(&t);
		expect_resumed(&t, true);
		talk_done(&t);
	}
}

static void reject(void *ctx, unsigned round, uint8_t *packet, size_t *n, size_t max)
{
	const unsigned *at = ctx;
	const struct span id = span(packet + 1, 1);

	if (round == *at) {
		struct span failure = bare(EAP_CODE_FAILURE, id.p[0]);

		assert_true(failure.n <= max);
		memcpy(packet, failure.p, failure.n);
		*n = failure.n;
	}
}

/* FreeRADIUS may say no to a resumed session, which it then does every time. */
static void a_rejected_resumption_is_not_tried_again(void **state)
{
	(void)state;
	for (int way = 0; way < WAYS; way++) {
		struct talk t = talk_that_resumes(&fixtures[P256], way);
		struct span packet = identity_request(7), response;
		unsigned never = 0;

		t.server_config.mangle = reject;
		t.server_config.mangle_ctx = &never;
		succeed_with(&t);
		assert_true(eap_peer_restart(t.peer));
		for (int i = 0; i < 2; i++) { /* Identity, Start */
			feed(&t, packet, &response);
			eap_server_input(t.server, response, &packet);
		}
		assert_int_equal(eap_peer_stored(t.peer).n, 0); /* not to be exported any more */
		feed(&t, bare(EAP_CODE_FAILURE, t.last_id), &response);
		expect(&t, EAP_PEER_FAILURE, PORTCALL_REASON_REJECTED);
		succeed_again(&t);
		expect_resumed(&t, false);
		talk_done(&t);
	}
}

static void an_attempt_without_tls_keeps_the_session(void **state)
{
	struct talk t = talk_that_resumes(&fixtures[P256], TLS13_TICKET);
	struct span response;

	(void)state;
	succeed_with(&t);
	assert_true(eap_peer_restart(t.peer));
	feed(&t, identity_request(7), &response); /* and RADIUS is down */
	succeed_again(&t);
	expect_resumed(&t, true);
	talk_done(&t);
}

/* What the server's policy rejected is nothing to come back with. */
static void a_handshake_without_success_leaves_no_session(void **state)
{
	(void)state;
	for (int way = 0; way < WAYS; way++) {
		struct talk t = talk_that_resumes(&fixtures[P256], way);

		t.server_config.reject_after_handshake = true;
		talk_init(&t);
		converse(&t);
		expect(&t, EAP_PEER_FAILURE, PORTCALL_REASON_REJECTED);
		assert_int_equal(eap_peer_stored(t.peer).n, 0);
		talk_done(&t);
	}
}

static void without_extended_master_secret_nothing_is_resumed(void **state)
{
	struct talk t = talk_that_resumes(&fixtures[P256], TLS12_TICKET);

	(void)state;
	t.server_config.no_extended_master_secret = true;
	succeed_with(&t);
	succeed_again(&t);
	expect_resumed(&t, false);
	talk_done(&t);
}

static void tickets_are_shown_once(void **state)
{
	struct talk t = talk_that_resumes(&fixtures[P256], TLS13_TICKET);

	(void)state;
	t.server_config.tickets = 0;
	succeed_with(&t);
	assert_int_equal(eap_peer_stored(t.peer).n, 0);
	succeed_again(&t);
	expect_resumed(&t, false);
	talk_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_conversation_resumes_the_one_before),
		cmocka_unit_test(a_session_survives_a_restart),
		cmocka_unit_test(damaged_octets_are_refused),
		cmocka_unit_test(other_settings_ask_for_a_full_handshake),
		cmocka_unit_test(other_anchors_ask_for_a_full_handshake),
		cmocka_unit_test(a_new_revocation_list_asks_for_a_full_handshake),
		cmocka_unit_test(a_new_revocation_list_asks_for_a_full_handshake),
		cmocka_unit_test(an_expired_server_is_not_resumed),
		cmocka_unit_test(a_clock_before_the_certificate_asks_for_a_full_handshake),
		cmocka_unit_test(a_server_that_forgot_gets_a_full_handshake),
		cmocka_unit_test(a_rejected_resumption_is_not_tried_again),
		cmocka_unit_test(an_attempt_without_tls_keeps_the_session),
		cmocka_unit_test(a_handshake_without_success_leaves_no_session),
		cmocka_unit_test(without_extended_master_secret_nothing_is_resumed),
		cmocka_unit_test(tickets_are_shown_once),
	};

	return cmocka_run_group_tests_name("resumption: RFC 5216 2.1.2, RFC 9190 2.1.2", tests,
	                                   talk_setup, talk_teardown);
}
