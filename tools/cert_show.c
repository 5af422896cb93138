/* SPDX-License-Identifier: BSD-3-Clause */
/* cert_show - what is in a file, and chains in their order. */
#include "tools/cert.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "common/credential_openssl.h"
#include "common/item.h"
#include "tools/rfc3339.h"

/* --- show ---------------------------------------------------------------------------------------------- */

static const char show_help[] =
	"usage: portcall cert show [OPTION...] FILE...\n"
	"\n"
	"Says what is in certificates, keys, requests, CRLs, PKCS#12 and provisioning files,\n"
	"with the fingerprints (SHA-256 and MD5) that phones and administrators compare.\n"
	"Private keys are only named, never shown.\n"
	"\n"
	"  --in-passphrase-file FILE  opens PKCS#12 and keys; else PORTCALL_IN_PASSPHRASE\n"
	"  --json                     one array\n"
	"\n"
	"  portcall cert show op420adv_conf.xml phone1.p12 --in-passphrase-file phone.pass\n";

AUTO_CLEANUP(items, struct portcall_items *, portcall_items_free)

struct show {
	const char *passphrase;
	json_t *list; /* NULL: for people */
	int status;
};

static void worse(struct show *show, int status)
{
	if (status > show->status)
		show->status = status;
}

static json_t *crl_json(X509_CRL *crl)
{
	char issuer[PKI_NAME_LEN], begin[RFC3339_LEN], end[RFC3339_LEN];

	cert_name(X509_CRL_get_issuer(crl), issuer, sizeof(issuer));
	return json_pack("{s:s,s:s,s:s,s:i}", "issuer", issuer, "this_update",
	                 rfc3339(cert_seconds(X509_CRL_get0_lastUpdate(crl)), begin), "next_update",
	                 rfc3339(cert_seconds(X509_CRL_get0_nextUpdate(crl)), end), "revoked",
	                 sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)));
}

static json_t *csr_json(X509_REQ *req)
{
	char subject[PKI_NAME_LEN], key[32];
	struct pki_csr csr = { req };
	char **san = pki_csr_san(&csr);
	json_t *names = json_array();

	cert_name(X509_REQ_get_subject_name(req), subject, sizeof(subject));
	cert_key_name(X509_REQ_get0_pubkey(req), key);
	for (char **p = san; p && *p; p++)
		json_array_append_new(names, json_string(*p));
	pki_san_free(san);
	return json_pack("{s:s,s:s,s:o,s:b}", "subject", subject, "key", key, "san", names,
	                 "signed", X509_REQ_verify(req, X509_REQ_get0_pubkey(req)) == 1);
}

static void print_rest(const struct pki_material *m)
{
	char key[32];

	if (m->key) {
		cert_key_name(m->key, key);
		printf("private key (not shown)\n  key         %s\n", key);
	}
	if (m->csr) {
		AUTO(json) json_t *json = csr_json(m->csr);
		json_t *san = json_object_get(json, "san");

		printf("request for %s\n  key         %s\n  signature   %s\n",
		       json_string_value(json_object_get(json, "subject")),
		       json_string_value(json_object_get(json, "key")),
		       json_is_true(json_object_get(json, "signed")) ? "fits" : "does NOT fit");
		for (size_t i = 0; i < json_array_size(san); i++)
			printf("  name        %s\n", json_string_value(json_array_get(san, i)));
	}
	if (m->crl) {
		AUTO(json) json_t *json = crl_json(m->crl);

		printf("CRL of %s\n  from        %s\n  next        %s\n  revoked     %d\n",
		       json_string_value(json_object_get(json, "issuer")),
		       json_string_value(json_object_get(json, "this_update")),
		       json_string_value(json_object_get(json, "next_update")),
		       (int)json_integer_value(json_object_get(json, "revoked")));
	}
	if (*m->legacy)
		printf("PKCS#12 protected by algorithms of the 1990s: %s\n", m->legacy);
}

