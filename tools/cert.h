/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cert - `portcall cert`: certificates from the CA to the provisioning item.
 *
 * cert.c is the table of subcommands and what they share; each subcommand is in one of cert_*.c.  Shell:
 * results go to standard output, errors as one sentence to standard error.  Exit status: 0 done,
 * 1 refused, 2 cannot read or wrong usage.  Pass phrases come from files or the environment, never from
 * the command line:
 *
 *	--passphrase-file     PORTCALL_PASSPHRASE     the phones': of the PKCS#12 that is made
 *	--in-passphrase-file  PORTCALL_IN_PASSPHRASE  of what is read
 *	--ca-passphrase-file  PORTCALL_CA_PASSPHRASE  of the CA's key
 */
#ifndef TOOLS_CERT_H
#define TOOLS_CERT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include "tools/files.h"
#include "tools/items.h"
#include "tools/options.h"
#include "tools/pki_openssl.h"

struct cert_command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *about, *help;
};

extern const struct cert_command cert_ca_init, cert_revoke, cert_crl, cert_selftest, cert_issue,
	cert_csr, cert_convert, cert_pack, cert_unpack, cert_show, cert_chain;

/* --- choices of options ------------------------------------------------------------------------------- */

extern const char *const cert_keys[];     /* enum pki_key */
extern const char *const cert_digests[];  /* enum pki_digest, without MD5 */
extern const char *const cert_purposes[]; /* enum pki_purpose */
extern const char *const cert_profiles[]; /* enum pki_container */

enum {
	CERT_ITERATIONS = 10000,      /* of a modern PKCS#12 */
	CERT_KEY_ITERATIONS = 100000, /* of a private key on disk */
};

/* --- dates -------------------------------------------------------------------------------------------- */

int64_t cert_now(void);
/* `days` from `now`, but not past 2037 (many phones count seconds in 32 bits) and not past `limit`, which is said. */
int64_t cert_end(int64_t now, int64_t days, int64_t limit);

/* --- files -------------------------------------------------------------------------------------------- */

/* Adds what `path` holds to `m`; `passphrase` may be NULL.  False: 1 or 2 in `ret_status`, and it was said why. */
bool cert_read(const char *path, const char *passphrase, struct pki_material *m, int *ret_status);

/* Write a result; what is there already is kept unless `force`.  "-" or NULL: standard output. */
bool cert_write(const char *path, mode_t mode, bool force, const void *p, size_t n);

/* The pass phrase of what is made: asked for by this name in errors.  False: none was given, which was said. */
bool cert_passphrase(const char *path, char ret_passphrase[static PASSPHRASE_MAX]);

/* --- what a certificate says (cert_facts.c) -------------------------------------------------------------- */

/* {"subject","issuer","serial","not_before","not_after","key","signature","ca","san","purposes","critical","sha256","md5"} */
json_t *cert_json(X509 *cert);
void cert_print(X509 *cert, FILE *out); /* for people */
/* "AA:BB:..." as phones and browsers show it; "" when out of memory. */
void cert_fingerprint(X509 *cert, const EVP_MD *digest, char ret_text[static 100]);
void cert_print_json(json_t *json); /* one line; takes nothing */

#endif
