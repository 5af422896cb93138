/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ca - a certificate authority in a folder.
 *
 *	ca.pem   its certificate and the CAs above it, up to but without a foreign root
 *	ca.key   its private key (0600), under a pass phrase when one was given
 *	index    one JSON object a line, only ever added to: what was issued, revoked, and each CRL
 *	crl.pem  the newest CRL
 *
 * The folder is 0700.  A certificate stands in the index, on disk, before it leaves this module, so no
 * serial is given out twice and everything that was ever signed can be revoked.  A line that a power
 * cut tore is dropped when the folder is opened.  The index is locked while a CA is open.
 *
 * Shell: errors go to standard error as one sentence.  Not thread-safe, but ca_cert() may issue in
 * several threads while nothing else is called.
 */
#ifndef TOOLS_CA_H
#define TOOLS_CA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "common/auto.h"
#include "tools/pki.h"

struct ca;

/* Make the folder `dir`, which must not be one already; `passphrase` NULL: the key is not encrypted. */
bool ca_create(const char *dir, const struct pki_cert *cert, const char *passphrase);

/* NULL: it was said why.  The pass phrase is the first line of a file, else PORTCALL_CA_PASSPHRASE. */
struct ca *ca_open(const char *dir, const char *passphrase_file);
void ca_close(struct ca *ca); /* NULL is fine */
AUTO_CLEANUP(ca, struct ca *, ca_close)

const struct pki_cert *ca_cert(const struct ca *ca);
size_t ca_issued(const struct ca *ca);

/* The serial of a certificate with this CN that is valid at `now`; NULL: the CN is free. */
const char *ca_holder(const struct ca *ca, const char *cn, int64_t now);

/* 63 random bits that this CA never used, and will not give out again while it is open; 0: no random numbers. */
uint64_t ca_serial(struct ca *ca);

/* Write to the index that `certs` were issued, in one step. */
bool ca_record(struct ca *ca, struct pki_cert *const *certs, size_t n, int64_t now);

/*
 * Revoke the certificate with this serial (hex) or, when there is none, the valid ones with this CN;
 * `reason`: one of ca_reasons.  `ret_serials`: an array of what was revoked, new reference.
 */
bool ca_revoke(struct ca *ca, const char *serial_or_cn, int reason, int64_t now,
               json_t **ret_serials);
extern const char *const ca_reasons[]; /* RFC 5280 5.3.1, ended by NULL */

/* A CRL of all that is revoked and has not expired, as PEM, malloc'ed; its number is in the index. */
char *ca_crl(struct ca *ca, int64_t now, int64_t next, size_t *ret_revoked);

/* The same out of the records of an index ({"03e9": {"not_after", "revoked"?, "reason"?}}) (ca_crl.c). */
char *ca_crl_pem(const struct pki_cert *ca, json_t *by_serial, int64_t number, int64_t now,
                 int64_t next, size_t *ret_revoked, char ret_why[static PKI_WHY_LEN]);

#endif
