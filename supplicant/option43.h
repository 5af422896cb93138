/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * option43 - DHCP option 43, vendor specific information (RFC 2132 8.4), as optiPoint and OpenStage
 * phones read it: sub-option 1 "Siemens", 2 VLAN, 3 URL of the configuration server.
 *
 * Read leniently, as real servers write it: any order, zero octets as padding, the end at 255 or at the
 * end of the data, unknown sub-options skipped, a sub-option that is cut off ends it.  Nothing of a
 * sub-option that makes no sense is kept.  Pure, thread-safe.
 */
#ifndef SUPPLICANT_OPTION43_H
#define SUPPLICANT_OPTION43_H

#include <stdbool.h>

#include "common/bytes.h"

enum { OPTION43_URL_MAX = 256 /* with NUL */ };

struct option43 {
	bool siemens;               /* sub-option 1 is there and names the vendor */
	unsigned vlan;              /* 1 to 4094; 0: none */
	char url[OPTION43_URL_MAX]; /* printable ASCII without spaces; "" without one */
};

struct option43 option43_decode(struct span data);
/* From hexadecimal digits, as udhcpc hands it over; what is not hexadecimal ends it. */
struct option43 option43_decode_hex(const char *hex);

#endif
