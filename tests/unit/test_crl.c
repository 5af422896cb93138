/* SPDX-License-Identifier: BSD-3-Clause */
/* Revocation lists: what is read, and what they do to a server's chain, in the checker and in handshakes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <openssl/err.h>

#include "common/credential_openssl.h"
#include "tests/unit/findings.h"
#include "tests/unit/revocation_fixture.h"
#include "tests/unit/tls_pair.h"

enum { SERVER = 2001, MIDDLE = 2002, ELSE = 2003 }; /* serial numbers */

/* root > middle > server; twin has the root's name and another key. */
static struct world {
	struct fixture_cert root, twin, middle, server;
} w;

static int make_world(void **state)
{
	(void)state;
	w.root = fixture_ca(NULL, "CN=Root");
	w.twin = fixture_ca(NULL, "CN=Root");
	w.middle = fixture_cert(
		&w.root, (struct fixture_spec){ .subject = "CN=Middle",
	                                        .serial = MIDDLE,
	                                        .ext = { "basicConstraints=critical,CA:TRUE" } });
	w.server = fixture_cert(&w.middle,
	                        (struct fixture_spec){ .subject = "CN=server", .serial = SERVER });
	return 0;
}

static int free_world(void **state)
{
	(void)state;
	fixture_done(&w.root);
	fixture_done(&w.twin);
	fixture_done(&w.middle);
	fixture_done(&w.server);
	return 0;
}

static enum portcall_err read_list(struct span der, struct findings *findings,
                                   struct portcall_crls **ret_crls, struct portcall_why *ret_why)
{
	return portcall_crls_read(der.p, der.n, FIXTURE_NOW, findings_add, findings, ret_crls,
	                          ret_why);
}

/* --- judging ---------------------------------------------------------------------------------------- */

enum by { BY_ROOT, BY_MIDDLE, BY_TWIN };

static const struct row {
	const char *name;
	struct fixture_crl list;
	enum by by;
	enum portcall_verify verify; /* 0: trusted */
	bool pinned;                 /* the anchor is the server's own certificate */
	bool revoked;
	const char *detail;
	const char *codes; /* findings of reading */
} table[] = {
	{ .name = "a list that does not name the server",
	  .list = { .serial = { ELSE } },
	  .by = BY_MIDDLE },
	{ .name = "an empty list", .by = BY_MIDDLE },
	{ .name = "the server is revoked",
	  .list = { .serial = { ELSE, SERVER } },
	  .by = BY_MIDDLE,
	  .revoked = true,
	  .detail = "CN=server: it stands in the CA's revocation list; since 2026-05-18T20:26:40Z; "
	            "Key Compromise" },
	{ .name = "the CA below the anchor is revoked",
	  .list = { .serial = { MIDDLE } },
	  .by = BY_ROOT,
	  .revoked = true,
	  .detail = "CN=Middle" },
	{ .name = "the serial number in the list of another CA",
	  .list = { .serial = { SERVER } },
	  .by = BY_ROOT },
	{ .name = "a list that the CA's key did not sign",
	  .list = { .serial = { MIDDLE } },
	  .by = BY_TWIN },
	{ .name = "an expired list still revokes",
	  .list = { .serial = { SERVER }, .from = -60, .to = -30 },
	  .by = BY_MIDDLE,
	  .revoked = true,
	  .codes = "crl-expired" },
	{ .name = "an expired list refuses nothing else",
	  .list = { .serial = { ELSE }, .from = -60, .to = -30 },
	  .by = BY_MIDDLE,
	  .codes = "crl-expired" },
	{ .name = "a list from the future revokes",
	  .list = { .serial = { SERVER }, .from = 10, .to = 30 },
	  .by = BY_MIDDLE,
	  .revoked = true },
	{ .name = "a list without nextUpdate",
	  .list = { .serial = { SERVER }, .no_next = true },
	  .by = BY_MIDDLE,
	  .revoked = true },
	{ .name = "a list that many stand in",
	  .list = { .serial = { SERVER }, .more = 6000 },
	  .by = BY_MIDDLE,
	  .revoked = true },
	{ .name = "removed from the list",
	  .list = { .serial = { SERVER }, .removed = true },
	  .by = BY_MIDDLE },
	{ .name = "full: the server is revoked",
	  .list = { .serial = { SERVER } },
	  .by = BY_MIDDLE,
	  .verify = PORTCALL_VERIFY_FULL,
	  .revoked = true },
	{ .name = "none: nothing is judged",
	  .list = { .serial = { SERVER } },
	  .by = BY_MIDDLE,
	  .verify = PORTCALL_VERIFY_NONE },
	{ .name = "a pinned server is trusted as it stands",
	  .list = { .serial = { SERVER } },
	  .by = BY_MIDDLE,
	  .pinned = true },
};

static const struct fixture_cert *signer_of(enum by by)
{
	switch (by) {
	case BY_ROOT:
		return &w.root;
	case BY_MIDDLE:
		return &w.middle;
	case BY_TWIN:
		return &w.twin;
	}
	return NULL;
}

