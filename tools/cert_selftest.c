/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cert_selftest - does the CA work, from its key to a phone's handshake?
 *
 * Trial certificates are made and signed in memory and forgotten: they are in no index and on no disk.
 * Their way is the real one: PKCS#12 under a pass phrase, provisioning document, the phone's reader, and
 * a TLS handshake in which both ends verify each other.
 */
#include "tools/cert.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "common/credential_openssl.h"
#include "common/item.h"
#include "tools/ca.h"

static const char selftest_help[] =
	"usage: portcall cert selftest --ca DIR [OPTION...]\n"
	"\n"
	"Tries the CA: its key, its dates, a trial certificate for a phone and one for a server, "
	"the\n"
	"PKCS#12 of both profiles read back as a phone does, and a TLS handshake between the two.\n"
	"Nothing is written; the trial certificates are forgotten.\n"
	"\n"
	"  --ca DIR                   the CA's folder\n"
	"  --ca-passphrase-file FILE  opens its key; else PORTCALL_CA_PASSPHRASE\n"
	"  --subject TEMPLATE         the template for phones; default: the CA's name with CN=?\n"
	"  --profile PROFILE          judge by modern (default) or optipoint\n"
	"  --json                     {\"ok\",\"steps\":[{\"name\",\"ok\",\"text\"}]}\n"
	"\n"
	"Exit status: 0 all of it works, 1 not, 2 cannot read or wrong usage.\n"
	"\n"
	"  portcall cert selftest --ca phones-ca --ca-passphrase-file ca.pass\n";

AUTO_CLEANUP(items, struct portcall_items *, portcall_items_free)
AUTO_CLEANUP(credentials, struct portcall_credentials *, portcall_credentials_unref)
AUTO_CLEANUP(ssl, SSL *, SSL_free)
AUTO_CLEANUP(ssl_ctx, SSL_CTX *, SSL_CTX_free)

static const char PASSPHRASE[] = "trial pass phrase"; /* protects nothing */

struct trial {
	const struct pki_cert *ca;
	const char *template;
	enum portcall_profile profile;
	struct pki_cert *phone, *server;
	char text[240]; /* of the step at work */
};

static bool said(struct trial *t, const char *text)
{
	snprintf(t->text, sizeof(t->text), "%s", text);
	return false;
}

/* --- steps ---------------------------------------------------------------------------------------------- */

static bool key_fits(struct trial *t)
{
	if (!pki_is_ca(t->ca))
		return said(t, "The certificate is not a CA's.");
	return X509_check_private_key(t->ca->x509, t->ca->key) == 1 ||
	       said(t, "The private key is not that of the certificate.");
}

static bool dates_fit(struct trial *t)
{
	int64_t left = pki_not_after(t->ca) - cert_now();

	if (left <= 0)
		return said(t, "The CA has expired.");
	if (pki_not_before(t->ca) > cert_now())
		return said(t, "The CA is not valid yet.");
	snprintf(t->text, sizeof(t->text), "%lld days left.", (long long)(left / 86400));
	return true;
}

static struct pki_cert *trial_cert(struct trial *t, const char *value, enum pki_purpose purpose)
{
	int64_t now = cert_now();
	const char *const names[] = { "DNS:selftest.example", NULL };
	char name[PKI_NAME_LEN], template[PKI_NAME_LEN], subject[PKI_NAME_LEN];
	char why[PKI_WHY_LEN] = "The CA's name cannot be taken.";
	struct pki_request request = { .subject = subject,
		                       .purpose = purpose,
		                       .key = PKI_RSA_2048,
		                       .san = purpose == PKI_SERVER ? names : NULL,
		                       .not_before = now - 60,
		                       .not_after = now + 3600 };
	struct pki_cert *cert = NULL;

	pki_key_kind(t->ca, &request.key);
	if ((t->template || (pki_subject(t->ca, name, sizeof(name)) &&
	                     pki_name_with_cn(name, "?", template, sizeof(template), why))) &&
	    pki_name_fill(t->template ? t->template : template, value, subject, sizeof(subject),
	                  why))
		cert = pki_issue(t->ca, &request, why);
	if (!cert)
		said(t, why);
	return cert;
}

