/* SPDX-License-Identifier: BSD-3-Clause */
/* cert_text - what certificates say, as text: names, keys, fingerprints. */
#include "common/credential_openssl.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

static void hex_of(const unsigned char *p, size_t n, char *ret_hex)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		ret_hex[2 * i] = digits[p[i] >> 4];
		ret_hex[2 * i + 1] = digits[p[i] & 15];
	}
	ret_hex[2 * n] = '\0';
}

void cert_sha256(X509 *cert, char ret_hex[static 65])
{
	unsigned char digest[32];

	*ret_hex = '\0';
	if (X509_digest(cert, EVP_sha256(), digest, NULL) == 1)
		hex_of(digest, sizeof(digest), ret_hex);
}

void cert_spki_sha256(X509 *cert, char ret_hex[static 65])
{
	unsigned char digest[32], *der = NULL;
	int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);

	*ret_hex = '\0';
	if (n > 0 && EVP_Digest(der, (size_t)n, digest, NULL, EVP_sha256(), NULL) == 1)
		hex_of(digest, sizeof(digest), ret_hex);
	OPENSSL_free(der);
}

void cert_serial(X509 *cert, char *ret_hex, size_t n)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(cert);
	int octets = serial ? ASN1_STRING_length(serial) : 0;

	*ret_hex = '\0';
	if (octets > 0 && (size_t)octets < n / 2)
		hex_of(ASN1_STRING_get0_data(serial), (size_t)octets, ret_hex);
}

int64_t cert_seconds(const ASN1_TIME *date)
{
	struct tm tm;

	return ASN1_TIME_to_tm(date, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

void cert_key_name(EVP_PKEY *key, char ret_name[static 32])
{
	char group[24];
	const char *type;
	int bits;

	if (!key) { /* of a kind that OpenSSL does not know */
		strcpy(ret_name, "unknown");
		return;
	}
	bits = EVP_PKEY_get_bits(key);
	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_RSA:
		snprintf(ret_name, 32, "RSA-%d", bits);
		return;
	case EVP_PKEY_RSA_PSS:
		snprintf(ret_name, 32, "RSA-PSS-%d", bits);
		return;
	case EVP_PKEY_EC:
		if (EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) != 1)
			snprintf(ret_name, 32, "EC-%d", bits);
		else if (!strcmp(group, "prime256v1"))
			strcpy(ret_name, "P-256");
		else if (!strcmp(group, "secp384r1"))
			strcpy(ret_name, "P-384");
		else if (!strcmp(group, "secp521r1"))
			strcpy(ret_name, "P-521");
		else
			snprintf(ret_name, 32, "%s", group);
		return;
	}
	type = EVP_PKEY_get0_type_name(key);
	snprintf(ret_name, 32, "%s", type ? type : "unknown");
}

void cert_name(const X509_NAME *name, char *ret_text, size_t n)
{
	BIO *out = BIO_new(BIO_s_mem());
	int got = 0;

	/* RFC 2253, but readable: UTF-8 stays, control characters are escaped */
	if (out && X509_NAME_print_ex(out, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) >= 0)
		got = BIO_read(out, ret_text, (int)(n - 1));
	ret_text[got > 0 ? got : 0] = '\0';
	BIO_free(out);
}

void cert_subject(X509 *cert, char *ret_text, size_t n)
{
	cert_name(X509_get_subject_name(cert), ret_text, n);
	if (!*ret_text)
		snprintf(ret_text, n, "(no subject)");
}

void cert_common_name(X509 *cert, char *ret_text, size_t n)
{
	const X509_NAME *name = X509_get_subject_name(cert);
	int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
	unsigned char *text = NULL;
	int length;

	*ret_text = '\0';
	if (at < 0)
		return;
	length =
		ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
	/* a NUL inside is an attempt to look like another name: none at all then */
	if (length > 0 && (size_t)length < n && !memchr(text, 0, (size_t)length))
		snprintf(ret_text, n, "%.*s", length, (const char *)text);
	OPENSSL_free(text);
}

/* The text of one name of a kind that people use, or NULL. */
static const ASN1_STRING *general_name_text(const GENERAL_NAME *name)
{
	int kind;
	void *value = GENERAL_NAME_get0_value(name, &kind);
	const OTHERNAME *other = value;

	if (kind == GEN_DNS || kind == GEN_EMAIL || kind == GEN_URI)
		return value;
	if (kind == GEN_OTHERNAME && OBJ_obj2nid(other->type_id) == NID_ms_upn &&
	    other->value->type == V_ASN1_UTF8STRING)
		return other->value->value.utf8string;
	return NULL;
}

void cert_alternative_name(X509 *cert, char *ret_text, size_t n)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	const ASN1_STRING *text = NULL;

	for (int i = 0; !text && i < sk_GENERAL_NAME_num(names); i++)
		text = general_name_text(sk_GENERAL_NAME_value(names, i));
	*ret_text = '\0';
	if (text) {
		const char *p = (const char *)ASN1_STRING_get0_data(text);
		size_t length = (size_t)ASN1_STRING_length(text);

		if (length < n && !memchr(p, 0, length))
			snprintf(ret_text, n, "%.*s", (int)length, p);
	}
	GENERAL_NAMES_free(names);
}

void cert_append(char text[static 240], const char *fmt, ...)
{
	size_t n = strlen(text);
	va_list args;

	va_start(args, fmt);
	vsnprintf(text + n, 240 - n, fmt, args);
	va_end(args);
}

void cert_append_date(char text[static 240], const char *what, const ASN1_TIME *date)
{
	struct tm tm;
	char day[32];

	if (ASN1_TIME_to_tm(date, &tm) == 1 &&
	    strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%SZ", &tm))
		cert_append(text, "; %s %s", what, day);
}

/* Parts of the structures, as OpenSSL's templates name them, for people. */
static const char *part_name(const char *field)
{
	static const struct {
		const char *field, *name;
	} parts[] = {
		{ "issuer", "the issuer's name" },
		{ "subject", "the subject's name" },
		{ "validity", "the dates" },
		{ "serialNumber", "the serial number" },
		{ "key", "the public key" },
		{ "extensions", "the extensions" },
		{ "signature", "the signature" },
		{ "sig_alg", "the signature algorithm" },
		{ "mac", "the MAC" },
		{ "authsafes", "the contents" },
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (!strcmp(parts[i].field, field))
			return parts[i].name;
	return NULL;
}

/*
 * OpenSSL queues the fault itself first and then, from the inside out, "Field=x, Type=Y" of what it
 * was in.  Gives "the issuer's name (cert_info.issuer): too long".
 */
void der_damage(char *ret_text, size_t n)
{
	const char *data, *reason = NULL, *part = NULL;
	unsigned long error;
	char path[120] = "", longer[120];
	int flags;

	while ((error = ERR_get_error_all(NULL, NULL, NULL, &data, &flags))) {
		char field[40];

		if (ERR_GET_LIB(error) != ERR_LIB_ASN1)
			continue;
		if (!reason)
			reason = ERR_reason_error_string(error);
		if (!(flags & ERR_TXT_STRING) || sscanf(data, "Field=%39[^,]", field) != 1)
			continue;
		snprintf(longer, sizeof(longer), "%s%s%.70s", field, *path ? "." : "", path);
		memcpy(path, longer, sizeof(path));
		if (part_name(field))
			part = part_name(field);
	}
	if (!*path)
		snprintf(ret_text, n, "it is cut short, or no DER at all");
	else
		snprintf(ret_text, n, "%s%s%s%s: %s", part ? part : "", part ? " (" : "", path,
		         part ? ")" : "", reason ? reason : "malformed");
}
