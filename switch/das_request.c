/* SPDX-License-Identifier: BSD-3-Clause */
#include "switch/das_request.h"

#include <string.h>

enum { MAC_TEXT_MAX = 24 };

/* What is being read. */
struct reading {
	const struct das_identity *identity;
	struct das_request *request;
	bool disconnect;
	bool seen[256];
	bool has_command;
};

/* --- values ------------------------------------------------------------------------------------- */

static bool read_mac(struct span text, uint8_t *ret_mac)
{
	char copy[MAC_TEXT_MAX];

	if (text.n >= sizeof(copy) || memchr(text.p, '\0', text.n))
		return false;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	return mac_parse(copy, ret_mac);
}

static enum das_error_cause keep(struct span value, struct span *ret_value)
{
	if (value.n == 0)
		return DAS_INVALID_ATTRIBUTE_VALUE;
	*ret_value = value;
	return DAS_DONE;
}

static enum das_error_cause check_nas_ip(const struct das_identity *identity, struct span value,
                                         size_t n)
{
	if (value.n != n)
		return DAS_INVALID_ATTRIBUTE_VALUE;
	if (identity->nas_ip_n != n || memcmp(identity->nas_ip, value.p, n) != 0)
		return DAS_NAS_IDENTIFICATION_MISMATCH;
	return DAS_DONE;
}

static enum das_error_cause check_nas_identifier(const struct das_identity *identity,
                                                 struct span value)
{
	const char *ours = identity->nas_identifier;

	return ours && span_equal(value, span_of_string(ours)) ? DAS_DONE
	                                                       : DAS_NAS_IDENTIFICATION_MISMATCH;
}

static enum das_error_cause read_port(struct span value, struct das_request *request)
{
	struct reader r = reader_of(value);

	request->port = read_u32(&r);
	request->has_port = true;
	return reader_done(&r) ? DAS_DONE : DAS_INVALID_ATTRIBUTE_VALUE;
}

static enum das_error_cause read_called(const struct das_identity *identity, struct span value,
                                        struct das_request *request)
{
	uint8_t mac[MAC_LEN];

	if (!read_mac(value, mac))
		return DAS_INVALID_ATTRIBUTE_VALUE;
	request->elsewhere = !mac_equal(mac, identity->mac);
	return DAS_DONE;
}

/* --- Cisco-AVPair ------------------------------------------------------------------------------- */

/* true: `text` begins with `name`; `ret_value` is what follows. */
static bool names(struct span text, const char *name, struct span *ret_value)
{
	size_t n = strlen(name);

	if (text.n < n || memcmp(text.p, name, n) != 0)
		return false;
	*ret_value = span(text.p + n, text.n - n);
	return true;
}

static enum das_error_cause read_command(struct reading *r, struct span command)
{
	static const enum das_action actions[] = { DAS_REAUTHENTICATE, DAS_BOUNCE, DAS_DISABLE };

	if (r->disconnect)
		return DAS_UNSUPPORTED_ATTRIBUTE;
	if (r->has_command)
		return DAS_INVALID_REQUEST;
	r->has_command = true;
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (span_equal(command, span_of_string(das_action_text(actions[i])))) {
			r->request->action = actions[i];
			return DAS_DONE;
		}
	}
	return DAS_INVALID_ATTRIBUTE_VALUE;
}

static enum das_error_cause read_avpair(struct reading *r, struct span pair)
{
	struct span value;

	if (names(pair, "subscriber:command=", &value))
		return read_command(r, value);
	if (names(pair, "audit-session-id=", &value))
		return r->request->audit_session.p ? DAS_INVALID_REQUEST
		                                   : keep(value, &r->request->audit_session);
	/* how to re-authenticate: there is one way here */
	if (names(pair, "subscriber:reauthenticate-type=", &value) && !r->disconnect)
		return DAS_DONE;
	return DAS_UNSUPPORTED_ATTRIBUTE;
}

static enum das_error_cause read_vendor(struct reading *r, struct span value)
{
	struct reader inner = reader_of(value);
	struct radius_attribute a;

	if (read_u32(&inner) != RADIUS_VENDOR_CISCO || inner.left.n == 0)
		return DAS_UNSUPPORTED_ATTRIBUTE;
	while (inner.left.n > 0) {
		enum das_error_cause cause;

		if (!radius_next(&inner, &a))
			return DAS_INVALID_REQUEST;
		cause = a.type == RADIUS_CISCO_AVPAIR ? read_avpair(r, a.value)
		                                      : DAS_UNSUPPORTED_ATTRIBUTE;
		if (cause != DAS_DONE)
			return cause;
	}
	return DAS_DONE;
}

/* --- the request -------------------------------------------------------------------------------- */

