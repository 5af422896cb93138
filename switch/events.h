/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * events - what happens in the switch, as the events of docs/interfaces.md 2.
 *
 * Shell only.
 */
#ifndef SWITCH_EVENTS_H
#define SWITCH_EVENTS_H

#include <jansson.h>

#include "switch/das.h"
#include "switch/port.h"
#include "switch/radius_client.h"

void events_granted(const char *port, uint16_t vlan, const struct port_effect *effect);
void events_closed(const char *port, const struct port_effect *effect);
void events_transition(const char *port, const struct port_effect *effect);
/* `code`: of the packet that was sent or received; `session` is the port's. */
void events_radius(const char *port, const char *session, const char *server,
                   const struct radius_effect *effect, unsigned code);
/* `session`: the one that the request named; NULL: none. */
void events_das(const char *client, const struct das_request *request, enum das_error_cause cause,
                const struct das_session *session);

/* New references. */
json_t *events_mac(bool known, const uint8_t *mac); /* null when not known */
json_t *events_text(const char *text);              /* a peer's string; null when empty */

#endif
