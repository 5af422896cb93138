/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IEEE 802.1X-2004 8.2.4: each arc of auth_pae.def, what its state does, and that no arc was
 * forgotten.
 */
#include "tests/unit/check.h"

#include "switch/auth_pae.h"

enum { ARCS_MAX = 64 };
static bool hit[ARCS_MAX];

static const struct auth_pae defaults = { .quietPeriod = 60000,
	                                  .reAuthMax = 2,
	                                  .quietWhile = MSEC_NEVER };
static const struct pae_shared up = { .portEnabled = true, .portValid = true };

static struct auth_pae pae;
static struct pae_shared shared;

static void begin(enum auth_pae_state state)
{
	pae = defaults;
	pae.state = state;
	shared = up;
	if (state == AUTH_PAE_FORCE_AUTH)
		pae.portMode = shared.portControl = PORT_FORCE_AUTHORIZED;
	if (state == AUTH_PAE_FORCE_UNAUTH)
		pae.portMode = shared.portControl = PORT_FORCE_UNAUTHORIZED;
}

static void moves(enum auth_pae_state to, msec now)
{
	const struct fsm_arc *arc = auth_pae_step(&pae, &shared, now);

	assert_non_null(arc);
	assert_string_equal(auth_pae_state_text(pae.state), auth_pae_state_text(to));
	assert_string_equal(arc->to, auth_pae_state_text(to));
	hit[arc - auth_pae_arcs] = true;
}

static void stays(msec now)
{
	assert_null(auth_pae_step(&pae, &shared, now));
}

static void initialize_holds_without_link(void **state)
{
	(void)state;
	for (int from = AUTH_PAE_INITIALIZE; from <= AUTH_PAE_FORCE_UNAUTH; from++) {
		begin((enum auth_pae_state)from);
		shared.authPortStatus = true;
		shared.portEnabled = false;
		if (from != AUTH_PAE_INITIALIZE) {
			moves(AUTH_PAE_INITIALIZE, 0);
			assert_false(shared.authPortStatus);
			assert_int_equal(pae.portMode, PORT_AUTO);
		}
		stays(0);
	}
}

static void initialize_by_management(void **state)
{
	(void)state;
	begin(AUTH_PAE_AUTHENTICATED);
	shared.initialize = true;
	moves(AUTH_PAE_INITIALIZE, 0);
	stays(0);
	begin(AUTH_PAE_FORCE_AUTH);
	shared.portControl = PORT_AUTO;
	moves(AUTH_PAE_INITIALIZE, 0);
}

static void nothing_waits_from_link_up_to_authenticating(void **state)
{
	(void)state;
	begin(AUTH_PAE_INITIALIZE);
	moves(AUTH_PAE_DISCONNECTED, 0);
	moves(AUTH_PAE_RESTART, 0);
	assert_true(shared.eapRestart);
	stays(0);
	shared.eapRestart = false;
	shared.eapReq = true;
	moves(AUTH_PAE_CONNECTING, 0);
	assert_int_equal(pae.reAuthCount, 1);
	moves(AUTH_PAE_AUTHENTICATING, 0);
	assert_true(shared.authStart);
	assert_int_equal(pae.entersAuthenticating, 1);
	stays(0);
}

static void forced_ports_send_their_canned_packet(void **state)
{
	(void)state;
	begin(AUTH_PAE_AUTHENTICATING);
	shared.portControl = PORT_FORCE_AUTHORIZED;
	moves(AUTH_PAE_FORCE_AUTH, 0);
	assert_true(shared.authPortStatus);
	assert_int_equal(shared.procedure, PAE_TX_CANNED_SUCCESS);
	stays(0);
	shared.eapolStart = true;
	shared.procedure = PAE_PROCEDURE_NONE;
	moves(AUTH_PAE_FORCE_AUTH, 0);
	assert_false(shared.eapolStart);
	assert_int_equal(shared.procedure, PAE_TX_CANNED_SUCCESS);

	shared.portControl = PORT_FORCE_UNAUTHORIZED;
	moves(AUTH_PAE_FORCE_UNAUTH, 0);
	assert_false(shared.authPortStatus);
	assert_int_equal(shared.procedure, PAE_TX_CANNED_FAIL);
	stays(0);
	shared.eapolStart = true;
	moves(AUTH_PAE_FORCE_UNAUTH, 0);
	stays(0);
}

static void disconnected_forgets(void **state)
{
	(void)state;
	begin(AUTH_PAE_CONNECTING);
	shared.eapolLogoff = shared.eapReq = shared.authPortStatus = true;
	pae.reAuthCount = 1;
	moves(AUTH_PAE_DISCONNECTED, 0);
	assert_false(shared.eapolLogoff);
	assert_false(shared.authPortStatus);
	assert_int_equal(pae.reAuthCount, 0);
}

static void too_many_attempts_disconnect(void **state)
{
	(void)state;
	begin(AUTH_PAE_CONNECTING);
	shared.eapReq = true;
	pae.reAuthCount = pae.reAuthMax + 1;
	moves(AUTH_PAE_DISCONNECTED, 0);
	begin(AUTH_PAE_CONNECTING);
	shared.eapReq = true;
	pae.reAuthCount = pae.reAuthMax;
	moves(AUTH_PAE_AUTHENTICATING, 0);
}

static void connecting_waits_for_the_eap_layer(void **state)
{
	(void)state;
	begin(AUTH_PAE_CONNECTING);
	stays(0);
	shared.eapFail = true;
	moves(AUTH_PAE_AUTHENTICATING, 0);
	begin(AUTH_PAE_CONNECTING);
	shared.eapSuccess = true;
	moves(AUTH_PAE_AUTHENTICATING, 0);
}

