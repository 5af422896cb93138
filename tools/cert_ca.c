/* SPDX-License-Identifier: BSD-3-Clause */
/* cert_ca - a CA is made or imported, revokes, and publishes its CRL. */
#include "tools/cert.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/credential_openssl.h"
#include "tools/ca.h"
#include "tools/rfc3339.h"

/* --- ca-init ------------------------------------------------------------------------------------------- */

static const char ca_init_help[] =
	"usage: portcall cert ca-init --ca DIR --subject NAME [OPTION...]\n"
	"       portcall cert ca-init --ca DIR --import FILE [OPTION...]\n"
	"\n"
	"Makes a certificate authority in the folder DIR, or puts one there that exists already.\n"
	"\n"
	"  --ca DIR                   the folder (made with mode 0700)\n"
	"  --subject NAME             the CA's name: \"C=DE, O=Example, CN=Phone CA\"\n"
	"  --key KIND                 rsa2048 (default), rsa4096, p256, p384 (rsa1024: old "
	"fleets)\n"
	"  --days N                   how long it is valid; default 3652, but not past 2037\n"
	"  --digest DIGEST            sha256 (default) or sha1, for phones that know no SHA-2\n"
	"  --ca-passphrase-file FILE  its first line encrypts the key; else "
	"PORTCALL_CA_PASSPHRASE;\n"
	"                             without both the key is not encrypted\n"
	"  --import FILE              a CA with its key: PKCS#12, or PEM with both\n"
	"  --in-passphrase-file FILE  opens it; else PORTCALL_IN_PASSPHRASE\n"
	"  --json                     say what the CA is as JSON\n"
	"\n"
	"  portcall cert ca-init --ca phones-ca --ca-passphrase-file ca.pass \\\n"
	"      --subject \"C=DE, O=Example, CN=Phone CA\"\n";

struct ca_init {
	const char *dir, *subject, *import, *ca_passphrase_file, *in_passphrase_file;
	int key, digest;
	int64_t days;
	bool json;
};

/* NULL: `ret_status`, and it was said why. */
static struct pki_cert *import(const struct ca_init *o, int *ret_status)
{
	AUTO(material) struct pki_material m = { 0 };
	char passphrase[PASSPHRASE_MAX], why[PKI_WHY_LEN];
	AUTO(pki) struct pki_cert *cert = NULL;
	bool given, ok;
	int64_t end;

	*ret_status = 2;
	if (!passphrase_read(o->in_passphrase_file, "PORTCALL_IN_PASSPHRASE", passphrase, &given))
		return NULL;
	ok = cert_read(o->import, passphrase, &m, ret_status);
	explicit_bzero(passphrase, sizeof(passphrase));
	if (!ok)
		return NULL;
	*ret_status = 1;
	if (!m.key || !m.certs) {
		complain("%s: a CA is a certificate with its private key; one of them is missing.",
		         o->import);
		return NULL;
	}
	cert = pki_join(m.certs, m.key, false, why);
	if (!cert) {
		complain("%s: %s", o->import, why);
		return NULL;
	}
	end = pki_not_after(cert);
	if (!pki_is_ca(cert))
		complain("%s: the certificate is not a CA's (basicConstraints).", o->import);
	else if (end <= cert_now())
		complain("%s: the CA has expired.", o->import);
	else
		return steal(cert);
	return NULL;
}

static struct pki_cert *make(const struct ca_init *o)
{
	int64_t now = cert_now();
	const struct pki_request request = { .subject = o->subject,
		                             .key = (enum pki_key)o->key,
		                             .digest = (enum pki_digest)o->digest,
		                             .not_before = now - 3600, /* clocks differ */
		                             .not_after = cert_end(now, o->days, INT64_MAX) };
	char why[PKI_WHY_LEN];
	struct pki_cert *cert = pki_ca(NULL, &request, why);

	if (!cert)
		complain("%s", why);
	return cert;
}