static bool phone_issued(struct trial *t)
{
	t->phone = trial_cert(t, "selftest", PKI_CLIENT);
	return t->phone != NULL;
}

static bool server_issued(struct trial *t)
{
	t->server = trial_cert(t, "selftest.example", PKI_SERVER);
	return t->server != NULL;
}

/* The document that a phone would get. */
static char *document(struct trial *t, enum pki_container container)
{
	char why[PKI_WHY_LEN], *text = NULL;
	AUTO(free) char *ca = pki_pem(t->ca, false);
	AUTO(free) char *p12 = pki_pkcs12_base64(t->phone, PASSPHRASE, container, why);

	if (!p12)
		said(t, why);
	else if (!ca || asprintf(&text,
	                         "<DLSMessage><Message><ItemList>"
	                         "<Item name=\"" ITEM_CA1 "\">%s</Item>"
	                         "<Item name=\"" ITEM_CERTIFICATE "\">%s</Item>"
	                         "</ItemList></Message></DLSMessage>",
	                         ca, p12) < 0)
		return NULL;
	return text;
}

static struct portcall_credentials *phone_reads(struct trial *t, enum pki_container container)
{
	const struct portcall_credentials_options options = { .size = sizeof(options),
		                                              .passphrase = PASSPHRASE,
		                                              .profile = t->profile,
		                                              .now = cert_now() };
	AUTO(free) char *text = document(t, container);
	AUTO(items) struct portcall_items *items = NULL;
	struct portcall_credentials *credentials = NULL;
	struct portcall_why why;

	if (text &&
	    portcall_items_read(text, strlen(text), NULL, NULL, &items, &why) == PORTCALL_OK &&
	    portcall_credentials_read(items, &options, &credentials, &why) == PORTCALL_OK)
		return credentials;
	if (text)
		snprintf(t->text, sizeof(t->text), "%s [%.100s]", portcall_reason_text(why.reason),
		         why.text);
	return NULL;
}

static bool modern_read(struct trial *t)
{
	AUTO(credentials) struct portcall_credentials *credentials = phone_reads(t, PKI_MODERN);

	return credentials != NULL;
}

static bool optipoint_read(struct trial *t)
{
	AUTO(credentials) struct portcall_credentials *credentials = phone_reads(t, PKI_OPTIPOINT);

	return credentials != NULL;
}

/* --- the handshake ---------------------------------------------------------------------------------------- */

static bool end_use(SSL_CTX *ctx, const struct pki_cert *cert, X509_STORE *anchors)
{
	SSL_CTX_set1_cert_store(ctx, anchors);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	return SSL_CTX_use_cert_and_key(ctx, cert->x509, cert->key, cert->above, 1) == 1;
}

/* Both ends take turns over a pair of buffers. */
static bool shake(SSL *client, SSL *server)
{
	BIO *near, *far;

	if (!BIO_new_bio_pair(&near, 0, &far, 0))
		return false;
	SSL_set_bio(client, near, near);
	SSL_set_bio(server, far, far);
	SSL_set_connect_state(client);
	SSL_set_accept_state(server);
	for (int turn = 0; turn < 20; turn++) {
		int a = SSL_do_handshake(client), b = SSL_do_handshake(server);

		if (a == 1 && b == 1)
			return true;
		if ((a != 1 && SSL_get_error(client, a) != SSL_ERROR_WANT_READ) ||
		    (b != 1 && SSL_get_error(server, b) != SSL_ERROR_WANT_READ))
			return false;
	}
	return false;
}

