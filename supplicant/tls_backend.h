/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tls_backend - TLS for libeap: the 17 functions of hostap's crypto/tls.h on OpenSSL 3.
 *
 * libeap calls those functions by name; this header is what our side of it needs.  A tls_session says
 * what a connection may do and receives what became of it; the EAP adapter hands its address to libeap
 * as the data of a configuration blob, and libeap carries it to the backend unread.
 *
 * One SSL_CTX serves all sessions of the same credentials (credential_openssl.h keeps it); nothing here
 * is global and mutable.  A session belongs to one thread at a time.
 *
 * Success is protected: with TLS 1.3 the handshake counts as done when the server sent exactly one octet
 * 0x00 of application data (RFC 9190 2.5); any other application data fails the session.
 *
 * Resumption: the owner offers the session of an earlier success and keeps the fresh one of this connection.
 * It is only ever offered to what judged it: the owner sees to settings, anchors and revocation lists, the
 * dates of the server's chain are judged here.
 */
#ifndef SUPPLICANT_TLS_BACKEND_H
#define SUPPLICANT_TLS_BACKEND_H

#include <portcall/supplicant.h>

#include "common/bytes.h"
#include "common/cert_policy.h"

struct tls_session {
	/* set by the owner; borrowed, must outlive the connection */
	struct portcall_credentials *credentials;
	struct cert_policy policy; /* its profile is that of the credentials */
	enum portcall_tls tls_min, tls_max;
	struct span
		offer; /* a session of an earlier connection to resume (tls_resume.h); empty: none */

	/* what became of it */
	bool done;   /* the server proved itself and its success is protected */
	bool failed; /* the connection is dead, because of: */
	enum portcall_reason reason;
	char *detail; /* heap, the owner's to free; NULL: nothing to add, or no memory for it */
	const char *version; /* "TLSv1.3"; static; NULL before the handshake's end */
	const char *cipher;  /* static */
	bool offered;        /* `offer` was good enough to be sent; it is used up */
	bool resumed;
	uint8_t *
		fresh; /* heap, secret, the owner's: a session to resume later; NULL: none so far */
	size_t fresh_n;
};

/* Wipe and free `fresh`. */
void tls_session_forget(struct tls_session *session);

#endif
