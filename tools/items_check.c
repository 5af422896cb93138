/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * items_check - `portcall items check`: what a phone would say to provisioning files.
 *
 * The same code reads and judges as in the phone.  What the phone reports but survives (an anchor that
 * is skipped while another one is left) is a warning; everything else that its reasons call an error
 * makes the files unusable, also a client certificate whose dates have passed: the phone would
 * present it, and the server refuse it.
 */
#include "tools/items_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "common/credential_openssl.h"
#include "common/item.h"
#include "tools/files.h"
#include "tools/items.h"
#include "tools/options.h"

const char items_check_help[] =
	"usage: portcall items check [OPTION...] SYSTEM.xml [DEVICE.xml]\n"
	"\n"
	"Reads provisioning files as a phone does (the device file goes before) and says whether\n"
	"their trust anchors and certificate could be used, and if not, why.\n\n"
	"  --passphrase-file FILE  its first line opens the PKCS#12; else PORTCALL_PASSPHRASE\n"
	"  --profile PROFILE       modern (default) or optipoint: RSA-1024, SHA-1 and MD5 too\n"
	"  --verify LEVEL          none, trusted (default) or full (default with --server-name)\n"
	"  --server-name NAME      name or address in the RADIUS server's certificate\n"
	"  --server FILE           judge this RADIUS server's certificate, too (PEM, with chain)\n"
	"  --crl FILE              with these revocation lists (PEM or DER)\n"
	"  --at TIME               judge dates at 2026-01-31, 2026-01-31T10:00:00Z or @SECONDS\n"
	"  --unencrypted-pkcs12    admit a PKCS#12 without pass phrase\n"
	"  --json                  one JSON object\n"
	"\n"
	"Exit status: 0 usable, 1 refused, 2 cannot read or wrong usage.\n"
	"\n"
	"  portcall items check --passphrase-file phone.pass op420adv_conf.xml\n";

AUTO_CLEANUP(items, struct portcall_items *, portcall_items_free)

/* --- findings ------------------------------------------------------------------------------------- */

/* In the device file, at the same place? */
static bool in_device(const struct check *check, const char *name, long index)
{
	if (index <= 0)
		return portcall_items_find(check->items[1], name) != NULL;
	for (size_t i = 0; i < portcall_items_count(check->items[1]); i++) {
		const struct portcall_item *item = portcall_items_at(check->items[1], i);

		if (item->index == index && !strcmp(item->name, name))
			return true;
	}
	return false;
}

const char *check_file_of(const struct check *check, const char *item, long index)
{
	if (check->reading || !item)
		return check->reading;
	return check->paths[in_device(check, item, index)];
}

static void on_finding(void *ctx, const struct portcall_why *why, const char *item)
{
	struct check *check = ctx;
	struct finding *finding;

	if (check->n == check->room) {
		size_t room = check->room ? 2 * check->room : 16;
		struct finding *grown = realloc(check->findings, room * sizeof(*grown));

		if (!grown) {
			check->no_memory = true;
			return;
		}
		check->findings = grown;
		check->room = room;
	}
	finding = &check->findings[check->n++];
	*finding = (struct finding){ .reason = why->reason,
		                     .severity = portcall_reason_severity(why->reason),
		                     .file = check_file_of(check, item, -1),
		                     .line = why->line };
	snprintf(finding->item, sizeof(finding->item), "%s", item ? item : "");
	memcpy(finding->text, why->text, sizeof(finding->text));
}

static void find(struct check *check, enum portcall_reason reason, const char *item, int line,
                 const char *text)
{
	struct portcall_why why = { .reason = reason, .line = line };

	snprintf(why.text, sizeof(why.text), "%s", text);
	on_finding(check, &why, item);
}

size_t check_count(const struct check *check, enum portcall_severity severity)
{
	size_t n = 0;

	for (size_t i = 0; i < check->n; i++)
		n += check->findings[i].severity == severity;
	return n;
}

/* --- reading and judging -------------------------------------------------------------------------- */

static void read_document(struct check *check, int i)
{
	AUTO(file) struct file file = { 0 };
	struct portcall_why why;

	check->reading = check->paths[i];
	if (!file_read_some(check->paths[i], PORTCALL_ITEMS_MAX_FILE, &file)) {
		find(check, PORTCALL_REASON_FILE_UNREADABLE, NULL, 0, "");
		check->unreadable = true;
	} else if (portcall_items_read(file.p, file.n, on_finding, check, &check->items[i], &why) !=
	           PORTCALL_OK) {
		check->refused = true;
	}
	check->reading = NULL;
}

