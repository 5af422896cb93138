/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fr - FreeRADIUS 3.2's module interface, as Debian's libfreeradius-dev lays it out.
 *
 * The headers that the package lacks come from Debian's source package (tools/fetch-source freeradius).
 * Include this before anything else: radiusd.h wants to set feature macros.
 */
#ifndef RADIUS_MODULE_FR_H
#define RADIUS_MODULE_FR_H

#include <freeradius/radiusd.h>
#include <freeradius/modules.h>

#endif
