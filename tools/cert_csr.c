/* SPDX-License-Identifier: BSD-3-Clause */
/* cert_csr - a certificate request, for a CA that somebody else runs. */
#include "tools/cert.h"

#include <stdlib.h>
#include <string.h>

static const char csr_help[] =
	"usage: portcall cert csr --subject NAME --key-out FILE [OPTION...]\n"
	"\n"
	"Makes a private key and the request that another CA needs (PKCS#10).  To read a request:\n"
	"portcall cert show; to issue for one: portcall cert issue --csr.\n"
	"\n"
	"  --subject NAME          \"C=DE, ST=Bayern, L=Muenchen, O=Example, "
	"CN=radius.example.net\"\n"
	"  --san KIND:VALUE        DNS:, IP:, email:, URI: or UPN:; may stand often\n"
	"  --key KIND              rsa2048 (default), rsa4096, p256, p384, rsa1024\n"
	"  --digest sha256|sha1    of the request's signature\n"
	"  --key-out FILE          the private key (0600)\n"
	"  --passphrase-file FILE  encrypts it with its first line; else PORTCALL_PASSPHRASE\n"
	"  --plain                 leave it without encryption, as servers want it\n"
	"  --out FILE              the request; default: standard output\n"
	"  --force                 replace files\n"
	"\n"
	"  portcall cert csr --subject \"O=Example, CN=radius.example.net\" \\\n"
	"      --san DNS:radius.example.net --plain --key-out radius.key --out radius.csr\n";

struct csr {
	const char *subject, *key_out, *passphrase_file, *out;
	struct option_list san;
	int key, digest;
	bool plain, force;
};

/* The key under the pass phrase; NULL: it was said why. */
static char *encrypted(const char *plain_pem, const char *passphrase)
{
	AUTO(material) struct pki_material m = { 0 };
	struct pki_cert holder = { 0 };
	char why[PKI_WHY_LEN], *pem = NULL;

	if (pki_material_read(span_of_string(plain_pem), NULL, &m, why)) {
		holder.key = m.key;
		pem = pki_key_pem(&holder, passphrase, CERT_KEY_ITERATIONS, why);
	}
	if (!pem)
		complain("%s", why);
	return pem;
}

static void wipe(char *text)
{
	if (text)
		OPENSSL_cleanse(text, strlen(text));
	free(text);
}

static int csr_make(const struct csr *o)
{
	const struct pki_request request = { .subject = o->subject,
		                             .san = o->san.text,
		                             .key = (enum pki_key)o->key,
		                             .digest = (enum pki_digest)o->digest };
	char passphrase[PASSPHRASE_MAX], why[PKI_WHY_LEN], *key = NULL;
	AUTO(free) char *pem = NULL;
	bool ok;

	if (!o->plain && !cert_passphrase(o->passphrase_file, passphrase)) {
		complain("Without one, --plain leaves the key without encryption.");
		return 2;
	}
	pem = pki_csr_make(&request, &key, why);
	if (!pem) {
		complain("%s", why);
		return 1;
	}
	if (!o->plain) {
		char *under = encrypted(key, passphrase);

		explicit_bzero(passphrase, sizeof(passphrase));
		wipe(key);
		key = under;
	}
	ok = key && cert_write(o->key_out, 0600, o->force, key, strlen(key)) &&
	     cert_write(o->out, 0644, o->force, pem, strlen(pem));
	wipe(key);
	return ok ? 0 : 2;
}

static int run_csr(int argc, char **argv)
{
	struct csr o = { .key = PKI_RSA_2048 };
	const struct option_spec specs[] = {
		{ "subject", .text = &o.subject },
		{ "san", .list = &o.san },
		{ "key", .choice = &o.key, .choices = cert_keys },
		{ "digest", .choice = &o.digest, .choices = cert_digests },
		{ "key-out", .text = &o.key_out },
		{ "passphrase-file", .text = &o.passphrase_file },
		{ "plain", .flag = &o.plain },
		{ "out", .text = &o.out },
		{ "force", .flag = &o.force },
		{ NULL },
	};
	struct words words;

	if (!options_read(argc, argv, specs, 0, 0, &words))
		return 2;
	if (!o.subject || !o.key_out) {
		complain("--subject and --key-out are needed; --help says more.");
		return 2;
	}
	return csr_make(&o);
}

const struct cert_command cert_csr = { "csr", run_csr, "a key and a request for somebody else's CA",
	                               csr_help };
