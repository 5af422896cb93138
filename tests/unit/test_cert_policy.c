/* SPDX-License-Identifier: BSD-3-Clause */
/* One row for each rule and level; each is judged by the checker and in real handshakes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/credential_openssl.h"
#include "tests/unit/pki_fixture.h"
#include "tests/unit/tls_pair.h"

enum who { NOBODY, ROOT, MIDDLE, OTHER, TWIN, LEAF };

#define NONE    PORTCALL_VERIFY_NONE
#define TRUSTED PORTCALL_VERIFY_TRUSTED
#define FULL    PORTCALL_VERIFY_FULL
#define OPTI    PORTCALL_PROFILE_OPTIPOINT
#define R(id)   PORTCALL_REASON_##id
#define SERVER  "extendedKeyUsage=serverAuth"
#define DNS(n)  "subjectAltName=DNS:" n
#define CA      "basicConstraints=critical,CA:TRUE"

struct row {
	const char *name;
	enum portcall_verify verify;
	enum portcall_profile profile;
	enum who issuer; /* of the leaf: ROOT (0: ROOT), MIDDLE, OTHER, or LEAF: itself */
	struct fixture_spec leaf;
	struct fixture_spec middle; /* below the root; always sent when it is the issuer */
	enum fixture_key root_key;
	bool keep_middle;    /* the server forgets to send it */
	enum who anchors[3]; /* 0: ROOT alone; NOBODY is said by `no_anchor` */
	bool no_anchor;
	const char *server_name;
	long days; /* the clock, from FIXTURE_NOW */
	bool not_before_ignored;
	enum portcall_reason reason; /* NONE: accepted */
	const char *detail;
	int alert;         /* that the server gets; 0: not compared */
	bool checker_only; /* no server can run it */
};

