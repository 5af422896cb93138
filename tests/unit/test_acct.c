/* SPDX-License-Identifier: BSD-3-Clause */
/* Accounting: what the records say, and that none is lost while no server is there (RFC 2866). */
#include "tests/unit/check.h"

#include "switch/acct.h"

enum { WALL = 1763700000 };

struct bench {
	struct acct *acct;
	msec now;
	/* the newest that left */
	uint64_t request;
	unsigned port;
	uint8_t attributes[2 * ACCT_MAX_ATTRIBUTES];
	struct radius_packet record; /* only .attributes */
	unsigned submits, losses;    /* since bench_drain() */
};

static void begin(struct bench *b, size_t max, unsigned interim)
{
	const struct acct_config config = { .ports = 40,
		                            .max = max,
		                            .interim = interim,
		                            .nas_identifier = "bench",
		                            .nas_ip = { 192, 0, 2, 1 },
		                            .nas_ip_n = 4,
		                            .mac = { 2, 0, 0, 0, 0, 0xfe } };

	*b = (struct bench){ .acct = acct_new(&config), .now = 1000000 };
	assert_non_null(b->acct);
}

static void drain(struct bench *b)
{
	struct acct_effect e;

	b->submits = b->losses = 0;
	while (acct_output(b->acct, b->now, &e)) {
		if (e.kind == ACCT_EFFECT_LOST) {
			b->losses++;
			continue;
		}
		b->submits++;
		b->request = e.request;
		b->port = e.port;
		assert_int_equal(e.request >> 32, e.port + 1);
		memcpy(b->attributes, e.attributes.p, e.attributes.n);
		b->record.attributes = span(b->attributes, e.attributes.n);
	}
}

static void answer(struct bench *b)
{
	acct_reply(b->acct, b->request, b->now);
	drain(b);
}

static void start_with(struct bench *b, unsigned port, const char *id, unsigned interim,
                       struct acct_counters counters)
{
	static const uint8_t class[] = { 25, 4, 'c', '1', 25, 3, 'd' };
	const struct acct_session session = { .id = id,
		                              .user = "phone1",
		                              .port_id = "p1",
		                              .mac = { 2, 0, 0, 0, 1, 1 },
		                              .vlan = 20,
		                              .interim = interim,
		                              .class_attributes = span(class, sizeof(class)) };

	acct_start(b->acct, port, &session, &counters, b->now, WALL);
	drain(b);
}

static void start(struct bench *b, unsigned port, const char *id)
{
	start_with(b, port, id, 0, (struct acct_counters){ 0 });
}

static void stop(struct bench *b, unsigned port, enum acct_cause cause)
{
	acct_stop(b->acct, port, &(struct acct_counters){ 0 }, cause, b->now, WALL);
	drain(b);
}

static uint32_t number(const struct bench *b, uint8_t type)
{
	uint32_t value = UINT32_MAX;

	if (!radius_find_u32(&b->record, type, &value))
		return UINT32_MAX;
	return value;
}

static bool says(const struct bench *b, uint8_t type, const char *text)
{
	struct span value;

	return radius_find(&b->record, type, &value) && span_is(value, text);
}

static struct acct_status status(const struct bench *b)
{
	struct acct_status s;

	acct_status(b->acct, &s);
	return s;
}

/* --- what the records say ----------------------------------------------------------------------- */

