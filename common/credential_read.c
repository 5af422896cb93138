/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * credential_read - trust anchors and the client certificate, out of provisioning items.
 *
 * Everything wrong with the items is reported as a finding; the first finding that makes them
 * unusable is also the result.  Not a refusal: the dates of the phone's own certificate (an own
 * expired certificate is still presented, the server decides) and anchors that are skipped while
 * another one is left.
 */
#include "common/credential_openssl.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/x509v3.h>

#include "common/auto.h"
#include "common/item.h"
#include "common/pem.h"

#define YEAR_2038 INT64_C(0x7fffffff)

struct reading {
	const struct portcall_credentials_options *options;
	struct cert_policy policy;
	struct portcall_credentials *credentials;
	const struct portcall_item *item; /* being read; NULL: the document */
	struct skipped {                  /* anchors that are no use */
		const struct portcall_item *item;
		struct portcall_why why;
	} skipped[2 * CREDENTIAL_MAX_CERTS];
	size_t skips;
	enum portcall_err err; /* of the first refusal */
	struct portcall_why why;
};

/* --- findings ------------------------------------------------------------------------------------- */

static void report(struct reading *r, const struct portcall_why *why)
{
	if (r->options->finding)
		r->options->finding(r->options->finding_ctx, why, r->item ? r->item->name : NULL);
}

static void refuse_why(struct reading *r, enum portcall_err err, const struct portcall_why *why)
{
	if (!r->err) {
		r->err = err;
		r->why = *why;
	}
	report(r, why);
}

__attribute__((format(printf, 3, 0))) static struct portcall_why compose(
	const struct reading *r, enum portcall_reason reason, const char *fmt, va_list args)
{
	struct portcall_why why = { .reason = reason, .line = r->item ? r->item->line : 0 };

	vsnprintf(why.text, sizeof(why.text), fmt, args);
	return why;
}

__attribute__((format(printf, 3, 4))) static void find(struct reading *r,
                                                       enum portcall_reason reason, const char *fmt,
                                                       ...)
{
	struct portcall_why why;
	va_list args;

	va_start(args, fmt);
	why = compose(r, reason, fmt, args);
	va_end(args);
	report(r, &why);
}

__attribute__((format(printf, 4, 5))) static bool refuse(struct reading *r, enum portcall_err err,
                                                         enum portcall_reason reason,
                                                         const char *fmt, ...)
{
	struct portcall_why why;
	va_list args;

	va_start(args, fmt);
	why = compose(r, reason, fmt, args);
	va_end(args);
	refuse_why(r, err, &why);
	return false;
}

static bool refuse_memory(struct reading *r)
{
	return refuse(r, PORTCALL_ERR_MEMORY, PORTCALL_REASON_NONE, "out of memory");
}

/* "2026-01-31" */
static void day_of(int64_t seconds, char ret_text[static 16])
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || !strftime(ret_text, 16, "%Y-%m-%d", &tm))
		strcpy(ret_text, "?");
}

static void find_past_2038(struct reading *r, const struct portcall_certificate_info *info)
{
	char day[16];

	if (info->not_after <= YEAR_2038)
		return;
	day_of(info->not_after, day);
	find(r, PORTCALL_REASON_CERT_PAST_2038, "%.120s: until %s", info->subject, day);
}

/* --- anchors -------------------------------------------------------------------------------------- */

static bool add_anchor(struct reading *r, X509 *cert, int slot)
{
	const struct portcall_certificate_info *info;
	char day[16];

	info = credentials_add_anchor(r->credentials, cert, slot, r->item->name);
	if (!info)
		return refuse_memory(r);
	if (info->pinned)
		find(r, PORTCALL_REASON_CA_IS_LEAF_PINNED, "%.160s", info->subject);
	if (r->policy.time && info->not_before > r->policy.time) {
		day_of(info->not_before, day);
		find(r, PORTCALL_REASON_ANCHOR_NOT_YET_VALID, "%.120s: from %s", info->subject,
		     day);
	}
	find_past_2038(r, info);
	return true;
}

