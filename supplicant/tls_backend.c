/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Life of a connection, as libeap drives it: tls_connection_init() when the server proposes EAP-TLS,
 * tls_connection_set_params() with our tls_session in a blob, tls_connection_handshake() for each
 * reassembled message, tls_connection_export_key(), tls_connection_deinit().
 *
 * tls_connection_handshake() never hands application data up: libeap 2.10 would send anything but its
 * first idea of the protected success back as an EAP response, and does not know the case of a resumed
 * session where the 0x00 comes in one flight with the server's Finished.  So it is taken here.
 */
#include "supplicant/tls_backend.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>

#include <includes.h>
#include <common.h>
#include <wpabuf.h>
#include <crypto/crypto.h>
#include <crypto/tls.h>

#include "common/credential_openssl.h"
#include "supplicant/tls_resume.h"
#include "supplicant/tls_wire.h"

/* What a phone offers; the security level of the profile has its say too.  No DES, 3DES, RC4, anonymous or PSK. */
#define CIPHERS_MODERN    "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:ECDHE+AES:!AESCCM:!aDSS"
#define CIPHERS_OPTIPOINT CIPHERS_MODERN ":DHE+AES:RSA+AESGCM:RSA+AES"

struct tls_connection {
	struct tls_session *session;
	SSL *ssl;
	struct tls_wire wire;
	struct cert_verdict verdict;
	struct tls_validity validity; /* of the server's chain, as it was when that was verified */
	int alert_read;               /* TLS alert number received as fatal, -1: none */
	int alert_wrote;              /* ... and sent */
	u8 client_random[SSL3_RANDOM_SIZE];
	u8 server_random[SSL3_RANDOM_SIZE];
};

void tls_session_forget(struct tls_session *session)
{
	if (session->fresh)
		OPENSSL_cleanse(session->fresh, session->fresh_n);
	free(session->fresh);
	session->fresh = NULL;
	session->fresh_n = 0;
}

/* --- the shared context ---------------------------------------------------------------------- */

static void note_alert(const SSL *ssl, int where, int ret)
{
	struct tls_connection *conn;

	if (!(where & SSL_CB_ALERT) || ret >> 8 != SSL3_AL_FATAL)
		return;
	conn = SSL_get_app_data(ssl);
	if (!conn)
		return;
	if (where & SSL_CB_READ)
		conn->alert_read = ret & 0xff;
	else
		conn->alert_wrote = ret & 0xff;
}

/* The newest session that may be resumed is the owner's to keep. */
static void keep_session(struct tls_connection *conn, SSL_SESSION *ssl_session)
{
	struct tls_session *session = conn->session;
	uint8_t *octets;
	size_t n;

	if (!tls_resume_write(ssl_session, &conn->validity, &octets, &n))
		return;
	tls_session_forget(session);
	session->fresh = octets;
	session->fresh_n = n;
}

/* TLS 1.3: tickets come behind the handshake. */
static int on_session(SSL *ssl, SSL_SESSION *ssl_session)
{
	if (SSL_version(ssl) >= TLS1_3_VERSION)
		keep_session(SSL_get_app_data(ssl), ssl_session);
	return 0; /* no reference was taken */
}

static SSL_CTX *make_context(const struct credential_parts *parts)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	const char *ciphers = CIPHERS_MODERN;

	if (!ctx)
		return NULL;
	cert_policy_setup(ctx, parts->profile);
	if (parts->profile == PORTCALL_PROFILE_OPTIPOINT)
		ciphers = CIPHERS_OPTIPOINT;
	SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(ctx, on_session);
	SSL_CTX_set_info_callback(ctx, note_alert);
	if (SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 ||
	    SSL_CTX_set_cipher_list(ctx, ciphers) != 1)
		goto fail;
	if (parts->anchors)
		SSL_CTX_set1_cert_store(ctx, parts->anchors);
	if (parts->client && (SSL_CTX_use_certificate(ctx, parts->client) != 1 ||
	                      SSL_CTX_use_PrivateKey(ctx, parts->key) != 1 ||
	                      (parts->chain && SSL_CTX_set1_chain(ctx, parts->chain) != 1)))
		goto fail;
	return ctx;