/* `item`: where in a provisioning file it stands, or NULL. */
static void show_material(struct show *show, const char *path, const char *item,
                          const struct pki_material *m)
{
	char key[32] = "";

	if (!show->list) {
		printf("%s%s%s:\n", path, item ? " " : "", item ? item : "");
		for (int i = 0; i < sk_X509_num(m->certs); i++)
			cert_print(sk_X509_value(m->certs, i), stdout);
		print_rest(m);
		return;
	}
	AUTO(json) json_t *certs = json_array();

	for (int i = 0; i < sk_X509_num(m->certs); i++)
		json_array_append_new(certs, cert_json(sk_X509_value(m->certs, i)));
	if (m->key)
		cert_key_name(m->key, key);
	json_array_append_new(show->list, json_pack("{s:s,s:s?,s:O,s:s?,s:o,s:o,s:s?}", "file",
	                                            path, "item", item, "certificates", certs,
	                                            "private_key", *key ? key : NULL, "request",
	                                            m->csr ? csr_json(m->csr) : json_null(), "crl",
	                                            m->crl ? crl_json(m->crl) : json_null(),
	                                            "legacy", *m->legacy ? m->legacy : NULL));
}

static void show_octets(struct show *show, const char *path, const char *item, int line,
                        struct span content)
{
	AUTO(material) struct pki_material m = { 0 };
	char why[PKI_WHY_LEN], at[24] = "";

	if (line)
		snprintf(at, sizeof(at), ":%d", line);
	if (pki_material_read(content, show->passphrase, &m, why)) {
		show_material(show, path, item, &m);
		return;
	}
	complain("%s%s: %s%s%s", path, at, item ? item : "", item ? ": " : "", why);
	worse(show, 1);
}

static void show_items(struct show *show, const char *path, struct span content)
{
	static const char *const names[] = { ITEM_CA1, ITEM_CA2, ITEM_CERTIFICATE };
	AUTO(items) struct portcall_items *items = NULL;
	struct portcall_why why;
	bool any = false;

	if (portcall_items_read(content.p, content.n, NULL, NULL, &items, &why) != PORTCALL_OK) {
		complain("%s:%d: %s%s%s%s", path, why.line, portcall_reason_text(why.reason),
		         *why.text ? " [" : "", why.text, *why.text ? "]" : "");
		worse(show, 1);
		return;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const struct portcall_item *item = portcall_items_find(items, names[i]);

		if (!item || item->value[strspn(item->value, " \t\r\n")] == '\0')
			continue;
		any = true;
		show_octets(show, path, item->name, item->line, span(item->value, item->value_n));
	}
	if (any)
		return;
	complain("%s: there is no certificate item in it.", path);
	worse(show, 1);
}

static bool is_xml(struct span content)
{
	size_t i = 0;

	if (content.n >= 2 && ((content.p[0] == 0xff && content.p[1] == 0xfe) ||
	                       (content.p[0] == 0xfe && content.p[1] == 0xff)))
		return true; /* UTF-16 */
	if (content.n >= 3 && !memcmp(content.p, "\xef\xbb\xbf", 3))
		i = 3;
	while (i < content.n && strchr(" \t\r\n", content.p[i]) && content.p[i])
		i++;
	return i < content.n && content.p[i] == '<';
}

static int run_show(int argc, char **argv)
{
	const char *passphrase_file = NULL;
	char passphrase[PASSPHRASE_MAX];
	struct show show = { .passphrase = passphrase };
	bool json = false, given;
	const struct option_spec specs[] = {
		{ "in-passphrase-file", .text = &passphrase_file },
		{ "json", .flag = &json },
		{ NULL },
	};
	struct words words;

	if (!options_read(argc, argv, specs, 1, 1000, &words) ||
	    !passphrase_read(passphrase_file, "PORTCALL_IN_PASSPHRASE", passphrase, &given))
		return 2;
	show.list = json ? json_array() : NULL;
	for (int i = 0; i < words.n; i++) {
		AUTO(file) struct file file = { 0 };
		struct span content;

		if (!file_read(words.at[i], &file)) {
			worse(&show, 2);
			continue;
		}
		content = span(file.p, file.n);
		if (is_xml(content))
			show_items(&show, words.at[i], content);
		else
			show_octets(&show, words.at[i], NULL, 0, content);
	}
	explicit_bzero(passphrase, sizeof(passphrase));
	if (show.list)
		cert_print_json(show.list);
	json_decref(show.list);
	return show.status;
}

const struct cert_command cert_show = {
	"show", run_show, "what is in certificates, keys, requests, PKCS#12 and provisioning files",
	show_help
};

/* --- chain --------------------------------------------------------------------------------------------- */