static const struct row table[] = {
	{ .name = "trusted: chain to an anchor", .verify = TRUSTED, .leaf = { .ext = { SERVER } } },
	{ .name = "trusted: a chain with an intermediate CA", .verify = TRUSTED, .issuer = MIDDLE },
	{ .name = "trusted: two anchors, the second one fits",
	  .verify = TRUSTED,
	  .anchors = { OTHER, ROOT } },
	{ .name = "trusted: another CA",
	  .verify = TRUSTED,
	  .issuer = OTHER,
	  .reason = R(SERVER_UNKNOWN_CA),
	  .alert = 48,
	  .detail = "issuer CN=Other; anchors: CN=Root (ca1)" },
	{ .name = "trusted: a CA of the same name with another key",
	  .verify = TRUSTED,
	  .issuer = TWIN,
	  .reason = R(SERVER_UNKNOWN_CA),
	  .detail = "signature failure" },
	{ .name = "trusted: self-signed and unknown",
	  .verify = TRUSTED,
	  .issuer = LEAF,
	  .reason = R(SERVER_UNKNOWN_CA),
	  .alert = 48 },
	{ .name = "trusted: no anchor at all",
	  .verify = TRUSTED,
	  .no_anchor = true,
	  .reason = R(SERVER_UNKNOWN_CA),
	  .detail = "there are no anchors" },
	{ .name = "trusted: the intermediate CA is not sent",
	  .verify = TRUSTED,
	  .issuer = MIDDLE,
	  .keep_middle = true,
	  .reason = R(SERVER_UNKNOWN_CA),
	  .detail = "issuer CN=Middle" },
	{ .name = "none: another CA, expired, for clients, weak",
	  .verify = NONE,
	  .issuer = OTHER,
	  .leaf = { .from = -9,
	            .to = -1,
	            .key = KEY_RSA_2048,
	            .digest = "SHA1",
	            .ext = { "extendedKeyUsage=clientAuth" } } },

	{ .name = "trusted: a pinned leaf", .verify = TRUSTED, .anchors = { LEAF } },
	{ .name = "trusted: a pinned self-signed leaf",
	  .verify = TRUSTED,
	  .issuer = LEAF,
	  .anchors = { LEAF } },
	{ .name = "trusted: a pinned leaf, whatever its server sends along",
	  .verify = TRUSTED,
	  .issuer = MIDDLE,
	  .leaf = { .digest = "SHA1" },
	  .middle = { .from = -9, .to = -1, .key = KEY_RSA_1024 },
	  .anchors = { LEAF } },
	{ .name = "trusted: an intermediate CA as anchor",
	  .verify = TRUSTED,
	  .issuer = MIDDLE,
	  .anchors = { MIDDLE } },
	{ .name = "trusted: an intermediate CA as anchor has expired",
	  .verify = TRUSTED,
	  .issuer = MIDDLE,
	  .middle = { .from = -9, .to = -1 },
	  .anchors = { MIDDLE },
	  .reason = R(SERVER_EXPIRED),
	  .detail = "CN=Middle",
	  .alert = 45 },
	{ .name = "trusted: an intermediate CA as anchor is weak",
	  .verify = TRUSTED,
	  .issuer = MIDDLE,
	  .middle = { .key = KEY_RSA_1024 },
	  .anchors = { MIDDLE },
	  .reason = R(SERVER_WEAK),
	  .detail = "CN=Middle" },
	{ .name = "trusted: a pinned leaf that expired",
	  .verify = TRUSTED,
	  .anchors = { LEAF },
	  .leaf = { .from = -9, .to = -1 },
	  .reason = R(SERVER_EXPIRED) },
	{ .name = "trusted: a pin fits one server only",
	  .verify = TRUSTED,
	  .issuer = OTHER,
	  .anchors = { TWIN },
	  .reason = R(SERVER_UNKNOWN_CA) },

	{ .name = "trusted: expired",
	  .verify = TRUSTED,
	  .leaf = { .from = -9, .to = -1 },
	  .reason = R(SERVER_EXPIRED),
	  .detail = "notAfter 2026-05-27T20:26:40Z",
	  .alert = 45 },
	{ .name = "trusted: the clock of the policy counts, not the machine's",
	  .verify = TRUSTED,
	  .leaf = { .from = -9, .to = -1 },
	  .days = -5 },
	{ .name = "trusted: not yet valid",
	  .verify = TRUSTED,
	  .leaf = { .from = 1, .to = 9 },
	  .reason = R(SERVER_NOT_YET_VALID),
	  .detail = "notBefore 2026-05-29" },
	{ .name = "trusted: not yet valid while the clock is not set",
	  .verify = TRUSTED,
	  .leaf = { .from = 1, .to = 9 },
	  .not_before_ignored = true },
	{ .name = "trusted: expired while the clock is not set",
	  .verify = TRUSTED,
	  .leaf = { .from = -9, .to = -1 },
	  .not_before_ignored = true,
	  .reason = R(SERVER_EXPIRED) },
	{ .name = "trusted: the intermediate CA has expired",
	  .verify = TRUSTED,
	  .issuer = MIDDLE,
	  .middle = { .from = -9, .to = -1 },
	  .reason = R(SERVER_EXPIRED),
	  .detail = "CN=Middle" },

	{ .name = "trusted: EKU for clients only",
	  .verify = TRUSTED,
	  .leaf = { .ext = { "extendedKeyUsage=clientAuth" } },
	  .reason = R(SERVER_PURPOSE),
	  .alert = 43 },
	{ .name = "trusted: EKU for both",
	  .verify = TRUSTED,
	  .leaf = { .ext = { "extendedKeyUsage=clientAuth,serverAuth" } } },
	{ .name = "trusted: no EKU", .verify = TRUSTED },
	{ .name = "trusted: keyUsage that forbids TLS",
	  .verify = TRUSTED,
	  .leaf = { .ext = { "keyUsage=critical,cRLSign" } },
	  .reason = R(SERVER_PURPOSE),
	  .checker_only = true },
	{ .name = "trusted: the intermediate CA is for clients only",
	  .verify = TRUSTED,
	  .issuer = MIDDLE,
	  .middle = { .ext = { CA, "extendedKeyUsage=clientAuth" } },
	  .reason = R(SERVER_PURPOSE) },
	{ .name = "trusted: an intermediate that is no CA",
	  .verify = TRUSTED,
	  .issuer = MIDDLE,
	  .middle = { .ext = { "basicConstraints=CA:FALSE" } },
	  .reason = R(SERVER_UNTRUSTED),
	  .detail = "invalid CA" },
	{ .name = "trusted: name constraints are kept",
	  .verify = TRUSTED,
	  .issuer = MIDDLE,
	  .middle = { .ext = { CA, "nameConstraints=critical,permitted;DNS:lab" } },
	  .leaf = { .ext = { SERVER, DNS("radius.lab") } } },
	{ .name = "trusted: name constraints are broken",
	  .verify = TRUSTED,
	  .issuer = MIDDLE,
	  .middle = { .ext = { CA, "nameConstraints=critical,permitted;DNS:lab" } },
	  .leaf = { .ext = { SERVER, DNS("radius.example") } },
	  .reason = R(SERVER_UNTRUSTED),
	  .detail = "permitted subtree violation" },

	{ .name = "modern: RSA-2048 and SHA-256",
	  .verify = TRUSTED,
	  .leaf = { .key = KEY_RSA_2048 } },
	{ .name = "modern: RSA-1024",
	  .verify = TRUSTED,
	  .leaf = { .key = KEY_RSA_1024 },
	  .reason = R(SERVER_WEAK),
	  .alert = 42 },
	{ .name = "modern: P-384", .verify = TRUSTED, .leaf = { .key = KEY_P384 } },
	{ .name = "modern: P-521",
	  .verify = TRUSTED,
	  .leaf = { .key = KEY_P521 },
	  .reason = R(SERVER_WEAK),
	  .detail = "P-521; profile modern" },
	{ .name = "modern: Ed25519",
	  .verify = TRUSTED,
	  .leaf = { .key = KEY_ED25519 },
	  .reason = R(SERVER_WEAK),
	  .detail = "ED25519" },
	{ .name = "modern: SHA-1",
	  .verify = TRUSTED,
	  .leaf = { .digest = "SHA1" },
	  .reason = R(SERVER_WEAK),
	  .detail = "digest" },
	{ .name = "modern: an intermediate CA signed with SHA-1",
	  .verify = TRUSTED,
	  .issuer = MIDDLE,
	  .middle = { .digest = "SHA1" },
	  .reason = R(SERVER_WEAK),
	  .detail = "CN=Middle" },
	{ .name = "modern: an RSA-1024 root",
	  .verify = TRUSTED,
	  .root_key = KEY_RSA_1024,
	  .reason = R(SERVER_WEAK),
	  .detail = "CN=Root" },
	{ .name = "modern: the signature of a pinned leaf proves nothing",
	  .verify = TRUSTED,
	  .leaf = { .digest = "SHA1" },
	  .anchors = { LEAF } },
	{ .name = "optipoint: RSA-1024 and SHA-1",
	  .verify = TRUSTED,
	  .profile = OPTI,
	  .leaf = { .key = KEY_RSA_1024, .digest = "SHA1" } },
	{ .name = "optipoint: MD5",
	  .verify = TRUSTED,
	  .profile = OPTI,
	  .root_key = KEY_RSA_1024,
	  .leaf = { .key = KEY_RSA_1024, .digest = "MD5" } },
	{ .name = "optipoint: RSA-512",
	  .verify = TRUSTED,
	  .profile = OPTI,
	  .leaf = { .key = KEY_RSA_512 },
	  .reason = R(SERVER_WEAK),
	  .detail = "RSA-512",
	  .checker_only = true },
	{ .name = "optipoint: P-192",
	  .verify = TRUSTED,
	  .profile = OPTI,
	  .leaf = { .key = KEY_P192 },
	  .reason = R(SERVER_WEAK),
	  .checker_only = true },

	{ .name = "trusted: an unknown critical extension is ignored",
	  .verify = TRUSTED,
	  .leaf = { .unknown_critical = true } },
	{ .name = "trusted: the server's name is not asked for",
	  .verify = TRUSTED,
	  .server_name = "radius.lab",
	  .leaf = { .ext = { DNS("other.lab") } } },
	{ .name = "full: the name is a DNS name",
	  .verify = FULL,
	  .server_name = "radius.lab",
	  .leaf = { .ext = { DNS("other.lab,DNS:radius.lab") } } },
	{ .name = "full: another name",
	  .verify = FULL,
	  .server_name = "radius.lab",
	  .leaf = { .ext = { DNS("other.lab,DNS:third.lab") } },
	  .reason = R(SERVER_NAME),
	  .detail = "expected radius.lab; it names other.lab, third.lab" },
	{ .name = "full: the CN counts without DNS names",
	  .verify = FULL,
	  .server_name = "radius.lab",
	  .leaf = { .subject = "CN=radius.lab" } },
	{ .name = "full: the CN does not count beside DNS names",
	  .verify = FULL,
	  .server_name = "radius.lab",
	  .leaf = { .subject = "CN=radius.lab", .ext = { DNS("other.lab") } },
	  .reason = R(SERVER_NAME) },
	{ .name = "full: a wildcard stands for one label",
	  .verify = FULL,
	  .server_name = "radius.lab.example",
	  .leaf = { .ext = { DNS("*.lab.example") } } },
	{ .name = "full: a part of a label is no wildcard",
	  .verify = FULL,
	  .server_name = "radius.lab.example",
	  .leaf = { .ext = { DNS("rad*.lab.example") } },
	  .reason = R(SERVER_NAME) },
	{ .name = "full: an IP address",
	  .verify = FULL,
	  .server_name = "10.77.20.1",
	  .leaf = { .ext = { "subjectAltName=IP:10.77.20.1" } } },
	{ .name = "full: another IP address",
	  .verify = FULL,
	  .server_name = "10.77.20.1",
	  .leaf = { .ext = { "subjectAltName=IP:10.77.20.2" } },
	  .reason = R(SERVER_NAME) },
	{ .name = "full: an unknown critical extension",
	  .verify = FULL,
	  .server_name = "radius.lab",
	  .leaf = { .unknown_critical = true, .ext = { DNS("radius.lab") } },
	  .reason = R(UNKNOWN_CRITICAL_EXTENSION) },
	{ .name = "full: everything that trusted asks for",
	  .verify = FULL,
	  .server_name = "radius.lab",
	  .leaf = { .from = -9, .to = -1, .ext = { DNS("radius.lab") } },
	  .reason = R(SERVER_EXPIRED) },
};

