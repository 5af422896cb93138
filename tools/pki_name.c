/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pki_name - distinguished names and alternative names as people write them.
 *
 * "C=DE, O=Example GmbH, CN=phone1": in the order of the certificate, country first, as openssl -subj takes
 * them; a comma in a value is written "\,".  The form with slashes is read as well.  A type that X.509 does
 * not know is refused, never left out.
 */
#include "tools/pki_openssl.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/err.h>

#include "common/text.h"

enum { VALUE_MAX = 256, PARTS_MAX = 32 };

struct part {
	char type[24], value[VALUE_MAX];
};

__attribute__((format(printf, 2, 3))) static bool refuse(char why[static PKI_WHY_LEN],
                                                         const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, PKI_WHY_LEN, fmt, args);
	va_end(args);
	return false;
}

/* The next "TYPE=value" before `separator`; `*at` moves behind it. */
static bool part_read(const char **at, char separator, struct part *ret,
                      char why[static PKI_WHY_LEN])
{
	const char *p = *at + strspn(*at, " "), *equals = strchr(p, '=');
	size_t n = equals ? (size_t)(equals - p) : 0;

	while (n && p[n - 1] == ' ')
		n--;
	if (!n || n >= sizeof(ret->type) || memchr(p, separator, n))
		return refuse(why, "\"%.60s\": expected TYPE=value, as in CN=phone1.", p);
	for (size_t i = 0; i <= n; i++)
		ret->type[i] = i < n ? p[i] : '\0';
	n = 0;
	for (p = equals + 1 + strspn(equals + 1, " "); *p && *p != separator; p++) {
		if (*p == '\\' && p[1])
			p++;
		if (n == VALUE_MAX - 1)
			return refuse(why, "The value of %s is too long.", ret->type);
		ret->value[n++] = *p;
	}
	while (n && ret->value[n - 1] == ' ' && p[-2] != '\\')
		n--;
	ret->value[n] = '\0';
	*at = *p ? p + 1 : p;
	return n > 0 || refuse(why, "%s has no value.", ret->type);
}

/* The parts of `text`; 0: `why`. */
static size_t parts_read(const char *text, struct part parts[static PARTS_MAX],
                         char why[static PKI_WHY_LEN])
{
	char separator = *text == '/' ? '/' : ',';
	size_t n = 0;

	text += *text == '/';
	while (*text) {
		if (n == PARTS_MAX)
			return (size_t)refuse(why, "A name has at most %d parts.", PARTS_MAX);
		if (!part_read(&text, separator, &parts[n], why))
			return 0;
		n++;
	}
	return n ? n : (size_t)refuse(why, "The name is empty.");
}

static int type_of(const char *type)
{
	char upper[24];
	size_t i = 0;

	if (OBJ_sn2nid(type) != NID_undef)
		return OBJ_sn2nid(type);
	if (OBJ_ln2nid(type) != NID_undef)
		return OBJ_ln2nid(type);
	for (; type[i]; i++)
		upper[i] = (char)toupper((unsigned char)type[i]);
	upper[i] = '\0';
	return OBJ_sn2nid(upper);
}

static bool is_cn(const struct part *part)
{
	return type_of(part->type) == NID_commonName;
}

X509_NAME *pki_name_read(const char *text, char ret_why[static PKI_WHY_LEN])
{
	AUTO(x509_name) X509_NAME *name = X509_NAME_new();
	struct part parts[PARTS_MAX];
	size_t n = parts_read(text, parts, ret_why);

	for (size_t i = 0; name && i < n; i++) {
		int nid = type_of(parts[i].type);

		if (nid == NID_undef) {
			refuse(ret_why,
			       "%s is no type of a name; usual ones are C, ST, L, O, OU, CN and "
			       "emailAddress.",
			       parts[i].type);
			return NULL;
		}
		if (X509_NAME_add_entry_by_NID(name, nid, MBSTRING_UTF8,
		                               (unsigned char *)parts[i].value, -1, -1, 0))
			continue;
		ERR_clear_error();
		refuse(ret_why,
		       "%s=%.80s: too long, too short or not UTF-8 (C has 2 letters, CN at most "
		       "64).",
		       parts[i].type, parts[i].value);
		return NULL;
	}
	return n ? steal(name) : NULL;
}

/* --- writing -------------------------------------------------------------------------------------- */

static void add_part(struct text *t, const char *type, const char *value, size_t n)
{
	if (t->n)
		text_add(t, ", ", 2);
	text_add(t, type, strlen(type));
	text_add(t, "=", 1);
	for (size_t i = 0; i < n; i++) {
		if (value[i] == ',' || value[i] == '\\' || (value[i] == ' ' && i == n - 1))
			text_add(t, "\\", 1);
		text_add(t, value + i, 1);
	}
}

