/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * credential - the shared object: trust anchors, client certificate and key, and what they say.
 *
 * Built once by credential_read.c, never changed afterwards but for the reference count and the
 * SSL_CTX that the first session makes.
 */
#include "common/credential_openssl.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/x509v3.h>

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

struct portcall_credentials *credentials_new(enum portcall_profile profile)
{
	struct portcall_credentials *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->references = 1;
	c->parts.profile = profile;
	c->parts.chain = sk_X509_new_null();
	c->parts.anchors = X509_STORE_new();
	if (c->parts.chain && c->parts.anchors)
		return c;
	portcall_credentials_unref(c);
	return NULL;
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
		.not_before = cert_seconds(X509_get0_notBefore(cert)),
		.not_after = cert_seconds(X509_get0_notAfter(cert)),
		.key = c->text[5] + strlen(text) + 1,
		.slot = slot,
		.pinned = slot && X509_check_ca(cert) == 0,
		.chain = chain,
	};
	cert_sha256(cert, c->info.sha256);
	cert_spki_sha256(cert, c->info.spki_sha256);
	return true;
}

const struct portcall_certificate_info *credentials_add_anchor(struct portcall_credentials *c,
                                                               X509 *cert, int slot,
                                                               const char *name)
{
	struct certificate *grown = realloc(c->anchor, (c->anchors + 1) * sizeof(*grown));
	struct certificate *anchor;

	if (!grown)
		return NULL;
	c->anchor = grown;
	anchor = &c->anchor[c->anchors++];
	*anchor = (struct certificate){ 0 };
	if (!certificate_init(anchor, cert, slot, 0) || !anchor_add(c->parts.anchors, cert, name))
		return NULL;
	return &anchor->info;
}

/* Those that lead from `leaf` upwards, in this order, without the root.  False: no memory. */
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

const struct portcall_certificate_info *credentials_set_client(struct portcall_credentials *c,
                                                               X509 *leaf, EVP_PKEY *key,
                                                               STACK_OF(X509) *certs)
{
	if (!X509_up_ref(leaf))
		return NULL;
	c->parts.client = leaf;
	if (!EVP_PKEY_up_ref(key))
		return NULL;
	c->parts.key = key;
	if (!order_chain(certs, leaf, c->parts.chain) ||
	    !certificate_init(&c->client, leaf, 0, (size_t)sk_X509_num(c->parts.chain)))
		return NULL;
	return &c->client.info;
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

enum portcall_profile portcall_credentials_profile(const struct portcall_credentials *credentials)
{
	return credentials->parts.profile;
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
