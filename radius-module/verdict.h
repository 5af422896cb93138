/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * verdict - the policy of rlm_portcall: may this device use the network, in which VLAN, for how long.
 *
 * Pure: no I/O, no clock, no allocation.  Thread-safe.  All strings are borrowed for the call; those
 * in a verdict point into the arguments.  A string that is not known is "" or NULL, which is the same.
 *
 * The facts come from anywhere (the inventory file, control attributes); the rules stand here alone.  Policy acts
 * twice: verdict_authorize() on each round, before TLS costs anything, by MAC address; verdict_post_auth()
 * when EAP is done, full handshake or resumed, by certificate.  Nothing is taken over from an earlier
 * session.
 */
#ifndef RADIUS_MODULE_VERDICT_H
#define RADIUS_MODULE_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <portcall/error.h>

/* Ports by switch and number; `nas` is a NAS-Identifier or NAS-IP-Address. */
struct location_part {
	const char *nas;             /* "": any */
	uint32_t port_min, port_max; /* NAS-Port; 0 and UINT32_MAX: any, also an unnamed one */
};

struct location {
	const char *name;
	const struct location_part *parts;
	size_t parts_n;
};

/* The VLAN of a role for some of its devices. */
struct vlan_rule {
	const struct location *location; /* NULL: everywhere */
	const char *location_name;
	const char *model; /* "": any */
	const char *vlan;
};

/* What all devices of a role have in common. */
struct role {
	const char *name;
	const char *vlan;              /* where no rule fits */
	const struct vlan_rule *rules; /* the first that fits */
	size_t rules_n;
	const struct location *location; /* NULL: everywhere */
	const char *location_name;
	uint32_t session_timeout; /* seconds */
};

/*
 * What is known of a device.  Seconds are 0 and strings empty where nothing is known.  subjectAltName is not
 * here: FreeRADIUS shows only the last one of each kind, which proves nothing.
 */
struct device {
	uint8_t mac[6];
	bool enabled;
	bool stolen;
	bool mab;           /* may use MAC authentication bypass */
	bool unprovisioned; /* never had its certificate; may use MAB until then */
	const char *name;
	const char *model;
	const char *role_name;
	const struct role *role;         /* NULL: none */
	const char *vlan;                /* id or name: its own, before the role's */
	const struct location *location; /* its own, before the role's */
	const char *location_name;
	const char *version; /* of the configuration that is there for it */
	const char *running; /* of the configuration that it is known to run */
	struct {
		const char *issuer; /* one line, /C=DE/O=..., as verdict_oneline() writes it */
		const char *serial; /* lower-case hex, two digits an octet */
		const char *cn;
		const char *key_id; /* subjectKeyIdentifier: upper-case hex with colons */
		bool shared;        /* with other devices */
		bool revoked;
		int64_t not_after; /* seconds since 1970 */
	} certificate;
	struct { /* the generation before, in a roll-over */
		const char *issuer, *serial;
		bool revoked;
		int64_t not_after;
		int64_t until; /* end of the roll-over window */
	} previous;
};

enum verdict_method {
	VERDICT_METHOD_NONE,
	VERDICT_METHOD_EAP_TLS,
	VERDICT_METHOD_OTHER_EAP,
	VERDICT_METHOD_MAB, /* the MAC address as the name, or Service-Type Call-Check */
};

/* What the request says. */
struct verdict_request {
	bool mac_known;             /* Calling-Station-Id holds a MAC address */
	enum verdict_method method; /* authorize: any EAP is EAP_TLS until a method is known */
	const char *nas_identifier;
	const char *nas_address; /* NAS-IP-Address, or where the request came from */
	bool port_known;
	uint32_t port;  /* NAS-Port */
	bool elsewhere; /* by accounting, this device has a session at another port */
};

/* What the TLS session says of the phone's certificate. */
struct verdict_certificate {
	const char *issuer; /* as in struct device */
	const char *serial;
	const char *cn, *key_id; /* "": not shown */
	int64_t not_after;       /* 0: not shown */
};

/* What to do about something that is not as it should be. */
enum verdict_choice { VERDICT_DENY, VERDICT_WARN, VERDICT_ALLOW, VERDICT_ISOLATE };

struct verdict_policy {
	bool inventory;                /* there is a source of devices */
	bool monitor;                  /* refuse nothing; say what would have been */
	enum verdict_choice shared;    /* a certificate of several devices; not ISOLATE */
	enum verdict_choice elsewhere; /* the device has a session at another port; not ISOLATE */
	enum verdict_choice stale; /* it runs another configuration version; ISOLATE: quarantine */
	const char *staging_vlan;  /* for MAB; "": no MAB */
	const char *quarantine_vlan;
	const char *monitor_vlan; /* for whom nothing names a VLAN */
	uint32_t session_timeout; /* seconds, where the role has none; 0: no limit */
	uint32_t staging_timeout; /* seconds; 0: no limit */
};

enum verdict_kind { VERDICT_ACCEPT, VERDICT_REJECT, VERDICT_QUARANTINE, VERDICT_STAGING };

struct verdict {
	enum verdict_kind kind;
	enum portcall_reason reason;
	bool monitored; /* accepted only because of monitor mode; `reason` would have refused it */
	const char *vlan;         /* not a reject, EAP or MAB done: empty in monitor mode alone */
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
 * EAP or MAB succeeded.  `owner` is a device with the presented issuer and serial; NULL: none has it.
 * `now`: seconds since 1970.
 */
struct verdict verdict_post_auth(const struct verdict_policy *policy,
                                 const struct verdict_request *request,
                                 const struct verdict_certificate *certificate,
                                 const struct device *device, const struct device *owner,
                                 int64_t now);

const char *verdict_kind_name(enum verdict_kind kind); /* "accept", "reject", ... */

/*
 * The common name that a certificate of the device must have, for a check inside the handshake; NULL: no
 * certificate can be right.
 */
const char *verdict_common_name(const struct device *device);

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
