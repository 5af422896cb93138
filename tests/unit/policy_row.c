/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/policy_row.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/credential_openssl.h"
#include "tests/unit/tls_pair.h"

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

static void set_scene(struct scene *s, const struct policy_row *row)
{
	struct fixture_spec root = row->root, middle = row->middle, leaf = row->leaf;

	root.subject = "CN=Root";
	if (!root.ext[0] && !root.version1)
		root.ext[0] = CA;
	s->root = fixture_cert(NULL, root);
	s->twin = fixture_cert(NULL, (struct fixture_spec){ .subject = "CN=Root", .ext = { CA } });
	s->other =
		fixture_cert(NULL, (struct fixture_spec){ .subject = "CN=Other", .ext = { CA } });
	middle.subject = "CN=Middle";
	if (!middle.ext[0] && !middle.version1)
		middle.ext[0] = CA;
	s->middle = fixture_cert(&s->root, middle);
	if (!leaf.subject)
		leaf.subject = "O=Lab/CN=server";
	s->leaf = fixture_cert(row->issuer == LEAF ? NULL : one(s, row->issuer), leaf);
	s->store = X509_STORE_new();
	for (size_t i = 0; i < 3 && !row->no_anchor && (row->anchors[i] || !i); i++)
		assert_true(anchor_add(s->store, one(s, row->anchors[i])->cert, i ? "ca2" : "ca1"));
	s->sent = sk_X509_new_null();
	if (row->scrambled) {
		sk_X509_push(s->sent, s->root.cert);
		sk_X509_push(s->sent, s->other.cert);
	}
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
static void check_handshake(struct scene *s, const struct policy_row *row, int version, bool by_ctx,
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

void policy_row_judge(void **state)
{
	const struct policy_row *row = *state;
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
