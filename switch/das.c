/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a request says is read by das_request.c; here is who may ask, what was asked before, and the
 * reply.
 *
 * Deviations from RFC 5176:
 * D1 A request without Message-Authenticator is dropped (3.4 says SHOULD): MD5 alone is not trusted.
 * D2 A request without Event-Timestamp is dropped, unless the configuration says otherwise (6.3).
 */
#include "switch/das_request.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/digest.h"

enum { WINDOW_DEFAULT = 300, REMEMBER_DEFAULT = 4096 };

struct client {
	uint8_t secret[DAS_MAX_SECRET];
	size_t secret_n;
	struct das_client_status status;
};

/* Enough to answer the same octets in the same way. */
struct answer {
	uint8_t authenticator[RADIUS_AUTHENTICATOR_LEN]; /* a digest of all of the request */
	size_t client;
	uint16_t source_port;
	enum das_error_cause cause;
	msec until;
};

struct das {
	struct das_identity identity;
	struct client clients[DAS_MAX_CLIENTS];
	size_t client_n;
	unsigned window;
	bool timestamp_optional;
	struct answer *answers; /* a ring, oldest first */
	size_t answer_max, answer_head, answer_n;
	uint8_t reply[RADIUS_MAX_PACKET];
};

struct das *das_new(const struct das_config *config)
{
	struct das *d;

	if (config->client_n == 0 || config->client_n > DAS_MAX_CLIENTS)
		return NULL;
	for (size_t i = 0; i < config->client_n; i++) {
		if (config->secrets[i].n == 0 || config->secrets[i].n > DAS_MAX_SECRET)
			return NULL;
	}
	d = calloc(1, sizeof(*d));
	if (!d)
		return NULL;
	d->client_n = config->client_n;
	for (size_t i = 0; i < d->client_n; i++) {
		d->clients[i].secret_n = config->secrets[i].n;
		memcpy(d->clients[i].secret, config->secrets[i].p, config->secrets[i].n);
	}
	d->window = config->window ? config->window : WINDOW_DEFAULT;
	d->timestamp_optional = config->timestamp_optional;
	d->identity = (struct das_identity){ .nas_identifier = config->nas_identifier,
		                             .nas_ip_n = config->nas_ip_n };
	memcpy(d->identity.nas_ip, config->nas_ip, sizeof(d->identity.nas_ip));
	memcpy(d->identity.mac, config->mac, MAC_LEN);
	d->answer_max = config->remember ? config->remember : REMEMBER_DEFAULT;
	d->answers = calloc(d->answer_max, sizeof(*d->answers));
	if (d->answers)
		return d;
	das_free(d);
	return NULL;
}

void das_free(struct das *das)
{
	if (!das)
		return;
	free(das->answers);
	digest_wipe(das->clients, sizeof(das->clients));
	free(das);
}

/* --- answers ------------------------------------------------------------------------------------ */

static const struct answer *find_answer(struct das *d, const uint8_t *authenticator, msec now)
{
	while (d->answer_n > 0 && d->answers[d->answer_head].until <= now) {
		d->answer_head = (d->answer_head + 1) % d->answer_max;
		d->answer_n--;
	}
	for (size_t i = 0; i < d->answer_n; i++) {
		const struct answer *a = &d->answers[(d->answer_head + i) % d->answer_max];

		if (memcmp(a->authenticator, authenticator, RADIUS_AUTHENTICATOR_LEN) == 0)
			return a;
	}
	return NULL;
}

/* An Event-Timestamp may lie `window` ahead, and is then good for as long after that. */
static void remember(struct das *d, const struct das_request *request, enum das_error_cause cause,
                     msec now)
{
	struct answer *a = &d->answers[(d->answer_head + d->answer_n++) % d->answer_max];

	memcpy(a->authenticator, request->packet.authenticator, RADIUS_AUTHENTICATOR_LEN);
	a->client = request->client;
	a->source_port = request->source_port;
	a->cause = cause;
	a->until = now + ((msec)d->window * 2 + 1) * 1000;
}

static struct span write_reply(struct das *d, const struct das_request *request,
                               enum das_error_cause cause)
{
	const struct client *client = &d->clients[request->client];
	uint8_t attributes[RADIUS_MAX_ATTRIBUTES], code = request->packet.code;
	struct writer w = writer_to(attributes, sizeof(attributes));
	struct reader r = reader_of(request->packet.attributes);
	struct radius_attribute a;
	size_t n;

	/* RFC 5176 3.1, 3.3: Proxy-State in its order, and the State of a CoA-Request, go back. */
	while (radius_next(&r, &a)) {
		if (a.type == RADIUS_PROXY_STATE ||
		    (a.type == RADIUS_STATE && code == RADIUS_COA_REQUEST))
			radius_put(&w, a.type, a.value);
	}
	if (cause != DAS_DONE)
		radius_put_u32(&w, RADIUS_ERROR_CAUSE, (uint32_t)cause);
	code = (uint8_t)(code + (cause == DAS_DONE ? 1 : 2)); /* ACK and NAK follow the request */
	if (!writer_ok(&w) ||
	    radius_reply(code, request->packet.id, request->packet.authenticator, writer_span(&w),
	                 span(client->secret, client->secret_n), d->reply, sizeof(d->reply), &n))
		return span(NULL, 0);
	return span(d->reply, n);
}

struct span das_answer(struct das *das, const struct das_request *request,
                       enum das_error_cause cause, msec now)
{
	struct das_client_status *status = &das->clients[request->client].status;