static void check_handshake(const struct row *row, const struct cert_policy *policy,
                            X509_STORE *store, STACK_OF(X509) *sent, int version,
                            struct portcall_why *ret_why)
{
	SSL_CTX *listening = SSL_CTX_new(TLS_server_method());
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	struct cert_verdict verdict;
	SSL *client, *server;
	int alert = 0;

	SSL_CTX_set_max_proto_version(listening, version);
	assert_int_equal(SSL_CTX_use_cert_and_key(listening, w.server.cert, w.server.key, sent, 1),
	                 1);
	cert_policy_setup(ctx, policy->profile);
	client = SSL_new(ctx);
	server = SSL_new(listening);
	assert_true(cert_policy_attach(client, policy, store, &verdict));
	assert_int_equal(tls_pair_handshake(client, server, &alert), !row->revoked);
	assert_int_equal(alert, row->revoked ? SSL_AD_CERTIFICATE_REVOKED : 0);
	*ret_why = verdict.why;
	SSL_free(client);
	SSL_free(server);
	SSL_CTX_free(ctx);
	SSL_CTX_free(listening);
}

static void judges(void **state)
{
	const struct row *row = *state;
	struct span der = fixture_crl(signer_of(row->by), row->list);
	struct cert_policy policy = { .verify = row->verify,
		                      .server_name = "server",
		                      .time = FIXTURE_NOW };
	X509_STORE *store = X509_STORE_new();
	STACK_OF(X509) *sent = sk_X509_new_null();
	struct portcall_crls *crls = NULL;
	struct portcall_why why = { 0 }, live;
	struct findings findings = { 0 };
	const char *code = portcall_reason_code(row->revoked ? PORTCALL_REASON_SERVER_REVOKED
	                                                     : PORTCALL_REASON_NONE);

	assert_int_equal(read_list(der, &findings, &crls, &why), PORTCALL_OK);
	assert_string_equal(findings_codes(&findings), row->codes ? row->codes : "");
	policy.crls = crls;
	sk_X509_push(sent, w.middle.cert);
	assert_true(anchor_add(store, row->pinned ? w.server.cert : w.root.cert, "ca1"));
	assert_int_equal(cert_policy_judge(&policy, store, w.server.cert, sent, &why),
	                 row->revoked ? PORTCALL_ERR_REFUSED : PORTCALL_OK);
	assert_string_equal(portcall_reason_code(why.reason), code);
	if (row->detail)
		assert_non_null(strstr(why.text, row->detail));
	for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
		check_handshake(row, &policy, store, sent, version, &live);
		assert_string_equal(portcall_reason_code(live.reason), code);
		assert_string_equal(live.text, why.text);
	}
	assert_int_equal(ERR_peek_error(), 0);
	portcall_crls_unref(crls);
	X509_STORE_free(store);
	sk_X509_free(sent);
	span_free(der);
}

/* --- reading ---------------------------------------------------------------------------------------- */

static void refused(const void *file, size_t n, enum portcall_err err, const char *code,
                    const char *detail, int line)
{
	struct findings findings = { 0 };
	struct portcall_crls *none = NULL;
	struct portcall_why why = { 0 };

	assert_int_equal(read_list(span(file, n), &findings, &none, &why), err);
	assert_null(none);
	assert_string_equal(portcall_reason_code(why.reason), code);
	assert_int_equal(why.line, line);
	if (!strstr(why.text, detail))
		fail_msg("\"%s\" lacks \"%s\"", why.text, detail);
	assert_int_equal(ERR_peek_error(), 0);
}

static void refused_text(const char *text, const char *detail, int line)
{
	refused(text, strlen(text), PORTCALL_ERR_SYNTAX, "crl-syntax", detail, line);
}

static void pem_and_der(void **state)
{
	struct span first = fixture_crl(&w.root, (struct fixture_crl){ .serial = { MIDDLE } });
	struct span second = fixture_crl(
		&w.middle, (struct fixture_crl){ .serial = { SERVER }, .no_next = true });
	char *one = fixture_crl_pem(first), *two = fixture_crl_pem(second),
	     *ca = fixture_pem(w.root.cert), *text = calloc(1, 8192);
	struct findings findings = { 0 };
	struct portcall_crls *crls = NULL, *shared;
	struct portcall_why why = { 0 };
	const struct portcall_crl_info *info;

	(void)state;
	/* CR/LF, other blocks and text around them */
	sprintf(text, "root:\n%s%s\nmiddle:\n%s", ca, one, two);
	assert_int_equal(read_list(span(text, strlen(text)), &findings, &crls, &why), PORTCALL_OK);
	assert_int_equal(findings.n, 0);
	assert_int_equal(portcall_crls_count(crls), 2);
	info = portcall_crls_at(crls, 0);
	assert_string_equal(info->issuer, "CN=Root");
	assert_int_equal(info->this_update, FIXTURE_NOW - 86400);
	assert_int_equal(info->next_update, FIXTURE_NOW + 30 * 86400);
	assert_int_equal(info->revoked, 1);
	assert_string_equal(portcall_crls_at(crls, 1)->issuer, "CN=Middle");
	assert_int_equal(portcall_crls_at(crls, 1)->next_update, 0);
	assert_null(portcall_crls_at(crls, 2));
	shared = portcall_crls_ref(crls);
	portcall_crls_unref(crls);
	assert_string_equal(portcall_crls_at(shared, 0)->issuer, "CN=Root");
	portcall_crls_unref(shared);
	portcall_crls_unref(NULL);
	assert_int_equal(portcall_crls_count(NULL), 0);
	free(text);
	free(one);
	free(two);
	free(ca);
	span_free(first);
	span_free(second);
}

