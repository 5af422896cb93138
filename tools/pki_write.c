/* SPDX-License-Identifier: BSD-3-Clause */
/* pki_write - certificates and keys as PEM, files and PKCS#12. */
#include "tools/pki_openssl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/provider.h>

enum { PKCS12_ITERATIONS = 2048, PKCS12_SALT = 8 };

char *pki_bio_text(BIO *bio)
{
	char *p;
	long n = BIO_get_mem_data(bio, &p);

	return n < 0 ? NULL : strndup(p, (size_t)n);
}

char *pki_pem(const struct pki_cert *cert, bool chain)
{
	AUTO(bio) BIO *bio = BIO_new(BIO_s_mem());

	if (!bio || !PEM_write_bio_X509(bio, cert->x509))
		return NULL;
	for (int i = 0; chain && i < sk_X509_num(cert->above); i++) {
		if (!PEM_write_bio_X509(bio, sk_X509_value(cert->above, i)))
			return NULL;
	}
	return pki_bio_text(bio);
}

/* Removes what is there first, so that neither its mode nor a link decides where the bytes go. */
static bool file_write(const char *path, mode_t mode, const char *p, size_t n,
                       char why[static PKI_WHY_LEN])
{
	if (unlink(path) && errno != ENOENT)
		goto fail;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0)
		goto fail;

	bool ok = fchmod(fd, mode) == 0;

	while (ok && n) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		ok = done > 0;
		p += ok ? done : 0;
		n -= ok ? (size_t)done : 0;
	}
	if (close(fd) == 0 && ok)
		return true;
fail:
	snprintf(why, PKI_WHY_LEN, "%s cannot be written: %s.", path, strerror(errno));
	return false;
}

bool pki_write_cert(const struct pki_cert *cert, bool chain, const char *path,
                    char ret_why[static PKI_WHY_LEN])
{
	AUTO(free) char *pem = pki_pem(cert, chain);

	if (!pem)
		return pki_failed(ret_why, "The certificate could not be written as PEM");
	return file_write(path, 0644, pem, strlen(pem), ret_why);
}

char *pki_key_pem(const struct pki_cert *cert, const char *passphrase, unsigned iterations,
                  char ret_why[static PKI_WHY_LEN])
{
	AUTO(bio) BIO *bio = BIO_new(BIO_s_secmem()); /* wiped when freed */
	PKCS8_PRIV_KEY_INFO *plain = NULL;
	X509_SIG *encrypted = NULL;
	bool ok = false;

	ERR_clear_error();
	if (bio && !passphrase) {
		ok = PEM_write_bio_PKCS8PrivateKey(bio, cert->key, NULL, NULL, 0, NULL, NULL) == 1;
	} else if (bio) {
		plain = EVP_PKEY2PKCS8(cert->key);
		encrypted = plain ? PKCS8_encrypt(-1, EVP_aes_256_cbc(), passphrase,
		                                  (int)strlen(passphrase), NULL, 0, (int)iterations,
		                                  plain)
		                  : NULL;
		ok = encrypted && PEM_write_bio_PKCS8(bio, encrypted) == 1;
	}
	PKCS8_PRIV_KEY_INFO_free(plain);
	X509_SIG_free(encrypted);
	if (ok)
		return pki_bio_text(bio);
	pki_failed(ret_why, "The private key could not be written as PEM");
	return NULL;
}

bool pki_write_key(const struct pki_cert *cert, const char *path, char ret_why[static PKI_WHY_LEN])
{
	char *pem = pki_key_pem(cert, NULL, 0, ret_why);
	bool ok;

	if (!pem)
		return false;
	ok = file_write(path, 0600, pem, strlen(pem), ret_why);
	OPENSSL_cleanse(pem, strlen(pem));
	free(pem);
	return ok;
}

