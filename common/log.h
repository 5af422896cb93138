/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * log - events: one fact, one line for people and one JSON object for programs.
 *
 * Shell only.  Not thread-safe: the loop's thread alone calls it.  An event is a name and a flat
 * object of fields; the same object becomes the log line
 *
 *	t=12.304 info port-granted port=p1 mac=02:00:00:00:00:01 vlan=20
 *
 * (t: seconds since the program's first event or log_setup()) on the log's descriptor, and the JSON line {"event":"port-granted","level":"info","t":...,"port":...}
 * for each subscriber (the control socket's `watch`).  Strings of a peer are escaped; secrets are
 * never given to this function.  Event names and their fields: docs/interfaces.md.
 */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include <portcall/error.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Where lines go (a descriptor, not owned; -1: nowhere) and up to which level.  Default: 2, info. */
void log_setup(int fd, enum log_level max);
bool log_level_parse(const char *text, enum log_level *ret_level); /* error | warn | info | debug */

/*
 * One event.  `fmt` and what follows build the fields as json_pack() does ("{s:s,s:i}"); "{}" for none,
 * "o" for an object that is ready (taken).  A field that is an object is replaced by its members, so
 * ("{s:s,s:o}", "port", name, "why", log_reason(r)) gives port, reason, text and hint.  A string that may be
 * NULL is "s?".  The fields "event", "level" and "t" (seconds since 1970, microseconds) are added here.
 * Fields that cannot be built (a string that is not UTF-8) are replaced by the field "log_error".
 */
void log_event(enum log_level level, const char *event, const char *fmt, ...);

/* The fields of a reason, for use in an event: {"reason": code, "text": sentence, "hint": hint}; new reference. */
json_t *log_reason(enum portcall_reason reason);

/* A peer's octets as a string for "o": printable ASCII stays, all else becomes \\xNN; new reference. */
json_t *log_octets(const void *p, size_t n);

/* Calls `fn` with each event (borrowed) from now on, of any level; one subscriber. NULL: none. */
void log_subscribe(void (*fn)(void *ctx, json_t *event), void *ctx);

double log_now(void); /* the clock of the events' "t": CLOCK_REALTIME in seconds */

#endif
