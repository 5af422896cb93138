/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * crl - certificate revocation lists: read, and looked up (RFC 5280 5).
 *
 * What a list says is believed against a certificate only: it is named, and the issuer's key signed the
 * list.  Nothing is ever accepted because of a list, so neither its dates nor its scope (issuing distribution
 * point) can do harm, and the signature is verified only when there is a match.
 */
#include "common/credential_openssl.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "common/auto.h"
#include "common/pem.h"

struct crl {
	X509_CRL *crl;
	struct portcall_crl_info info;
	char *issuer;
};

struct portcall_crls {
	atomic_uint references;
	size_t n;
	struct crl list[PORTCALL_CRLS_MAX_COUNT];
};

struct reading {
	struct portcall_crls *crls;
	int64_t now;
	portcall_finding_fn *finding;
	void *ctx;
	struct portcall_why *why;
};

static enum portcall_err refuse(struct reading *r, enum portcall_err err,
                                enum portcall_reason reason, int line, const char *what,
                                const char *more)
{
	*r->why = (struct portcall_why){ .reason = reason, .line = line };
	snprintf(r->why->text, sizeof(r->why->text), "%s%s%s", what, *more ? ": " : "", more);
	return err;
}

static enum portcall_err refuse_memory(struct reading *r)
{
	return refuse(r, PORTCALL_ERR_MEMORY, PORTCALL_REASON_NONE, 0, "out of memory", "");
}

static void find(const struct reading *r, const struct portcall_why *why)
{
	if (r->finding)
		r->finding(r->ctx, why, NULL);
}

/* Why the list is of no use; NULL: it is. */
static const char *unusable(const X509_CRL *crl)
{
	for (int i = 0; i < X509_CRL_get_ext_count(crl); i++) {
		X509_EXTENSION *ext = X509_CRL_get_ext(crl, i);
		int nid = OBJ_obj2nid(X509_EXTENSION_get_object(ext));

		if (nid == NID_delta_crl)
			return "a delta list";
		if (X509_EXTENSION_get_critical(ext) && nid != NID_issuing_distribution_point)
			return "an unknown critical extension";
	}
	return NULL;
}

/* Takes the list. */
static enum portcall_err add_list(struct reading *r, X509_CRL *crl, int line)
{
	struct portcall_crls *crls = r->crls;
	struct portcall_why why = { .reason = PORTCALL_REASON_CRL_UNUSABLE, .line = line };
	const char *fault = unusable(crl);
	struct crl *list = &crls->list[crls->n];
	char issuer[160];

	cert_name(X509_CRL_get_issuer(crl), issuer, sizeof(issuer));
	if (fault) {
		snprintf(why.text, sizeof(why.text), "%s: %s", issuer, fault);
		X509_CRL_free(crl);
		find(r, &why);
		*r->why = why;
		return PORTCALL_OK;
	}
	*list = (struct crl){ .crl = crl, .issuer = strdup(issuer) };
	crls->n++;
	if (!list->issuer)
		return refuse_memory(r);
	list->info = (struct portcall_crl_info){
		.issuer = list->issuer,
		.this_update = cert_seconds(X509_CRL_get0_lastUpdate(crl)),
	};
	if (X509_CRL_get_REVOKED(crl))
		list->info.revoked = (size_t)sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl));
	if (!X509_CRL_get0_nextUpdate(crl))
		return PORTCALL_OK;
	list->info.next_update = cert_seconds(X509_CRL_get0_nextUpdate(crl));
	if (!r->now || r->now < list->info.next_update)
		return PORTCALL_OK;
	why.reason = PORTCALL_REASON_CRL_EXPIRED;
	cert_append(why.text, "%s", issuer);
	cert_append_date(why.text, "nextUpdate", X509_CRL_get0_nextUpdate(crl));
	find(r, &why);
	return PORTCALL_OK;
}

static enum portcall_err read_der(struct reading *r, struct span der, int line)
{
	const unsigned char *p = der.p;
	X509_CRL *crl;
	char damage[160];

	if (r->crls->n == PORTCALL_CRLS_MAX_COUNT)
		return refuse(r, PORTCALL_ERR_LIMIT, PORTCALL_REASON_CRL_LIMIT, line,
		              "more than 16 lists", "");
	ERR_clear_error();
	crl = d2i_X509_CRL(NULL, &p, (long)der.n);
	if (!crl) {
		der_damage(damage, sizeof(damage));
		return refuse(r, PORTCALL_ERR_SYNTAX, PORTCALL_REASON_CRL_SYNTAX, line,
		              "its DER form is damaged", damage);
	}
	if (p == der.p + der.n)
		return add_list(r, crl, line);
	X509_CRL_free(crl);
	return refuse(r, PORTCALL_ERR_SYNTAX, PORTCALL_REASON_CRL_SYNTAX, line,
	              "octets follow the list's end", "");
}

static int line_at(struct span text, size_t at)
{
	int line = 1;

	for (size_t i = 0; i < at && i < text.n; i++)
		line += text.p[i] == '\n';
	return line;
}

