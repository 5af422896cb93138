/* SPDX-License-Identifier: BSD-3-Clause */
#include "switch/radius.h"

#include <string.h>

#include "common/digest.h"

enum { ATTRIBUTE_HEADER_LEN = 2, VENDOR_ID_LEN = 4 };

/* In the place of a Request Authenticator while it is computed (RFC 2866 3, RFC 5176 2.3). */
static const uint8_t zero_authenticator[RADIUS_AUTHENTICATOR_LEN];

bool radius_next(struct reader *r, struct radius_attribute *ret_attribute)
{
	struct radius_attribute a = { .type = read_u8(r) };
	uint8_t length = read_u8(r);

	if (!reader_ok(r) || length < ATTRIBUTE_HEADER_LEN) {
		r->failed = true;
		return false;
	}
	a.value = read_bytes(r, (size_t)length - ATTRIBUTE_HEADER_LEN);
	if (!reader_ok(r))
		return false;
	*ret_attribute = a;
	return true;
}

/* A list of attributes (or of a vendor's sub-attributes) that fills its octets exactly. */
static bool well_formed(struct span attributes)
{
	struct reader r = reader_of(attributes);
	struct radius_attribute a;

	while (r.left.n > 0 && radius_next(&r, &a))
		;
	return reader_done(&r);
}

enum portcall_err radius_decode(struct span datagram, struct radius_packet *ret_packet)
{
	struct reader r = reader_of(datagram);
	struct radius_packet p = { 0 };

	p.code = read_u8(&r);
	p.id = read_u8(&r);
	uint16_t length = read_u16(&r);

	p.authenticator = read_bytes(&r, RADIUS_AUTHENTICATOR_LEN).p;
	if (!reader_ok(&r) || length < RADIUS_HEADER_LEN || length > RADIUS_MAX_PACKET)
		return PORTCALL_DISCARD;
	p.attributes = read_bytes(&r, (size_t)length - RADIUS_HEADER_LEN);
	if (!reader_ok(&r) || !well_formed(p.attributes))
		return PORTCALL_DISCARD;
	p.whole = span(datagram.p, length);
	*ret_packet = p;
	return PORTCALL_OK;
}

bool radius_find(const struct radius_packet *packet, uint8_t type, struct span *ret_value)
{
	struct reader r = reader_of(packet->attributes);
	struct radius_attribute a;

	while (radius_next(&r, &a)) {
		if (a.type == type) {
			*ret_value = a.value;
			return true;
		}
	}
	return false;
}

bool radius_find_u32(const struct radius_packet *packet, uint8_t type, uint32_t *ret_value)
{
	struct span value;

	if (!radius_find(packet, type, &value) || value.n != 4)
		return false;
	struct reader r = reader_of(value);

	*ret_value = read_u32(&r);
	return true;
}

bool radius_find_vendor(const struct radius_packet *packet, uint32_t vendor, uint8_t type,
                        struct span *ret_value)
{
	struct reader r = reader_of(packet->attributes);
	struct radius_attribute a, sub;

	while (radius_next(&r, &a)) {
		if (a.type != RADIUS_VENDOR_SPECIFIC || a.value.n < VENDOR_ID_LEN)
			continue;
		struct reader inner = reader_of(a.value);

		if (read_u32(&inner) != vendor || !well_formed(inner.left))
			continue;
		while (radius_next(&inner, &sub)) {
			if (sub.type == type) {
				*ret_value = sub.value;
				return true;
			}
		}
	}
	return false;
}

enum portcall_err radius_eap_message(const struct radius_packet *packet, uint8_t *buf, size_t max,
                                     size_t *ret_n)
{
	struct reader r = reader_of(packet->attributes);
	struct writer w = writer_to(buf, max);
	struct radius_attribute a;
	bool begun = false, ended = false;

	while (radius_next(&r, &a)) {
		if (a.type != RADIUS_EAP_MESSAGE) {
			ended = begun;
			continue;
		}
		if (ended)
			return PORTCALL_DISCARD;
		begun = true;
		write_bytes(&w, a.value);
	}
	if (!writer_ok(&w))
		return PORTCALL_ERR_LIMIT;
	*ret_n = w.n;
	return PORTCALL_OK;
}

/*
 * RFC 3579 3.2: HMAC-MD5 under the secret of the packet with the request's authenticator in its
 * header and zeros in place of the value at `at`.
 */
