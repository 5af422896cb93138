/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Form: notBefore and notAfter of the chain (8 octets each, big-endian), then OpenSSL's DER of the session
 * without the server's certificate: half of its octets, and of no use to a client that resumes.
 */
#include "supplicant/tls_resume.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/asn1.h>
#include <openssl/crypto.h>

#include "common/credential_openssl.h"

enum {
	DATES = 16,      /* octets */
	DER_HEADER = 4,  /* SEQUENCE with a length of two octets */
	PEER = 3,        /* SSL_SESSION's `peer [3] EXPLICIT X509 OPTIONAL` */
	DER_MAX = 65536, /* octets of a session as OpenSSL writes it */
};

struct tls_validity tls_validity_of(const SSL *ssl)
{
	STACK_OF(X509) *chain = SSL_get0_verified_chain(ssl);
	struct tls_validity validity = { INT64_MIN, INT64_MAX };

	for (int i = 0; i < sk_X509_num(chain); i++) {
		X509 *cert = sk_X509_value(chain, i);
		int64_t from = cert_seconds(X509_get0_notBefore(cert));
		int64_t to = cert_seconds(X509_get0_notAfter(cert));

		validity.not_before = from > validity.not_before ? from : validity.not_before;
		validity.not_after = to < validity.not_after ? to : validity.not_after;
	}
	return validity;
}

bool tls_validity_holds(const struct tls_validity *validity, const struct cert_policy *policy)
{
	int64_t now = policy->time ? policy->time : (int64_t)time(NULL);

	if (policy->verify == PORTCALL_VERIFY_NONE)
		return true;
	return now < validity->not_after &&
	       (policy->not_before_ignored || now > validity->not_before);
}

/* The elements of the SEQUENCE `der`, without the peer; false: `der` is none, or too large. */
static bool write_without_peer(struct writer *w, struct span der)
{
	const unsigned char *at = der.p, *end = der.p + der.n;
	long n;
	int tag, class;

	if (ASN1_get_object(&at, &n, &tag, &class, (long)der.n) & 0x80 || tag != V_ASN1_SEQUENCE)
		return false;
	end = at + n;
	write_u8(w, V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED);
	write_u8(w,
	         0x82); /* two octets of length, not always the shortest form: d2i does not mind */
	write_u16(w, 0);
	while (at < end) {
		const unsigned char *element = at;

		if (ASN1_get_object(&at, &n, &tag, &class, end - at) & 0x80)
			return false;
		at += n;
		if (class != V_ASN1_CONTEXT_SPECIFIC || tag != PEER)
			write_bytes(w, span(element, (size_t)(at - element)));
	}
	return writer_ok(w);
}

static void write_i64(struct writer *w, int64_t v)
{
	write_u32(w, (uint32_t)((uint64_t)v >> 32));
	write_u32(w, (uint32_t)v);
}

static int64_t read_i64(struct reader *r)
{
	uint64_t high = read_u32(r);

	return (int64_t)(high << 32 | read_u32(r));
}

bool tls_resume_write(SSL_SESSION *session, const struct tls_validity *validity,
                      uint8_t **ret_octets, size_t *ret_n)
{
	int n = SSL_SESSION_is_resumable(session) ? i2d_SSL_SESSION(session, NULL) : 0;
	unsigned char *der = n > 0 && n <= DER_MAX ? malloc((size_t)n) : NULL, *end = der;
	uint8_t octets[TLS_RESUME_MAX], *copy = NULL;
	struct writer w = writer_to(octets, sizeof(octets));

	if (!der || i2d_SSL_SESSION(session, &end) != n)
		goto out;
	write_i64(&w, validity->not_before);
	write_i64(&w, validity->not_after);
	if (!write_without_peer(&w, span(der, (size_t)n)))
		goto out;
	write_u16_at(&w, DATES + 2, (uint16_t)(w.n - DATES - DER_HEADER));
	copy = malloc(w.n);
	if (copy) {
		*ret_octets = memcpy(copy, octets, w.n);
		*ret_n = w.n;
	}
out:
	if (der)
		OPENSSL_cleanse(der, (size_t)n);
	free(der);
	OPENSSL_cleanse(octets, sizeof(octets));
	return copy;
}

SSL_SESSION *tls_resume_read(struct span octets, struct tls_validity *ret_validity)
{
	struct reader r = reader_of(octets);
	struct tls_validity validity;
	const unsigned char *at;
	SSL_SESSION *session;
	struct span der;

	validity.not_before = read_i64(&r);
	validity.not_after = read_i64(&r);
	der = read_rest(&r);
	at = der.p;
	if (!reader_ok(&r) || der.n == 0 || der.n > TLS_RESUME_MAX)
		return NULL;
	session = d2i_SSL_SESSION(NULL, &at, (long)der.n);
	if (session && (at != der.p + der.n || !SSL_SESSION_is_resumable(session))) {
		SSL_SESSION_free(session);
		return NULL;
	}
	*ret_validity = validity;
	return session;
}