/* Reported when it is known whether another anchor is left. */
static void skip_anchor(struct reading *r, X509 *cert, enum portcall_reason reason,
                        const char *detail)
{
	struct skipped *skipped = &r->skipped[r->skips++];
	char subject[120], day[16];

	cert_subject(cert, subject, sizeof(subject));
	skipped->item = r->item;
	skipped->why = (struct portcall_why){ .reason = reason, .line = r->item->line };
	if (reason == PORTCALL_REASON_CERT_EXPIRED) {
		day_of(cert_seconds(X509_get0_notAfter(cert)), day);
		snprintf(skipped->why.text, sizeof(skipped->why.text), "anchor %s: until %s",
		         subject, day);
	} else {
		snprintf(skipped->why.text, sizeof(skipped->why.text), "anchor %s: %.100s", subject,
		         detail);
	}
}

static bool is_blank(const struct portcall_item *item)
{
	for (size_t i = 0; i < item->value_n; i++)
		if (!strchr(" \t\r\n", item->value[i]))
			return false;
	return true;
}

/* An absent and an empty item are the same. */
static const struct portcall_item *item_of(const struct portcall_items *items, const char *name)
{
	const struct portcall_item *item = portcall_items_find(items, name);

	return item && !is_blank(item) ? item : NULL;
}

static void read_slot(struct reading *r, int slot)
{
	STACK_OF(X509) *certs = sk_X509_new_null();
	struct portcall_why why;
	enum portcall_err err;

	if (!certs) {
		refuse_memory(r);
		return;
	}
	err = anchors_parse(span(r->item->value, r->item->value_n), r->item->line, certs, &why);
	if (err)
		refuse_why(r, err, &why);
	for (int i = 0; !err && i < sk_X509_num(certs); i++) {
		X509 *cert = sk_X509_value(certs, i);
		enum portcall_reason reason;
		char detail[240];

		reason = anchor_judge(cert, &r->policy, detail);
		if (reason != PORTCALL_REASON_NONE)
			skip_anchor(r, cert, reason, detail);
		else if (!add_anchor(r, cert, slot))
			break;
	}
	sk_X509_pop_free(certs, X509_free);
}

/* ", is it radius-server-cal in line 7?" when an item's name looks misspelt. */
static void misspelt(const struct portcall_items *items, const char *name,
                     char ret_text[static 200])
{
	*ret_text = '\0';
	for (size_t i = 0; i < portcall_items_count(items); i++) {
		const struct portcall_item *item = portcall_items_at(items, i);
		const char *meant = item_name_meant(item->name);

		if (meant && !strcmp(meant, name)) {
			snprintf(ret_text, 200, "is %s in line %d meant?", item->name, item->line);
			return;
		}
	}
}

static void read_anchors(struct reading *r, const struct portcall_items *items)
{
	static const char *const slots[] = { ITEM_CA1, ITEM_CA2 };
	char hint[200];
	bool any = false, left;

	for (int i = 0; i < 2; i++) {
		r->item = item_of(items, slots[i]);
		if (!r->item)
			continue;
		any = true;
		read_slot(r, i + 1);
	}
	r->item = NULL;
	left = portcall_credentials_anchor_count(r->credentials) > 0;
	for (size_t i = 0; i < r->skips; i++) {
		struct skipped *skipped = &r->skipped[i];

		r->item = skipped->item;
		if (left && skipped->why.reason == PORTCALL_REASON_CERT_EXPIRED)
			skipped->why.reason = PORTCALL_REASON_ANCHOR_EXPIRED;
		if (left)
			report(r, &skipped->why);
		else
			refuse_why(r, PORTCALL_ERR_REFUSED, &skipped->why);
	}
	r->item = NULL;
	if (any || r->policy.verify == PORTCALL_VERIFY_NONE)
		return;
	misspelt(items, ITEM_CA1, hint);
	if (!*hint)
		misspelt(items, ITEM_CA2, hint);
	refuse(r, PORTCALL_ERR_REFUSED, PORTCALL_REASON_NO_CA_ITEM, "%s", hint);
}

