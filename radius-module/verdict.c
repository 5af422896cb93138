/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * verdict - the policy of rlm_portcall.  The rules stand in the order in which they are asked; the first
 * that decides wins, so that the reason names the outermost cause.
 */
#include "radius-module/verdict.h"

#include <stddef.h>
#include <string.h>

static bool empty(const char *text)
{
	return !text || !*text;
}

static struct verdict reject(enum portcall_reason reason)
{
	return (struct verdict){ .kind = VERDICT_REJECT, .reason = reason, .vlan = "" };
}

/* --- where: locations and VLANs ------------------------------------------------------------------- */

static bool at(const struct location *location, const struct verdict_request *request)
{
	for (size_t i = 0; i < location->parts_n; i++) {
		const struct location_part *part = &location->parts[i];
		bool any_port = part->port_min == 0 && part->port_max == UINT32_MAX;

		if (!empty(part->nas) &&
		    (empty(request->nas_identifier) ||
		     strcmp(part->nas, request->nas_identifier) != 0) &&
		    (empty(request->nas_address) || strcmp(part->nas, request->nas_address) != 0))
			continue;
		if (any_port || (request->port_known && request->port >= part->port_min &&
		                 request->port <= part->port_max))
			return true;
	}
	return false;
}

static bool location_allowed(const struct device *device, const struct verdict_request *request)
{
	const struct location *location = device->location;

	if (!location && device->role)
		location = device->role->location;
	return !location || at(location, request);
}

/* The device's own VLAN, or the first of its role's that fits, or the role's. */
static const char *vlan_of(const struct device *device, const struct verdict_request *request)
{
	const struct role *role = device->role;

	if (!empty(device->vlan))
		return device->vlan;
	for (size_t i = 0; role && i < role->rules_n; i++) {
		const struct vlan_rule *rule = &role->rules[i];

		if ((!rule->location || at(rule->location, request)) &&
		    (empty(rule->model) ||
		     (device->model && strcmp(rule->model, device->model) == 0)))
			return rule->vlan;
	}
	return role && role->vlan ? role->vlan : "";
}

/* --- by MAC address: before authentication ----------------------------------------------------------- */

static struct verdict judge_station(const struct verdict_policy *policy,
                                    const struct verdict_request *request,
                                    const struct device *device)
{
	if (!policy->inventory)
		return reject(PORTCALL_REASON_INVENTORY_MISSING);
	if (!request->mac_known)
		return reject(PORTCALL_REASON_MAC_MISSING);
	if (!device)
		return reject(PORTCALL_REASON_DEVICE_UNKNOWN);
	if (device->stolen)
		return reject(PORTCALL_REASON_DEVICE_STOLEN);
	if (!device->enabled)
		return reject(PORTCALL_REASON_DEVICE_DISABLED);
	if (!location_allowed(device, request))
		return reject(PORTCALL_REASON_LOCATION_NOT_ALLOWED);

	bool mab = request->method == VERDICT_METHOD_MAB && (device->mab || device->unprovisioned);

	if (!mab && request->method != VERDICT_METHOD_EAP_TLS)
		return reject(PORTCALL_REASON_METHOD_NOT_ALLOWED);
	if (mab && empty(policy->staging_vlan))
		return reject(PORTCALL_REASON_NO_STAGING_VLAN);
	return (struct verdict){ .kind = VERDICT_ACCEPT, .vlan = "" };
}

/* --- by certificate: after authentication ------------------------------------------------------------- */

static bool same(const char *a, const char *b)
{
	return !empty(a) && !empty(b) && strcmp(a, b) == 0;
}

static bool differ(const char *a, const char *b)
{
	return !empty(a) && !empty(b) && strcmp(a, b) != 0;
}

/* Issuer and serial are the device's, but it is not the certificate that the inventory describes. */
static bool mismatch(const struct verdict_certificate *certificate, const struct device *device)
{
	return differ(certificate->cn, device->certificate.cn) ||
	       differ(certificate->key_id, device->certificate.key_id);
}

enum generation { GENERATION_NONE, GENERATION_PRESENT, GENERATION_PREVIOUS };

static enum generation generation_of(const struct verdict_certificate *certificate,
                                     const struct device *device)
{
	if (same(certificate->serial, device->certificate.serial) &&
	    same(certificate->issuer, device->certificate.issuer))
		return GENERATION_PRESENT;
	if (same(certificate->serial, device->previous.serial) &&
	    same(certificate->issuer, device->previous.issuer))
		return GENERATION_PREVIOUS;
	return GENERATION_NONE;
}

