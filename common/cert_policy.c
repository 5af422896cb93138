/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cert_policy - judges certificates: one set of rules for the checker and for live handshakes.
 *
 * OpenSSL builds and verifies the chain; on_certificate() is the verify callback of both ways.  It
 * turns the first refusal into a reason, and adds what OpenSSL's security level does not know (kinds
 * of keys) or does not look at (an intermediate CA as anchor is never visited: its key and dates).
 */
#include "common/credential_openssl.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

enum {
	MAX_RSA_BITS = 8192, /* more costs a phone seconds */
	LEVEL_MODERN = 2,    /* 112 bits of security */
	LEVEL_OPTIPOINT = 0, /* admits MD5 and TLS 1.0; the rules below still hold */
};

static int level_of(enum portcall_profile profile)
{
	switch (profile) {
	case PORTCALL_PROFILE_MODERN:
		return LEVEL_MODERN;
	case PORTCALL_PROFILE_OPTIPOINT:
		return LEVEL_OPTIPOINT;
	}
	return LEVEL_MODERN;
}

static const char *profile_name(enum portcall_profile profile)
{
	return profile == PORTCALL_PROFILE_OPTIPOINT ? "optipoint" : "modern";
}

void cert_policy_setup(SSL_CTX *ctx, enum portcall_profile profile)
{
	SSL_CTX_set_security_level(ctx, level_of(profile));
}

/* --- single certificates ------------------------------------------------------------------------ */

enum portcall_reason cert_policy_key(EVP_PKEY *key, enum portcall_profile profile,
                                     char ret_text[static 240])
{
	bool modern = profile == PORTCALL_PROFILE_MODERN;
	int least = modern ? 2048 : 1024, bits;
	char name[32];

	if (!key) {
		strcpy(ret_text, "the public key cannot be read");
		return PORTCALL_REASON_KEY_TYPE;
	}
	cert_key_name(key, name);
	bits = EVP_PKEY_get_bits(key);
	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_RSA:
	case EVP_PKEY_RSA_PSS:
		if (bits < least) {
			snprintf(ret_text, 240, "%s; profile %s asks for RSA of %d bits or more",
			         name, profile_name(profile), least);
			return PORTCALL_REASON_WEAK_KEY;
		}
		if (bits <= MAX_RSA_BITS)
			return PORTCALL_REASON_NONE;
		snprintf(ret_text, 240, "%s; at most %d bits are used", name, MAX_RSA_BITS);
		return PORTCALL_REASON_KEY_TYPE;
	case EVP_PKEY_EC:
		if (!strcmp(name, "P-256") || !strcmp(name, "P-384"))
			return PORTCALL_REASON_NONE;
		if (bits < 224) {
			snprintf(ret_text, 240, "elliptic curve %s of %d bits", name, bits);
			return PORTCALL_REASON_WEAK_KEY;
		}
		if (!modern)
			return PORTCALL_REASON_NONE;
		snprintf(ret_text, 240, "elliptic curve %s; profile modern asks for P-256 or P-384",
		         name);
		return PORTCALL_REASON_KEY_TYPE;
	}
	snprintf(ret_text, 240, "%s key; profile %s asks for RSA or an elliptic curve", name,
	         profile_name(profile));
	return PORTCALL_REASON_KEY_TYPE;
}

enum portcall_reason cert_policy_digest(X509 *cert, enum portcall_profile profile,
                                        char ret_text[static 240])
{
	int digest = NID_undef, kind = NID_undef, bits = 0;
	uint32_t flags = 0;
	const char *signature;

	if (X509_get_signature_info(cert, &digest, &kind, &bits, &flags) == 1) {
		switch (digest) {
		case NID_sha224:
		case NID_sha256:
		case NID_sha384:
		case NID_sha512:
			return PORTCALL_REASON_NONE;
		case NID_undef: /* EdDSA hashes by itself */
			if (kind == NID_ED25519 || kind == NID_ED448)
				return PORTCALL_REASON_NONE;
			break;
		case NID_sha1:
		case NID_md5:
			if (profile == PORTCALL_PROFILE_OPTIPOINT)
				return PORTCALL_REASON_NONE;
			break;
		}
	}
	signature = OBJ_nid2ln(X509_get_signature_nid(cert));
	snprintf(ret_text, 240, "signed with %s; profile %s asks for %s",
	         signature ? signature : "an unknown algorithm", profile_name(profile),
	         profile == PORTCALL_PROFILE_MODERN ? "SHA-256" : "SHA-256, SHA-1 or MD5");
	return PORTCALL_REASON_WEAK_DIGEST;
}

enum portcall_reason cert_policy_dates(X509 *cert, int64_t at)
{
	time_t t = (time_t)at;

