/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The queue is a list of records in the order in which they came; a record leaves it when a server
 * answered.
 */
#include "switch/acct.h"

#include <stdlib.h>
#include <string.h>

#include "switch/acct_record.h"

enum { PAUSE_FIRST = 5000, PAUSE_LONGEST = 60000 };

struct record {
	struct record *next; /* in the queue, or in the list of free ones */
	unsigned port;
	bool interim;
	uint64_t request; /* under way; 0: it waits */
	msec at;
	size_t n;
	uint8_t attributes[ACCT_MAX_ATTRIBUTES];
};

struct acct {
	struct acct_config config;
	struct acct_counted *sessions; /* by port */
	struct record *records;        /* all of them */
	struct record *free, *first, **last;
	bool *busy; /* scratch: this port has an earlier record */
	size_t under_way;
	uint32_t request_n;
	msec retry_at; /* servers were silent: nothing leaves before */
	msec pause;
	bool has_lost;
	unsigned lost_port;
	uint8_t out[ACCT_MAX_ATTRIBUTES + 6]; /* and Acct-Delay-Time */
	struct acct_status status;
};

struct acct *acct_new(const struct acct_config *config)
{
	struct acct *a = calloc(1, sizeof(*a));
	size_t max = config->max ? config->max : 4 * (size_t)config->ports + 256;

	if (!a)
		return NULL;
	a->config = *config;
	a->pause = PAUSE_FIRST;
	a->last = &a->first;
	a->sessions = calloc(config->ports ? config->ports : 1, sizeof(*a->sessions));
	a->busy = calloc(config->ports ? config->ports : 1, sizeof(*a->busy));
	a->records = calloc(max, sizeof(*a->records));
	if (!a->sessions || !a->busy || !a->records) {
		acct_free(a);
		return NULL;
	}
	for (size_t i = 0; i < max; i++) {
		a->records[i].next = a->free;
		a->free = &a->records[i];
	}
	for (unsigned i = 0; i < config->ports; i++)
		a->sessions[i].interim_at = MSEC_NEVER;
	return a;
}

void acct_free(struct acct *acct)
{
	if (!acct)
		return;
	free(acct->sessions);
	free(acct->busy);
	free(acct->records);
	free(acct);
}

/* --- queue -------------------------------------------------------------------------------------- */

/* Take the record at `link` out of the queue. */
static void release(struct acct *a, struct record **link)
{
	struct record *r = *link;

	if (r->request)
		a->under_way--;
	r->request = 0;
	*link = r->next;
	if (a->last == &r->next)
		a->last = link;
	r->next = a->free;
	a->free = r;
	a->status.queued--;
}

static struct record **find(struct acct *a, uint64_t request)
{
	struct record **link = &a->first;

	while (*link && (*link)->request != request)
		link = &(*link)->next;
	return link;
}

static void drop_interims(struct acct *a, unsigned port)
{
	for (struct record **link = &a->first; *link;) {
		if ((*link)->port == port && (*link)->interim && !(*link)->request)
			release(a, link);
		else
			link = &(*link)->next;
	}
}

static void add(struct acct *a, unsigned port, enum acct_status_type type,
                const struct acct_report *report)
{
	struct record *r;

	drop_interims(a, port);
	if (!a->free) {
		a->has_lost = true;
		a->lost_port = a->first->port;
		a->status.lost++;
		release(a, &a->first);
	}
	r = a->free;
	a->free = r->next;
	r->next = NULL;
	r->port = port;
	r->interim = type == ACCT_INTERIM;
	r->request = 0;
	r->at = report->now;
	r->n = acct_record_write(&a->config, &a->sessions[port], port, type, report, r->attributes);
	*a->last = r;
	a->last = &r->next;
	a->status.queued++;
	a->status.records++;
}

void acct_reply(struct acct *acct, uint64_t request, msec now)
{
	struct record **link = find(acct, request);

	if (request == 0 || !*link)
		return;
	release(acct, link);
	acct->status.acknowledged++;
	acct->pause = PAUSE_FIRST;
	acct->retry_at = now;
}

void acct_timeout(struct acct *acct, uint64_t request, msec now)
{
	struct record **link = find(acct, request);

	if (request == 0 || !*link)
		return;
	(*link)->request = 0;
	acct->under_way--;
	acct->status.timeouts++;
	if (acct->retry_at > now)
		return; /* several were under way */
	acct->retry_at = now + acct->pause;
	acct->pause = msec_min(2 * acct->pause, PAUSE_LONGEST);
}

/* The oldest record that may leave; NULL: none. */
static struct record *next_record(struct acct *a)
{
	struct record *found = NULL;

	if (a->under_way >= ACCT_WINDOW)
		return NULL;
	memset(a->busy, 0, a->config.ports * sizeof(*a->busy));
	for (struct record *r = a->first; r && !found; r = r->next) {
		if (!r->request && !a->busy[r->port])
			found = r;
		a->busy[r->port] = true;
	}
	return found;
}

