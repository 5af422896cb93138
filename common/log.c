/* SPDX-License-Identifier: BSD-3-Clause */
#include "common/log.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/auto.h"

AUTO_CLEANUP(json, json_t *, json_decref)

static const char *const level_names[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARN] = "warn",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

static struct {
	int fd;
	enum log_level max;
	double start; /* what the line's t counts from; 0: nothing was logged yet */
	void (*fn)(void *ctx, json_t *event);
	void *ctx;
	bool inside; /* the subscriber runs: what it logs itself does not come back to it */
} state = { .fd = 2, .max = LOG_LEVEL_INFO };

double log_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (double)ts.tv_sec + (double)(ts.tv_nsec / 1000) / 1e6;
}

void log_setup(int fd, enum log_level max)
{
	state.fd = fd;
	state.max = max;
	if (state.start == 0)
		state.start = log_now();
}

bool log_level_parse(const char *text, enum log_level *ret_level)
{
	for (size_t i = 0; i < sizeof(level_names) / sizeof(level_names[0]); i++) {
		if (strcmp(text, level_names[i]) == 0) {
			*ret_level = (enum log_level)i;
			return true;
		}
	}
	return false;
}

void log_subscribe(void (*fn)(void *ctx, json_t *event), void *ctx)
{
	state.fn = fn;
	state.ctx = ctx;
}

json_t *log_reason(enum portcall_reason reason)
{
	return json_pack("{s:s,s:s,s:s}", "reason", portcall_reason_code(reason), "text",
	                 portcall_reason_text(reason), "hint", portcall_reason_hint(reason));
}

json_t *log_octets(const void *p, size_t n)
{
	static const char hex[] = "0123456789abcdef";
	const uint8_t *in = p;
	AUTO(free) char *text = malloc(4 * n + 1);
	size_t at = 0;

	if (!text)
		return json_null();
	for (size_t i = 0; i < n; i++) {
		if (in[i] >= ' ' && in[i] <= '~' && in[i] != '\\') {
			text[at++] = (char)in[i];
			continue;
		}
		text[at++] = '\\';
		text[at++] = 'x';
		text[at++] = hex[in[i] >> 4];
		text[at++] = hex[in[i] & 15];
	}
	return json_stringn(text, at);
}

/* A word stands bare; anything that could be taken for something else stands in quotes. */
static bool is_word(const char *text)
{
	if (*text == '\0' || strcmp(text, "-") == 0)
		return false;
	for (; *text; text++) {
		if (!isalnum((unsigned char)*text) && !strchr("-_.:/@+,%", *text))
			return false;
	}
	return true;
}

/* No quotation mark comes out of the text, so nobody can end it early and forge a field. */
static void write_quoted(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c < ' ' || c == 0x7f)
			fprintf(out, "\\x%02x", c);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

/* At most six decimals, without the zeros at the end. */
static void write_real(FILE *out, double value)
{
	char text[352];
	int n = snprintf(text, sizeof(text), "%.6f", value);

	while (n > 0 && text[n - 1] == '0')
		text[--n] = '\0';
	if (n > 0 && text[n - 1] == '.')
		text[--n] = '\0';
	fputs(text, out);
}

static void write_value(FILE *out, const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_STRING:
		if (is_word(json_string_value(value)))
			fputs(json_string_value(value), out);
		else
			write_quoted(out, json_string_value(value));
		return;
	case JSON_REAL:
		write_real(out, json_real_value(value));
		return;
	case JSON_INTEGER:
		fprintf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		return;
	case JSON_TRUE:
		fputs("yes", out);
		return;
	case JSON_FALSE:
		fputs("no", out);
		return;
	case JSON_NULL:
		fputc('-', out);
		return;
	case JSON_ARRAY:
	case JSON_OBJECT: {
		AUTO(free) char *text = json_dumps(value, JSON_COMPACT);

		fputs(text ? text : "-", out);
		return;
	}
	}
}

static void write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t wrote = write(fd, p, n);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			return; /* a log that cannot be written must not stop the daemon */
		p += wrote;
		n -= (size_t)wrote;
	}
}

static void write_line(enum log_level level, const char *name, double now, json_t *fields)
{
	AUTO(free) char *line = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&line, &n);
	const char *key;
	json_t *value;

	if (!out)
		return;
	fprintf(out, "t=%.3f %s %s", now - state.start, level_names[level], name);
	json_object_foreach(fields, key, value) {
		fprintf(out, " %s=", key);
		write_value(out, value);
	}
	fputc('\n', out);
	if (fclose(out) == 0)
		write_all(state.fd, line, n);
}

/* Fields whose value is an object give way to its members: events are flat. */
static json_t *flatten(json_t *fields)
{
	json_t *flat = json_object();
	const char *key;
	json_t *value;

	json_object_foreach(fields, key, value) {
		if (json_is_object(value))
			json_object_update(flat, value);
		else
			json_object_set(flat, key, value);
	}
	return flat;
}

static json_t *build_fields(const char *fmt, va_list ap)
{
	json_error_t error;
	AUTO(json) json_t *fields = json_vpack_ex(&error, 0, fmt, ap);

	if (!json_is_object(fields))
		return json_pack("{s:s}", "log_error", fields ? "not an object" : error.text);
	return flatten(fields);
}

void log_event(enum log_level level, const char *event, const char *fmt, ...)
{
	bool to_line = state.fd >= 0 && level <= state.max;
	bool to_subscriber = state.fn && !state.inside;
	double now = log_now();
	va_list ap;

	if (state.start == 0)
		state.start = now;
	va_start(ap, fmt);
	AUTO(json) json_t *fields = build_fields(fmt, ap);
	va_end(ap);
	if (to_line)
		write_line(level, event, now, fields);
	if (!to_subscriber)
		return;
	AUTO(json)
	json_t *object =
		json_pack("{s:s,s:s,s:f}", "event", event, "level", level_names[level], "t", now);

	json_object_update_missing(object, fields);
	state.inside = true;
	state.fn(state.ctx, object);
	state.inside = false;
}
