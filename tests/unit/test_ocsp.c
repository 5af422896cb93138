/* SPDX-License-Identifier: BSD-3-Clause */
/* Stapled OCSP responses: one row for each rule, judged directly and in real handshakes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <openssl/err.h>
#include <openssl/ocsp.h>

#include "common/credential_openssl.h"
#include "tests/unit/revocation_fixture.h"
#include "tests/unit/tls_pair.h"

/* root > middle > server, other, and the responders; twin has the middle's name and another key. */
static struct world {
	struct fixture_cert root, middle, twin, server, stapler, other;
	struct fixture_cert responder, clerk, late, weak, foreign; /* that sign for the middle */
} w;

static struct fixture_cert responder(const struct fixture_cert *issuer, const char *subject,
                                     struct fixture_spec spec)
{
	spec.subject = subject;
	if (!spec.ext[0])
		spec.ext[0] = "extendedKeyUsage=OCSPSigning";
	return fixture_cert(issuer, spec);
}

static int make_world(void **state)
{
	(void)state;
	w.root = fixture_ca(NULL, "CN=Root");
	w.middle = fixture_cert(&w.root,
	                        (struct fixture_spec){ .subject = "CN=Middle",
	                                               .key = KEY_RSA_2048,
	                                               .ext = { "basicConstraints=CA:TRUE" } });
	w.twin = fixture_ca(NULL, "CN=Middle");
	w.server = fixture_cert(&w.middle,
	                        (struct fixture_spec){ .subject = "CN=server", .serial = 7 });
	w.stapler = fixture_cert(&w.middle, (struct fixture_spec){ .subject = "CN=server",
	                                                           .serial = 8,
	                                                           .ext = { "tlsfeature=5" } });
	w.other = fixture_cert(&w.middle,
	                       (struct fixture_spec){ .subject = "CN=other", .serial = 9 });
	w.responder = responder(&w.middle, "CN=responder", (struct fixture_spec){ 0 });
	w.clerk = responder(&w.middle, "CN=clerk",
	                    (struct fixture_spec){ .ext = { "extendedKeyUsage=clientAuth" } });
	w.late = responder(&w.middle, "CN=late", (struct fixture_spec){ .from = -9, .to = -1 });
	w.weak = responder(&w.middle, "CN=weak", (struct fixture_spec){ .key = KEY_RSA_1024 });
	w.foreign = responder(&w.twin, "CN=foreign", (struct fixture_spec){ 0 });
	return 0;
}

static int free_world(void **state)
{
	struct fixture_cert *const all[] = { &w.root,  &w.middle,  &w.twin,      &w.server,
		                             &w.other, &w.clerk,   &w.responder, &w.late,
		                             &w.weak,  &w.foreign, &w.stapler };

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		fixture_done(all[i]);
	return 0;
}

/* --- rows ------------------------------------------------------------------------------------------- */

enum means {
	GOOD,
	REVOKED,
	UNPROVEN, /* as good as none: refused when one is required */
};