static int ca_init(const struct ca_init *o)
{
	char passphrase[PASSPHRASE_MAX];
	AUTO(pki) struct pki_cert *cert = NULL;
	int status = 1;
	bool given, ok;

	cert = o->import ? import(o, &status) : make(o);
	if (!cert)
		return status;
	if (o->import && pki_not_after(cert) > INT32_MAX)
		complain("warning: the CA is valid past January 2038, which many phones cannot "
		         "represent.");
	if (!passphrase_read(o->ca_passphrase_file, "PORTCALL_CA_PASSPHRASE", passphrase, &given))
		return 2;
	if (!given)
		complain("warning: %s/ca.key is not encrypted; --ca-passphrase-file encrypts it.",
		         o->dir);
	ok = ca_create(o->dir, cert, given ? passphrase : NULL);
	explicit_bzero(passphrase, sizeof(passphrase));
	if (!ok)
		return 2;
	if (o->json) {
		AUTO(json) json_t *json = cert_json(cert->x509);

		cert_print_json(json);
	} else {
		cert_print(cert->x509, stdout);
	}
	return 0;
}

static int run_ca_init(int argc, char **argv)
{
	struct ca_init o = { .key = PKI_RSA_2048, .days = 3652 };
	const struct option_spec specs[] = {
		{ "ca", .text = &o.dir },
		{ "subject", .text = &o.subject },
		{ "key", .choice = &o.key, .choices = cert_keys },
		{ "days", .number = &o.days, .least = 1, .most = 36500 },
		{ "digest", .choice = &o.digest, .choices = cert_digests },
		{ "ca-passphrase-file", .text = &o.ca_passphrase_file },
		{ "import", .text = &o.import },
		{ "in-passphrase-file", .text = &o.in_passphrase_file },
		{ "json", .flag = &o.json },
		{ NULL },
	};
	struct words words;

	if (!options_read(argc, argv, specs, 0, 0, &words))
		return 2;
	if (!o.dir || !o.subject == !o.import) {
		complain("Give --ca, and one of --subject and --import.");
		return 2;
	}
	return ca_init(&o);
}

const struct cert_command cert_ca_init = { "ca-init", run_ca_init,
	                                   "make or import a certificate authority", ca_init_help };

/* --- revoke -------------------------------------------------------------------------------------------- */

static const char revoke_help[] =
	"usage: portcall cert revoke --ca DIR [OPTION...] SERIAL|CN|FILE...\n"
	"\n"
	"Revokes certificates of this CA, named by serial, CN or a file with the certificate.\n"
	"The RADIUS server learns it from the next CRL: portcall cert crl.\n"
	"\n"
	"  --ca DIR                   the CA's folder\n"
	"  --ca-passphrase-file FILE  opens its key; else PORTCALL_CA_PASSPHRASE\n"
	"  --reason REASON            keyCompromise, superseded, cessationOfOperation,\n"
	"                             affiliationChanged, caCompromise, unspecified (default)\n"
	"  --json                     {\"revoked\":[SERIAL...]}\n"
	"\n"
	"  portcall cert revoke --ca phones-ca --ca-passphrase-file ca.pass --reason keyCompromise "
	"phone7\n";

/* "03:E9" -> "03e9"; false: no serial. */
static bool serial_read(const char *word, char ret_serial[static 80])
{
	size_t n = 0;

	for (; *word; word++) {
		if (*word == ':')
			continue;
		if (!isxdigit((unsigned char)*word) || n == 78)
			return false;
		ret_serial[n++] = (char)tolower((unsigned char)*word);
	}
	ret_serial[n] = '\0';
	return n > 0;
}

/* The serial of the certificate in the file `word`. */
static bool serial_of_file(const char *word, char ret_serial[static 80])
{
	AUTO(material) struct pki_material m = { 0 };
	AUTO(file) struct file file = { 0 };
	char why[PKI_WHY_LEN];

	if (!file_read(word, &file))
		return false;
	if (!pki_material_read(span(file.p, file.n), NULL, &m, why) || !m.certs) {
		complain("%s holds no certificate.", word);
		return false;
	}
	cert_serial(sk_X509_value(m.certs, 0), ret_serial, 80);
	return true;
}

