/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The policy of rlm_portcall: a row for each combination that a rule separates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "radius-module/verdict.h"

enum { NOW = 1763700000, DAY = 86400 };

#define ISSUER "/O=Portcall Lab/CN=Phone CA"

/* A phone that gets in; each row changes what it is about. */
struct scene {
	struct verdict_policy policy;
	struct verdict_request request;
	struct verdict_certificate certificate;
	struct device device, owner;
	bool device_known, owner_known;
};

static const struct scene good = {
	.policy = { .inventory = true, .shared = VERDICT_SHARED_WARN, .session_timeout = 3600 },
	.request = { .mac_known = true, .method = VERDICT_METHOD_EAP_TLS },
	.certificate = { .issuer = ISSUER, .serial = "03e9", .not_after = NOW + DAY },
	.device = { .mac = { 2, 0, 0, 0, 1, 1 },
	            .name = "phone1",
	            .role = "voice",
	            .vlan = "20",
	            .enabled = true,
	            .certificate = { .issuer = ISSUER, .serial = "03e9", .not_after = NOW + DAY } },
	.owner = { .mac = { 2, 0, 0, 0, 1, 2 }, .name = "phone2", .enabled = true },
	.device_known = true,
	.owner_known = true,
};

static void no_change(struct scene *s)
{
	(void)s;
}

static void no_inventory(struct scene *s)
{
	s->policy.inventory = s->device_known = false;
}

static void no_mac(struct scene *s)
{
	s->request.mac_known = s->device_known = false;
}

static void unknown_device(struct scene *s)
{
	s->device_known = false;
}

static void disabled(struct scene *s)
{
	s->device.enabled = false;
}

static void disabled_and_no_eap(struct scene *s)
{
	s->device.enabled = false;
	s->request.method = VERDICT_METHOD_NONE;
}

static void no_eap(struct scene *s)
{
	s->request.method = VERDICT_METHOD_NONE;
}

static void other_eap(struct scene *s)
{
	s->request.method = VERDICT_METHOD_OTHER_EAP;
}

static void no_facts(struct scene *s)
{
	s->certificate = (struct verdict_certificate){ 0 };
}

static void no_issuer(struct scene *s)
{
	s->certificate.issuer = "";
}

static void no_serial(struct scene *s)
{
	s->certificate.serial = "";
}

static void anothers_certificate(struct scene *s)
{
	s->certificate.serial = "03ea";
}

static void nobodys_certificate(struct scene *s)
{
	s->certificate.serial = "03ea";
	s->owner_known = false;
}

static void other_issuer(struct scene *s)
{
	s->certificate.issuer = "/CN=Other CA";
	s->owner_known = false;
}

static void serial_is_a_prefix(struct scene *s)
{
	s->certificate.serial = "03e90a";
	s->owner_known = false;
}

static void device_without_certificate(struct scene *s)
{
	s->device.certificate.issuer = s->device.certificate.serial = "";
	s->owner_known = false;
}

static void expired(struct scene *s)
{
	s->certificate.not_after = NOW;
}

static void expired_by_the_inventory(struct scene *s)
{
	s->certificate.not_after = 0;
	s->device.certificate.not_after = NOW - 1;
}

static void the_certificate_knows_better_than_the_inventory(struct scene *s)
{
	s->device.certificate.not_after = NOW - 1;
	s->policy.session_timeout = 0;
}

static void no_date_anywhere(struct scene *s)
{
	s->certificate.not_after = s->device.certificate.not_after = 0;
}

static void no_date_and_no_policy(struct scene *s)
{
	no_date_anywhere(s);
	s->policy.session_timeout = 0;
}

static void shared_deny(struct scene *s)
{
	s->device.certificate.shared = true;
	s->policy.shared = VERDICT_SHARED_DENY;
}

static void shared_warn(struct scene *s)
{
	s->device.certificate.shared = true;
}

static void shared_allow(struct scene *s)
{
	s->device.certificate.shared = true;
	s->policy.shared = VERDICT_SHARED_ALLOW;
}