struct scene {
	struct fixture_cert root, middle, other, twin, leaf;
	X509_STORE *store;
	STACK_OF(X509) *sent;
	struct cert_policy policy;
};

static struct fixture_cert *one(struct scene *s, enum who who)
{
	switch (who) {
	case NOBODY:
	case ROOT:
		return &s->root;
	case MIDDLE:
		return &s->middle;
	case OTHER:
		return &s->other;
	case TWIN:
		return &s->twin;
	case LEAF:
		return &s->leaf;
	}
	return NULL;
}

static void set_scene(struct scene *s, const struct row *row)
{
	struct fixture_spec middle = row->middle, leaf = row->leaf;

	s->root = fixture_cert(
		NULL,
		(struct fixture_spec){ .subject = "CN=Root", .key = row->root_key, .ext = { CA } });
	s->twin = fixture_cert(NULL, (struct fixture_spec){ .subject = "CN=Root", .ext = { CA } });
	s->other =
		fixture_cert(NULL, (struct fixture_spec){ .subject = "CN=Other", .ext = { CA } });
	middle.subject = "CN=Middle";
	if (!middle.ext[0])
		middle.ext[0] = CA;
	s->middle = fixture_cert(&s->root, middle);
	if (!leaf.subject)
		leaf.subject = "O=Lab/CN=server";
	s->leaf = fixture_cert(row->issuer == LEAF ? NULL : one(s, row->issuer), leaf);
	s->store = X509_STORE_new();
	for (size_t i = 0; i < 3 && !row->no_anchor && (row->anchors[i] || !i); i++)
		assert_true(anchor_add(s->store, one(s, row->anchors[i])->cert, i ? "ca2" : "ca1"));
	s->sent = sk_X509_new_null();
	if (row->issuer == MIDDLE && !row->keep_middle)
		sk_X509_push(s->sent, s->middle.cert);
	s->policy = (struct cert_policy){ .profile = row->profile,
		                          .verify = row->verify,
		                          .server_name = row->server_name,
		                          .time = FIXTURE_NOW + row->days * 86400,
		                          .not_before_ignored = row->not_before_ignored };
}

