/* SPDX-License-Identifier: BSD-3-Clause */
#include "supplicant/fetch_verify.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/auto.h"
#include "common/credential_openssl.h"

enum { CA_FILE_MAX = 1 << 20 /* octets */ };

static bool refuse(struct portcall_why *why, enum portcall_reason reason, const char *what,
                   const char *more)
{
	why->reason = reason;
	why->line = 0;
	snprintf(why->text, sizeof(why->text), "%.100s%s%.130s", what, *more ? ": " : "", more);
	return false;
}

/* At most CA_FILE_MAX octets; 0 or an errno. */
static int read_file(const char *path, char *text, size_t *ret_n)
{
	FILE *file = fopen(path, "re");
	int error = 0;

	if (!file)
		return errno;
	*ret_n = fread(text, 1, CA_FILE_MAX, file);
	if (ferror(file))
		error = EIO;
	else if (*ret_n == CA_FILE_MAX)
		error = EFBIG;
	fclose(file);
	return error;
}

static bool read_anchors(struct fetch_verify *verify, const char *path)
{
	AUTO(free) char *text = malloc(CA_FILE_MAX);
	struct portcall_why why = { 0 };
	size_t n = 0;
	int error = text ? read_file(path, text, &n) : ENOMEM;

	if (error)
		return refuse(&verify->why, PORTCALL_REASON_HTTPS_NO_TRUST, path, strerror(error));
	verify->anchors = credential_anchors(text, n, "https-ca", &verify->policy, &why);
	if (verify->anchors)
		return true;
	refuse(&verify->why, PORTCALL_REASON_HTTPS_NO_TRUST, path,
	       why.text[0] ? why.text : portcall_reason_text(why.reason));
	verify->why.line = why.line;
	return false;
}

bool fetch_verify_init(struct fetch_verify *verify, const struct cert_policy *policy,
                       const char *ca_file, const uint8_t *pin)
{
	*verify = (struct fetch_verify){ .policy = *policy, .pin = pin };
	if (policy->verify == PORTCALL_VERIFY_NONE)
		return true;
	if (ca_file)
		return read_anchors(verify, ca_file);
	return pin || refuse(&verify->why, PORTCALL_REASON_HTTPS_NO_TRUST, "", "");
}

void fetch_verify_done(struct fetch_verify *verify)
{
	X509_STORE_free(verify->anchors);
	verify->anchors = NULL;
}

static bool pin_fits(struct fetch_verify *verify, X509 *leaf)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	char hex[65];

	if (!verify->pin)
		return true;
	if (X509_digest(leaf, EVP_sha256(), digest, &n) == 1 && n == 32 &&
	    memcmp(digest, verify->pin, n) == 0)
		return true;
	cert_sha256(leaf, hex);
	return refuse(&verify->why, PORTCALL_REASON_HTTPS_UNTRUSTED,
	              "https-pin is another certificate's; the server's SHA-256 is", hex);
}

/* The pinned certificate as its own anchor. */
static X509_STORE *pinned_store(X509 *leaf)
{
	X509_STORE *store = X509_STORE_new();

	if (store && anchor_add(store, leaf, "https-pin"))
		return store;
	X509_STORE_free(store);
	return NULL;
}

/* OpenSSL asks here instead of X509_verify_cert(). */
static int judge_server(X509_STORE_CTX *ctx, void *arg)
{
	struct fetch_verify *verify = arg;
	X509 *leaf = X509_STORE_CTX_get0_cert(ctx);
	X509_STORE *pinned = NULL;
	struct portcall_why why = { 0 };
	bool good = false;

	if (pin_fits(verify, leaf)) {
		if (!verify->anchors)
			pinned = pinned_store(leaf);
		good = (verify->anchors || pinned) &&
		       cert_policy_judge(&verify->policy,
		                         verify->anchors ? verify->anchors : pinned, leaf,
		                         X509_STORE_CTX_get0_untrusted(ctx), &why) == PORTCALL_OK;
		if (!good)
			refuse(&verify->why, PORTCALL_REASON_HTTPS_UNTRUSTED,
			       portcall_reason_code(why.reason), why.text);
		X509_STORE_free(pinned);
	}
	X509_STORE_CTX_set_error(ctx, good ? X509_V_OK : X509_V_ERR_CERT_UNTRUSTED);
	return good;
}

bool fetch_verify_attach(struct fetch_verify *verify, SSL_CTX *ctx,
                         const struct portcall_credentials *client)
{
	cert_policy_setup(ctx, verify->policy.profile);
	if (verify->policy.verify != PORTCALL_VERIFY_NONE)
		SSL_CTX_set_cert_verify_callback(ctx, judge_server, verify);
	if (!client)
		return true;
	struct credential_parts parts = credential_parts(client);

	return SSL_CTX_use_certificate(ctx, parts.client) == 1 &&
	       SSL_CTX_use_PrivateKey(ctx, parts.key) == 1 &&
	       (!parts.chain || SSL_CTX_set1_chain(ctx, parts.chain) == 1);
}

const char *fetch_verify_session(SSL *ssl, bool *ret_resumed, char ret_sha256[static 65])
{
	X509 *leaf = SSL_get1_peer_certificate(ssl);

	*ret_resumed = SSL_session_reused(ssl) == 1;
	ret_sha256[0] = '\0';
	if (leaf)
		cert_sha256(leaf, ret_sha256);
	X509_free(leaf);
	return SSL_get_version(ssl);
}
