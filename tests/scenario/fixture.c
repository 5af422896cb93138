/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/scenario/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DAY = 86400, DOCUMENT_MAX = 32768 };

static struct pki_cert *make_ca(const struct pki_cert *issuer, const char *cn, enum pki_key key,
                                char why[static PKI_WHY_LEN])
{
	struct pki_request request = { .cn = cn,
		                       .o = "Portcall Test",
		                       .key = key,
		                       .not_before = time(NULL) - 60,
		                       .not_after = time(NULL) + DAY };

	return pki_ca(issuer, &request, why);
}

struct portcall_credentials *fixture_credentials(const struct pki_cert *ca1,
                                                 const struct pki_cert *ca2,
                                                 const struct pki_cert *phone,
                                                 char why[static PKI_WHY_LEN])
{
	struct portcall_credentials *credentials = NULL;
	struct portcall_credentials_options options = { .size = sizeof(options),
		                                        .passphrase = "phone secret",
		                                        .now = time(NULL) };
	struct portcall_items *items = NULL;
	struct portcall_why reason = { 0 };
	char *pem1 = pki_pem(ca1, false);
	char *pem2 = ca2 ? pki_pem(ca2, false) : NULL;
	char *p12 = pki_pkcs12_base64(phone, options.passphrase, PKI_MODERN, why);
	char *document = malloc(DOCUMENT_MAX);
	int n;

	if (!pem1 || !p12 || !document)
		goto out;
	n = snprintf(document, DOCUMENT_MAX,
	             "<ItemList><Item name=\"radius-server-ca1\">%s</Item>"
	             "<Item name=\"radius-server-ca2\">%s</Item>"
	             "<Item name=\"802.1x-certificate\">%s</Item></ItemList>",
	             pem1, pem2 ? pem2 : "", p12);
	if (n >= DOCUMENT_MAX ||
	    portcall_items_read(document, (size_t)n, NULL, NULL, &items, &reason) != PORTCALL_OK ||
	    portcall_credentials_read(items, &options, &credentials, &reason) != PORTCALL_OK)
		snprintf(why, PKI_WHY_LEN, "%s: %.100s", portcall_reason_code(reason.reason),
		         reason.text);
out:
	portcall_items_free(items);
	free(document);
	free(p12);
	free(pem2);
	free(pem1);
	return credentials;
}

bool fixture_init(struct fixture *f, const struct fixture_options *o, char why[static PKI_WHY_LEN])
{
	const char *dns[] = { o->server_dns ? o->server_dns : "radius.example", NULL };
	struct pki_request server = {
		.cn = "Test RADIUS",
		.dns = dns,
		.purpose = o->server_purpose == PKI_ANY ? PKI_SERVER : o->server_purpose,
		.key = o->key,
		.not_before = o->server_not_before ? o->server_not_before : time(NULL) - 60,
		.not_after = o->server_not_after ? o->server_not_after : time(NULL) + DAY,
	};
	struct pki_request phone = { .cn = "phone1",
		                     .purpose = PKI_CLIENT,
		                     .key = o->key,
		                     .serial = 0x03e9,
		                     .not_before = time(NULL) - 60,
		                     .not_after = time(NULL) + DAY };
	struct pki_cert *issuing = NULL, *foreign = NULL;
	bool ok;

	*f = (struct fixture){ 0 };
	f->server_ca = make_ca(NULL, "Server CA", o->key, why);
	f->phone_ca = make_ca(NULL, "Phone CA", o->key, why);
	issuing = o->intermediate ? make_ca(f->phone_ca, "Issuing CA", o->key, why) : NULL;
	foreign = o->foreign_anchor ? make_ca(NULL, "Foreign CA", o->key, why) : NULL;
	f->server = f->server_ca ? pki_issue(f->server_ca, &server, why) : NULL;
	f->phone = f->phone_ca ? pki_issue(issuing ? issuing : f->phone_ca, &phone, why) : NULL;
	if (f->server && f->phone)
		f->credentials =
			fixture_credentials(foreign ? foreign : f->server_ca, NULL, f->phone, why);
	ok = f->credentials;
	pki_free(issuing);
	pki_free(foreign);
	if (!ok)
		fixture_done(f);
	return ok;
}

void fixture_done(struct fixture *f)
{
	portcall_credentials_unref(f->credentials);
	pki_free(f->phone);
	pki_free(f->server);
	pki_free(f->phone_ca);
	pki_free(f->server_ca);
	*f = (struct fixture){ 0 };
}