static void clear_scene(struct scene *s)
{
	fixture_done(&s->root);
	fixture_done(&s->middle);
	fixture_done(&s->other);
	fixture_done(&s->twin);
	fixture_done(&s->leaf);
	X509_STORE_free(s->store);
	sk_X509_free(s->sent);
}

static SSL_CTX *server_ctx(const struct scene *s, int version)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	SSL_CTX_set_security_level(ctx, 0);
	SSL_CTX_set_min_proto_version(ctx, version);
	SSL_CTX_set_max_proto_version(ctx, version);
	assert_int_equal(SSL_CTX_use_cert_and_key(ctx, s->leaf.cert, s->leaf.key, s->sent, 1), 1);
	return ctx;
}

/* `by_ctx`: the way of libcurl, where the SSL object is not ours to make. */
static void check_handshake(struct scene *s, const struct row *row, int version, bool by_ctx,
                            struct portcall_why *ret_why)
{
	SSL_CTX *listening = server_ctx(s, version), *ctx = SSL_CTX_new(TLS_client_method());
	struct cert_verdict verdict;
	SSL *client, *server = SSL_new(listening);
	int alert = 0;

	cert_policy_setup(ctx, row->profile);
	if (by_ctx)
		assert_true(cert_policy_attach_ctx(ctx, &s->policy, s->store, &verdict));
	client = SSL_new(ctx);
	if (!by_ctx)
		assert_true(cert_policy_attach(client, &s->policy, s->store, &verdict));
	assert_int_equal(tls_pair_handshake(client, server, &alert),
	                 row->reason == PORTCALL_REASON_NONE);
	*ret_why = verdict.why;
	if (row->alert)
		assert_int_equal(alert, row->alert);
	SSL_free(client);
	SSL_free(server);
	SSL_CTX_free(ctx);
	SSL_CTX_free(listening);
}

