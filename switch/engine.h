/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * engine - the running switch: links, forwarding plane, 802.1X ports and RADIUS client on one libuv loop.
 *
 * Shell only.  Whatever happens is given to a pure part (bridge, port, radius_client), whose effects are
 * carried out until none is left; then one timer waits for the earliest deadline of them all.
 */
#ifndef SWITCH_ENGINE_H
#define SWITCH_ENGINE_H

#include <jansson.h>
#include <uv.h>

#include "switch/bridge.h"
#include "switch/capture.h"
#include "switch/das.h"
#include "switch/link_das.h"
#include "switch/link_packet.h"
#include "switch/link_udp.h"
#include "switch/link_watch.h"
#include "switch/port.h"
#include "switch/radius_client.h"
#include "switch/switch_conf.h"

/* Read by control.c; changed by engine.c alone. */
struct engine {
	const struct switch_conf *conf;
	uv_loop_t *loop;
	uint8_t mac[MAC_LEN];
	unsigned n; /* ports, as in conf */
	struct port **ports;
	bool *up;        /* the port has a link, and may use it */
	bool *linked;    /* as the kernel says */
	bool *disabled;  /* taken down on purpose */
	msec *enable_at; /* when it comes up again; MSEC_NEVER: not by itself */
	int admin;       /* link_admin_open() */
	struct bridge *bridge;
	struct radius_client *radius; /* NULL: no server is configured */
	struct link_packet *link;
	struct link_watch *watch;
	struct link_udp *udp; /* NULL as radius */
	struct das *das;      /* NULL: none is configured */
	struct link_das *link_das;
	struct das_session *das_sessions; /* n, filled for each request */
	uint64_t das_unknown;             /* datagrams of others than its clients */
	struct {
		uint64_t count; /* since the last event */
		msec told;      /* -1: never */
	} das_discards;
	struct capture *capture; /* NULL: none */
	char intruder[120];      /* told last; "" : none */
	uv_timer_t timer;
	uv_poll_t frames, changes, das_poll;
	uv_poll_t *datagrams; /* link_udp_count() of them */
	bool started;         /* the handles are open */
};

/*
 * Open everything, each thing in its namespace.  On return this thread is in the management's.
 * NULL: `ret_why` is one sentence.  `conf` is borrowed.
 */
struct engine *engine_open(uv_loop_t *loop, const struct switch_conf *conf,
                           char ret_why[static LINK_WHY_LEN]);
void engine_start(struct engine *engine); /* from here on things happen, and events are logged */
/* Closes the handles; run the loop until it is empty, then engine_free(). */
void engine_close(struct engine *engine);
void engine_free(struct engine *engine); /* NULL is fine */

void engine_set_mode(struct engine *engine, unsigned port, enum port_control mode);
void engine_reauthenticate(struct engine *engine, unsigned port);
/* engine_admin.c: `detail` says who wants it.  false: the interface cannot be changed; errno. */
void engine_disable(struct engine *engine, unsigned port, const char *detail);
bool engine_bounce(struct engine *engine, unsigned port, const char *detail);
bool engine_enable(struct engine *engine, unsigned port);

/* engine_parts.c: bridge, ports and RADIUS client from the configuration; links are open already. */
bool engine_make_parts(struct engine *engine, char ret_why[static LINK_WHY_LEN]);
unsigned engine_sockets(const struct engine *engine); /* source ports for RADIUS */

msec engine_now(void); /* the clock of all parts */

#endif
