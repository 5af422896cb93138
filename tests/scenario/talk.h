/* SPDX-License-Identifier: BSD-3-Clause */
/* talk - a conversation of eap_peer with an EAP-TLS server, packet by packet, for tests. */
#ifndef TESTS_SCENARIO_TALK_H
#define TESTS_SCENARIO_TALK_H

#include "supplicant/eap_peer.h"
#include "tests/scenario/eap_server.h"
#include "tests/scenario/fixture.h"

enum { P256, RSA, KEYS };

extern struct fixture fixtures[KEYS]; /* made by talk_setup() */

int talk_setup(void **state); /* of a cmocka group */
int talk_teardown(void **state);

struct talk {
	const struct fixture *f;
	struct eap_peer_setup setup;
	struct eap_server_config server_config;
	struct eap_peer *peer;
	struct eap_server *server;
	msec now;
	enum eap_peer_verdict verdict;
	struct eap_peer_outcome outcome;
	unsigned responses;
	uint8_t last_id;
};

struct talk talk_of(const struct fixture *f, int tls);
void talk_init(struct talk *t); /* after the last change to the configurations */
void talk_done(struct talk *t);

/* An Identity request with session id 4f2a-01, as our switch sends it; a bare Success or Failure. */
struct span identity_request(uint8_t id);
struct span bare(uint8_t code, uint8_t id);

enum eap_peer_verdict feed(struct talk *t, struct span packet, struct span *ret_response);
/* Until somebody has decided or says nothing more. */
void converse(struct talk *t);
void expect(const struct talk *t, enum eap_peer_verdict verdict, enum portcall_reason reason);
/* talk_init(), converse(), and both agree on success, keys and whether a session was resumed. */
void succeed_with(struct talk *t);
void succeed_again(struct talk *t); /* one more conversation of the same two */

#endif