/* An anchor that was left out while another one is left: reported, no refusal. */
static void mark_skipped(struct check *check)
{
	for (size_t i = 0; i < check->n; i++) {
		struct finding *finding = &check->findings[i];

		if (finding->severity == PORTCALL_ERROR &&
		    (!strcmp(finding->item, ITEM_CA1) || !strcmp(finding->item, ITEM_CA2)))
			finding->severity = PORTCALL_WARNING;
	}
}

static bool names_server(X509 *cert, const char *name)
{
	bool yes = X509_check_ip_asc(cert, name, 0) == 1 ||
	           X509_check_host(cert, name, 0, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, NULL) == 1;

	ERR_clear_error();
	return yes;
}

/* A pinned server certificate with another name will never do; is there a better anchor? */
static void judge_pins(struct check *check)
{
	struct credential_parts parts = credential_parts(check->credentials);
	STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(parts.anchors);
	bool hope = false;

	for (int i = 0; i < sk_X509_OBJECT_num(objects); i++) {
		X509 *cert = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));

		hope |= X509_check_ca(cert) != 0 || names_server(cert, check->server_name);
	}
	for (int i = 0; i < sk_X509_OBJECT_num(objects); i++) {
		X509 *cert = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));
		const struct portcall_item *item;
		const unsigned char *slot;
		char subject[120], text[240], name[32] = "";
		int n = 0;

		if (X509_check_ca(cert) != 0 || names_server(cert, check->server_name))
			continue;
		slot = X509_alias_get0(cert, &n);
		snprintf(name, sizeof(name), "%.*s", slot ? n : 0, (const char *)slot);
		item = portcall_items_find(check->merged, name);
		cert_subject(cert, subject, sizeof(subject));
		snprintf(text, sizeof(text), "pinned %s; expected %.80s", subject,
		         check->server_name);
		find(check, PORTCALL_REASON_SERVER_NAME, *name ? name : NULL, item ? item->line : 0,
		     text);
		if (hope)
			check->findings[check->n - 1].severity = PORTCALL_WARNING;
	}
}

/* NULL: there are none, or they were refused. */
static struct portcall_crls *read_crls(struct check *check)
{
	struct portcall_crls *crls = NULL;
	AUTO(file) struct file file = { 0 };
	struct portcall_why why;

	if (!check->crl)
		return NULL;
	check->reading = check->crl;
	if (!file_read_some(check->crl, PORTCALL_CRLS_MAX_FILE, &file)) {
		find(check, PORTCALL_REASON_FILE_UNREADABLE, NULL, 0, "");
		check->unreadable = true;
	} else if (portcall_crls_read(file.p, file.n, check->options.now, on_finding, check, &crls,
	                              &why) != PORTCALL_OK) {
		crls = NULL;
		on_finding(check, &why, NULL);
	}
	check->reading = NULL;
	return crls;
}

/* The chain of a server that is at hand, as the handshake will judge it. */
static void judge_server(struct check *check, const struct portcall_crls *crls)
{
	struct cert_policy policy = { .profile = check->options.profile,
		                      .verify = check->options.verify,
		                      .server_name = check->server_name,
		                      .time = check->options.now,
		                      .crls = crls };
	STACK_OF(X509) *certs = sk_X509_new_null();
	struct portcall_why why = { .reason = PORTCALL_REASON_NONE };
	AUTO(file) struct file file = { 0 };

	check->reading = check->server;
	if (!file_read(check->server, &file)) {
		find(check, PORTCALL_REASON_FILE_UNREADABLE, NULL, 0, "");
		check->unreadable = true;
	} else if (!certs || anchors_parse(span(file.p, file.n), 1, certs, &why) != PORTCALL_OK) {
		find(check, PORTCALL_REASON_SERVER_UNTRUSTED, NULL, why.line, why.text);
	} else if (check->credentials) {
		X509 *leaf = sk_X509_shift(certs);

		if (cert_policy_judge(&policy, credential_parts(check->credentials).anchors, leaf,
		                      certs, &why) != PORTCALL_OK)
			on_finding(check, &why, NULL);
		X509_free(leaf);
	}
	sk_X509_pop_free(certs, X509_free);
	check->reading = NULL;
}