static void success_authorizes(void **state)
{
	(void)state;
	begin(AUTH_PAE_AUTHENTICATING);
	pae.reAuthCount = 2;
	shared.authSuccess = true;
	moves(AUTH_PAE_AUTHENTICATED, 0);
	assert_true(shared.authPortStatus);
	assert_int_equal(pae.reAuthCount, 0);
	stays(0);
}

static void success_wins_over_a_start_in_the_same_step(void **state)
{
	(void)state;
	begin(AUTH_PAE_AUTHENTICATING);
	shared.authSuccess = shared.eapolStart = true;
	moves(AUTH_PAE_AUTHENTICATED, 0);
	moves(AUTH_PAE_RESTART, 0);
}

static void failure_holds_for_quietPeriod(void **state)
{
	(void)state;
	begin(AUTH_PAE_AUTHENTICATING);
	shared.authFail = shared.authPortStatus = true;
	moves(AUTH_PAE_HELD, 1000);
	assert_false(shared.authPortStatus);
	assert_int_equal(auth_pae_deadline(&pae), 61000);
	shared.eapolStart = true;
	stays(60999);
	moves(AUTH_PAE_RESTART, 61000);
	assert_int_equal(auth_pae_deadline(&pae), MSEC_NEVER);
}

static void start_logoff_and_timeout_abort(void **state)
{
	(void)state;
	begin(AUTH_PAE_AUTHENTICATING);
	shared.eapolStart = true;
	moves(AUTH_PAE_ABORTING, 0);
	assert_true(shared.authAbort);
	stays(0);
	shared.authAbort = false;
	moves(AUTH_PAE_RESTART, 0);

	begin(AUTH_PAE_AUTHENTICATING);
	shared.authTimeout = true;
	moves(AUTH_PAE_ABORTING, 0);

	begin(AUTH_PAE_AUTHENTICATING);
	shared.eapolLogoff = true;
	moves(AUTH_PAE_ABORTING, 0);
	stays(0);
	shared.authAbort = false;
	moves(AUTH_PAE_DISCONNECTED, 0);
}

static void an_authenticated_port_stays_open_while_it_reauthenticates(void **state)
{
	(void)state;
	begin(AUTH_PAE_AUTHENTICATED);
	shared.reAuthenticate = shared.authPortStatus = true;
	moves(AUTH_PAE_RESTART, 0);
	assert_true(shared.authPortStatus);
	shared.eapRestart = false;
	moves(AUTH_PAE_CONNECTING, 0);
	assert_false(shared.reAuthenticate);
	assert_true(shared.authPortStatus);
}

static void logoff_disconnects(void **state)
{
	(void)state;
	begin(AUTH_PAE_AUTHENTICATED);
	shared.eapolLogoff = shared.authPortStatus = true;
	moves(AUTH_PAE_DISCONNECTED, 0);
	assert_false(shared.authPortStatus);
}

static void init_starts_without_timers(void **state)
{
	(void)state;
	auth_pae_init(&pae, 60000, 2);
	shared = (struct pae_shared){ 0 };
	stays(0);
	assert_int_equal(auth_pae_deadline(&pae), MSEC_NEVER);
}

static void every_arc_was_taken(void **state)
{
	bool all = true;

	(void)state;
	for (size_t i = 0; i < auth_pae_arc_n; i++) {
		if (hit[i])
			continue;
		print_message("# not taken: %s -> %s: %s\n", auth_pae_arcs[i].from,
		              auth_pae_arcs[i].to, auth_pae_arcs[i].why);
		all = false;
	}
	assert_true(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		C("8.2.4: without link the machine is held in INITIALIZE, unauthorised",
		  initialize_holds_without_link),
		C("8.2.4: initialize, and Auto after a forced mode, lead to INITIALIZE",
		  initialize_by_management),
		C("8.2.4: from link-up to AUTHENTICATING only the EAP layer is waited for",
		  nothing_waits_from_link_up_to_authenticating),
		C("8.2.4: FORCE_AUTH and FORCE_UNAUTH send a canned packet, and for each Start "
		  "again",
		  forced_ports_send_their_canned_packet),
		C("8.2.4: DISCONNECTED closes the port and forgets attempts and Logoff",
		  disconnected_forgets),
		C("8.2.4.1.2: more than reAuthMax attempts lead to DISCONNECTED",
		  too_many_attempts_disconnect),
		C("8.2.4: CONNECTING leaves on eapReq, eapSuccess or eapFail",
		  connecting_waits_for_the_eap_layer),
		C("8.2.4: authSuccess authorises", success_authorizes),
		C("8.2.4: a Start beside authSuccess is served after it",
		  success_wins_over_a_start_in_the_same_step),
		C("8.2.4.1.2: HELD lasts quietPeriod, whatever arrives",
		  failure_holds_for_quietPeriod),
		C("8.2.4: Start, Logoff and authTimeout abort", start_logoff_and_timeout_abort),
		C("8.2.4: re-authentication leaves the port open",
		  an_authenticated_port_stays_open_while_it_reauthenticates),
		C("8.2.4: Logoff disconnects", logoff_disconnects),
		C("8.2.4: a new machine waits for link", init_starts_without_timers),
		C("every arc of auth_pae.def was taken", every_arc_was_taken),
	};

	return cmocka_run_group_tests_name("auth_pae", tests, NULL, NULL);
}
