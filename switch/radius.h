/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * radius - RADIUS packets (RFC 2865, 2866, 2868, 2869, 3579, 3580, 5176): bounded encoder and decoder.
 *
 * Pure: no I/O, no clock, no allocation.  Thread-safe.  A decoded packet is a view into the
 * datagram; radius_decode() has checked every attribute's length, so that walking a decoded
 * packet cannot fail.
 *
 * Requests carry Message-Authenticator as their first attribute, and a reply counts only when its
 * Response Authenticator and its Message-Authenticator are right (CVE-2024-3596).
 */
#ifndef SWITCH_RADIUS_H
#define SWITCH_RADIUS_H

#include <portcall/error.h>

#include "common/bytes.h"

enum {
	RADIUS_HEADER_LEN = 20,
	RADIUS_AUTHENTICATOR_LEN = 16,
	RADIUS_MAX_PACKET = 4096, /* RFC 2865 3 */
	RADIUS_MAX_VALUE = 253,   /* octets of one attribute's value */
	/* what radius_request() adds to the attributes: header and Message-Authenticator */
	RADIUS_OVERHEAD = RADIUS_HEADER_LEN + 2 + RADIUS_AUTHENTICATOR_LEN,
	RADIUS_MAX_ATTRIBUTES = RADIUS_MAX_PACKET - RADIUS_OVERHEAD,
};

enum { RADIUS_ANY_SERVER = -1 }; /* for a request that is not bound to the server of its State */

/* Codes that the switch sends or understands; any other octet may stand in radius_packet.code. */
enum {
	RADIUS_ACCESS_REQUEST = 1,
	RADIUS_ACCESS_ACCEPT = 2,
	RADIUS_ACCESS_REJECT = 3,
	RADIUS_ACCESS_CHALLENGE = 11,
	RADIUS_DISCONNECT_REQUEST = 40, /* RFC 5176 2.3 */
	RADIUS_DISCONNECT_ACK = 41,
	RADIUS_DISCONNECT_NAK = 42,
	RADIUS_COA_REQUEST = 43,
	RADIUS_COA_ACK = 44,
	RADIUS_COA_NAK = 45,
};

enum {
	RADIUS_USER_NAME = 1,
	RADIUS_NAS_IP_ADDRESS = 4,
	RADIUS_NAS_PORT = 5,
	RADIUS_SERVICE_TYPE = 6,
	RADIUS_FRAMED_MTU = 12,
	RADIUS_REPLY_MESSAGE = 18,
	RADIUS_STATE = 24,
	RADIUS_VENDOR_SPECIFIC = 26,
	RADIUS_SESSION_TIMEOUT = 27,
	RADIUS_TERMINATION_ACTION = 29,
	RADIUS_CALLED_STATION_ID = 30,
	RADIUS_CALLING_STATION_ID = 31,
	RADIUS_NAS_IDENTIFIER = 32,
	RADIUS_PROXY_STATE = 33,
	RADIUS_ACCT_SESSION_ID = 44,
	RADIUS_ACCT_TERMINATE_CAUSE = 49,
	RADIUS_EVENT_TIMESTAMP = 55,
	RADIUS_NAS_PORT_TYPE = 61,
	RADIUS_TUNNEL_TYPE = 64,
	RADIUS_TUNNEL_MEDIUM_TYPE = 65,
	RADIUS_CONNECT_INFO = 77,
	RADIUS_EAP_MESSAGE = 79,
	RADIUS_MESSAGE_AUTHENTICATOR = 80,
	RADIUS_TUNNEL_PRIVATE_GROUP_ID = 81,
	RADIUS_NAS_PORT_ID = 87,
	RADIUS_NAS_IPV6_ADDRESS = 95,
	RADIUS_ERROR_CAUSE = 101,
};

/* Vendor attributes of ours (docs/interfaces.md 7). */
enum { RADIUS_VENDOR_PORTCALL = 59999, RADIUS_PORTCALL_REASON = 1, RADIUS_PORTCALL_SESSION = 2 };
enum { RADIUS_VENDOR_CISCO = 9, RADIUS_CISCO_AVPAIR = 1 }; /* "name=value" */

struct radius_packet {
	uint8_t code;
	uint8_t id;
	const uint8_t *authenticator; /* RADIUS_AUTHENTICATOR_LEN octets */
	struct span attributes;
	struct span whole; /* exactly Length octets: padding is cut (RFC 2865 3) */
};

struct radius_attribute {
	uint8_t type;
	struct span value; /* 0 to 253 octets */
};

