/* SPDX-License-Identifier: BSD-3-Clause */
#include "supplicant/phone.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "common/auto.h"
#include "common/eapol.h"
#include "supplicant/provision.h"

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

static void timer_fired(uv_timer_t *timer)
{
	struct phone *phone = timer->data;
	msec now = phone_now();

	if (phone->stopping)
		return;
	if (phone->begin_when <= now)
		phone_begin(phone);
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

/* --- effects of the bring-up machine -------------------------------------------------------------------- */

static void bringup_effect(struct phone *phone, const struct bringup_effect *effect)
{
	switch (effect->kind) {
	case BRINGUP_TRANSITION:
		phone_report_transition("bringup", effect->from, effect->to, effect->why);
		break;
	case BRINGUP_OPEN:
		phone_report_port(true, PORTCALL_REASON_NO_AUTHENTICATOR);
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
			phone_supplicant_effect(phone, &effect);
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

/* --- events of the interface ------------------------------------------------------------------------------ */

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

/* The interface's address; true: another one than before. */
static bool take_mac(struct phone *phone)
{
	char mac[MAC_TEXT_LEN];

	mac_colons(l2_mac(phone->l2), mac);
	if (strcmp(mac, phone->mac) == 0)
		return false;
	strcpy(phone->mac, mac);
	make_host_name(phone);
	return true;
}

static void link_changed(void *ctx, bool up)
{
	struct phone *phone = ctx;
	bool set;

	if (phone->stopping)
		return;
	log_event(LOG_LEVEL_INFO, "link", "{s:b,s:s}", "up", up, "interface",
	          phone->settings->interface);
	(void)phone_time(phone, &set);
	if (up && (take_mac(phone) || set != phone->clock_set) && phone->supplicant)
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

	if (!phone->supplicant || phone->stopping)
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

/* For the spread of polls; 0 when the kernel has none yet. */
static uint32_t random_number(void)
{
	uint32_t number = 0;

	return getrandom(&number, sizeof(number), GRND_NONBLOCK) == sizeof(number) ? number : 0;
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
	struct bringup_config config = settings->bringup;
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
	phone->store = store_open(settings->store, settings->passphrase, ret_why);
	if (!phone->store)
		goto fail;
	phone->l2 = l2_open(loop, settings->interface, settings->bringup.dot1x, &l2_events, phone,
	                    ret_why);
	if (!phone->l2)
		goto fail;
	(void)take_mac(phone);
	if (!make_parts(phone)) {
		snprintf(ret_why, PHONE_WHY_LEN, "Out of memory.");
		goto fail;
	}
	trial = phone_items_load(phone);
	config.random = random_number;
	bringup_init(&phone->bringup, &config, phone->credentials != NULL, trial);
	phone_restart_supplicant(phone, false);
	return phone;
fail:
	close_all(phone, free_closed);
	return NULL;
}

void phone_factory_reset(struct phone *phone)
{
	msec now = phone_now();
	bool up = phone->bringup.linkUp;

	if (phone->supplicant)
		phone_say_goodbye(phone);
	bringup_link(&phone->bringup, false, now);
	phone_pump(phone); /* what is on stops, with the old credentials still there */
	phone_erase(phone);
	phone_restart_supplicant(phone, false);
	bringup_credentials(&phone->bringup, false, now);
	bringup_link(&phone->bringup, up, now);
	phone_pump(phone);
}

void phone_stop(struct phone *phone, const char *cause, int exit_status)
{
	if (phone->stopping)
		return;
	phone->stopping = true;
	phone->stop_cause = cause;
	phone->exit_status = exit_status;
	/* before the Logoff: behind a closed port no server hears that the lease is over */
	if (phone->dhcp && dhcp_quit(phone->dhcp))
		return;
	phone_finish_stop(phone);
}

void phone_finish_stop(void *ctx)
{
	struct phone *phone = ctx;

	if (phone->supplicant)
		phone_say_goodbye(phone);
	phone_stop_address(phone);
	close_all(phone, NULL);
	log_event(LOG_LEVEL_INFO, "stopped", "{s:s}", "cause", phone->stop_cause);
	phone->stopped(phone->stopped_ctx, phone->exit_status);
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
