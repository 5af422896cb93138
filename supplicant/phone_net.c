/* SPDX-License-Identifier: BSD-3-Clause */
#include "supplicant/phone.h"

#include <stdio.h>
#include <string.h>

#include "supplicant/provision.h"

/* --- address ------------------------------------------------------------------------------------------ */

static void report_no_address(struct phone *phone, const char *detail)
{
	if (phone->no_address_reported)
		return;
	phone->no_address_reported = true;
	log_event(LOG_LEVEL_ERROR, "address", "{s:o,s:o}", "why",
	          log_reason(PORTCALL_REASON_NO_ADDRESS), "detail", phone_text(detail));
}

static void report_no_url(struct phone *phone)
{
	if (phone->no_url_reported || phone->url[0])
		return;
	phone->no_url_reported = true;
	log_event(LOG_LEVEL_ERROR, "fetch", "{s:o}", "why",
	          log_reason(PORTCALL_REASON_NO_PROVISIONING_URL));
}

static void report_address(const struct phone *phone, uint32_t server, unsigned vlan)
{
	char address[ADDRESS_TEXT_LEN], router[ADDRESS_TEXT_LEN] = "", from[ADDRESS_TEXT_LEN] = "";

	if (phone->address.router)
		ip_text(phone->address.router, router);
	if (server)
		ip_text(server, from);
	log_event(LOG_LEVEL_INFO, "address", "{s:s,s:o,s:o,s:o,s:s,s:o}", "address",
	          address_text(&phone->address, address), "router", phone_text(router), "server",
	          phone_text(from), "url", phone_text(phone->url), "source",
	          phone->settings->static_address ? "static" : "dhcp", "vlan",
	          vlan ? json_integer(vlan) : json_null());
}

static void drop_address(struct phone *phone)
{
	if (phone->addressed)
		address_remove(l2_index(phone->l2), &phone->address);
	phone->addressed = false;
}

/* Option 43 has precedence over the configuration, and locks it out for as long as the lease lasts. */
static bool take_url(struct phone *phone, const char *url)
{
	const char *configured = phone->settings->provisioning_url;
	char next[OPTION43_URL_MAX];

	if (!*url && phone->url_locked)
		return false;
	phone->url_locked = *url != '\0';
	snprintf(next, sizeof(next), "%s", *url ? url : configured ? configured : "");
	if (strcmp(next, phone->url) == 0)
		return false;
	strcpy(phone->url, next);
	phone->no_url_reported = false;
	return true;
}

/* A new lease, a renewed one, or the static address. */
static void take_address(struct phone *phone, const struct dhcp_lease *lease)
{
	bool changed = take_url(phone, lease->vendor.url);
	char why[ADDRESS_WHY_LEN];

	if (!phone->addressed || !address_equal(&phone->address, &lease->address)) {
		drop_address(phone);
		if (!address_add(l2_index(phone->l2), &lease->address, why)) {
			report_no_address(phone, why);
			return;
		}
		changed = true;
	}
	phone->addressed = true;
	phone->no_address_reported = false;
	phone->address = lease->address;
	if (changed)
		report_address(phone, lease->server, lease->vendor.vlan);
	report_no_url(phone);
	bringup_address(&phone->bringup, true, phone->url[0] != '\0', changed, phone_now());
	phone_pump(phone);
}

static void lease_bound(void *ctx, const struct dhcp_lease *lease)
{
	take_address(ctx, lease);
}

static void lease_lost(void *ctx)
{
	struct phone *phone = ctx;

	drop_address(phone);
	phone->url_locked = false;
	bringup_address(&phone->bringup, false, false, false, phone_now());
	phone_pump(phone);
}

static void no_server(void *ctx)
{
	report_no_address(ctx, "");
}

static void client_broken(void *ctx, const char *why)
{
	report_no_address(ctx, why);
	lease_lost(ctx);
}

const struct dhcp_events phone_dhcp_events = {
	.bound = lease_bound,
	.lost = lease_lost,
	.silent = no_server,
	.broken = client_broken,
	.quit = phone_finish_stop,
};

static void start_address(struct phone *phone)
{
	const struct settings *s = phone->settings;
	struct dhcp_lease lease = {
		.address = { .ip = s->address, .prefix = s->prefix, .router = s->router }
	};

	phone->no_address_reported = false;
	phone->no_url_reported = false;
	if (s->static_address)
		take_address(phone, &lease);
	else
		dhcp_start(phone->dhcp);
}

