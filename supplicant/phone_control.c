/* SPDX-License-Identifier: BSD-3-Clause */
#include "supplicant/phone.h"

#include "common/item.h"

/* The socket is there before the phone, so that it shows every event. */
static struct phone *phone_of(void *ctx)
{
	return *(struct phone **)ctx;
}

/* frames_rx and so on are the first four by their short names. */
static json_t *counters(const struct portcall_supplicant_status *status)
{
	const struct portcall_supplicant_statistics *c = &status->statistics;
	char source[MAC_TEXT_LEN];
	const struct {
		const char *name;
		uint64_t value;
	} numbers[] = {
		{ "frames_rx", c->dot1xSuppEapolFramesRx },
		{ "frames_tx", c->dot1xSuppEapolFramesTx },
		{ "starts_tx", c->dot1xSuppEapolStartFramesTx },
		{ "logoffs_tx", c->dot1xSuppEapolLogoffFramesTx },
		{ "successes", status->successes },
		{ "failures", status->failures },
		{ "discarded", status->discarded },
		{ "dot1xSuppEapolFramesRx", c->dot1xSuppEapolFramesRx },
		{ "dot1xSuppEapolFramesTx", c->dot1xSuppEapolFramesTx },
		{ "dot1xSuppEapolStartFramesTx", c->dot1xSuppEapolStartFramesTx },
		{ "dot1xSuppEapolLogoffFramesTx", c->dot1xSuppEapolLogoffFramesTx },
		{ "dot1xSuppEapolRespIdFramesTx", c->dot1xSuppEapolRespIdFramesTx },
		{ "dot1xSuppEapolRespFramesTx", c->dot1xSuppEapolRespFramesTx },
		{ "dot1xSuppEapolReqIdFramesRx", c->dot1xSuppEapolReqIdFramesRx },
		{ "dot1xSuppEapolReqFramesRx", c->dot1xSuppEapolReqFramesRx },
		{ "dot1xSuppInvalidEapolFramesRx", c->dot1xSuppInvalidEapolFramesRx },
		{ "dot1xSuppEapLengthErrorFramesRx", c->dot1xSuppEapLengthErrorFramesRx },
		{ "dot1xSuppLastEapolFrameVersion", c->dot1xSuppLastEapolFrameVersion },
	};
	json_t *object = json_object();

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		json_object_set_new(object, numbers[i].name,
		                    json_integer((json_int_t)numbers[i].value));
	json_object_set_new(
		object, "dot1xSuppLastEapolFrameSource",
		c->dot1xSuppLastEapolFrameVersion
			? json_string(mac_colons(c->dot1xSuppLastEapolFrameSource, source))
			: json_null());
	return object;
}

/* Members of the supplicant's status; null without one. */
static void add_dot1x(json_t *answer, const struct phone *phone)
{
	struct portcall_supplicant_status status = { .reason = PORTCALL_REASON_NONE };
	static const char *const unknown[] = { "pae_state", "reason",  "text",
		                               "hint",      "retry_s", "tls",
		                               "cipher",    "resumed", "session" };

	if (!phone->supplicant) {
		for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
			json_object_set_new(answer, unknown[i], json_null());
		json_object_set_new(answer, "counters", json_object());
		return;
	}
	portcall_supplicant_status(phone->supplicant, &status);
	json_object_set_new(answer, "pae_state", phone_text(status.pae_state));
	json_object_set_new(answer, "reason", json_string(portcall_reason_code(status.reason)));
	json_object_set_new(answer, "text", json_string(portcall_reason_text(status.reason)));
	json_object_set_new(answer, "hint", json_string(portcall_reason_hint(status.reason)));
	json_object_set_new(answer, "retry_s",
	                    status.retry_at == PORTCALL_NEVER
	                            ? json_null()
	                            : json_real((double)(status.retry_at - phone_now()) / 1000));
	json_object_set_new(answer, "tls", phone_text(status.tls_version));
	json_object_set_new(answer, "cipher", phone_text(status.tls_cipher));
	json_object_set_new(answer, "resumed",
	                    *status.tls_version ? json_boolean(status.resumed) : json_null());
	json_object_set_new(answer, "session", phone_text(status.session));
	json_object_set_new(answer, "counters", counters(&status));
}

