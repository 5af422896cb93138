/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/rfc3339.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *format(int64_t seconds, const char *how, char buf[static RFC3339_LEN])
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || tm.tm_year + 1900 > 9999 || !strftime(buf, RFC3339_LEN, how, &tm))
		*buf = '\0';
	return buf;
}

const char *rfc3339(int64_t seconds, char buf[static RFC3339_LEN])
{
	return format(seconds, "%Y-%m-%dT%H:%M:%SZ", buf);
}

const char *rfc3339_day(int64_t seconds, char buf[static RFC3339_LEN])
{
	return format(seconds, "%Y-%m-%d", buf);
}

static bool seconds_read(const char *text, int64_t *ret_seconds)
{
	char *end;

	errno = 0;
	*ret_seconds = strtoll(text, &end, 10);
	return !errno && end != text && !*end && *ret_seconds >= 0;
}

/* "Z", "+01:00": seconds to take off. */
static bool offset_read(const char *text, int64_t *ret_offset)
{
	unsigned hours, minutes;
	int n = 0;

	*ret_offset = 0;
	if (!strcmp(text, "Z"))
		return true;
	if ((*text != '+' && *text != '-') ||
	    sscanf(text + 1, "%2u:%2u%n", &hours, &minutes, &n) != 2 || n != 5 || text[6] ||
	    hours > 23 || minutes > 59)
		return false;
	*ret_offset = (int64_t)(hours * 3600 + minutes * 60) * (*text == '-' ? -1 : 1);
	return true;
}

bool rfc3339_read(const char *text, int64_t *ret_seconds)
{
	struct tm tm = { 0 }, given;
	int64_t offset;
	const char *end;

	if (*text == '@')
		return seconds_read(text + 1, ret_seconds);
	end = strptime(text, "%Y-%m-%d", &tm);
	if (!end)
		return false;
	if (*end) {
		end = strptime(end, "T%H:%M:%S", &tm);
		if (!end || !offset_read(end, &offset))
			return false;
	} else {
		offset = 0;
	}
	given = tm;
	*ret_seconds = (int64_t)timegm(&tm) - offset;
	return given.tm_mday == tm.tm_mday; /* there is no 31st of February */
}