static void broken_files(void **state)
{
	struct span der = fixture_crl(&w.root, (struct fixture_crl){ .serial = { MIDDLE } });
	char *pem = fixture_crl_pem(der), *ca = fixture_pem(w.root.cert);
	uint8_t *longer = calloc(1, der.n + 3);
	char *damaged = strdup(pem);

	(void)state;
	refused_text("", "no BEGIN X509 CRL", 1);
	refused_text("hello", "no BEGIN X509 CRL", 1);
	refused_text(ca, "no BEGIN X509 CRL", 1);
	strchr(damaged, '\n')[70] = '*';
	refused_text(damaged, "not base64", 3);
	strstr(pem, "-----END")[0] = '\0';
	refused_text(pem, "without its END line", 1);
	memcpy(longer, der.p, der.n);
	refused(longer, der.n + 3, PORTCALL_ERR_SYNTAX, "crl-syntax", "octets follow", 0);
	for (size_t n = 1; n < der.n; n++)
		refused(der.p, n, PORTCALL_ERR_SYNTAX, "crl-syntax", "", 0);
	free(damaged);
	free(longer);
	free(pem);
	free(ca);
	span_free(der);
}

static void unusable_lists(void **state)
{
	struct span delta = fixture_crl(&w.root, (struct fixture_crl){ .delta = true });
	struct span unknown =
		fixture_crl(&w.root, (struct fixture_crl){ .unknown_critical = true });
	struct span good = fixture_crl(&w.root, (struct fixture_crl){ 0 });
	char *one = fixture_crl_pem(delta), *two = fixture_crl_pem(good), *text = calloc(1, 8192);
	struct findings findings = { 0 };
	struct portcall_crls *crls = NULL;
	struct portcall_why why = { 0 };

	(void)state;
	refused(delta.p, delta.n, PORTCALL_ERR_REFUSED, "crl-unusable", "CN=Root: a delta list", 0);
	refused(unknown.p, unknown.n, PORTCALL_ERR_REFUSED, "crl-unusable", "unknown critical", 0);
	sprintf(text, "%s%s", one, two);
	assert_int_equal(read_list(span(text, strlen(text)), &findings, &crls, &why), PORTCALL_OK);
	assert_string_equal(findings_codes(&findings), "crl-unusable");
	assert_int_equal(portcall_crls_count(crls), 1);
	portcall_crls_unref(crls);
	free(text);
	free(one);
	free(two);
	span_free(delta);
	span_free(unknown);
	span_free(good);
}

static void limits(void **state)
{
	struct span der = fixture_crl(&w.root, (struct fixture_crl){ 0 });
	char *pem = fixture_crl_pem(der), *text = calloc(17, strlen(pem) + 1);
	uint8_t *large = calloc(1, PORTCALL_CRLS_MAX_FILE + 1);
	int lines = 0;

	(void)state;
	for (const char *c = pem; *c; c++)
		lines += *c == '\n';
	for (int i = 0; i < 17; i++)
		strcat(text, pem);
	refused(text, strlen(text), PORTCALL_ERR_LIMIT, "crl-limit", "16 lists", 16 * lines + 1);
	refused(large, PORTCALL_CRLS_MAX_FILE + 1, PORTCALL_ERR_LIMIT, "crl-limit", "256 KiB", 0);
	free(text);
	free(pem);
	free(large);
	span_free(der);
}

int main(void)
{
	enum { ROWS = sizeof(table) / sizeof(*table) };
	static const struct CMUnitTest others[] = {
		{ "PEM and DER, several lists, what they say", pem_and_der, NULL, NULL, NULL },
		{ "broken files are refused, and every prefix", broken_files, NULL, NULL, NULL },
		{ "delta lists and unknown critical extensions are skipped", unusable_lists, NULL,
		  NULL, NULL },
		{ "size and number are limited", limits, NULL, NULL, NULL },
	};
	struct CMUnitTest tests[ROWS + sizeof(others) / sizeof(*others)];
	size_t n = 0;

	for (size_t i = 0; i < ROWS; i++)
		tests[n++] = (struct CMUnitTest){ table[i].name, judges, NULL, NULL,
			                          (void *)(uintptr_t)&table[i] };
	memcpy(tests + n, others, sizeof(others));
	return cmocka_run_group_tests_name("crl", tests, make_world, free_world);
}
