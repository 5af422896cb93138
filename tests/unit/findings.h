/* SPDX-License-Identifier: BSD-3-Clause */
/* findings - collects what the readers report, so that a test can compare it with one string. */
#ifndef TESTS_FINDINGS_H
#define TESTS_FINDINGS_H

#include <portcall/credentials.h>

struct findings {
	size_t n;
	struct {
		struct portcall_why why;
		char item[140];
	} at[64];
	char codes[2048];
};

void findings_add(void *findings, const struct portcall_why *why, const char *item);
/* "code code", in the order in which they were reported */
const char *findings_codes(struct findings *findings);

/*
 * Reads items and then credentials from `document` (freed).  `options` may lack size, finding, and a
 * pass phrase (FIXTURE_PASS), and `now` (FIXTURE_NOW; -1: do not judge dates).
 */
enum portcall_err read_document(char *document, struct portcall_credentials_options options,
                                struct findings *findings,
                                struct portcall_credentials **ret_credentials,
                                struct portcall_why *ret_why);

/*
 * Reads `document` (freed) and compares: `anchors` is "1 2p" (slots, p for pinned), NULL: refused;
 * `codes` as findings_codes() gives them; `detail` a part of the last finding's text, or NULL.
 */
void expect_credentials(char *document, struct portcall_credentials_options options,
                        const char *anchors, const char *codes, const char *detail);

#endif
