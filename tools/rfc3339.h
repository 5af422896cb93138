/* SPDX-License-Identifier: BSD-3-Clause */
/* rfc3339 - times as people and JSON write them (RFC 3339, always in UTC).  Pure, thread-safe. */
#ifndef TOOLS_RFC3339_H
#define TOOLS_RFC3339_H

#include <stdbool.h>
#include <stdint.h>

enum { RFC3339_LEN = 32 };

/* "2026-11-21T10:00:00Z"; a year that no calendar has becomes "". */
const char *rfc3339(int64_t seconds, char buf[static RFC3339_LEN]);
/* "2026-11-21" */
const char *rfc3339_day(int64_t seconds, char buf[static RFC3339_LEN]);

/* 2026-01-31 (its beginning), 2026-01-31T10:00:00Z, 2026-01-31T10:00:00+01:00, @1790000000. */
bool rfc3339_read(const char *text, int64_t *ret_seconds);

#endif
