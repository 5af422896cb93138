/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * credential - trust anchors and the client certificate, out of provisioning items.
 *
 * Everything wrong with the items is reported as a finding; the first finding that makes them
 * unusable is also the result.  Not a refusal: the dates of the phone's own certificate (an own
 * expired certificate is still presented, the server decides) and anchors that are skipped while
 * another one is left.
 */
#include "common/credential_openssl.h"

#include <stdarg.h>
#include <stdatomic.h>
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

struct certificate {
	struct portcall_certificate_info info;
	char *text[6]; /* what info points to */
};

struct portcall_credentials {
	atomic_uint references;
	_Atomic(SSL_CTX *) ssl_ctx; /* NULL until somebody asks */
	struct credential_parts parts;
	struct certificate client;
	struct certificate *anchor;
	size_t anchors;
};

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

/* --- what certificates say ------------------------------------------------------------------------ */

static int64_t seconds_of(const ASN1_TIME *date)
{
	struct tm tm;

	return ASN1_TIME_to_tm(date, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

static void certificate_done(struct certificate *certificate)
{
	for (size_t i = 0; i < sizeof(certificate->text) / sizeof(*certificate->text); i++)
		free(certificate->text[i]);
}

/* False: no memory. */
static bool certificate_init(struct certificate *c, X509 *cert, int slot, size_t chain)
{
	char text[1024], key[32];
	size_t n = 0;

	/* in the order of the fields below */
	cert_name(X509_get_subject_name(cert), text, sizeof(text));
	c->text[n++] = strdup(text);
	cert_name(X509_get_issuer_name(cert), text, sizeof(text));
	c->text[n++] = strdup(text);
	/* FreeRADIUS prints into 1024 octets as well */
	X509_NAME_oneline(X509_get_issuer_name(cert), text, sizeof(text));
	c->text[n++] = strdup(text);
	cert_common_name(cert, text, sizeof(text));
	c->text[n++] = strdup(text);
	cert_alternative_name(cert, text, sizeof(text));
	c->text[n++] = strdup(text);
	cert_key_name(X509_get0_pubkey(cert), key);
	cert_serial(cert, text, 64); /* as large as FreeRADIUS's */
	c->text[n] = malloc(strlen(text) + 1 + sizeof(key));
	for (size_t i = 0; i <= n; i++)
		if (!c->text[i])
			return false;
	strcpy(c->text[n], text);
	strcpy(c->text[n] + strlen(text) + 1, key);
	c->info = (struct portcall_certificate_info){
		.subject = c->text[0],
		.issuer = c->text[1],
		.issuer_oneline = c->text[2],
		.common_name = c->text[3],
		.san = c->text[4],
		.serial = c->text[5],
		.not_before = seconds_of(X509_get0_notBefore(cert)),
		.not_after = seconds_of(X509_get0_notAfter(cert)),
		.key = c->text[5] + strlen(text) + 1,
		.slot = slot,
		.pinned = slot && X509_check_ca(cert) == 0,
		.chain = chain,
	};
	cert_sha256(cert, c->info.sha256);
	cert_spki_sha256(cert, c->info.spki_sha256);
	return true;
}

/* "2026-01-31" */
static void day_of(int64_t seconds, char ret_text[static 16])
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || !strftime(ret_text, 16, "%Y-%m-%d", &tm))
		strcpy(ret_text, "?");
}

static void find_past_2038(struct reading *r, const struct certificate *c)
{
	char day[16];

	if (c->info.not_after <= YEAR_2038)
		return;
	day_of(c->info.not_after, day);
	find(r, PORTCALL_REASON_CERT_PAST_2038, "%.120s: until %s", c->info.subject, day);
}

/* --- anchors -------------------------------------------------------------------------------------- */

