/* SPDX-License-Identifier: BSD-3-Clause */
#include "supplicant/phone.h"

#include <string.h>

#include "common/eapol.h"

/* ms between Logoff and the next Start: hostapd closes the port 10 ms after a Logoff, whatever came since */
enum { AFTER_LOGOFF = 200 };

/* --- effects of the supplicant ------------------------------------------------------------------------ */

static void send_frame(struct phone *phone, const struct portcall_effect *effect)
{
	struct portcall_supplicant_status status;
	struct eapol_frame frame;

	(void)l2_send(phone->l2, effect->frame, effect->frame_n);
	if (eapol_decode(span(effect->frame, effect->frame_n), &frame) != PORTCALL_OK ||
	    frame.type != EAPOL_START)
		return;
	portcall_supplicant_status(phone->supplicant, &status);
	log_event(LOG_LEVEL_INFO, "eapol-start", "{s:I}", "count",
	          (json_int_t)status.statistics.dot1xSuppEapolStartFramesTx);
}

static void report_result(const struct phone *phone, const struct portcall_effect *effect)
{
	struct portcall_supplicant_status status;
	json_t *retry = effect->retry_at == PORTCALL_NEVER
	                        ? json_null()
	                        : json_real((double)(effect->retry_at - phone_now()) / 1000);

	portcall_supplicant_status(phone->supplicant, &status);
	log_event(phone_level(effect->reason), "authentication", "{s:o,s:o,s:o,s:o,s:b,s:o,s:o}",
	          "why", log_reason(effect->reason), "detail", phone_text(effect->detail), "tls",
	          phone_text(status.tls_version), "cipher", phone_text(status.tls_cipher),
	          "resumed", status.resumed, "session", phone_text(status.session), "retry_s",
	          retry);
}

void phone_report_port(bool authorized, enum portcall_reason reason)
{
	log_event(LOG_LEVEL_INFO, "port", "{s:b,s:o}", "authorized", authorized, "why",
	          log_reason(reason));
}

void phone_report_transition(const char *machine, const char *from, const char *to, const char *why)
{
	log_event(LOG_LEVEL_DEBUG, "transition", "{s:s,s:s,s:s,s:s}", "machine", machine, "from",
	          from, "to", to, "why", why);
}

void phone_supplicant_effect(struct phone *phone, const struct portcall_effect *effect)
{
	switch (effect->kind) {
	case PORTCALL_EFFECT_SEND:
		send_frame(phone, effect);
		break;
	case PORTCALL_EFFECT_PORT:
		phone_report_port(effect->authorized, effect->reason);
		bringup_port(&phone->bringup, effect->authorized, phone_now());
		break;
	case PORTCALL_EFFECT_RESULT:
		report_result(phone, effect);
		if (effect->reason == PORTCALL_REASON_AUTHENTICATED &&
		    phone->settings->verify != PORTCALL_VERIFY_NONE)
			phone_time_is_good(phone);
		bringup_result(&phone->bringup, effect->reason, phone_now());
		break;
	case PORTCALL_EFFECT_TRANSITION:
		phone_report_transition(effect->machine, effect->from, effect->to, effect->why);
		break;
	}
}

/* --- its life ------------------------------------------------------------------------------------------ */

/* NULL: the supplicant's own choice, the certificate's CN. */
static const char *identity_of(const struct phone *phone)
{
	const struct portcall_certificate_info *client;

	switch (phone->settings->identity) {
	case IDENTITY_CN:
		break;
	case IDENTITY_SAN:
		client = portcall_credentials_client(phone->credentials);
		return client && *client->san ? client->san : NULL;
	case IDENTITY_MAC:
		return phone->mac;
	case IDENTITY_LITERAL:
		return phone->settings->identity_literal;
	}
	return NULL;
}

static struct portcall_supplicant *new_supplicant(struct phone *phone, struct portcall_why *ret_why)
{
	const struct settings *s = phone->settings;
	int64_t now = phone_time(phone, &phone->clock_set);
	struct portcall_supplicant_config config = {
		.size = sizeof(config),
		.credentials = phone->credentials,
		.crls = phone->crls.lists,
		.ocsp = s->ocsp,
		.identity = phone->credentials ? identity_of(phone) : NULL,
		.verify = s->verify,
		.server_name = s->radius_server_name,
		.verify_time = phone->clock_set ? 0 : now,
		.not_before_ignored = !phone->clock_set,
		.tls_min = s->tls_min,
		.tls_max = s->tls_max,
		.fragment = s->fragment,
		.heldPeriod = s->held_period,
		.authPeriod = s->auth_period,
		.startPeriod = s->start_period,
		.maxStart = s->max_start,
	};

	memcpy(config.mac, l2_mac(phone->l2), MAC_LEN);
	return portcall_supplicant_new(&config, ret_why);
}

/* What a supplicant still has to say on the wire before it goes. */
void phone_say_goodbye(struct phone *phone)
{
	struct portcall_effect effect;

	portcall_supplicant_logoff(phone->supplicant, true, phone_now());
	while (portcall_supplicant_output(phone->supplicant, &effect)) {
		if (effect.kind == PORTCALL_EFFECT_SEND)
			(void)l2_send(phone->l2, effect.frame, effect.frame_n);
		else if (effect.kind == PORTCALL_EFFECT_TRANSITION)
			phone_report_transition(effect.machine, effect.from, effect.to, effect.why);
	}
}

void phone_begin(struct phone *phone)
{
	phone->begin_when = MSEC_NEVER;
	if (phone->supplicant && phone->bringup.linkUp)
		portcall_supplicant_link(phone->supplicant, true, phone_now());
}

void phone_restart_supplicant(struct phone *phone, bool logoff)
{
	struct portcall_why why;
	struct portcall_supplicant *next;

	if (!phone->settings->bringup.dot1x)
		return;
	if (phone->supplicant && logoff)
		phone_say_goodbye(phone);
	phone_crls_refresh(phone);
	next = new_supplicant(phone, &why);
	if (!next) { /* no memory, or a setting that slipped through: silent is the safe choice */
		log_event(LOG_LEVEL_ERROR, "credentials", "{s:b,s:o,s:o}", "usable", false, "why",
		          log_reason(why.reason), "detail", phone_text(why.text));
		portcall_credentials_unref(phone->credentials);
		phone->credentials = NULL;
		next = new_supplicant(phone, &why);
	}
	portcall_supplicant_free(phone->supplicant);
	phone->supplicant = next;
	phone->begin_when = phone_now() + (logoff ? AFTER_LOGOFF : 0);
	if (!logoff)
		phone_begin(phone);
}