/* --- the client certificate ----------------------------------------------------------------------- */

/* The certificate of `key`; of several (renewals with the same key) the one that ends last. */
static X509 *match(STACK_OF(X509) *certs, EVP_PKEY *key)
{
	X509 *best = NULL;

	for (int i = 0; i < sk_X509_num(certs); i++) {
		X509 *cert = sk_X509_value(certs, i);

		if (X509_check_private_key(cert, key) != 1)
			continue;
		if (!best ||
		    ASN1_TIME_compare(X509_get0_notAfter(cert), X509_get0_notAfter(best)) > 0)
			best = cert;
	}
	ERR_clear_error();
	return best;
}

static bool check_strength(struct reading *r, X509 *cert)
{
	enum portcall_reason reason;
	char text[240], subject[100];

	reason = cert_policy_key(X509_get0_pubkey(cert), r->policy.profile, text);
	if (reason == PORTCALL_REASON_NONE && X509_self_signed(cert, 0) != 1)
		reason = cert_policy_digest(cert, r->policy.profile, text);
	if (reason == PORTCALL_REASON_NONE)
		return true;
	cert_subject(cert, subject, sizeof(subject));
	return refuse(r, PORTCALL_ERR_REFUSED, reason, "%s: %.130s", subject, text);
}

static bool check_purpose(struct reading *r, X509 *cert)
{
	char subject[100];
	uint32_t usage = X509_get_key_usage(cert); /* all bits when the extension is absent */

	if (X509_check_purpose(cert, X509_PURPOSE_SSL_CLIENT, 0) == 1)
		return true;
	cert_subject(cert, subject, sizeof(subject));
	if (X509_get_extension_flags(cert) & EXFLAG_INVALID)
		return refuse(r, PORTCALL_ERR_SYNTAX, PORTCALL_REASON_P12_SYNTAX,
		              "%s: its extensions are damaged", subject);
	if (!(usage & (KU_DIGITAL_SIGNATURE | KU_KEY_AGREEMENT)))
		return refuse(r, PORTCALL_ERR_REFUSED, PORTCALL_REASON_KEY_USAGE,
		              "%s: no digitalSignature", subject);
	return refuse(r, PORTCALL_ERR_REFUSED, PORTCALL_REASON_EKU_MISSING, "%s: no clientAuth",
	              subject);
}

/* Reported, but no refusal: the server decides. */
static void check_dates(struct reading *r, const struct portcall_certificate_info *info, X509 *cert)
{
	enum portcall_reason reason;
	char day[16];

	find_past_2038(r, info);
	if (X509_get_extension_flags(cert) & EXFLAG_CRITICAL)
		find(r, PORTCALL_REASON_UNKNOWN_CRITICAL_EXTENSION, "%.160s", info->subject);
	if (!r->policy.time)
		return;
	reason = cert_policy_dates(cert, r->policy.time);
	if (reason == PORTCALL_REASON_NONE)
		return;
	day_of(reason == PORTCALL_REASON_CERT_EXPIRED ? info->not_after : info->not_before, day);
	find(r, reason, "%.120s: %s %s", info->subject,
	     reason == PORTCALL_REASON_CERT_EXPIRED ? "until" : "from", day);
}

static void use_client(struct reading *r, const struct pkcs12_contents *contents)
{
	X509 *leaf = match(contents->certs, contents->key);
	const struct portcall_certificate_info *info;
	STACK_OF(X509) *chain;
	bool ok;

	if (*contents->legacy)
		find(r, PORTCALL_REASON_P12_LEGACY_ALGORITHM, "%s", contents->legacy);
	if (!leaf) {
		refuse(r, PORTCALL_ERR_REFUSED, PORTCALL_REASON_P12_KEY_MISMATCH,
		       "%d certificates in it", sk_X509_num(contents->certs));
		return;
	}
	info = credentials_set_client(r->credentials, leaf, contents->key, contents->certs);
	if (!info) {
		refuse_memory(r);
		return;
	}
	ok = check_strength(r, leaf);
	chain = credential_parts(r->credentials).chain;
	for (int i = 0; ok && i < sk_X509_num(chain); i++)
		ok = check_strength(r, sk_X509_value(chain, i));
	if (ok)
		check_purpose(r, leaf);
	check_dates(r, info, leaf);
}