fail:
	SSL_CTX_free(ctx);
	return NULL;
}

/* --- results --------------------------------------------------------------------------------- */

static void fail(struct tls_connection *conn, enum portcall_reason reason, const char *detail)
{
	struct tls_session *session = conn->session;

	if (session->failed)
		return;
	session->failed = true;
	session->done = false;
	session->reason = reason;
	session->detail = strdup(detail);
}

/* Alerts that speak about the certificate that we sent (RFC 8446 6.2). */
static bool alert_about_certificate(int alert)
{
	switch (alert) {
	case SSL_AD_BAD_CERTIFICATE:
	case SSL_AD_UNSUPPORTED_CERTIFICATE:
	case SSL_AD_CERTIFICATE_REVOKED:
	case SSL_AD_CERTIFICATE_EXPIRED:
	case SSL_AD_CERTIFICATE_UNKNOWN:
	case SSL_AD_UNKNOWN_CA:
	case SSL_AD_ACCESS_DENIED:
	case TLS13_AD_CERTIFICATE_REQUIRED:
	case SSL_AD_NO_CERTIFICATE:
		return true;
	}
	return false;
}

/* OpenSSL gave up: the policy's verdict first, then the peer's alert, then OpenSSL's own words. */
static void fail_by_openssl(struct tls_connection *conn)
{
	char text[200];
	unsigned long error = ERR_peek_error();
	const char *words = error ? ERR_reason_error_string(error) : NULL;

	if (conn->verdict.why.reason != PORTCALL_REASON_NONE) {
		fail(conn, conn->verdict.why.reason, conn->verdict.why.text);
		return;
	}
	if (conn->alert_read >= 0) {
		snprintf(text, sizeof(text), "the server sent the TLS alert \"%s\" (%d)",
		         SSL_alert_desc_string_long(conn->alert_read), conn->alert_read);
		fail(conn,
		     alert_about_certificate(conn->alert_read) ? PORTCALL_REASON_CLIENT_REFUSED
		                                               : PORTCALL_REASON_TLS_FAILED,
		     text);
		return;
	}
	snprintf(text, sizeof(text), "%s%s%s", words ? words : "the TLS library gave up",
	         conn->alert_wrote >= 0 ? "; alert sent: " : "",
	         conn->alert_wrote >= 0 ? SSL_alert_desc_string_long(conn->alert_wrote) : "");
	fail(conn, PORTCALL_REASON_TLS_FAILED, text);
}

static bool is_tls13(const struct tls_connection *conn)
{
	return SSL_version(conn->ssl) >= TLS1_3_VERSION;
}

/* The handshake itself is over; what else came is read by read_application_data(). */
static void handshake_done(struct tls_connection *conn)
{
	struct tls_session *session = conn->session;

	session->version = SSL_get_version(conn->ssl);
	session->cipher = SSL_get_cipher_name(conn->ssl);
	session->resumed = SSL_session_reused(conn->ssl);
	if (!session->resumed)
		conn->validity = tls_validity_of(conn->ssl);
	if (is_tls13(conn))
		return;
	session->done = true;
	/* RFC 7627 5.3: without the extended master secret it could be spliced into another session */
	if (SSL_get_extms_support(conn->ssl) == 1)
		keep_session(conn, SSL_get_session(conn->ssl));
}

/* RFC 9190 2.5: one octet 0x00 from the server, and nothing else ever. */
static void read_application_data(struct tls_connection *conn)
{
	u8 data[64];

	while (!conn->session->failed) {
		int n = SSL_read(conn->ssl, data, sizeof(data));

		if (n == 1 && data[0] == 0 && is_tls13(conn) && !conn->session->done) {
			conn->session->done = true;
		} else if (n > 0) {
			fail(conn, PORTCALL_REASON_PROTOCOL_ERROR,
			     "the server sent application data other than the one octet 0x00 of "
			     "the "
			     "protected success");
		} else if (SSL_get_error(conn->ssl, n) == SSL_ERROR_WANT_READ) {
			return;
		} else if (SSL_get_error(conn->ssl, n) == SSL_ERROR_ZERO_RETURN) {
			if (!conn->session->done)
				fail(conn, PORTCALL_REASON_PROTOCOL_ERROR,
				     "the server closed TLS before its protected success");
			return;
		} else {
			/* RFC 5216 2.1.3: an alert behind a TLS 1.2 Finished is an end, too */
			fail_by_openssl(conn);
		}
	}
}