static bool message_authenticator(struct span packet, const uint8_t *authenticator, size_t at,
                                  struct span secret, uint8_t *ret_digest)
{
	size_t after = at + RADIUS_AUTHENTICATOR_LEN;
	const struct span parts[] = {
		span(packet.p, 4),
		span(authenticator, RADIUS_AUTHENTICATOR_LEN),
		span(packet.p + RADIUS_HEADER_LEN, at - RADIUS_HEADER_LEN),
		span(zero_authenticator, sizeof(zero_authenticator)),
		span(packet.p + after, packet.n - after),
	};

	return digest_hmac_md5(secret, parts, sizeof(parts) / sizeof(parts[0]), ret_digest);
}

/* RFC 2865 3: MD5(Code + ID + Length + RequestAuth + Attributes + Secret). */
static bool response_authenticator(struct span packet, const uint8_t *request_authenticator,
                                   struct span secret, uint8_t *ret_digest)
{
	const struct span parts[] = {
		span(packet.p, 4),
		span(request_authenticator, RADIUS_AUTHENTICATOR_LEN),
		span(packet.p + RADIUS_HEADER_LEN, packet.n - RADIUS_HEADER_LEN),
		secret,
	};

	return digest_md5(parts, sizeof(parts) / sizeof(parts[0]), ret_digest);
}

/* `authenticator`: what stands in the header when Message-Authenticator is computed. */
static enum radius_reply_check verify_message_authenticator(const struct radius_packet *packet,
                                                            const uint8_t *authenticator,
                                                            struct span secret)
{
	uint8_t digest[DIGEST_MD5_LEN];
	struct reader r = reader_of(packet->attributes);
	struct radius_attribute a;
	struct span value = span(NULL, 0);
	size_t count = 0;

	while (radius_next(&r, &a)) {
		if (a.type == RADIUS_MESSAGE_AUTHENTICATOR) {
			value = a.value;
			count++;
		}
	}
	if (count == 0)
		return RADIUS_REPLY_NO_MESSAGE_AUTHENTICATOR;
	if (count > 1 || value.n != sizeof(digest))
		return RADIUS_REPLY_BAD_MESSAGE_AUTHENTICATOR;
	if (!message_authenticator(packet->whole, authenticator,
	                           (size_t)(value.p - packet->whole.p), secret, digest) ||
	    !digest_equal(digest, value.p, sizeof(digest)))
		return RADIUS_REPLY_BAD_MESSAGE_AUTHENTICATOR;
	return RADIUS_REPLY_OK;
}

enum radius_reply_check radius_verify_reply(
	const struct radius_packet *reply,
	const uint8_t request_authenticator[static RADIUS_AUTHENTICATOR_LEN], struct span secret)
{
	uint8_t digest[DIGEST_MD5_LEN];

	if (!response_authenticator(reply->whole, request_authenticator, secret, digest) ||
	    !digest_equal(digest, reply->authenticator, sizeof(digest)))
		return RADIUS_REPLY_BAD_AUTHENTICATOR;
	return verify_message_authenticator(reply, request_authenticator, secret);
}

enum radius_reply_check radius_verify_request(const struct radius_packet *request,
                                              struct span secret)
{
	uint8_t digest[DIGEST_MD5_LEN];

	if (!response_authenticator(request->whole, zero_authenticator, secret, digest) ||
	    !digest_equal(digest, request->authenticator, sizeof(digest)))
		return RADIUS_REPLY_BAD_AUTHENTICATOR;
	return verify_message_authenticator(request, zero_authenticator, secret);
}

void radius_put(struct writer *w, uint8_t type, struct span value)
{
	if (value.n > RADIUS_MAX_VALUE) {
		w->failed = true;
		return;
	}
	write_u8(w, type);
	write_u8(w, (uint8_t)(value.n + ATTRIBUTE_HEADER_LEN));
	write_bytes(w, value);
}

void radius_put_u32(struct writer *w, uint8_t type, uint32_t value)
{
	write_u8(w, type);
	write_u8(w, ATTRIBUTE_HEADER_LEN + 4);
	write_u32(w, value);
}

void radius_put_text(struct writer *w, uint8_t type, const char *text)
{
	if (text[0] != '\0')
		radius_put(w, type, span_of_string(text));
}

void radius_put_eap(struct writer *w, struct span eap)
{
	struct reader r = reader_of(eap);

	while (r.left.n > 0 && writer_ok(w)) {
		size_t n = r.left.n < RADIUS_MAX_VALUE ? r.left.n : RADIUS_MAX_VALUE;

		radius_put(w, RADIUS_EAP_MESSAGE, read_bytes(&r, n));
	}
}