static void own_under_deny(struct scene *s)
{
	s->policy.shared = VERDICT_SHARED_DENY;
}

static void no_vlan(struct scene *s)
{
	s->device.vlan = "";
}

static void null_vlan(struct scene *s)
{
	s->device.vlan = NULL;
}

static void role_timeout(struct scene *s)
{
	s->device.session_timeout = 600;
}

static void one_second_left(struct scene *s)
{
	s->certificate.not_after = NOW + 1;
	s->device.session_timeout = 600;
}

static void a_century_left(struct scene *s)
{
	s->certificate.not_after = NOW + (int64_t)36525 * DAY * 2;
	s->policy.session_timeout = 0;
}

#define R(x) PORTCALL_REASON_##x
#define T    VERDICT_ACCEPT
#define F    VERDICT_REJECT

static const struct row {
	const char *what;
	void (*change)(struct scene *s);
	enum verdict_kind before; /* what verdict_authorize() says */
	enum verdict_kind after;  /* what verdict_post_auth() says */
	enum portcall_reason reason;
	uint32_t session_timeout;
} rows[] = {
	{ "own certificate on the own MAC", no_change, T, T, R(DEVICE_ACCEPTED), 3600 },
	{ "no inventory", no_inventory, F, F, R(INVENTORY_MISSING), 0 },
	{ "no Calling-Station-Id", no_mac, F, F, R(MAC_MISSING), 0 },
	{ "unknown device", unknown_device, F, F, R(DEVICE_UNKNOWN), 0 },
	{ "disabled device", disabled, F, F, R(DEVICE_DISABLED), 0 },
	{ "disabled comes before the method", disabled_and_no_eap, F, F, R(DEVICE_DISABLED), 0 },
	{ "no EAP", no_eap, F, F, R(METHOD_NOT_ALLOWED), 0 },
	{ "another EAP method", other_eap, F, F, R(METHOD_NOT_ALLOWED), 0 },
	{ "no certificate facts", no_facts, T, F, R(NO_CERTIFICATE_FACTS), 0 },
	{ "serial without issuer", no_issuer, T, F, R(NO_CERTIFICATE_FACTS), 0 },
	{ "issuer without serial", no_serial, T, F, R(NO_CERTIFICATE_FACTS), 0 },
	{ "another device's certificate", anothers_certificate, T, F, R(WRONG_MAC), 0 },
	{ "a certificate nobody has", nobodys_certificate, T, F, R(WRONG_CERTIFICATE), 0 },
	{ "right serial, other issuer", other_issuer, T, F, R(WRONG_CERTIFICATE), 0 },
	{ "longer serial", serial_is_a_prefix, T, F, R(WRONG_CERTIFICATE), 0 },
	{ "device without certificate", device_without_certificate, T, F, R(WRONG_CERTIFICATE), 0 },
	{ "expired this second", expired, T, F, R(CERT_EXPIRED), 0 },
	{ "expired, by the inventory", expired_by_the_inventory, T, F, R(CERT_EXPIRED), 0 },
	{ "the session's date wins", the_certificate_knows_better_than_the_inventory, T, T,
	  R(DEVICE_ACCEPTED), DAY },
	{ "no date: policy alone", no_date_anywhere, T, T, R(DEVICE_ACCEPTED), 3600 },
	{ "neither date nor policy", no_date_and_no_policy, T, T, R(DEVICE_ACCEPTED), 0 },
	{ "shared, deny", shared_deny, T, F, R(SHARED_REFUSED), 0 },
	{ "shared, warn", shared_warn, T, T, R(SHARED_CERTIFICATE), 3600 },
	{ "shared, allow", shared_allow, T, T, R(DEVICE_ACCEPTED), 3600 },
	{ "own certificate, deny", own_under_deny, T, T, R(DEVICE_ACCEPTED), 3600 },
	{ "no VLAN", no_vlan, T, F, R(NO_VLAN), 0 },
	{ "no VLAN (NULL)", null_vlan, T, F, R(NO_VLAN), 0 },
	{ "the role's time before the policy's", role_timeout, T, T, R(DEVICE_ACCEPTED), 600 },
	{ "never longer than the certificate", one_second_left, T, T, R(DEVICE_ACCEPTED), 1 },
	{ "more than 32 bits of time are no limit", a_century_left, T, T, R(DEVICE_ACCEPTED), 0 },
};

