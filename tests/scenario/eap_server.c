/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/scenario/eap_server.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/ssl.h>

#include "common/eap.h"

enum { PACKET_MAX = 4096, IDENTITY_MAX = 254 };

struct eap_server {
	struct eap_server_config config;
	SSL_CTX *ctx;
	SSL *ssl; /* NULL: no conversation */
	BIO *in, *out;
	uint8_t *flight; /* TLS octets on their way out */
	size_t flight_n, flight_sent;
	bool committed, failed, accept_next;
	unsigned rounds;
	uint8_t id; /* of the last request */
	int alert;
	char identity[IDENTITY_MAX];
	uint8_t packet[PACKET_MAX];
};

static void note_alert(const SSL *ssl, int where, int ret)
{
	struct eap_server *server = SSL_get_app_data(ssl);

	if ((where & SSL_CB_ALERT) && (where & SSL_CB_READ) && ret >> 8 == SSL3_AL_FATAL)
		server->alert = ret & 0xff;
}

static bool use_cert(SSL_CTX *ctx, const struct pki_cert *cert)
{
	char why[PKI_WHY_LEN];
	size_t n;
	uint8_t *der = pki_pkcs12(cert, "secret", PKI_MODERN, &n, why);
	const unsigned char *at = der;
	PKCS12 *p12 = der ? d2i_PKCS12(NULL, &at, (long)n) : NULL;
	EVP_PKEY *key = NULL;
	X509 *leaf = NULL;
	STACK_OF(X509) *chain = NULL;
	bool ok = p12 && PKCS12_parse(p12, "secret", &key, &leaf, &chain) == 1 &&
	          SSL_CTX_use_certificate(ctx, leaf) == 1 &&
	          SSL_CTX_use_PrivateKey(ctx, key) == 1 &&
	          (!chain || SSL_CTX_set1_chain(ctx, chain) == 1);

	sk_X509_pop_free(chain, X509_free);
	X509_free(leaf);
	EVP_PKEY_free(key);
	PKCS12_free(p12);
	free(der);
	return ok;
}

static bool trust(SSL_CTX *ctx, const struct pki_cert *ca)
{
	char *pem = pki_pem(ca, false);
	BIO *bio = pem ? BIO_new_mem_buf(pem, -1) : NULL;
	X509 *cert = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	bool ok = cert && X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), cert) == 1;

	X509_free(cert);
	BIO_free(bio);
	free(pem);
	return ok;
}

static SSL_TICKET_RETURN ignore_ticket(SSL *ssl, SSL_SESSION *session, const unsigned char *name,
                                       size_t name_n, SSL_TICKET_STATUS status, void *arg)
{
	(void)ssl;
	(void)session;
	(void)name;
	(void)name_n;
	(void)status;
	(void)arg;
	return SSL_TICKET_RETURN_IGNORE;
}

static void set_resumption(SSL_CTX *ctx, const struct eap_server_config *config)
{
	static const uint8_t context[] = "eap_server";
	bool ids = config->resume == EAP_SERVER_SESSION_IDS;

	SSL_CTX_set_session_id_context(ctx, context, sizeof(context));
	SSL_CTX_set_session_cache_mode(ctx, ids ? SSL_SESS_CACHE_SERVER : SSL_SESS_CACHE_OFF);
	if (ids || (config->resume == EAP_SERVER_RESUME_NONE && config->tls == 12))
		SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
	if (config->resume == EAP_SERVER_RESUME_NONE)
		SSL_CTX_set_session_ticket_cb(ctx, NULL, ignore_ticket, NULL);
	if (config->no_extended_master_secret)
		SSL_CTX_set_options(ctx, SSL_OP_NO_EXTENDED_MASTER_SECRET);
}

struct eap_server *eap_server_new(const struct eap_server_config *config)
{
	struct eap_server *server = calloc(1, sizeof(*server));
	int version = config->tls == 12 ? TLS1_2_VERSION : TLS1_3_VERSION;