static bool fits(struct text *t, char *ret_text, size_t n)
{
	bool ok = !t->failed && t->n && t->n < n;

	if (ok)
		memcpy(ret_text, t->p, t->n + 1);
	text_wipe(t);
	return ok;
}

static bool name_write(const X509_NAME *name, char *ret_text, size_t n)
{
	struct text t = { 0 };

	for (int i = 0; i < X509_NAME_entry_count(name); i++) {
		const X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, i);
		int nid = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry));
		unsigned char *utf8 = NULL;
		int length = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(entry));

		if (nid == NID_undef || length < 0)
			t.failed = true;
		else
			add_part(&t, OBJ_nid2sn(nid), (const char *)utf8, (size_t)length);
		OPENSSL_free(utf8);
	}
	return fits(&t, ret_text, n);
}

static bool parts_write(const struct part *parts, size_t count, char *ret_text, size_t n)
{
	struct text t = { 0 };

	for (size_t i = 0; i < count; i++)
		add_part(&t, parts[i].type, parts[i].value, strlen(parts[i].value));
	return fits(&t, ret_text, n);
}

bool pki_subject(const struct pki_cert *cert, char *ret_text, size_t n)
{
	return name_write(X509_get_subject_name(cert->x509), ret_text, n);
}

bool pki_csr_subject(const struct pki_csr *csr, char *ret_text, size_t n)
{
	return name_write(X509_REQ_get_subject_name(csr->req), ret_text, n);
}

/* --- templates ------------------------------------------------------------------------------------ */

/* Each '?' of `part` becomes `value`. */
static bool part_fill(struct part *part, const char *value)
{
	char filled[VALUE_MAX];
	size_t n = 0;

	for (const char *p = part->value; *p; p++) {
		const char *from = *p == '?' ? value : p;
		size_t length = *p == '?' ? strlen(value) : 1;

		if (n + length >= sizeof(filled))
			return false;
		memcpy(filled + n, from, length);
		n += length;
	}
	filled[n] = '\0';
	memcpy(part->value, filled, n + 1);
	return true;
}

bool pki_name_fill(const char *subject, const char *value, char *ret_text, size_t n,
                   char ret_why[static PKI_WHY_LEN])
{
	struct part parts[PARTS_MAX];
	size_t count = parts_read(subject, parts, ret_why);
	bool filled = false;

	for (size_t i = 0; i < count; i++) {
		if (!is_cn(&parts[i]) || !strchr(parts[i].value, '?'))
			continue;
		if (!part_fill(&parts[i], value))
			return refuse(ret_why, "\"%.60s\" is too long for the CN.", value);
		filled = true;
	}
	if (!count)
		return false;
	if (!filled)
		return refuse(ret_why,
		              "The subject's CN has no '?' that could be filled: \"%.80s\".",
		              subject);
	return parts_write(parts, count, ret_text, n) ||
	       refuse(ret_why, "The subject with \"%.60s\" is too long.", value);
}

bool pki_name_with_cn(const char *subject, const char *cn, char *ret_text, size_t n,
                      char ret_why[static PKI_WHY_LEN])
{
	struct part parts[PARTS_MAX + 1];
	size_t count = parts_read(subject, parts, ret_why), at;

	if (!count)
		return false;
	for (at = 0; at < count && !is_cn(&parts[at]); at++)
		;
	if (at == count) {
		strcpy(parts[at].type, "CN");
		count++;
	}
	snprintf(parts[at].value, sizeof(parts[at].value), "%s", cn);
	return parts_write(parts, count, ret_text, n) ||
	       refuse(ret_why, "The subject with \"%.60s\" is too long.", cn);
}

bool pki_name_cn(const char *subject, char *ret_cn, size_t n, char ret_why[static PKI_WHY_LEN])
{
	struct part parts[PARTS_MAX];
	size_t count = parts_read(subject, parts, ret_why);

	if (!count)
		return false;
	*ret_cn = '\0';
	for (size_t i = 0; i < count; i++)
		if (is_cn(&parts[i]))
			snprintf(ret_cn, n, "%s", parts[i].value);
	return true;
}

/* --- alternative names ------------------------------------------------------------------------------ */

static bool general_add(GENERAL_NAMES *names, int type, void *value)
{
	GENERAL_NAME *name = value ? GENERAL_NAME_new() : NULL;

	if (!name)
		return false;
	GENERAL_NAME_set0_value(name, type, value);
	if (sk_GENERAL_NAME_push(names, name) > 0)
		return true;
	GENERAL_NAME_free(name);
	return false;
}

static ASN1_STRING *string_of(ASN1_STRING *string, const char *text)
{
	if (string && ASN1_STRING_set(string, text, -1))
		return string;
	ASN1_STRING_free(string);
	return NULL;
}

