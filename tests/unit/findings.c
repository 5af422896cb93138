/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/findings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/pki_fixture.h"

void findings_add(void *ctx, const struct portcall_why *why, const char *item)
{
	struct findings *f = ctx;

	assert_true(f->n < sizeof(f->at) / sizeof(*f->at));
	f->at[f->n].why = *why;
	snprintf(f->at[f->n].item, sizeof(f->at->item), "%s", item ? item : "");
	f->n++;
}

const char *findings_codes(struct findings *f)
{
	size_t n = 0;

	f->codes[0] = '\0';
	for (size_t i = 0; i < f->n; i++)
		n += (size_t)snprintf(f->codes + n, sizeof(f->codes) - n, "%s%s", i ? " " : "",
		                      portcall_reason_code(f->at[i].why.reason));
	return f->codes;
}

enum portcall_err read_document(char *document, struct portcall_credentials_options options,
                                struct findings *findings,
                                struct portcall_credentials **ret_credentials,
                                struct portcall_why *ret_why)
{
	struct portcall_items *items = NULL;
	enum portcall_err err;

	options.size = sizeof(options);
	options.finding = findings_add;
	options.finding_ctx = findings;
	if (!options.passphrase)
		options.passphrase = FIXTURE_PASS;
	if (!options.now)
		options.now = FIXTURE_NOW;
	if (options.now < 0)
		options.now = 0;
	err = portcall_items_read(document, strlen(document), findings_add, findings, &items,
	                          ret_why);
	if (!err)
		err = portcall_credentials_read(items, &options, ret_credentials, ret_why);
	portcall_items_free(items);
	free(document);
	return err;
}

void expect_credentials(char *document, struct portcall_credentials_options options,
                        const char *anchors, const char *codes, const char *detail)
{
	struct findings findings = { 0 };
	struct portcall_credentials *credentials = NULL;
	struct portcall_why why = { 0 };
	enum portcall_err err = read_document(document, options, &findings, &credentials, &why);
	char got[64] = "";

	assert_string_equal(findings_codes(&findings), codes);
	if (detail)
		assert_non_null(strstr(findings.at[findings.n - 1].why.text, detail));
	assert_int_equal(!err, anchors != NULL);
	if (!err) { /* "1 2p": slots, p for pinned */
		for (size_t i = 0; i < portcall_credentials_anchor_count(credentials); i++) {
			const struct portcall_certificate_info *info =
				portcall_credentials_anchor(credentials, i);

			sprintf(got + strlen(got), "%s%d%s", i ? " " : "", info->slot,
			        info->pinned ? "p" : "");
		}
		assert_string_equal(got, anchors);
	}
	portcall_credentials_unref(credentials);
}
