/* SPDX-License-Identifier: BSD-3-Clause */
/* What a Disconnect-Request or CoA-Request says, and which session it names (RFC 5176 3). */
#include "tests/unit/das_bench.h"

static void commands_of_a_coa(void **state)
{
	static const struct {
		const char *hex;
		enum das_action action;
	} commands[] = {
		{ SESSION REAUTH, DAS_REAUTHENTICATE },
		{ SESSION BOUNCE, DAS_BOUNCE },
		{ DISABLE SESSION, DAS_DISABLE },
	};
	struct bench b;
	uint32_t cause;

	(void)state;
	begin(&b);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(ask(&b, RADIUS_COA_REQUEST, commands[i].hex), DAS_DECIDE);
		assert_int_equal(b.request.action, commands[i].action);
		assert_int_equal(
			reply_of(&b, das_answer(b.das, &b.request, DAS_DONE, b.now), &cause),
			RADIUS_COA_ACK);
		assert_int_equal(cause, 0);
	}
	das_free(b.das);
}

static void each_error_cause_of_a_request(void **state)
{
	static const struct {
		uint8_t code;
		const char *hex;
		enum das_error_cause cause;
	} bad[] = {
		/* Framed-IP-Address; Tunnel-Private-Group-Id; a vendor's; a State in a Disconnect */
		{ 40, SESSION "0806 0a4d1405", DAS_UNSUPPORTED_ATTRIBUTE },
		{ 43, SESSION REAUTH "5104 3230", DAS_UNSUPPORTED_ATTRIBUTE },
		{ 40, SESSION "1a0a 0000ea5f 0204 6162", DAS_UNSUPPORTED_ATTRIBUTE },
		{ 40, SESSION "1806 a1b2c3d4", DAS_UNSUPPORTED_ATTRIBUTE },
		{ 40, SESSION REAUTH, DAS_UNSUPPORTED_ATTRIBUTE },
		{ 43, SESSION REAUTH "3106 00000006", DAS_UNSUPPORTED_ATTRIBUTE },
		{ 43, SESSION "1a0b 00000009 0105 613d62", DAS_UNSUPPORTED_ATTRIBUTE },
		{ 43, SESSION "1a06 00000009", DAS_UNSUPPORTED_ATTRIBUTE },
		/* nothing that names a session; no command */
		{ 40, "", DAS_MISSING_ATTRIBUTE },
		{ 40, "2007 62656e6368", DAS_MISSING_ATTRIBUTE },
		{ 43, REAUTH, DAS_MISSING_ATTRIBUTE },
		{ 43, SESSION, DAS_MISSING_ATTRIBUTE },
		/* another NAS-Identifier, NAS-IP-Address, NAS-IPv6-Address */
		{ 40, SESSION "2007 62656e6367", DAS_NAS_IDENTIFICATION_MISMATCH },
		{ 40, SESSION "0406 c0000202", DAS_NAS_IDENTIFICATION_MISMATCH },
		{ 40, SESSION "5f12 20010db8000000000000000000000001",
		  DAS_NAS_IDENTIFICATION_MISMATCH },
		/* twice; two commands; a vendor's attribute that is cut */
		{ 40, SESSION SESSION, DAS_INVALID_REQUEST },
		{ 43, SESSION REAUTH BOUNCE, DAS_INVALID_REQUEST },
		{ 43, SESSION "1a0b 00000009 0109 613d62", DAS_INVALID_REQUEST },
		/* Service-Type = Authorize-Only */
		{ 43, SESSION "0606 00000011", DAS_UNSUPPORTED_SERVICE },
		/* empty; no MAC address; NAS-Port of three octets; an unknown command */
		{ 40, "2c02", DAS_INVALID_ATTRIBUTE_VALUE },
		{ 40, "1f06 61626364", DAS_INVALID_ATTRIBUTE_VALUE },
		{ 40, "1f04 0000", DAS_INVALID_ATTRIBUTE_VALUE },
		{ 40, SESSION "1e06 61626364", DAS_INVALID_ATTRIBUTE_VALUE },
		{ 40, "0505 000001", DAS_INVALID_ATTRIBUTE_VALUE },
		{ 40, SESSION "0405 c00002", DAS_INVALID_ATTRIBUTE_VALUE },
		{ 43, SESSION "1a1c 00000009 0116 737562736372696265723a636f6d6d616e643d78",
		  DAS_INVALID_ATTRIBUTE_VALUE },
	};
	struct bench b;

	(void)state;
	begin(&b);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint32_t cause;

		if (ask(&b, bad[i].code, bad[i].hex) != DAS_ANSWER)
			fail_msg("%s is not refused", bad[i].hex);
		assert_int_equal(reply_of(&b, b.request.reply, &cause), bad[i].code + 2);
		if (cause != (uint32_t)bad[i].cause || b.request.cause != bad[i].cause)
			fail_msg("%s: Error-Cause %u instead of %d", bad[i].hex, cause,
			         bad[i].cause);
		assert_string_not_equal(das_error_cause_text(b.request.cause), "");
	}
	das_free(b.das);
}

