/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * eap_server - a small EAP-TLS server for tests: RFC 5216 and RFC 9190 on OpenSSL, and able to misbehave.
 *
 * Responses in, requests out; no I/O, no clock.  One object serves one conversation after the other:
 * an Identity response begins a new one.
 */
#ifndef TESTS_SCENARIO_EAP_SERVER_H
#define TESTS_SCENARIO_EAP_SERVER_H

#include "common/bytes.h"
#include "tools/pki.h"

enum eap_server_verdict {
	EAP_SERVER_CHALLENGE,
	EAP_SERVER_ACCEPT,
	EAP_SERVER_REJECT,
	EAP_SERVER_SILENT
};

/* How sessions may be resumed; NONE runs a full handshake whatever it is offered. */
enum eap_server_resume { EAP_SERVER_RESUME_NONE, EAP_SERVER_TICKETS, EAP_SERVER_SESSION_IDS };

struct eap_server_config {
	const struct pki_cert *cert;      /* of the server, with its chain */
	const struct pki_cert *client_ca; /* whose clients it accepts */
	int tls;                          /* 12 or 13: the only version */
	size_t fragment;                  /* TLS octets in one request; 0: 1024 */
	unsigned tickets;                 /* TLS 1.3 tickets of a full handshake */
	enum eap_server_resume resume;
	bool no_extended_master_secret; /* RFC 7627 */
	/* misbehaviour */
	const char *commitment; /* application data instead of one 0x00 (TLS 1.3) */
	size_t commitment_n;
	bool no_commitment;          /* none at all */
	bool reject_after_handshake; /* the policy says no: bare EAP-Failure */
	bool alerts;                 /* send TLS alerts to the peer before EAP-Failure */
	bool close_after;            /* close_notify behind the commitment */
	/* Each packet on its way out: change it, or make it longer up to `max`; *n = 0: not sent. */
	void (*mangle)(void *ctx, unsigned round, uint8_t *packet, size_t *n, size_t max);
	void *mangle_ctx;
};

struct eap_server;

/* NULL: the configuration does not work. */
struct eap_server *eap_server_new(const struct eap_server_config *config);
void eap_server_free(struct eap_server *server);

/* An EAP response arrived; `ret_packet` is what to send, valid until the next call. */
enum eap_server_verdict eap_server_input(struct eap_server *server, struct span response,
                                         struct span *ret_packet);

unsigned eap_server_rounds(const struct eap_server *server); /* requests of this conversation */
/* MSK and EMSK, and the Session-Id of RFC 5216 2.3 and RFC 9190 2.3 */
bool eap_server_keys(const struct eap_server *server, uint8_t ret_keys[static 128],
                     uint8_t ret_session_id[static 65]);
bool eap_server_resumed(const struct eap_server *server);
const char *eap_server_identity(const struct eap_server *server);
/* The handshake is over for the server, and with TLS 1.3 its commitment was written. */
bool eap_server_committed(const struct eap_server *server);
/* TLS alert that the client sent (number), -1: none */
int eap_server_alert(const struct eap_server *server);

#endif
