/* SPDX-License-Identifier: BSD-3-Clause */
#include "supplicant/seal.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "common/digest.h"

enum {
	MAGIC_LEN = 18,
	SALT_LEN = SEAL_SALT_LEN,
	CHECK_LEN = 8,
	NONCE_LEN = 12,
	TAG_LEN = 16,
	KEY_LEN = 32,
	ITERATIONS_AT = MAGIC_LEN,
	SALT_AT = ITERATIONS_AT + 4,
	CHECK_AT = SALT_AT + SALT_LEN,
	NONCE_AT = CHECK_AT + CHECK_LEN,
	HEADER_LEN = NONCE_AT + NONCE_LEN,
};

_Static_assert(HEADER_LEN + TAG_LEN == SEAL_OVERHEAD, "the header's fields");

static const char magic[] = "portcall-sealed-1\n";

/* What belongs to one pass phrase, salt and count. */
struct keys {
	uint32_t iterations; /* 0: none */
	uint8_t salt[SALT_LEN];
	uint8_t encrypt[KEY_LEN], digest[KEY_LEN], check[KEY_LEN];
};

struct seal {
	struct keys keys; /* derived last */
	uint8_t salt[SALT_LEN];
	char *passphrase;
};

static bool subkey(const uint8_t key[static KEY_LEN], const char *name,
                   uint8_t ret_key[static KEY_LEN])
{
	return HMAC(EVP_sha256(), key, KEY_LEN, (const unsigned char *)name, strlen(name), ret_key,
	            NULL) != NULL;
}

static bool derive(struct seal *seal, const uint8_t salt[static SALT_LEN], uint32_t iterations)
{
	struct keys keys = { .iterations = iterations };
	uint8_t key[KEY_LEN];
	bool ok;

	if (seal->keys.iterations == iterations && memcmp(seal->keys.salt, salt, SALT_LEN) == 0)
		return true;
	memcpy(keys.salt, salt, SALT_LEN);
	ok = PKCS5_PBKDF2_HMAC(seal->passphrase, -1, salt, SALT_LEN, (int)iterations, EVP_sha256(),
	                       KEY_LEN, key) == 1 &&
	     subkey(key, "encrypt", keys.encrypt) && subkey(key, "digest", keys.digest) &&
	     subkey(key, "check", keys.check);
	if (ok)
		seal->keys = keys;
	OPENSSL_cleanse(key, sizeof(key));
	OPENSSL_cleanse(&keys, sizeof(keys));
	return ok;
}

struct seal *seal_new(const char *passphrase, const uint8_t salt[static SEAL_SALT_LEN])
{
	struct seal *seal = calloc(1, sizeof(*seal));

	if (!seal || !(seal->passphrase = strdup(passphrase))) {
		free(seal);
		return NULL;
	}
	memcpy(seal->salt, salt, SALT_LEN);
	return seal;
}

void seal_free(struct seal *seal)
{
	if (!seal)
		return;
	OPENSSL_cleanse(seal->passphrase, strlen(seal->passphrase));
	OPENSSL_cleanse(&seal->keys, sizeof(seal->keys));
	free(seal->passphrase);
	free(seal);
}

bool seal_is_sealed(struct span octets)
{
	return octets.n >= MAGIC_LEN && memcmp(octets.p, magic, MAGIC_LEN) == 0;
}

/* One direction of AES-256-GCM; `tag` is read or written. */
static bool crypt_text(const struct keys *keys, bool encrypt, const uint8_t *header, struct span in,
                       uint8_t *out, uint8_t *tag)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n = 0, last = 0;
	bool ok = ctx && in.n < INT32_MAX &&
	          EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, keys->encrypt, header + NONCE_AT,
	                            encrypt) == 1 &&
	          EVP_CipherUpdate(ctx, NULL, &n, header, HEADER_LEN) == 1 &&
	          EVP_CipherUpdate(ctx, out, &n, in.p, (int)in.n) == 1;

	if (ok && !encrypt)
		ok = EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_LEN, tag) == 1;
	ok = ok && EVP_CipherFinal_ex(ctx, out + n, &last) == 1;
	if (ok && encrypt)
		ok = EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_LEN, tag) == 1;
	EVP_CIPHER_CTX_free(ctx);
	return ok;
}

enum portcall_err seal_close(struct seal *seal, struct span text, uint8_t **ret_octets)
{
	uint8_t *octets = malloc(text.n + SEAL_OVERHEAD);
	const struct keys *keys = &seal->keys;

	if (!octets || !derive(seal, seal->salt, SEAL_ITERATIONS) ||
	    !digest_random(octets + NONCE_AT, NONCE_LEN))
		goto fail;
	memcpy(octets, magic, MAGIC_LEN);
	for (int i = 0; i < 4; i++)
		octets[ITERATIONS_AT + i] = (uint8_t)(keys->iterations >> (24 - 8 * i));
	memcpy(octets + SALT_AT, keys->salt, SALT_LEN);
	memcpy(octets + CHECK_AT, keys->check, CHECK_LEN);
	if (!crypt_text(keys, true, octets, text, octets + HEADER_LEN,
	                octets + HEADER_LEN + text.n))
		goto fail;
	*ret_octets = octets;
	return PORTCALL_OK;
fail:
	free(octets);
	return PORTCALL_ERR_MEMORY;
}

enum portcall_err seal_open(struct seal *seal, struct span octets, char **ret_text, size_t *ret_n,
                            enum portcall_reason *ret_reason)
{
	struct reader r = reader_of(octets);
	uint8_t tag[TAG_LEN];
	uint32_t iterations;
	const uint8_t *salt;
	size_t n;
	char *text;

	*ret_reason = PORTCALL_REASON_STORE_DAMAGED;
	if (octets.n < SEAL_OVERHEAD || !seal_is_sealed(octets))
		return PORTCALL_ERR_SYNTAX;
	(void)read_bytes(&r, MAGIC_LEN);
	iterations = read_u32(&r);
	salt = read_bytes(&r, SALT_LEN).p;
	if (iterations < 1 || iterations > SEAL_ITERATIONS_MAX)
		return PORTCALL_ERR_SYNTAX;
	if (!derive(seal, salt, iterations))
		return PORTCALL_ERR_MEMORY;
	if (!digest_equal(octets.p + CHECK_AT, seal->keys.check, CHECK_LEN)) {
		*ret_reason = PORTCALL_REASON_STORE_SEALED;
		return PORTCALL_ERR_SYNTAX;
	}
	n = octets.n - SEAL_OVERHEAD;
	text = malloc(n + 1);
	if (!text)
		return PORTCALL_ERR_MEMORY;
	memcpy(tag, octets.p + HEADER_LEN + n, TAG_LEN);
	if (crypt_text(&seal->keys, false, octets.p, span(octets.p + HEADER_LEN, n),
	               (uint8_t *)text, tag)) {
		text[n] = '\0';
		*ret_text = text;
		*ret_n = n;
		return PORTCALL_OK;
	}
	OPENSSL_cleanse(text, n);
	free(text);
	return PORTCALL_ERR_SYNTAX;
}

bool seal_digest(struct seal *seal, struct span text, uint8_t ret_digest[static SEAL_DIGEST_LEN])
{
	return derive(seal, seal->salt, SEAL_ITERATIONS) &&
	       HMAC(EVP_sha256(), seal->keys.digest, KEY_LEN, text.p, text.n, ret_digest, NULL) !=
	               NULL;
}