	/* 0: the date itself is malformed, and counts as passed */
	if (X509_cmp_time(X509_get0_notAfter(cert), &t) <= 0)
		return PORTCALL_REASON_CERT_EXPIRED;
	if (X509_cmp_time(X509_get0_notBefore(cert), &t) >= 0)
		return PORTCALL_REASON_CERT_NOT_YET_VALID;
	return PORTCALL_REASON_NONE;
}

/* --- a server's chain --------------------------------------------------------------------------- */

enum portcall_reason cert_policy_reason(int x509_error)
{
	switch (x509_error) {
	case X509_V_OK:
		return PORTCALL_REASON_NONE;
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_CERT_UNTRUSTED:
		return PORTCALL_REASON_SERVER_UNKNOWN_CA;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return PORTCALL_REASON_SERVER_EXPIRED;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return PORTCALL_REASON_SERVER_NOT_YET_VALID;
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		return PORTCALL_REASON_SERVER_NAME;
	case X509_V_ERR_INVALID_PURPOSE:
		return PORTCALL_REASON_SERVER_PURPOSE;
	case X509_V_ERR_EE_KEY_TOO_SMALL:
	case X509_V_ERR_CA_KEY_TOO_SMALL:
	case X509_V_ERR_CA_MD_TOO_WEAK:
		return PORTCALL_REASON_SERVER_WEAK;
	case X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION:
		return PORTCALL_REASON_UNKNOWN_CRITICAL_EXTENSION;
	}
	return PORTCALL_REASON_SERVER_UNTRUSTED;
}

/* Appends to a text of fixed size; what does not fit is cut. */
__attribute__((format(printf, 2, 3))) static void append(char text[static 240], const char *fmt,
                                                         ...)
{
	size_t n = strlen(text);
	va_list args;

	va_start(args, fmt);
	vsnprintf(text + n, 240 - n, fmt, args);
	va_end(args);
}

/* "; anchors: CN=Phone CA (radius-server-ca1)" */
static void append_anchors(char text[static 240], X509_STORE *store)
{
	STACK_OF(X509_OBJECT) *objects = store ? X509_STORE_get0_objects(store) : NULL;
	const char *before = "; anchors:";

	/* another session may look something up for the first time, which sorts them */
	if (store)
		X509_STORE_lock(store);
	for (int i = 0; i < sk_X509_OBJECT_num(objects); i++) {
		X509 *anchor = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));
		const unsigned char *slot;
		char subject[64];
		int n = 0;

		if (!anchor)
			continue;
		cert_subject(anchor, subject, sizeof(subject));
		slot = X509_alias_get0(anchor, &n);
		append(text, "%s %s", before, subject);
		if (slot)
			append(text, " (%.*s)", n, (const char *)slot);
		before = ",";
	}
	if (store)
		X509_STORE_unlock(store);
	if (*before == ';')
		append(text, "; there are no anchors");
}

static void append_date(char text[static 240], const char *what, const ASN1_TIME *date)
{
	struct tm tm;
	char day[32];

	if (ASN1_TIME_to_tm(date, &tm) == 1 &&
	    strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%SZ", &tm))
		append(text, "; %s %s", what, day);
}

static void append_names(char text[static 240], X509 *cert)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	const char *before = "; it names";

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		int kind;
		ASN1_STRING *value =
			GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &kind);

		if (kind != GEN_DNS)
			continue;
		append(text, "%s %.*s", before, ASN1_STRING_length(value),
		       (const char *)ASN1_STRING_get0_data(value));
		before = ",";
	}
	GENERAL_NAMES_free(names);
}

/* A signature that fails at the anchor means: an anchor of that name, but with another key. */
static bool fails_at_anchor(X509_STORE_CTX *ctx)
{
	return X509_STORE_CTX_get_error_depth(ctx) >= X509_STORE_CTX_get_num_untrusted(ctx) - 1;
}

