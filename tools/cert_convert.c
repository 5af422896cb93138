/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cert_convert - PKCS#12 and what it is made of: convert, pack, unpack.
 *
 * Everything happens in memory: a private key touches the disk only under the phones' pass phrase, or
 * where unpack was told to put it.
 */
#include "tools/cert.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/pem.h>

#include "common/credential_openssl.h"
#include "common/item.h"
#include "tools/item_value.h"
#include "tools/items.h"

/* --- what convert and pack share ------------------------------------------------------------------------ */

struct making {
	const char *passphrase_file, *in_passphrase_file, *out, *into, *name;
	int profile, format;
	int64_t iterations;
	bool root, create, force;
};

enum { FORMAT_P12, FORMAT_BASE64, FORMAT_ITEM };

static const char *const formats[] = { "p12", "base64", "item", NULL };

/* What people should know before they roll it out. */
static void warn(const struct pki_cert *cert, const char *legacy)
{
	char text[240];

	if (*legacy)
		complain("note: the file was protected by algorithms of the 1990s: %s.", legacy);
	if (cert_policy_key(X509_get0_pubkey(cert->x509), PORTCALL_PROFILE_MODERN, text) !=
	    PORTCALL_REASON_NONE)
		complain("warning: the key is %s.", text);
	if (cert_policy_dates(cert->x509, cert_now()) == PORTCALL_REASON_CERT_EXPIRED)
		complain("warning: the certificate has expired.");
	if (pki_not_after(cert) > INT32_MAX)
		complain("warning: the certificate is valid past January 2038, which many phones "
		         "cannot represent.");
	if (X509_check_purpose(cert->x509, X509_PURPOSE_SSL_CLIENT, 0) != 1)
		complain("warning: the certificate is not made for clients (extended key usage or "
		         "key usage).");
}

/* Does it open with the pass phrase, and is it the same key?  What phones read, not what we meant. */
static bool proves(struct span der, const char *passphrase, const struct pki_cert *cert)
{
	struct pkcs12_contents contents;
	struct portcall_why why;
	bool ok;

	if (pkcs12_read(der, passphrase, false, PKCS12_MAX_ITERATIONS, &contents, &why) !=
	    PORTCALL_OK)
		return false;
	ok = EVP_PKEY_eq(contents.key, cert->key) == 1 &&
	     sk_X509_num(contents.certs) == 1 + sk_X509_num(cert->above) &&
	     !X509_cmp(sk_X509_value(contents.certs, 0), cert->x509);
	pkcs12_done(&contents);
	return ok;
}

static int give(const struct making *o, struct span der)
{
	AUTO(free) char *base64 = base64_lines(der);
	AUTO(free) char *item = NULL;
	bool ok;

	if (!base64)
		return 2;
	if (o->into) {
		const struct items_file file = { .path = o->into, .create = o->create };
		struct items_changed changed;
		struct item_change change = { ITEM_CERTIFICATE, -1, base64 };
		int status;

		base64[strlen(base64) - 1] = '\0';
		status = items_file_set(&file, &change, 1, &changed);
		if (!status && *changed.version_item)
			printf("%s: written, %s %s -> %s.\n", o->into, changed.version_item,
			       *changed.before ? changed.before : "(none)", changed.after);
		else if (!status)
			printf("%s: written.\n", o->into);
		return status;
	}
	switch (o->format) {
	case FORMAT_P12:
		ok = cert_write(o->out, 0600, o->force, der.p, der.n);
		break;
	case FORMAT_BASE64:
		ok = cert_write(o->out, 0600, o->force, base64, strlen(base64));
		break;
	default:
		base64[strlen(base64) - 1] = '\0';
		ok = asprintf(&item, "<Item name=\"" ITEM_CERTIFICATE "\">%s</Item>\n", base64) >
		             0 &&
		     cert_write(o->out, 0600, o->force, item, strlen(item));
	}
	return ok ? 0 : 2;
}

static int make(const struct making *o, const struct pki_material *m, const char *what)
{
	const struct pki_pkcs12_options options = { .container = (enum pki_container)o->profile,
		                                    .iterations = (unsigned)o->iterations,
		                                    .name = o->name };
	char passphrase[PASSPHRASE_MAX], why[PKI_WHY_LEN];
	AUTO(pki) struct pki_cert *cert = NULL;
	AUTO(free) uint8_t *der = NULL;
	int status = 1;
	size_t n = 0;

	if (!m->key || !m->certs) {
		complain("%s: the %s is missing.", what, m->key ? "certificate" : "private key");
		return 1;
	}
	cert = pki_join(m->certs, m->key, o->root, why);
	if (!cert) {
		complain("%s: %s", what, why);
		return 1;
	}
	if (!cert_passphrase(o->passphrase_file, passphrase))
		return 2;
	warn(cert, m->legacy);
	der = pki_pkcs12_with(cert, passphrase, &options, &n, why);
	if (!der)
		complain("%s", why);
	else if (!proves(span(der, n), passphrase, cert))
		complain("The PKCS#12 that was made does not read back as it should; nothing was "
		         "written.");
	else
		status = give(o, span(der, n));
	explicit_bzero(passphrase, sizeof(passphrase));
	return status;
}