static bool handshake_done(struct trial *t)
{
	AUTO(credentials) struct portcall_credentials *credentials = phone_reads(t, PKI_MODERN);
	const struct cert_policy policy = { .profile = t->profile,
		                            .verify = PORTCALL_VERIFY_FULL,
		                            .server_name = "selftest.example" };
	struct cert_verdict verdict = { .policy = policy };

	if (!credentials)
		return false;
	struct credential_parts parts = credential_parts(credentials);
	struct pki_cert phone = { .x509 = parts.client, .key = parts.key, .above = parts.chain };
	AUTO(ssl_ctx) SSL_CTX *client_ctx = SSL_CTX_new(TLS_client_method());
	AUTO(ssl_ctx) SSL_CTX *server_ctx = SSL_CTX_new(TLS_server_method());

	if (!client_ctx || !server_ctx)
		return said(t, "There is not enough memory.");
	cert_policy_setup(client_ctx, t->profile);
	if (t->profile == PORTCALL_PROFILE_OPTIPOINT)
		SSL_CTX_set_security_level(server_ctx, 0);

	bool ready = end_use(client_ctx, &phone, parts.anchors) &&
	             end_use(server_ctx, t->server, parts.anchors);
	AUTO(ssl) SSL *client = ready ? SSL_new(client_ctx) : NULL;
	AUTO(ssl) SSL *server = ready ? SSL_new(server_ctx) : NULL;

	if (client && server && cert_policy_attach(client, &policy, NULL, &verdict) &&
	    shake(client, server)) {
		snprintf(t->text, sizeof(t->text), "%s, %s.", SSL_get_version(client),
		         SSL_get_cipher_name(client));
		return true;
	}
	if (verdict.why.reason != PORTCALL_REASON_NONE)
		snprintf(t->text, sizeof(t->text), "%s [%.100s]",
		         portcall_reason_text(verdict.why.reason), verdict.why.text);
	else if (ERR_peek_last_error())
		said(t, ERR_reason_error_string(ERR_peek_last_error()));
	ERR_clear_error();
	return false;
}

/* --- all of it -------------------------------------------------------------------------------------------- */

static const struct {
	const char *name, *about;
	bool (*run)(struct trial *);
} steps[] = {
	{ "ca-key", "the CA's key is that of its certificate", key_fits },
	{ "ca-dates", "the CA is valid", dates_fit },
	{ "phone", "a certificate for a phone", phone_issued },
	{ "server", "a certificate for a server", server_issued },
	{ "modern", "PKCS#12 modern, read by a phone", modern_read },
	{ "optipoint", "PKCS#12 optipoint, read by a phone", optipoint_read },
	{ "handshake", "both verify each other in TLS", handshake_done },
};

static bool run_steps(struct trial *t, bool json, json_t *list)
{
	bool ok = true;

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		*t->text = '\0';

		bool passed = ok && steps[i].run(t);

		if (!ok)
			said(t, "not tried, because of the failure above.");
		ok = ok && passed;
		json_array_append_new(list, json_pack("{s:s,s:b,s:s}", "name", steps[i].name, "ok",
		                                      passed, "text", t->text));
		if (!json)
			printf("%-6s  %s%s%s\n", passed ? "ok" : "FAILED", steps[i].about,
			       *t->text ? ": " : "", t->text);
	}
	return ok;
}

static int run_selftest(int argc, char **argv)
{
	const char *dir = NULL, *passphrase_file = NULL;
	struct trial t = { 0 };
	int profile = PORTCALL_PROFILE_MODERN;
	bool json = false, ok;
	const struct option_spec specs[] = {
		{ "ca", .text = &dir },
		{ "ca-passphrase-file", .text = &passphrase_file },
		{ "subject", .text = &t.template },
		{ "profile", .choice = &profile, .choices = cert_profiles },
		{ "json", .flag = &json },
		{ NULL },
	};
	struct words words;

	if (!options_read(argc, argv, specs, 0, 0, &words))
		return 2;
	if (!dir) {
		complain("--ca is missing.");
		return 2;
	}
	AUTO(ca) struct ca *ca = ca_open(dir, passphrase_file);
	AUTO(json) json_t *list = json_array();

	if (!ca)
		return 2;
	t.ca = ca_cert(ca);
	t.profile = (enum portcall_profile)profile;
	ok = run_steps(&t, json, list);
	if (json) {
		AUTO(json) json_t *root = json_pack("{s:b,s:O}", "ok", ok, "steps", list);

		cert_print_json(root);
	}
	pki_free(t.phone);
	pki_free(t.server);
	return ok ? 0 : 1;
}

const struct cert_command cert_selftest = { "selftest", run_selftest,
	                                    "try the CA, up to a phone's handshake",
	                                    selftest_help };
