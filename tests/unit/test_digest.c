/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/check.h"

#include "common/digest.h"

static void assert_hex(const uint8_t *got, const char *hex)
{
	uint8_t expected[64];
	struct span e = unhex(hex, expected, sizeof(expected));

	assert_memory_equal(got, e.p, e.n);
}

static void md5(void **state)
{
	(void)state;
	const struct span parts[] = { span("mess", 4), span(NULL, 0), span("age digest", 10) };
	uint8_t out[DIGEST_MD5_LEN];

	assert_true(digest_md5(NULL, 0, out));
	assert_hex(out, "d41d8cd98f00b204e9800998ecf8427e");
	assert_true(digest_md5(parts, 3, out));
	assert_hex(out, "f96b697d7cb7938d525a2f31aaf161d0");
}

static void sha256(void **state)
{
	(void)state;
	const struct span abc = span("abc", 3);
	uint8_t out[DIGEST_SHA256_LEN];

	assert_true(digest_sha256(&abc, 1, out));
	assert_hex(out, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void hmac_md5(void **state)
{
	(void)state;
	uint8_t key[80], data[50], out[DIGEST_MD5_LEN];
	struct span part = span("Hi There", 8);

	memset(key, 0x0b, 16);
	assert_true(digest_hmac_md5(span(key, 16), &part, 1, out));
	assert_hex(out, "9294727a3638bb1c13f48ef8158bfc9d");
	part = span("what do ya want for nothing?", 28);
	assert_true(digest_hmac_md5(span("Jefe", 4), &part, 1, out));
	assert_hex(out, "750c783e6ab0b503eaa86e310a5db738");
	memset(key, 0xaa, 16);
	memset(data, 0xdd, sizeof(data));
	part = span(data, sizeof(data));
	assert_true(digest_hmac_md5(span(key, 16), &part, 1, out));
	assert_hex(out, "56be34521d144c88dbb8c733f0e8b3f6");
	memset(key, 0xaa, sizeof(key)); /* longer than a block */
	part = span("Test Using Larger Than Block-Size Key - Hash Key First", 54);
	assert_true(digest_hmac_md5(span(key, sizeof(key)), &part, 1, out));
	assert_hex(out, "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd");
}

static bool verifies(struct span mac)
{
	const struct span part = span("sample", 6);
	uint8_t out[DIGEST_MD5_LEN];

	assert_true(digest_hmac_md5(span("key", 3), &part, 1, out));
	return mac.n == sizeof(out) && digest_equal(mac.p, out, sizeof(out));
}

static void equal_sees_every_bit(void **state)
{
	(void)state;
	const struct span part = span("sample", 6);
	uint8_t out[DIGEST_MD5_LEN];

	assert_true(digest_hmac_md5(span("key", 3), &part, 1, out));
	rejects_every_bitflip(verifies, span(out, sizeof(out)));
	rejects_every_prefix(verifies, span(out, sizeof(out)));
}

static void random_and_wipe(void **state)
{
	(void)state;
	uint8_t a[32] = { 0 }, b[32] = { 0 }, zero[32] = { 0 };

	assert_true(digest_random(a, sizeof(a)));
	assert_true(digest_random(b, sizeof(b)));
	assert_memory_not_equal(a, b, sizeof(a));
	digest_wipe(a, sizeof(a));
	assert_memory_equal(a, zero, sizeof(a));
	assert_false(digest_random(a, SIZE_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		C("RFC 1321 A.5: MD5 of the test suite, in parts", md5),
		C("FIPS 180-4: SHA-256 of abc", sha256),
		C("RFC 2202 2: HMAC-MD5 of the test cases, keys longer than a block too", hmac_md5),
		C("the comparison sees every bit", equal_sees_every_bit),
		C("random octets differ, wiped ones are gone", random_and_wipe),
	};

	return cmocka_run_group_tests_name("digest", tests, NULL, NULL);
}
