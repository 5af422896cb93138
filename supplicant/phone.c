/* SPDX-License-Identifier: BSD-3-Clause */
#include "supplicant/phone.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/auto.h"
#include "common/eapol.h"
#include "supplicant/provision.h"

/* ms between Logoff and the next Start: hostapd closes the port 10 ms after a Logoff, whatever came since */
enum { AFTER_LOGOFF = 200 };

/* --- pieces of events -------------------------------------------------------------------------------- */

enum log_level phone_level(enum portcall_reason reason)
{
	switch (portcall_reason_severity(reason)) {
	case PORTCALL_INFO:
		return LOG_LEVEL_INFO;
	case PORTCALL_WARNING:
		return LOG_LEVEL_WARN;
	case PORTCALL_ERROR:
		break;
	}
	return LOG_LEVEL_ERROR;
}

json_t *phone_text(const char *text)
{
	json_t *string = text && *text ? json_string(text) : json_null();

	return string ? string : log_octets(text, strlen(text));
}

json_t *phone_version(const struct portcall_items *items, const char *name)
{
	char version[PROVISION_VERSION_MAX];

	(void)provision_version(items, name, version);
	return phone_text(version);
}

json_t *phone_date(int64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm tm;
	char text[40];

	if (!gmtime_r(&t, &tm) || !strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm))
		return json_null();
	return json_string(text);
}

/* --- time --------------------------------------------------------------------------------------------- */

msec phone_now(void)
{
	return (msec)(uv_hrtime() / 1000000);
}

int64_t phone_time(const struct phone *phone, bool *ret_set)
{
	return store_time(phone->store, (int64_t)time(NULL), ret_set);
}

void phone_time_is_good(struct phone *phone)
{
	char why[STORE_WHY_LEN];
	bool set;
	int64_t now = phone_time(phone, &set);

	if (set && !store_set_last_good(phone->store, now, why))
		log_event(LOG_LEVEL_ERROR, "finding", "{s:o,s:o}", "why",
		          log_reason(PORTCALL_REASON_STORE_FAILED), "detail", phone_text(why));
}

static void begin(struct phone *phone)
{
	phone->begin_when = MSEC_NEVER;
	if (phone->supplicant && phone->bringup.linkUp)
		portcall_supplicant_link(phone->supplicant, true, phone_now());
}

static void timer_fired(uv_timer_t *timer)
{
	struct phone *phone = timer->data;
	msec now = phone_now();

	if (phone->begin_when <= now)
		begin(phone);
	if (phone->supplicant)
		portcall_supplicant_tick(phone->supplicant, now);
	bringup_tick(&phone->bringup, now);
	phone_pump(phone);
}

static void set_timer(struct phone *phone)
{
	msec now = phone_now();
	msec deadline = msec_min(bringup_deadline(&phone->bringup), phone->begin_when);

	if (phone->supplicant)
		deadline = msec_min(deadline, portcall_supplicant_deadline(phone->supplicant));
	if (deadline == MSEC_NEVER) {
		uv_timer_stop(&phone->timer);
		return;
	}
	uv_update_time(phone->loop);
	uv_timer_start(&phone->timer, timer_fired, deadline > now ? (uint64_t)(deadline - now) : 0,
	               0);
}

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
	log_event(LOG_LEVEL_INFO, "eapol-start", "{s:I}", "count", (json_int_t)status.starts_tx);
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

static void report_port(bool authorized, enum portcall_reason reason)
{
	log_event(LOG_LEVEL_INFO, "port", "{s:b,s:o}", "authorized", authorized, "why",
	          log_reason(reason));
}

static void report_transition(const char *machine, const char *from, const char *to,
                              const char *why)
{
	log_event(LOG_LEVEL_DEBUG, "transition", "{s:s,s:s,s:s,s:s}", "machine", machine, "from",
	          from, "to", to, "why", why);
}

static void supplicant_effect(struct phone *phone, const struct portcall_effect *effect)
{
	switch (effect->kind) {
	case PORTCALL_EFFECT_SEND:
		send_frame(phone, effect);
		break;
	case PORTCALL_EFFECT_PORT:
		report_port(effect->authorized, effect->reason);
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
		report_transition(effect->machine, effect->from, effect->to, effect->why);
		break;
	}
}