static const struct row {
	const char *name;
	bool none;       /* nothing is stapled */
	const char *raw; /* stapled instead */
	struct fixture_ocsp ocsp;
	const struct fixture_cert *signer;
	const struct fixture_cert *leaf; /* that it speaks of; NULL: the server */
	enum portcall_profile profile;
	bool pinned;
	bool must_staple; /* says the server's certificate */
	bool not_before_ignored;
	enum means means;
	const char *detail;
} table[] = {
	{ .name = "good" },
	{ .name = "good, SHA-256 ids, after others, responder named by its key",
	  .ocsp = { .id_digest = "SHA256", .others = 15, .by_key = true } },
	{ .name = "good without nextUpdate", .ocsp = { .no_next = true } },
	{ .name = "good from an authorised responder",
	  .ocsp = { .send_signer = true },
	  .signer = &w.responder },
	{ .name = "good for a server that must staple", .must_staple = true },
	{ .name = "revoked",
	  .ocsp = { .status = OCSP_SAYS_REVOKED },
	  .means = REVOKED,
	  .detail = "CN=server: the stapled OCSP response says so; since 2026-05-18T20:26:40Z; "
	            "keyCompromise" },
	{ .name = "revoked, says an old response",
	  .ocsp = { .status = OCSP_SAYS_REVOKED, .from = -60, .to = -30 },
	  .means = REVOKED },
	{ .name = "nothing is stapled",
	  .none = true,
	  .means = UNPROVEN,
	  .detail = "CN=server: no OCSP response was stapled" },
	{ .name = "nothing is stapled by a server that must staple",
	  .none = true,
	  .must_staple = true,
	  .means = UNPROVEN },
	{ .name = "unknown",
	  .ocsp = { .status = OCSP_SAYS_UNKNOWN },
	  .means = UNPROVEN,
	  .detail = "does not know the certificate" },
	{ .name = "expired",
	  .ocsp = { .from = -9, .to = -1 },
	  .means = UNPROVEN,
	  .detail = "has expired; nextUpdate 2026-05-27T20:26:40Z" },
	{ .name = "not valid yet",
	  .ocsp = { .from = 1, .to = 2 },
	  .means = UNPROVEN,
	  .detail = "not valid yet; thisUpdate 2026-05-29" },
	{ .name = "not valid yet while the clock is not set",
	  .ocsp = { .from = 1, .to = 2 },
	  .not_before_ignored = true },
	{ .name = "of another certificate",
	  .leaf = &w.other,
	  .means = UNPROVEN,
	  .detail = "speaks of another" },
	{ .name = "behind more others than are read",
	  .ocsp = { .others = 16 },
	  .means = UNPROVEN,
	  .detail = "speaks of another" },
	{ .name = "the responder has no answer",
	  .ocsp = { .error = OCSP_RESPONSE_STATUS_TRYLATER },
	  .means = UNPROVEN,
	  .detail = "trylater" },
	{ .name = "signed by another CA of that name",
	  .signer = &w.twin,
	  .means = UNPROVEN,
	  .detail = "signature is wrong" },
	{ .name = "signed by a responder of another CA",
	  .ocsp = { .send_signer = true },
	  .signer = &w.foreign,
	  .means = UNPROVEN,
	  .detail = "does not belong" },
	{ .name = "signed by a certificate that may not",
	  .ocsp = { .send_signer = true },
	  .signer = &w.clerk,
	  .means = UNPROVEN,
	  .detail = "may not sign" },
	{ .name = "signed by the server itself",
	  .ocsp = { .send_signer = true },
	  .signer = &w.server,
	  .means = UNPROVEN,
	  .detail = "may not sign" },
	{ .name = "revoked, says somebody who may not say so",
	  .ocsp = { .status = OCSP_SAYS_REVOKED, .send_signer = true },
	  .signer = &w.clerk,
	  .means = UNPROVEN },
	{ .name = "signed by a responder that has expired",
	  .ocsp = { .send_signer = true },
	  .signer = &w.late,
	  .means = UNPROVEN,
	  .detail = "has expired" },
	{ .name = "signed by a responder with a weak key",
	  .ocsp = { .send_signer = true },
	  .signer = &w.weak,
	  .means = UNPROVEN,
	  .detail = "too weak" },
	{ .name = "optipoint: a weak responder is strong enough",
	  .ocsp = { .send_signer = true },
	  .signer = &w.weak,
	  .profile = PORTCALL_PROFILE_OPTIPOINT },
	{ .name = "signed by a responder whose certificate is not sent",
	  .signer = &w.responder,
	  .means = UNPROVEN,
	  .detail = "signer is unknown" },
	{ .name = "signed with SHA-1",
	  .ocsp = { .digest = "SHA1" },
	  .means = UNPROVEN,
	  .detail = "digest is too weak" },
	{ .name = "optipoint: signed with SHA-1",
	  .ocsp = { .digest = "SHA1" },
	  .profile = PORTCALL_PROFILE_OPTIPOINT },
	{ .name = "no OCSP response", .raw = "hello", .means = UNPROVEN, .detail = "is damaged" },
	{ .name = "a pinned server, whose issuer nobody knows",
	  .ocsp = { .status = OCSP_SAYS_REVOKED },
	  .pinned = true,
	  .means = UNPROVEN,
	  .detail = "issuer of the pinned certificate is unknown" },
};

