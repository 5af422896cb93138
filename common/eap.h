/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * eap - EAP packets (RFC 3748 clause 4) and the EAP-TLS header inside them (RFC 5216 3.1, 3.2).
 *
 * Pure: no I/O, no clock, no allocation.  Thread-safe.  Decoded packets are views.
 */
#ifndef COMMON_EAP_H
#define COMMON_EAP_H

#include <portcall/error.h>

#include "common/bytes.h"

enum eap_code {
	EAP_CODE_REQUEST = 1,
	EAP_CODE_RESPONSE = 2,
	EAP_CODE_SUCCESS = 3,
	EAP_CODE_FAILURE = 4
};

/* Method types (RFC 3748 clause 5); any other octet may stand in eap_packet.type too. */
enum {
	EAP_METHOD_NONE = 0, /* Success and Failure carry no type */
	EAP_METHOD_IDENTITY = 1,
	EAP_METHOD_NOTIFICATION = 2,
	EAP_METHOD_NAK = 3,
	EAP_METHOD_MD5 = 4,
	EAP_METHOD_TLS = 13,
};

enum {
	EAP_HEADER_LEN = 4,
	EAP_TLS_FLAG_LENGTH = 0x80,
	EAP_TLS_FLAG_MORE = 0x40,
	EAP_TLS_FLAG_START = 0x20,
};

struct eap_packet {
	enum eap_code code;
	uint8_t id;
	uint8_t type;     /* EAP_METHOD_NONE for Success and Failure */
	struct span data; /* behind the type octet */
	struct span
		whole; /* from the code octet, exactly Length octets: padding is cut (RFC 3748 4.1) */
};

/* DISCARD: shorter than its Length field, Length < 4, unknown code, a Request or Response without type. */
enum portcall_err eap_decode(struct span packet, struct eap_packet *ret_packet) PORTCALL_MUST_CHECK;

/* Success and Failure have no type and no data.  ERR_LIMIT: `max` too small. */
enum portcall_err eap_encode(enum eap_code code, uint8_t id, uint8_t type, struct span data,
                             uint8_t *buf, size_t max, size_t *ret_n) PORTCALL_MUST_CHECK;

struct eap_tls_header {
	uint8_t flags;
	uint32_t length; /* total TLS message length; 0 without the L flag */
	struct span fragment;
};

/*
 * `data` is eap_packet.data of type EAP_METHOD_TLS.
 * DISCARD: no flags octet, or the L flag without four octets of length.
 */
enum portcall_err eap_tls_decode(struct span data,
                                 struct eap_tls_header *ret_header) PORTCALL_MUST_CHECK;

/*
 * The session id that our switch adds to an Identity request: behind the displayable prompt and a NUL,
 * as `sid=<printable octets>` (RFC 3748 5.1 leaves the octets behind the NUL to us).  Empty span: none.
 */
struct span eap_identity_session(struct span identity_request_data);

#endif
