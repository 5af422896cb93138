/* SPDX-License-Identifier: BSD-3-Clause */
#include "common/eap.h"

#include <string.h>

enum portcall_err eap_decode(struct span packet, struct eap_packet *ret_packet)
{
	struct reader r = reader_of(packet);
	struct eap_packet p = { 0 };
	uint8_t code = read_u8(&r);

	p.id = read_u8(&r);
	uint16_t length = read_u16(&r);

	if (!reader_ok(&r) || length < EAP_HEADER_LEN || length > packet.n)
		return PORTCALL_DISCARD;
	if (code < EAP_CODE_REQUEST || code > EAP_CODE_FAILURE)
		return PORTCALL_DISCARD;
	p.code = (enum eap_code)code;
	p.whole = span(packet.p, length);
	if (p.code == EAP_CODE_REQUEST || p.code == EAP_CODE_RESPONSE) {
		if (length == EAP_HEADER_LEN)
			return PORTCALL_DISCARD;
		p.type = read_u8(&r);
		p.data = read_bytes(&r, (size_t)length - EAP_HEADER_LEN - 1);
	}
	*ret_packet = p;
	return PORTCALL_OK;
}

enum portcall_err eap_encode(enum eap_code code, uint8_t id, uint8_t type, struct span data,
                             uint8_t *buf, size_t max, size_t *ret_n)
{
	struct writer w = writer_to(buf, max);
	bool typed = code == EAP_CODE_REQUEST || code == EAP_CODE_RESPONSE;
	size_t length = EAP_HEADER_LEN + (typed ? 1 + data.n : 0);

	if (length > UINT16_MAX)
		return PORTCALL_ERR_LIMIT;
	write_u8(&w, (uint8_t)code);
	write_u8(&w, id);
	write_u16(&w, (uint16_t)length);
	if (typed) {
		write_u8(&w, type);
		write_bytes(&w, data);
	}
	if (!writer_ok(&w))
		return PORTCALL_ERR_LIMIT;
	*ret_n = w.n;
	return PORTCALL_OK;
}

enum portcall_err eap_tls_decode(struct span data, struct eap_tls_header *ret_header)
{
	struct reader r = reader_of(data);
	struct eap_tls_header h = { .flags = read_u8(&r) };

	if (h.flags & EAP_TLS_FLAG_LENGTH)
		h.length = read_u32(&r);
	h.fragment = read_rest(&r);
	if (!reader_ok(&r))
		return PORTCALL_DISCARD;
	*ret_header = h;
	return PORTCALL_OK;
}

struct span eap_identity_session(struct span data)
{
	static const char key[] = "sid=";
	const uint8_t *nul = data.n ? memchr(data.p, 0, data.n) : NULL;

	if (!nul)
		return span(NULL, 0);
	struct span option = span(nul + 1, data.n - (size_t)(nul + 1 - data.p));

	if (option.n <= strlen(key) || memcmp(option.p, key, strlen(key)) != 0)
		return span(NULL, 0);
	struct span sid = span(option.p + strlen(key), option.n - strlen(key));

	for (size_t i = 0; i < sid.n; i++) {
		if (sid.p[i] <= ' ' || sid.p[i] > '~')
			return span(sid.p, i);
	}
	return sid;
}
