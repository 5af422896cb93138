/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * eap_engine - libeap's EAP peer machine (RFC 4137) for one conversation, and nothing of its types.
 *
 * The engine believes what it is fed: eap_peer decides what it gets to see.  No I/O, no clock; libeap's
 * own time-out (idleWhile) never runs, the PAE's authWhile does that work.  Different engines may be used
 * by different threads at the same time.
 */
#ifndef SUPPLICANT_EAP_ENGINE_H
#define SUPPLICANT_EAP_ENGINE_H

#include "common/bytes.h"
#include "supplicant/tls_backend.h"

struct eap_engine;

enum eap_engine_verdict {
	EAP_ENGINE_NOTHING, /* processed or ignored, nothing to send */
	EAP_ENGINE_RESPONSE,
	EAP_ENGINE_SUCCESS,
	EAP_ENGINE_FAILURE,
};

/*
 * A machine at the beginning of a conversation.  `tls` (borrowed) outlives it and is reported to;
 * `identity` is copied.  NULL: no memory.
 */
struct eap_engine *eap_engine_new(const char *identity, size_t fragment, struct tls_session *tls);
void eap_engine_free(struct eap_engine *engine); /* NULL is fine; wipes keys */

/* RESPONSE: `ret_response` is valid until the next call. */
enum eap_engine_verdict eap_engine_feed(struct eap_engine *engine, struct span packet,
                                        struct span *ret_response);

/* The response is on its way: its memory is not needed any more. */
void eap_engine_sent(struct eap_engine *engine);

/* The method came to its end: keys are derived, and an EAP-Success would be believed. */
bool eap_engine_method_done(const struct eap_engine *engine);
/* MSK, EMSK and Session-Id (RFC 5216 2.3, RFC 9190 2.3); false: there are none, or no memory. */
bool eap_engine_keys(const struct eap_engine *engine, struct portcall_keys *ret_keys);

#endif
