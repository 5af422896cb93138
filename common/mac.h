/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mac - MAC addresses (EUI-48) as octets and as text.
 *
 * Pure, thread-safe.  Octets are in wire order.
 */
#ifndef COMMON_MAC_H
#define COMMON_MAC_H

#include <stdbool.h>
#include <stdint.h>

enum { MAC_LEN = 6, MAC_TEXT_LEN = 18 /* with NUL */ };

/* 01-80-C2-00-00-03, the PAE group address (IEEE 802.1X-2004 7.8, Table 7-2). */
extern const uint8_t mac_pae_group[MAC_LEN];

/*
 * Any usual notation: 02:00:00:00:00:01, 02-00-..., 0200.0000.0001, 020000000001; either case.
 * false: not a MAC address, `ret_mac` untouched.
 */
bool mac_parse(const char *text, uint8_t ret_mac[static MAC_LEN]);

const char *mac_colons(const uint8_t mac[static MAC_LEN],
                       char buf[static MAC_TEXT_LEN]); /* 02:00:.. lower: JSON, logs */
const char *mac_hyphens(const uint8_t mac[static MAC_LEN],
                        char buf[static MAC_TEXT_LEN]); /* 02-00-.. upper: RFC 3580 3.20 */
const char *mac_plain(const uint8_t mac[static MAC_LEN],
                      char buf[static MAC_TEXT_LEN]); /* 0200.. upper: file names */

bool mac_equal(const uint8_t a[static MAC_LEN], const uint8_t b[static MAC_LEN]);
bool mac_is_group(const uint8_t mac[static MAC_LEN]);
/* 01-80-C2-00-00-0X: never forwarded by a bridge (802.1Q 8.6.3). */
bool mac_is_link_local(const uint8_t mac[static MAC_LEN]);

#endif
