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

struct verdict verdict_authorize(const struct verdict_policy *policy,
                                 const struct verdict_request *request, const struct device *device)
{
	if (!policy->inventory)
		return reject(PORTCALL_REASON_INVENTORY_MISSING);
	if (!request->mac_known)
		return reject(PORTCALL_REASON_MAC_MISSING);
	if (!device)
		return reject(PORTCALL_REASON_DEVICE_UNKNOWN);
	if (!device->enabled)
		return reject(PORTCALL_REASON_DEVICE_DISABLED);
	if (request->method != VERDICT_METHOD_EAP_TLS)
		return reject(PORTCALL_REASON_METHOD_NOT_ALLOWED);
	return (struct verdict){ .kind = VERDICT_ACCEPT, .vlan = "" };
}

static bool same_certificate(const struct verdict_certificate *certificate,
                             const struct device *device)
{
	return !empty(device->certificate.serial) && !empty(device->certificate.issuer) &&
	       !strcmp(certificate->serial, device->certificate.serial) &&
	       !strcmp(certificate->issuer, device->certificate.issuer);
}

/* RFC 3580 3.17: the session ends with the policy's time or the certificate, whichever is first. */
static uint32_t session_timeout(uint32_t policy, int64_t left)
{
	uint32_t limit = policy ? policy : UINT32_MAX;

	if (left < limit)
		limit = (uint32_t)left;
	return limit == UINT32_MAX ? 0 : limit;
}

struct verdict verdict_post_auth(const struct verdict_policy *policy,
                                 const struct verdict_request *request,
                                 const struct verdict_certificate *certificate,
                                 const struct device *device, const struct device *owner,
                                 int64_t now)
{
	struct verdict early = verdict_authorize(policy, request, device);

	if (early.kind != VERDICT_ACCEPT)
		return early;
	if (empty(certificate->issuer) || empty(certificate->serial))
		return reject(PORTCALL_REASON_NO_CERTIFICATE_FACTS);
	if (!same_certificate(certificate, device))
		return reject(owner ? PORTCALL_REASON_WRONG_MAC
		                    : PORTCALL_REASON_WRONG_CERTIFICATE);

	/* the certificate's own date, or what the inventory knows of the same certificate */
	int64_t not_after =
		certificate->not_after ? certificate->not_after : device->certificate.not_after;

	if (not_after && not_after <= now)
		return reject(PORTCALL_REASON_CERT_EXPIRED);
	if (device->certificate.shared && policy->shared == VERDICT_SHARED_DENY)
		return reject(PORTCALL_REASON_SHARED_REFUSED);
	if (empty(device->vlan))
		return reject(PORTCALL_REASON_NO_VLAN);

	bool warn = device->certificate.shared && policy->shared == VERDICT_SHARED_WARN;

	return (struct verdict){
		.kind = VERDICT_ACCEPT,
		.reason =
			warn ? PORTCALL_REASON_SHARED_CERTIFICATE : PORTCALL_REASON_DEVICE_ACCEPTED,
		.vlan = device->vlan,
		.session_timeout = session_timeout(
			device->session_timeout ? device->session_timeout : policy->session_timeout,
			not_after ? not_after - now : INT64_MAX),
	};
}

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
