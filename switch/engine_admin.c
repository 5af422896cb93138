/* SPDX-License-Identifier: BSD-3-Clause */
/* Ports that are taken down on purpose: disabled until somebody enables them, or for a moment. */
#include "switch/engine_private.h"

#include "common/log.h"
#include "switch/link_admin.h"

enum { BOUNCE_TIME = 10000 }; /* ms: long enough for a station to notice, as Cisco's switches do */

static bool set_link(struct engine *e, unsigned port, bool up)
{
	return link_admin_set(e->admin, e->conf->ports[port].interface, up);
}

static void take_down(struct engine *e, unsigned port, enum portcall_reason reason,
                      const char *detail, msec now)
{
	e->disabled[port] = true;
	port_take_down(e->ports[port], reason, detail, now);
	engine_drain_port(e, port, now);
	engine_apply_link(e, port, now);
	engine_settle(e, now);
}

void engine_disable(struct engine *e, unsigned port, const char *detail)
{
	e->enable_at[port] = MSEC_NEVER;
	/* If that fails the station sees a link, but of a port that takes nothing. */
	(void)set_link(e, port, false);
	take_down(e, port, PORTCALL_REASON_PORT_DISABLED, detail, engine_now());
}

bool engine_bounce(struct engine *e, unsigned port, const char *detail)
{
	msec now = engine_now();

	if (!set_link(e, port, false))
		return false;
	e->enable_at[port] = now + BOUNCE_TIME;
	take_down(e, port, PORTCALL_REASON_PORT_BOUNCED, detail, now);
	return true;
}

static bool enable(struct engine *e, unsigned port, msec now)
{
	e->disabled[port] = false;
	e->enable_at[port] = MSEC_NEVER;
	bool done = set_link(e, port, true);

	engine_apply_link(e, port, now); /* when it had never lost its link */
	return done;
}

bool engine_enable(struct engine *e, unsigned port)
{
	msec now = engine_now();
	bool done = enable(e, port, now);

	engine_settle(e, now);
	return done;
}

void engine_admin_tick(struct engine *e, msec now)
{
	for (unsigned i = 0; i < e->n; i++) {
		if (e->enable_at[i] <= now)
			(void)enable(e, i, now);
	}
}

void engine_admin_close(struct engine *e)
{
	for (unsigned i = 0; e->enable_at && i < e->n; i++) {
		if (e->enable_at[i] != MSEC_NEVER)
			(void)set_link(e, i, true);
	}
}