/* All `words` are read; false: `ret_status`. */
static bool read_all(const struct words *words, const char *in_passphrase_file,
                     struct pki_material *m, int *ret_status)
{
	char passphrase[PASSPHRASE_MAX];
	bool given, ok = true;

	*ret_status = 2;
	if (!passphrase_read(in_passphrase_file, "PORTCALL_IN_PASSPHRASE", passphrase, &given))
		return false;
	for (int i = 0; i < words->n && ok; i++)
		ok = cert_read(words->at[i], passphrase, m, ret_status);
	explicit_bzero(passphrase, sizeof(passphrase));
	return ok;
}

static int run_making(int argc, char **argv, int format, int most)
{
	AUTO(material) struct pki_material m = { 0 };
	struct making o = { .format = format, .iterations = CERT_ITERATIONS };
	const struct option_spec specs[] = {
		{ "passphrase-file", .text = &o.passphrase_file },
		{ "in-passphrase-file", .text = &o.in_passphrase_file },
		{ "profile", .choice = &o.profile, .choices = cert_profiles },
		{ "format", .choice = &o.format, .choices = formats },
		{ "iterations", .number = &o.iterations, .least = 1,
		  .most = PKCS12_MAX_ITERATIONS },
		{ "name", .text = &o.name },
		{ "root", .flag = &o.root },
		{ "out", .text = &o.out },
		{ "into", .text = &o.into },
		{ "create", .flag = &o.create },
		{ "force", .flag = &o.force },
		{ NULL },
	};
	struct words words;
	int status;

	if (!options_read(argc, argv, specs, 1, most, &words))
		return 2;
	if (o.out && o.into) {
		complain("Give --out or --into, not both.");
		return 2;
	}
	if (!read_all(&words, o.in_passphrase_file, &m, &status))
		return status;
	return make(&o, &m, words.at[0]);
}

#define MAKING_OPTIONS                                                                             \
	"  --passphrase-file FILE     the phones' pass phrase; else PORTCALL_PASSPHRASE\n"         \
	"  --in-passphrase-file FILE  opens what is read; else PORTCALL_IN_PASSPHRASE\n"           \
	"  --profile PROFILE          modern (default): AES-256, PBKDF2, SHA-256 MAC;\n"           \
	"                             optipoint: RC2-40, 3DES, SHA-1 MAC, 2048 iterations, as in " \
	"2006\n"                                                                                   \
	"  --iterations N             of the modern key derivation; default 10000\n"               \
	"  --root                     keep the root in the chain\n"                                \
	"  --name NAME                a friendly name in the PKCS#12\n"                            \
	"  --out FILE                 default: standard output\n"                                  \
	"  --into FILE.xml            set the 802.1x-certificate item in this provisioning file\n" \
	"  --create                   make that file when it is not there\n"                       \
	"  --force                    replace the file of --out\n"

/* --- convert -------------------------------------------------------------------------------------------- */

static const char convert_help[] =
	"usage: portcall cert convert [OPTION...] CUSTOMER.p12\n"
	"\n"
	"Makes of a customer's PKCS#12 and its pass phrase one under the phones' pass phrase, and\n"
	"gives it as the phones want it: base64 in lines of 64, the XML item, or set in a\n"
	"provisioning file.  All of it happens in memory.\n"
	"\n" MAKING_OPTIONS "  --format FORMAT            base64 (default), item or p12\n"
	"\n"
	"  portcall cert convert customer.p12 --in-passphrase-file customer.pass \\\n"
	"      --passphrase-file phone.pass --into op420adv_conf020000000101.xml\n";

static int run_convert(int argc, char **argv)
{
	return run_making(argc, argv, FORMAT_BASE64, 1);
}

const struct cert_command cert_convert = {
	"convert", run_convert, "a customer's PKCS#12 becomes the phones' 802.1x-certificate item",
	convert_help
};

/* --- pack ----------------------------------------------------------------------------------------------- */

static const char pack_help[] =
	"usage: portcall cert pack [OPTION...] FILE...\n"
	"\n"
	"Makes a PKCS#12 of a private key, its certificate and the CAs above it, which may stand "
	"in\n"
	"any files (PEM, DER, PKCS#7, PKCS#12) in any order.  The certificate is that of the key.\n"
	"\n" MAKING_OPTIONS "  --format FORMAT            p12 (default), base64 or item\n"
	"\n"
	"  portcall cert pack phone.key phone.cer ca.pem --passphrase-file phone.pass --out "
	"phone.p12\n";

static int run_pack(int argc, char **argv)
{
	return run_making(argc, argv, FORMAT_P12, 100);
}

const struct cert_command cert_pack = { "pack", run_pack,
	                                "key, certificate and chain become a PKCS#12", pack_help };

/* --- unpack --------------------------------------------------------------------------------------------- */

