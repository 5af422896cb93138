/* SPDX-License-Identifier: BSD-3-Clause */
/* The dynamic authorisation server: from the socket to the session and back. */
#include "switch/engine_private.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/log.h"
#include "switch/events.h"

enum {
	DATAGRAMS = 64,    /* before the other handles have their turn */
	TELL_EVERY = 1000, /* ms; anybody can send datagrams that are dropped */
};

static void tell_discard(struct engine *e, const struct link_das_datagram *datagram,
                         const char *why, msec now)
{
	char address[INET6_ADDRSTRLEN];

	e->das_discards.count++;
	if (e->das_discards.told >= 0 && now < e->das_discards.told + TELL_EVERY)
		return;
	log_event(LOG_LEVEL_WARN, "das-discard", "{s:s?,s:s,s:s,s:I}", "client",
	          datagram->client < 0 ? NULL : e->conf->das.clients[datagram->client].name,
	          "address", link_das_address(datagram, address), "why", why, "count",
	          (json_int_t)e->das_discards.count);
	e->das_discards.told = now;
	e->das_discards.count = 0;
}

static void list_sessions(struct engine *e)
{
	for (unsigned i = 0; i < e->n; i++) {
		struct das_session *session = &e->das_sessions[i];
		struct port_status status;

		port_status(e->ports[i], &status);
		*session = (struct das_session){
			.id = status.session,
			.user = status.user,
			.has_mac = status.has_mac,
			.port = i + 1, /* as make_ports() numbers them */
			.port_id = e->conf->ports[i].name,
			.forced = status.control != PORT_AUTO,
		};
		memcpy(session->mac, status.mac, MAC_LEN);
	}
}

/* An ACK says that it is done, so look whether it is. */
static enum das_error_cause carry_out(struct engine *e, const struct das_request *request,
                                      unsigned port, msec now)
{
	const char *client = e->conf->das.clients[request->client].name;

	switch (request->action) {
	case DAS_DISCONNECT:
		port_disconnect(e->ports[port], PORTCALL_REASON_PORT_DISCONNECTED, client, now);
		engine_drain_port(e, port, now);
		break;
	case DAS_REAUTHENTICATE:
		port_reauthenticate(e->ports[port], now);
		engine_drain_port(e, port, now);
		return DAS_DONE;
	case DAS_BOUNCE:
		if (!engine_bounce(e, port, client))
			return DAS_RESOURCES_UNAVAILABLE;
		break;
	case DAS_DISABLE:
		engine_disable(e, port, client);
		break;
	}
	return bridge_is_open(e->bridge, port) ? DAS_SESSION_CONTEXT_NOT_REMOVABLE : DAS_DONE;
}

static struct span decide(struct engine *e, const struct das_request *request, msec now)
{
	enum das_error_cause cause;
	struct das_session *session = NULL, named;
	char id[PORT_SESSION_LEN + 1];
	size_t at;

	list_sessions(e);
	cause = das_select(request, e->das_sessions, e->n, &at);
	if (cause == DAS_DONE) {
		named = e->das_sessions[at];
		snprintf(id, sizeof(id), "%s", named.id); /* it ends with the session */
		named.id = id;
		session = &named;
		cause = carry_out(e, request, (unsigned)at, now);
	}
	events_das(e->conf->das.clients[request->client].name, request, cause, session);
	return das_answer(e->das, request, cause, now);
}

void engine_das_input(struct engine *e, msec now)
{
	struct link_das_datagram datagram;

	for (int i = 0; i < DATAGRAMS && link_das_receive(e->link_das, &datagram); i++) {
		struct das_request request;
		struct span reply = span(NULL, 0);

		if (datagram.client < 0) {
			e->das_unknown++;
			tell_discard(e, &datagram, "The sender is none of the clients.", now);
			continue;
		}
		switch (das_input(e->das, (size_t)datagram.client, datagram.port, datagram.bytes,
		                  now, (int64_t)time(NULL), &request)) {
		case DAS_DROP:
			tell_discard(e, &datagram, request.why, now);
			break;
		case DAS_ANSWER:
			reply = request.reply;
			events_das(e->conf->das.clients[request.client].name, &request,
			           request.cause, NULL);
			break;
		case DAS_DECIDE:
			reply = decide(e, &request, now);
			break;
		}
		if (reply.n > 0)
			link_das_reply(e->link_das, &datagram, reply);
	}
	engine_settle(e, now);
}
