/* SPDX-License-Identifier: BSD-3-Clause */
/* ca - a certificate authority in a folder. */
#include "tools/ca.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/rand.h>

#include "tools/files.h"
#include "tools/options.h"
#include "tools/pki_openssl.h"
#include "tools/rfc3339.h"

enum { KEY_ITERATIONS = 600000 };

struct ca {
	char *dir;
	int index;         /* its descriptor, locked */
	json_t *by_serial; /* {"03e9": {"cn", "not_after", "revoked"?, "reason"?}} */
	json_t *by_cn;     /* {"phone1": ["03e9", ...]} */
	json_int_t crl_number;
	struct pki_cert *cert;
};

AUTO_CLEANUP(json, json_t *, json_decref)

const char *const ca_reasons[] = { "unspecified",
	                           "keyCompromise",
	                           "caCompromise",
	                           "affiliationChanged",
	                           "superseded",
	                           "cessationOfOperation",
	                           NULL };

static bool fail(const char *dir, const char *name, int error)
{
	complain("%s%s%s cannot be used: %s.", dir, name ? "/" : "", name ? name : "",
	         strerror(error));
	return false;
}

static char *path_of(const char *dir, const char *name)
{
	char *path;

	return asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : path;
}

/* --- making ----------------------------------------------------------------------------------------- */

static bool put(const char *dir, const char *name, mode_t mode, const char *text)
{
	AUTO(free) char *path = path_of(dir, name);

	return path && file_create(path, mode, text, strlen(text));
}

bool ca_create(const char *dir, const struct pki_cert *cert, const char *passphrase)
{
	char why[PKI_WHY_LEN] = "There is not enough memory.";
	AUTO(free) char *pem = pki_pem(cert, true);
	char *key = pem ? pki_key_pem(cert, passphrase, KEY_ITERATIONS, why) : NULL;
	bool ok = false;

	if (!key)
		complain("%s", why);
	else if (mkdir(dir, 0700) && errno != EEXIST)
		fail(dir, NULL, errno);
	else if (chmod(dir, 0700))
		fail(dir, NULL, errno);
	else /* the key first: whoever finds it there has a CA already */
		ok = put(dir, "ca.key", 0600, key) && put(dir, "index", 0600, "") &&
		     put(dir, "ca.pem", 0644, pem);
	if (key)
		OPENSSL_cleanse(key, strlen(key));
	free(key);
	return ok;
}

/* --- the index ---------------------------------------------------------------------------------------- */

static json_t *serials_of(const struct ca *ca, const char *cn)
{
	return json_object_get(ca->by_cn, cn);
}

static bool note_issued(struct ca *ca, const char *serial, json_t *line)
{
	const char *cn = json_string_value(json_object_get(line, "cn"));
	json_t *serials;

	if (!cn || json_object_set(ca->by_serial, serial, line))
		return false;
	serials = serials_of(ca, cn);
	if (!serials) {
		serials = json_array();
		json_object_set_new(ca->by_cn, cn, serials);
	}
	return serials && json_array_append_new(serials, json_string(serial)) == 0;
}

/* One line of the index; false: it is none of ours. */
static bool note(struct ca *ca, json_t *line)
{
	const char *serial = json_string_value(json_object_get(line, "serial"));
	json_t *number = json_object_get(line, "crl");

	if (json_is_integer(number)) {
		ca->crl_number = json_integer_value(number);
		return true;
	}
	if (!serial)
		return false;
	if (json_object_get(line, "issued"))
		return note_issued(ca, serial, line);
	line = json_object_get(line, "revoked") ? line : NULL;

	json_t *record = json_object_get(ca->by_serial, serial);

	return line && record &&
	       json_object_set(record, "revoked", json_object_get(line, "revoked")) == 0 &&
	       json_object_set(record, "reason", json_object_get(line, "reason")) == 0;
}

static bool index_read(struct ca *ca, FILE *f)
{
	AUTO(free) char *text = NULL;
	size_t room = 0, lines = 0;
	off_t good = 0;
	ssize_t n;

	while ((n = getline(&text, &room, f)) > 0) {
		AUTO(json) json_t *line = NULL;

		if (text[n - 1] != '\n') /* torn by a power cut, so nobody has that certificate */
			return ftruncate(ca->index, good) == 0 || fail(ca->dir, "index", errno);
		lines++;
		line = json_loadb(text, (size_t)n, JSON_REJECT_DUPLICATES, NULL);
		if (!line || !note(ca, line)) {
			complain("%s/index:%zu: the line is damaged; restore the file from a "
			         "backup.",
			         ca->dir, lines);
			return false;
		}
		good += n;
	}
	return !ferror(f) || fail(ca->dir, "index", EIO);
}

