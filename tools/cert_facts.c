/* SPDX-License-Identifier: BSD-3-Clause */
/* cert_facts - what a certificate says, for people and programs. */
#include "tools/cert.h"

#include <string.h>

#include <openssl/err.h>

#include "common/credential_openssl.h"
#include "tools/rfc3339.h"

void cert_fingerprint(X509 *cert, const EVP_MD *digest, char ret_text[static 100])
{
	unsigned char octets[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	size_t at = 0;

	*ret_text = '\0';
	if (X509_digest(cert, digest, octets, &n) != 1)
		return;
	for (unsigned i = 0; i < n && at + 4 < 100; i++)
		at += (size_t)snprintf(ret_text + at, 4, "%s%02X", i ? ":" : "", octets[i]);
}

static json_t *text_json(const char *text)
{
	json_t *json = *text ? json_string(text) : json_null();

	return json ? json : json_null(); /* it is not UTF-8 */
}

static json_t *san_json(X509 *cert)
{
	AUTO(names)
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	char **san = pki_san_list(names);
	json_t *list = json_array();

	for (char **p = san; p && *p; p++)
		json_array_append_new(list, text_json(*p));
	pki_san_free(san);
	return list;
}

/* Extended key usages; null: any. */
static json_t *purposes_json(X509 *cert)
{
	EXTENDED_KEY_USAGE *usage = X509_get_ext_d2i(cert, NID_ext_key_usage, NULL, NULL);
	json_t *list = usage ? json_array() : json_null();

	for (int i = 0; i < sk_ASN1_OBJECT_num(usage); i++) {
		char text[80];

		OBJ_obj2txt(text, sizeof(text), sk_ASN1_OBJECT_value(usage, i), 0);
		if (OBJ_obj2nid(sk_ASN1_OBJECT_value(usage, i)) == NID_server_auth)
			strcpy(text, "serverAuth");
		else if (OBJ_obj2nid(sk_ASN1_OBJECT_value(usage, i)) == NID_client_auth)
			strcpy(text, "clientAuth");
		json_array_append_new(list, text_json(text));
	}
	EXTENDED_KEY_USAGE_free(usage);
	return list;
}

/* Critical extensions but basicConstraints: some old servers and phones fail on each of them. */
static json_t *critical_json(X509 *cert)
{
	json_t *list = json_array();

	for (int i = 0; i < X509_get_ext_count(cert); i++) {
		X509_EXTENSION *extension = X509_get_ext(cert, i);
		ASN1_OBJECT *object = X509_EXTENSION_get_object(extension);
		char text[80];

		if (!X509_EXTENSION_get_critical(extension) ||
		    OBJ_obj2nid(object) == NID_basic_constraints)
			continue;
		OBJ_obj2txt(text, sizeof(text), object, 0);
		json_array_append_new(list, text_json(text));
	}
	return list;
}

json_t *cert_json(X509 *cert)
{
	char subject[PKI_NAME_LEN], issuer[PKI_NAME_LEN], serial[80], key[32], sha256[100],
		md5[100];
	char begin[RFC3339_LEN], end[RFC3339_LEN];
	json_t *json;

	cert_name(X509_get_subject_name(cert), subject, sizeof(subject));
	cert_name(X509_get_issuer_name(cert), issuer, sizeof(issuer));
	cert_serial(cert, serial, sizeof(serial));
	cert_key_name(X509_get0_pubkey(cert), key);
	cert_fingerprint(cert, EVP_sha256(), sha256);
	cert_fingerprint(cert, EVP_md5(), md5);
	json = json_pack(
		"{s:o,s:o,s:s,s:o,s:o,s:s,s:s,s:b,s:o,s:o,s:o,s:s,s:s}", "subject",
		text_json(subject), "issuer", text_json(issuer), "serial", serial, "not_before",
		text_json(rfc3339(cert_seconds(X509_get0_notBefore(cert)), begin)), "not_after",
		text_json(rfc3339(cert_seconds(X509_get0_notAfter(cert)), end)), "key", key,
		"signature", OBJ_nid2ln(X509_get_signature_nid(cert)), "ca",
		X509_check_ca(cert) > 0, "san", san_json(cert), "purposes", purposes_json(cert),
		"critical", critical_json(cert), "sha256", sha256, "md5", md5);
	ERR_clear_error(); /* extensions that do not parse are left out */
	return json;
}

static void print_list(FILE *out, const char *what, const json_t *list, const char *none)
{
	size_t i;
	json_t *value;

	if (!json_array_size(list)) {
		if (none)
			fprintf(out, "  %-11s %s\n", what, none);
		return;
	}
	fprintf(out, "  %-11s ", what);
	json_array_foreach(list, i, value) {
		fprintf(out, "%s%s", i ? ", " : "",
		        json_string_value(value) ? json_string_value(value) : "?");
	}
	fputc('\n', out);
}

static void print_text(FILE *out, const char *what, const json_t *json, const char *key)
{
	const char *text = json_string_value(json_object_get(json, key));

	fprintf(out, "  %-11s %s\n", what, text ? text : "(none)");
}

void cert_print(X509 *cert, FILE *out)
{
	AUTO(json) json_t *json = cert_json(cert);
	const char *subject = json_string_value(json_object_get(json, "subject"));

	fprintf(out, "%s%s\n", subject ? subject : "(no subject)",
	        X509_self_signed(cert, 0) == 1 ? " (self-signed)" : "");
	print_text(out, "issuer", json, "issuer");
	print_text(out, "serial", json, "serial");
	print_text(out, "valid from", json, "not_before");
	print_text(out, "until", json, "not_after");
	print_text(out, "key", json, "key");
	print_text(out, "signature", json, "signature");
	if (json_is_true(json_object_get(json, "ca")))
		fputs("  CA          yes\n", out);
	print_list(out, "names", json_object_get(json, "san"), NULL);
	print_list(out, "purposes", json_object_get(json, "purposes"), "any");
	print_list(out, "critical", json_object_get(json, "critical"), NULL);
	print_text(out, "SHA-256", json, "sha256");
	print_text(out, "MD5", json, "md5");
}

void cert_print_json(json_t *json)
{
	json_dumpf(json, stdout, JSON_COMPACT);
	putchar('\n');
}
