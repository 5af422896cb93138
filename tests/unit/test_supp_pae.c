/* SPDX-License-Identifier: BSD-3-Clause */
/* IEEE 802.1X-2004 8.2.11 and 8.2.12: every arc of supp_pae.def, and the deviations D1-D6 of supp_pae.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "supplicant/supp_pae.h"

enum { ARCS_MAX = 64 };

static bool hit[ARCS_MAX];

static void note_arc(const struct supp_pae_effect *e)
{
	bool pae = strcmp(e->machine, "SUPP_PAE") == 0;
	bool be_part = false;

	for (size_t i = 0; i < supp_pae_arcs_n; i++) {
		const struct fsm_arc *arc = &supp_pae_arcs[i];

		/* the backend's arcs stand behind those of the PAE; its first one is this */
		be_part |= strcmp(arc->why, "v(initialize) || v(suppAbort)") == 0;
		if (be_part == !pae && strcmp(arc->to, e->to) == 0 &&
		    strcmp(arc->why, e->why) == 0 &&
		    (arc->from[0] == '*' || strcmp(arc->from, e->from) == 0))
			hit[i] = true;
	}
}

/* Step until nothing moves; the actions of all steps together. */
static unsigned run(struct supp_pae *pae, msec now)
{
	struct supp_pae_effect e;
	unsigned actions = 0;
	int steps = 0;

	while (supp_pae_step(pae, now, &e)) {
		note_arc(&e);
		actions |= e.actions;
		if (e.actions & SUPP_EAP_RESTART)
			pae->eapRestart = false;
		assert_true(++steps < 32);
	}
	return actions;
}

static struct supp_pae connected(void)
{
	struct supp_pae pae;

	supp_pae_init(&pae);
	run(&pae, 0);
	pae.initialize = false;
	pae.portEnabled = true;
	run(&pae, 0);
	return pae;
}

/* An EAP request came, and EAP answered it. */
static unsigned request(struct supp_pae *pae, msec now)
{
	unsigned actions;

	pae->authenticatorSeen = true;
	pae->eapolEap = true;
	actions = run(pae, now);
	assert_true(actions & SUPP_GET_RSP);
	pae->eapResp = true;
	return run(pae, now);
}

static void eap_fails(struct supp_pae *pae, msec now)
{
	pae->eapolEap = true;
	run(pae, now);
	pae->eapFail = true;
	run(pae, now);
}

static void eap_succeeds(struct supp_pae *pae, msec now)
{
	pae->eapolEap = true;
	run(pae, now);
	pae->eapSuccess = true;
	run(pae, now);
}

static void start_leaves_at_link_up(void **state)
{
	struct supp_pae pae;

	(void)state;
	supp_pae_init(&pae);
	assert_int_equal(run(&pae, 0) & SUPP_TX_START, 0);
	pae.initialize = false;
	assert_int_equal(run(&pae, 5) & SUPP_TX_START, 0);
	assert_true(supp_pae_deadline(&pae) == MSEC_NEVER);
	pae.portEnabled = true;
	assert_true(run(&pae, 10) & SUPP_TX_START);
	assert_int_equal(pae.state, SUPP_PAE_CONNECTING);
	assert_int_equal(supp_pae_deadline(&pae), 10 + 30000);
}

static void starts_are_capped_and_the_port_taken_as_open(void **state)
{
	struct supp_pae pae = connected();

	(void)state;
	assert_int_equal(run(&pae, 29999), 0);
	assert_true(run(&pae, 30000) & SUPP_TX_START);
	assert_true(run(&pae, 60000) & SUPP_TX_START);
	assert_false(pae.suppPortStatus);
	assert_int_equal(run(&pae, 90000) & SUPP_TX_START, 0);
	assert_int_equal(pae.state, SUPP_PAE_AUTHENTICATED);
	assert_true(pae.suppPortStatus);
	assert_true(supp_pae_deadline(&pae) == MSEC_NEVER);
}

static void an_authenticator_that_went_silent_means_held(void **state)
{
	struct supp_pae pae = connected();

	(void)state;
	pae.authenticatorSeen = true;
	run(&pae, 30000);
	run(&pae, 60000);
	run(&pae, 90000);
	assert_int_equal(pae.state, SUPP_PAE_HELD);
	assert_false(pae.suppPortStatus);
}

