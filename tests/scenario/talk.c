/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/scenario/talk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "common/eap.h"

struct fixture fixtures[KEYS];

struct talk talk_of(const struct fixture *f, int tls)
{
	return (struct talk){
		.f = f,
		.setup = { .identity = "phone1",
		           .credentials = f->credentials,
		           .tls_min = PORTCALL_TLS_1_2,
		           .tls_max = PORTCALL_TLS_1_3,
		           .fragment = 1398,
		           .keep_keys = true },
		.server_config = { .cert = f->server, .client_ca = f->phone_ca, .tls = tls },
	};
}

void talk_init(struct talk *t)
{
	t->peer = eap_peer_new(&t->setup);
	assert_non_null(t->peer);
	assert_true(eap_peer_restart(t->peer));
	t->server = eap_server_new(&t->server_config);
	assert_non_null(t->server);
}

void talk_done(struct talk *t)
{
	eap_peer_free(t->peer);
	eap_server_free(t->server);
}

enum eap_peer_verdict feed(struct talk *t, struct span packet, struct span *ret_response)
{
	struct eap_packet p;

	if (eap_decode(packet, &p) == PORTCALL_OK)
		t->last_id = p.id;
	t->verdict = eap_peer_input(t->peer, packet, t->now, ret_response);
	t->outcome = eap_peer_outcome(t->peer);
	t->responses += t->verdict == EAP_PEER_RESPONSE;
	return t->verdict;
}

struct span identity_request(uint8_t id)
{
	static uint8_t packet[64];
	static const char data[] = "Portcall\0sid=4f2a-01";
	size_t n = 0;

	assert_int_equal(eap_encode(EAP_CODE_REQUEST, id, EAP_METHOD_IDENTITY,
	                            span(data, sizeof(data) - 1), packet, sizeof(packet), &n),
	                 PORTCALL_OK);
	return span(packet, n);
}

void converse(struct talk *t)
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

void expect(const struct talk *t, enum eap_peer_verdict verdict, enum portcall_reason reason)
{
	if (t->verdict != verdict || t->outcome.reason != reason)
		print_error("verdict %d reason %s: %s\n", t->verdict,
		            portcall_reason_code(t->outcome.reason), t->outcome.detail);
	assert_int_equal(t->verdict, verdict);
	assert_int_equal(t->outcome.reason, reason);
}

void succeed_with(struct talk *t)
{
	talk_init(t);
	succeed_again(t);
}

void succeed_again(struct talk *t)
{
	struct portcall_keys ours;
	uint8_t keys[128], session_id[65];

	assert_true(eap_peer_restart(t->peer));
	converse(t);
	expect(t, EAP_PEER_SUCCESS, PORTCALL_REASON_AUTHENTICATED);
	assert_string_equal(t->outcome.tls_version,
	                    t->server_config.tls == 12 ? "TLSv1.2" : "TLSv1.3");
	assert_string_equal(t->outcome.session, "4f2a-01");
	assert_string_equal(eap_server_identity(t->server), "phone1");
	assert_true(eap_peer_take_keys(t->peer, &ours));
	assert_false(eap_peer_take_keys(t->peer, &ours));
	assert_true(eap_server_keys(t->server, keys, session_id));
	assert_memory_equal(ours.msk, keys, sizeof(ours.msk));
	assert_memory_equal(ours.emsk, keys + sizeof(ours.msk), sizeof(ours.emsk));
	assert_memory_equal(ours.session_id, session_id, sizeof(session_id));
	assert_int_equal(t->outcome.resumed, eap_server_resumed(t->server));
}

struct span bare(uint8_t code, uint8_t id)
{
	static uint8_t packet[4];
	size_t n = 0;

	assert_int_equal(
		eap_encode((enum eap_code)code, id, 0, span(NULL, 0), packet, sizeof(packet), &n),
		PORTCALL_OK);
	return span(packet, n);
}

int talk_setup(void **state)
{
	char why[PKI_WHY_LEN];

	(void)state;
	if (fixture_init(&fixtures[P256], &(struct fixture_options){ .key = PKI_P256 }, why) &&
	    fixture_init(&fixtures[RSA], &(struct fixture_options){ .key = PKI_RSA_2048 }, why))
		return 0;
	print_error("%s\n", why);
	return -1;
}

int talk_teardown(void **state)
{
	(void)state;
	fixture_done(&fixtures[P256]);
	fixture_done(&fixtures[RSA]);
	return 0;
}