void phone_stop_address(struct phone *phone)
{
	if (phone->dhcp)
		dhcp_stop(phone->dhcp);
	drop_address(phone);
	phone->url[0] = '\0';
	phone->url_locked = false;
}

/* --- files -------------------------------------------------------------------------------------------- */

static const char *file_kind(const struct phone *phone)
{
	return phone->fetching_device ? "device" : "system";
}

static void report_fetch_failed(const struct phone *phone, enum portcall_reason reason,
                                const struct fetch_result *result)
{
	log_event(LOG_LEVEL_ERROR, "fetch", "{s:o,s:o,s:o,s:s}", "why", log_reason(reason),
	          "detail", phone_text(result->detail), "url", phone_text(result->url), "file",
	          file_kind(phone));
}

static void report_fetch(const struct phone *phone, const struct fetch_result *result)
{
	log_event(LOG_LEVEL_INFO, "fetch", "{s:o,s:I,s:I,s:b,s:s,s:o,s:o}", "url",
	          phone_text(result->url), "status", (json_int_t)result->status, "bytes",
	          (json_int_t)result->body_n, "resumed", result->resumed, "file", file_kind(phone),
	          "tls", phone_text(result->tls), "server_sha256", phone_text(result->sha256));
	if (phone->settings->https_verify != PORTCALL_VERIFY_NONE)
		return;
	log_event(LOG_LEVEL_WARN, "finding", "{s:o,s:o,s:n,s:i}", "why",
	          log_reason(PORTCALL_REASON_HTTPS_UNVERIFIED), "detail",
	          phone_text(result->sha256), "item", "line", 0);
}

/* What became of the fetched file. */
static enum bringup_fetch take_file(struct phone *phone, const struct fetch_result *result)
{
	struct portcall_items **slot = phone->fetching_device ? &phone->device : &phone->system;

	portcall_items_free(*slot);
	*slot = NULL;
	if (result->missing && phone->fetching_device) {
		report_fetch(phone, result); /* a phone without a file of its own */
		return BRINGUP_FETCH_MISSING;
	}
	if (!result->done) {
		report_fetch_failed(phone, result->reason, result);
		return BRINGUP_FETCH_FAILED;
	}
	report_fetch(phone, result);
	if (phone->settings->https_verify != PORTCALL_VERIFY_NONE)
		phone_time_is_good(phone);
	*slot = phone_items_read(result->url, result->body, result->body_n);
	return *slot ? BRINGUP_FETCHED : BRINGUP_FETCH_FAILED;
}

void phone_fetch_done(void *ctx, const struct fetch_result *result)
{
	struct phone *phone = ctx;
	enum bringup_fetch end = take_file(phone, result);

	bringup_fetched(&phone->bringup, end, phone_now());
	phone_pump(phone);
}

static void start_fetch(struct phone *phone, bool device)
{
	const struct settings *s = phone->settings;
	char url[PROVISION_URL_MAX] = "", mac[MAC_TEXT_LEN] = "";
	struct fetch_result failed = { .url = url, .detail = "out of memory" };
	struct fetch_request request = {
		.url = url,
		.client = s->https_client_802_1x ? phone->credentials : NULL,
	};
	enum portcall_reason reason = PORTCALL_REASON_HTTPS_FAILED;

	phone->fetching_device = device;
	if (device)
		mac_plain(l2_mac(phone->l2), mac);
	request.time = phone_time(phone, &request.clock_set);
	if (provision_url(phone->url, s->config_name, mac, s->config_type, url)) {
		if (fetch_start(phone->fetch, &request))
			return;
	} else {
		reason = PORTCALL_REASON_PROVISIONING_URL_SCHEME;
		failed.url = phone->url;
		failed.detail = phone->url;
	}
	report_fetch_failed(phone, reason, &failed);
	bringup_fetched(&phone->bringup, BRINGUP_FETCH_FAILED, phone_now());
}

void phone_net_effect(struct phone *phone, const struct bringup_effect *effect)
{
	if (effect->kind == BRINGUP_START_ADDRESS)
		start_address(phone);
	else if (effect->kind == BRINGUP_STOP_ADDRESS)
		phone_stop_address(phone);
	else if (effect->kind == BRINGUP_STOP_FETCH)
		fetch_cancel(phone->fetch);
	else
		start_fetch(phone, effect->kind == BRINGUP_FETCH_DEVICE);
}