static void explain(X509_STORE_CTX *ctx, struct cert_verdict *verdict, const char *more)
{
	int error = X509_STORE_CTX_get_error(ctx);
	X509 *cert = X509_STORE_CTX_get_current_cert(ctx);
	struct portcall_why *why = &verdict->why;
	char name[100];

	if (why->reason != PORTCALL_REASON_NONE)
		return;
	why->reason = cert_policy_reason(error);
	if (error == X509_V_ERR_CERT_SIGNATURE_FAILURE && fails_at_anchor(ctx))
		why->reason = PORTCALL_REASON_SERVER_UNKNOWN_CA;
	why->text[0] = '\0';
	if (cert) {
		cert_subject(cert, name, sizeof(name));
		append(why->text, "%s: ", name);
	}
	append(why->text, "%s", more ? more : X509_verify_cert_error_string(error));
	if (!cert)
		return;
	if (why->reason == PORTCALL_REASON_SERVER_UNKNOWN_CA) {
		cert_name(X509_get_issuer_name(cert), name, sizeof(name));
		append(why->text, "; issuer %s", name);
		append_anchors(why->text, X509_STORE_CTX_get0_store(ctx));
	} else if (why->reason == PORTCALL_REASON_SERVER_EXPIRED) {
		append_date(why->text, "notAfter", X509_get0_notAfter(cert));
	} else if (why->reason == PORTCALL_REASON_SERVER_NOT_YET_VALID) {
		append_date(why->text, "notBefore", X509_get0_notBefore(cert));
	} else if (why->reason == PORTCALL_REASON_SERVER_NAME) {
		append(why->text, "; expected %s", verdict->policy.server_name);
		append_names(why->text, cert);
	}
}

/* The chain is verified; is each of its certificates good enough?  False: the error is set. */
static bool judge_strength(X509_STORE_CTX *ctx, struct cert_verdict *verdict)
{
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);
	int n = sk_X509_num(chain);
	const struct cert_policy *policy = &verdict->policy;

	for (int i = 0; i < n; i++) {
		X509 *cert = sk_X509_value(chain, i);
		enum portcall_reason reason;
		char text[240];

		reason = cert_policy_key(X509_get0_pubkey(cert), policy->profile, text);
		/* the last one is the anchor: trusted as it stands, its signature proves nothing */
		if (reason == PORTCALL_REASON_NONE && i < n - 1)
			reason = cert_policy_digest(cert, policy->profile, text);
		if (reason == PORTCALL_REASON_NONE)
			continue;
		X509_STORE_CTX_set_current_cert(ctx, cert);
		X509_STORE_CTX_set_error_depth(ctx, i);
		X509_STORE_CTX_set_error(ctx, reason == PORTCALL_REASON_WEAK_DIGEST
		                                      ? X509_V_ERR_CA_MD_TOO_WEAK
		                              : i ? X509_V_ERR_CA_KEY_TOO_SMALL
		                                  : X509_V_ERR_EE_KEY_TOO_SMALL);
		explain(ctx, verdict, text);
		return false;
	}
	return true;
}

/* OpenSSL skips an anchor that is not self-issued when something stands below it. */
static bool judge_anchor_dates(X509_STORE_CTX *ctx, struct cert_verdict *verdict)
{
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);
	int n = sk_X509_num(chain);
	X509 *anchor = sk_X509_value(chain, n - 1);
	int64_t now = verdict->policy.time ? verdict->policy.time : (int64_t)time(NULL);
	enum portcall_reason reason = cert_policy_dates(anchor, now);

	if (reason == PORTCALL_REASON_NONE ||
	    (reason == PORTCALL_REASON_CERT_NOT_YET_VALID && verdict->policy.not_before_ignored))
		return true;
	X509_STORE_CTX_set_current_cert(ctx, anchor);
	X509_STORE_CTX_set_error_depth(ctx, n - 1);
	X509_STORE_CTX_set_error(ctx, reason == PORTCALL_REASON_CERT_EXPIRED
	                                      ? X509_V_ERR_CERT_HAS_EXPIRED
	                                      : X509_V_ERR_CERT_NOT_YET_VALID);
	explain(ctx, verdict, NULL);
	return false;
}

static int judge_step(int ok, X509_STORE_CTX *ctx, struct cert_verdict *verdict)
{
	if (!ok && verdict->policy.not_before_ignored &&
	    X509_STORE_CTX_get_error(ctx) == X509_V_ERR_CERT_NOT_YET_VALID) {
		X509_STORE_CTX_set_error(ctx, X509_V_OK);
		ok = 1;
	}
	if (!ok) {
		explain(ctx, verdict, NULL);
		return 0;
	}
	/* the server's own certificate is visited last, after the whole chain */
	if (X509_STORE_CTX_get_error_depth(ctx) > 0)
		return 1;
	return judge_strength(ctx, verdict) && judge_anchor_dates(ctx, verdict);
}

/* Where a session's verdict hangs; OpenSSL gives such numbers out once for each process. */
static CRYPTO_ONCE index_once = CRYPTO_ONCE_STATIC_INIT;
static int ssl_index = -1, ctx_index = -1, store_index = -1;

static void index_init(void)
{
	ssl_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	ctx_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	store_index = X509_STORE_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
}

static bool index_ready(void)
{
	return CRYPTO_THREAD_run_once(&index_once, index_init) && ssl_index >= 0 &&
	       ctx_index >= 0 && store_index >= 0;
}