	assert(das->answer_n < das->answer_max); /* das_input() looked */
	if (cause == DAS_DONE)
		status->acks++;
	else
		status->naks++;
	remember(das, request, cause, now);
	return write_reply(das, request, cause);
}

/* --- input -------------------------------------------------------------------------------------- */

/* NULL: it is authentic and fresh; else why not. */
static const char *check_request(const struct das *d, struct client *client,
                                 const struct radius_packet *packet, int64_t wall)
{
	struct das_client_status *status = &client->status;
	struct span value;
	uint32_t timestamp;

	switch (radius_verify_request(packet, span(client->secret, client->secret_n))) {
	case RADIUS_REPLY_OK:
		break;
	case RADIUS_REPLY_BAD_AUTHENTICATOR:
		status->bad_authenticators++;
		return "The Request Authenticator is wrong: another shared secret, or forged.";
	case RADIUS_REPLY_NO_MESSAGE_AUTHENTICATOR:
		status->bad_authenticators++;
		return "The request carries no Message-Authenticator.";
	case RADIUS_REPLY_BAD_MESSAGE_AUTHENTICATOR:
		status->bad_authenticators++;
		return "The request's Message-Authenticator is wrong.";
	}
	if (!radius_find(packet, RADIUS_EVENT_TIMESTAMP, &value)) {
		if (d->timestamp_optional)
			return NULL;
		status->stale++;
		return "The request carries no Event-Timestamp.";
	}
	if (radius_find_u32(packet, RADIUS_EVENT_TIMESTAMP, &timestamp) &&
	    (int64_t)timestamp >= wall - d->window && (int64_t)timestamp <= wall + d->window)
		return NULL;
	status->stale++;
	return "The request's Event-Timestamp is too far from this switch's clock.";
}

enum das_verdict das_input(struct das *das, size_t client, uint16_t source_port,
                           struct span datagram, msec now, int64_t wall,
                           struct das_request *ret_request)
{
	struct das *d = das;
	struct das_request *request = ret_request;
	const struct answer *before;

	assert(client < d->client_n);
	struct das_client_status *status = &d->clients[client].status;

	*request = (struct das_request){ .client = client, .source_port = source_port };
	if (radius_decode(datagram, &request->packet)) {
		status->malformed++;
		request->why = "The datagram is not a RADIUS packet.";
		return DAS_DROP;
	}
	bool disconnect = request->packet.code == RADIUS_DISCONNECT_REQUEST;

	if (!disconnect && request->packet.code != RADIUS_COA_REQUEST) {
		status->malformed++;
		request->why = "The packet is neither Disconnect-Request nor CoA-Request.";
		return DAS_DROP;
	}
	request->why = check_request(d, &d->clients[client], &request->packet, wall);
	if (request->why)
		return DAS_DROP;
	before = find_answer(d, request->packet.authenticator, now);
	if (before && (before->client != client || before->source_port != source_port)) {
		status->replayed++;
		request->why = "The same request came from another port before: a replay.";
		return DAS_DROP;
	}
	if (before) {
		status->repeated++;
		request->repeated = true;
		request->cause = before->cause;
		request->reply = write_reply(d, request, before->cause);
		return DAS_ANSWER;
	}
	*(disconnect ? &status->disconnect_requests : &status->coa_requests) += 1;
	if (d->answer_n == d->answer_max) { /* what cannot be remembered is not carried out */
		status->naks++;
		request->cause = DAS_RESOURCES_UNAVAILABLE;
		request->reply = write_reply(d, request, request->cause);
		return DAS_ANSWER;
	}
	request->cause = das_request_read(&d->identity, request);
	if (request->cause == DAS_DONE)
		return DAS_DECIDE;
	request->reply = das_answer(d, request, request->cause, now);
	return DAS_ANSWER;
}

void das_client(const struct das *das, size_t client, struct das_client_status *ret_status)
{
	*ret_status = das->clients[client].status;
}

const char *das_action_text(enum das_action action)
{
	switch (action) {
	case DAS_DISCONNECT:
		return "disconnect";
	case DAS_REAUTHENTICATE:
		return "reauthenticate";
	case DAS_BOUNCE:
		return "bounce-host-port";
	case DAS_DISABLE:
		return "disable-host-port";
	}
	return "";
}

const char *das_error_cause_text(enum das_error_cause cause)
{
	switch (cause) {
	case DAS_DONE:
		return "";
	case DAS_UNSUPPORTED_ATTRIBUTE:
		return "Unsupported-Attribute";
	case DAS_MISSING_ATTRIBUTE:
		return "Missing-Attribute";
	case DAS_NAS_IDENTIFICATION_MISMATCH:
		return "NAS-Identification-Mismatch";
	case DAS_INVALID_REQUEST:
		return "Invalid-Request";
	case DAS_UNSUPPORTED_SERVICE:
		return "Unsupported-Service";
	case DAS_INVALID_ATTRIBUTE_VALUE:
		return "Invalid-Attribute-Value";
	case DAS_ADMINISTRATIVELY_PROHIBITED:
		return "Administratively-Prohibited";
	case DAS_SESSION_CONTEXT_NOT_FOUND:
		return "Session-Context-Not-Found";
	case DAS_SESSION_CONTEXT_NOT_REMOVABLE:
		return "Session-Context-Not-Removable";
	case DAS_RESOURCES_UNAVAILABLE:
		return "Resources-Unavailable";
	case DAS_MULTIPLE_SESSION_SELECTION:
		return "Multiple-Session-Selection-Unsupported";
	}
	return "";
}
