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
#include "tests/scenario/talk.h"

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

/* What was dropped is only worth telling when nothing went on behind it. */
static void dropped_packets_are_forgotten_when_it_goes_on(void **state)
{
	struct talk t = talk_of(&fixtures[P256], 13);
	struct span packet = identity_request(7), response, ignored;

	(void)state;
	talk_init(&t);
	for (int i = 0; i < 2; i++) {
		feed(&t, packet, &response);
		assert_int_equal(feed(&t, bare(EAP_CODE_FAILURE, 99), &ignored), EAP_PEER_DISCARD);
		expect(&t, EAP_PEER_DISCARD, PORTCALL_REASON_PROTOCOL_ERROR);
		eap_server_input(t.server, response, &packet);
	}
	feed(&t, packet, &response);
	expect(&t, EAP_PEER_RESPONSE, PORTCALL_REASON_AUTHENTICATOR_SILENT);
	talk_done(&t);
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
		cmocka_unit_test(dropped_packets_are_forgotten_when_it_goes_on),
		cmocka_unit_test(a_late_failure_after_the_identity_means_radius_is_down),
		cmocka_unit_test(duplicates_get_the_same_response),
		cmocka_unit_test(weaker_methods_are_refused_with_nak),
		cmocka_unit_test(an_authenticator_may_begin_anew),
	};

	return cmocka_run_group_tests_name("EAP peer: RFC 3748, RFC 5216, RFC 9190", tests,
	                                   talk_setup, talk_teardown);
}
