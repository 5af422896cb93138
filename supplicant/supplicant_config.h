/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * supplicant_config - the settings of a supplicant: defaults, ranges, identity.
 *
 * Pure.  Thread-safe.
 */
#ifndef SUPPLICANT_SUPPLICANT_CONFIG_H
#define SUPPLICANT_SUPPLICANT_CONFIG_H

#include <portcall/supplicant.h>

/* The caller's struct may be older (shorter) than ours; what is not there, and what is 0, has its default. */
struct portcall_supplicant_config config_complete(const struct portcall_supplicant_config *given);

/* False: a setting is out of its range, or they do not fit together; `ret_why` names it. */
bool config_check(const struct portcall_supplicant_config *config, struct portcall_why *ret_why);

/* Always false: `ret_why` gets `reason` and `text`. */
bool config_refuse(struct portcall_why *ret_why, enum portcall_reason reason, const char *text);

/*
 * The configured identity, else the certificate's CN, else its first alternative name, else the MAC address:
 * something for the server to look up.  Heap; NULL: no memory.
 */
char *config_identity(const struct portcall_supplicant_config *config);
char *config_text(const char *text); /* a copy; heap; NULL: no memory */

#endif
