/* SPDX-License-Identifier: BSD-3-Clause */
/* cert_plan - which certificates are issued: each row filled in and checked before the first one is made. */
#include "tools/cert_issue.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "common/mac.h"
#include "tools/cert.h"
#include "tools/csv.h"

enum { LIST_MAX = 100000 };

const char *const plan_fills[] = { "name", "mac", "address", NULL };

/* What one line, or the command line, says. */
struct source {
	int line;
	const char *value[3]; /* by enum fill; NULL or "": none */
	const char *san;
};

/* --- one row --------------------------------------------------------------------------------------------- */

__attribute__((format(printf, 3, 4))) static bool bad(const struct plan *plan,
                                                      const struct source *source, const char *fmt,
                                                      ...)
{
	char text[300];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (source->line)
		complain("%s:%d: %s", plan->csv, source->line, text);
	else
		complain("%s", text);
	return false;
}

static bool is_given(const char *text)
{
	return text && *text;
}

/* The MAC in the style that was asked for, and for file names. */
static bool mac_fill(const struct plan *plan, const struct source *source, struct issue_row *row,
                     char ret_text[static MAC_TEXT_LEN])
{
	const char *text = source->value[FILL_MAC];
	uint8_t mac[MAC_LEN];
	char plain[MAC_TEXT_LEN];

	*ret_text = '\0';
	if (!is_given(text))
		return true;
	if (!mac_parse(text, mac))
		return bad(plan, source, "\"%.40s\" is no MAC address.", text);
	snprintf(row->mac, sizeof(row->mac), "%s", mac_plain(mac, plain));
	switch ((enum mac_style)plan->style) {
	case STYLE_PLAIN:
		strcpy(ret_text, plain);
		break;
	case STYLE_COLONS:
		mac_colons(mac, ret_text);
		break;
	case STYLE_HYPHENS:
		mac_hyphens(mac, ret_text);
		break;
	}
	return true;
}

/* '?' becomes `value` everywhere; malloc'ed. */
static char *fill_text(const char *text, const char *value)
{
	char *filled = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&filled, &n);

	for (; f && *text; text++)
		if (*text == '?')
			fputs(value, f);
		else
			fputc(*text, f);
	if (!f || fclose(f))
		return NULL;
	return filled;
}

static bool san_append(struct issue_row *row, size_t *n, const char *prefix, const char *text,
                       const char *value)
{
	AUTO(free) char *filled = fill_text(text, value);
	char **grown = realloc(row->san, (*n + 2) * sizeof(*grown));

	if (!grown || !filled)
		return false;
	row->san = grown;
	grown[*n] = grown[*n + 1] = NULL;
	if (asprintf(&grown[*n], "%s%s", prefix, filled) < 0) {
		grown[*n] = NULL;
		return false;
	}
	++*n;
	return true;
}

/* A server's clients look at alternative names, not at the CN (RFC 6125). */
static bool san_of_server(const struct plan *plan, const struct source *source,
                          struct issue_row *row, size_t *n)
{
	const char *name = source->value[FILL_NAME], *address = source->value[FILL_ADDRESS];

	if (plan->purpose != PKI_SERVER && plan->purpose != PKI_BOTH)
		return true;
	if (is_given(name) && !strpbrk(name, " _@/") && !san_append(row, n, "DNS:", name, ""))
		return false;
	return !is_given(address) || san_append(row, n, "IP:", address, "");
}

static bool san_check(const struct plan *plan, const struct source *source,
                      const struct issue_row *row)
{
	AUTO(names) GENERAL_NAMES *names = GENERAL_NAMES_new();
	char why[PKI_WHY_LEN];

	for (char **san = row->san; san && *san; san++)
		if (!names || !pki_san_add(names, *san, why))
			return bad(plan, source, "%s", names ? why : "out of memory");
	return true;
}

static bool san_plan(const struct plan *plan, const struct source *source, struct issue_row *row,
                     const char *value)
{
	size_t n = 0;
	bool ok = san_of_server(plan, source, row, &n);

	for (size_t i = 0; ok && i < plan->san.n; i++)
		ok = san_append(row, &n, "", plan->san.text[i], value);
	if (is_given(source->san)) {
		AUTO(free) char *copy = strdup(source->san);
		char *rest = copy;

		for (char *word; ok && (word = strsep(&rest, " "));)
			ok = !*word || san_append(row, &n, "", word, value);
	}
	return ok ? san_check(plan, source, row) : bad(plan, source, "out of memory");
}

/* Nobody else may have this CN, nor these files. */
static bool unique(struct plan *plan, const struct source *source, const struct issue_row *row)
{
	const char *holder = plan->renew ? NULL : ca_holder(plan->issue.ca, row->cn, cert_now());
	json_t *before;

	if (holder)
		return bad(
			plan, source,
			"The CN \"%s\" has the valid certificate %s; --renew issues another one.",
			row->cn, holder);
	before = json_object_get(plan->cns, row->cn);
	if (before)
		return bad(plan, source, "The CN \"%s\" stands in line %d too.", row->cn,
		           (int)json_integer_value(before));
	before = json_object_get(plan->ids, row->id);
	if (before)
		return bad(plan, source, "The files of \"%s\" are those of line %d too.", row->id,
		           (int)json_integer_value(before));
	json_object_set_new(plan->cns, row->cn, json_integer(source->line));
	json_object_set_new(plan->ids, row->id, json_integer(source->line));
	return true;
}

static bool free_path(const struct plan *plan, const struct source *source, char *path)
{
	bool there = path && access(path, F_OK) == 0;
	bool ok = path && !there;

	if (there)
		bad(plan, source, "%s is there already; --force replaces it.", path);
	free(path);
	return ok;
}