static void a_start_says_who_and_where(void **state)
{
	struct bench b;
	struct reader r;
	struct radius_attribute a;
	unsigned classes = 0;

	(void)state;
	begin(&b, 0, 0);
	start(&b, 0, "0123456789abcdef");
	assert_int_equal(b.submits, 1);
	assert_int_equal(number(&b, RADIUS_ACCT_STATUS_TYPE), 1);
	assert_true(says(&b, RADIUS_ACCT_SESSION_ID, "0123456789abcdef"));
	assert_true(says(&b, RADIUS_USER_NAME, "phone1"));
	assert_true(says(&b, RADIUS_NAS_IDENTIFIER, "bench"));
	assert_int_equal(number(&b, RADIUS_NAS_IP_ADDRESS), 0xc0000201);
	assert_int_equal(number(&b, RADIUS_NAS_PORT), 1);
	assert_int_equal(number(&b, RADIUS_NAS_PORT_TYPE), 15);
	assert_true(says(&b, RADIUS_NAS_PORT_ID, "p1"));
	assert_true(says(&b, RADIUS_CALLING_STATION_ID, "02-00-00-00-01-01"));
	assert_true(says(&b, RADIUS_CALLED_STATION_ID, "02-00-00-00-00-FE"));
	assert_int_equal(number(&b, RADIUS_EVENT_TIMESTAMP), WALL);
	assert_int_equal(number(&b, RADIUS_ACCT_AUTHENTIC), 1);
	assert_int_equal(number(&b, RADIUS_ACCT_DELAY_TIME), 0);
	assert_true(says(&b, RADIUS_TUNNEL_PRIVATE_GROUP_ID, "20"));
	for (r = reader_of(b.record.attributes); radius_next(&r, &a);)
		classes += a.type == RADIUS_CLASS;
	assert_int_equal(classes, 2);
	assert_int_equal(number(&b, RADIUS_ACCT_SESSION_TIME), UINT32_MAX);
	assert_int_equal(number(&b, RADIUS_ACCT_INPUT_OCTETS), UINT32_MAX);
	acct_free(b.acct);
}

static void a_stop_says_how_much(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, 0, 0);
	start_with(&b, 3, "s", 0, (struct acct_counters){ 1000, 2000, 10, 20 });
	answer(&b);
	b.now += 61999;
	acct_stop(b.acct, 3, &(struct acct_counters){ 1000 + UINT64_C(0x2ffffffff), 2500, 17, 25 },
	          ACCT_LOST_CARRIER, b.now, WALL + 62);
	drain(&b);
	assert_int_equal(b.submits, 1);
	assert_int_equal(number(&b, RADIUS_ACCT_STATUS_TYPE), 2);
	assert_int_equal(number(&b, RADIUS_ACCT_SESSION_TIME), 61);
	assert_int_equal(number(&b, RADIUS_ACCT_INPUT_OCTETS), 0xffffffff);
	assert_int_equal(number(&b, RADIUS_ACCT_INPUT_GIGAWORDS), 2);
	assert_int_equal(number(&b, RADIUS_ACCT_OUTPUT_OCTETS), 500);
	assert_int_equal(number(&b, RADIUS_ACCT_OUTPUT_GIGAWORDS), UINT32_MAX);
	assert_int_equal(number(&b, RADIUS_ACCT_INPUT_PACKETS), 7);
	assert_int_equal(number(&b, RADIUS_ACCT_OUTPUT_PACKETS), 5);
	assert_int_equal(number(&b, RADIUS_ACCT_TERMINATE_CAUSE), 2);
	assert_int_equal(number(&b, RADIUS_EVENT_TIMESTAMP), WALL + 62);
	answer(&b);
	/* it is over: a second one says nothing */
	stop(&b, 3, ACCT_ADMIN_RESET);
	assert_int_equal(b.submits, 0);
	assert_int_equal(status(&b).queued, 0);
	assert_int_equal(status(&b).acknowledged, 2);
	acct_free(b.acct);
}

static void the_largest_record_fits(void **state)
{
	const struct acct_config config = {
		.ports = 1,
		.nas_identifier = "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn",
		.nas_ip_n = 16
	};
	struct acct *acct = acct_new(&config);
	struct acct_counters counters = { UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX };
	struct acct_effect e;
	uint8_t class[512], user[300];
	struct acct_session session = {
		.id = "0123456789abcdef0123456789abcdef",
		.port_id = "pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp",
		.vlan = 4094,
		.class_attributes = span(class, sizeof(class))
	};

	(void)state;
	assert_non_null(acct);
	memset(user, 'u', sizeof(user));
	user[sizeof(user) - 1] = '\0';
	session.user = (const char *)user;
	for (size_t i = 0; i < sizeof(class); i += 128) {
		memset(class + i, 'c', 128);
		class[i] = RADIUS_CLASS;
		class[i + 1] = 128;
	}
	acct_start(acct, 0, &session, &(struct acct_counters){ 0 }, 0, WALL);
	acct_stop(acct, 0, &counters, ACCT_PORT_DISABLED, 4294967000000, WALL);
	assert_true(acct_output(acct, 0, &e));
	acct_reply(acct, e.request, 0);
	assert_true(acct_output(acct, 4294967000000, &e));
	assert_true(e.attributes.n > 900 && e.attributes.n <= ACCT_MAX_ATTRIBUTES + 6);
	acct_free(acct);
}