/* What there is, however bad, so that people see which certificate the findings are about. */
static void read_to_show(struct check *check)
{
	struct portcall_credentials_options lenient = check->options;
	struct portcall_why why;

	lenient.profile = PORTCALL_PROFILE_OPTIPOINT;
	lenient.verify = PORTCALL_VERIFY_NONE;
	lenient.unencrypted_pkcs12 = true;
	lenient.now = 0;
	lenient.finding = NULL;
	if (portcall_credentials_read(check->merged, &lenient, &check->credentials, &why) !=
	    PORTCALL_OK)
		check->credentials = NULL;
}

static void judge(struct check *check)
{
	struct portcall_crls *crls;
	struct portcall_why why;

	check->merged = portcall_items_merge(check->items[0], check->items[1]);
	if (!check->merged) {
		check->no_memory = true;
		return;
	}
	if (portcall_credentials_read(check->merged, &check->options, &check->credentials, &why) !=
	    PORTCALL_OK) {
		check->refused = true;
		read_to_show(check);
		return;
	}
	mark_skipped(check);
	if (check->options.verify == PORTCALL_VERIFY_FULL)
		judge_pins(check);
	crls = read_crls(check);
	if (check->server)
		judge_server(check, crls);
	portcall_crls_unref(crls);
}

/* --- the command ------------------------------------------------------------------------------------ */

static int finish(struct check *check, bool json)
{
	bool usable = !check->unreadable && !check->refused && !check_count(check, PORTCALL_ERROR);

	if (check->no_memory) {
		complain("There is not enough memory.");
		return 2;
	}
	if (json)
		check_print_json(check, usable);
	else
		check_print_text(check, usable);
	return check->unreadable ? 2 : usable ? 0 : 1;
}

static int run(struct check *check, const char *passphrase_file, bool json)
{
	char passphrase[PASSPHRASE_MAX];
	bool given;
	int status;

	if (!passphrase_read(passphrase_file, "PORTCALL_PASSPHRASE", passphrase, &given))
		return 2;
	check->options.passphrase = passphrase;
	check->options.finding = on_finding;
	check->options.finding_ctx = check;
	for (int i = 0; i < 2; i++)
		if (check->paths[i])
			read_document(check, i);
	if (!check->unreadable && !check->refused)
		judge(check);
	status = finish(check, json);
	explicit_bzero(passphrase, sizeof(passphrase));
	for (int i = 0; i < 2; i++)
		portcall_items_free(check->items[i]);
	portcall_items_free(check->merged);
	portcall_credentials_unref(check->credentials);
	free(check->findings);
	return status;
}

int items_check(int argc, char **argv)
{
	static const char *const profiles[] = { "modern", "optipoint", NULL };
	static const char *const levels[] = { "trusted", "full", "none", NULL };
	struct check check = { .options = { .size = sizeof(check.options),
		                            .now = (int64_t)time(NULL) } };
	const char *passphrase_file = NULL;
	int profile = PORTCALL_PROFILE_MODERN, level = -1;
	bool json = false;
	const struct option_spec specs[] = {
		{ "passphrase-file", .text = &passphrase_file },
		{ "profile", .choice = &profile, .choices = profiles },
		{ "verify", .choice = &level, .choices = levels },
		{ "server-name", .text = &check.server_name },
		{ "server", .text = &check.server },
		{ "crl", .text = &check.crl },
		{ "at", .time = &check.options.now },
		{ "unencrypted-pkcs12", .flag = &check.options.unencrypted_pkcs12 },
		{ "json", .flag = &json },
		{ NULL },
	};
	struct words words;

	if (!options_read(argc, argv, specs, 1, 2, &words))
		return 2;
	if (level < 0)
		level = check.server_name ? PORTCALL_VERIFY_FULL : PORTCALL_VERIFY_TRUSTED;
	if (level == PORTCALL_VERIFY_FULL && !check.server_name) {
		complain("--verify full needs --server-name.");
		return 2;
	}
	check.options.profile = (enum portcall_profile)profile;
	check.options.verify = (enum portcall_verify)level;
	for (int i = 0; i < words.n; i++)
		check.paths[i] = words.at[i];
	return run(&check, passphrase_file, json);
}
