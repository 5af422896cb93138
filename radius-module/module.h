/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * module - what the FreeRADIUS files of rlm_portcall share: the instance, the facts of a request, the reply.
 *
 *	facts.c         what the request, the TLS session and the device's record say
 *	reply.c         the reply list and the log line of a verdict
 *	disconnect.c    sessions that a new inventory refuses are ended
 *	rlm_portcall.c  sections and instances
 */
#ifndef RADIUS_MODULE_MODULE_H
#define RADIUS_MODULE_MODULE_H

#include "radius-module/fr.h"

#include "common/mac.h"
#include "radius-module/inventory_file.h"
#include "radius-module/state.h"

enum vendor_profile { PROFILE_NONE, PROFILE_CISCO, PROFILE_RFC4675, PROFILE_JUNIPER };

typedef struct rlm_portcall {
	/* configuration, as parsed */
	char const *inventory;
	char const *shared_certificate, *two_ports, *stale_configuration;
	char const *vendor_profile;
	char const *state_path;
	char const *staging_vlan, *quarantine_vlan, *monitor_vlan;
	bool monitor;
	uint32_t session_timeout, staging_timeout;
	uint16_t disconnect_port; /* 0: no Disconnect-Requests */

	char const *name; /* of the instance */
	struct verdict_policy policy;
	enum vendor_profile profile;
	struct inventory_file *file;
	struct state *state;
	DICT_ATTR const *reason, *session, *issuer, *serial, *expiration, *cn, *key_id,
		*tls_version;
} rlm_portcall_t;

/* What one call of the module knows; strings are borrowed from the request or the inventory. */
struct facts {
	struct inventory *inventory; /* a reference */
	struct verdict_request request;
	struct verdict_certificate certificate; /* after the handshake */
	const struct device *device;
	const struct device *owner; /* of the certificate */
	uint8_t mac[MAC_LEN];
	char const *station; /* Calling-Station-Id as sent; "" without one */
	char const *session; /* Acct-Session-Id; "" without one */
	char const *tls;     /* "TLS 1.3"; "" before a handshake */
	char *issuer;        /* talloc'ed */
	char nas_address[INET6_ADDRSTRLEN];
	bool resumed;
	bool eap;
};

/* false: no memory; facts_done() in both cases. */
bool facts_gather(struct facts *facts, rlm_portcall_t const *inst, REQUEST *request);
void facts_done(struct facts *facts);

VALUE_PAIR *facts_pair(REQUEST *request, unsigned int attribute); /* of the request list; NULL */
char const *facts_string(VALUE_PAIR const *vp);                   /* "" for NULL */

/* Where the request's device is; strings are borrowed from `facts`. */
struct session facts_session(struct facts const *facts, REQUEST *request);

/* After a new inventory was taken over: may take seconds. */
void disconnect_refused(rlm_portcall_t const *inst, struct inventory const *inventory);

/* The reply list of a verdict that is no reject. */
void reply_accept(rlm_portcall_t const *inst, REQUEST *request, struct verdict const *verdict);
/* Replaces the whole reply list. */
void reply_reject(REQUEST *request, struct facts const *facts, enum portcall_reason reason);
/* Portcall-Reason, Portcall-Session and a Message-Authenticator. */
void reply_reason(REQUEST *request, struct facts const *facts, enum portcall_reason reason);

/* One line, and the counters; `detail` may be "". */
void reply_log(rlm_portcall_t const *inst, REQUEST *request, struct facts const *facts,
               struct verdict const *verdict, char const *detail);

#endif