static void a_whole_authentication(void **state)
{
	struct supp_pae pae = connected();
	unsigned actions = request(&pae, 100);

	(void)state;
	assert_true(actions & SUPP_TX_RSP);
	assert_int_equal(pae.state, SUPP_PAE_AUTHENTICATING);
	assert_int_equal(pae.be_state, SUPP_BE_RECEIVE);
	assert_int_equal(supp_pae_deadline(&pae), 100 + 30000);
	request(&pae, 200);
	eap_succeeds(&pae, 300);
	assert_int_equal(pae.state, SUPP_PAE_AUTHENTICATED);
	assert_true(pae.suppPortStatus);
	assert_false(pae.eapSuccess);
	assert_int_equal(run(&pae, 1000000), 0); /* silent */
}

static void reauthentication_keeps_the_port_open(void **state)
{
	struct supp_pae pae = connected();

	(void)state;
	request(&pae, 0);
	eap_succeeds(&pae, 10);
	request(&pae, 5000);
	assert_int_equal(pae.state, SUPP_PAE_AUTHENTICATING);
	assert_true(pae.suppPortStatus);
	eap_succeeds(&pae, 5010);
	pae.reAuthenticate = true;
	assert_true(run(&pae, 6000) & SUPP_TX_START);
	assert_true(pae.suppPortStatus);
	request(&pae, 6010);
	eap_fails(&pae, 6020);
	assert_int_equal(pae.state, SUPP_PAE_HELD);
	assert_false(pae.suppPortStatus);
	pae.reAuthenticate = true;
	assert_true(run(&pae, 6030) & SUPP_TX_START);
	assert_int_equal(pae.state, SUPP_PAE_CONNECTING);
}

static void first_retry_comes_soon_later_ones_after_held_period(void **state)
{
	struct supp_pae pae = connected();

	(void)state;
	request(&pae, 0);
	eap_fails(&pae, 0);
	assert_int_equal(pae.state, SUPP_PAE_HELD);
	assert_int_equal(supp_pae_deadline(&pae), 5000);
	assert_true(run(&pae, 5000) & SUPP_TX_START);
	request(&pae, 5000);
	eap_fails(&pae, 5000);
	assert_int_equal(supp_pae_deadline(&pae), 5000 + 60000);
	pae.eapolEap = true; /* HELD listens to a request */
	run(&pae, 6000);
	assert_int_equal(pae.state, SUPP_PAE_AUTHENTICATING);
	pae.eapSuccess = true;
	run(&pae, 6000);
	eap_fails(&pae, 7000); /* re-authentication fails: the first failure in a row again */
	assert_int_equal(supp_pae_deadline(&pae), 7000 + 5000);
}

static void silence_ends_an_attempt_after_auth_period(void **state)
{
	struct supp_pae pae = connected();

	(void)state;
	request(&pae, 0);
	assert_int_equal(run(&pae, 29999), 0);
	assert_true(run(&pae, 30000) & SUPP_TX_START);
	assert_int_equal(pae.state, SUPP_PAE_CONNECTING);
	assert_int_equal(pae.startCount, 1);
}

static void a_discarded_request_is_waited_out(void **state)
{
	struct supp_pae pae = connected();

	(void)state;
	pae.eapolEap = true;
	run(&pae, 0);
	assert_int_equal(pae.be_state, SUPP_BE_REQUEST);
	pae.eapNoResp = true;
	assert_int_equal(run(&pae, 0) & SUPP_TX_RSP, 0);
	assert_int_equal(pae.be_state, SUPP_BE_RECEIVE);
	for (msec now = 1000; now < 30000; now += 1000) { /* D7: it keeps nothing alive */
		pae.eapolEap = true;
		run(&pae, now);
		pae.eapNoResp = true;
		run(&pae, now);
		assert_int_equal(supp_pae_deadline(&pae), 30000);
	}
	run(&pae, 30000);
	assert_int_equal(pae.state, SUPP_PAE_CONNECTING);
}

static void eap_may_decide_while_nothing_is_received(void **state)
{
	struct supp_pae pae = connected();

	(void)state;
	request(&pae, 0);
	pae.eapSuccess = true; /* in RECEIVE */
	run(&pae, 0);
	assert_int_equal(pae.state, SUPP_PAE_AUTHENTICATED);
	request(&pae, 1);
	pae.eapFail = true;
	run(&pae, 1);
	assert_int_equal(pae.state, SUPP_PAE_HELD);
	run(&pae, 100000);
	assert_int_equal(pae.state, SUPP_PAE_CONNECTING);
	pae.eapSuccess = true; /* in IDLE, before any request */
	run(&pae, 100000);
	assert_int_equal(pae.state, SUPP_PAE_AUTHENTICATED);
	pae.reAuthenticate = true;
	run(&pae, 100001);
	pae.eapFail = true;
	run(&pae, 100001);
	assert_int_equal(pae.state, SUPP_PAE_HELD);
}