static enum portcall_err read_block(struct reading *r, struct span text,
                                    const struct pem_block *block)
{
	AUTO(free) uint8_t *der = malloc(base64_room(block->body.n));
	struct pem_fault fault = { 0 };
	size_t n = 0;

	if (!der)
		return refuse_memory(r);
	if (base64_decode(block->body, der, base64_room(block->body.n), &n, &fault) != PORTCALL_OK)
		return refuse(r, PORTCALL_ERR_SYNTAX, PORTCALL_REASON_CRL_SYNTAX,
		              line_at(text, block->body_at + fault.at), "it has", fault.what);
	return read_der(r, span(der, n), line_at(text, block->body_at));
}

static enum portcall_err read_pem(struct reading *r, struct span text)
{
	enum portcall_err err = PORTCALL_OK;
	struct pem_fault fault;
	struct pem_block block;
	bool any = false;
	size_t at = 0;

	while (!err && pem_next(text, &at, &block, &fault)) {
		if (!span_equal(block.label, span_of_string("X509 CRL")))
			continue;
		any = true;
		err = read_block(r, text, &block);
	}
	if (err)
		return err;
	if (fault.what)
		return refuse(r, PORTCALL_ERR_SYNTAX, PORTCALL_REASON_CRL_SYNTAX,
		              line_at(text, fault.at), "it has", fault.what);
	if (!any)
		return refuse(r, PORTCALL_ERR_SYNTAX, PORTCALL_REASON_CRL_SYNTAX, 1,
		              "it has no BEGIN X509 CRL line", "");
	return PORTCALL_OK;
}

enum portcall_err portcall_crls_read(const void *file, size_t n, int64_t now,
                                     portcall_finding_fn *finding, void *ctx,
                                     struct portcall_crls **ret_crls, struct portcall_why *ret_why)
{
	struct portcall_why why = { .reason = PORTCALL_REASON_NONE };
	struct reading r = { .now = now, .finding = finding, .ctx = ctx, .why = &why };
	struct span text = span(file, n);
	enum portcall_err err;

	r.crls = calloc(1, sizeof(*r.crls));
	if (!r.crls) {
		err = refuse_memory(&r);
	} else if (n > PORTCALL_CRLS_MAX_FILE) {
		err = refuse(&r, PORTCALL_ERR_LIMIT, PORTCALL_REASON_CRL_LIMIT, 0,
		             "more than 256 KiB", "");
	} else {
		r.crls->references = 1;
		/* DER begins with a SEQUENCE, and PEM text not with its tag, which is the digit 0 */
		err = n && text.p[0] == 0x30 ? read_der(&r, text, 0) : read_pem(&r, text);
		if (!err && !r.crls->n)
			err = PORTCALL_ERR_REFUSED; /* `why` is that of the last one skipped */
	}
	ERR_clear_error();
	if (!err) {
		*ret_crls = r.crls;
		return PORTCALL_OK;
	}
	portcall_crls_unref(r.crls);
	*ret_why = why;
	return err;
}

struct portcall_crls *portcall_crls_ref(struct portcall_crls *crls)
{
	if (crls)
		atomic_fetch_add_explicit(&crls->references, 1, memory_order_relaxed);
	return crls;
}

void portcall_crls_unref(struct portcall_crls *crls)
{
	if (!crls || atomic_fetch_sub_explicit(&crls->references, 1, memory_order_acq_rel) > 1)
		return;
	for (size_t i = 0; i < crls->n; i++) {
		X509_CRL_free(crls->list[i].crl);
		free(crls->list[i].issuer);
	}
	free(crls);
}

size_t portcall_crls_count(const struct portcall_crls *crls)
{
	return crls ? crls->n : 0;
}

const struct portcall_crl_info *portcall_crls_at(const struct portcall_crls *crls, size_t i)
{
	return i < portcall_crls_count(crls) ? &crls->list[i].info : NULL;
}

/* --- looking up ----------------------------------------------------------------------------------- */

static void describe(X509_REVOKED *entry, char ret_text[static 240])
{
	ASN1_ENUMERATED *code = X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, NULL, NULL);
	ENUMERATED_NAMES *names = NULL;
	const X509V3_EXT_METHOD *method = X509V3_EXT_get_nid(NID_crl_reason);

	*ret_text = '\0';
	cert_append(ret_text, "it stands in the CA's revocation list");
	cert_append_date(ret_text, "since", X509_REVOKED_get0_revocationDate(entry));
	if (code && method)
		names = method->usr_data;
	for (; names && names->lname; names++)
		if (names->bitnum == ASN1_ENUMERATED_get(code))
			cert_append(ret_text, "; %s", names->lname);
	ASN1_ENUMERATED_free(code);
}

bool crls_revoked(const struct portcall_crls *crls, X509 *cert, X509 *issuer,
                  char ret_text[static 240])
{
	for (size_t i = 0; i < portcall_crls_count(crls); i++) {
		X509_CRL *crl = crls->list[i].crl;
		X509_REVOKED *entry = NULL;

		/* 2: removeFromCRL */
		if (X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_issuer_name(cert)) ||
		    X509_CRL_get0_by_cert(crl, &entry, cert) != 1 ||
		    X509_CRL_verify(crl, X509_get0_pubkey(issuer)) != 1)
			continue;
		describe(entry, ret_text);
		return true;
	}
	return false;
}