static void judges(void **state)
{
	const struct row *row = *state;
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	struct portcall_why why = { 0 }, live;
	struct scene s;

	set_scene(&s, row);
	assert_int_equal(cert_policy_judge(&s.policy, s.store, s.leaf.cert, s.sent, &why),
	                 row->reason == PORTCALL_REASON_NONE ? PORTCALL_OK : PORTCALL_ERR_REFUSED);
	assert_string_equal(portcall_reason_code(why.reason), portcall_reason_code(row->reason));
	if (row->detail && !strstr(why.text, row->detail))
		fail_msg("\"%s\" lacks \"%s\"", why.text, row->detail);
	for (int i = 0; i < 4 && !row->checker_only; i++) {
		check_handshake(&s, row, versions[i / 2], i % 2, &live);
		assert_string_equal(portcall_reason_code(live.reason),
		                    portcall_reason_code(row->reason));
		assert_string_equal(live.text, why.text);
	}
	clear_scene(&s);
}

static void full_needs_a_name(void **state)
{
	struct cert_policy policy = { .verify = FULL };
	struct cert_verdict verdict;
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	(void)state;
	assert_false(cert_policy_attach_ctx(ctx, &policy, NULL, &verdict));
	assert_int_equal(verdict.why.reason, R(SERVER_NAME));
	assert_non_null(strstr(verdict.why.text, "needs the name"));
	SSL_CTX_free(ctx);
}

int main(void)
{
	enum { ROWS = sizeof(table) / sizeof(*table) };
	struct CMUnitTest tests[ROWS + 1];
	size_t n = 0;

	for (size_t i = 0; i < ROWS; i++)
		tests[n++] = (struct CMUnitTest){ table[i].name, judges, NULL, NULL,
			                          (void *)(uintptr_t)&table[i] };
	tests[n++] =
		(struct CMUnitTest){ .name = "full without a name is refused before the handshake",
		                     .test_func = full_needs_a_name };
	return cmocka_run_group_tests_name("cert_policy", tests, NULL, NULL);
}
