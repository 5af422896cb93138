/* SPDX-License-Identifier: BSD-3-Clause */
#include "common/eapol.h"

enum { TPID_CTAG = 0x8100, TPID_STAG = 0x88a8, ETHERNET_MIN = 60, TAGS_MAX = 2 };

static bool is_tag(uint16_t ethertype)
{
	return ethertype == TPID_CTAG || ethertype == TPID_STAG;
}

/* `ret_fault` says what is wrong when it is not OK. */
static enum portcall_err decode(struct span frame, struct eapol_frame *ret_frame,
                                enum eapol_fault *ret_fault)
{
	struct reader r = reader_of(frame);
	struct eapol_frame f = { 0 };
	uint16_t ethertype;
	uint8_t type;

	f.dst = read_bytes(&r, MAC_LEN).p;
	f.src = read_bytes(&r, MAC_LEN).p;
	ethertype = read_u16(&r);
	for (int tags = 0; is_tag(ethertype) && tags < TAGS_MAX; tags++) {
		read_u16(&r);
		ethertype = read_u16(&r);
	}
	*ret_fault = EAPOL_FOREIGN;
	if (!reader_ok(&r) || ethertype != EAPOL_ETHERTYPE || mac_is_group(f.src))
		return PORTCALL_DISCARD;
	f.version = read_u8(&r);
	type = read_u8(&r);
	f.body = read_bytes(&r, read_u16(&r));
	*ret_fault = EAPOL_BAD_LENGTH;
	if (!reader_ok(&r))
		return PORTCALL_DISCARD;
	*ret_fault = EAPOL_BAD_TYPE;
	if (f.version == 0 || type > EAPOL_ANNOUNCEMENT_REQUEST)
		return PORTCALL_DISCARD;
	f.type = (enum eapol_type)type;
	*ret_frame = f;
	return PORTCALL_OK;
}

enum portcall_err eapol_decode(struct span frame, struct eapol_frame *ret_frame)
{
	enum eapol_fault fault;

	return decode(frame, ret_frame, &fault);
}

enum eapol_fault eapol_fault(struct span frame)
{
	struct eapol_frame ignored;
	enum eapol_fault fault;

	(void)decode(frame, &ignored, &fault);
	return fault;
}

enum portcall_err eapol_encode(const uint8_t dst[static MAC_LEN], const uint8_t src[static MAC_LEN],
                               enum eapol_type type, struct span body, uint8_t *buf, size_t max,
                               size_t *ret_n)
{
	struct writer w = writer_to(buf, max);

	if (body.n > UINT16_MAX)
		return PORTCALL_ERR_LIMIT;
	write_bytes(&w, span(dst, MAC_LEN));
	write_bytes(&w, span(src, MAC_LEN));
	write_u16(&w, EAPOL_ETHERTYPE);
	write_u8(&w, EAPOL_VERSION);
	write_u8(&w, (uint8_t)type);
	write_u16(&w, (uint16_t)body.n);
	write_bytes(&w, body);
	if (w.n < ETHERNET_MIN)
		write_zeros(&w, ETHERNET_MIN - w.n);
	if (!writer_ok(&w))
		return PORTCALL_ERR_LIMIT;
	*ret_n = w.n;
	return PORTCALL_OK;
}
