/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * port_private - inside of a port: for port.c (inputs and outputs), port_run.c (machines and
 * decisions) and port_conversation.c (EAP and RADIUS), and for nobody else.
 */
#ifndef SWITCH_PORT_PRIVATE_H
#define SWITCH_PORT_PRIVATE_H

#include "switch/access.h"
#include "switch/backend.h"
#include "switch/eap_pass.h"
#include "switch/port.h"

enum { PORT_EFFECTS_MAX = 64, PORT_FRAME_MAX = 1514 };

struct port_pending {
	enum port_effect_kind kind;
	bool final; /* SEND: Success or Failure, `code` and `id`; else the EAP layer's request */
	enum eap_code code;
	uint8_t id;
	uint64_t request;    /* CANCEL */
	bool unanswered;     /* CANCEL */
	const char *machine; /* TRANSITION */
	const struct fsm_arc *arc;
};

/*
 * What the latest GRANT or CLOSE said; its strings stay for the owner when the next attempt
 * begins.
 */
struct port_decision {
	bool has_mac;
	uint8_t mac[MAC_LEN];
	uint16_t vlan;
	char session[PORT_SESSION_LEN + 1];
	char user[RADIUS_MAX_VALUE + 1];
	enum portcall_reason reason;
	char detail[PORT_MAX_DETAIL + 1];
};

struct port {
	struct port_config config;
	char name[PORT_MAX_NAME + 1], nas_identifier[PORT_MAX_NAME + 1];
	struct pae_shared shared;
	struct auth_pae pae;
	struct backend backend;
	struct eap_pass eap;
	/* the attempt, and the session that comes of it */
	bool has_mac;
	uint8_t mac[MAC_LEN];
	char session[PORT_SESSION_LEN + 1];
	char user[RADIUS_MAX_VALUE + 1];
	uint8_t identity[RADIUS_MAX_VALUE];
	size_t identity_n;
	struct access_grant grant;
	msec reAuthWhen, session_end;
	/* RADIUS */
	uint64_t request;   /* outstanding; 0: none */
	uint32_t request_n; /* made so far */
	int server;
	uint8_t state[RADIUS_MAX_VALUE];
	size_t state_n;
	uint8_t attributes[RADIUS_MAX_ATTRIBUTES];
	size_t attributes_n;
	/* why the attempt fails or the session ends; told at the next CLOSE */
	bool to_tell;
	enum portcall_reason cause;
	char detail[PORT_MAX_DETAIL + 1];
	/* what the owner was told */
	bool open;
	struct port_decision decision;
	struct port_counters counters;
	const struct eap_packet *response; /* of the frame that is being worked on */
	struct port_pending effects[PORT_EFFECTS_MAX];
	size_t effect_head, effect_n;
	uint8_t frame[PORT_FRAME_MAX];
	size_t frame_n;
};

static inline msec port_seconds(unsigned s)
{
	return (msec)s * 1000;
}

void port_emit(struct port *p, struct port_pending effect);
/* Why the attempt fails or the session ends: told at the next CLOSE.  `detail`: printable. */
void port_blame(struct port *p, enum portcall_reason cause, const char *detail);
void port_forget_station(struct port *p);
/* Let machines and EAP layer move until nothing moves any more. */
void port_run(struct port *p, msec now);
void port_pulse_initialize(struct port *p, msec now);

/*
 * eapRestart: a session that is authorised keeps its station and id, everything else begins anew.
 */
void port_begin_attempt(struct port *p);
/* eapResp: the response of the current frame goes to the server if it answers the request. */
void port_take_response(struct port *p);
/* `unanswered`: serverTimeout is over. */
void port_cancel_request(struct port *p, bool unanswered);

#endif
