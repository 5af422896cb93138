/* SPDX-License-Identifier: BSD-3-Clause */
/* anchor - trust anchors out of the text that people paste into a CA slot. */
#include "common/credential_openssl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/x509v3.h>

#include "common/auto.h"
#include "common/pem.h"

enum {
	MAX_DER = 16 << 10,   /* octets of one certificate; OpenSSL may need thirty times that */
	MAX_TOTAL = 64 << 10, /* of all in one text */
};

static int line_at(struct span text, int line, size_t at)
{
	for (size_t i = 0; i < at && i < text.n; i++)
		line += text.p[i] == '\n';
	return line;
}

static enum portcall_err refuse(struct portcall_why *ret_why, enum portcall_err err,
                                enum portcall_reason reason, int line, const char *what,
                                const char *more)
{
	*ret_why = (struct portcall_why){ .reason = reason, .line = line };
	snprintf(ret_why->text, sizeof(ret_why->text), "%s%s%s", what, *more ? ": " : "", more);
	return err;
}

/* What the octets are if they are no certificate; a key is the one that matters. */
static enum portcall_err refuse_der(const unsigned char *der, size_t n, int line,
                                    struct portcall_why *ret_why)
{
	const unsigned char *p = der;
	EVP_PKEY *key;
	PKCS12 *p12;
	char damage[160];

	der_damage(damage, sizeof(damage));
	key = d2i_AutoPrivateKey(NULL, &p, (long)n);
	if (key) {
		EVP_PKEY_free(key);
		return refuse(ret_why, PORTCALL_ERR_REFUSED,
		              PORTCALL_REASON_CA_CONTAINS_PRIVATE_KEY, line, "a private key in DER",
		              "");
	}
	p = der;
	p12 = d2i_PKCS12(NULL, &p, (long)n);
	if (p12) {
		PKCS12_free(p12);
		return refuse(ret_why, PORTCALL_ERR_REFUSED,
		              PORTCALL_REASON_CA_CONTAINS_PRIVATE_KEY, line,
		              "a PKCS#12; are the items exchanged?", "");
	}
	return refuse(ret_why, PORTCALL_ERR_SYNTAX, PORTCALL_REASON_CA_SYNTAX, line,
	              "its DER form is damaged", damage);
}

/* Octets in DER. */
static size_t size_of(STACK_OF(X509) *certs)
{
	size_t size = 0;

	for (int i = 0; i < sk_X509_num(certs); i++)
		size += (size_t)i2d_X509(sk_X509_value(certs, i), NULL);
	return size;
}

/* One certificate: `body` is its base64, at `at` in the whole `text`. */
static enum portcall_err add_base64(struct span text, size_t at, struct span body, int line,
                                    STACK_OF(X509) *certs, struct portcall_why *ret_why)
{
	AUTO(free) uint8_t *der = malloc(base64_room(body.n));
	struct pem_fault fault = { 0 };
	enum portcall_err err;
	const unsigned char *p = der;
	X509 *cert;
	size_t n;

	if (!der)
		return refuse(ret_why, PORTCALL_ERR_MEMORY, PORTCALL_REASON_NONE, 0,
		              "out of memory", "");
	err = base64_decode(body, der, base64_room(body.n), &n, &fault);
	if (err)
		return refuse(ret_why, err, PORTCALL_REASON_CA_SYNTAX,
		              line_at(text, line, at + fault.at), "its base64 has",
		              fault.what ? fault.what : "");
	line = line_at(text, line, at);
	if (!n || n > MAX_DER)
		return refuse(ret_why, PORTCALL_ERR_SYNTAX, PORTCALL_REASON_CA_SYNTAX, line,
		              n ? "the certificate is larger than 16 KiB"
		                : "the certificate is empty",
		              "");
	if (sk_X509_num(certs) >= CREDENTIAL_MAX_CERTS || size_of(certs) + n > MAX_TOTAL)
		return refuse(ret_why, PORTCALL_ERR_LIMIT, PORTCALL_REASON_CA_TOO_MANY, line, "",
		              "");
	ERR_clear_error();
	cert = d2i_X509(NULL, &p, (long)n);
	if (!cert) {
		err = refuse_der(der, n, line, ret_why);
		OPENSSL_cleanse(der, n);
		return err;
	}
	if (p != der + n) {
		X509_free(cert);
		return refuse(ret_why, PORTCALL_ERR_SYNTAX, PORTCALL_REASON_CA_SYNTAX, line,
		              "octets follow the certificate's end", "");
	}
	if (sk_X509_push(certs, cert) > 0)
		return PORTCALL_OK;
	X509_free(cert);
	return refuse(ret_why, PORTCALL_ERR_MEMORY, PORTCALL_REASON_NONE, 0, "out of memory", "");
}