static enum das_error_cause read_attribute(struct reading *r, const struct radius_attribute *a)
{
	struct das_request *request = r->request;

	switch (a->type) {
	case RADIUS_PROXY_STATE:
	case RADIUS_REPLY_MESSAGE: /* for people; there is nobody here to read it */
		return DAS_DONE;
	case RADIUS_VENDOR_SPECIFIC:
		return read_vendor(r, a->value);
	}
	if (r->seen[a->type])
		return DAS_INVALID_REQUEST;
	r->seen[a->type] = true;
	switch (a->type) {
	case RADIUS_MESSAGE_AUTHENTICATOR:
	case RADIUS_EVENT_TIMESTAMP:
		return DAS_DONE;
	case RADIUS_STATE: /* a Disconnect-Request has none */
		return r->disconnect ? DAS_UNSUPPORTED_ATTRIBUTE : DAS_DONE;
	case RADIUS_ACCT_TERMINATE_CAUSE: /* a CoA-Request has none */
		return r->disconnect ? DAS_DONE : DAS_UNSUPPORTED_ATTRIBUTE;
	case RADIUS_NAS_IP_ADDRESS:
		return check_nas_ip(r->identity, a->value, 4);
	case RADIUS_NAS_IPV6_ADDRESS:
		return check_nas_ip(r->identity, a->value, 16);
	case RADIUS_NAS_IDENTIFIER:
		return check_nas_identifier(r->identity, a->value);
	case RADIUS_USER_NAME:
		return keep(a->value, &request->user);
	case RADIUS_ACCT_SESSION_ID:
		return keep(a->value, &request->session);
	case RADIUS_NAS_PORT_ID:
		return keep(a->value, &request->port_id);
	case RADIUS_NAS_PORT:
		return read_port(a->value, request);
	case RADIUS_CALLING_STATION_ID:
		request->has_station = true;
		return read_mac(a->value, request->station) ? DAS_DONE
		                                            : DAS_INVALID_ATTRIBUTE_VALUE;
	case RADIUS_CALLED_STATION_ID:
		return read_called(r->identity, a->value, request);
	case RADIUS_SERVICE_TYPE: /* "Authorize Only" (RFC 5176 3.2) is not done here */
		return DAS_UNSUPPORTED_SERVICE;
	}
	return DAS_UNSUPPORTED_ATTRIBUTE;
}

enum das_error_cause das_request_read(const struct das_identity *identity,
                                      struct das_request *request)
{
	struct reading r = {
		.identity = identity,
		.request = request,
		.disconnect = request->packet.code == RADIUS_DISCONNECT_REQUEST,
	};
	struct reader attributes = reader_of(request->packet.attributes);
	struct radius_attribute a;

	request->action = DAS_DISCONNECT;
	while (radius_next(&attributes, &a)) {
		enum das_error_cause cause = read_attribute(&r, &a);

		if (cause != DAS_DONE)
			return cause;
	}
	if (!r.disconnect && !r.has_command)
		return DAS_MISSING_ATTRIBUTE;
	if (!request->session.p && !request->audit_session.p && !request->user.p &&
	    !request->port_id.p && !request->has_port && !request->has_station)
		return DAS_MISSING_ATTRIBUTE;
	return DAS_DONE;
}

/* --- the session -------------------------------------------------------------------------------- */

static bool is_or_not_given(struct span given, const char *text)
{
	return !given.p || span_equal(given, span_of_string(text));
}

static bool is_there(const struct das_request *q, const struct das_session *s)
{
	return !q->elsewhere && is_or_not_given(q->port_id, s->port_id) &&
	       (!q->has_port || q->port == s->port);
}

static bool matches(const struct das_request *q, const struct das_session *s)
{
	bool by_session = q->session.p || q->audit_session.p || q->user.p || q->has_station;

	if (!is_there(q, s))
		return false;
	if (s->forced)
		return !by_session;
	return s->has_mac && s->id[0] && is_or_not_given(q->session, s->id) &&
	       is_or_not_given(q->audit_session, s->id) && is_or_not_given(q->user, s->user) &&
	       (!q->has_station || mac_equal(q->station, s->mac));
}

enum das_error_cause das_select(const struct das_request *request,
                                const struct das_session *sessions, size_t n, size_t *ret_at)
{
	size_t found = 0, at = 0;

	for (size_t i = 0; i < n; i++) {
		if (matches(request, &sessions[i])) {
			at = i;
			found++;
		}
	}
	if (found == 0)
		return DAS_SESSION_CONTEXT_NOT_FOUND;
	if (found > 1)
		return DAS_MULTIPLE_SESSION_SELECTION;
	if (sessions[at].forced)
		return DAS_ADMINISTRATIVELY_PROHIBITED;
	*ret_at = at;
	return DAS_DONE;
}