bool acct_output(struct acct *acct, msec now, struct acct_effect *ret_effect)
{
	struct acct *a = acct;
	struct record *r;
	struct writer w = writer_to(a->out, sizeof(a->out));

	if (a->has_lost) {
		a->has_lost = false;
		*ret_effect =
			(struct acct_effect){ .kind = ACCT_EFFECT_LOST, .port = a->lost_port };
		return true;
	}
	r = now >= a->retry_at ? next_record(a) : NULL;
	if (!r)
		return false;
	write_bytes(&w, span(r->attributes, r->n));
	radius_put_u32(&w, RADIUS_ACCT_DELAY_TIME, (uint32_t)((now - r->at) / 1000));
	r->request = (uint64_t)(r->port + 1) << 32 | ++a->request_n;
	a->under_way++;
	*ret_effect = (struct acct_effect){ .kind = ACCT_EFFECT_SUBMIT,
		                            .port = r->port,
		                            .request = r->request,
		                            .attributes = writer_span(&w) };
	return true;
}

/* --- sessions ----------------------------------------------------------------------------------- */

static void set_interim(struct acct *a, struct acct_counted *s, unsigned interim, msec now)
{
	s->interim = interim ? interim : a->config.interim;
	s->interim_at = s->interim ? now + (msec)s->interim * 1000 : MSEC_NEVER;
}

void acct_start(struct acct *acct, unsigned port, const struct acct_session *session,
                const struct acct_counters *counters, msec now, int64_t wall)
{
	struct acct_counted *s = &acct->sessions[port];
	bool known = s->active && strcmp(s->id, session->id) == 0;

	if (s->active && !known)
		acct_stop(acct, port, counters, ACCT_PORT_REINITIALIZED, now, wall);
	acct_counted_set(s, session);
	set_interim(acct, s, session->interim, now);
	if (known)
		return;
	s->active = true;
	s->began = now;
	s->base = *counters;
	add(acct, port, ACCT_START,
	    &(struct acct_report){ .counters = *counters, .now = now, .wall = wall });
}

void acct_stop(struct acct *acct, unsigned port, const struct acct_counters *counters,
               enum acct_cause cause, msec now, int64_t wall)
{
	struct acct_counted *s = &acct->sessions[port];

	if (!s->active)
		return;
	add(acct, port, ACCT_STOP,
	    &(struct acct_report){
		    .counters = *counters, .cause = cause, .now = now, .wall = wall });
	s->active = false;
	s->interim_at = MSEC_NEVER;
}

bool acct_due(const struct acct *acct, msec now, unsigned *ret_port)
{
	for (unsigned i = 0; i < acct->config.ports; i++) {
		if (acct->sessions[i].interim_at <= now) {
			*ret_port = i;
			return true;
		}
	}
	return false;
}

void acct_interim(struct acct *acct, unsigned port, const struct acct_counters *counters, msec now,
                  int64_t wall)
{
	struct acct_counted *s = &acct->sessions[port];

	if (!s->active)
		return;
	set_interim(acct, s, s->interim, now);
	add(acct, port, ACCT_INTERIM,
	    &(struct acct_report){ .counters = *counters, .now = now, .wall = wall });
}

msec acct_deadline(const struct acct *acct)
{
	msec next = MSEC_NEVER;

	for (unsigned i = 0; i < acct->config.ports; i++)
		next = msec_min(next, acct->sessions[i].interim_at);
	if (acct->status.queued > acct->under_way && acct->under_way == 0)
		next = msec_min(next, acct->retry_at);
	return next;
}

void acct_status(const struct acct *acct, struct acct_status *ret_status)
{
	*ret_status = acct->status;
}

enum acct_cause acct_cause_of(enum portcall_reason reason)
{
	if (reason == PORTCALL_REASON_PORT_LINK_DOWN)
		return ACCT_LOST_CARRIER;
	if (reason == PORTCALL_REASON_PORT_LOGOFF)
		return ACCT_USER_REQUEST;
	if (reason == PORTCALL_REASON_PORT_SESSION_TIMEOUT)
		return ACCT_SESSION_TIMEOUT;
	if (reason == PORTCALL_REASON_PORT_BOUNCED)
		return ACCT_PORT_REINITIALIZED;
	if (reason == PORTCALL_REASON_PORT_DISABLED)
		return ACCT_PORT_DISABLED;
	if (reason == PORTCALL_REASON_PORT_DISCONNECTED ||
	    reason == PORTCALL_REASON_PORT_FORCED_OPEN ||
	    reason == PORTCALL_REASON_PORT_FORCED_CLOSED || reason == PORTCALL_REASON_PORT_NOT_YET)
		return ACCT_ADMIN_RESET;
	return ACCT_REAUTHENTICATION_FAILURE;
}
