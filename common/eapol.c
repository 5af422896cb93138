/* SPDX-License-Identifier: BSD-3-Clause */
#include "common/eapol.h"

enum { TPID_CTAG = 0x8100, TPID_STAG = 0x88a8, ETHERNET_MIN = 60, TAGS_MAX = 2 };

static bool is_tag(uint16_t ethertype)
{
	return ethertype == TPID_CTAG || ethertype == TPID_STAG;
}

enum portcall_err eapol_decode(struct span frame, struct eapol_frame *ret_frame)
{
	struct reader r = reader_of(frame);
	struct eapol_frame f = { 0 };

	f.dst = read_bytes(&r, MAC_LEN).p;
	f.src = read_bytes(&r, MAC_LEN).p;
	uint16_t ethertype = read_u16(&r);

	for (int tags = 0; is_tag(ethertype) && tags < TAGS_MAX; tags++) {
		read_u16(&r);
		ethertype = read_u16(&r);
	}
	f.version = read_u8(&r);
	uint8_t type = read_u8(&r);

	f.body = read_bytes(&r, read_u16(&r));
	if (!reader_ok(&r) || ethertype != EAPOL_ETHERTYPE || f.version == 0 ||
	    mac_is_group(f.src) || type > EAPOL_ANNOUNCEMENT_REQUEST)
		return PORTCALL_DISCARD;
	f.type = (enum eapol_type)type;
	*ret_frame = f;
	return PORTCALL_OK;
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
