/* SPDX-License-Identifier: BSD-3-Clause */
#include "supplicant/eap_peer.h"

#include <stdlib.h>
#include <string.h>

#include "common/digest.h"
#include "common/eap.h"
#include "supplicant/eap_engine.h"
#include "supplicant/eap_stored.h"

enum {
	ROUNDS_MAX = 100,       /* requests in one conversation; libeap counts the same */
	IDLE_ROUNDS_MAX = 4,    /* requests in a row that move nothing */
	IDENTITIES = 4,         /* ids of Identity requests that are remembered */
	CROSSING = 1000,        /* ms: a Start and the first request cross; that is one beginning */
	REJECT_DELAY_MAX = 2500 /* ms: a server's rejection comes sooner, a RADIUS time-out later */
};

struct eap_peer {
	const struct eap_peer_setup *setup;
	struct eap_engine *engine; /* NULL: no conversation */
	struct tls_session tls;
	struct portcall_crls *crls; /* of tls.policy */

	int last_id; /* of the last request that was answered, -1: none */
	uint8_t identity_ids[IDENTITIES];
	unsigned identities;
	msec identity_at; /* the first Identity response */
	unsigned rounds, idle_rounds;
	bool started;             /* EAP-TLS is on */
	bool refused;             /* a method was Nak'ed */
	bool sending;             /* our last response had the M flag */
	uint32_t total, received; /* of the TLS message being reassembled; total 0: not announced */

	enum portcall_reason reason; /* of the end; NONE while it goes on */
	const char *detail;
	const char
		*problem; /* why a request was discarded, for the case that nothing better comes */
	char session[EAP_PEER_SESSION_MAX];
	struct portcall_keys *keys; /* of the last success, until they are taken; NULL: none */
	struct eap_stored stored;   /* for the next conversation */
};

struct eap_peer *eap_peer_new(const struct eap_peer_setup *setup)
{
	struct eap_peer *peer = calloc(1, sizeof(*peer));

	if (!peer)
		return NULL;
	peer->setup = setup;
	peer->last_id = -1;
	peer->detail = "";
	return peer;
}

static void drop_keys(struct eap_peer *peer)
{
	if (peer->keys)
		digest_wipe(peer->keys, sizeof(*peer->keys));
	free(peer->keys);
	peer->keys = NULL;
}

/* Everything of the conversation, and its outcome. */
static void forget(struct eap_peer *peer)
{
	eap_peer_abort(peer);
	portcall_crls_unref(peer->crls);
	tls_session_forget(&peer->tls);
	free(peer->tls.detail);
	drop_keys(peer);
}

void eap_peer_free(struct eap_peer *peer)
{
	if (!peer)
		return;
	forget(peer);
	eap_stored_drop(&peer->stored);
	free(peer);
}

void eap_peer_abort(struct eap_peer *peer)
{
	eap_engine_free(peer->engine);
	peer->engine = NULL;
}

bool eap_peer_restart(struct eap_peer *peer)
{
	const struct eap_peer_setup *setup = peer->setup;

	/* offered, and no success came of it: the next handshake is a full one */
	if (peer->tls.offered || eap_stored_tls(&peer->stored, setup).n == 0)
		eap_stored_drop(&peer->stored);
	forget(peer);
	*peer = (struct eap_peer){
		.setup = setup,
		.tls = { .credentials = setup->credentials,
		         .policy = setup->policy,
		         .tls_min = setup->tls_min,
		         .tls_max = setup->tls_max,
		         .offer = eap_stored_tls(&peer->stored, setup) },
		.crls = portcall_crls_ref(setup->crls),
		.last_id = -1,
		.detail = "",
		.stored = peer->stored,
	};
	peer->tls.policy.crls = peer->crls;
	peer->engine = eap_engine_new(setup->identity, setup->fragment, &peer->tls);
	return peer->engine != NULL;
}

/* --- what a packet may do ------------------------------------------------------------------- */

static bool knows_identity(const struct eap_peer *peer, uint8_t id)
{
	unsigned n = peer->identities < IDENTITIES ? peer->identities : IDENTITIES;

	return memchr(peer->identity_ids, id, n) != NULL;
}