static bool files_check(const struct plan *plan, const struct source *source,
                        const struct issue_row *row)
{
	const struct issue *issue = &plan->issue;

	if (issue->provisioning && !*row->mac)
		return bad(plan, source, "--provisioning needs a MAC address.");
	if (issue->force)
		return true;
	switch (issue->format) {
	case ISSUE_P12:
		return free_path(plan, source, issue_path(issue, row, ".p12"));
	case ISSUE_BASE64:
		return free_path(plan, source, issue_path(issue, row, ".b64"));
	case ISSUE_PEM:
		return free_path(plan, source, issue_path(issue, row, ".pem")) &&
		       free_path(plan, source, issue_path(issue, row, ".key"));
	case ISSUE_NONE:
		break;
	}
	return true;
}

/* The name of its files: the value that fills the CN, without what file names cannot have. */
static void id_of(const struct issue_row *row, const char *value, char *ret_id, size_t n)
{
	const char *from = *value ? value : row->cn;

	snprintf(ret_id, n, "%s", from);
	for (char *c = ret_id; *c; c++)
		if (*c == '/' || (unsigned char)*c <= ' ' || *c == 0x7f ||
		    (c == ret_id && *c == '.'))
			*c = '_';
}

static bool row_plan(struct plan *plan, const struct source *source, struct issue_row *row)
{
	char mac[MAC_TEXT_LEN], why[PKI_WHY_LEN];
	const char *value = "";

	row->line = source->line;
	if (!mac_fill(plan, source, row, mac))
		return false;
	for (int i = FILL_ADDRESS; i >= FILL_NAME; i--) {
		const char *one = i == FILL_MAC ? mac : source->value[i];

		if (is_given(one) && (plan->fill < 0 || plan->fill == i))
			value = one;
	}
	if (!*value && (!plan->csr || plan->template))
		return bad(plan, source, "There is no %s to fill the subject with.",
		           plan->fill < 0 ? "name, MAC or address" : plan_fills[plan->fill]);
	if (plan->csr && !plan->template)
		snprintf(row->subject, sizeof(row->subject), "%s", plan->subject);
	else if (!pki_name_fill(plan->subject, value, row->subject, sizeof(row->subject), why))
		return bad(plan, source, "%s", why);
	if (!pki_name_cn(row->subject, row->cn, sizeof(row->cn), why))
		return bad(plan, source, "%s", why);
	X509_NAME *name = pki_name_read(row->subject, why);

	if (!name || !*row->cn)
		return bad(plan, source, "%s", name ? "The subject has no CN." : why);
	X509_NAME_free(name);
	id_of(row, value, row->id, sizeof(row->id));
	return san_plan(plan, source, row, value) && unique(plan, source, row) &&
	       files_check(plan, source, row);
}

/* --- the list -------------------------------------------------------------------------------------------- */

static struct issue_row *row_add(struct plan *plan)
{
	struct issue *issue = &plan->issue;

	if ((issue->n & (issue->n + 1)) == 0 || !issue->rows) { /* room for 1, 3, 7, ... */
		struct issue_row *grown = realloc(issue->rows, (2 * issue->n + 1) * sizeof(*grown));

		if (!grown)
			return NULL;
		issue->rows = grown;
	}
	issue->rows[issue->n] = (struct issue_row){ 0 };
	return &issue->rows[issue->n++];
}

/* Which column each field is: enum fill, 3 for san, -1. */
static bool header_read(const struct plan *plan, const struct csv_record *record,
                        int columns[static CSV_FIELDS_MAX])
{
	const struct source at = { .line = 1 };
	bool any = false;

	for (size_t i = 0; i < record->n; i++) {
		columns[i] = -1;
		for (int k = 0; k < 3; k++)
			if (!strcasecmp(record->field[i], plan_fills[k]))
				columns[i] = k;
		if (!strcasecmp(record->field[i], "san"))
			columns[i] = 3;
		if (columns[i] < 0)
			return bad(plan, &at,
			           "\"%.40s\" is no column; expected name, mac, address or san.",
			           record->field[i]);
		any |= columns[i] < 3;
	}
	return any || bad(plan, &at, "No column says what the certificates are for.");
}

bool plan_list(struct plan *plan, char *text)
{
	struct csv csv = csv_of(text);
	struct csv_record record;
	int columns[CSV_FIELDS_MAX];
	size_t width = 0;
	bool ok = true;

	while (csv_next(&csv, &record)) {
		struct source source = { .line = csv.line };
		struct issue_row *row;

		if (record.fault || (width && record.n != width)) {
			ok = bad(plan, &source, "%s.",
			         record.fault
			                 ? record.fault
			                 : "it has another number of fields than the first line");
			continue;
		}
		if (!width) {
			if (!header_read(plan, &record, columns))
				return false;
			width = record.n;
			continue;
		}
		for (size_t i = 0; i < width; i++) {
			if (columns[i] < 3)
				source.value[columns[i]] = record.field[i];
			else
				source.san = record.field[i];
		}
		if (plan->issue.n == LIST_MAX)
			return bad(plan, &source, "At most %d lines are read.", LIST_MAX);
		row = row_add(plan);
		ok = row && row_plan(plan, &source, row) &&
		     ok; /* all that is wrong is said at once */
	}
	if (ok && !plan->issue.n) {
		complain("%s: there is nothing to issue in it.", plan->csv);
		return false;
	}
	return ok;
}

/* --- one certificate ------------------------------------------------------------------------------------- */

bool plan_one(struct plan *plan)
{
	const struct source source = { .value = { plan->one[0], plan->one[1], plan->one[2] } };
	struct issue_row *row = row_add(plan);

	return row && row_plan(plan, &source, row);
}
