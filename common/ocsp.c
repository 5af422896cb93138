/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ocsp - what a stapled OCSP response proves about a server's certificate (RFC 6960, RFC 6066 8).
 *
 * The response counts when it was signed by the key of the certificate's issuer, or by a responder that this
 * issuer itself authorised (RFC 6960 4.2.2.2).  A response that says "revoked" refuses the server; one that
 * proves nothing (expired, unknown, somebody else's) is as good as none, and none is enough unless the policy
 * or the certificate itself (RFC 7633, "must staple") asks for more: who stole a key would staple nothing.
 */
#include "common/credential_openssl.h"

#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

enum {
	MAX_RESPONSE = 32 << 10, /* octets */
	MAX_SINGLE = 16,         /* certificates that one response speaks of */
	CLOCK_SKEW = 300,        /* seconds between us and a responder */
	STATUS_REQUEST = 5,      /* the TLS extension's number */
};

struct question {
	const struct cert_policy *policy;
	int64_t now;
	X509 *leaf, *issuer;
	char *text; /* [240]: why it is not good */
};

enum answer { GOOD, REVOKED, UNPROVEN };

static enum answer unproven(const struct question *q, const char *text)
{
	cert_append(q->text, "%s", text);
	return UNPROVEN;
}

/* --- who signed --------------------------------------------------------------------------------------- */

static bool issued_by(X509 *cert, X509 *issuer)
{
	return X509_check_issued(issuer, cert) == X509_V_OK &&
	       X509_verify(cert, X509_get0_pubkey(issuer)) == 1;
}

static bool date_fits(const struct question *q, X509 *cert)
{
	enum portcall_reason reason = cert_policy_dates(cert, q->now);

	return reason == PORTCALL_REASON_NONE ||
	       (reason == PORTCALL_REASON_CERT_NOT_YET_VALID && q->policy->not_before_ignored);
}

static const char *refuse_signer(const struct question *q, X509 *signer)
{
	char ignored[240];

	if (X509_cmp(signer, q->issuer) == 0)
		return NULL;
	if (!issued_by(signer, q->issuer))
		return "its signer does not belong to the certificate's issuer";
	if (!(X509_get_extension_flags(signer) & EXFLAG_XKUSAGE) ||
	    !(X509_get_extended_key_usage(signer) & XKU_OCSP_SIGN))
		return "its signer may not sign OCSP responses";
	if (!date_fits(q, signer))
		return "its signer's certificate has expired";
	if (cert_policy_key(X509_get0_pubkey(signer), q->policy->profile, ignored) ||
	    cert_policy_digest(signer, q->policy->profile, ignored))
		return "its signer's certificate is too weak";
	return NULL;
}

static bool weak_signature(const struct question *q, const OCSP_BASICRESP *basic)
{
	int digest = NID_undef;

	if (q->policy->profile == PORTCALL_PROFILE_OPTIPOINT)
		return false;
	OBJ_find_sigid_algs(OBJ_obj2nid(OCSP_resp_get0_tbs_sigalg(basic)->algorithm), &digest,
	                    NULL);
	return digest == NID_sha1 || digest == NID_md5;
}

/* NULL: the response is authentic. */
static const char *refuse_signature(const struct question *q, OCSP_BASICRESP *basic)
{
	STACK_OF(X509) *known = sk_X509_new_null();
	const char *fault = "out of memory";
	X509 *signer = NULL;

	if (known && sk_X509_push(known, q->issuer) > 0) {
		if (OCSP_resp_get0_signer(basic, &signer, known) != 1)
			fault = "its signer is unknown";
		else if (weak_signature(q, basic))
			fault = "its signature's digest is too weak";
		else
			fault = refuse_signer(q, signer);
		if (!fault && OCSP_basic_verify(basic, known, NULL, OCSP_NOVERIFY) != 1)
			fault = "its signature is wrong";
	}
	sk_X509_free(known);
	return fault;
}

/* --- what it says --------------------------------------------------------------------------------------- */

static bool speaks_of(const struct question *q, const OCSP_SINGLERESP *single)
{
	/* the getter takes what it only reads as not const */
	OCSP_CERTID *id = (OCSP_CERTID *)(uintptr_t)OCSP_SINGLERESP_get0_id(single), *ours = NULL;
	ASN1_OBJECT *digest = NULL;
	const EVP_MD *md = NULL;
	bool same;

	if (OCSP_id_get0_info(NULL, &digest, NULL, NULL, id) == 1)
		md = EVP_get_digestbyobj(digest);
	if (md)
		ours = OCSP_cert_to_id(md, q->leaf, q->issuer);
	same = ours && OCSP_id_cmp(ours, id) == 0;
	OCSP_CERTID_free(ours);
	return same;
}

static enum answer read_single(const struct question *q, OCSP_SINGLERESP *single)
{
	ASN1_GENERALIZEDTIME *since = NULL, *from = NULL, *to = NULL;
	int code = 0, status = OCSP_single_get0_status(single, &code, &since, &from, &to);

	if (status == V_OCSP_CERTSTATUS_REVOKED) {
		cert_append(q->text, "the stapled OCSP response says so");
		if (since)
			cert_append_date(q->text, "since", since);
		if (code > 0)
			cert_append(q->text, "; %s", OCSP_crl_reason_str(code));
		return REVOKED;
	}
	if (status != V_OCSP_CERTSTATUS_GOOD)
		return unproven(q, "the stapled OCSP response does not know the certificate");
	if (!from || (!q->policy->not_before_ignored && cert_seconds(from) > q->now + CLOCK_SKEW)) {
		cert_append(q->text, "the stapled OCSP response is not valid yet");
		cert_append_date(q->text, "thisUpdate", from);
		return UNPROVEN;
	}
	if (to && cert_seconds(to) < q->now - CLOCK_SKEW) {
		cert_append(q->text, "the stapled OCSP response has expired");
		cert_append_date(q->text, "nextUpdate", to);
		return UNPROVEN;
	}
	return GOOD;
}

static enum answer read_basic(const struct question *q, OCSP_BASICRESP *basic)
{
	const char *fault = refuse_signature(q, basic);
	int n = OCSP_resp_count(basic);

	if (fault) {
		cert_append(q->text, "the stapled OCSP response is not authentic: %s", fault);
		return UNPROVEN;
	}
	for (int i = 0; i < n && i < MAX_SINGLE; i++) {
		OCSP_SINGLERESP *single = OCSP_resp_get0(basic, i);

		if (speaks_of(q, single))
			return read_single(q, single);
	}
	return unproven(q, "the stapled OCSP response speaks of another certificate");
}

static enum answer read_response(const struct question *q, struct span response)
{
	const unsigned char *p = response.p;
	OCSP_RESPONSE *outer = NULL;
	OCSP_BASICRESP *basic = NULL;
	enum answer answer;

	if (!response.n)
		return unproven(q, "no OCSP response was stapled");
	if (!q->issuer)
		return unproven(q, "the issuer of the pinned certificate is unknown");
	if (response.n <= MAX_RESPONSE)
		outer = d2i_OCSP_RESPONSE(NULL, &p, (long)response.n);
	if (!outer || p != response.p + response.n)
		answer = unproven(q, "the stapled OCSP response is damaged");
	else if (OCSP_response_status(outer) != OCSP_RESPONSE_STATUS_SUCCESSFUL)
		answer = unproven(q, OCSP_response_status_str(OCSP_response_status(outer)));
	else if (!(basic = OCSP_response_get1_basic(outer)))
		answer = unproven(q, "the stapled OCSP response is damaged");
	else
		answer = read_basic(q, basic);
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(outer);
	return answer;
}

/* RFC 7633: the certificate itself promises that its server staples. */
static bool must_staple(X509 *leaf)
{
	TLS_FEATURE *features = X509_get_ext_d2i(leaf, NID_tlsfeature, NULL, NULL);
	bool found = false;

	for (int i = 0; i < sk_ASN1_INTEGER_num(features) && !found; i++)
		found = ASN1_INTEGER_get(sk_ASN1_INTEGER_value(features, i)) == STATUS_REQUEST;
	TLS_FEATURE_free(features);
	return found;
}

enum portcall_reason ocsp_judge(const struct cert_policy *policy, struct span response, X509 *leaf,
                                X509 *issuer, char ret_text[static 240])
{
	struct question q = { .policy = policy,
		              .now = policy->time ? policy->time : (int64_t)time(NULL),
		              .leaf = leaf,
		              .issuer = issuer,
		              .text = ret_text };
	enum portcall_reason reason = PORTCALL_REASON_NONE;
	char subject[100];

	cert_subject(leaf, subject, sizeof(subject));
	*ret_text = '\0';
	cert_append(ret_text, "%s: ", subject);
	switch (read_response(&q, response)) {
	case GOOD:
		break;
	case REVOKED:
		reason = PORTCALL_REASON_SERVER_REVOKED;
		break;
	case UNPROVEN:
		if (policy->ocsp == PORTCALL_OCSP_REQUIRE || must_staple(leaf))
			reason = PORTCALL_REASON_SERVER_STATUS;
		break;
	}
	ERR_clear_error();
	if (reason == PORTCALL_REASON_NONE)
		*ret_text = '\0';
	return reason;
}