/* --- both ways -------------------------------------------------------------------------------------- */

static int staple(SSL *ssl, void *arg)
{
	const struct span *response = arg;

	if (!response->n)
		return SSL_TLSEXT_ERR_NOACK;
	SSL_set_tlsext_status_ocsp_resp(ssl, OPENSSL_memdup(response->p, response->n),
	                                (long)response->n);
	return SSL_TLSEXT_ERR_OK;
}

struct scene {
	const struct row *row;
	const struct fixture_cert *server;
	struct span response;
	X509_STORE *store;
	STACK_OF(X509) *sent;
	struct cert_policy policy;
};

static void check_handshake(struct scene *s, int version, bool by_ctx, bool refused,
                            struct portcall_why *ret_why)
{
	SSL_CTX *listening = SSL_CTX_new(TLS_server_method());
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	struct cert_verdict verdict;
	SSL *client, *server;
	int alert = 0;

	SSL_CTX_set_max_proto_version(listening, version);
	SSL_CTX_set_tlsext_status_cb(listening, staple);
	SSL_CTX_set_tlsext_status_arg(listening, &s->response);
	assert_int_equal(
		SSL_CTX_use_cert_and_key(listening, s->server->cert, s->server->key, s->sent, 1),
		1);
	cert_policy_setup(ctx, s->policy.profile);
	if (by_ctx)
		assert_true(cert_policy_attach_ctx(ctx, &s->policy, s->store, &verdict));
	client = SSL_new(ctx);
	server = SSL_new(listening);
	if (!by_ctx)
		assert_true(cert_policy_attach(client, &s->policy, s->store, &verdict));
	assert_int_equal(tls_pair_handshake(client, server, &alert), !refused);
	assert_int_equal(alert, refused ? SSL_AD_BAD_CERTIFICATE_STATUS_RESPONSE : 0);
	*ret_why = verdict.why;
	SSL_free(client);
	SSL_free(server);
	SSL_CTX_free(ctx);
	SSL_CTX_free(listening);
}

static void judge_both_ways(struct scene *s, enum portcall_ocsp ocsp, enum portcall_reason reason)
{
	const struct row *row = s->row;
	struct portcall_why live;
	char text[240];

	s->policy.ocsp = ocsp;
	assert_string_equal(
		portcall_reason_code(ocsp_judge(&s->policy, s->response, s->server->cert,
	                                        row->pinned ? NULL : w.middle.cert, text)),
		portcall_reason_code(reason));
	if (reason && row->detail && !strstr(text, row->detail))
		fail_msg("\"%s\" lacks \"%s\"", text, row->detail);
	assert_int_equal(!reason, !*text);
	for (int i = 0; i < 4; i++) {
		check_handshake(s, i / 2 ? TLS1_3_VERSION : TLS1_2_VERSION, i % 2, reason != 0,
		                &live);
		assert_string_equal(portcall_reason_code(live.reason),
		                    portcall_reason_code(reason));
		assert_string_equal(live.text, text);
	}
	assert_int_equal(ERR_peek_error(), 0);
}