static void logoff_is_sent_once_and_ended_by_the_user(void **state)
{
	struct supp_pae pae = connected();

	(void)state;
	request(&pae, 0);
	eap_succeeds(&pae, 0);
	pae.userLogoff = true;
	assert_true(run(&pae, 1) & SUPP_TX_LOGOFF);
	assert_false(pae.suppPortStatus);
	assert_int_equal(run(&pae, 2), 0);
	pae.userLogoff = false;
	assert_true(run(&pae, 3) & SUPP_TX_START);
	assert_int_equal(pae.state, SUPP_PAE_CONNECTING);
}

static void link_down_forgets_everything(void **state)
{
	struct supp_pae pae = connected();

	(void)state;
	request(&pae, 0);
	eap_succeeds(&pae, 0);
	pae.portEnabled = false;
	assert_true(run(&pae, 1) & SUPP_ABORT);
	assert_int_equal(pae.state, SUPP_PAE_DISCONNECTED);
	assert_false(pae.suppPortStatus);
	pae.portEnabled = true;
	run(&pae, 2);
	assert_int_equal(pae.state,
	                 SUPP_PAE_CONNECTING); /* and not AUTHENTICATED by a stale eapSuccess */
}

static void a_port_that_is_not_valid_is_never_authenticated(void **state)
{
	struct supp_pae pae = connected();

	(void)state;
	request(&pae, 0);
	pae.portValid = false;
	eap_succeeds(&pae, 1);
	assert_int_equal(pae.state, SUPP_PAE_AUTHENTICATING);
	assert_true(pae.keyRun);
	pae.keyDone = true;
	run(&pae, 2);
	assert_int_equal(pae.state, SUPP_PAE_HELD);
	pae = connected();
	pae.portValid = false;
	run(&pae, 30000);
	run(&pae, 60000);
	run(&pae, 90000);
	assert_int_equal(pae.state, SUPP_PAE_HELD);
	pae = connected();
	request(&pae, 0);
	eap_succeeds(&pae, 1);
	pae.portValid = false;
	assert_true(run(&pae, 2) & SUPP_TX_START); /* by way of DISCONNECTED */
}

static void forced_ports(void **state)
{
	struct supp_pae pae = connected();

	(void)state;
	pae.portControl = SUPP_FORCE_AUTHORIZED;
	run(&pae, 1);
	assert_int_equal(pae.state, SUPP_PAE_S_FORCE_AUTH);
	assert_true(pae.suppPortStatus);
	pae.portControl = SUPP_FORCE_UNAUTHORIZED;
	assert_true(run(&pae, 2) & SUPP_TX_LOGOFF);
	assert_int_equal(pae.state, SUPP_PAE_S_FORCE_UNAUTH);
	assert_false(pae.suppPortStatus);
	pae.portControl = SUPP_AUTO;
	assert_true(run(&pae, 3) & SUPP_TX_START);
	assert_int_equal(pae.state, SUPP_PAE_CONNECTING);
}

static void every_arc_was_taken(void **state)
{
	unsigned missing = 0;

	(void)state;
	assert_true(supp_pae_arcs_n <= ARCS_MAX);
	for (size_t i = 0; i < supp_pae_arcs_n; i++) {
		const struct fsm_arc *arc = &supp_pae_arcs[i];

		if (hit[i])
			continue;
		missing++;
		print_error("arc not reached: %s -> %s if %s\n", arc->from, arc->to, arc->why);
	}
	assert_int_equal(missing, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(start_leaves_at_link_up),
		cmocka_unit_test(starts_are_capped_and_the_port_taken_as_open),
		cmocka_unit_test(an_authenticator_that_went_silent_means_held),
		cmocka_unit_test(a_whole_authentication),
		cmocka_unit_test(reauthentication_keeps_the_port_open),
		cmocka_unit_test(first_retry_comes_soon_later_ones_after_held_period),
		cmocka_unit_test(silence_ends_an_attempt_after_auth_period),
		cmocka_unit_test(a_discarded_request_is_waited_out),
		cmocka_unit_test(eap_may_decide_while_nothing_is_received),
		cmocka_unit_test(logoff_is_sent_once_and_ended_by_the_user),
		cmocka_unit_test(link_down_forgets_everything),
		cmocka_unit_test(a_port_that_is_not_valid_is_never_authenticated),
		cmocka_unit_test(forced_ports),
		cmocka_unit_test(every_arc_was_taken),
	};

	return cmocka_run_group_tests_name("supp_pae: IEEE 802.1X-2004 8.2.11, 8.2.12", tests, NULL,
	                                   NULL);
}