enum { MESSAGE_AUTHENTICATOR_AT = RADIUS_HEADER_LEN + ATTRIBUTE_HEADER_LEN };

/* Header with `authenticator`, Message-Authenticator if `secret`, attributes. */
static enum portcall_err write_packet(uint8_t code, uint8_t id, const uint8_t *authenticator,
                                      struct span attributes, const struct span *secret,
                                      uint8_t *buf, size_t max, size_t *ret_n)
{
	struct writer w = writer_to(buf, max < RADIUS_MAX_PACKET ? max : RADIUS_MAX_PACKET);
	uint8_t digest[DIGEST_MD5_LEN];

	write_u8(&w, code);
	write_u8(&w, id);
	write_u16(&w, 0);
	write_bytes(&w, span(authenticator, RADIUS_AUTHENTICATOR_LEN));
	if (secret) {
		write_u8(&w, RADIUS_MESSAGE_AUTHENTICATOR);
		write_u8(&w, ATTRIBUTE_HEADER_LEN + RADIUS_AUTHENTICATOR_LEN);
		write_zeros(&w, RADIUS_AUTHENTICATOR_LEN);
	}
	write_bytes(&w, attributes);
	if (!writer_ok(&w))
		return PORTCALL_ERR_LIMIT;
	write_u16_at(&w, 2, (uint16_t)w.n);
	if (secret) {
		if (!message_authenticator(writer_span(&w), authenticator, MESSAGE_AUTHENTICATOR_AT,
		                           *secret, digest))
			return PORTCALL_ERR_MEMORY;
		memcpy(buf + MESSAGE_AUTHENTICATOR_AT, digest, sizeof(digest));
	}
	*ret_n = w.n;
	return PORTCALL_OK;
}

enum portcall_err radius_request(uint8_t id,
                                 const uint8_t authenticator[static RADIUS_AUTHENTICATOR_LEN],
                                 struct span attributes, struct span secret, uint8_t *buf,
                                 size_t max, size_t *ret_n)
{
	return write_packet(RADIUS_ACCESS_REQUEST, id, authenticator, attributes, &secret, buf, max,
	                    ret_n);
}

/* Put the digest over what is in `buf` and the secret in the place of the authenticator. */
static enum portcall_err sign(uint8_t *buf, size_t n, const uint8_t *request_authenticator,
                              struct span secret)
{
	uint8_t digest[DIGEST_MD5_LEN];

	if (!response_authenticator(span(buf, n), request_authenticator, secret, digest))
		return PORTCALL_ERR_MEMORY;
	memcpy(buf + 4, digest, sizeof(digest));
	return PORTCALL_OK;
}

enum portcall_err radius_signed_request(uint8_t code, uint8_t id, bool authenticated,
                                        struct span attributes, struct span secret, uint8_t *buf,
                                        size_t max, size_t *ret_n)
{
	size_t n;
	enum portcall_err err = write_packet(code, id, zero_authenticator, attributes,
	                                     authenticated ? &secret : NULL, buf, max, &n);

	if (!err)
		err = sign(buf, n, zero_authenticator, secret);
	if (!err)
		*ret_n = n;
	return err;
}

enum portcall_err radius_reply(uint8_t code, uint8_t id,
                               const uint8_t request_authenticator[static RADIUS_AUTHENTICATOR_LEN],
                               struct span attributes, struct span secret, uint8_t *buf, size_t max,
                               size_t *ret_n)
{
	size_t n;
	enum portcall_err err =
		write_packet(code, id, request_authenticator, attributes, &secret, buf, max, &n);

	if (!err)
		err = sign(buf, n, request_authenticator, secret);
	if (!err)
		*ret_n = n;
	return err;
}

const char *radius_code_text(uint8_t code)
{
	switch (code) {
	case RADIUS_ACCESS_REQUEST:
		return "Access-Request";
	case RADIUS_ACCESS_ACCEPT:
		return "Access-Accept";
	case RADIUS_ACCESS_REJECT:
		return "Access-Reject";
	case RADIUS_ACCESS_CHALLENGE:
		return "Access-Challenge";
	case RADIUS_DISCONNECT_REQUEST:
		return "Disconnect-Request";
	case RADIUS_DISCONNECT_ACK:
		return "Disconnect-ACK";
	case RADIUS_DISCONNECT_NAK:
		return "Disconnect-NAK";
	case RADIUS_COA_REQUEST:
		return "CoA-Request";
	case RADIUS_COA_ACK:
		return "CoA-ACK";
	case RADIUS_COA_NAK:
		return "CoA-NAK";
	}
	return "unknown";
}
