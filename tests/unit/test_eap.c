/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/check.h"

#include "common/eap.h"

static bool accepts(struct span packet)
{
	struct eap_packet p;

	return eap_decode(packet, &p) == PORTCALL_OK;
}

static bool accepts_hex(const char *hex)
{
	uint8_t buf[64];

	return accepts(unhex(hex, buf, sizeof(buf)));
}

static void identity_request(void **state)
{
	(void)state;
	uint8_t buf[16];
	struct eap_packet p;
	struct span in = unhex("01 07 0008 01 616263 0000", buf, sizeof(buf));

	assert_int_equal(eap_decode(in, &p), PORTCALL_OK);
	assert_int_equal(p.code, EAP_CODE_REQUEST);
	assert_int_equal(p.id, 7);
	assert_int_equal(p.type, EAP_METHOD_IDENTITY);
	assert_true(span_is(p.data, "abc"));
	assert_ptr_equal(p.whole.p, buf);
	assert_int_equal(p.whole.n, 8);
}

static void success_has_no_type(void **state)
{
	(void)state;
	uint8_t buf[16];
	struct eap_packet p;

	assert_int_equal(eap_decode(unhex("03 09 0004 ffff", buf, sizeof(buf)), &p), PORTCALL_OK);
	assert_int_equal(p.code, EAP_CODE_SUCCESS);
	assert_int_equal(p.type, EAP_METHOD_NONE);
	assert_int_equal(p.data.n, 0);
	assert_int_equal(p.whole.n, 4);
}

static void every_prefix(void **state)
{
	(void)state;
	uint8_t buf[16];

	rejects_every_prefix(accepts, unhex("02 07 0009 0d 00 616263", buf, sizeof(buf)));
}

static void malformed(void **state)
{
	(void)state;
	assert_false(accepts_hex("00 07 0005 01"));
	assert_false(accepts_hex("05 07 0005 01"));
	assert_false(accepts_hex("01 07 0004"));
	assert_false(accepts_hex("01 07 0003 01"));
	assert_false(accepts_hex("01 07 0000 01"));
	assert_false(accepts_hex("01 07 0006 01"));
	assert_true(accepts_hex("01 07 0005 01"));
}

static void encodes_what_it_decodes(void **state)
{
	(void)state;
	uint8_t buf[16], expected[16];
	size_t n = 0;

	assert_int_equal(eap_encode(EAP_CODE_RESPONSE, 3, EAP_METHOD_NAK, span("\x0d", 1), buf,
	                            sizeof(buf), &n),
	                 PORTCALL_OK);
	assert_true(
		span_equal(span(buf, n), unhex("02 03 0006 03 0d", expected, sizeof(expected))));
	assert_int_equal(
		eap_encode(EAP_CODE_FAILURE, 4, EAP_METHOD_TLS, span("x", 1), buf, sizeof(buf), &n),
		PORTCALL_OK);
	assert_true(span_equal(span(buf, n), unhex("04 04 0004", expected, sizeof(expected))));
	n = 7;
	assert_int_equal(eap_encode(EAP_CODE_RESPONSE, 3, EAP_METHOD_TLS, span(buf, 12), buf,
	                            sizeof(buf), &n),
	                 PORTCALL_ERR_LIMIT);
	assert_int_equal(n, 7);
}

static void tls_header(void **state)
{
	(void)state;
	uint8_t buf[16];
	struct eap_tls_header h;

	assert_int_equal(eap_tls_decode(unhex("c0 00000400 1603", buf, sizeof(buf)), &h),
	                 PORTCALL_OK);
	assert_int_equal(h.flags, EAP_TLS_FLAG_LENGTH | EAP_TLS_FLAG_MORE);
	assert_int_equal(h.length, 1024);
	assert_int_equal(h.fragment.n, 2);
	assert_int_equal(eap_tls_decode(unhex("20", buf, sizeof(buf)), &h), PORTCALL_OK);
	assert_int_equal(h.flags, EAP_TLS_FLAG_START);
	assert_int_equal(h.length, 0);
	assert_int_equal(h.fragment.n, 0);
	assert_int_equal(eap_tls_decode(unhex("80 000004", buf, sizeof(buf)), &h),
	                 PORTCALL_DISCARD);
	assert_int_equal(eap_tls_decode(span(NULL, 0), &h), PORTCALL_DISCARD);
}

static struct span session_of(const char *data, size_t n)
{
	return eap_identity_session(span(data, n));
}

static void session_behind_the_nul(void **state)
{
	(void)state;
	assert_true(span_is(session_of("hello\0sid=p1-7", 14), "p1-7"));
	assert_true(span_is(session_of("\0sid=p1-7", 9), "p1-7"));
	assert_true(span_is(session_of("\0sid=p1\0x", 9), "p1"));
	assert_true(span_is(session_of("\0sid=p1 x", 9), "p1"));
	assert_int_equal(session_of("hello", 5).n, 0);
	assert_int_equal(session_of("\0nas=a", 6).n, 0);
	assert_int_equal(session_of("\0sid=", 5).n, 0);
	assert_int_equal(session_of("\0sid", 4).n, 0);
	assert_int_equal(eap_identity_session(span(NULL, 0)).n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		C("RFC 3748 4.1: octets beyond Length are padding", identity_request),
		C("RFC 3748 4.2: Success and Failure have no type", success_has_no_type),
		C("rejects every prefix of a packet", every_prefix),
		C("RFC 3748 4.1: unknown codes and false lengths are dropped", malformed),
		C("encodes what it decodes, within limits", encodes_what_it_decodes),
		C("RFC 5216 3.1: flags, length and fragment", tls_header),
		C("RFC 3748 5.1: the session id stands behind the NUL of the Identity request",
		  session_behind_the_nul),
	};

	return cmocka_run_group_tests_name("eap", tests, NULL, NULL);
}