	if (!server)
		return NULL;
	server->config = *config;
	if (!server->config.fragment)
		server->config.fragment = 1024;
	server->alert = -1;
	server->ctx = SSL_CTX_new(TLS_server_method());
	if (!server->ctx || !use_cert(server->ctx, config->cert) ||
	    !trust(server->ctx, config->client_ca) ||
	    SSL_CTX_set_min_proto_version(server->ctx, version) != 1 ||
	    SSL_CTX_set_max_proto_version(server->ctx, version) != 1) {
		eap_server_free(server);
		return NULL;
	}
	SSL_CTX_set_security_level(server->ctx, 0);
	SSL_CTX_set_verify(server->ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_num_tickets(server->ctx, config->tickets);
	set_resumption(server->ctx, config);
	SSL_CTX_set_info_callback(server->ctx, note_alert);
	return server;
}

static void forget(struct eap_server *server)
{
	if (server->ssl && !server->failed)
		/* otherwise OpenSSL takes the session for a broken one and forgets it */
		SSL_set_shutdown(server->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(server->ssl);
	free(server->flight);
	server->ssl = NULL;
	server->flight = NULL;
	server->flight_n = server->flight_sent = 0;
	server->committed = server->failed = server->accept_next = false;
	server->rounds = 0;
	server->alert = -1;
}

void eap_server_free(struct eap_server *server)
{
	if (!server)
		return;
	forget(server);
	SSL_CTX_free(server->ctx);
	free(server);
}

static enum eap_server_verdict send(struct eap_server *server, enum eap_server_verdict verdict,
                                    size_t n, struct span *ret_packet)
{
	server->rounds++;
	if (server->config.mangle)
		server->config.mangle(server->config.mangle_ctx, server->rounds, server->packet, &n,
		                      sizeof(server->packet));
	*ret_packet = span(server->packet, n);
	return n ? verdict : EAP_SERVER_SILENT;
}

static enum eap_server_verdict finish(struct eap_server *server, bool accept, uint8_t id,
                                      struct span *ret_packet)
{
	size_t n = 0;

	if (eap_encode(accept ? EAP_CODE_SUCCESS : EAP_CODE_FAILURE, id, 0, span(NULL, 0),
	               server->packet, sizeof(server->packet), &n) != PORTCALL_OK)
		abort();
	return send(server, accept ? EAP_SERVER_ACCEPT : EAP_SERVER_REJECT, n, ret_packet);
}

static enum eap_server_verdict request(struct eap_server *server, uint8_t flags, uint32_t length,
                                       struct span fragment, struct span *ret_packet)
{
	uint8_t data[PACKET_MAX];
	struct writer w = writer_to(data, sizeof(data));
	size_t n = 0;

	write_u8(&w, flags);
	if (flags & EAP_TLS_FLAG_LENGTH)
		write_u32(&w, length);
	write_bytes(&w, fragment);
	server->id++;
	if (eap_encode(EAP_CODE_REQUEST, server->id, EAP_METHOD_TLS, writer_span(&w),
	               server->packet, sizeof(server->packet), &n) != PORTCALL_OK)
		abort();
	return send(server, EAP_SERVER_CHALLENGE, n, ret_packet);
}

static bool begin(struct eap_server *server)
{
	forget(server);
	server->ssl = SSL_new(server->ctx);
	server->in = BIO_new(BIO_s_mem());
	server->out = BIO_new(BIO_s_mem());
	if (!server->ssl || !server->in || !server->out)
		return false;
	SSL_set_bio(server->ssl, server->in, server->out);
	SSL_set_app_data(server->ssl, server);
	SSL_set_accept_state(server->ssl);
	return true;
}

static enum eap_server_verdict send_fragment(struct eap_server *server, struct span *ret_packet)
{
	size_t left = server->flight_n - server->flight_sent;
	size_t n = left < server->config.fragment ? left : server->config.fragment;
	uint8_t flags = left > n ? EAP_TLS_FLAG_MORE : 0;
	struct span fragment = span(server->flight + server->flight_sent, n);

	if (server->flight_sent == 0 && flags)
		flags |= EAP_TLS_FLAG_LENGTH;
	server->flight_sent += n;
	return request(server, flags, (uint32_t)server->flight_n, fragment, ret_packet);
}

/* Take what TLS wants to send. */
static bool collect(struct eap_server *server)
{
	char *data = NULL;
	long n = BIO_get_mem_data(server->out, &data);

	free(server->flight);
	server->flight = NULL;
	server->flight_n = server->flight_sent = 0;
	if (n <= 0)
		return false;
	server->flight = malloc((size_t)n);
	if (!server->flight)
		abort();
	memcpy(server->flight, data, (size_t)n);
	server->flight_n = (size_t)n;
	(void)BIO_reset(server->out);
	return true;
}

static void commit(struct eap_server *server)
{
	static const char zero[1] = { 0 };
	const struct eap_server_config *c = &server->config;

	server->committed = true;
	if (c->tls == 13 && !c->no_commitment && !c->reject_after_handshake)
		SSL_write(server->ssl, c->commitment ? c->commitment : zero,
		          c->commitment ? (int)c->commitment_n : 1);
	if (c->close_after)
		SSL_shutdown(server->ssl);
}

static enum eap_server_verdict input_tls(struct eap_server *server, const struct eap_packet *p,
                                         struct span *ret_packet)
{
	struct eap_tls_header h;
	bool more_of_ours = server->flight_sent < server->flight_n;

	if (eap_tls_decode(p->data, &h) != PORTCALL_OK)
		return EAP_SERVER_SILENT;
	if (h.fragment.n > 0 && BIO_write(server->in, h.fragment.p, (int)h.fragment.n) <= 0)
		abort();
	if (h.flags & EAP_TLS_FLAG_MORE)
		return request(server, 0, 0, span(NULL, 0), ret_packet);
	if (more_of_ours)
		return send_fragment(server, ret_packet);
	if (server->accept_next)
		return finish(server, !server->failed && !server->config.reject_after_handshake,
		              p->id, ret_packet);
	ERR_clear_error();
	if (!SSL_is_init_finished(server->ssl)) {
		int n = SSL_do_handshake(server->ssl);

		if (n != 1 && SSL_get_error(server->ssl, n) != SSL_ERROR_WANT_READ)
			server->failed = true;
	}
	ERR_clear_error();
	if (server->failed && (!server->config.alerts || !collect(server)))
		return finish(server, false, p->id, ret_packet);
	if (server->failed) {
		server->accept_next = true;
		return send_fragment(server, ret_packet);
	}
	if (SSL_is_init_finished(server->ssl) && !server->committed) {
		commit(server);
		if (!collect(server))
			return finish(server, !server->config.reject_after_handshake, p->id,
			              ret_packet);
		server->accept_next = true;
		return send_fragment(server, ret_packet);
	}
	if (collect(server))
		return send_fragment(server, ret_packet);
	return request(server, 0, 0, span(NULL, 0), ret_packet);
}

enum eap_server_verdict eap_server_input(struct eap_server *server, struct span response,
                                         struct span *ret_packet)
{
	struct eap_packet p;

	if (eap_decode(response, &p) != PORTCALL_OK || p.code != EAP_CODE_RESPONSE)
		return EAP_SERVER_SILENT;
	if (p.type == EAP_METHOD_IDENTITY) {
		size_t n = p.data.n < IDENTITY_MAX - 1 ? p.data.n : IDENTITY_MAX - 1;

		memcpy(server->identity, p.data.p, n);
		server->identity[n] = '\0';
		if (!begin(server))
			abort();
		server->id = p.id;
		return request(server, EAP_TLS_FLAG_START, 0, span(NULL, 0), ret_packet);
	}
	if (!server->ssl || p.id != server->id)
		return EAP_SERVER_SILENT;
	if (p.type == EAP_METHOD_NAK)
		return finish(server, false, p.id, ret_packet);
	if (p.type != EAP_METHOD_TLS)
		return EAP_SERVER_SILENT;
	return input_tls(server, &p, ret_packet);
}

unsigned eap_server_rounds(const struct eap_server *server)
{
	return server->rounds;
}

static bool export(const struct eap_server *server, const char *label, uint8_t *ret_key, size_t n)
{
	static const uint8_t context[] = { EAP_METHOD_TLS };
	bool tls13 = server->config.tls == 13;

	return SSL_export_keying_material(server->ssl, ret_key, n, label, strlen(label), context,
	                                  tls13 ? sizeof(context) : 0, tls13) == 1;
}

bool eap_server_keys(const struct eap_server *server, uint8_t ret_keys[static 128],
                     uint8_t ret_session_id[static 65])
{
	ret_session_id[0] = EAP_METHOD_TLS;
	if (server->config.tls == 13)
		return export(server, "EXPORTER_EAP_TLS_Key_Material", ret_keys, 128) &&
		       export(server, "EXPORTER_EAP_TLS_Method-Id", ret_session_id + 1, 64);
	return export(server, "client EAP encryption", ret_keys, 128) &&
	       SSL_get_client_random(server->ssl, ret_session_id + 1, 32) == 32 &&
	       SSL_get_server_random(server->ssl, ret_session_id + 33, 32) == 32;
}

bool eap_server_resumed(const struct eap_server *server)
{
	return SSL_session_reused(server->ssl);
}

const char *eap_server_identity(const struct eap_server *server)
{
	return server->identity;
}

bool eap_server_committed(const struct eap_server *server)
{
	return server->committed;
}

int eap_server_alert(const struct eap_server *server)
{
	return server->alert;
}