static int run_revoke(int argc, char **argv)
{
	const char *dir = NULL, *passphrase_file = NULL;
	int reason = 0, status = 0;
	bool json = false;
	const struct option_spec specs[] = {
		{ "ca", .text = &dir },
		{ "ca-passphrase-file", .text = &passphrase_file },
		{ "reason", .choice = &reason, .choices = ca_reasons },
		{ "json", .flag = &json },
		{ NULL },
	};
	struct words words;

	if (!options_read(argc, argv, specs, 1, 1000, &words))
		return 2;
	if (!dir) {
		complain("--ca is missing.");
		return 2;
	}
	AUTO(ca) struct ca *ca = ca_open(dir, passphrase_file);
	AUTO(json) json_t *all = json_array();

	if (!ca)
		return 2;
	for (int i = 0; i < words.n; i++) {
		json_t *serials = NULL;
		char serial[80];
		bool named = strchr(words.at[i], '/') || strchr(words.at[i], '.');

		if (named && !ca_holder(ca, words.at[i], 0)) {
			if (!serial_of_file(words.at[i], serial))
				return 2;
		} else if (!serial_read(words.at[i], serial) || ca_holder(ca, words.at[i], 0)) {
			snprintf(serial, sizeof(serial), "%s", words.at[i]);
		}
		if (!ca_revoke(ca, serial, reason, cert_now(), &serials)) {
			status = 1;
			continue;
		}
		json_array_extend(all, serials);
		json_decref(serials);
	}
	if (json) {
		AUTO(json) json_t *root = json_pack("{s:O}", "revoked", all);

		cert_print_json(root);
	} else {
		for (size_t i = 0; i < json_array_size(all); i++)
			printf("revoked %s\n", json_string_value(json_array_get(all, i)));
	}
	return status;
}

const struct cert_command cert_revoke = { "revoke", run_revoke, "revoke certificates of the CA",
	                                  revoke_help };

/* --- crl ----------------------------------------------------------------------------------------------- */

static const char crl_help[] =
	"usage: portcall cert crl --ca DIR [OPTION...]\n"
	"\n"
	"Makes the CA's list of revoked certificates, DIR/crl.pem, for the RADIUS server.\n"
	"\n"
	"  --ca DIR                   the CA's folder\n"
	"  --ca-passphrase-file FILE  opens its key; else PORTCALL_CA_PASSPHRASE\n"
	"  --days N                   until the next one must be there; default 30\n"
	"  --out FILE                 another place for it (\"-\": standard output)\n"
	"  --json                     {\"file\",\"revoked\",\"next_update\"}\n"
	"\n"
	"  portcall cert crl --ca phones-ca --ca-passphrase-file ca.pass --days 7\n";

static int run_crl(int argc, char **argv)
{
	const char *dir = NULL, *passphrase_file = NULL, *out = NULL;
	int64_t days = 30, now = cert_now();
	bool json = false;
	const struct option_spec specs[] = {
		{ "ca", .text = &dir },
		{ "ca-passphrase-file", .text = &passphrase_file },
		{ "days", .number = &days, .least = 1, .most = 3650 },
		{ "out", .text = &out },
		{ "json", .flag = &json },
		{ NULL },
	};
	AUTO(free) char *place = NULL;
	AUTO(free) char *pem = NULL;
	char next[RFC3339_LEN];
	struct words words;
	size_t revoked = 0;

	if (!options_read(argc, argv, specs, 0, 0, &words))
		return 2;
	if (!dir) {
		complain("--ca is missing.");
		return 2;
	}
	AUTO(ca) struct ca *ca = ca_open(dir, passphrase_file);

	if (!ca)
		return 2;
	pem = ca_crl(ca, now, now + days * 86400, &revoked);
	if (!pem)
		return 1;
	if (!out && asprintf(&place, "%s/crl.pem", dir) < 0)
		return 2;
	if (!cert_write(out ? out : place, 0644, true, pem, strlen(pem)))
		return 2;
	rfc3339(now + days * 86400, next);
	if (json && !(out && !strcmp(out, "-"))) {
		AUTO(json)
		json_t *root = json_pack("{s:s,s:I,s:s}", "file", out ? out : place, "revoked",
		                         (json_int_t)revoked, "next_update", next);

		cert_print_json(root);
	} else if (!out || strcmp(out, "-") != 0) {
		printf("%s: %zu revoked, next update before %s.\n", out ? out : place, revoked,
		       next);
	}
	return 0;
}

const struct cert_command cert_crl = { "crl", run_crl, "publish what is revoked", crl_help };
