/* SPDX-License-Identifier: BSD-3-Clause */
#include "common/digest.h"

#include <limits.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "common/auto.h"

AUTO_CLEANUP(context, EVP_MD_CTX *, EVP_MD_CTX_free)

enum { MD5_BLOCK = 64 };

static bool digest_of(EVP_MD_CTX *context, const EVP_MD *md, struct span prefix,
                      const struct span *parts, size_t count, uint8_t *ret_digest)
{
	if (!EVP_DigestInit_ex(context, md, NULL) || !EVP_DigestUpdate(context, prefix.p, prefix.n))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!EVP_DigestUpdate(context, parts[i].p, parts[i].n))
			return false;
	}
	return EVP_DigestFinal_ex(context, ret_digest, NULL) == 1;
}

static bool one_digest(const EVP_MD *md, const struct span *parts, size_t count,
                       uint8_t *ret_digest)
{
	AUTO(context) EVP_MD_CTX *context = EVP_MD_CTX_new();

	return context && digest_of(context, md, span(NULL, 0), parts, count, ret_digest);
}

bool digest_md5(const struct span *parts, size_t count, uint8_t ret_digest[static DIGEST_MD5_LEN])
{
	return one_digest(EVP_md5(), parts, count, ret_digest);
}

bool digest_sha256(const struct span *parts, size_t count,
                   uint8_t ret_digest[static DIGEST_SHA256_LEN])
{
	return one_digest(EVP_sha256(), parts, count, ret_digest);
}

/*
 * RFC 2104: H(K xor opad, H(K xor ipad, text)).  Written out on one digest context, because the crypto
 * library's MAC object costs several times the two MD5 of a RADIUS packet.
 */
bool digest_hmac_md5(struct span key, const struct span *parts, size_t count,
                     uint8_t ret_digest[static DIGEST_MD5_LEN])
{
	AUTO(context) EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint8_t inner_pad[MD5_BLOCK] = { 0 }, outer_pad[MD5_BLOCK], inner[DIGEST_MD5_LEN];
	struct span inner_span = span(inner, sizeof(inner));
	bool done = context != NULL;

	if (key.n > MD5_BLOCK)
		done = done && digest_of(context, EVP_md5(), span(NULL, 0), &key, 1, inner_pad);
	else if (key.n > 0)
		memcpy(inner_pad, key.p, key.n);
	for (size_t i = 0; i < MD5_BLOCK; i++) {
		outer_pad[i] = inner_pad[i] ^ 0x5c;
		inner_pad[i] ^= 0x36;
	}
	done = done &&
	       digest_of(context, EVP_md5(), span(inner_pad, MD5_BLOCK), parts, count, inner) &&
	       digest_of(context, EVP_md5(), span(outer_pad, MD5_BLOCK), &inner_span, 1,
	                 ret_digest);
	digest_wipe(inner_pad, sizeof(inner_pad));
	digest_wipe(outer_pad, sizeof(outer_pad));
	return done;
}

bool digest_equal(const void *a, const void *b, size_t n)
{
	return CRYPTO_memcmp(a, b, n) == 0;
}

bool digest_random(void *ret_octets, size_t n)
{
	return n <= INT_MAX && RAND_bytes(ret_octets, (int)n) == 1;
}

void digest_wipe(void *secret, size_t n)
{
	OPENSSL_cleanse(secret, n);
}