static bool add_anchor(struct reading *r, X509 *cert, int slot)
{
	struct portcall_credentials *c = r->credentials;
	struct certificate *grown, *anchor;
	char day[16];

	grown = realloc(c->anchor, (c->anchors + 1) * sizeof(*grown));
	if (!grown)
		return refuse_memory(r);
	c->anchor = grown;
	anchor = &c->anchor[c->anchors++];
	*anchor = (struct certificate){ 0 };
	if (!certificate_init(anchor, cert, slot, 0) ||
	    !anchor_add(c->parts.anchors, cert, r->item->name))
		return refuse_memory(r);
	if (anchor->info.pinned)
		find(r, PORTCALL_REASON_CA_IS_LEAF_PINNED, "%.160s", anchor->info.subject);
	if (r->policy.time && anchor->info.not_before > r->policy.time) {
		day_of(anchor->info.not_before, day);
		find(r, PORTCALL_REASON_ANCHOR_NOT_YET_VALID, "%.120s: from %s",
		     anchor->info.subject, day);
	}
	find_past_2038(r, anchor);
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
		day_of(seconds_of(X509_get0_notAfter(cert)), day);
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
	left = r->credentials->anchors > 0;
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

/* Those that lead from `leaf` upwards, in this order, without the root. False: no memory. */
static bool order_chain(STACK_OF(X509) *certs, X509 *leaf, STACK_OF(X509) *chain)
{
	X509 *below = leaf;

	for (int rounds = 0; rounds < CREDENTIAL_MAX_CERTS; rounds++) {
		X509 *above = NULL;

		if (X509_self_signed(below, 0) == 1)
			return true;
		for (int i = 0; i < sk_X509_num(certs) && !above; i++) {
			X509 *cert = sk_X509_value(certs, i);

			if (cert != below && X509_check_issued(cert, below) == X509_V_OK &&
			    X509_self_signed(cert, 0) != 1)
				above = cert;
		}
		if (!above)
			return true;
		if (!X509_up_ref(above))
			return false;
		if (sk_X509_push(chain, above) <= 0) {
			X509_free(above);
			return false;
		}
		below = above;
	}
	return true;
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
	if (!(usage & (KU_DIGITAL_SIGNATURE | KU_KEY_AGREEMENT)))
		return refuse(r, PORTCALL_ERR_REFUSED, PORTCALL_REASON_KEY_USAGE,
		              "%s: no digitalSignature", subject);
	return refuse(r, PORTCALL_ERR_REFUSED, PORTCALL_REASON_EKU_MISSING, "%s: no clientAuth",
	              subject);
}

/* Reported, but no refusal: the server decides. */
static void check_dates(struct reading *r, const struct certificate *c, X509 *cert)
{
	enum portcall_reason reason;
	char day[16];

	find_past_2038(r, c);
	if (X509_get_extension_flags(cert) & EXFLAG_CRITICAL)
		find(r, PORTCALL_REASON_UNKNOWN_CRITICAL_EXTENSION, "%.160s", c->info.subject);
	if (!r->policy.time)
		return;
	reason = cert_policy_dates(cert, r->policy.time);
	if (reason == PORTCALL_REASON_NONE)
		return;
	day_of(reason == PORTCALL_REASON_CERT_EXPIRED ? c->info.not_after : c->info.not_before,
	       day);
	find(r, reason, "%.120s: %s %s", c->info.subject,
	     reason == PORTCALL_REASON_CERT_EXPIRED ? "until" : "from", day);
}

static void use_client(struct reading *r, const struct pkcs12_contents *contents)
{
	struct portcall_credentials *c = r->credentials;
	X509 *leaf = match(contents->certs, contents->key);
	bool ok;

	if (*contents->legacy)
		find(r, PORTCALL_REASON_P12_LEGACY_ALGORITHM, "%s", contents->legacy);
	if (!leaf) {
		refuse(r, PORTCALL_ERR_REFUSED, PORTCALL_REASON_P12_KEY_MISMATCH,
		       "%d certificates in it", sk_X509_num(contents->certs));
		return;
	}
	if (!X509_up_ref(leaf) || !EVP_PKEY_up_ref(contents->key)) {
		refuse_memory(r);
		return;
	}
	c->parts.client = leaf;
	c->parts.key = contents->key;
	if (!order_chain(contents->certs, leaf, c->parts.chain) ||
	    !certificate_init(&c->client, leaf, 0, (size_t)sk_X509_num(c->parts.chain))) {
		refuse_memory(r);
		return;
	}
	ok = check_strength(r, leaf);
	for (int i = 0; ok && i < sk_X509_num(c->parts.chain); i++)
		ok = check_strength(r, sk_X509_value(c->parts.chain, i));
	if (ok)
		check_purpose(r, leaf);
	check_dates(r, &c->client, leaf);
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
		                  r->options->unencrypted_pkcs12, &contents, &why);
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

/* --- the object ----------------------------------------------------------------------------------- */

enum portcall_err portcall_credentials_read(const struct portcall_items *items,
                                            const struct portcall_credentials_options *options,
                                            struct portcall_credentials **ret_credentials,
                                            struct portcall_why *ret_why)
{
	struct portcall_credentials *c;
	struct reading r = { .options = options,
		             .policy = { .profile = options->profile,
		                         .verify = options->verify,
		                         .time = options->now } };

	if (options->size < sizeof(*options)) {
		*ret_why = (struct portcall_why){ .text = "options.size is too small" };
		return PORTCALL_ERR_USAGE;
	}
	c = calloc(1, sizeof(*c));
	if (c) {
		c->references = 1;
		c->parts.profile = options->profile;
		c->parts.chain = sk_X509_new_null();
		c->parts.anchors = X509_STORE_new();
	}
	r.credentials = c;
	if (!c || !c->parts.chain || !c->parts.anchors) {
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

struct portcall_credentials *portcall_credentials_ref(struct portcall_credentials *credentials)
{
	if (credentials)
		atomic_fetch_add_explicit(&credentials->references, 1, memory_order_relaxed);
	return credentials;
}

void portcall_credentials_unref(struct portcall_credentials *c)
{
	if (!c || atomic_fetch_sub_explicit(&c->references, 1, memory_order_acq_rel) > 1)
		return;
	SSL_CTX_free(atomic_load(&c->ssl_ctx));
	X509_free(c->parts.client);
	EVP_PKEY_free(c->parts.key); /* OpenSSL wipes private keys */
	sk_X509_pop_free(c->parts.chain, X509_free);
	X509_STORE_free(c->parts.anchors);
	certificate_done(&c->client);
	for (size_t i = 0; i < c->anchors; i++)
		certificate_done(&c->anchor[i]);
	free(c->anchor);
	free(c);
}

struct credential_parts credential_parts(const struct portcall_credentials *credentials)
{
	return credentials->parts;
}

SSL_CTX *credential_ssl_ctx(struct portcall_credentials *credentials,
                            SSL_CTX *(*make)(const struct credential_parts *parts))
{
	SSL_CTX *there = atomic_load(&credentials->ssl_ctx), *made;

	if (there)
		return there;
	made = make(&credentials->parts);
	if (made && !atomic_compare_exchange_strong(&credentials->ssl_ctx, &there, made)) {
		SSL_CTX_free(made); /* another thread was first */
		return there;
	}
	return made;
}

const struct portcall_certificate_info *portcall_credentials_client(
	const struct portcall_credentials *credentials)
{
	return &credentials->client.info;
}

size_t portcall_credentials_anchor_count(const struct portcall_credentials *credentials)
{
	return credentials->anchors;
}

const struct portcall_certificate_info *portcall_credentials_anchor(
	const struct portcall_credentials *credentials, size_t i)
{
	return i < credentials->anchors ? &credentials->anchor[i].info : NULL;
}
