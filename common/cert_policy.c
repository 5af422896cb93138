/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cert_policy - judges certificates: one set of rules for the checker and for live handshakes.
 *
 * OpenSSL builds and verifies the chain; on_certificate() is the verify callback of both ways.  It
 * turns the first refusal into a reason, and adds what OpenSSL's security level does not know (kinds
 * of keys) or does not look at (an intermediate CA as anchor is never visited: its key and dates).
 */
#include "common/credential_openssl.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

enum {
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
	case X509_V_ERR_EC_KEY_EXPLICIT_PARAMS:
		return PORTCALL_REASON_SERVER_WEAK;
	case X509_V_ERR_CERT_REVOKED:
		return PORTCALL_REASON_SERVER_REVOKED;
	case X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION:
		return PORTCALL_REASON_UNKNOWN_CRITICAL_EXTENSION;
	}
	return PORTCALL_REASON_SERVER_UNTRUSTED;
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
		cert_append(text, "%s %s", before, subject);
		if (slot)
			cert_append(text, " (%.*s)", n, (const char *)slot);
		before = ",";
	}
	if (store)
		X509_STORE_unlock(store);
	if (*before == ';')
		cert_append(text, "; there are no anchors");
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
		cert_append(text, "%s %.*s", before, ASN1_STRING_length(value),
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
		cert_append(why->text, "%s: ", name);
	}
	cert_append(why->text, "%s", more ? more : X509_verify_cert_error_string(error));
	if (!cert)
		return;
	if (why->reason == PORTCALL_REASON_SERVER_UNKNOWN_CA) {
		cert_name(X509_get_issuer_name(cert), name, sizeof(name));
		cert_append(why->text, "; issuer %s", name);
		append_anchors(why->text, X509_STORE_CTX_get0_store(ctx));
	} else if (why->reason == PORTCALL_REASON_SERVER_EXPIRED) {
		cert_append_date(why->text, "notAfter", X509_get0_notAfter(cert));
	} else if (why->reason == PORTCALL_REASON_SERVER_NOT_YET_VALID) {
		cert_append_date(why->text, "notBefore", X509_get0_notBefore(cert));
	} else if (why->reason == PORTCALL_REASON_SERVER_NAME) {
		cert_append(why->text, "; expected %s", verdict->policy.server_name);
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

/* RFC 8446 4.4.2.2: OpenSSL's purpose is content with keyEncipherment, for RSA key exchange. */
static bool judge_usage(X509_STORE_CTX *ctx, struct cert_verdict *verdict)
{
	X509 *leaf = X509_STORE_CTX_get0_cert(ctx);

	if (verdict->policy.profile == PORTCALL_PROFILE_OPTIPOINT ||
	    (X509_get_key_usage(leaf) & KU_DIGITAL_SIGNATURE)) /* all bits without keyUsage */
		return true;
	X509_STORE_CTX_set_current_cert(ctx, leaf);
	X509_STORE_CTX_set_error(ctx, X509_V_ERR_INVALID_PURPOSE);
	explain(ctx, verdict, "its keyUsage lacks digitalSignature");
	return false;
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

/* Whatever a list of its issuer names: the chain is verified, so the issuers' keys are who they say. */
static bool judge_revocation(X509_STORE_CTX *ctx, struct cert_verdict *verdict)
{
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);
	char text[240];

	for (int i = 0; i + 1 < sk_X509_num(chain); i++) {
		X509 *cert = sk_X509_value(chain, i);

		if (!crls_revoked(verdict->policy.crls, cert, sk_X509_value(chain, i + 1), text))
			continue;
		X509_STORE_CTX_set_current_cert(ctx, cert);
		X509_STORE_CTX_set_error_depth(ctx, i);
		X509_STORE_CTX_set_error(ctx, X509_V_ERR_CERT_REVOKED);
		explain(ctx, verdict, text);
		return false;
	}
	return true;
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
	return judge_usage(ctx, verdict) && judge_strength(ctx, verdict) &&
	       judge_anchor_dates(ctx, verdict) && judge_revocation(ctx, verdict);
}

/* NULL: the chain is nothing but a pinned certificate of another issuer. */
static X509 *issuer_in(STACK_OF(X509) *chain)
{
	X509 *leaf = sk_X509_value(chain, 0);

	if (sk_X509_num(chain) > 1)
		return sk_X509_value(chain, 1);
	return X509_self_signed(leaf, 0) == 1 ? leaf : NULL;
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

static struct cert_verdict *verdict_of(SSL *ssl)
{
	struct cert_verdict *verdict = SSL_get_ex_data(ssl, ssl_index);

	return verdict ? verdict : SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), ctx_index);
}