static int on_certificate(int ok, X509_STORE_CTX *ctx)
{
	struct cert_verdict *verdict = X509_STORE_CTX_get_ex_data(ctx, store_index);
	SSL *ssl = X509_STORE_CTX_get_ex_data(ctx, SSL_get_ex_data_X509_STORE_CTX_idx());

	if (!verdict && ssl)
		verdict = SSL_get_ex_data(ssl, ssl_index);
	if (!verdict && ssl)
		verdict = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), ctx_index);
	return verdict ? judge_step(ok, ctx, verdict) : 0;
}

static bool refuse_setup(struct cert_verdict *verdict, const char *text)
{
	verdict->why.reason = PORTCALL_REASON_SERVER_NAME;
	snprintf(verdict->why.text, sizeof(verdict->why.text), "%s", text);
	return false;
}

/* The policy as OpenSSL's parameters; false: refused or no memory. */
static bool configure(X509_VERIFY_PARAM *param, struct cert_verdict *verdict)
{
	const struct cert_policy *policy = &verdict->policy;
	bool full = policy->verify == PORTCALL_VERIFY_FULL;

	if (policy->time)
		X509_VERIFY_PARAM_set_time(param, (time_t)policy->time);
	X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_TRUSTED_FIRST |
	                                           (full ? 0 : X509_V_FLAG_IGNORE_CRITICAL));
	X509_VERIFY_PARAM_set_auth_level(param, level_of(policy->profile));
	if (!full)
		return true;
	if (!policy->server_name || !*policy->server_name)
		return refuse_setup(verdict, "verify = full needs the name of the server");
	if (X509_VERIFY_PARAM_set1_ip_asc(param, policy->server_name))
		return true;
	ERR_clear_error(); /* not an address, so a name */
	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (X509_VERIFY_PARAM_set1_host(param, policy->server_name, 0))
		return true;
	return refuse_setup(verdict, "the configured name of the server is none");
}

bool cert_policy_attach(SSL *ssl, const struct cert_policy *policy, X509_STORE *anchors,
                        struct cert_verdict *verdict)
{
	*verdict = (struct cert_verdict){ .policy = *policy };
	if (!index_ready() || !SSL_set_ex_data(ssl, ssl_index, verdict))
		return false;
	if (policy->verify == PORTCALL_VERIFY_NONE) {
		SSL_set_verify(ssl, SSL_VERIFY_NONE, NULL);
		return true;
	}
	if (!configure(SSL_get0_param(ssl), verdict))
		return false;
	if (anchors && !SSL_set1_verify_cert_store(ssl, anchors))
		return false;
	SSL_set_verify(ssl, SSL_VERIFY_PEER, on_certificate);
	return true;
}

bool cert_policy_attach_ctx(SSL_CTX *ctx, const struct cert_policy *policy, X509_STORE *anchors,
                            struct cert_verdict *verdict)
{
	*verdict = (struct cert_verdict){ .policy = *policy };
	if (!index_ready() || !SSL_CTX_set_ex_data(ctx, ctx_index, verdict))
		return false;
	if (policy->verify == PORTCALL_VERIFY_NONE) {
		SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
		return true;
	}
	if (!configure(SSL_CTX_get0_param(ctx), verdict))
		return false;
	if (anchors && !SSL_CTX_set1_verify_cert_store(ctx, anchors))
		return false;
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, on_certificate);
	return true;
}

enum portcall_err cert_policy_judge(const struct cert_policy *policy, X509_STORE *anchors,
                                    X509 *leaf, STACK_OF(X509) *chain, struct portcall_why *ret_why)
{
	struct cert_verdict verdict = { .policy = *policy };
	X509_STORE_CTX *ctx;
	bool good = false;

	if (policy->verify == PORTCALL_VERIFY_NONE)
		return PORTCALL_OK;
	ctx = index_ready() ? X509_STORE_CTX_new() : NULL;
	if (!ctx || !X509_STORE_CTX_init(ctx, anchors, leaf, chain) ||
	    !X509_STORE_CTX_set_default(ctx, "ssl_server") ||
	    !X509_STORE_CTX_set_ex_data(ctx, store_index, &verdict)) {
		X509_STORE_CTX_free(ctx);
		return PORTCALL_ERR_MEMORY;
	}
	X509_STORE_CTX_set_verify_cb(ctx, on_certificate);
	if (configure(X509_STORE_CTX_get0_param(ctx), &verdict)) {
		good = X509_verify_cert(ctx) == 1;
		if (!good)
			explain(ctx, &verdict, NULL);
	}
	X509_STORE_CTX_free(ctx);
	ERR_clear_error();
	if (good)
		return PORTCALL_OK;
	*ret_why = verdict.why;
	return PORTCALL_ERR_REFUSED;
}
