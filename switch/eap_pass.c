/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * eap_pass - the EAP layer of a pass-through authenticator.
 *
 * Deviations from RFC 4137 clause 6 (full authenticator):
 * D1 No local methods: PROPOSE_METHOD is always Identity, and the policy after it always passes
 *    through.
 * D2 A supplicant that stops answering leads to eapTimeout only; no Failure is sent
 *    (TIMEOUT_FAILURE).
 * D3 aaaEapNoReq does not exist: a RADIUS server that has nothing to send answers nothing.
 */
#include "switch/eap_pass.h"

#include <string.h>

void eap_pass_init(struct eap_pass *eap, msec txPeriod, msec suppTimeout, unsigned maxReq,
                   uint8_t first_id)
{
	*eap = (struct eap_pass){
		.state = EAP_PASS_DISABLED,
		.id = first_id,
		.retransWhile = MSEC_NEVER,
		.txPeriod = txPeriod,
		.suppTimeout = suppTimeout,
		.maxReq = maxReq,
	};
}

/* The prompt is empty; behind its NUL stands our option (RFC 3748 5.1). */
static void build_identity_request(struct eap_pass *eap, const char *session)
{
	uint8_t data[64];
	struct writer w = writer_to(data, sizeof(data));

	write_u8(&w, 0);
	write_bytes(&w, span_of_string("sid="));
	write_bytes(&w, span_of_string(session));
	if (eap_encode(EAP_CODE_REQUEST, eap->id, EAP_METHOD_IDENTITY, writer_span(&w), eap->packet,
	               sizeof(eap->packet), &eap->packet_n))
		eap->packet_n = 0;
}

void eap_pass_restart(struct eap_pass *eap, struct pae_shared *shared, const char *session)
{
	shared->eapRestart = false;
	shared->eapSuccess = false;
	shared->eapFail = false;
	shared->eapTimeout = false;
	shared->eapNoReq = false;
	shared->eapResp = false;
	eap->id++;
	build_identity_request(eap, session);
	eap->identity = true;
	eap->answered = false;
	eap->retransWhile = MSEC_NEVER;
	eap->retransCount = 0;
	eap->state = EAP_PASS_REQUEST;
	shared->eapReq = true;
}

void eap_pass_abort(struct eap_pass *eap)
{
	eap->state = EAP_PASS_DISABLED;
	eap->retransWhile = MSEC_NEVER;
}

void eap_pass_sent(struct eap_pass *eap, msec now)
{
	if (eap->state == EAP_PASS_REQUEST && eap->retransWhile == MSEC_NEVER)
		eap->retransWhile = now + (eap->identity ? eap->txPeriod : eap->suppTimeout);
}

bool eap_pass_response(struct eap_pass *eap, struct pae_shared *shared,
                       const struct eap_packet *packet)
{
	shared->eapResp = false;
	/*
	 * RFC 3748 4.1: the identifier matches the outstanding request's; 5.1: Identity is not
	 * refused
	 */
	if (eap->state != EAP_PASS_REQUEST || packet->code != EAP_CODE_RESPONSE ||
	    packet->id != eap->id || (eap->identity && packet->type != EAP_METHOD_IDENTITY)) {
		shared->eapNoReq = true;
		return false;
	}
	eap->state = EAP_PASS_SERVER;
	eap->identity = false;
	eap->answered = true;
	eap->retransWhile = MSEC_NEVER;
	return true;
}

enum portcall_err eap_pass_request(struct eap_pass *eap, struct pae_shared *shared,
                                   struct span packet)
{
	struct eap_packet request;

	if (eap_decode(packet, &request) || request.code != EAP_CODE_REQUEST ||
	    request.whole.n > sizeof(eap->packet))
		return PORTCALL_DISCARD;
	memcpy(eap->packet, request.whole.p, request.whole.n);
	eap->packet_n = request.whole.n;
	eap->id = request.id;
	eap->retransCount = 0;
	eap->state = EAP_PASS_REQUEST;
	shared->eapReq = true;
	return PORTCALL_OK;
}

void eap_pass_end(struct eap_pass *eap, struct pae_shared *shared, bool success, struct span packet)
{
	enum eap_code code = success ? EAP_CODE_SUCCESS : EAP_CODE_FAILURE;
	struct eap_packet theirs;

	/* RFC 3748 4.2: the identifier is that of the response which is answered */
	if (!eap_decode(packet, &theirs) && theirs.code == code)
		eap->id = theirs.id;
	if (eap_encode(code, eap->id, EAP_METHOD_NONE, span(NULL, 0), eap->packet,
	               sizeof(eap->packet), &eap->packet_n))
		eap->packet_n = 0;
	eap->retransWhile = MSEC_NEVER;
	eap->state = EAP_PASS_ENDED;
	if (success)
		shared->eapSuccess = true;
	else
		shared->eapFail = true;
}

void eap_pass_tick(struct eap_pass *eap, struct pae_shared *shared, msec now)
{
	if (now < eap->retransWhile)
		return;
	eap->retransWhile = MSEC_NEVER;
	if (eap->retransCount < eap->maxReq) {
		eap->retransCount++;
		shared->eapReq = true;
	} else {
		shared->eapTimeout = true;
	}
}

msec eap_pass_deadline(const struct eap_pass *eap)
{
	return eap->retransWhile;
}