/* Never NULL without need: libeap takes that for an error. */
static struct wpabuf *take_output(struct tls_connection *conn)
{
	struct wpabuf *out = conn->wire.out ? conn->wire.out : wpabuf_alloc(0);

	conn->wire.out = NULL;
	return out;
}

/* --- crypto/tls.h ---------------------------------------------------------------------------- */

void *tls_init(const struct tls_config *conf)
{
	static const char no_state;

	(void)conf;
	return (void *)(uintptr_t)&no_state; /* libeap asks for an address, and only compares it with NULL */
}

void tls_deinit(void *tls_ctx)
{
	(void)tls_ctx;
}

int tls_get_errors(void *tls_ctx)
{
	(void)tls_ctx;
	return 0; /* the queue is cleared before each step; a stale entry is not this session's */
}

struct tls_connection *tls_connection_init(void *tls_ctx)
{
	struct tls_connection *conn = os_zalloc(sizeof(*conn));

	(void)tls_ctx;
	if (conn)
		conn->alert_read = conn->alert_wrote = -1;
	return conn;
}

void tls_connection_deinit(void *tls_ctx, struct tls_connection *conn)
{
	(void)tls_ctx;
	if (!conn)
		return;
	SSL_free(conn->ssl);
	wpabuf_free(conn->wire.out);
	bin_clear_free(conn, sizeof(*conn));
}

static int protocol_version(enum portcall_tls tls)
{
	return tls == PORTCALL_TLS_1_2 ? TLS1_2_VERSION : TLS1_3_VERSION;
}

/* Offer the owner's session, when the dates of the server's chain still hold. */
static void offer_session(struct tls_connection *conn)
{
	struct tls_session *session = conn->session;
	SSL_SESSION *ssl_session;

	if (session->offer.n == 0)
		return;
	ssl_session = tls_resume_read(session->offer, &conn->validity);
	session->offered = ssl_session && tls_validity_holds(&conn->validity, &session->policy) &&
	                   SSL_set_session(conn->ssl, ssl_session) == 1;
	SSL_SESSION_free(ssl_session);
}

int tls_connection_set_params(void *tls_ctx, struct tls_connection *conn,
                              const struct tls_connection_params *params)
{
	struct tls_session *session;
	struct cert_policy policy;
	SSL_CTX *ctx;
	BIO *bio;

	(void)tls_ctx;
	if (params->private_key_blob_len != sizeof(session))
		return -1;
	memcpy(&session, params->private_key_blob, sizeof(session));
	conn->session = session;
	ERR_clear_error();
	ctx = credential_ssl_ctx(session->credentials, make_context);
	if (!ctx) {
		fail_by_openssl(conn);
		return -1;
	}
	conn->ssl = SSL_new(ctx);
	bio = tls_wire_bio(&conn->wire);
	if (!conn->ssl || !bio) {
		BIO_free(bio);
		fail(conn, PORTCALL_REASON_TLS_FAILED, "out of memory");
		return -1;
	}
	policy = session->policy;
	policy.profile = credential_parts(session->credentials).profile;
	SSL_set_bio(conn->ssl, bio, bio);
	SSL_set_app_data(conn->ssl, conn);
	SSL_set_connect_state(conn->ssl);
	if (SSL_set_min_proto_version(conn->ssl, protocol_version(session->tls_min)) != 1 ||
	    SSL_set_max_proto_version(conn->ssl, protocol_version(session->tls_max)) != 1 ||
	    !cert_policy_attach(conn->ssl, &policy, NULL, &conn->verdict)) {
		fail_by_openssl(conn);
		return -1;
	}
	offer_session(conn);
	return 0;
}

