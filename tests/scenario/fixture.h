/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fixture - certificates and credentials for tests of the supplicant: one CA for servers, one for
 * phones, and the provisioning items made of them, as the product reads them.
 */
#ifndef TESTS_SCENARIO_FIXTURE_H
#define TESTS_SCENARIO_FIXTURE_H

#include <portcall/credentials.h>

#include "tools/pki.h"

struct fixture {
	struct pki_cert *server_ca, *phone_ca;
	struct pki_cert *server, *phone;
	struct portcall_credentials *credentials;
};

struct fixture_options {
	enum pki_key key;                /* of everything */
	bool intermediate;               /* the phone's certificate comes from an intermediate CA */
	const char *server_dns;          /* NULL: radius.example */
	int64_t server_not_after;        /* 0: tomorrow */
	int64_t server_not_before;       /* 0: a minute ago */
	enum pki_purpose server_purpose; /* PKI_ANY: PKI_SERVER */
	bool foreign_anchor;             /* the phone trusts another CA than the server's */
};

/* Everything or nothing: on false `why` has a sentence. */
bool fixture_init(struct fixture *f, const struct fixture_options *options,
                  char why[static PKI_WHY_LEN]);
void fixture_done(struct fixture *f);

/* Credentials out of these certificates, by way of an items document.  NULL: `why` says why. */
struct portcall_credentials *fixture_credentials(const struct pki_cert *ca1,
                                                 const struct pki_cert *ca2,
                                                 const struct pki_cert *phone,
                                                 char why[static PKI_WHY_LEN]);

#endif
