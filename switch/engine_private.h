/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * engine_private - inside of the engine: for engine.c and engine_*.c, and for nobody else.
 */
#ifndef SWITCH_ENGINE_PRIVATE_H
#define SWITCH_ENGINE_PRIVATE_H

#include "switch/engine.h"

void engine_poll_fd(struct engine *engine, uv_poll_t *poll, int fd, uv_poll_cb on_readable);
void engine_random(void *ctx, void *ret_octets, size_t n);
/* What NAS-IP-Address says: 4 or 16 octets in wire order; 0: nothing is known. */
size_t engine_nas_ip(const struct engine *engine, uint8_t ret_ip[static 16]);
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

/* engine_radius.c: the RADIUS client of the ports. */
void engine_radius_start(struct engine *engine);
void engine_radius_close(struct engine *engine);
void engine_radius_drain(struct engine *engine, msec now);

/* engine_acct.c: accounting; nothing happens where it is not configured. */
bool engine_acct_make(struct engine *engine);
void engine_acct_start(struct engine *engine);
void engine_acct_close(struct engine *engine);
void engine_acct_granted(struct engine *engine, unsigned port, uint16_t vlan,
                         const struct port_effect *effect, msec now);
void engine_acct_closed(struct engine *engine, unsigned port, enum acct_cause cause, msec now);
void engine_acct_tick(struct engine *engine, msec now);
/* Send what there is to send; the time when something is due. */
msec engine_acct_settle(struct engine *engine, msec now);
bool engine_acct_idle(const struct engine *engine); /* the servers have everything */

#endif