static PKCS12 *pkcs12_make(const struct pki_cert *cert, const char *passphrase,
                           const struct pki_pkcs12_options *options)
{
	bool modern = options->container == PKI_MODERN;
	int iterations =
		modern && options->iterations ? (int)options->iterations : PKCS12_ITERATIONS;
	int key = modern ? NID_aes_256_cbc : NID_pbe_WithSHA1And3_Key_TripleDES_CBC;
	int certs = modern ? NID_aes_256_cbc : NID_pbe_WithSHA1And40BitRC2_CBC;
	PKCS12 *p12 = PKCS12_create(passphrase, options->name, cert->key, cert->x509, cert->above,
	                            key, certs, iterations, -1, 0);

	if (p12 && PKCS12_set_mac(p12, passphrase, -1, NULL, PKCS12_SALT, iterations,
	                          modern ? EVP_sha256() : EVP_sha1()))
		return p12;
	PKCS12_free(p12);
	return NULL;
}

/*
 * RC2 lives in OpenSSL's legacy provider.  A library context of its own is made this thread's default for the
 * call, because parts of OpenSSL 3.0's PKCS#12 code know no other way.
 */
static PKCS12 *pkcs12_optipoint(const struct pki_cert *cert, const char *passphrase,
                                const struct pki_pkcs12_options *options)
{
	OSSL_LIB_CTX *ctx = OSSL_LIB_CTX_new();
	OSSL_PROVIDER *modern = ctx ? OSSL_PROVIDER_load(ctx, "default") : NULL;
	OSSL_PROVIDER *legacy = ctx ? OSSL_PROVIDER_load(ctx, "legacy") : NULL;
	PKCS12 *p12 = NULL;

	if (modern && legacy) {
		OSSL_LIB_CTX *before = OSSL_LIB_CTX_set0_default(ctx);

		p12 = pkcs12_make(cert, passphrase, options);
		OSSL_LIB_CTX_set0_default(before);
	}
	if (legacy)
		OSSL_PROVIDER_unload(legacy);
	if (modern)
		OSSL_PROVIDER_unload(modern);
	OSSL_LIB_CTX_free(ctx);
	return p12;
}

uint8_t *pki_pkcs12_with(const struct pki_cert *cert, const char *passphrase,
                         const struct pki_pkcs12_options *options, size_t *ret_n,
                         char ret_why[static PKI_WHY_LEN])
{
	ERR_clear_error();
	AUTO(pkcs12)
	PKCS12 *p12 = options->container == PKI_MODERN
	                      ? pkcs12_make(cert, passphrase, options)
	                      : pkcs12_optipoint(cert, passphrase, options);
	int n = p12 ? i2d_PKCS12(p12, NULL) : -1;
	AUTO(free) uint8_t *der = n > 0 ? malloc((size_t)n) : NULL;
	uint8_t *end = der;

	if (!der || i2d_PKCS12(p12, &end) != n) {
		pki_failed(ret_why, "The PKCS#12 file could not be made");
		return NULL;
	}
	*ret_n = (size_t)n;
	return steal(der);
}

uint8_t *pki_pkcs12(const struct pki_cert *cert, const char *passphrase,
                    enum pki_container container, size_t *ret_n, char ret_why[static PKI_WHY_LEN])
{
	const struct pki_pkcs12_options options = { .container = container };

	return pki_pkcs12_with(cert, passphrase, &options, ret_n, ret_why);
}

char *pki_pkcs12_base64(const struct pki_cert *cert, const char *passphrase,
                        enum pki_container container, char ret_why[static PKI_WHY_LEN])
{
	size_t n = 0;
	AUTO(free) uint8_t *der = pki_pkcs12(cert, passphrase, container, &n, ret_why);

	if (!der)
		return NULL;

	AUTO(bio) BIO *bio = BIO_new(BIO_s_mem());
	BIO *base64 = BIO_new(BIO_f_base64());

	if (!bio || !base64) {
		BIO_free(base64);
		pki_failed(ret_why, "The PKCS#12 file could not be written as base64");
		return NULL;
	}
	bio = BIO_push(base64, bio);
	if (BIO_write(bio, der, (int)n) != (int)n || BIO_flush(bio) != 1) {
		pki_failed(ret_why, "The PKCS#12 file could not be written as base64");
		return NULL;
	}
	return pki_bio_text(BIO_next(bio));
}