bool eap_peer_begins(const struct eap_peer *peer, struct span packet, msec now)
{
	struct eap_packet p;
	struct eap_tls_header header;

	if (eap_decode(packet, &p) != PORTCALL_OK || p.code != EAP_CODE_REQUEST)
		return false;
	if (p.type == EAP_METHOD_IDENTITY)
		return !(knows_identity(peer, p.id) && now - peer->identity_at < CROSSING);
	if (p.type != EAP_METHOD_TLS)
		return true;
	return eap_tls_decode(p.data, &header) == PORTCALL_OK &&
	       (header.flags & EAP_TLS_FLAG_START);
}

bool eap_peer_begins_anew(const struct eap_peer *peer, struct span packet, msec now)
{
	struct eap_packet p;

	if (!peer->engine || peer->identities == 0 || eap_decode(packet, &p) != PORTCALL_OK ||
	    p.code != EAP_CODE_REQUEST || p.type != EAP_METHOD_IDENTITY ||
	    knows_identity(peer, p.id))
		return false;
	return peer->started || peer->refused || now - peer->identity_at >= CROSSING;
}

static enum eap_peer_verdict end(struct eap_peer *peer, enum portcall_reason reason,
                                 const char *detail)
{
	peer->reason = reason;
	peer->detail = detail;
	eap_peer_abort(peer);
	return reason == PORTCALL_REASON_AUTHENTICATED ? EAP_PEER_SUCCESS : EAP_PEER_FAILURE;
}

static enum eap_peer_verdict broken(struct eap_peer *peer, const char *detail)
{
	return end(peer, PORTCALL_REASON_PROTOCOL_ERROR, detail);
}

static enum eap_peer_verdict discard(struct eap_peer *peer, const char *problem)
{
	peer->problem = problem;
	return EAP_PEER_DISCARD;
}

/*
 * RFC 5216 3.1: flags, length and fragment of a new EAP-TLS request.  RESPONSE: libeap may see it.
 * libeap 2.10 would take a first fragment without length for the whole message, ignore the M flag and
 * go on with what does not add up; here such requests end the conversation with a reason.
 */
static enum eap_peer_verdict check_tls(struct eap_peer *peer, const struct eap_packet *p)
{
	struct eap_tls_header h;
	bool more, first = peer->received == 0;

	if (eap_tls_decode(p->data, &h) != PORTCALL_OK)
		return discard(peer, "an EAP-TLS request was shorter than its header");
	more = h.flags & EAP_TLS_FLAG_MORE;
	if (h.flags & EAP_TLS_FLAG_START) {
		if (peer->started)
			return discard(peer, "a second EAP-TLS Start came in mid-handshake");
		peer->started = true;
		return EAP_PEER_RESPONSE;
	}
	if (!peer->started)
		return discard(peer, "EAP-TLS data came before its Start");
	if (h.fragment.n == 0) {
		if (more)
			return broken(peer, "an EAP-TLS fragment was empty");
		if (!peer->sending && ++peer->idle_rounds > IDLE_ROUNDS_MAX)
			return broken(peer,
			              "the server sent empty EAP-TLS requests and nothing moved");
		return EAP_PEER_RESPONSE;
	}
	peer->idle_rounds = 0;
	if (peer->sending)
		return broken(peer, "EAP-TLS data came instead of an acknowledgement");
	if ((h.flags & EAP_TLS_FLAG_LENGTH) && first)
		peer->total = h.length;
	if (peer->total > EAP_PEER_MESSAGE_MAX ||
	    peer->received + h.fragment.n > EAP_PEER_MESSAGE_MAX)
		return broken(peer, "a TLS message was longer than 64 KiB");
	if ((h.flags & EAP_TLS_FLAG_LENGTH) && h.length != peer->total)
		return broken(peer, "the TLS message length changed between fragments");
	if ((h.flags & EAP_TLS_FLAG_LENGTH) && h.length == 0)
		return broken(peer, "the TLS message length was 0");
	peer->received += (uint32_t)h.fragment.n;
	if (peer->total && peer->received > peer->total)
		return broken(peer, "a TLS message was longer than its length field said");
	if (peer->total && more && peer->received == peer->total)
		return broken(peer,
		              "more fragments were announced than the TLS message had octets");
	if (peer->total && !more && peer->received < peer->total)
		return broken(peer, "a TLS message was shorter than its length field said");
	if (!more)
		peer->total = peer->received = 0;
	return EAP_PEER_RESPONSE;
}

