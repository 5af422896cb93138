/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Errors and reasons of libportcall.
 *
 * portcall_err says what a call did (programs switch on it); portcall_reason says
 * why something is refused or failed (people read it: code, sentence, hint).
 */
#ifndef PORTCALL_ERROR_H
#define PORTCALL_ERROR_H

#include <stdint.h>

#if defined(__GNUC__)
#define PORTCALL_API        __attribute__((visibility("default")))
#define PORTCALL_MUST_CHECK __attribute__((warn_unused_result))
#else
#define PORTCALL_API
#define PORTCALL_MUST_CHECK
#endif

#ifdef __cplusplus
extern "C" {
#endif

enum portcall_err {
	PORTCALL_OK = 0,
	PORTCALL_DISCARD,     /* silently dropped, state unchanged (as the RFCs mean it) */
	PORTCALL_ERR_MEMORY,  /* out of memory; nothing changed */
	PORTCALL_ERR_LIMIT,   /* a size, depth or count limit was reached; nothing changed */
	PORTCALL_ERR_SYNTAX,  /* the input is not what it should be */
	PORTCALL_ERR_REFUSED, /* well-formed, but policy refuses it */
	PORTCALL_ERR_IO,      /* a file, socket or device failed */
	PORTCALL_ERR_USAGE,   /* the caller's arguments do not fit together */
};

/* One sentence for `err`; static storage, never NULL. */
PORTCALL_API const char *portcall_err_text(enum portcall_err err);

/*
 * Reasons: the closed list of common/reason.def.  The numeric values may change
 * between minor versions; the codes (kebab-case names) do not.
 */
enum portcall_reason {
#define R(id, code, severity, sentence, hint) PORTCALL_REASON_##id,
#include <portcall/reason.def>
#undef R
	PORTCALL_REASON_COUNT
};

enum portcall_severity { PORTCALL_INFO, PORTCALL_WARNING, PORTCALL_ERROR };

/* Static storage, never NULL.  `code` is stable; `text` is one sentence; `hint` says what to do. */
PORTCALL_API const char *portcall_reason_code(enum portcall_reason reason);
PORTCALL_API const char *portcall_reason_text(enum portcall_reason reason);
PORTCALL_API const char *portcall_reason_hint(enum portcall_reason reason);
PORTCALL_API enum portcall_severity portcall_reason_severity(enum portcall_reason reason);

/* Where and why an input was refused.  `line` is 1-based, 0 when it has no meaning. */
struct portcall_why {
	enum portcall_reason reason;
	int line;
	char text[240]; /* what exactly: the detail behind the reason's sentence; may be empty */
};

#ifdef __cplusplus
}
#endif
#endif
