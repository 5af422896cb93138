/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What FreeRADIUS writes, as the policy of rlm_portcall reads it: times, names, messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "radius-module/verdict.h"

static void rfc_5280_4_1_2_5_times_are_read_in_both_forms(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds;
	} times[] = {
		{ "700101000001Z", 1 },
		{ "261121023456Z", 1795228496 },
		{ "20261121023456Z", 1795228496 },
		{ "491231235959Z", 2524607999 },
		{ "500101000000Z", -631152000 },
		{ "20500101000000Z", 2524608000 },
		{ "20240229000000Z", 1709164800 },
		{ "99991231235959Z", 253402300799 },
		{ "", 0 },
		{ "261121023456", 0 },
		{ "261121023456+0100", 0 },
		{ "2611210234Z", 0 },
		{ "261321023456Z", 0 },
		{ "260021023456Z", 0 },
		{ "261100023456Z", 0 },
		{ "261121243456Z", 0 },
		{ "261121026056Z", 0 },
		{ "2026112102345 Z", 0 },
		{ "261121023456Zx", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
		if (verdict_asn1_time(times[i].text) != times[i].seconds)
			fail_msg("%s: %lld", times[i].text,
			         (long long)verdict_asn1_time(times[i].text));
	}
	assert_int_equal(verdict_asn1_time(NULL), 0);
}

static void one_line_names_are_compared_in_one_form(void **state)
{
	static const char *const names[][2] = {
		{ "", "" },
		{ "/CN=Phone CA", "/CN=Phone CA" },
		{ "/CN=B\\xC3\\xA4cker", "/CN=B\xc3\xa4"
		                         "cker" },
		{ "/CN=B\xc3\xa4"
		  "cker",
		  "/CN=B\xc3\xa4"
		  "cker" },
		{ "\\xc3\\xa4", "\xc3\xa4" },
		{ "\\", "\\" },
		{ "\\x", "\\x" },
		{ "\\x4", "\\x4" },
		{ "\\xg1", "\\xg1" },
		{ "\\x00", "\\x00" }, /* a NUL would end the name */
		{ "\\x0A", "\n" },
		{ "\\x10", "\x10" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char name[64];

		snprintf(name, sizeof(name), "%s", names[i][0]);
		verdict_oneline(name);
		assert_string_equal(name, names[i][1]);
	}
}

static void failures_are_told_apart_by_the_servers_own_messages(void **state)
{
	static const struct {
		const char *message;
		enum portcall_reason reason;
	} messages[] = {
		{ "eap_tls: (TLS) OpenSSL says error 10 : certificate has expired",
		  PORTCALL_REASON_CLIENT_CERT_INVALID },
		{ "eap_tls: (TLS) OpenSSL says error 20 : unable to get local issuer certificate",
		  PORTCALL_REASON_CLIENT_CERT_INVALID },
		{ "eap_tls: (TLS) Failed with certificate not yet valid.",
		  PORTCALL_REASON_CLIENT_CERT_INVALID },
		{ "eap_tls: (TLS) error:0A0000C7:SSL routines::peer did not return a certificate",
		  PORTCALL_REASON_CLIENT_CERT_INVALID },
		{ "eap_tls: (TLS) Alert read:fatal:unknown CA", PORTCALL_REASON_SERVER_REFUSED },
		{ "eap_tls: (TLS) Alert read:fatal:bad certificate",
		  PORTCALL_REASON_SERVER_REFUSED },
		{ "eap_tls: (TLS) Alert read:fatal:protocol version", PORTCALL_REASON_EAP_FAILED },
		{ "eap: No mutually acceptable types found", PORTCALL_REASON_METHOD_NOT_ALLOWED },
		{ "eap_tls: (TLS) Alert write:fatal:protocol version", PORTCALL_REASON_EAP_FAILED },
		{ "", PORTCALL_REASON_EAP_FAILED },
		{ NULL, PORTCALL_REASON_EAP_FAILED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(messages) / sizeof(*messages); i++) {
		if (verdict_failure(messages[i].message) != messages[i].reason)
			fail_msg("%s", messages[i].message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc_5280_4_1_2_5_times_are_read_in_both_forms),
		cmocka_unit_test(one_line_names_are_compared_in_one_form),
		cmocka_unit_test(failures_are_told_apart_by_the_servers_own_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
