/* SPDX-License-Identifier: BSD-3-Clause */
#include "supplicant/eap_stored.h"

#include <stdlib.h>
#include <string.h>

#include "common/digest.h"

static const char format[] = "portcall session 1";

/* A digest of one thing after the other: SHA-256 of the digest so far and the next one. */
struct fold {
	uint8_t digest[DIGEST_SHA256_LEN];
	bool failed;
};

static void fold(struct fold *f, struct span octets)
{
	const struct span parts[] = { span(f->digest, sizeof(f->digest)), octets };

	f->failed = f->failed || !digest_sha256(parts, 2, f->digest);
}

static void fold_text(struct fold *f, const char *text)
{
	fold(f, span_of_string(text ? text : ""));
}

static void fold_number(struct fold *f, int64_t number)
{
	uint8_t octets[8];
	struct writer w = writer_to(octets, sizeof(octets));

	write_u32(&w, (uint32_t)((uint64_t)number >> 32));
	write_u32(&w, (uint32_t)number);
	fold(f, writer_span(&w));
}

static void fold_crls(struct fold *f, const struct portcall_crls *crls)
{
	size_t n = portcall_crls_count(crls);

	fold_number(f, (int64_t)n);
	for (size_t i = 0; i < n; i++) {
		const struct portcall_crl_info *crl = portcall_crls_at(crls, i);

		fold_text(f, crl->issuer);
		fold_number(f, crl->this_update);
		fold_number(f, crl->next_update);
		fold_number(f, (int64_t)crl->revoked);
	}
}

/* False: no memory. */
static bool bind(const struct eap_peer_setup *setup, const struct portcall_crls *crls,
                 struct span tls, uint8_t ret_digest[static DIGEST_SHA256_LEN])
{
	const struct portcall_credentials *credentials = setup->credentials;
	size_t anchors = portcall_credentials_anchor_count(credentials);
	struct fold f = { .failed = false };

	fold_text(&f, format);
	fold_text(&f, setup->identity);
	fold_text(&f, portcall_credentials_client(credentials)->sha256);
	fold_number(&f, (int64_t)anchors);
	for (size_t i = 0; i < anchors; i++)
		fold_text(&f, portcall_credentials_anchor(credentials, i)->sha256);
	fold_number(&f, portcall_credentials_profile(credentials));
	fold_number(&f, setup->policy.verify);
	fold_number(&f, setup->policy.ocsp);
	fold_text(&f, setup->policy.server_name);
	fold_number(&f, setup->tls_min);
	fold_number(&f, setup->tls_max);
	fold_crls(&f, crls);
	fold(&f, tls);
	if (f.failed)
		return false;
	memcpy(ret_digest, f.digest, sizeof(f.digest));
	return true;
}

void eap_stored_drop(struct eap_stored *stored)
{
	if (stored->octets)
		digest_wipe(stored->octets, stored->n);
	free(stored->octets);
	*stored = (struct eap_stored){ 0 };
}

void eap_stored_keep(struct eap_stored *stored, const struct eap_peer_setup *setup,
                     const struct portcall_crls *crls, struct span tls)
{
	uint8_t *octets;

	eap_stored_drop(stored);
	if (setup->policy.ocsp == PORTCALL_OCSP_REQUIRE)
		return; /* a resumed handshake staples no response */
	octets = malloc(DIGEST_SHA256_LEN + tls.n);
	if (!octets)
		return; /* the next handshake is a full one */
	memcpy(octets + DIGEST_SHA256_LEN, tls.p, tls.n);
	*stored = (struct eap_stored){ .octets = octets, .n = DIGEST_SHA256_LEN + tls.n };
	if (!bind(setup, crls, tls, octets))
		eap_stored_drop(stored);
}

static struct span unbind(struct span octets, const struct eap_peer_setup *setup)
{
	struct reader r = reader_of(octets);
	struct span digest = read_bytes(&r, DIGEST_SHA256_LEN), tls = read_rest(&r);
	uint8_t expected[DIGEST_SHA256_LEN];

	if (!reader_ok(&r) || tls.n == 0 || !bind(setup, setup->crls, tls, expected) ||
	    !digest_equal(digest.p, expected, sizeof(expected)))
		return span(NULL, 0);
	return tls;
}

enum portcall_err eap_stored_load(struct eap_stored *stored, const struct eap_peer_setup *setup,
                                  struct span octets)
{
	uint8_t *copy;

	if (octets.n > PORTCALL_SESSION_MAX || unbind(octets, setup).n == 0)
		return PORTCALL_DISCARD;
	copy = malloc(octets.n);
	if (!copy)
		return PORTCALL_ERR_MEMORY;
	memcpy(copy, octets.p, octets.n);
	eap_stored_drop(stored);
	*stored = (struct eap_stored){ .octets = copy, .n = octets.n };
	return PORTCALL_OK;
}

struct span eap_stored_tls(const struct eap_stored *stored, const struct eap_peer_setup *setup)
{
	return unbind(span(stored->octets, stored->n), setup);
}