static int64_t min(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* RFC 3580 3.17: the session ends with the policy's time or with `left`, whichever is first. */
static uint32_t session_timeout(uint32_t policy, int64_t left)
{
	int64_t limit = min(policy ? policy : UINT32_MAX, left);

	return limit >= UINT32_MAX ? 0 : (uint32_t)limit;
}

static struct verdict isolate(enum verdict_kind kind, enum portcall_reason reason, const char *vlan,
                              uint32_t seconds)
{
	return (struct verdict){
		.kind = kind, .reason = reason, .vlan = vlan, .session_timeout = seconds
	};
}

static struct verdict judge_certificate(const struct verdict_policy *policy,
                                        const struct verdict_request *request,
                                        const struct verdict_certificate *certificate,
                                        const struct device *device, const struct device *owner,
                                        int64_t now)
{
	if (empty(certificate->issuer) || empty(certificate->serial))
		return reject(PORTCALL_REASON_NO_CERTIFICATE_FACTS);

	enum generation generation = generation_of(certificate, device);
	bool previous = generation == GENERATION_PREVIOUS;

	if (generation == GENERATION_NONE)
		return reject(owner ? PORTCALL_REASON_WRONG_MAC
		                    : PORTCALL_REASON_WRONG_CERTIFICATE);
	if (previous ? device->previous.revoked : device->certificate.revoked)
		return reject(PORTCALL_REASON_CERT_REVOKED);
	if (!previous && mismatch(certificate, device))
		return reject(PORTCALL_REASON_CERT_MISMATCH);

	/* the certificate's own date, or what the inventory knows of the same certificate */
	int64_t known = previous ? device->previous.not_after : device->certificate.not_after;
	int64_t not_after = certificate->not_after ? certificate->not_after : known;
	int64_t end = not_after ? not_after : INT64_MAX;

	if (end <= now)
		return reject(PORTCALL_REASON_CERT_EXPIRED);
	if (previous && device->previous.until <= now)
		return reject(PORTCALL_REASON_ROLL_OVER_ENDED);
	if (previous)
		end = min(end, device->previous.until);

	bool shared = !previous && device->certificate.shared;

	if (shared && policy->shared == VERDICT_DENY)
		return reject(PORTCALL_REASON_SHARED_REFUSED);
	if (request->elsewhere && !shared && policy->elsewhere == VERDICT_DENY)
		return reject(PORTCALL_REASON_TWO_PORTS_REFUSED);

	bool stale = differ(device->version, device->running);

	if (stale && policy->stale == VERDICT_DENY)
		return reject(PORTCALL_REASON_STALE_REFUSED);

	const struct role *role = device->role;
	uint32_t seconds = session_timeout(role && role->session_timeout ? role->session_timeout
	                                                                 : policy->session_timeout,
	                                   end == INT64_MAX ? end : end - now);
	const char *vlan = vlan_of(device, request);

	if (stale && policy->stale == VERDICT_ISOLATE)
		return empty(policy->quarantine_vlan)
		               ? reject(PORTCALL_REASON_NO_VLAN)
		               : isolate(VERDICT_QUARANTINE, PORTCALL_REASON_CONFIGURATION_STALE,
		                         policy->quarantine_vlan, seconds);
	if (empty(vlan))
		return reject(PORTCALL_REASON_NO_VLAN);

	struct verdict verdict =
		isolate(VERDICT_ACCEPT, PORTCALL_REASON_DEVICE_ACCEPTED, vlan, seconds);

	/* one warning is said: the one that somebody should look at first */
	if (request->elsewhere && !shared && policy->elsewhere == VERDICT_WARN)
		verdict.reason = PORTCALL_REASON_TWO_PORTS;
	else if (previous)
		verdict.reason = PORTCALL_REASON_PREVIOUS_CERTIFICATE;
	else if (shared && policy->shared == VERDICT_WARN)
		verdict.reason = PORTCALL_REASON_SHARED_CERTIFICATE;
	else if (stale && policy->stale == VERDICT_WARN)
		verdict.reason = PORTCALL_REASON_CONFIGURATION_STALE;
	return verdict;
}

/* --- monitor mode ---------------------------------------------------------------------------------------- */

/* What was refused is accepted, in the VLAN that the device would have. */
static struct verdict watch(const struct verdict_policy *policy,
                            const struct verdict_request *request, const struct device *device,
                            struct verdict verdict)
{
	if (!policy->monitor || verdict.kind != VERDICT_REJECT)
		return verdict;

	const char *vlan = device ? vlan_of(device, request) : "";

	if (empty(vlan))
		vlan = policy->monitor_vlan ? policy->monitor_vlan : "";
	return (struct verdict){ .kind = VERDICT_ACCEPT,
		                 .reason = verdict.reason,
		                 .monitored = true,
		                 .vlan = vlan,
		                 .session_timeout = policy->session_timeout };
}

struct verdict verdict_authorize(const struct verdict_policy *policy,
                                 const struct verdict_request *request, const struct device *device)
{
	struct verdict verdict =
		watch(policy, request, device, judge_station(policy, request, device));

	if (verdict.kind == VERDICT_ACCEPT) { /* nothing is granted yet */
		verdict.vlan = "";
		verdict.session_timeout = 0;
	}
	return verdict;
}

struct verdict verdict_post_auth(const struct verdict_policy *policy,
                                 const struct verdict_request *request,
                                 const struct verdict_certificate *certificate,
                                 const struct device *device, const struct device *owner,
                                 int64_t now)
{
	struct verdict verdict = judge_station(policy, request, device);

	if (verdict.kind == VERDICT_ACCEPT && request->method == VERDICT_METHOD_MAB)
		verdict = isolate(VERDICT_STAGING,
		                  device->unprovisioned ? PORTCALL_REASON_NOT_YET_PROVISIONED
		                                        : PORTCALL_REASON_MAB_ACCEPTED,
		                  policy->staging_vlan, policy->staging_timeout);
	else if (verdict.kind == VERDICT_ACCEPT)
		verdict = judge_certificate(policy, request, certificate, device, owner, now);
	return watch(policy, request, device, verdict);
}

const char *verdict_kind_name(enum verdict_kind kind)
{
	static const char *const names[] = { [VERDICT_ACCEPT] = "accept",
		                             [VERDICT_REJECT] = "reject",
		                             [VERDICT_QUARANTINE] = "quarantine",
		                             [VERDICT_STAGING] = "staging" };

	return names[kind];
}

const char *verdict_common_name(const struct device *device)
{
	return device && !empty(device->certificate.cn) ? device->certificate.cn : NULL;
}

/* --- what FreeRADIUS writes --------------------------------------------------------------------------------- */

/* Days since 1970-01-01 of a date of the Gregorian calendar. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
	year -= month <= 2; /* the year begins in March, so that the leap day is its last */
	int64_t era = year / 400, of_era = year % 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int64_t two_digits(const char *p)
{
	return (p[0] - '0') * 10 + (p[1] - '0');
}

int64_t verdict_asn1_time(const char *text)
{
	size_t digits = text ? strspn(text, "0123456789") : 0;

	if ((digits != 12 && digits != 14) || strcmp(text + digits, "Z") != 0)
		return 0;

	int64_t year = two_digits(text);

	if (digits == 14)
		year = year * 100 + two_digits(text + 2);
	else
		year += year < 50 ? 2000 : 1900;

	const char *p = text + digits - 10;
	int64_t month = two_digits(p), day = two_digits(p + 2);
	int64_t hour = two_digits(p + 4), minute = two_digits(p + 6), second = two_digits(p + 8);

	if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 ||
	    second > 60)
		return 0;
	return ((days_of(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

void verdict_oneline(char *name)
{
	char *to = name;

	for (const char *p = name; *p; p++) {
		int high = p[0] == '\\' && p[1] == 'x' ? hex_value(p[2]) : -1;
		int low = high < 0 ? -1 : hex_value(p[3]);

		if (low > 0 || (low == 0 && high > 0)) {
			*to++ = (char)(high << 4 | low);
			p += 3;
		} else {
			*to++ = *p;
		}
	}
	*to = '\0';
}

static bool has_any(const char *text, const char *const *words)
{
	while (*words && !strstr(text, *words))
		words++;
	return *words;
}

/* The messages are those of FreeRADIUS 3.2's rlm_eap and tls.c; an unknown one is EAP_FAILED. */
enum portcall_reason verdict_failure(const char *message)
{
	static const char *const certificate_alerts[] = { "unknown CA",
		                                          "bad certificate",
		                                          "certificate expired",
		                                          "certificate revoked",
		                                          "certificate unknown",
		                                          "unsupported certificate",
		                                          NULL };
	static const char *const certificate_errors[] = { "OpenSSL says error",
		                                          "certificate has expired",
		                                          "certificate not yet valid",
		                                          "get issuer certificate",
		                                          "did not return a certificate",
		                                          "check_cert",
		                                          NULL };
	static const char *const methods[] = { "No mutually acceptable types", "NAK", NULL };

	if (empty(message))
		return PORTCALL_REASON_EAP_FAILED;
	if (strstr(message, "Alert read"))
		return has_any(message, certificate_alerts) ? PORTCALL_REASON_SERVER_REFUSED
		                                            : PORTCALL_REASON_EAP_FAILED;
	if (has_any(message, certificate_errors))
		return PORTCALL_REASON_CLIENT_CERT_INVALID;
	return has_any(message, methods) ? PORTCALL_REASON_METHOD_NOT_ALLOWED
	                                 : PORTCALL_REASON_EAP_FAILED;
}
