/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * control - the verbs of the switch's control socket (docs/interfaces.md 3).
 *
 * Shell only.  Their context is the struct engine.
 */
#ifndef SWITCH_CONTROL_H
#define SWITCH_CONTROL_H

#include "common/control.h"

extern const struct control_verb switch_control_verbs[];

#endif