static bool is_label(struct span label, const char *text)
{
	return span_equal(label, span_of_string(text));
}

enum portcall_err anchors_parse(struct span text, int line, STACK_OF(X509) *certs,
                                struct portcall_why *ret_why)
{
	struct pem_fault fault;
	struct pem_block block;
	enum portcall_err err;
	bool pem = memmem(text.p, text.n, "--", 2) != NULL;
	size_t at = 0;

	if (!pem)
		return add_base64(text, 0, text, line, certs, ret_why);
	/* keys first: whatever else is wrong, this must be said */
	while (pem_next(text, &at, &block, &fault))
		if (pem_is_private_key(block.label))
			return refuse(ret_why, PORTCALL_ERR_REFUSED,
			              PORTCALL_REASON_CA_CONTAINS_PRIVATE_KEY,
			              line_at(text, line, block.body_at), "a PRIVATE KEY block",
			              "");
	if (fault.what)
		return refuse(ret_why, PORTCALL_ERR_SYNTAX, PORTCALL_REASON_CA_SYNTAX,
		              line_at(text, line, fault.at), "it has", fault.what);
	if (!at)
		return refuse(ret_why, PORTCALL_ERR_SYNTAX, PORTCALL_REASON_CA_SYNTAX, line,
		              "it has no BEGIN CERTIFICATE line", "");
	at = 0;
	while (pem_next(text, &at, &block, &fault)) {
		char label[40];

		if (!is_label(block.label, "CERTIFICATE") &&
		    !is_label(block.label, "X509 CERTIFICATE")) {
			snprintf(label, sizeof(label), "%.*s", (int)(block.label.n % 40),
			         (const char *)block.label.p);
			return refuse(ret_why, PORTCALL_ERR_SYNTAX, PORTCALL_REASON_CA_SYNTAX,
			              line_at(text, line, block.body_at),
			              "a PEM block that is no CERTIFICATE", label);
		}
		err = add_base64(text, block.body_at, block.body, line, certs, ret_why);
		if (err)
			return err;
	}
	return PORTCALL_OK;
}

enum portcall_reason anchor_judge(X509 *cert, const struct cert_policy *policy,
                                  char ret_text[static 240])
{
	if (policy->verify == PORTCALL_VERIFY_NONE)
		return PORTCALL_REASON_NONE;
	*ret_text = '\0';
	if (policy->time && cert_policy_dates(cert, policy->time) == PORTCALL_REASON_CERT_EXPIRED)
		return PORTCALL_REASON_CERT_EXPIRED;
	return cert_policy_key(X509_get0_pubkey(cert), policy->profile, ret_text);
}

bool anchor_add(X509_STORE *store, X509 *cert, const char *name)
{
	if (X509_alias_set1(cert, (const unsigned char *)name, (int)strlen(name)) != 1)
		return false;
	/* an anchor that is no root ends a chain only if partial chains may */
	if (X509_self_signed(cert, 0) != 1 &&
	    X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN) != 1)
		return false;
	return X509_STORE_add_cert(store, cert) == 1;
}

X509_STORE *credential_anchors(const char *text, size_t n, const char *name,
                               const struct cert_policy *policy, struct portcall_why *ret_why)
{
	STACK_OF(X509) *certs = sk_X509_new_null();
	X509_STORE *store = X509_STORE_new();
	struct cert_policy judged = *policy;
	struct portcall_why why = { .reason = PORTCALL_REASON_NONE };
	size_t added = 0;

	if (!judged.time)
		judged.time = (int64_t)time(NULL);
	if (!certs || !store)
		snprintf(why.text, sizeof(why.text), "out of memory");
	else if (anchors_parse(span(text, n), 1, certs, &why) == PORTCALL_OK)
		for (int i = 0; i < sk_X509_num(certs); i++) {
			enum portcall_reason reason;
			char detail[240];

			reason = anchor_judge(sk_X509_value(certs, i), &judged, detail);
			if (reason != PORTCALL_REASON_NONE) {
				why.reason = reason;
				snprintf(why.text, sizeof(why.text), "%s", detail);
			} else if (anchor_add(store, sk_X509_value(certs, i), name)) {
				added++;
			}
		}
	sk_X509_pop_free(certs, X509_free);
	ERR_clear_error();
	if (added)
		return store;
	X509_STORE_free(store);
	*ret_why = why;
	return NULL;
}
