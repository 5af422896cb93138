/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * world - a phone, a cable, a switch port and a RADIUS server in one process, in virtual time.
 *
 * libportcall's core on one side, the switch's port and RADIUS client on the other, a scripted RADIUS server
 * with a real EAP-TLS server behind it.  The cable and the RADIUS path lose, double and delay what the seed
 * says: the schedule of a seed is always the same (the octets of TLS are not).  Nothing sleeps.
 */
#ifndef TESTS_SCENARIO_WORLD_H
#define TESTS_SCENARIO_WORLD_H

#include <portcall/supplicant.h>

#include "switch/port.h"
#include "switch/radius_client.h"
#include "tests/scenario/eap_server.h"

enum { WORLD_LOG = 4096, WORLD_FRAMES = 64, WORLD_FRAME_MAX = 4096, WORLD_RESULTS = 64 };

/* Of 1000: how many are lost, doubled; and by how many ms at most each is late. */
struct world_faults {
	unsigned loss, twice;
	msec late;
};

struct world_frame {
	enum { TO_NOBODY, TO_PHONE, TO_SWITCH, TO_RADIUS_SERVER, TO_RADIUS_CLIENT } to;
	msec at;
	uint64_t order;
	size_t n;
	uint8_t octets[WORLD_FRAME_MAX];
};

struct world_result {
	msec at;
	enum portcall_reason reason;
	char detail[240];
	msec retry_at;
};

struct world {
	msec now;
	uint64_t random;
	struct world_faults cable, radius_path;
	bool cut;         /* the cable carries nothing, and nobody notices */
	bool radius_down; /* the RADIUS server answers nothing */

	struct portcall_supplicant *phone;
	struct port *port;
	struct radius_client *client;
	struct eap_server *server;
	struct world_frame frames[WORLD_FRAMES];
	uint64_t order;
	/* the RADIUS server remembers its last reply for a retransmitted request */
	uint8_t last_request[RADIUS_HEADER_LEN];
	uint8_t last_reply[WORLD_FRAME_MAX];
	size_t last_reply_n;

	/* what happened */
	char pae[WORLD_LOG]; /* the phone's PAE: "CONNECTING RESTART AUTHENTICATING ..." */
	bool phone_authorized, gate_open;
	uint16_t vlan;
	char switch_session[PORT_SESSION_LEN + 1];
	enum portcall_reason switch_reason;
	struct world_result results[WORLD_RESULTS];
	size_t result_n;
	unsigned phone_closed; /* how often the phone's port went from open to closed */
	unsigned starts_seen;  /* EAPOL-Start frames that the phone sent */
	unsigned phone_sent, switch_sent;
};

struct world_config {
	struct portcall_supplicant_config phone;
	struct eap_server_config server;
	bool no_switch; /* nobody at the other end */
	uint64_t seed;
};

void world_init(struct world *w, const struct world_config *config);
void world_done(struct world *w);

void world_link(struct world *w, bool up);
/* Deliver and tick until `end`, or until `done` says so; true: it did. */
bool world_run(struct world *w, msec end, bool (*done)(const struct world *w));
/* A frame from nowhere, to the phone or to the switch. */
void world_inject(struct world *w, int to, struct span frame);
/* Take the effects that calls on the phone from outside left. */
void world_drain(struct world *w);

bool world_is_up(const struct world *w); /* both sides agree: authorised */
bool world_has_result(const struct world *w);
enum portcall_reason world_last_reason(const struct world *w);

#endif
