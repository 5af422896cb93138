/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cert_issue - `portcall cert issue`: what is to be issued (cert_issue.c, cert_plan.c), and
 * its making (cert_batch.c).
 *
 * All rows are planned and checked before the first certificate is made, so that a mistake in line 900
 * of a list leaves nothing half done.
 */
#ifndef TOOLS_CERT_ISSUE_H
#define TOOLS_CERT_ISSUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/ca.h"
#include "tools/options.h"

enum issue_format { ISSUE_P12, ISSUE_PEM, ISSUE_BASE64, ISSUE_NONE };

/* One certificate. */
struct issue_row {
	int line;     /* in the list; 0: of the command line */
	char id[120]; /* file names begin with it */
	char subject[PKI_NAME_LEN], cn[80];
	char mac[13]; /* 12 upper-case hex digits; "" none */
	char **san;
	struct pki_cert *cert; /* NULL until it is made */
	uint8_t *p12;          /* its PKCS#12, when one is written */
	size_t p12_n;
	char why[PKI_WHY_LEN];
};

struct issue {
	struct ca *ca;
	struct pki_request request; /* what all have in common */
	struct pki_csr *csr;        /* one row: its key */
	struct pki_pkcs12_options container;
	const char *passphrase; /* of the PKCS#12 */
	const char *out;        /* folder of the files */
	enum issue_format format;
	const char *provisioning, *config_name; /* folder of device files; NULL: none */
	bool force, json;
	struct issue_row *rows;
	size_t n;
};

/* What the command line asks for. */
enum fill { FILL_NAME, FILL_MAC, FILL_ADDRESS };
enum mac_style { STYLE_PLAIN, STYLE_COLONS, STYLE_HYPHENS };

struct plan {
	struct issue issue;
	const char *dir, *ca_passphrase_file, *passphrase_file;
	const char *template, *csv, *csr;
	const char *one[3]; /* by enum fill */
	struct option_list san;
	int fill, style, purpose, key, digest, format, profile; /* -1: not given */
	int64_t days, iterations;
	bool renew;
	char subject[PKI_NAME_LEN]; /* the template at work */
	json_t *cns, *ids;          /* of this list */
};

extern const char *const plan_fills[]; /* names of enum fill, ended by NULL */

/* Fill in `plan->issue.rows` and check each of them; false: all that is wrong was said. */
bool plan_one(struct plan *plan);
bool plan_list(struct plan *plan, char *csv); /* `csv` is changed */

/* Make, record and write them all; the exit status. */
int issue_batch(struct issue *issue);

/* Malloc'ed path of a result: "OUT/ID.ENDING", or the device file; NULL: no memory. */
char *issue_path(const struct issue *issue, const struct issue_row *row, const char *ending);
char *issue_device_path(const struct issue *issue, const struct issue_row *row);

#endif