static json_t *run_status(void *ctx, const json_t *request, json_t **ret_error)
{
	const struct phone *phone = phone_of(ctx);
	char address[ADDRESS_TEXT_LEN];
	bool set;
	json_t *answer;

	(void)request;
	(void)ret_error;
	(void)phone_time(phone, &set);
	answer = json_pack(
		"{s:s,s:s,s:b,s:b,s:o,s:o,s:b,s:o,s:o,s:b,s:s,s:b,s:b}", "interface",
		phone->settings->interface, "mac", phone->mac, "link", phone->bringup.linkUp,
		"authorized", bringup_port_open(&phone->bringup), "address",
		phone->addressed ? json_string(address_text(&phone->address, address))
				 : json_null(),
		"url", phone_text(phone->url), "url_locked", phone->url_locked, "system_version",
		phone_version(phone->items, ITEM_SYSTEM_VERSION), "device_version",
		phone_version(phone->items, ITEM_DEVICE_VERSION), "provisioned",
		phone->bringup.provisioned, "bringup", bringup_state_name(phone->bringup.state),
		"trial", phone->bringup.trial, "clock_set", set);
	if (answer)
		add_dot1x(answer, phone);
	return answer;
}

static json_t *anchor(const struct portcall_certificate_info *info)
{
	return json_pack("{s:i,s:o,s:o,s:o,s:s,s:b}", "slot", info->slot, "subject",
	                 phone_text(info->subject), "issuer", phone_text(info->issuer), "not_after",
	                 phone_date(info->not_after), "sha256", info->sha256, "pinned",
	                 info->pinned);
}

static json_t *client(const struct portcall_certificate_info *info)
{
	return json_pack("{s:o,s:o,s:o,s:o,s:o,s:I,s:s}", "subject", phone_text(info->subject),
	                 "issuer", phone_text(info->issuer), "serial", phone_text(info->serial),
	                 "not_after", phone_date(info->not_after), "key", phone_text(info->key),
	                 "chain", (json_int_t)info->chain, "sha256", info->sha256);
}

static json_t *crl(const struct portcall_crl_info *info)
{
	return json_pack("{s:o,s:o,s:o,s:I}", "issuer", phone_text(info->issuer), "this_update",
	                 phone_date(info->this_update), "next_update",
	                 info->next_update ? phone_date(info->next_update) : json_null(), "revoked",
	                 (json_int_t)info->revoked);
}

static json_t *anchors_of(const struct portcall_credentials *credentials)
{
	json_t *anchors = json_array();
	size_t n = credentials ? portcall_credentials_anchor_count(credentials) : 0;

	for (size_t i = 0; i < n; i++)
		json_array_append_new(anchors, anchor(portcall_credentials_anchor(credentials, i)));
	return anchors;
}

static json_t *client_of(const struct portcall_credentials *credentials)
{
	return credentials ? client(portcall_credentials_client(credentials)) : json_null();
}

/* Of one set; null: it has no usable credentials. */
static json_t *set_of(const struct portcall_credentials *credentials)
{
	return credentials ? json_pack("{s:o,s:o}", "anchors", anchors_of(credentials), "client",
	                               client_of(credentials))
	                   : json_null();
}

/* The credentials that a failed trial would bring back; NULL: there are none. */
static struct portcall_credentials *last_known_good(struct phone *phone)
{
	struct portcall_items *items = phone_load_set(phone, STORE_ACTIVE);
	struct portcall_credentials *credentials = phone_credentials_peek(phone, items);

	portcall_items_free(items);
	return credentials;
}

static json_t *run_certs(void *ctx, const json_t *request, json_t **ret_error)
{
	struct phone *phone = phone_of(ctx);
	bool trial = phone->bringup.trial;
	struct portcall_credentials *used, *active;
	json_t *lists = json_array(), *answer;

	(void)request;
	(void)ret_error;
	/* with --no-dot1x nobody has read them yet */
	used = phone->credentials ? portcall_credentials_ref(phone->credentials)
	                          : phone_credentials_peek(phone, phone->items);
	active = trial ? last_known_good(phone) : used;
	for (size_t i = 0; i < portcall_crls_count(phone->crls.lists); i++)
		json_array_append_new(lists, crl(portcall_crls_at(phone->crls.lists, i)));
	answer = json_pack("{s:s,s:o,s:o,s:o,s:o,s:o}", "device_certificate",
	                   used ? "Installed" : "Not Installed", "anchors", anchors_of(used),
	                   "client", client_of(used), "crls", lists, "active", set_of(active),
	                   "imported", trial ? set_of(used) : json_null());
	if (trial)
		portcall_credentials_unref(active);
	portcall_credentials_unref(used);
	return answer;
}

