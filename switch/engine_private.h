/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * engine_private - inside of the engine: for engine.c and engine_*.c, and for nobody else.
 */
#ifndef SWITCH_ENGINE_PRIVATE_H
#define SWITCH_ENGINE_PRIVATE_H

#include "switch/engine.h"

/* Carry out what `port` asks for. */
void engine_drain_port(struct engine *engine, unsigned port, msec now);
/* The link of `port`, as the kernel told it or as it was taken down, may have changed. */
void engine_apply_link(struct engine *engine, unsigned port, msec now);
/* After whatever happened: carry out what is left, show it, and wait for the next deadline. */
void engine_settle(struct engine *engine, msec now);

/* engine_admin.c: bounced ports whose time is over come up again. */
void engine_admin_tick(struct engine *engine, msec now);
void engine_admin_close(struct engine *engine); /* bounced ports come up */

/* engine_das.c: the dynamic authorisation server. */
void engine_das_input(struct engine *engine, msec now);

#endif