static void our_own_names_are_taken(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	assert_int_equal(ask(&b, RADIUS_DISCONNECT_REQUEST,
	                     SESSION "2007 62656e6368 0406 c0000201 1206 61626364 3106 00000006"
	                             "1e13 30322d30302d30302d30302d30302d4645"),
	                 DAS_DECIDE);
	assert_false(b.request.elsewhere);
	assert_int_equal(ask(&b, RADIUS_COA_REQUEST,
	                     SESSION REAUTH "1a2b 00000009 0125 737562736372696265723a"
	                                    "726561757468656e746963617465"
	                                    "2d747970653d6c617374"),
	                 DAS_DECIDE);
	das_free(b.das);
}

static const struct das_session sessions[] = {
	{ .id = "abcd",
	  .user = "phone1",
	  .has_mac = true,
	  .mac = { 2, 0, 0, 0, 1, 1 },
	  .port = 1,
	  .port_id = "p1" },
	{ .id = "efgh",
	  .user = "shared",
	  .has_mac = true,
	  .mac = { 2, 0, 0, 0, 1, 2 },
	  .port = 2,
	  .port_id = "p2" },
	{ .id = "ijkl",
	  .user = "shared",
	  .has_mac = true,
	  .mac = { 2, 0, 0, 0, 1, 3 },
	  .port = 3,
	  .port_id = "p3" },
	{ .id = "mnop", .user = "", .port = 4, .port_id = "p4" },
	{ .id = "", .user = "", .port = 5, .port_id = "up", .forced = true },
};

static void sessions_are_named_by_all_that_is_given(void **state)
{
	static const struct {
		const char *hex;
		enum das_error_cause cause;
		size_t at;
	} named[] = {
		{ SESSION, DAS_DONE, 0 },
		{ STATION, DAS_DONE, 0 },
		{ "1f13 30323a30303a30303a30303a30313a3033", DAS_DONE, 2 },
		{ "0506 00000002", DAS_DONE, 1 },
		{ "5704 7033", DAS_DONE, 2 },
		{ "0108 70686f6e6531", DAS_DONE, 0 },
		{ "0108 736861726564 0506 00000003", DAS_DONE, 2 },
		{ SESSION STATION "0506 00000001 5704 7031 0108 70686f6e6531", DAS_DONE, 0 },
		/* audit-session-id=abcd */
		{ "1a1d 00000009 0117 61756469742d73657373696f6e2d69643d61626364", DAS_DONE, 0 },
		{ "0108 736861726564", DAS_MULTIPLE_SESSION_SELECTION, 0 },
		{ "2c06 61626365", DAS_SESSION_CONTEXT_NOT_FOUND, 0 },
		{ "2c05 616263", DAS_SESSION_CONTEXT_NOT_FOUND, 0 },
		{ SESSION "0506 00000002", DAS_SESSION_CONTEXT_NOT_FOUND, 0 },
		{ SESSION "5704 7032", DAS_SESSION_CONTEXT_NOT_FOUND, 0 },
		{ SESSION "0108 736861726564", DAS_SESSION_CONTEXT_NOT_FOUND, 0 },
		{ SESSION "1f13 30323a30303a30303a30303a30313a3033", DAS_SESSION_CONTEXT_NOT_FOUND,
		  0 },
		/* Called-Station-Id of another switch */
		{ SESSION "1e13 30322d30302d30302d30302d30302d4644", DAS_SESSION_CONTEXT_NOT_FOUND,
		  0 },
		/* nobody is there; a forced port */
		{ "5704 7034", DAS_SESSION_CONTEXT_NOT_FOUND, 0 },
		{ "5704 7570", DAS_ADMINISTRATIVELY_PROHIBITED, 0 },
		{ "0506 00000005", DAS_ADMINISTRATIVELY_PROHIBITED, 0 },
		{ STATION "0506 00000005", DAS_SESSION_CONTEXT_NOT_FOUND, 0 },
	};
	struct bench b;

	(void)state;
	begin(&b);
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
		size_t at = 99;
		enum das_error_cause cause;

		assert_int_equal(ask(&b, RADIUS_DISCONNECT_REQUEST, named[i].hex), DAS_DECIDE);
		cause = das_select(&b.request, sessions, sizeof(sessions) / sizeof(sessions[0]),
		                   &at);
		if (cause != named[i].cause || (cause == DAS_DONE && at != named[i].at))
			fail_msg("%s: cause %d, session %zu", named[i].hex, cause, at);
	}
	das_free(b.das);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		C("a CoA-Request carries one of three commands", commands_of_a_coa),
		C("RFC 5176 3.5: the Error-Cause of each thing that is wrong",
		  each_error_cause_of_a_request),
		C("RFC 5176 3: the switch's own names, and what is ignored",
		  our_own_names_are_taken),
		C("RFC 5176 3: a session is named by all that is given",
		  sessions_are_named_by_all_that_is_given),
	};

	return cmocka_run_group_tests_name("das_request", tests, NULL, NULL);
}