/* Microsoft's user principal name, which some RADIUS servers match (an otherName). */
static OTHERNAME *upn_of(const char *text)
{
	OTHERNAME *other = OTHERNAME_new();
	ASN1_UTF8STRING *string = string_of(ASN1_UTF8STRING_new(), text);

	if (!other || !string) {
		OTHERNAME_free(other);
		ASN1_STRING_free(string);
		return NULL;
	}
	ASN1_OBJECT_free(other->type_id);
	other->type_id = OBJ_nid2obj(NID_ms_upn);
	ASN1_TYPE_set(other->value, V_ASN1_UTF8STRING, string);
	return other;
}

static bool is_ascii(const char *text)
{
	for (; *text; text++)
		if (*text < '!' || *text > '~')
			return false;
	return true;
}

bool pki_san_add(GENERAL_NAMES *names, const char *san, char ret_why[static PKI_WHY_LEN])
{
	static const struct {
		const char *prefix;
		int type;
	} kinds[] = {
		{ "DNS:", GEN_DNS }, { "IP:", GEN_IPADD },      { "email:", GEN_EMAIL },
		{ "URI:", GEN_URI }, { "UPN:", GEN_OTHERNAME },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		size_t n = strlen(kinds[i].prefix);
		const char *value = san + n;
		void *made;

		if (strncasecmp(san, kinds[i].prefix, n) != 0)
			continue;
		if (!*value || (kinds[i].type != GEN_OTHERNAME && !is_ascii(value)))
			break;
		made = kinds[i].type == GEN_IPADD ? (void *)a2i_IPADDRESS(value)
		       : kinds[i].type == GEN_OTHERNAME
		               ? (void *)upn_of(value)
		               : (void *)string_of(ASN1_IA5STRING_new(), value);
		if (general_add(names, kinds[i].type, made))
			return true;
		ERR_clear_error();
		break;
	}
	return refuse(
		ret_why,
		"\"%.80s\" is no alternative name: expected DNS:, IP:, email:, URI: or UPN: and "
		"a value.",
		san);
}

void pki_san_free(char **san)
{
	for (char **p = san; p && *p; p++)
		free(*p);
	free(san);
}

static char *san_text(const GENERAL_NAME *name)
{
	int type;
	ASN1_STRING *value = GENERAL_NAME_get0_value(name, &type);
	const OTHERNAME *other = (const OTHERNAME *)value;
	const char *prefix = type == GEN_DNS ? "DNS:" : type == GEN_EMAIL ? "email:" : "URI:";
	const unsigned char *p;
	char *text = NULL;

	if (type == GEN_IPADD) {
		p = ASN1_STRING_get0_data(value);
		if (ASN1_STRING_length(value) == 4 &&
		    asprintf(&text, "IP:%d.%d.%d.%d", p[0], p[1], p[2], p[3]) > 0)
			return text;
		if (ASN1_STRING_length(value) == 16 &&
		    asprintf(&text, "IP:%x:%x:%x:%x:%x:%x:%x:%x", p[0] << 8 | p[1],
		             p[2] << 8 | p[3], p[4] << 8 | p[5], p[6] << 8 | p[7], p[8] << 8 | p[9],
		             p[10] << 8 | p[11], p[12] << 8 | p[13], p[14] << 8 | p[15]) > 0)
			return text;
		return NULL;
	}
	if (type == GEN_OTHERNAME && OBJ_obj2nid(other->type_id) == NID_ms_upn &&
	    other->value->type == V_ASN1_UTF8STRING) {
		prefix = "UPN:";
		value = other->value->value.utf8string;
	} else if (type != GEN_DNS && type != GEN_EMAIL && type != GEN_URI) {
		return NULL;
	}
	return asprintf(&text, "%s%.*s", prefix, ASN1_STRING_length(value),
	                (const char *)ASN1_STRING_get0_data(value)) > 0
	               ? text
	               : NULL;
}

char **pki_san_list(const GENERAL_NAMES *names)
{
	int n = names ? sk_GENERAL_NAME_num(names) : 0;
	char **list = calloc((size_t)n + 1, sizeof(*list));
	size_t count = 0;

	for (int i = 0; list && i < n; i++) {
		list[count] = san_text(sk_GENERAL_NAME_value(names, i));
		count += list[count] != NULL;
	}
	return list;
}

char **pki_csr_san(const struct pki_csr *csr)
{
	STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(csr->req);
	GENERAL_NAMES *names = X509V3_get_d2i(extensions, NID_subject_alt_name, NULL, NULL);
	char **list = pki_san_list(names);

	GENERAL_NAMES_free(names);
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	return list;
}