static const char chain_help[] =
	"usage: portcall cert chain [OPTION...] FILE...\n"
	"\n"
	"Puts the certificates of the files in order: the lowest first, each followed by its\n"
	"issuer, the root left out, as servers and phones send them.\n"
	"\n"
	"  --root        keep the root\n"
	"  --ca FILE     verify that the chain leads to this CA\n"
	"  --out FILE    default: standard output\n"
	"  --force       replace FILE\n"
	"  --json        what the chain is, instead of PEM on standard output\n"
	"\n"
	"Exit status: 0 done, 1 not one chain, or it does not lead to the CA, 2 cannot read.\n"
	"\n"
	"  portcall cert chain server.pem intermediate.cer root.pem --ca root.pem --out "
	"chain.pem\n";

/* Does it lead to one of the CAs in `path`?  The dates are not looked at. */
static int verify(const struct pki_cert *cert, const char *path)
{
	AUTO(material) struct pki_material m = { 0 };
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	int status = 2;

	if (store && ctx && cert_read(path, NULL, &m, &status)) {
		X509 *top = sk_X509_num(cert->above)
		                    ? sk_X509_value(cert->above, sk_X509_num(cert->above) - 1)
		                    : cert->x509;

		status = 0;
		for (int i = 0; i < sk_X509_num(m.certs); i++)
			X509_STORE_add_cert(store, sk_X509_value(m.certs, i));
		X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME |
		                                    X509_V_FLAG_IGNORE_CRITICAL);
		if (!X509_STORE_CTX_init(ctx, store, cert->x509, cert->above) ||
		    X509_verify_cert(ctx) != 1) {
			char issuer[200];

			cert_name(X509_get_issuer_name(top), issuer, sizeof(issuer));
			complain("The chain does not lead to %s: %s. Its last certificate was "
			         "issued by \"%s\".",
			         path, X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)),
			         issuer);
			status = 1;
		}
	}
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	ERR_clear_error();
	return status;
}

/* Certificates that are no part of the chain are named; their number. */
static int strangers(STACK_OF(X509) *certs, const struct pki_cert *cert)
{
	int n = 0;

	for (int i = 0; i < sk_X509_num(certs); i++) {
		X509 *one = sk_X509_value(certs, i);
		bool member = !X509_cmp(one, cert->x509);
		char subject[200];

		for (int k = 0; k < sk_X509_num(cert->above); k++)
			member |= !X509_cmp(one, sk_X509_value(cert->above, k));
		if (member)
			continue;
		cert_subject(one, subject, sizeof(subject));
		complain("\"%s\" is no part of the chain.", subject);
		n++;
	}
	return n;
}

static int run_chain(int argc, char **argv)
{
	AUTO(material) struct pki_material m = { 0 };
	AUTO(pki) struct pki_cert *cert = NULL, *whole = NULL;
	const char *out = NULL, *ca = NULL;
	bool root = false, json = false, force = false, ok;
	const struct option_spec specs[] = {
		{ "root", .flag = &root }, { "ca", .text = &ca },       { "out", .text = &out },
		{ "json", .flag = &json }, { "force", .flag = &force }, { NULL },
	};
	char why[PKI_WHY_LEN];
	struct words words;
	int status = 0;

	if (!options_read(argc, argv, specs, 1, 1000, &words))
		return 2;
	for (int i = 0; i < words.n; i++)
		if (!cert_read(words.at[i], NULL, &m, &status))
			return status;
	whole = pki_join(m.certs, NULL, true, why);
	cert = whole ? pki_join(m.certs, NULL, root, why) : NULL;
	if (!cert) {
		complain("%s", why);
		return 1;
	}
	if (strangers(m.certs, whole))
		return 1;
	status = ca ? verify(whole, ca) : 0;
	if (status)
		return status;
	AUTO(free) char *pem = pki_pem(cert, true);

	ok = pem && ((json && !out) || cert_write(out, 0644, force, pem, strlen(pem)));
	if (ok && json) {
		AUTO(json) json_t *list = json_array();

		json_array_append_new(list, cert_json(cert->x509));
		for (int i = 0; i < sk_X509_num(cert->above); i++)
			json_array_append_new(list, cert_json(sk_X509_value(cert->above, i)));
		cert_print_json(list);
	}
	return ok ? 0 : 2;
}

const struct cert_command cert_chain = { "chain", run_chain,
	                                 "certificates in the order that TLS sends them",
	                                 chain_help };
