/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * verdict - the policy of rlm_portcall: may this device use the network, in which VLAN, for how long.
 *
 * Pure: no I/O, no clock, no allocation.  Thread-safe.  All strings are borrowed for the call; those
 * in a verdict point into the arguments.  A string that is not known is "" or NULL, which is the same.
 *
 * The facts come from anywhere (the inventory file today); the rules stand here alone.  Policy acts
 * twice: verdict_authorize() on each round, before TLS costs anything, by MAC address; verdict_post_auth()
 * when EAP is done, full handshake or resumed, by certificate.  Nothing is taken over from an earlier
 * session.
 */
#ifndef RADIUS_MODULE_VERDICT_H
#define RADIUS_MODULE_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include <portcall/error.h>

/* What is known of a device.  Seconds are 0 and strings empty where nothing is known. */
struct device {
	uint8_t mac[6];
	const char *name;
	const char *model;
	const char *role;
	const char *vlan; /* id or name: the device's own, or else its role's */
	bool enabled;
	uint32_t session_timeout; /* seconds; of the role */
	struct {
		const char *issuer; /* one line, /C=DE/O=..., as verdict_oneline() writes it */
		const char *serial; /* lower-case hex, two digits an octet */
		bool shared;        /* with other devices */
		int64_t not_after;  /* seconds since 1970 */
	} certificate;
};

enum verdict_method { VERDICT_METHOD_NONE, VERDICT_METHOD_EAP_TLS, VERDICT_METHOD_OTHER_EAP };

/* What the request says. */
struct verdict_request {
	bool mac_known;             /* Calling-Station-Id holds a MAC address */
	enum verdict_method method; /* authorize: any EAP is EAP_TLS until a method is known */
};

/* What the TLS session says of the phone's certificate. */
struct verdict_certificate {
	const char *issuer; /* as in struct device */
	const char *serial;
	int64_t not_after; /* 0: not shown */
};

enum verdict_shared { VERDICT_SHARED_DENY, VERDICT_SHARED_WARN, VERDICT_SHARED_ALLOW };

struct verdict_policy {
	bool inventory; /* there is a source of devices */
	enum verdict_shared shared;
	uint32_t session_timeout; /* seconds, where the role has none; 0: no limit */
};

enum verdict_kind { VERDICT_ACCEPT, VERDICT_REJECT };

struct verdict {
	enum verdict_kind kind;
	enum portcall_reason reason;
	const char *vlan;         /* accept after EAP: never empty */
	uint32_t session_timeout; /* seconds; 0: none */
};

/*
 * On each round, before authentication.  `device` has the request's MAC address; NULL: none has.
 * ACCEPT means: go on; it carries no VLAN.
 */
struct verdict verdict_authorize(const struct verdict_policy *policy,
                                 const struct verdict_request *request,
                                 const struct device *device);

/*
 * EAP succeeded.  `owner` is a device with the presented issuer and serial; NULL: none has it.
 * `now`: seconds since 1970.
 */
struct verdict verdict_post_auth(const struct verdict_policy *policy,
                                 const struct verdict_request *request,
                                 const struct verdict_certificate *certificate,
                                 const struct device *device, const struct device *owner,
                                 int64_t now);

/* Authentication failed before any verdict: why, judged by the server's own message (may be NULL). */
enum portcall_reason verdict_failure(const char *message);

/*
 * An ASN.1 time as FreeRADIUS prints it, YYMMDDhhmmssZ or YYYYMMDDhhmmssZ (RFC 5280 4.1.2.5).
 * Seconds since 1970; 0: not such a time.
 */
int64_t verdict_asn1_time(const char *text);

/*
 * The one form in which one-line names are compared: \xHH, as OpenSSL prints other octets than ASCII,
 * becomes the octet itself, as FreeRADIUS hands it on.  In place; never longer.
 */
void verdict_oneline(char *name);

#endif