static void causes_of_a_close(void **state)
{
	(void)state;
	assert_int_equal(acct_cause_of(PORTCALL_REASON_PORT_LINK_DOWN), ACCT_LOST_CARRIER);
	assert_int_equal(acct_cause_of(PORTCALL_REASON_PORT_LOGOFF), ACCT_USER_REQUEST);
	assert_int_equal(acct_cause_of(PORTCALL_REASON_PORT_SESSION_TIMEOUT), ACCT_SESSION_TIMEOUT);
	assert_int_equal(acct_cause_of(PORTCALL_REASON_PORT_REJECTED),
	                 ACCT_REAUTHENTICATION_FAILURE);
	assert_int_equal(acct_cause_of(PORTCALL_REASON_PORT_RADIUS_TIMEOUT),
	                 ACCT_REAUTHENTICATION_FAILURE);
	assert_int_equal(acct_cause_of(PORTCALL_REASON_PORT_DISCONNECTED), ACCT_ADMIN_RESET);
	assert_int_equal(acct_cause_of(PORTCALL_REASON_PORT_FORCED_CLOSED), ACCT_ADMIN_RESET);
	assert_int_equal(acct_cause_of(PORTCALL_REASON_PORT_BOUNCED), ACCT_PORT_REINITIALIZED);
	assert_int_equal(acct_cause_of(PORTCALL_REASON_PORT_DISABLED), ACCT_PORT_DISABLED);
}

/* --- when they leave ---------------------------------------------------------------------------- */

static void one_session_is_told_in_its_order(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, 0, 0);
	start(&b, 0, "a");
	assert_int_equal(b.submits, 1);
	stop(&b, 0, ACCT_USER_REQUEST);
	assert_int_equal(b.submits, 0);
	acct_reply(b.acct, b.request, b.now);
	start(&b, 1, "b"); /* another port does not wait, and the stop leaves too */
	assert_int_equal(b.submits, 2);
	acct_free(b.acct);
}

static void a_reauthentication_is_no_new_session(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, 0, 0);
	start(&b, 0, "a");
	answer(&b);
	start(&b, 0, "a");
	assert_int_equal(b.submits, 0);
	/* a new session on the port without a close between them: the old one is stopped */
	start(&b, 0, "c");
	assert_int_equal(b.submits, 1);
	assert_true(says(&b, RADIUS_ACCT_SESSION_ID, "a"));
	assert_int_equal(number(&b, RADIUS_ACCT_STATUS_TYPE), 2);
	answer(&b);
	assert_true(says(&b, RADIUS_ACCT_SESSION_ID, "c"));
	assert_int_equal(number(&b, RADIUS_ACCT_STATUS_TYPE), 1);
	acct_free(b.acct);
}

static void tell_interims(struct bench *b)
{
	unsigned port;

	while (acct_due(b->acct, b->now, &port))
		acct_interim(b->acct, port, &(struct acct_counters){ 0 }, b->now, WALL);
	drain(b);
}

static void interims_come_by_the_clock(void **state)
{
	struct bench b;
	unsigned port;

	(void)state;
	begin(&b, 0, 600);
	start(&b, 0, "a");
	start_with(&b, 1, "b", 60, (struct acct_counters){ 0 }); /* the Accept decides */
	assert_int_equal(acct_deadline(b.acct), b.now + 60000);
	b.now += 59999;
	assert_false(acct_due(b.acct, b.now, &port));
	b.now += 1;
	assert_true(acct_due(b.acct, b.now, &port));
	assert_int_equal(port, 1);
	acct_reply(b.acct, b.request, b.now);
	tell_interims(&b);
	assert_int_equal(b.submits, 1);
	assert_int_equal(number(&b, RADIUS_ACCT_STATUS_TYPE), 3);
	assert_int_equal(number(&b, RADIUS_ACCT_SESSION_TIME), 60);
	assert_int_equal(acct_deadline(b.acct), b.now + 60000);
	stop(&b, 1, ACCT_USER_REQUEST);
	assert_int_equal(acct_deadline(b.acct), 1000000 + 600000);
	acct_free(b.acct);
}