/*
 * DISCARD: shorter than 20 octets or than its Length field, Length above 4096, or attributes that
 * do not fill it exactly.  Nothing is authenticated by this.
 */
enum portcall_err radius_decode(struct span datagram,
                                struct radius_packet *ret_packet) PORTCALL_MUST_CHECK;

/* Walk: start with reader_of(packet.attributes); false at the end. */
bool radius_next(struct reader *r, struct radius_attribute *ret_attribute);

/* The first attribute of `type`; false: absent. */
bool radius_find(const struct radius_packet *packet, uint8_t type, struct span *ret_value);
/* ... as a 32-bit integer; false: absent or not four octets. */
bool radius_find_u32(const struct radius_packet *packet, uint8_t type, uint32_t *ret_value);
/* The first sub-attribute `type` of `vendor` (RFC 2865 5.26); false: absent or malformed. */
bool radius_find_vendor(const struct radius_packet *packet, uint32_t vendor, uint8_t type,
                        struct span *ret_value);

/*
 * All EAP-Message attributes joined in order (RFC 3579 3.1).  OK with *ret_n == 0: there is none.
 * DISCARD: other attributes stand between them.  ERR_LIMIT: more than `max` octets.
 */
enum portcall_err radius_eap_message(const struct radius_packet *packet, uint8_t *buf, size_t max,
                                     size_t *ret_n) PORTCALL_MUST_CHECK;

/* What is wrong with a reply. */
enum radius_reply_check {
	RADIUS_REPLY_OK,                /* both authenticators are right */
	RADIUS_REPLY_BAD_AUTHENTICATOR, /* Response Authenticator: wrong secret, or forged */
	RADIUS_REPLY_NO_MESSAGE_AUTHENTICATOR,
	RADIUS_REPLY_BAD_MESSAGE_AUTHENTICATOR, /* wrong, of a wrong length, or more than one */
};

/* `request_authenticator` is that of the request which is answered.  Compared in constant time. */
enum radius_reply_check radius_verify_reply(
	const struct radius_packet *reply,
	const uint8_t request_authenticator[static RADIUS_AUTHENTICATOR_LEN], struct span secret);

/*
 * A request that others send to us (RFC 5176 2.3): its Request Authenticator is a digest of the
 * packet under the secret, and both are computed over zeros.  OK: both are right.
 */
enum radius_reply_check radius_verify_request(const struct radius_packet *request,
                                              struct span secret);

/* Append one attribute.  The writer fails when the value is longer than 253 octets. */
void radius_put(struct writer *w, uint8_t type, struct span value);
void radius_put_u32(struct writer *w, uint8_t type, uint32_t value);
void radius_put_text(struct writer *w, uint8_t type, const char *text); /* skipped when empty */
/* Append `eap` as EAP-Message attributes of at most 253 octets each (RFC 3579 3.1). */
void radius_put_eap(struct writer *w, struct span eap);

/*
 * A whole Access-Request: header, Message-Authenticator first, then `attributes` (made with
 * radius_put).  ERR_LIMIT: longer than `max` or 4096 octets.  ERR_MEMORY: no memory, or no MD5.
 */
enum portcall_err radius_request(uint8_t id,
                                 const uint8_t authenticator[static RADIUS_AUTHENTICATOR_LEN],
                                 struct span attributes, struct span secret, uint8_t *buf,
                                 size_t max, size_t *ret_n) PORTCALL_MUST_CHECK;

/*
 * A whole request of which the Request Authenticator is a digest (RFC 2866 3, RFC 5176 2.3).
 * `authenticated`: with a Message-Authenticator before `attributes`.  Errors as above.
 */
enum portcall_err radius_signed_request(uint8_t code, uint8_t id, bool authenticated,
                                        struct span attributes, struct span secret, uint8_t *buf,
                                        size_t max, size_t *ret_n) PORTCALL_MUST_CHECK;

/*
 * A server's reply to the request with `id` and `request_authenticator`, Message-Authenticator
 * first: of our dynamic authorisation server, and of scripted servers in tests.  ERR_LIMIT as
 * above.
 */
enum portcall_err radius_reply(uint8_t code, uint8_t id,
                               const uint8_t request_authenticator[static RADIUS_AUTHENTICATOR_LEN],
                               struct span attributes, struct span secret, uint8_t *buf, size_t max,
                               size_t *ret_n) PORTCALL_MUST_CHECK;

const char *radius_code_text(uint8_t code); /* "Access-Request"; "unknown"; static storage */

#endif
