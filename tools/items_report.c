/* SPDX-License-Identifier: BSD-3-Clause */
/* items_report - what `portcall items check` found, for programs and for people. */
#include "tools/items_check.h"

#include <stdio.h>

#include "tools/items.h"
#include "tools/rfc3339.h"

/* --- for programs --------------------------------------------------------------------------------- */

static json_t *text_json(const char *text)
{
	json_t *json = *text ? json_string(text) : json_null();

	return json ? json : json_null(); /* it is not UTF-8 */
}

static json_t *day_json(int64_t seconds)
{
	char buf[RFC3339_LEN];

	return text_json(rfc3339(seconds, buf));
}

static json_t *items_json(const struct check *check)
{
	json_t *list = json_array();

	for (size_t i = 0; i < portcall_items_count(check->merged); i++) {
		const struct portcall_item *item = portcall_items_at(check->merged, i);
		const char *file = check_file_of(check, item->name, item->index);

		json_array_append_new(
			list, json_pack("{s:s,s:o,s:i,s:s?}", "name", item->name, "index",
		                        item->index < 0 ? json_null() : json_integer(item->index),
		                        "line", item->line, "file", file));
	}
	return list;
}

static json_t *anchors_json(const struct check *check)
{
	json_t *list = json_array();
	size_t n = check->credentials ? portcall_credentials_anchor_count(check->credentials) : 0;

	for (size_t i = 0; i < n; i++) {
		const struct portcall_certificate_info *info =
			portcall_credentials_anchor(check->credentials, i);

		json_array_append_new(
			list, json_pack("{s:i,s:o,s:o,s:o,s:s,s:b}", "slot", info->slot, "subject",
		                        text_json(info->subject), "issuer", text_json(info->issuer),
		                        "not_after", day_json(info->not_after), "sha256",
		                        info->sha256, "pinned", info->pinned));
	}
	return list;
}

static json_t *client_json(const struct check *check)
{
	const struct portcall_certificate_info *info =
		check->credentials ? portcall_credentials_client(check->credentials) : NULL;

	if (!info)
		return json_null();
	return json_pack("{s:o,s:o,s:s,s:o,s:s,s:I,s:s}", "subject", text_json(info->subject),
	                 "issuer", text_json(info->issuer), "serial", info->serial, "not_after",
	                 day_json(info->not_after), "key", info->key, "chain",
	                 (json_int_t)info->chain, "sha256", info->sha256);
}

static json_t *findings_json(const struct check *check)
{
	json_t *list = json_array();

	for (size_t i = 0; i < check->n; i++) {
		const struct finding *f = &check->findings[i];

		json_array_append_new(list,
		                      json_pack("{s:s,s:s,s:o,s:s?,s:o,s:s,s:o,s:s}", "code",
		                                portcall_reason_code(f->reason), "severity",
		                                f->severity == PORTCALL_ERROR     ? "error"
		                                : f->severity == PORTCALL_WARNING ? "warning"
		                                                                  : "info",
		                                "item", text_json(f->item), "file", f->file, "line",
		                                f->line > 0 ? json_integer(f->line) : json_null(),
		                                "text", portcall_reason_text(f->reason), "detail",
		                                text_json(f->text), "hint",
		                                portcall_reason_hint(f->reason)));
	}
	return list;
}

void check_print_json(const struct check *check, bool usable)
{
	AUTO(json)
	json_t *root = json_pack("{s:b,s:o,s:o,s:o,s:o}", "usable", usable, "items",
	                         items_json(check), "anchors", anchors_json(check), "client",
	                         client_json(check), "findings", findings_json(check));

	json_dumpf(root, stdout, JSON_COMPACT);
	putchar('\n');
}

/* --- for people ----------------------------------------------------------------------------------- */

static void print_fingerprint(const char *hex)
{
	fputs("    SHA-256 ", stdout);
	for (; hex[0] && hex[1]; hex += 2)
		printf("%c%c%s", hex[0] >= 'a' ? hex[0] - 32 : hex[0],
		       hex[1] >= 'a' ? hex[1] - 32 : hex[1], hex[2] ? ":" : "\n");
}

void check_print_text(const struct check *check, bool usable)
{
	size_t anchors =
		check->credentials ? portcall_credentials_anchor_count(check->credentials) : 0;
	size_t errors = check_count(check, PORTCALL_ERROR),
	       warnings = check_count(check, PORTCALL_WARNING);
	char day[RFC3339_LEN];

	for (size_t i = 0; i < check->n; i++) {
		const struct finding *f = &check->findings[i];
		const char *hint = portcall_reason_hint(f->reason);

		if (f->file)
			fputs(f->file, stdout);
		if (f->file && f->line > 0)
			printf(":%d", f->line);
		printf("%s%s: %s%s%s\n", f->file ? ": " : "",
		       f->severity == PORTCALL_ERROR ? "error" : "warning", f->item,
		       *f->item ? ": " : "", portcall_reason_text(f->reason));
		if (*f->text)
			printf("    %s\n", f->text);
		if (*hint)
			printf("    %s\n", hint);
	}
	for (size_t i = 0; i < anchors; i++) {
		const struct portcall_certificate_info *info =
			portcall_credentials_anchor(check->credentials, i);

		printf("radius-server-ca%d: %s%s, until %s\n", info->slot,
		       *info->subject ? info->subject : "(no subject)",
		       info->pinned ? " (pinned)" : "", rfc3339_day(info->not_after, day));
		print_fingerprint(info->sha256);
	}
	if (check->credentials) {
		const struct portcall_certificate_info *info =
			portcall_credentials_client(check->credentials);

		printf("802.1x-certificate: %s, %s, serial %s, from %s, until %s\n", info->subject,
		       info->key, info->serial, info->issuer, rfc3339_day(info->not_after, day));
		print_fingerprint(info->sha256);
	}
	printf("%s: %zu error%s, %zu warning%s.\n", usable ? "usable" : "refused", errors,
	       errors == 1 ? "" : "s", warnings, warnings == 1 ? "" : "s");
}
