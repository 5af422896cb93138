/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "supplicant/bringup.h"

/* The effects of one call as words, so that a test reads as a story. */
static const char *const words[] = {
	[BRINGUP_TRANSITION] = "",
	[BRINGUP_OPEN] = "open",
	[BRINGUP_START_ADDRESS] = "address",
	[BRINGUP_STOP_ADDRESS] = "no-address",
	[BRINGUP_FETCH_SYSTEM] = "system",
	[BRINGUP_FETCH_DEVICE] = "device",
	[BRINGUP_STOP_FETCH] = "no-fetch",
	[BRINGUP_JUDGE] = "judge",
	[BRINGUP_PROVISIONED] = "provisioned",
	[BRINGUP_TRY] = "try",
	[BRINGUP_PROMOTE] = "promote",
	[BRINGUP_ROLL_BACK] = "roll-back",
};

static bool arc_seen[64];

static void note_arc(const struct bringup_effect *effect)
{
	for (size_t i = 0; i < bringup_arcs_n; i++) {
		const struct fsm_arc *arc = &bringup_arcs[i];

		if (strcmp(arc->to, effect->to) == 0 && strcmp(arc->why, effect->why) == 0 &&
		    (arc->from[0] == '*' || strcmp(arc->from, effect->from) == 0))
			arc_seen[i] = true;
	}
}

static const char *drain(struct bringup *b)
{
	static char story[256];
	struct bringup_effect effect;

	story[0] = '\0';
	while (bringup_output(b, &effect)) {
		if (effect.kind == BRINGUP_TRANSITION) {
			note_arc(&effect);
			continue;
		}
		if (story[0])
			strcat(story, " ");
		strcat(story, words[effect.kind]);
		if (effect.kind == BRINGUP_ROLL_BACK && effect.refuse)
			strcat(story, "+refuse");
	}
	return story;
}

#define expect(b, story) assert_string_equal(drain(b), story)

static const struct bringup_config config = {
	.dot1x = true, .open_after = 5, .poll_registered = 600, .poll_failed = 360
};

static struct bringup start(bool dot1x, bool usable, bool trial)
{
	struct bringup b;
	struct bringup_config c = config;

	c.dot1x = dot1x;
	bringup_init(&b, &c, usable, trial);
	return b;
}

/* To the first check, from a port that is open at link-up. */
static void to_system_file(struct bringup *b)
{
	bringup_link(b, true, 0);
	expect(b, "address");
	bringup_address(b, true, true, true, 10);
	expect(b, "system");
}

static void to_wait(struct bringup *b, enum bringup_verdict verdict, const char *story)
{
	bringup_fetched(b, BRINGUP_FETCHED, 20);
	expect(b, "device");
	bringup_fetched(b, BRINGUP_FETCHED, 30);
	expect(b, "judge");
	bringup_applied(b, verdict, 40);
	expect(b, story);
}

static void opens_with_the_authentication(void **state)
{
	struct bringup b = start(true, true, false);

	(void)state;
	bringup_link(&b, true, 0);
	expect(&b, "");
	assert_int_equal(bringup_deadline(&b), 5000);
	bringup_eap(&b, 100);
	assert_int_equal(bringup_deadline(&b), MSEC_NEVER);
	bringup_tick(&b, 60000);
	expect(&b, "");
	bringup_port(&b, true, 60001);
	expect(&b, "address");
	bringup_address(&b, true, true, false, 60002);
	expect(&b, "system");
	to_wait(&b, BRINGUP_APPLIED, "provisioned");
	assert_true(bringup_port_open(&b));
	bringup_port(&b, false, 60100);
	expect(&b, "no-address");
	assert_false(b.provisioned);
}

static void takes_a_silent_port_as_open_until_eap_arrives(void **state)
{
	struct bringup b = start(true, true, false);

	(void)state;
	bringup_link(&b, true, 0);
	bringup_tick(&b, 4999);
	expect(&b, "");
	bringup_tick(&b, 5000);
	expect(&b, "open address");
	bringup_address(&b, true, true, false, 5010);
	expect(&b, "system");
	bringup_eap(&b, 5020);
	expect(&b, "no-fetch no-address");
	assert_false(bringup_port_open(&b));
	bringup_fetched(&b, BRINGUP_FETCHED, 5030); /* too late: nobody asked any more */
	expect(&b, "");
}

