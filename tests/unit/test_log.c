/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/check.h"

#include <stdio.h>
#include <unistd.h>

#include "common/log.h"

/* What the log writes goes through a pipe; what the subscriber sees is kept. */
static int pipe_fds[2];
static json_t *last_event;
static unsigned event_count;

static void keep_event(void *ctx, json_t *event)
{
	assert_ptr_equal(ctx, &last_event);
	json_decref(last_event);
	last_event = json_incref(event);
	event_count++;
	log_event(LOG_LEVEL_DEBUG, "from-the-subscriber", "{}");
}

static int set_up(void **state)
{
	(void)state;
	event_count = 0;
	log_subscribe(keep_event, &last_event);
	if (pipe(pipe_fds) < 0)
		return -1;
	log_setup(pipe_fds[1], LOG_LEVEL_INFO);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	log_subscribe(NULL, NULL);
	json_decref(last_event);
	last_event = NULL;
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	return 0;
}

/* The line behind "t=0.000 "; empty: nothing was written. */
static const char *line(void)
{
	static char buf[4096];
	ssize_t n;

	if (write(pipe_fds[1], "", 1) != 1) /* so that an empty pipe does not block */
		return NULL;
	n = read(pipe_fds[0], buf, sizeof(buf));
	assert_true(n > 0);
	char *blank = strchr(buf, ' ');

	return blank ? blank + 1 : "";
}

static void fields_of_every_type(void **state)
{
	(void)state;
	log_event(LOG_LEVEL_INFO, "sample", "{s:s,s:i,s:f,s:b,s:b,s:n,s:f}", "word", "p1", "number",
	          -7, "real", 0.25, "yes", 1, "no", 0, "null", "whole", 3.0);
	assert_string_equal(line(), "info sample word=p1 number=-7 real=0.25 yes=yes no=no null=- "
	                            "whole=3\n");
}

static void strings_cannot_forge_fields(void **state)
{
	(void)state;
	log_event(LOG_LEVEL_WARN, "sample", "{s:s,s:s,s:s}", "a", "x mac=1", "b", "\" c=\"\n", "d",
	          "");
	assert_string_equal(line(), "warn sample a=\"x mac=1\" b=\"\\x22 c=\\x22\\x0a\" d=\"\"\n");
}

static void reasons_are_flat(void **state)
{
	(void)state;
	log_event(LOG_LEVEL_INFO, "port", "{s:s,s:o}", "port", "p1", "why",
	          log_reason(PORTCALL_REASON_PORT_LOGOFF));
	assert_string_equal(line(),
	                    "info port port=p1 reason=port-logoff text=\"The supplicant logged "
	                    "off.\" hint=\"\"\n");
	assert_string_equal(json_string_value(json_object_get(last_event, "reason")),
	                    "port-logoff");
	assert_null(json_object_get(last_event, "why"));
}

static void levels(void **state)
{
	(void)state;
	enum log_level level = LOG_LEVEL_ERROR;

	log_event(LOG_LEVEL_DEBUG, "hidden", "{}");
	assert_string_equal(line(), "");
	assert_string_equal(json_string_value(json_object_get(last_event, "event")), "hidden");
	assert_true(log_level_parse("debug", &level));
	log_subscribe(NULL, NULL);
	log_setup(pipe_fds[1], level);
	log_event(LOG_LEVEL_DEBUG, "shown", "{}");
	assert_string_equal(line(), "debug shown\n");
	assert_false(log_level_parse("loud", &level));
	assert_int_equal(level, LOG_LEVEL_DEBUG);
}

static void subscriber_gets_the_object(void **state)
{
	(void)state;
	double before = log_now();

	log_event(LOG_LEVEL_ERROR, "sample", "{s:s,s:s}", "port", "p1", "event", "forged");
	assert_int_equal(event_count, 1); /* its own event did not come back to it */
	assert_string_equal(json_string_value(json_object_get(last_event, "event")), "sample");
	assert_string_equal(json_string_value(json_object_get(last_event, "level")), "error");
	assert_string_equal(json_string_value(json_object_get(last_event, "port")), "p1");
	double t = json_real_value(json_object_get(last_event, "t"));

	assert_true(t >= before && t <= log_now());
	assert_string_equal(json_object_iter_key(json_object_iter(last_event)), "event");
}

static void octets_of_a_peer(void **state)
{
	(void)state;
	log_event(LOG_LEVEL_INFO, "sample", "{s:o}", "user", log_octets("a\\\xff\0\"z", 6));
	assert_string_equal(line(), "info sample user=\"a\\x5c\\xff\\x00\\x22z\"\n");
}

static void bad_fields_are_said(void **state)
{
	(void)state;
	log_event(LOG_LEVEL_INFO, "sample", "{s:s}", "user", "\xff");
	assert_non_null(strstr(line(), "info sample log_error="));
}

static void ready_object_is_taken(void **state)
{
	(void)state;
	log_event(LOG_LEVEL_INFO, "sample", "o", json_pack("{s:i}", "n", 1));
	assert_string_equal(line(), "info sample n=1\n");
}

#define L(sentence, function)                               \
	{                                                   \
		sentence, function, set_up, tear_down, NULL \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		L("one line with fields of every type", fields_of_every_type),
		L("a string cannot end early or forge a field", strings_cannot_forge_fields),
		L("a reason becomes three fields", reasons_are_flat),
		L("the level holds for lines, not for the subscriber", levels),
		L("the subscriber gets event, level, t and the fields", subscriber_gets_the_object),
		L("a peer's octets are escaped", octets_of_a_peer),
		L("fields that cannot be built are said, the event is not lost",
		  bad_fields_are_said),
		L("a ready object is taken as fields", ready_object_is_taken),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