static bool index_open(struct ca *ca)
{
	AUTO(free) char *path = path_of(ca->dir, "index");
	FILE *f = NULL;
	bool ok;

	ca->index = path ? open(path, O_RDWR | O_APPEND | O_CLOEXEC) : -1;
	if (ca->index < 0 && errno == ENOENT) {
		complain("%s holds no CA; portcall cert ca-init makes one.", ca->dir);
		return false;
	}
	if (ca->index < 0 || flock(ca->index, LOCK_EX) || !(f = fopen(path, "re")))
		return fail(ca->dir, "index", errno);
	ok = index_read(ca, f);
	fclose(f);
	return ok;
}

/* Lines that are complete, on disk before this returns; in memory as well. */
static bool index_append(struct ca *ca, json_t *lines)
{
	AUTO(free) char *all = NULL;
	size_t length = 0, i;
	FILE *f = open_memstream(&all, &length);
	json_t *line;
	bool ok = f != NULL;

	json_array_foreach(lines, i, line) {
		ok = ok && json_dumpf(line, f, JSON_COMPACT) == 0 && fputc('\n', f) == '\n';
	}
	if (f && fclose(f))
		ok = false;
	if (!ok) {
		complain("There is not enough memory.");
		return false;
	}
	for (size_t done = 0; done < length;) {
		ssize_t n = write(ca->index, all + done, length - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail(ca->dir, "index", n ? errno : ENOSPC);
		done += (size_t)n;
	}
	if (fdatasync(ca->index))
		return fail(ca->dir, "index", errno);
	json_array_foreach(lines, i, line) {
		ok = ok && note(ca, line);
	}
	return ok;
}

/* --- opening ------------------------------------------------------------------------------------------ */

static bool material_add(const char *dir, const char *name, const char *passphrase,
                         struct pki_material *m)
{
	AUTO(free) char *path = path_of(dir, name);
	AUTO(file) struct file file = { 0 };
	char why[PKI_WHY_LEN];

	if (!path || !file_read(path, &file))
		return false;
	if (pki_material_read(span(file.p, file.n), passphrase, m, why))
		return true;
	complain("%s: %s", path, why);
	return false;
}

static bool cert_open(struct ca *ca, const char *passphrase_file)
{
	AUTO(material) struct pki_material m = { 0 };
	char passphrase[PASSPHRASE_MAX], why[PKI_WHY_LEN];
	bool given, ok;

	if (!passphrase_read(passphrase_file, "PORTCALL_CA_PASSPHRASE", passphrase, &given))
		return false;
	ok = material_add(ca->dir, "ca.key", passphrase, &m) &&
	     material_add(ca->dir, "ca.pem", NULL, &m);
	explicit_bzero(passphrase, sizeof(passphrase));
	if (!ok)
		return false;
	if (!m.key || !m.certs) {
		complain("%s: ca.key holds no key, or ca.pem no certificate.", ca->dir);
		return false;
	}
	ca->cert = pki_join(m.certs, m.key, false, why);
	if (!ca->cert)
		complain("%s: %s", ca->dir, why);
	return ca->cert != NULL;
}

struct ca *ca_open(const char *dir, const char *passphrase_file)
{
	struct ca *ca = calloc(1, sizeof(*ca));

	if (!ca)
		return NULL;
	ca->index = -1;
	ca->dir = strdup(dir);
	ca->by_serial = json_object();
	ca->by_cn = json_object();
	if (ca->dir && index_open(ca) && cert_open(ca, passphrase_file))
		return ca;
	ca_close(ca);
	return NULL;
}

void ca_close(struct ca *ca)
{
	if (!ca)
		return;
	if (ca->index >= 0)
		close(ca->index);
	json_decref(ca->by_serial);
	json_decref(ca->by_cn);
	pki_free(ca->cert);
	free(ca->dir);
	free(ca);
}

const struct pki_cert *ca_cert(const struct ca *ca)
{
	return ca->cert;
}

size_t ca_issued(const struct ca *ca)
{
	return json_object_size(ca->by_serial);
}

/* --- issuing ------------------------------------------------------------------------------------------- */

/* Neither revoked nor expired. */
static bool is_valid(const json_t *record, int64_t now)
{
	const char *end = json_string_value(json_object_get(record, "not_after"));
	int64_t seconds;

	return !json_object_get(record, "revoked") && end && rfc3339_read(end, &seconds) &&
	       seconds > now;
}

const char *ca_holder(const struct ca *ca, const char *cn, int64_t now)
{
	json_t *serial;
	size_t i;

	json_array_foreach(serials_of(ca, cn), i, serial) {
		if (is_valid(json_object_get(ca->by_serial, json_string_value(serial)), now))
			return json_string_value(serial);
	}
	return NULL;
}

uint64_t ca_serial(struct ca *ca)
{
	uint64_t serial;
	char text[2 * sizeof(serial) + 1];

	do {
		if (RAND_bytes((unsigned char *)&serial, sizeof(serial)) != 1)
			return 0;
		serial &= INT64_MAX; /* positive in 8 octets (RFC 5280 4.1.2.2) */
		snprintf(text, sizeof(text), "%016llx", (unsigned long long)serial);
	} while (!(serial >> 55) || json_object_get(ca->by_serial, text)); /* always 8 octets */
	return serial;
}

bool ca_record(struct ca *ca, struct pki_cert *const *certs, size_t n, int64_t now)
{
	AUTO(json) json_t *lines = json_array();
	char at[RFC3339_LEN], end[RFC3339_LEN], cn[256], subject[PKI_NAME_LEN];

	for (size_t i = 0; i < n; i++) {
		json_t *line;

		pki_common_name(certs[i], cn, sizeof(cn));
		if (!pki_subject(certs[i], subject, sizeof(subject)))
			*subject = '\0';
		line = json_pack("{s:s,s:s,s:s,s:s,s:s}", "issued", rfc3339(now, at), "serial",
		                 pki_serial(certs[i]), "cn", cn, "subject", subject, "not_after",
		                 rfc3339(pki_not_after(certs[i]), end));
		if (json_array_append_new(lines, line)) {
			complain("There is not enough memory, or a name is not UTF-8.");
			return false;
		}
	}
	return index_append(ca, lines);
}

/* --- revoking ------------------------------------------------------------------------------------------ */

static void revoke_one(const struct ca *ca, const char *serial, int reason, int64_t now,
                       json_t *lines, json_t *serials)
{
	const json_t *record = json_object_get(ca->by_serial, serial);
	char at[RFC3339_LEN];

	if (!record || json_object_get(record, "revoked"))
		return;
	json_array_append_new(lines, json_pack("{s:s,s:s,s:s}", "revoked", rfc3339(now, at),
	                                       "serial", serial, "reason", ca_reasons[reason]));
	json_array_append_new(serials, json_string(serial));
}

bool ca_revoke(struct ca *ca, const char *serial_or_cn, int reason, int64_t now,
               json_t **ret_serials)
{
	AUTO(json) json_t *lines = json_array();
	AUTO(json) json_t *serials = json_array();
	AUTO(json) json_t *named = json_array();
	json_t *serial;
	size_t i;

	if (json_object_get(ca->by_serial, serial_or_cn))
		json_array_append_new(named, json_string(serial_or_cn));
	else
		json_array_extend(named, serials_of(ca, serial_or_cn));
	if (!json_array_size(named)) {
		complain("This CA issued no certificate with the serial or CN \"%.80s\".",
		         serial_or_cn);
		return false;
	}
	json_array_foreach(named, i, serial) {
		revoke_one(ca, json_string_value(serial), reason, now, lines, serials);
	}
	if (!json_array_size(lines)) {
		complain("\"%.80s\" is revoked already.", serial_or_cn);
		return false;
	}
	if (!index_append(ca, lines))
		return false;
	*ret_serials = steal(serials);
	return true;
}

/* --- the CRL ------------------------------------------------------------------------------------------- */

char *ca_crl(struct ca *ca, int64_t now, int64_t next, size_t *ret_revoked)
{
	AUTO(json) json_t *lines = json_array();
	char at[RFC3339_LEN], why[PKI_WHY_LEN];
	AUTO(free)
	char *pem = ca_crl_pem(ca->cert, ca->by_serial, ca->crl_number + 1, now, next, ret_revoked,
	                       why);

	if (!pem) {
		complain("%s", why);
		return NULL;
	}
	json_array_append_new(
		lines, json_pack("{s:I,s:s}", "crl", ca->crl_number + 1, "at", rfc3339(now, at)));
	return index_append(ca, lines) ? steal(pem) : NULL;
}