static void logoff_does_not_open_the_port(void **state)
{
	struct bringup b = start(true, true, false);

	(void)state;
	bringup_link(&b, true, 0);
	bringup_port(&b, true, 10);
	expect(&b, "address");
	bringup_port(&b, false, 20);
	expect(&b, "no-address");
	assert_int_equal(bringup_deadline(&b), MSEC_NEVER);
	bringup_tick(&b, 100000);
	expect(&b, "");
}

static void starts_at_link_up_without_credentials(void **state)
{
	struct bringup b = start(true, false, false);

	(void)state;
	to_system_file(&b);
	bringup_eap(&b, 15); /* ignored: no part in 802.1X */
	expect(&b, "");
}

static void starts_at_link_up_without_802_1x(void **state)
{
	struct bringup b = start(false, true, false);

	(void)state;
	to_system_file(&b);
	to_wait(&b, BRINGUP_UNCHANGED, "provisioned");
}

static void device_file_may_be_missing(void **state)
{
	struct bringup b = start(false, false, false);

	(void)state;
	to_system_file(&b);
	bringup_fetched(&b, BRINGUP_FETCHED, 20);
	expect(&b, "device");
	bringup_fetched(&b, BRINGUP_FETCH_MISSING, 30);
	expect(&b, "judge");
}

static void system_file_may_not_be_missing(void **state)
{
	struct bringup b = start(false, false, false);

	(void)state;
	to_system_file(&b);
	bringup_fetched(&b, BRINGUP_FETCH_MISSING, 1000);
	expect(&b, "");
	assert_int_equal(bringup_deadline(&b), 1000 + 5000);
}

static void retries_early_and_then_as_configured(void **state)
{
	static const msec delays[] = { 5, 10, 20, 40, 80, 160, 320, 360, 360 };
	struct bringup b = start(false, false, false);
	msec now = 10;

	(void)state;
	to_system_file(&b);
	for (size_t i = 0; i < sizeof(delays) / sizeof(delays[0]); i++) {
		bringup_fetched(&b, BRINGUP_FETCH_FAILED, now);
		assert_int_equal(bringup_deadline(&b), now + delays[i] * 1000);
		now += delays[i] * 1000;
		bringup_tick(&b, now - 1);
		expect(&b, "");
		bringup_tick(&b, now);
		expect(&b, "system");
	}
}

static void polls_at_the_two_intervals(void **state)
{
	struct bringup b = start(false, false, false);

	(void)state;
	to_system_file(&b);
	to_wait(&b, BRINGUP_APPLIED, "provisioned");
	assert_int_equal(bringup_deadline(&b), 40 + 600000);
	bringup_tick(&b, 600040);
	expect(&b, "system");
	bringup_fetched(&b, BRINGUP_FETCHED, 600050);
	expect(&b, "device");
	bringup_fetched(&b, BRINGUP_FETCH_FAILED, 600060);
	assert_int_equal(bringup_deadline(&b), 600060 + 360000);
	bringup_tick(&b, 960060);
	expect(&b, "system");
	to_wait(&b, BRINGUP_UNCHANGED, ""); /* still provisioned: said once */
}

static void zero_means_never(void **state)
{
	struct bringup_config c = { .dot1x = false, .open_after = 5 };
	struct bringup b;

	(void)state;
	bringup_init(&b, &c, false, false);
	to_system_file(&b);
	bringup_fetched(&b, BRINGUP_FETCH_FAILED, 20);
	assert_int_equal(bringup_deadline(&b), MSEC_NEVER);
	assert_true(bringup_check(&b, 30));
	expect(&b, "system");
	to_wait(&b, BRINGUP_UNCHANGED, "provisioned");
	assert_int_equal(bringup_deadline(&b), MSEC_NEVER);
}

static void check_needs_an_address(void **state)
{
	struct bringup b = start(false, false, false);

	(void)state;
	assert_false(bringup_check(&b, 0));
	bringup_link(&b, true, 0);
	bringup_address(&b, true, false, false, 5); /* an address, but nowhere to look */
	expect(&b, "address");
	assert_false(bringup_check(&b, 6));
	bringup_address(&b, true, true, false, 10);
	expect(&b, "system");
	assert_true(bringup_check(&b, 15)); /* one is on already */
	expect(&b, "");
}