static void note_response(struct eap_peer *peer, struct span response)
{
	struct eap_packet p;
	struct eap_tls_header h;

	peer->sending = false;
	if (eap_decode(response, &p) != PORTCALL_OK)
		return;
	if (p.type == EAP_METHOD_NAK)
		peer->refused = true;
	if (p.type == EAP_METHOD_TLS && eap_tls_decode(p.data, &h) == PORTCALL_OK)
		peer->sending = h.flags & EAP_TLS_FLAG_MORE;
}

static void note_identity(struct eap_peer *peer, const struct eap_packet *p, msec now)
{
	struct span sid = eap_identity_session(p->data);

	if (!knows_identity(peer, p->id))
		peer->identity_ids[peer->identities++ % IDENTITIES] = p->id;
	if (peer->identities == 1)
		peer->identity_at = now;
	if (sid.n > 0 && sid.n < sizeof(peer->session)) {
		memcpy(peer->session, sid.p, sid.n);
		peer->session[sid.n] = '\0';
	}
}

static enum eap_peer_verdict input_request(struct eap_peer *peer, const struct eap_packet *p,
                                           msec now, struct span *ret_response)
{
	bool duplicate = p->id == peer->last_id;

	if (!duplicate && p->type == EAP_METHOD_IDENTITY && (peer->started || peer->refused))
		return EAP_PEER_DISCARD; /* an old one; a new one begins anew */
	if (++peer->rounds > ROUNDS_MAX)
		return broken(peer, "the conversation took more than 100 rounds");
	if (!duplicate && p->type == EAP_METHOD_TLS) {
		enum eap_peer_verdict verdict = check_tls(peer, p);

		if (verdict != EAP_PEER_RESPONSE)
			return verdict;
	}
	switch (eap_engine_feed(peer->engine, p->whole, ret_response)) {
	case EAP_ENGINE_RESPONSE:
		if (p->type == EAP_METHOD_IDENTITY)
			note_identity(peer, p, now);
		if (!duplicate)
			peer->problem = NULL; /* it went on nevertheless */
		peer->last_id = p->id;
		note_response(peer, *ret_response);
		return EAP_PEER_RESPONSE;
	case EAP_ENGINE_FAILURE:
		return broken(peer, "the EAP machine gave up");
	case EAP_ENGINE_NOTHING:
	case EAP_ENGINE_SUCCESS:
		break;
	}
	return EAP_PEER_DISCARD;
}

static void keep_keys(struct eap_peer *peer)
{
	drop_keys(peer);
	peer->keys = malloc(sizeof(*peer->keys));
	if (peer->keys && !eap_engine_keys(peer->engine, peer->keys))
		drop_keys(peer);
}

/* Only what the server accepted is resumed later; an offered session was replaced by this connection's. */
static void keep_session(struct eap_peer *peer)
{
	struct tls_session *tls = &peer->tls;

	tls->offer = span(NULL, 0);
	tls->offered = false;
	if (tls->fresh)
		eap_stored_keep(&peer->stored, peer->setup, peer->crls,
		                span(tls->fresh, tls->fresh_n));
	else
		eap_stored_drop(&peer->stored);
	tls_session_forget(tls);
}

/* Design: an EAP-Success is believed only behind the method's own, protected end (RFC 3748 4.2). */
static enum eap_peer_verdict input_success(struct eap_peer *peer, const struct eap_packet *p)
{
	struct span response;

	if (p->id != peer->last_id || !eap_engine_method_done(peer->engine))
		return discard(peer, "an EAP-Success came before the method's end");
	if (eap_engine_feed(peer->engine, p->whole, &response) != EAP_ENGINE_SUCCESS)
		return EAP_PEER_DISCARD;
	if (peer->setup->keep_keys)
		keep_keys(peer);
	keep_session(peer);
	return end(peer, PORTCALL_REASON_AUTHENTICATED, "");
}