static void judges(void **state)
{
	const struct row *row = *state;
	struct scene s = { .row = row, .server = row->must_staple ? &w.stapler : &w.server };
	struct fixture_ocsp spec = row->ocsp;
	enum portcall_reason lax = PORTCALL_REASON_NONE, strict = PORTCALL_REASON_NONE;

	spec.issuer = &w.middle;
	spec.leaf = row->leaf ? row->leaf : s.server;
	spec.signer = row->signer;
	if (row->raw)
		s.response = span(strdup(row->raw), strlen(row->raw));
	else if (!row->none)
		s.response = fixture_ocsp(spec);
	s.policy = (struct cert_policy){ .profile = row->profile,
		                         .time = FIXTURE_NOW,
		                         .not_before_ignored = row->not_before_ignored };
	s.store = X509_STORE_new();
	s.sent = sk_X509_new_null();
	sk_X509_push(s.sent, w.middle.cert);
	assert_true(anchor_add(s.store, row->pinned ? s.server->cert : w.root.cert, "ca1"));
	if (row->means == REVOKED)
		lax = strict = PORTCALL_REASON_SERVER_REVOKED;
	if (row->means == UNPROVEN)
		strict = PORTCALL_REASON_SERVER_STATUS;
	if (row->means == UNPROVEN && row->must_staple)
		lax = PORTCALL_REASON_SERVER_STATUS;
	judge_both_ways(&s, PORTCALL_OCSP_STAPLED, lax);
	judge_both_ways(&s, PORTCALL_OCSP_REQUIRE, strict);
	X509_STORE_free(s.store);
	sk_X509_free(s.sent);
	span_free(s.response);
}

static void not_asked_for(void **state)
{
	struct scene s = {
		.server = &w.stapler,
		.response = fixture_ocsp((struct fixture_ocsp){
			.issuer = &w.middle, .leaf = &w.stapler, .status = OCSP_SAYS_REVOKED }),
		.store = X509_STORE_new(),
		.sent = sk_X509_new_null(),
		.policy = { .time = FIXTURE_NOW, .ocsp = PORTCALL_OCSP_NONE },
	};
	struct portcall_why why;

	(void)state;
	sk_X509_push(s.sent, w.middle.cert);
	assert_true(anchor_add(s.store, w.root.cert, "ca1"));
	check_handshake(&s, TLS1_2_VERSION, false, false, &why);
	check_handshake(&s, TLS1_3_VERSION, true, false, &why);
	X509_STORE_free(s.store);
	sk_X509_free(s.sent);
	span_free(s.response);
}

/* But for one octet that says nothing. */
static void damaged_responses(void **state)
{
	struct span good =
		fixture_ocsp((struct fixture_ocsp){ .issuer = &w.middle, .leaf = &w.server });
	struct cert_policy policy = { .time = FIXTURE_NOW, .ocsp = PORTCALL_OCSP_REQUIRE };
	uint8_t *copy = malloc(good.n);
	unsigned taken = 0;
	char text[240];

	(void)state;
	memcpy(copy, good.p, good.n);
	for (size_t n = 0; n < good.n; n++)
		assert_int_equal(
			ocsp_judge(&policy, span(copy, n), w.server.cert, w.middle.cert, text),
			PORTCALL_REASON_SERVER_STATUS);
	for (size_t i = 0; i < good.n; i++) {
		enum portcall_reason reason;

		copy[i] ^= 0x10;
		reason =
			ocsp_judge(&policy, span(copy, good.n), w.server.cert, w.middle.cert, text);
		copy[i] ^= 0x10;
		assert_int_not_equal(reason, PORTCALL_REASON_SERVER_REVOKED);
		taken += reason == PORTCALL_REASON_NONE;
	}
	/* the parameter of the signature's algorithm (NULL) says nothing */
	assert_int_equal(taken, 1);
	free(copy);
	span_free(good);
}

int main(void)
{
	enum { ROWS = sizeof(table) / sizeof(*table) };
	struct CMUnitTest tests[ROWS + 2];
	size_t n = 0;

	for (size_t i = 0; i < ROWS; i++)
		tests[n++] = (struct CMUnitTest){ table[i].name, judges, NULL, NULL,
			                          (void *)(uintptr_t)&table[i] };
	tests[n++] = (struct CMUnitTest){ .name = "ocsp = none: not asked for",
		                          .test_func = not_asked_for };
	tests[n++] =
		(struct CMUnitTest){ .name = "every prefix and every changed octet proves nothing",
		                     .test_func = damaged_responses };
	return cmocka_run_group_tests_name("ocsp", tests, make_world, free_world);
}