static void lost_address_stops_the_fetch(void **state)
{
	struct bringup b = start(false, false, false);

	(void)state;
	to_system_file(&b);
	bringup_address(&b, false, false, false, 15);
	expect(&b, "no-fetch");
	bringup_address(&b, true, true, false, 20);
	expect(&b, "system");
	bringup_fetched(&b, BRINGUP_FETCHED, 20);
	expect(&b, "device");
	bringup_address(&b, false, false, false, 25);
	expect(&b, "no-fetch");
	bringup_address(&b, true, true, false, 30);
	expect(&b, "system");
	to_wait(&b, BRINGUP_APPLIED, "provisioned");
	bringup_address(&b, false, false, false, 50);
	bringup_address(&b, true, true, false, 60);
	expect(&b, "system");
}

static void link_down_stops_everything(void **state)
{
	struct bringup b = start(false, false, false);

	(void)state;
	to_system_file(&b);
	bringup_link(&b, false, 20);
	expect(&b, "no-fetch no-address");
	bringup_link(&b, true, 30);
	expect(&b, "address");
}

/* From an open port to new credentials. */
static void to_trial(struct bringup *b)
{
	to_system_file(b);
	to_wait(b, BRINGUP_ON_TRIAL, "try no-address");
}

static void new_credentials_become_active_after_success(void **state)
{
	struct bringup b = start(true, false, false);

	(void)state;
	to_trial(&b);
	assert_false(bringup_port_open(&b));
	bringup_eap(&b, 50);
	bringup_port(&b, true, 60);
	bringup_result(&b, PORTCALL_REASON_AUTHENTICATED, 60);
	expect(&b, "address promote");
	bringup_result(&b, PORTCALL_REASON_AUTHENTICATED, 70); /* a later one is nothing new */
	expect(&b, "");
}

static void bad_credentials_are_rolled_back_and_refused(void **state)
{
	struct bringup b = start(true, false, false);

	(void)state;
	to_trial(&b);
	bringup_eap(&b, 50);
	bringup_result(&b, PORTCALL_REASON_REJECTED, 60);
	expect(&b, "");
	bringup_result(&b, PORTCALL_REASON_SERVER_UNKNOWN_CA, 70);
	expect(&b, "roll-back+refuse");
	bringup_credentials(&b, false, 80); /* there were none before */
	expect(&b, "address");
	bringup_result(&b, PORTCALL_REASON_REJECTED, 90);
	expect(&b, "");
}

static void silence_rolls_back_but_does_not_refuse(void **state)
{
	struct bringup b = start(true, false, false);

	(void)state;
	to_trial(&b);
	bringup_result(&b, PORTCALL_REASON_AUTHENTICATOR_SILENT, 60);
	bringup_result(&b, PORTCALL_REASON_RADIUS_UNREACHABLE, 70);
	expect(&b, "roll-back");
	bringup_credentials(&b, true, 80);
	expect(&b, "");
	assert_int_equal(bringup_deadline(&b), 80 + 5000);
}

static void a_link_that_goes_down_is_no_failure_of_the_credentials(void **state)
{
	struct bringup b = start(true, true, true);

	(void)state;
	bringup_link(&b, true, 0);
	for (int i = 0; i < 5; i++) {
		bringup_result(&b, PORTCALL_REASON_LINK_DOWN, i);
		bringup_result(&b, PORTCALL_REASON_NO_AUTHENTICATOR, i);
		bringup_result(&b, PORTCALL_REASON_LOGGED_OFF, i);
	}
	expect(&b, "");
	bringup_result(&b, PORTCALL_REASON_AUTHENTICATED, 10);
	expect(&b, "promote");
}