static const char *tls_detail(const struct eap_peer *peer)
{
	return peer->tls.detail ? peer->tls.detail : "";
}

/* Not fed to libeap: behind a TLS 1.2 handshake it would ignore the server's policy and wait. */
static enum eap_peer_verdict input_failure(struct eap_peer *peer, const struct eap_packet *p,
                                           msec now)
{
	if (p->id != peer->last_id)
		return discard(peer, "an EAP-Failure had another identifier than the last request");
	if (peer->tls.failed)
		return end(peer, peer->tls.reason, tls_detail(peer));
	if (peer->refused && !peer->started)
		return end(peer, PORTCALL_REASON_METHOD_REFUSED, "");
	if (!peer->started && peer->identities > 0 && now - peer->identity_at >= REJECT_DELAY_MAX)
		return end(peer, PORTCALL_REASON_RADIUS_UNREACHABLE,
		           "the switch gave up some time after the identity");
	if (peer->tls.done)
		return end(peer, PORTCALL_REASON_REJECTED,
		           "after the handshake: the server's policy decided");
	if (!peer->started)
		return end(peer, PORTCALL_REASON_REJECTED,
		           "before EAP-TLS began: the identity, the MAC address or the switch "
		           "decided");
	return end(peer, PORTCALL_REASON_REJECTED, "in mid-handshake: the certificate decided");
}

enum eap_peer_verdict eap_peer_input(struct eap_peer *peer, struct span packet, msec now,
                                     struct span *ret_response)
{
	struct eap_packet p;

	if (!peer->engine || eap_decode(packet, &p) != PORTCALL_OK)
		return EAP_PEER_DISCARD;
	switch (p.code) {
	case EAP_CODE_REQUEST:
		return input_request(peer, &p, now, ret_response);
	case EAP_CODE_SUCCESS:
		return input_success(peer, &p);
	case EAP_CODE_FAILURE:
		return input_failure(peer, &p, now);
	case EAP_CODE_RESPONSE:
		break;
	}
	return EAP_PEER_DISCARD;
}

void eap_peer_sent(struct eap_peer *peer)
{
	if (peer->engine)
		eap_engine_sent(peer->engine);
}

/* --- what is known --------------------------------------------------------------------------- */

static enum portcall_reason silence(const struct eap_peer *peer, const char **ret_detail)
{
	*ret_detail = "";
	if (peer->tls.failed) {
		*ret_detail = tls_detail(peer);
		return peer->tls.reason;
	}
	if (peer->refused && !peer->started)
		return PORTCALL_REASON_METHOD_REFUSED;
	if (peer->problem) {
		*ret_detail = peer->problem;
		return PORTCALL_REASON_PROTOCOL_ERROR;
	}
	if (peer->identities > 0 && !peer->started)
		return PORTCALL_REASON_RADIUS_UNREACHABLE;
	return PORTCALL_REASON_AUTHENTICATOR_SILENT;
}

struct eap_peer_outcome eap_peer_outcome(const struct eap_peer *peer)
{
	struct eap_peer_outcome outcome = {
		.reason = peer->reason,
		.detail = peer->detail,
		.tls_version = peer->tls.version ? peer->tls.version : "",
		.tls_cipher = peer->tls.cipher ? peer->tls.cipher : "",
		.resumed = peer->tls.resumed,
		.session = peer->session,
	};

	if (outcome.reason == PORTCALL_REASON_NONE)
		outcome.reason = silence(peer, &outcome.detail);
	return outcome;
}

bool eap_peer_take_keys(struct eap_peer *peer, struct portcall_keys *ret_keys)
{
	if (!peer->keys)
		return false;
	*ret_keys = *peer->keys;
	drop_keys(peer);
	return true;
}

struct span eap_peer_stored(const struct eap_peer *peer)
{
	if (peer->tls.offered) /* on its way, and good for one time only */
		return span(NULL, 0);
	return span(peer->stored.octets, peer->stored.n);
}

enum portcall_err eap_peer_store(struct eap_peer *peer, struct span octets)
{
	return eap_stored_load(&peer->stored, peer->setup, octets);
}
