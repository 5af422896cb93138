/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/item_value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include "common/auto.h"
#include "common/credential_openssl.h"
#include "common/item.h"
#include "common/pem.h"

enum { LINE = 64, LINE_OCTETS = LINE / 4 * 3 };

char *base64_lines(struct span octets)
{
	size_t lines = octets.n / LINE_OCTETS + 1, n = 0;
	char *text = malloc(lines * (LINE + 1) + 1);

	if (!text)
		return NULL;
	while (octets.n) {
		size_t take = octets.n < LINE_OCTETS ? octets.n : LINE_OCTETS;

		n += (size_t)EVP_EncodeBlock((unsigned char *)text + n, octets.p, (int)take);
		text[n++] = '\n';
		octets = span(octets.p + take, octets.n - take);
	}
	text[n] = '\0';
	return text;
}

static bool is_anchor(const char *name)
{
	return !strcmp(name, ITEM_CA1) || !strcmp(name, ITEM_CA2);
}

static enum portcall_err refuse(struct portcall_why *ret_why, enum portcall_err err,
                                enum portcall_reason reason, const char *text)
{
	*ret_why = (struct portcall_why){ .reason = reason };
	snprintf(ret_why->text, sizeof(ret_why->text), "%s", text);
	return err;
}

/* PEM of a certificate in DER; NULL: it is none. */
static char *pem_of(struct span der)
{
	const unsigned char *p = der.p;
	X509 *cert = d2i_X509(NULL, &p, (long)der.n);
	BIO *bio = cert && p == der.p + der.n ? BIO_new(BIO_s_mem()) : NULL;
	char *text = NULL, *at;

	if (bio && PEM_write_bio_X509(bio, cert)) {
		long n = BIO_get_mem_data(bio, &at);

		text = n > 0 ? strndup(at, (size_t)n) : NULL;
	}
	BIO_free(bio);
	X509_free(cert);
	ERR_clear_error();
	return text;
}

static bool is_pkcs12(struct span der)
{
	const unsigned char *p = der.p;
	PKCS12 *p12 = der.n ? d2i_PKCS12(NULL, &p, (long)der.n) : NULL;
	bool all = p12 && p == der.p + der.n;

	PKCS12_free(p12);
	ERR_clear_error();
	return all;
}

char *item_value(const char *name, struct span content, struct portcall_why *ret_why)
{
	const char *text = (const char *)content.p;
	size_t n = content.n;
	char *value = NULL;

	if (is_anchor(name))
		value = pem_of(content);
	else if (!strcmp(name, ITEM_CERTIFICATE) && is_pkcs12(content))
		value = base64_lines(content);
	if (value) {
		value[strlen(value) - 1] = '\0'; /* the last line's end */
		return value;
	}
	if (n && memchr(text, '\0', n)) {
		refuse(ret_why, PORTCALL_ERR_SYNTAX, PORTCALL_REASON_XML_SYNTAX,
		       "the value is no text");
		return NULL;
	}
	if (n >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
		text += 3;
		n -= 3;
	}
	while (n && (text[n - 1] == '\n' || text[n - 1] == '\r'))
		n--;
	value = strndup(text, n);
	if (!value)
		refuse(ret_why, PORTCALL_ERR_MEMORY, PORTCALL_REASON_NONE, "out of memory");
	return value;
}

static enum portcall_err check_anchors(const char *value, struct portcall_why *ret_why)
{
	STACK_OF(X509) *certs = sk_X509_new_null();
	enum portcall_err err =
		certs ? anchors_parse(span_of_string(value), 1, certs, ret_why)
		      : refuse(ret_why, PORTCALL_ERR_MEMORY, PORTCALL_REASON_NONE, "out of memory");

	sk_X509_pop_free(certs, X509_free);
	return err;
}

static enum portcall_err check_pkcs12(const char *value, struct portcall_why *ret_why)
{
	struct span text = span_of_string(value);
	AUTO(free) uint8_t *der = malloc(base64_room(text.n));
	struct pem_fault fault = { 0 };
	size_t n = 0;
	enum portcall_err err;

	if (!der)
		return refuse(ret_why, PORTCALL_ERR_MEMORY, PORTCALL_REASON_NONE, "out of memory");
	if (memmem(text.p, text.n, "--BEGIN", 7))
		return refuse(ret_why, PORTCALL_ERR_SYNTAX, PORTCALL_REASON_P12_SYNTAX,
		              "it is PEM text; are the items exchanged?");
	err = base64_decode(text, der, base64_room(text.n), &n, &fault);
	if (err)
		return refuse(ret_why, PORTCALL_ERR_SYNTAX, PORTCALL_REASON_BASE64_BAD,
		              fault.what ? fault.what : "");
	if (!is_pkcs12(span(der, n)))
		err = refuse(ret_why, PORTCALL_ERR_SYNTAX, PORTCALL_REASON_P12_SYNTAX, "");
	OPENSSL_cleanse(der, n);
	return err;
}

static bool is_blank(const char *value)
{
	return value[strspn(value, " \t\r\n")] == '\0';
}

enum portcall_err item_value_check(const char *name, const char *value,
                                   struct portcall_why *ret_why)
{
	if (item_name_is_passphrase(name))
		return refuse(ret_why, PORTCALL_ERR_REFUSED,
		              PORTCALL_REASON_ITEM_PASSPHRASE_REFUSED, name);
	if (is_blank(value)) /* deletes what the phone has */
		return PORTCALL_OK;
	if (is_anchor(name))
		return check_anchors(value, ret_why);
	if (!strcmp(name, ITEM_CERTIFICATE))
		return check_pkcs12(value, ret_why);
	return PORTCALL_OK;
}