static void each_rule_decides_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct row *row = &rows[i];
		struct scene s = good;

		row->change(&s);

		const struct device *device = s.device_known ? &s.device : NULL;
		struct verdict before = verdict_authorize(&s.policy, &s.request, device);
		struct verdict after =
			verdict_post_auth(&s.policy, &s.request, &s.certificate, device,
		                          s.owner_known ? &s.owner : NULL, NOW);

		if (before.kind != row->before || after.kind != row->after ||
		    after.reason != row->reason || after.session_timeout != row->session_timeout)
			fail_msg("%s: before %d, after %d, %s, %u s", row->what, (int)before.kind,
			         (int)after.kind, portcall_reason_code(after.reason),
			         after.session_timeout);
		assert_string_equal(after.vlan, row->after == T ? "20" : "");
		if (row->before == F)
			assert_int_equal(before.reason, row->reason);
	}
}

/* A reject never carries a VLAN or a time, and an accept always carries a VLAN: all pairs of changes. */
static void no_two_rules_together_open_the_port_wrongly(void **state)
{
	const size_t n = sizeof(rows) / sizeof(*rows);

	(void)state;
	for (size_t i = 0; i < n * n; i++) {
		const struct row *a = &rows[i / n], *b = &rows[i % n];
		struct scene s = good;

		a->change(&s);
		b->change(&s);

		struct verdict v = verdict_post_auth(&s.policy, &s.request, &s.certificate,
		                                     s.device_known ? &s.device : NULL,
		                                     s.owner_known ? &s.owner : NULL, NOW);

		if (v.kind == VERDICT_ACCEPT) {
			assert_true(s.device_known && s.device.enabled);
			assert_string_equal(s.certificate.serial, s.device.certificate.serial);
			assert_string_equal(s.certificate.issuer, s.device.certificate.issuer);
			assert_string_equal(v.vlan, "20");
		} else {
			assert_string_equal(v.vlan, "");
			assert_int_equal(v.session_timeout, 0);
			assert_int_equal(portcall_reason_severity(v.reason), PORTCALL_ERROR);
		}
	}
}

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
		  R(CLIENT_CERT_INVALID) },
		{ "eap_tls: (TLS) OpenSSL says error 20 : unable to get local issuer certificate",
		  R(CLIENT_CERT_INVALID) },
		{ "eap_tls: (TLS) Failed with certificate not yet valid.", R(CLIENT_CERT_INVALID) },
		{ "eap_tls: (TLS) error:0A0000C7:SSL routines::peer did not return a certificate",
		  R(CLIENT_CERT_INVALID) },
		{ "eap_tls: (TLS) Alert read:fatal:unknown CA", R(SERVER_REFUSED) },
		{ "eap_tls: (TLS) Alert read:fatal:bad certificate", R(SERVER_REFUSED) },
		{ "eap_tls: (TLS) Alert read:fatal:protocol version", R(EAP_FAILED) },
		{ "eap: No mutually acceptable types found", R(METHOD_NOT_ALLOWED) },
		{ "eap_tls: (TLS) Alert write:fatal:protocol version", R(EAP_FAILED) },
		{ "", R(EAP_FAILED) },
		{ NULL, R(EAP_FAILED) },
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
		cmocka_unit_test(each_rule_decides_alone),
		cmocka_unit_test(no_two_rules_together_open_the_port_wrongly),
		cmocka_unit_test(rfc_5280_4_1_2_5_times_are_read_in_both_forms),
		cmocka_unit_test(one_line_names_are_compared_in_one_form),
		cmocka_unit_test(failures_are_told_apart_by_the_servers_own_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
