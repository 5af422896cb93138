/* SPDX-License-Identifier: BSD-3-Clause */
/* reason - the texts behind portcall_err and portcall_reason. */
#include <portcall/error.h>

#include <stddef.h>

struct reason_row {
	const char *code;
	enum portcall_severity severity;
	const char *text;
	const char *hint;
};

static const struct reason_row rows[] = {
#define R(id, code, severity, sentence, hint) \
	[PORTCALL_REASON_##id] = { code, PORTCALL_##severity, sentence, hint },
#include "common/reason.def"
#undef R
};

static const struct reason_row *row(enum portcall_reason reason)
{
	return &rows[reason < PORTCALL_REASON_COUNT ? reason : PORTCALL_REASON_NONE];
}

const char *portcall_reason_code(enum portcall_reason reason)
{
	return row(reason)->code;
}

const char *portcall_reason_text(enum portcall_reason reason)
{
	return row(reason)->text;
}

const char *portcall_reason_hint(enum portcall_reason reason)
{
	return row(reason)->hint;
}

enum portcall_severity portcall_reason_severity(enum portcall_reason reason)
{
	return row(reason)->severity;
}

const char *portcall_err_text(enum portcall_err err)
{
	switch (err) {
	case PORTCALL_OK:
		return "Done.";
	case PORTCALL_DISCARD:
		return "Silently dropped; nothing changed.";
	case PORTCALL_ERR_MEMORY:
		return "Out of memory.";
	case PORTCALL_ERR_LIMIT:
		return "A size or count limit was reached.";
	case PORTCALL_ERR_SYNTAX:
		return "The input is malformed.";
	case PORTCALL_ERR_REFUSED:
		return "The input was refused by policy.";
	case PORTCALL_ERR_IO:
		return "A file, socket or device failed.";
	case PORTCALL_ERR_USAGE:
		return "The arguments do not fit together.";
	}
	return "Unknown error.";
}
