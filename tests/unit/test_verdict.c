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

static const struct location_part rack[] = { { .nas = "sw1", .port_min = 1, .port_max = 24 },
	                                     { .nas = "10.0.0.2", .port_max = UINT32_MAX } };
static const struct location here = { .name = "here", .parts = rack, .parts_n = 2 };
static const struct location_part tower[] = { { .nas = "sw9", .port_max = UINT32_MAX } };
static const struct location there = { .name = "there", .parts = tower, .parts_n = 1 };
static const struct location nowhere = { .name = "nowhere" };
static const struct location_part low_ports[] = { { .nas = "", .port_min = 1, .port_max = 7 } };
static const struct location low = { .name = "low", .parts = low_ports, .parts_n = 1 };

static const struct role voice = { .name = "voice", .vlan = "20" };

static const struct scene good = {
	.policy = { .inventory = true,
	            .shared = VERDICT_WARN,
	            .elsewhere = VERDICT_WARN,
	            .stale = VERDICT_WARN,
	            .session_timeout = 3600,
	            .staging_vlan = "99",
	            .staging_timeout = 300,
	            .quarantine_vlan = "98" },
	.request = { .mac_known = true,
	             .method = VERDICT_METHOD_EAP_TLS,
	             .nas_identifier = "sw1",
	             .nas_address = "10.0.0.1",
	             .port_known = true,
	             .port = 7 },
	.certificate = { .issuer = ISSUER,
	                 .serial = "03e9",
	                 .cn = "phone1",
	                 .key_id = "AA:BB",
	                 .not_after = NOW + DAY },
	.device = { .mac = { 2, 0, 0, 0, 1, 1 },
	            .name = "phone1",
	            .role_name = "voice",
	            .role = &voice,
	            .model = "op420adv",
	            .enabled = true,
	            .version = "7",
	            .certificate = { .issuer = ISSUER,
	                             .serial = "03e9",
	                             .cn = "phone1",
	                             .key_id = "AA:BB",
	                             .not_after = NOW + DAY },
	            .previous = { .issuer = ISSUER,
	                          .serial = "03e8",
	                          .not_after = NOW + DAY,
	                          .until = NOW + 600 } },
	.owner = { .mac = { 2, 0, 0, 0, 1, 2 }, .name = "phone2", .enabled = true },
	.device_known = true,
	.owner_known = true,
};

static const struct role no_vlan_role = { .name = "none", .vlan = "" };
static const struct role null_vlan_role = { .name = "none" };
static const struct role short_role = { .name = "short", .vlan = "20", .session_timeout = 600 };

static const struct vlan_rule vlan_rules[] = {
	{ .location = &there, .vlan = "41" },
	{ .location = &low, .model = "op600", .vlan = "42" },
	{ .location = &low, .model = "op420adv", .vlan = "43" },
	{ .model = "op420adv", .vlan = "44" },
	{ .location = &here, .vlan = "45" },
};
static const struct role ruled = {
	.name = "ruled", .vlan = "20", .rules = vlan_rules, .rules_n = 5
};

static const struct role placed = { .name = "placed", .vlan = "20", .location = &there };

#define ROW(name, what, before, after, reason, seconds, vlan, ...) \
	static void name(struct scene *s)                          \
	{                                                          \
		(void)s;                                           \
		__VA_ARGS__                                        \
	}
#include "tests/unit/verdict_rows.def"
#undef ROW

enum { A = VERDICT_ACCEPT, R = VERDICT_REJECT, Q = VERDICT_QUARANTINE, S = VERDICT_STAGING };