static void records_wait_for_a_server(void **state)
{
	struct bench b;
	uint64_t first;

	(void)state;
	begin(&b, 0, 0);
	start(&b, 0, "a");
	first = b.request;
	b.now += 30000;
	acct_timeout(b.acct, first, b.now);
	drain(&b);
	assert_int_equal(b.submits, 0);
	assert_int_equal(acct_deadline(b.acct), b.now + 5000);
	b.now += 4999;
	drain(&b);
	assert_int_equal(b.submits, 0);
	b.now += 1;
	drain(&b);
	assert_int_equal(b.submits, 1);
	assert_true(b.request != first);
	assert_int_equal(number(&b, RADIUS_ACCT_DELAY_TIME), 35);
	assert_int_equal(number(&b, RADIUS_EVENT_TIMESTAMP), WALL);
	/* longer each time, a minute at most */
	for (int i = 0; i < 6; i++) {
		acct_timeout(b.acct, b.request, b.now);
		b.now = acct_deadline(b.acct);
		drain(&b);
		assert_int_equal(b.submits, 1);
	}
	acct_timeout(b.acct, b.request, b.now);
	assert_int_equal(acct_deadline(b.acct), b.now + 60000);
	/* the late answer to an old one is nobody's */
	acct_reply(b.acct, first, b.now);
	assert_int_equal(status(&b).queued, 1);
	b.now += 60000;
	drain(&b);
	answer(&b);
	assert_int_equal(status(&b).queued, 0);
	assert_int_equal(acct_deadline(b.acct), MSEC_NEVER);
	acct_free(b.acct);
}

static void an_interim_that_waits_is_replaced(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, 0, 60);
	start(&b, 0, "a");
	for (int i = 0; i < 5; i++) {
		b.now += 60000;
		tell_interims(&b);
	}
	assert_int_equal(status(&b).queued, 2);
	stop(&b, 0, ACCT_USER_REQUEST);
	assert_int_equal(status(&b).queued, 2);
	answer(&b);
	assert_int_equal(number(&b, RADIUS_ACCT_STATUS_TYPE), 2);
	assert_int_equal(number(&b, RADIUS_ACCT_SESSION_TIME), 300);
	acct_free(b.acct);
}

static void a_full_queue_loses_the_oldest(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, 4, 0);
	for (unsigned i = 0; i < 4; i++)
		start(&b, i, "a");
	stop(&b, 0, ACCT_USER_REQUEST);
	assert_int_equal(b.losses, 1);
	assert_int_equal(b.submits, 1); /* the start of port 0 is gone, its stop need not wait */
	assert_int_equal(b.port, 0);
	assert_int_equal(status(&b).lost, 1);
	assert_int_equal(status(&b).queued, 4);
	acct_free(b.acct);
}

static void not_all_at_once(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, 0, 0);
	for (unsigned i = 0; i < 40; i++)
		start(&b, i, "a");
	assert_int_equal(b.submits, 0);
	assert_int_equal(b.port, ACCT_WINDOW - 1);
	answer(&b);
	assert_int_equal(b.submits, 1);
	assert_int_equal(b.port, ACCT_WINDOW);
	acct_free(b.acct);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		C("RFC 2866 5: a start says who and where", a_start_says_who_and_where),
		C("RFC 2866 5, 2869 5.1: a stop says how long, how much and why",
		  a_stop_says_how_much),
		C("the largest record fits", the_largest_record_fits),
		C("RFC 3580 2.1: the causes of a close", causes_of_a_close),
		C("records of one port leave in their order", one_session_is_told_in_its_order),
		C("a re-authentication is no new session", a_reauthentication_is_no_new_session),
		C("RFC 2869 5.16: interim records come by the clock", interims_come_by_the_clock),
		C("RFC 2866 5.2: records wait for a server and say how long",
		  records_wait_for_a_server),
		C("an interim record that waits is replaced", an_interim_that_waits_is_replaced),
		C("a full queue loses its oldest record", a_full_queue_loses_the_oldest),
		C("only some are under way at a time", not_all_at_once),
	};

	return cmocka_run_group_tests_name("acct", tests, NULL, NULL);
}
