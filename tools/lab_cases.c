/* SPDX-License-Identifier: BSD-3-Clause */
/* lab_cases - the failures: what is changed, and which reason phone, switch and RADIUS server must give. */
#include <string.h>

#include "tools/lab.h"

#define REASON(name) PORTCALL_REASON_##name

static const struct lab_case cases[] = {
	{ "wrong-ca", LAB_WRONG_CA, REASON(SERVER_UNKNOWN_CA), REASON(PORT_REJECTED),
	  REASON(SERVER_REFUSED),
	  "the RADIUS server's certificate is from a CA that the phone does not know" },
	{ "expired-client", LAB_EXPIRED_CLIENT, REASON(REJECTED), REASON(PORT_REJECTED),
	  REASON(CLIENT_CERT_INVALID), "the phone's certificate has expired" },
	{ "unknown-device", LAB_UNKNOWN_DEVICE, REASON(REJECTED), REASON(PORT_REJECTED),
	  REASON(DEVICE_UNKNOWN), "the phone is not in the inventory" },
	{ "wrong-mac", LAB_WRONG_MAC, REASON(REJECTED), REASON(PORT_REJECTED), REASON(WRONG_MAC),
	  "the phone carries another phone's certificate" },
	{ "no-certificate", LAB_NO_CERTIFICATE, REASON(NO_CERTIFICATE_ITEM),
	  REASON(PORT_NO_SUPPLICANT), REASON(NONE), "the phone has no 802.1x-certificate item" },
	{ "wrong-passphrase", LAB_WRONG_PASSPHRASE, REASON(P12_WRONG_PASSPHRASE),
	  REASON(PORT_NO_SUPPLICANT), REASON(NONE),
	  "the phone's pass phrase does not open its PKCS#12" },
	{ "radius-down", LAB_RADIUS_DOWN, REASON(RADIUS_UNREACHABLE), REASON(PORT_RADIUS_TIMEOUT),
	  REASON(NONE), "no RADIUS server runs" },
	{ "server-name", LAB_SERVER_NAME, REASON(SERVER_NAME), REASON(PORT_REJECTED),
	  REASON(SERVER_REFUSED), "verify = full, and the RADIUS server has another name" },
	{ "bad-xml", LAB_BAD_XML, REASON(XML_SYNTAX), REASON(PORT_NO_SUPPLICANT), REASON(NONE),
	  "the phone's provisioning file is broken off in the middle" },
};

enum { CASES = sizeof cases / sizeof *cases };

const struct lab_case *lab_case_find(const char *name)
{
	for (size_t i = 0; i < CASES; i++)
		if (strcmp(cases[i].name, name) == 0)
			return &cases[i];
	return NULL;
}

void lab_case_list(FILE *out)
{
	for (size_t i = 0; i < CASES; i++)
		fprintf(out, "  %-18s %s\n", cases[i].name, cases[i].about);
}