static const struct row {
	const char *what;
	void (*change)(struct scene *s);
	int before;
	int after;
	enum portcall_reason reason;
	uint32_t session_timeout;
	const char *vlan;
} rows[] = {
#define ROW(name, what, before, after, reason, seconds, vlan, ...) \
	{ what, name, before, after, PORTCALL_REASON_##reason, seconds, vlan },
#include "tests/unit/verdict_rows.def"
#undef ROW
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

		if (before.kind != (enum verdict_kind)row->before ||
		    after.kind != (enum verdict_kind)row->after || after.reason != row->reason ||
		    after.session_timeout != row->session_timeout)
			fail_msg("%s: before %d, after %d, %s, %u s", row->what, (int)before.kind,
			         (int)after.kind, portcall_reason_code(after.reason),
			         after.session_timeout);
		if (strcmp(after.vlan, row->vlan ? row->vlan : row->after == R ? "" : "20") != 0)
			fail_msg("%s: VLAN %s", row->what, after.vlan);
		assert_false(before.monitored || after.monitored);
		if (row->before == R)
			assert_int_equal(before.reason, row->reason);
	}
}

/* Whatever two rows change: only the device's own certificate opens the port, and only where it should. */
static void holds(const struct scene *s, const struct verdict *v)
{
	bool present = !strcmp(s->certificate.serial ? s->certificate.serial : "", "03e9");

	if (v->kind == VERDICT_REJECT) {
		assert_string_equal(v->vlan, "");
		assert_int_equal(v->session_timeout, 0);
		assert_int_equal(portcall_reason_severity(v->reason), PORTCALL_ERROR);
		return;
	}
	assert_true(s->device_known && s->device.enabled && !s->device.stolen);
	assert_true(*v->vlan);
	assert_int_not_equal(portcall_reason_severity(v->reason), PORTCALL_ERROR);
	if (v->kind == VERDICT_STAGING) {
		assert_true(s->device.mab || s->device.unprovisioned);
		assert_string_equal(v->vlan, "99");
		return;
	}
	assert_int_equal(s->request.method, VERDICT_METHOD_EAP_TLS);
	assert_false(present ? s->device.certificate.revoked : s->device.previous.revoked);
	assert_string_equal(s->certificate.serial,
	                    present ? s->device.certificate.serial : s->device.previous.serial);
	assert_string_equal(s->certificate.issuer,
	                    present ? s->device.certificate.issuer : s->device.previous.issuer);
	if (!present)
		assert_true(s->device.previous.until > NOW && v->session_timeout > 0 &&
		            v->session_timeout <= s->device.previous.until - NOW);
	if (v->kind == VERDICT_QUARANTINE)
		assert_string_equal(v->vlan, "98");
}

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

		holds(&s, &v);
	}
}

static void monitor_mode_accepts_and_says_what_it_would_have_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct row *row = &rows[i];
		struct scene s = good;

		row->change(&s);
		s.policy.monitor = true;
		s.policy.monitor_vlan = "97";

		const struct device *device = s.device_known ? &s.device : NULL;
		struct verdict before = verdict_authorize(&s.policy, &s.request, device);
		struct verdict after =
			verdict_post_auth(&s.policy, &s.request, &s.certificate, device,
		                          s.owner_known ? &s.owner : NULL, NOW);

		assert_int_equal(before.kind, A);
		assert_string_equal(before.vlan, "");
		assert_int_equal(before.monitored, row->before == R);
		assert_int_equal(after.kind, row->after == R ? A : row->after);
		assert_int_equal(after.monitored, row->after == R);
		assert_int_equal(after.reason, row->reason);
		assert_true(*after.vlan);
		if (row->change == unknown_device || row->change == no_vlan)
			assert_string_equal(after.vlan, "97");
	}

	struct scene s = good;
	struct verdict v;

	s.policy.monitor = true; /* nobody names a VLAN */
	v = verdict_post_auth(&s.policy, &s.request, &s.certificate, NULL, NULL, NOW);
	assert_int_equal(v.kind, A);
	assert_string_equal(v.vlan, "");
}

static void the_name_for_the_handshake_is_the_devices_own(void **state)
{
	struct device device = good.device;

	(void)state;
	assert_string_equal(verdict_common_name(&device), "phone1");
	device.certificate.cn = "";
	assert_null(verdict_common_name(&device));
	assert_null(verdict_common_name(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule_decides_alone),
		cmocka_unit_test(no_two_rules_together_open_the_port_wrongly),
		cmocka_unit_test(monitor_mode_accepts_and_says_what_it_would_have_refused),
		cmocka_unit_test(the_name_for_the_handshake_is_the_devices_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
