/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * policy_row - a server's chain and what the policy says of it: by the checker and in real handshakes (both
 * TLS versions, both ways of attaching), which must agree in reason and text.
 */
#ifndef TESTS_POLICY_ROW_H
#define TESTS_POLICY_ROW_H

#include "common/cert_policy.h"
#include "tests/unit/pki_fixture.h"

enum who { NOBODY, ROOT, MIDDLE, OTHER, TWIN, LEAF };

#define NONE    PORTCALL_VERIFY_NONE
#define TRUSTED PORTCALL_VERIFY_TRUSTED
#define FULL    PORTCALL_VERIFY_FULL
#define OPTI    PORTCALL_PROFILE_OPTIPOINT
#define R(id)   PORTCALL_REASON_##id
#define SERVER  "extendedKeyUsage=serverAuth"
#define DNS(n)  "subjectAltName=DNS:" n
#define CA      "basicConstraints=critical,CA:TRUE"

struct policy_row {
	const char *name;
	enum portcall_verify verify;
	enum portcall_profile profile;
	enum who issuer; /* of the leaf: ROOT (0: ROOT), MIDDLE, OTHER, or LEAF: itself */
	struct fixture_spec leaf;
	struct fixture_spec middle; /* below the root; always sent when it is the issuer */
	struct fixture_spec root;
	bool keep_middle;    /* the server forgets to send it */
	bool scrambled;      /* it sends root, a stranger and the intermediate, in this order */
	enum who anchors[3]; /* 0: ROOT alone; NOBODY is said by `no_anchor` */
	bool no_anchor;
	const char *server_name;
	long days; /* the clock, from FIXTURE_NOW */
	bool not_before_ignored;
	enum portcall_reason reason; /* NONE: accepted */
	const char *detail;
	int alert;         /* that the server gets; 0: not compared */
	bool checker_only; /* no server can run it */
};

void policy_row_judge(void **state); /* a test; its state is the row */

#endif