/* Must be the last test. */
/* The server's name changes while its files are fetched: both come from the new one. */
static void a_server_that_moves_is_asked_for_both_files(void **state)
{
	struct bringup b = start(false, false, false);

	(void)state;
	to_system_file(&b);
	bringup_address(&b, true, true, true, 20);
	expect(&b, "no-fetch system");
	bringup_fetched(&b, BRINGUP_FETCHED, 30);
	expect(&b, "device");
	bringup_address(&b, true, true, true, 40);
	expect(&b, "no-fetch system");
	bringup_fetched(&b, BRINGUP_FETCHED, 50);
	bringup_fetched(&b, BRINGUP_FETCHED, 60);
	expect(&b, "device judge");
	bringup_applied(&b, BRINGUP_UNCHANGED, 70);
	expect(&b, "provisioned");
	bringup_address(&b, true, true, true, 80);
	expect(&b, "system");
}

/* A lease that names no server any more: there is nothing to ask until one does. */
static void without_a_url_nothing_is_fetched(void **state)
{
	struct bringup b = start(false, false, false);

	(void)state;
	to_system_file(&b);
	bringup_address(&b, true, false, false, 20);
	expect(&b, "no-fetch");
	assert_int_equal(b.state, BRINGUP_ADDRESS);
	bringup_address(&b, true, true, false, 30);
	bringup_fetched(&b, BRINGUP_FETCHED, 40);
	expect(&b, "system device");
	bringup_address(&b, true, false, false, 50);
	expect(&b, "no-fetch");
	bringup_address(&b, true, true, false, 60);
	bringup_fetched(&b, BRINGUP_FETCH_FAILED, 70);
	expect(&b, "system");
	bringup_address(&b, true, false, false, 80);
	bringup_tick(&b, 10000000);
	expect(&b, "");
	assert_true(bringup_deadline(&b) == MSEC_NEVER);
}

static uint32_t least(void)
{
	return 0;
}

static uint32_t most(void)
{
	return 401; /* of 201: 200 */
}

static void polls_are_spread_by_a_tenth(void **state)
{
	static uint32_t (*const random[])(void) = { least, most, NULL };
	static const msec delay[] = { 540000, 660000, 600000 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct bringup b = start(false, false, false);

		b.config.random = random[i];
		to_system_file(&b);
		bringup_fetched(&b, BRINGUP_FETCHED, 20);
		bringup_fetched(&b, BRINGUP_FETCHED, 30);
		bringup_applied(&b, BRINGUP_UNCHANGED, 40);
		expect(&b, "device judge provisioned");
		assert_int_equal(bringup_deadline(&b), 40 + delay[i]);
	}
}

static void every_arc_was_taken(void **state)
{
	(void)state;
	for (size_t i = 0; i < bringup_arcs_n; i++) {
		if (!arc_seen[i])
			fail_msg("never taken: %s -> %s: %s", bringup_arcs[i].from,
			         bringup_arcs[i].to, bringup_arcs[i].why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens_with_the_authentication),
		cmocka_unit_test(takes_a_silent_port_as_open_until_eap_arrives),
		cmocka_unit_test(logoff_does_not_open_the_port),
		cmocka_unit_test(starts_at_link_up_without_credentials),
		cmocka_unit_test(starts_at_link_up_without_802_1x),
		cmocka_unit_test(device_file_may_be_missing),
		cmocka_unit_test(system_file_may_not_be_missing),
		cmocka_unit_test(retries_early_and_then_as_configured),
		cmocka_unit_test(polls_at_the_two_intervals),
		cmocka_unit_test(zero_means_never),
		cmocka_unit_test(check_needs_an_address),
		cmocka_unit_test(lost_address_stops_the_fetch),
		cmocka_unit_test(link_down_stops_everything),
		cmocka_unit_test(new_credentials_become_active_after_success),
		cmocka_unit_test(bad_credentials_are_rolled_back_and_refused),
		cmocka_unit_test(silence_rolls_back_but_does_not_refuse),
		cmocka_unit_test(a_link_that_goes_down_is_no_failure_of_the_credentials),
		cmocka_unit_test(a_server_that_moves_is_asked_for_both_files),
		cmocka_unit_test(without_a_url_nothing_is_fetched),
		cmocka_unit_test(polls_are_spread_by_a_tenth),
		cmocka_unit_test(every_arc_was_taken),
	};

	return cmocka_run_group_tests_name("bringup", tests, NULL, NULL);
}
