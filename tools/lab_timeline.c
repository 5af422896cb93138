/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lab_timeline - what happens, one aligned line each: when, who, what, why.
 *
 * Sources arrive over different sockets, so lines wait SETTLE ms and are printed in the order of their
 * times.  Terminals get colour (not with NO_COLOR) and long texts broken at their width; elsewhere
 * it is one line each.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tools/lab.h"

enum {
	SETTLE = 40,
	PENDING_MAX = 4096,
	TEXT = 1024,
	LINE_COLUMN = 36,    /* where the text of a line begins */
	VERDICT_COLUMN = 20, /* ... and that of a verdict */
	NARROWEST = 20,      /* less is no place for a text */
};

struct line {
	double t;
	enum lab_tone tone;
	char who[16], what[24], why[TEXT];
};

struct lab_timeline {
	FILE *out;
	bool colour, hold;
	double zero;
	uv_timer_t timer;
	size_t n;
	struct line pending[PENDING_MAX];
};

struct lab_timeline *lab_timeline_new(uv_loop_t *loop, FILE *out)
{
	struct lab_timeline *timeline = calloc(1, sizeof *timeline);
	const char *term = getenv("TERM");

	if (!timeline)
		return NULL;
	timeline->out = out;
	timeline->zero = lab_now();
	timeline->colour =
		isatty(fileno(out)) && !getenv("NO_COLOR") && term && strcmp(term, "dumb") != 0;
	uv_timer_init(loop, &timeline->timer);
	timeline->timer.data = timeline;
	return timeline;
}

void lab_timeline_free(struct lab_timeline *timeline)
{
	free(timeline);
}

static const char *tone_start(const struct lab_timeline *timeline, enum lab_tone tone)
{
	if (!timeline->colour)
		return "";
	switch (tone) {
	case LAB_PLAIN:
		return "";
	case LAB_GOOD:
		return "\033[32m";
	case LAB_BAD:
		return "\033[31m";
	case LAB_QUIET:
		return "\033[2m";
	}
	return "";
}

/* `text` and the end of the line; on a terminal further lines begin at `column`, too. */
static void print_text(const struct lab_timeline *timeline, int column, const char *text)
{
	struct winsize size = { 0 };
	int room;

	if (!isatty(fileno(timeline->out)) || ioctl(fileno(timeline->out), TIOCGWINSZ, &size) < 0)
		size.ws_col = 0;
	room = size.ws_col - column;
	while (room >= NARROWEST && strlen(text) > (size_t)room) {
		int n = room;

		while (n > 0 && text[n] != ' ')
			n--;
		if (n == 0)
			n = (int)strcspn(text, " ");
		if (!text[n])
			break;
		fprintf(timeline->out, "%.*s\n%*s", n, text, column, "");
		text += n + 1;
	}
	fprintf(timeline->out, "%s\n", text);
}

static void print_lines(struct lab_timeline *timeline, double until)
{
	size_t n = 0;

	while (n < timeline->n && timeline->pending[n].t <= until) {
		const struct line *line = &timeline->pending[n++];
		double seconds = line->t - timeline->zero;

		if (seconds < 0 && seconds > -0.0005)
			seconds = 0; /* no "-0.000" */
		fprintf(timeline->out, "%8.3f  %-8s %s%-15s%s%s", seconds, line->who,
		        tone_start(timeline, line->tone), line->what,
		        timeline->colour && line->tone != LAB_PLAIN ? "\033[0m" : "",
		        *line->why ? "  " : "");
		print_text(timeline, LINE_COLUMN, line->why);
	}
	if (n)
		fflush(timeline->out);
	timeline->n -= n;
	memmove(timeline->pending, timeline->pending + n, timeline->n * sizeof *timeline->pending);
}

static void settle(uv_timer_t *timer)
{
	struct lab_timeline *timeline = timer->data;

	if (timeline->hold)
		return;
	print_lines(timeline, lab_now() - SETTLE / 1000.0);
	if (timeline->n)
		uv_timer_start(timer, settle, SETTLE, 0);
}

void lab_line(struct lab *lab, double t, const char *who, enum lab_tone tone, const char *what,
              const char *fmt, ...)
{
	struct lab_timeline *timeline = lab->timeline;
	size_t at;
	va_list args;

	if (timeline->n == PENDING_MAX)
		print_lines(timeline, timeline->pending[0].t);
	for (at = timeline->n; at > 0 && timeline->pending[at - 1].t > t; at--)
		timeline->pending[at] = timeline->pending[at - 1];
	timeline->n++;
	timeline->pending[at] = (struct line){ .t = t, .tone = tone };
	snprintf(timeline->pending[at].who, sizeof timeline->pending[at].who, "%s", who);
	snprintf(timeline->pending[at].what, sizeof timeline->pending[at].what, "%s", what);
	va_start(args, fmt);
	vsnprintf(timeline->pending[at].why, sizeof timeline->pending[at].why, fmt, args);
	va_end(args);
	if (!timeline->hold && !uv_is_active((uv_handle_t *)&timeline->timer))
		uv_timer_start(&timeline->timer, settle, SETTLE, 0);
}

void lab_timeline_flush(struct lab *lab)
{
	if (lab->timeline->n)
		print_lines(lab->timeline, lab->timeline->pending[lab->timeline->n - 1].t);
}

void lab_timeline_hold(struct lab *lab, bool hold)
{
	lab->timeline->hold = hold;
	if (!hold && lab->timeline->n)
		uv_timer_start(&lab->timeline->timer, settle, SETTLE, 0);
}

void lab_timeline_zero(struct lab *lab, double t)
{
	lab->timeline->zero = t;
}

void lab_heading(struct lab *lab, const char *text)
{
	struct lab_timeline *timeline = lab->timeline;

	lab_timeline_flush(lab);
	fprintf(timeline->out, "%s%s%s\n", timeline->colour ? "\033[1m" : "", text,
	        timeline->colour ? "\033[0m" : "");
	fflush(timeline->out);
}

void lab_verdict(struct lab *lab, bool ok, const char *what, const char *fmt, ...)
{
	struct lab_timeline *timeline = lab->timeline;
	char text[TEXT];
	va_list args;

	fprintf(timeline->out, "%s%8s%s  %-9s ", tone_start(timeline, ok ? LAB_GOOD : LAB_BAD),
	        ok ? "ok" : "NOT OK", timeline->colour ? "\033[0m" : "", what);
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	print_text(timeline, VERDICT_COLUMN, text);
}