static json_t *done(void)
{
	return json_pack("{s:b}", "ok", true);
}

/* The verbs that change something; false: the phone is on its way out. */
static bool is_running(const struct phone *phone, json_t **ret_error)
{
	if (phone->stopping)
		*ret_error = control_error("stopping", "The phone is about to end.", "");
	return !phone->stopping;
}

/* NULL: there is a supplicant with credentials. */
static json_t *no_dot1x(const struct phone *phone)
{
	json_t *error;

	if (!is_running(phone, &error))
		return error;
	if (!phone->supplicant)
		return control_error("no-dot1x", "This phone runs with --no-dot1x.",
		                     "Ask the supplicant that sees to 802.1X.");
	if (!phone->credentials)
		return control_error(portcall_reason_code(PORTCALL_REASON_NO_CREDENTIALS),
		                     portcall_reason_text(PORTCALL_REASON_NO_CREDENTIALS),
		                     portcall_reason_hint(PORTCALL_REASON_NO_CREDENTIALS));
	return NULL;
}

static json_t *run_reauth(void *ctx, const json_t *request, json_t **ret_error)
{
	struct phone *phone = phone_of(ctx);

	(void)request;
	*ret_error = no_dot1x(phone);
	if (*ret_error)
		return NULL;
	portcall_supplicant_reauthenticate(phone->supplicant, phone_now());
	phone_pump(phone);
	return done();
}

static json_t *run_logoff(void *ctx, const json_t *request, json_t **ret_error)
{
	struct phone *phone = phone_of(ctx);
	const json_t *on = json_object_get(request, "on");

	*ret_error = no_dot1x(phone);
	if (!*ret_error && on && !json_is_boolean(on))
		*ret_error = control_error("bad-request", "\"on\" is not true or false.", "");
	if (*ret_error)
		return NULL;
	portcall_supplicant_logoff(phone->supplicant, !json_is_false(on), phone_now());
	phone_pump(phone);
	return done();
}

/* Signals of the DHCP client. */
static json_t *signal_dhcp(struct phone *phone, bool (*send)(struct dhcp *), json_t **ret_error)
{
	if (!is_running(phone, ret_error))
		return NULL;
	if (phone->dhcp && send(phone->dhcp))
		return done();
	*ret_error = control_error("no-dhcp", "No DHCP client runs on this phone now.",
	                           "It runs when address = dhcp, as soon as the port is open.");
	return NULL;
}

static json_t *run_renew(void *ctx, const json_t *request, json_t **ret_error)
{
	(void)request;
	return signal_dhcp(phone_of(ctx), dhcp_renew, ret_error);
}

static json_t *run_release(void *ctx, const json_t *request, json_t **ret_error)
{
	(void)request;
	return signal_dhcp(phone_of(ctx), dhcp_release, ret_error);
}

static json_t *run_check(void *ctx, const json_t *request, json_t **ret_error)
{
	struct phone *phone = phone_of(ctx);

	(void)request;
	if (!is_running(phone, ret_error))
		return NULL;
	if (!bringup_check(&phone->bringup, phone_now())) {
		*ret_error = control_error(
			"not-ready", "The phone has no address or no provisioning server yet.",
			"It looks by itself as soon as it has both.");
		return NULL;
	}
	phone_pump(phone);
	return done();
}

static json_t *run_factory_reset(void *ctx, const json_t *request, json_t **ret_error)
{
	struct phone *phone = phone_of(ctx);

	(void)request;
	if (!is_running(phone, ret_error))
		return NULL;
	phone_factory_reset(phone);
	return done();
}

const struct control_verb phone_verbs[] = {
	{ "status", run_status },
	{ "certs", run_certs },
	{ "reauth", run_reauth },
	{ "logoff", run_logoff },
	{ "check", run_check },
	{ "check-sync", run_check },
	{ "renew", run_renew },
	{ "release", run_release },
	{ "factory-reset", run_factory_reset },
	{ NULL, NULL },
};
