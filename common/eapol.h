/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * eapol - EAPOL frames (IEEE 802.1X-2004 clause 7.5, 802.1X-2020 clause 11).
 *
 * Pure: no I/O, no clock, no allocation.  Thread-safe.  Frames are whole Ethernet frames
 * without FCS; a decoded frame is a view into them.
 */
#ifndef COMMON_EAPOL_H
#define COMMON_EAPOL_H

#include <portcall/error.h>

#include "common/bytes.h"
#include "common/mac.h"

enum {
	EAPOL_ETHERTYPE = 0x888e,
	EAPOL_HEADER_LEN = 14 + 4, /* Ethernet and EAPOL header, octets */
	EAPOL_VERSION = 2,         /* what we send: 802.1X-2004 */
};

/* Packet types of 802.1X-2020 Table 11-3; those that we do not know are DISCARDed. */
enum eapol_type {
	EAPOL_EAP = 0,
	EAPOL_START = 1,
	EAPOL_LOGOFF = 2,
	EAPOL_KEY = 3,
	EAPOL_ASF_ALERT = 4,
	EAPOL_MKA = 5,
	EAPOL_ANNOUNCEMENT_GENERIC = 6,
	EAPOL_ANNOUNCEMENT_SPECIFIC = 7,
	EAPOL_ANNOUNCEMENT_REQUEST = 8,
};

struct eapol_frame {
	const uint8_t *dst; /* MAC_LEN octets each */
	const uint8_t *src;
	uint8_t version; /* as sent; 1 to 3 are in use, later ones are read as 3 (11.4) */
	enum eapol_type type;
	struct span body; /* without the padding behind it */
};

/*
 * Decode an Ethernet frame.  802.1Q tags before the EAPOL type are skipped.
 * DISCARD: not EAPOL, shorter than its lengths say, version 0, group source, or an unknown type.
 */
enum portcall_err eapol_decode(struct span frame,
                               struct eapol_frame *ret_frame) PORTCALL_MUST_CHECK;

/* Why a frame was DISCARDed, for the counters of 802.1X-2004 9.4.2 and 9.5.2. */
enum eapol_fault {
	EAPOL_FOREIGN,    /* not EAPOL at all, or from a group address */
	EAPOL_BAD_TYPE,   /* version 0 or an unknown packet type */
	EAPOL_BAD_LENGTH, /* shorter than its length field says */
};
enum eapol_fault eapol_fault(struct span frame);

/*
 * Write a frame of `type` around `body`, padded with zeros to 60 octets (Ethernet's minimum).
 * ERR_LIMIT: `max` is too small or the body longer than 65,535 octets.
 */
enum portcall_err eapol_encode(const uint8_t dst[static MAC_LEN], const uint8_t src[static MAC_LEN],
                               enum eapol_type type, struct span body, uint8_t *buf, size_t max,
                               size_t *ret_n) PORTCALL_MUST_CHECK;

#endif
