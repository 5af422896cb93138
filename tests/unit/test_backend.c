/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IEEE 802.1X-2004 8.2.9: each arc of backend.def, what its state does, and that no arc was
 * forgotten.
 */
#include "tests/unit/check.h"

#include "switch/backend.h"

enum { ARCS_MAX = 64 };
static bool hit[ARCS_MAX];

static struct backend be;
static struct pae_shared shared;

static void begin(enum backend_state state)
{
	backend_init(&be, 30000);
	be.state = state;
	shared = (struct pae_shared){ .portEnabled = true, .portValid = true };
}

static void moves(enum backend_state to, msec now)
{
	const struct fsm_arc *arc;

	shared.procedure = PAE_PROCEDURE_NONE;
	arc = backend_step(&be, &shared, now);
	assert_non_null(arc);
	assert_string_equal(backend_state_text(be.state), backend_state_text(to));
	assert_string_equal(arc->to, backend_state_text(to));
	hit[arc - backend_arcs] = true;
}

static void stays(msec now)
{
	assert_null(backend_step(&be, &shared, now));
}

static void every_reason_to_initialize(void **state)
{
	(void)state;
	begin(BACKEND_RESPONSE);
	shared.authAbort = shared.eapNoReq = true;
	moves(BACKEND_INITIALIZE, 0);
	assert_int_equal(shared.procedure, PAE_ABORT_AUTH);
	assert_false(shared.authAbort);
	assert_false(shared.eapNoReq);
	moves(BACKEND_IDLE, 0);

	begin(BACKEND_REQUEST);
	shared.portControl = PORT_FORCE_AUTHORIZED;
	moves(BACKEND_INITIALIZE, 0);
	stays(0);
	begin(BACKEND_REQUEST);
	shared.initialize = true;
	moves(BACKEND_INITIALIZE, 0);
	begin(BACKEND_RESPONSE);
	shared.portEnabled = false; /* D1 */
	moves(BACKEND_INITIALIZE, 0);
	stays(0);
}

static void idle_waits_for_authStart(void **state)
{
	(void)state;
	begin(BACKEND_IDLE);
	shared.eapReq = shared.eapFail = shared.eapSuccess = true;
	stays(0);
	shared.eapFail = shared.eapSuccess = false;
	shared.authStart = true;
	shared.eapolEap = true;
	moves(BACKEND_REQUEST, 0);
	assert_int_equal(shared.procedure, PAE_TX_REQ);
	assert_false(shared.eapReq);
	assert_false(shared.eapolEap); /* D2 */
	stays(0);

	begin(BACKEND_IDLE);
	shared.authStart = shared.eapFail = true;
	moves(BACKEND_FAIL, 0);
	assert_true(shared.authFail);
	assert_int_equal(shared.procedure, PAE_TX_REQ);
	moves(BACKEND_IDLE, 0);
	assert_false(shared.authStart);

	begin(BACKEND_IDLE);
	shared.authStart = shared.eapSuccess = true;
	moves(BACKEND_SUCCESS, 0);
	assert_true(shared.authSuccess);
	assert_int_equal(shared.procedure, PAE_TX_REQ);
	moves(BACKEND_IDLE, 0);
}

static void a_request_is_answered_sent_again_or_times_out(void **state)
{
	(void)state;
	begin(BACKEND_REQUEST);
	shared.eapReq = true;
	moves(BACKEND_REQUEST, 0);
	assert_int_equal(shared.procedure, PAE_TX_REQ);
	shared.eapolEap = shared.authTimeout = true;
	moves(BACKEND_RESPONSE, 500);
	assert_true(shared.eapResp);
	assert_false(shared.eapolEap);
	assert_false(shared.authTimeout);
	assert_int_equal(backend_deadline(&be), 30500);

	begin(BACKEND_REQUEST);
	shared.eapTimeout = true;
	moves(BACKEND_TIMEOUT, 0);
	assert_true(shared.authTimeout);
	moves(BACKEND_IDLE, 0);
}

static void the_server_answers(void **state)
{
	(void)state;
	begin(BACKEND_RESPONSE);
	shared.eapReq = true;
	moves(BACKEND_REQUEST, 0);
	assert_int_equal(be.accessChallenges, 1);
	assert_int_equal(backend_deadline(&be), MSEC_NEVER);
	begin(BACKEND_RESPONSE);
	shared.eapSuccess = true;
	moves(BACKEND_SUCCESS, 0);
	begin(BACKEND_RESPONSE);
	shared.eapFail = true;
	moves(BACKEND_FAIL, 0);
}

static void the_server_has_serverTimeout(void **state)
{
	(void)state;
	begin(BACKEND_REQUEST);
	shared.eapolEap = true;
	moves(BACKEND_RESPONSE, 0);
	stays(29999);
	moves(BACKEND_TIMEOUT, 30000);
}

static void a_wrong_response_is_ignored(void **state)
{
	(void)state;
	begin(BACKEND_RESPONSE);
	shared.eapNoReq = true;
	moves(BACKEND_IGNORE, 0);
	assert_false(shared.eapNoReq);
	stays(0);
	shared.eapolEap = true;
	moves(BACKEND_RESPONSE, 0);

	begin(BACKEND_IGNORE);
	shared.eapReq = true;
	moves(BACKEND_REQUEST, 0);
	begin(BACKEND_IGNORE);
	shared.eapTimeout = true;
	moves(BACKEND_TIMEOUT, 0);
}

static void every_arc_was_taken(void **state)
{
	bool all = true;

	(void)state;
	for (size_t i = 0; i < backend_arc_n; i++) {
		if (hit[i])
			continue;
		print_message("# not taken: %s -> %s: %s\n", backend_arcs[i].from,
		              backend_arcs[i].to, backend_arcs[i].why);
		all = false;
	}
	assert_true(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		C("8.2.9: abort, a forced mode, initialize and loss of link lead to INITIALIZE",
		  every_reason_to_initialize),
		C("8.2.9: IDLE waits for authStart", idle_waits_for_authStart),
		C("8.2.9: a request is answered, sent again, or times out",
		  a_request_is_answered_sent_again_or_times_out),
		C("8.2.9: the server sends a request, success or failure", the_server_answers),
		C("8.2.9.1.2: the server has serverTimeout to answer",
		  the_server_has_serverTimeout),
		C("8.2.9: a response that the EAP layer does not take is ignored",
		  a_wrong_response_is_ignored),
		C("every arc of backend.def was taken", every_arc_was_taken),
	};

	return cmocka_run_group_tests_name("backend", tests, NULL, NULL);
}
