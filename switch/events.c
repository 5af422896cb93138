/* SPDX-License-Identifier: BSD-3-Clause */
#include "switch/events.h"

#include <string.h>

#include "common/log.h"

json_t *events_mac(bool known, const uint8_t *mac)
{
	char text[MAC_TEXT_LEN];

	return known ? json_string(mac_colons(mac, text)) : json_null();
}

json_t *events_text(const char *text)
{
	return *text ? log_octets(text, strlen(text)) : json_null();
}

static enum log_level level_of(enum portcall_reason reason)
{
	switch (portcall_reason_severity(reason)) {
	case PORTCALL_INFO:
		return LOG_LEVEL_INFO;
	case PORTCALL_WARNING:
		return LOG_LEVEL_WARN;
	case PORTCALL_ERROR:
		return LOG_LEVEL_ERROR;
	}
	return LOG_LEVEL_ERROR;
}

void events_granted(const char *port, uint16_t vlan, const struct port_effect *effect)
{
	log_event(LOG_LEVEL_INFO, "port-granted", "{s:s,s:o,s:i,s:o,s:o,s:o}", "port", port, "mac",
	          events_mac(effect->has_mac, effect->mac), "vlan", vlan, "session",
	          events_text(effect->session), "user", events_text(effect->user), "why",
	          log_reason(effect->reason));
}

void events_closed(const char *port, const struct port_effect *effect)
{
	log_event(level_of(effect->reason), "port-closed", "{s:s,s:o,s:o,s:o,s:o}", "port", port,
	          "mac", events_mac(effect->has_mac, effect->mac), "session",
	          events_text(effect->session), "why", log_reason(effect->reason), "detail",
	          events_text(effect->detail));
}

void events_transition(const char *port, const struct port_effect *effect)
{
	log_event(LOG_LEVEL_DEBUG, "transition", "{s:s,s:s,s:s,s:s,s:s}", "port", port, "machine",
	          effect->machine, "from", effect->from, "to", effect->to, "why", effect->why);
}

void events_radius(const char *port, const char *session, const char *server,
                   const struct radius_effect *effect, unsigned code)
{
	bool request = code == RADIUS_ACCESS_REQUEST;

	log_event(LOG_LEVEL_DEBUG, "radius", "{s:s,s:o,s:s,s:i,s:s,s:o}", "port", port, "session",
	          events_text(session), "code", radius_code_text((uint8_t)code), "id",
	          (int)effect->id, "server", server, "attempt",
	          request ? json_integer(effect->attempt) : json_null());
}

void events_das(const char *client, const struct das_request *request, enum das_error_cause cause,
                const struct das_session *session)
{
	bool read = request->cause == DAS_DONE && !request->repeated;

	log_event(cause == DAS_DONE ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, "das",
	          "{s:s,s:s,s:s?,s:s?,s:o,s:o,s:b,s:o,s:s?,s:b}", "client", client, "code",
	          radius_code_text(request->packet.code), "action",
	          read ? das_action_text(request->action) : NULL, "port",
	          session ? session->port_id : NULL, "session",
	          events_text(session ? session->id : ""), "mac",
	          events_mac(session && session->has_mac, session ? session->mac : NULL), "done",
	          cause == DAS_DONE, "error_cause",
	          cause == DAS_DONE ? json_null() : json_integer(cause), "cause",
	          cause == DAS_DONE ? NULL : das_error_cause_text(cause), "repeated",
	          request->repeated);
}