static int on_certificate(int ok, X509_STORE_CTX *ctx)
{
	struct cert_verdict *verdict = X509_STORE_CTX_get_ex_data(ctx, store_index);
	SSL *ssl = X509_STORE_CTX_get_ex_data(ctx, SSL_get_ex_data_X509_STORE_CTX_idx());

	if (!verdict && ssl)
		verdict = verdict_of(ssl);
	return verdict ? judge_step(ok, ctx, verdict) : 0;
}

/* After the chain, also when nothing was stapled; 0: refused. */
static int on_status(SSL *ssl, void *arg)
{
	struct cert_verdict *verdict = index_ready() ? verdict_of(ssl) : NULL;
	STACK_OF(X509) *chain = SSL_get0_verified_chain(ssl);
	const unsigned char *response = NULL;
	long n;

	(void)arg;
	if (!verdict || sk_X509_num(chain) < 1 || SSL_session_reused(ssl))
		return 1;
	n = SSL_get_tlsext_status_ocsp_resp(ssl, &response);
	verdict->why.reason =
		ocsp_judge(&verdict->policy, span(response, response && n > 0 ? (size_t)n : 0),
	                   sk_X509_value(chain, 0), issuer_in(chain), verdict->why.text);
	return verdict->why.reason == PORTCALL_REASON_NONE;
}

/* Is the server's own certificate one of the anchors? */
static bool is_pinned(X509_STORE_CTX *ctx)
{
	X509_STORE *store = X509_STORE_CTX_get0_store(ctx);
	X509 *leaf = X509_STORE_CTX_get0_cert(ctx);
	STACK_OF(X509) *anchors;
	bool found = false;

	/* anchor_add() allows partial chains when an anchor is no root */
	if (!store || !(X509_VERIFY_PARAM_get_flags(X509_STORE_get0_param(store)) &
	                X509_V_FLAG_PARTIAL_CHAIN))
		return false;
	anchors = X509_STORE_CTX_get1_certs(ctx, X509_get_subject_name(leaf));
	for (int i = 0; i < sk_X509_num(anchors) && !found; i++)
		found = X509_cmp(sk_X509_value(anchors, i), leaf) == 0;
	sk_X509_pop_free(anchors, X509_free);
	return found;
}

/* What the server sends along with a pinned certificate has no say: OpenSSL would judge it too. */
static int verify(X509_STORE_CTX *ctx, void *arg)
{
	(void)arg;
	if (is_pinned(ctx))
		X509_STORE_CTX_set0_untrusted(ctx, NULL);
	return X509_verify_cert(ctx);
}

void cert_policy_setup(SSL_CTX *ctx, enum portcall_profile profile)
{
	SSL_CTX_set_security_level(ctx, level_of(profile));
	SSL_CTX_set_cert_verify_callback(ctx, verify, NULL);
	SSL_CTX_set_tlsext_status_cb(ctx, on_status);
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
	if (policy->ocsp != PORTCALL_OCSP_NONE &&
	    !SSL_set_tlsext_status_type(ssl, TLSEXT_STATUSTYPE_ocsp))
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
	if (policy->ocsp != PORTCALL_OCSP_NONE &&
	    !SSL_CTX_set_tlsext_status_type(ctx, TLSEXT_STATUSTYPE_ocsp))
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
		good = verify(ctx, NULL) == 1;
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