struct wpabuf *tls_connection_handshake(void *tls_ctx, struct tls_connection *conn,
                                        const struct wpabuf *in_data, struct wpabuf **appl_data)
{
	(void)tls_ctx;
	*appl_data = NULL;
	ERR_clear_error();
	if (in_data)
		conn->wire.in = span(wpabuf_head(in_data), wpabuf_len(in_data));
	if (!conn->session->failed && !SSL_is_init_finished(conn->ssl)) {
		int n = SSL_do_handshake(conn->ssl);

		if (n == 1)
			handshake_done(conn);
		else if (SSL_get_error(conn->ssl, n) != SSL_ERROR_WANT_READ)
			fail_by_openssl(conn);
	}
	if (!conn->session->failed && SSL_is_init_finished(conn->ssl))
		read_application_data(conn);
	ERR_clear_error();
	conn->wire.in = span(NULL, 0); /* a failed connection may leave some */
	return take_output(conn);
}

int tls_connection_established(void *tls_ctx, struct tls_connection *conn)
{
	(void)tls_ctx;
	return conn && conn->session && conn->session->done && !conn->session->failed;
}

int tls_connection_get_failed(void *tls_ctx, struct tls_connection *conn)
{
	(void)tls_ctx;
	return !conn || !conn->session || conn->session->failed;
}

int tls_connection_resumed(void *tls_ctx, struct tls_connection *conn)
{
	(void)tls_ctx;
	return conn && conn->ssl && SSL_session_reused(conn->ssl);
}

/* Only called for a session that is to be resumed; eap_peer begins each authentication anew. */
int tls_connection_shutdown(void *tls_ctx, struct tls_connection *conn)
{
	(void)tls_ctx;
	(void)conn;
	return -1;
}

int tls_connection_get_random(void *tls_ctx, struct tls_connection *conn, struct tls_random *data)
{
	(void)tls_ctx;
	if (!conn || !conn->ssl)
		return -1;
	data->client_random = conn->client_random;
	data->client_random_len =
		SSL_get_client_random(conn->ssl, conn->client_random, sizeof(conn->client_random));
	data->server_random = conn->server_random;
	data->server_random_len =
		SSL_get_server_random(conn->ssl, conn->server_random, sizeof(conn->server_random));
	return 0;
}

int tls_connection_export_key(void *tls_ctx, struct tls_connection *conn, const char *label,
                              const u8 *context, size_t context_len, u8 *out, size_t out_len)
{
	(void)tls_ctx;
	if (!conn || !conn->ssl ||
	    SSL_export_keying_material(conn->ssl, out, out_len, label, strlen(label), context,
	                               context_len, context != NULL) != 1)
		return -1;
	return 0;
}

int tls_get_version(void *tls_ctx, struct tls_connection *conn, char *buf, size_t buflen)
{
	(void)tls_ctx;
	if (!conn || !conn->ssl)
		return -1;
	return snprintf(buf, buflen, "%s", SSL_get_version(conn->ssl)) < (int)buflen ? 0 : -1;
}

int tls_get_cipher(void *tls_ctx, struct tls_connection *conn, char *buf, size_t buflen)
{
	(void)tls_ctx;
	if (!conn || !conn->ssl)
		return -1;
	return snprintf(buf, buflen, "%s", SSL_get_cipher_name(conn->ssl)) < (int)buflen ? 0 : -1;
}

/* Tunnelled methods (PEAP, TTLS) alone encrypt and decrypt; they are not compiled in. */
struct wpabuf *tls_connection_encrypt(void *tls_ctx, struct tls_connection *conn,
                                      const struct wpabuf *in_data)
{
	(void)tls_ctx;
	(void)conn;
	(void)in_data;
	return NULL;
}

struct wpabuf *tls_connection_decrypt(void *tls_ctx, struct tls_connection *conn,
                                      const struct wpabuf *in_data)
{
	(void)tls_ctx;
	(void)conn;
	(void)in_data;
	return NULL;
}

/* libeap compares duplicates by this digest when its workarounds are on. */
int sha1_vector(size_t num_elem, const u8 *addr[], const size_t *len, u8 *mac)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	bool ok = md && EVP_DigestInit_ex(md, EVP_sha1(), NULL) == 1;

	for (size_t i = 0; ok && i < num_elem; i++)
		ok = EVP_DigestUpdate(md, addr[i], len[i]) == 1;
	ok = ok && EVP_DigestFinal_ex(md, mac, NULL) == 1;
	EVP_MD_CTX_free(md);
	return ok ? 0 : -1;
}