static void read_client(struct reading *r, const struct portcall_items *items)
{
	struct pkcs12_contents contents = { 0 };
	struct pem_fault fault = { 0 };
	struct portcall_why why;
	enum portcall_err err;
	struct span text;
	uint8_t *der;
	size_t n = 0;
	char hint[200];

	r->item = item_of(items, ITEM_CERTIFICATE);
	if (!r->item) {
		misspelt(items, ITEM_CERTIFICATE, hint);
		refuse(r, PORTCALL_ERR_REFUSED, PORTCALL_REASON_NO_CERTIFICATE_ITEM, "%s", hint);
		return;
	}
	text = span(r->item->value, r->item->value_n);
	if (memmem(text.p, text.n, "--BEGIN", 7)) {
		refuse(r, PORTCALL_ERR_SYNTAX, PORTCALL_REASON_P12_SYNTAX,
		       "it is PEM text; are the items exchanged?");
		return;
	}
	der = malloc(base64_room(text.n));
	if (!der) {
		refuse_memory(r);
		return;
	}
	err = base64_decode(text, der, base64_room(text.n), &n, &fault);
	if (err) {
		why = (struct portcall_why){ .reason = PORTCALL_REASON_BASE64_BAD,
			                     .line = r->item->line };
		for (size_t i = 0; i < fault.at && i < text.n; i++)
			why.line += text.p[i] == '\n';
		snprintf(why.text, sizeof(why.text), "it has %s", fault.what ? fault.what : "");
		refuse_why(r, err, &why);
	} else {
		err = pkcs12_read(span(der, n), r->options->passphrase,
		                  r->options->unencrypted_pkcs12, r->options->pkcs12_iterations,
		                  &contents, &why);
		why.line = r->item->line;
		if (err)
			refuse_why(r, err, &why);
		else
			use_client(r, &contents);
	}
	pkcs12_done(&contents);
	OPENSSL_cleanse(der, base64_room(text.n));
	free(der);
}

/* --- entry ----------------------------------------------------------------------------------- */

enum portcall_err portcall_credentials_read(const struct portcall_items *items,
                                            const struct portcall_credentials_options *options,
                                            struct portcall_credentials **ret_credentials,
                                            struct portcall_why *ret_why)
{
	struct portcall_credentials_options known = { 0 };
	struct portcall_credentials *c;
	struct reading r = { .options = &known };

	if (options->size < offsetof(struct portcall_credentials_options, pkcs12_iterations)) {
		*ret_why = (struct portcall_why){ .text = "options.size is too small" };
		return PORTCALL_ERR_USAGE;
	}
	/* callers that were compiled before a field was added say so by their size */
	memcpy(&known, options, options->size < sizeof(known) ? options->size : sizeof(known));
	if (!known.pkcs12_iterations || known.pkcs12_iterations > PKCS12_MAX_ITERATIONS)
		known.pkcs12_iterations = PKCS12_MAX_ITERATIONS;
	r.policy = (struct cert_policy){ .profile = known.profile,
		                         .verify = known.verify,
		                         .time = known.now };
	c = credentials_new(known.profile);
	r.credentials = c;
	if (!c) {
		refuse_memory(&r);
	} else {
		read_anchors(&r, items);
		read_client(&r, items);
	}
	ERR_clear_error();
	if (r.err) {
		portcall_credentials_unref(c);
		*ret_why = r.why;
		return r.err;
	}
	*ret_credentials = c;
	return PORTCALL_OK;
}