/* --- effects of the bring-up machine -------------------------------------------------------------------- */

static void bringup_effect(struct phone *phone, const struct bringup_effect *effect)
{
	switch (effect->kind) {
	case BRINGUP_TRANSITION:
		report_transition("bringup", effect->from, effect->to, effect->why);
		break;
	case BRINGUP_OPEN:
		report_port(true, PORTCALL_REASON_NO_AUTHENTICATOR);
		break;
	case BRINGUP_START_ADDRESS:
	case BRINGUP_STOP_ADDRESS:
	case BRINGUP_FETCH_SYSTEM:
	case BRINGUP_FETCH_DEVICE:
	case BRINGUP_STOP_FETCH:
		phone_net_effect(phone, effect);
		break;
	case BRINGUP_JUDGE:
	case BRINGUP_PROVISIONED:
	case BRINGUP_TRY:
	case BRINGUP_PROMOTE:
	case BRINGUP_ROLL_BACK:
		phone_items_effect(phone, effect);
		break;
	}
}

void phone_pump(struct phone *phone)
{
	struct portcall_effect effect;
	struct bringup_effect wanted;
	bool more = true;

	if (phone->pumping) /* an effect's own consequences: the outer call sees to them */
		return;
	phone->pumping = true;
	while (more && !phone->stopping) {
		more = false;
		while (phone->supplicant &&
		       portcall_supplicant_output(phone->supplicant, &effect)) {
			supplicant_effect(phone, &effect);
			more = true;
		}
		while (!phone->stopping && bringup_output(&phone->bringup, &wanted)) {
			bringup_effect(phone, &wanted);
			more = true;
		}
	}
	phone->pumping = false;
	if (!phone->stopping)
		set_timer(phone);
}

/* --- 802.1X ------------------------------------------------------------------------------------------- */

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
static void say_goodbye(struct phone *phone)
{
	struct portcall_effect effect;

	portcall_supplicant_logoff(phone->supplicant, true, phone_now());
	while (portcall_supplicant_output(phone->supplicant, &effect)) {
		if (effect.kind == PORTCALL_EFFECT_SEND)
			(void)l2_send(phone->l2, effect.frame, effect.frame_n);
		else if (effect.kind == PORTCALL_EFFECT_TRANSITION)
			report_transition(effect.machine, effect.from, effect.to, effect.why);
	}
}

void phone_restart_supplicant(struct phone *phone, bool logoff)
{
	struct portcall_why why;
	struct portcall_supplicant *next;

	if (!phone->settings->bringup.dot1x)
		return;
	if (phone->supplicant && logoff)
		say_goodbye(phone);
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
		begin(phone);
}

/* --- events of the interface ------------------------------------------------------------------------------ */

static void link_changed(void *ctx, bool up)
{
	struct phone *phone = ctx;
	bool set;

	log_event(LOG_LEVEL_INFO, "link", "{s:b,s:s}", "up", up, "interface",
	          phone->settings->interface);
	(void)phone_time(phone, &set);
	if (up && phone->supplicant && set != phone->clock_set)
		phone_restart_supplicant(phone, false);
	bringup_link(&phone->bringup, up, phone_now());
	phone->begin_when = MSEC_NEVER;
	if (phone->supplicant)
		portcall_supplicant_link(phone->supplicant, up, phone_now());
	phone_pump(phone);
}

static void frame_arrived(void *ctx, const uint8_t *frame, size_t n)
{
	struct phone *phone = ctx;
	struct eapol_frame eapol;
	msec now = phone_now();

	if (!phone->supplicant)
		return;
	if (phone->credentials && eapol_decode(span(frame, n), &eapol) == PORTCALL_OK &&
	    eapol.type == EAPOL_EAP) {
		phone_crls_refresh(phone);
		bringup_eap(&phone->bringup, now);
	}
	portcall_supplicant_input(phone->supplicant, frame, n, now);
	phone_pump(phone);
}

static void interface_gone(void *ctx)
{
	phone_stop(ctx, "the interface was removed", EXIT_FAILURE);
}

static const struct l2_events l2_events = {
	.link = link_changed,
	.frame = frame_arrived,
	.gone = interface_gone,
};

/* --- life -------------------------------------------------------------------------------------------------- */