static const char unpack_help[] =
	"usage: portcall cert unpack [OPTION...] FILE.p12 PREFIX\n"
	"\n"
	"Writes what is in a PKCS#12 as PEM: PREFIX.pem (certificate and chain), PREFIX.key\n"
	"(private key, 0600) and PREFIX-ca.pem (the CAs, never the key).\n"
	"\n"
	"  --in-passphrase-file FILE  opens it; else PORTCALL_IN_PASSPHRASE\n"
	"  --passphrase-file FILE     encrypts the key with its first line; else "
	"PORTCALL_PASSPHRASE\n"
	"  --plain                    write the key without encryption\n"
	"  --traditional              write an RSA key as BEGIN RSA PRIVATE KEY (PKCS#1), plain\n"
	"  --force                    replace files\n"
	"\n"
	"  portcall cert unpack phone.p12 phone --in-passphrase-file phone.pass --plain\n";

struct unpack {
	const char *passphrase_file, *in_passphrase_file, *prefix;
	bool plain, traditional, force;
};

static bool put(const struct unpack *o, const char *ending, mode_t mode, const char *text)
{
	AUTO(free) char *path = NULL;

	if (!text || asprintf(&path, "%s%s", o->prefix, ending) < 0)
		return false;
	return cert_write(path, mode, o->force, text, strlen(text));
}

/* PKCS#1; NULL: `ret_why`. */
static char *traditional_pem(EVP_PKEY *key, char ret_why[static PKI_WHY_LEN])
{
	AUTO(bio) BIO *bio = BIO_new(BIO_s_secmem());

	if (bio && PEM_write_bio_PrivateKey_traditional(bio, key, NULL, NULL, 0, NULL, NULL))
		return pki_bio_text(bio);
	pki_failed(ret_why, "The key could not be written");
	return NULL;
}

static int put_key(const struct unpack *o, const struct pki_cert *cert)
{
	char passphrase[PASSPHRASE_MAX] = "", why[PKI_WHY_LEN], *pem;
	bool plain = o->plain || o->traditional, ok;

	if (!plain && !cert_passphrase(o->passphrase_file, passphrase)) {
		complain("Without one, --plain writes the key without encryption.");
		return 2;
	}
	pem = o->traditional
	              ? traditional_pem(cert->key, why)
	              : pki_key_pem(cert, plain ? NULL : passphrase, CERT_KEY_ITERATIONS, why);
	explicit_bzero(passphrase, sizeof(passphrase));
	if (!pem) {
		complain("%s", why);
		return 1;
	}
	ok = put(o, ".key", 0600, pem);
	OPENSSL_cleanse(pem, strlen(pem));
	free(pem);
	return ok ? 0 : 2;
}

/* The certificates that are CAs, as PEM; "" without any. */
static char *cas_pem(STACK_OF(X509) *certs)
{
	AUTO(bio) BIO *bio = BIO_new(BIO_s_mem());
	bool ok = bio != NULL;

	for (int i = 0; i < sk_X509_num(certs); i++)
		if (X509_check_ca(sk_X509_value(certs, i)) > 0)
			ok = ok && PEM_write_bio_X509(bio, sk_X509_value(certs, i));
	return ok ? pki_bio_text(bio) : NULL;
}

static int unpack(const struct unpack *o, const struct pki_material *m)
{
	AUTO(pki) struct pki_cert *cert = NULL;
	AUTO(free) char *pem = NULL;
	AUTO(free) char *cas = cas_pem(m->certs);
	char why[PKI_WHY_LEN];
	int status;

	if (!m->key || !m->certs) {
		complain("The file holds no %s.", m->key ? "certificate" : "private key");
		return 1;
	}
	cert = pki_join(m->certs, m->key, false, why);
	if (!cert) {
		complain("%s", why);
		return 1;
	}
	pem = pki_pem(cert, true);
	status = put_key(o, cert);
	if (status)
		return status;
	return put(o, ".pem", 0644, pem) && (!cas || !*cas || put(o, "-ca.pem", 0644, cas)) ? 0 : 2;
}

static int run_unpack(int argc, char **argv)
{
	AUTO(material) struct pki_material m = { 0 };
	struct unpack o = { 0 };
	const struct option_spec specs[] = {
		{ "passphrase-file", .text = &o.passphrase_file },
		{ "in-passphrase-file", .text = &o.in_passphrase_file },
		{ "plain", .flag = &o.plain },
		{ "traditional", .flag = &o.traditional },
		{ "force", .flag = &o.force },
		{ NULL },
	};
	struct words words;
	int status;

	if (!options_read(argc, argv, specs, 2, 2, &words))
		return 2;
	o.prefix = words.at[1];
	words.n = 1;
	if (!read_all(&words, o.in_passphrase_file, &m, &status))
		return status;
	return unpack(&o, &m);
}

const struct cert_command cert_unpack = { "unpack", run_unpack, "a PKCS#12 becomes PEM files",
	                                  unpack_help };
