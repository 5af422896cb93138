/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fetch - one provisioning file over HTTPS (libcurl), outside of the loop's thread.
 *
 * Each file has a connection of its own; the TLS session is kept, so that the second file resumes that of the
 * first, as optiPoint phones do.  Only https; no redirects, no proxy, nothing leaves through another interface
 * than the phone's (SO_BINDTODEVICE).  A host name is looked up by the system's resolver; one with a provisioning URL that
 * holds an address needs none.  At most PORTCALL_ITEMS_MAX_FILE octets are taken.
 */
#ifndef SUPPLICANT_FETCH_H
#define SUPPLICANT_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <portcall/credentials.h>

struct uv_loop_s;
struct fetch;

/* Strings are borrowed and outlive the fetch. */
struct fetch_config {
	const char *interface;
	enum portcall_profile profile;
	enum portcall_verify verify;
	const char *ca_file;     /* NULL: none */
	const uint8_t *pin;      /* SHA-256 of the server's certificate, 32 octets; NULL: none */
	const char *client_file; /* PEM: certificate and key; NULL: none */
};

struct fetch_request {
	const char *url;                     /* copied; at most 1023 octets */
	struct portcall_credentials *client; /* to be presented; a reference is taken; NULL: none */
	int64_t time;                        /* seconds since 1970, for the server's dates */
	bool clock_set;                      /* false: notBefore is not judged */
};

struct fetch_result {
	bool done;    /* the file is there: `body` */
	bool missing; /* the server is fine, but has no such file */
	const char *url;
	long status;      /* of HTTP; 0: none */
	const char *body; /* valid during the callback */
	size_t body_n;
	bool resumed;
	enum portcall_reason reason; /* when not done */
	const char *detail;
	const char *tls; /* "TLSv1.3"; "" before a handshake; static */
	char sha256[65]; /* of the server's certificate; "" unknown */
};

typedef void fetch_done_fn(void *ctx, const struct fetch_result *result);

/* NULL: no memory. */
struct fetch *fetch_new(struct uv_loop_s *loop, const struct fetch_config *config,
                        fetch_done_fn *done, void *ctx);
void fetch_free(
	struct fetch *fetch); /* NULL is fine; the loop must run until its threads are done */

/* `done` is called once, later.  False: no memory, and it is not called.  A fetch that is on is cancelled. */
bool fetch_start(struct fetch *fetch, const struct fetch_request *request);
void fetch_cancel(struct fetch *fetch); /* `done` is not called any more */

#endif