/* Model and MAC address, as optiPoint phones name themselves: OP420ADV020000000101. */
static void make_host_name(struct phone *phone)
{
	const char *name = phone->settings->config_name;
	size_t n = 0;

	for (; n < PHONE_HOST_LEN - MAC_TEXT_LEN && isalnum((unsigned char)name[n]); n++)
		phone->host_name[n] = (char)toupper((unsigned char)name[n]);
	for (const char *p = phone->mac; *p; p++)
		if (*p != ':')
			phone->host_name[n++] = *p;
	phone->host_name[n] = '\0';
}

static bool make_parts(struct phone *phone)
{
	const struct settings *s = phone->settings;
	struct dhcp_config dhcp = { .interface = s->interface,
		                    .vendor_class = s->vendor_class,
		                    .host_name = phone->host_name };
	struct fetch_config fetch = { .interface = s->interface,
		                      .profile = s->profile,
		                      .verify = s->https_verify,
		                      .ca_file = s->https_ca,
		                      .pin = s->https_pinned ? s->https_pin : NULL,
		                      .client_file = s->https_client_file };

	if (!s->static_address) {
		phone->dhcp = dhcp_new(phone->loop, &dhcp, &phone_dhcp_events, phone);
		if (!phone->dhcp)
			return false;
	}
	phone->fetch = fetch_new(phone->loop, &fetch, phone_fetch_done, phone);
	return phone->fetch != NULL;
}

/* `closed` may be NULL: phone_free() comes later. */
static void close_all(struct phone *phone, uv_close_cb closed)
{
	phone->stopping = true;
	dhcp_free(phone->dhcp);
	fetch_free(phone->fetch);
	l2_close(phone->l2);
	phone->dhcp = NULL;
	phone->fetch = NULL;
	phone->l2 = NULL;
	uv_close((uv_handle_t *)&phone->timer, closed);
}

static void free_closed(uv_handle_t *handle)
{
	phone_free(handle->data);
}

struct phone *phone_new(uv_loop_t *loop, const struct settings *settings,
                        void (*stopped)(void *ctx, int exit_status), void *ctx,
                        char ret_why[static PHONE_WHY_LEN])
{
	struct phone *phone = calloc(1, sizeof(*phone));
	bool trial;

	if (!phone) {
		snprintf(ret_why, PHONE_WHY_LEN, "Out of memory.");
		return NULL;
	}
	*phone = (struct phone){
		.loop = loop,
		.settings = settings,
		.stopped = stopped,
		.stopped_ctx = ctx,
		.begin_when = MSEC_NEVER,
	};
	uv_timer_init(loop, &phone->timer);
	phone->timer.data = phone;
	phone->store = store_open(settings->store, ret_why);
	if (!phone->store)
		goto fail;
	phone->l2 = l2_open(loop, settings->interface, settings->bringup.dot1x, &l2_events, phone,
	                    ret_why);
	if (!phone->l2)
		goto fail;
	mac_colons(l2_mac(phone->l2), phone->mac);
	make_host_name(phone);
	if (!make_parts(phone)) {
		snprintf(ret_why, PHONE_WHY_LEN, "Out of memory.");
		goto fail;
	}
	trial = phone_items_load(phone);
	bringup_init(&phone->bringup, &settings->bringup, phone->credentials != NULL, trial);
	phone_restart_supplicant(phone, false);
	return phone;
fail:
	close_all(phone, free_closed);
	return NULL;
}

void phone_stop(struct phone *phone, const char *cause, int exit_status)
{
	if (phone->stopping)
		return;
	if (phone->supplicant)
		say_goodbye(phone);
	phone_stop_address(phone);
	close_all(phone, NULL);
	log_event(LOG_LEVEL_INFO, "stopped", "{s:s}", "cause", cause);
	phone->stopped(phone->stopped_ctx, exit_status);
}

void phone_free(struct phone *phone)
{
	if (!phone)
		return;
	portcall_supplicant_free(phone->supplicant);
	phone_crls_done(phone);
	portcall_credentials_unref(phone->credentials);
	portcall_credentials_unref(phone->next_credentials);
	portcall_items_free(phone->items);
	portcall_items_free(phone->system);
	portcall_items_free(phone->device);
	portcall_items_free(phone->next_items);
	store_close(phone->store);
	free(phone);
}
