/* SPDX-License-Identifier: BSD-3-Clause */
#include "supplicant/phone.h"

#include <stdio.h>
#include <string.h>

#include "common/auto.h"
#include "common/item.h"
#include "supplicant/provision.h"

enum { FINDINGS_MAX = 32 /* of one document; more say nothing new */ };

/* --- reading ------------------------------------------------------------------------------------------ */

static void report_why(enum log_level level, const struct portcall_why *why, const char *item)
{
	log_event(level, "finding", "{s:o,s:o,s:o,s:i}", "why", log_reason(why->reason), "detail",
	          phone_text(why->text), "item", phone_text(item), "line", why->line);
}

static void finding(void *ctx, const struct portcall_why *why, const char *item)
{
	unsigned *count = ctx;

	if ((*count)++ < FINDINGS_MAX)
		report_why(phone_level(why->reason), why, item);
}

static void report_items(enum portcall_reason reason, const struct portcall_items *items,
                         const char *detail)
{
	log_event(phone_level(reason), "items", "{s:o,s:o,s:o,s:I,s:o}", "why", log_reason(reason),
	          "system_version", phone_version(items, ITEM_SYSTEM_VERSION), "device_version",
	          phone_version(items, ITEM_DEVICE_VERSION), "count",
	          (json_int_t)portcall_items_count(items), "detail", phone_text(detail));
}

struct portcall_items *phone_items_read(const char *url, const char *text, size_t n)
{
	struct portcall_items *items = NULL;
	struct portcall_why why = { 0 };
	unsigned findings = 0;
	char detail[300];

	if (portcall_items_read(text, n, finding, &findings, &items, &why) == PORTCALL_OK)
		return items;
	if (findings == 0)
		report_why(LOG_LEVEL_ERROR, &why, NULL);
	snprintf(detail, sizeof(detail), "%s in line %d of %.200s",
	         portcall_reason_code(why.reason), why.line, url);
	report_items(PORTCALL_REASON_ITEMS_REFUSED, NULL, detail);
	return NULL;
}

static void report_credentials(const struct portcall_credentials *credentials)
{
	const struct portcall_certificate_info *client = portcall_credentials_client(credentials);

	log_event(LOG_LEVEL_INFO, "credentials", "{s:b,s:o,s:o,s:o,s:o,s:I}", "usable", true,
	          "subject", phone_text(client->subject), "issuer", phone_text(client->issuer),
	          "serial", phone_text(client->serial), "not_after", phone_date(client->not_after),
	          "anchors", (json_int_t)portcall_credentials_anchor_count(credentials));
}

static struct portcall_credentials *read_credentials(const struct phone *phone,
                                                     const struct portcall_items *items,
                                                     portcall_finding_fn *found,
                                                     struct portcall_why *ret_why)
{
	const struct settings *s = phone->settings;
	unsigned findings = 0;
	bool set;
	struct portcall_credentials_options options = {
		.size = sizeof(options),
		.passphrase = s->passphrase,
		.profile = s->profile,
		.verify = s->verify,
		.unencrypted_pkcs12 = s->unencrypted_pkcs12,
		.now = phone_time(phone, &set),
		.finding = found,
		.finding_ctx = &findings,
	};
	struct portcall_credentials *credentials = NULL;

	ret_why->reason = PORTCALL_REASON_NO_CREDENTIALS;
	if (items &&
	    portcall_credentials_read(items, &options, &credentials, ret_why) == PORTCALL_OK)
		return credentials;
	return NULL;
}

struct portcall_credentials *phone_credentials_peek(const struct phone *phone,
                                                    const struct portcall_items *items)
{
	struct portcall_why why = { 0 };

	return read_credentials(phone, items, NULL, &why);
}

struct portcall_credentials *phone_credentials_read(const struct phone *phone,
                                                    const struct portcall_items *items,
                                                    struct portcall_why *ret_why)
{
	struct portcall_why why = { 0 };
	struct portcall_credentials *credentials = read_credentials(phone, items, finding, &why);

	if (credentials) {
		report_credentials(credentials);
		return credentials;
	}
	log_event(LOG_LEVEL_ERROR, "credentials", "{s:b,s:o,s:o,s:n,s:i}", "usable", false, "why",
	          log_reason(why.reason), "detail", phone_text(why.text), "item", "line", why.line);
	if (ret_why)
		*ret_why = why;
	return NULL;
}

/* --- the sets of the store ------------------------------------------------------------------------------ */

static void report_store(const char *why)
{
	report_items(PORTCALL_REASON_STORE_FAILED, NULL, why);
}

struct portcall_items *phone_load_set(struct phone *phone, enum store_set set)
{
	struct portcall_why why;
	struct portcall_items *items = store_load(phone->store, set, &why);

	if (!items && why.reason != PORTCALL_REASON_NONE)
		report_why(LOG_LEVEL_ERROR, &why, NULL);
	return items;
}

/* Takes both. */
static void use(struct phone *phone, struct portcall_items *items,
                struct portcall_credentials *credentials)
{
	portcall_items_free(phone->items);
	portcall_credentials_unref(phone->credentials);
	phone->items = items;
	phone->credentials = credentials;
}

static void use_active(struct phone *phone)
{
	struct portcall_items *items = phone_load_set(phone, STORE_ACTIVE);

	use(phone, items,
	    phone->settings->bringup.dot1x ? phone_credentials_read(phone, items, NULL) : NULL);
}

static void drop_imported(struct phone *phone)
{
	char why[STORE_WHY_LEN];

	if (!store_drop_imported(phone->store, why))
		report_store(why);
}

static void promote(struct phone *phone)
{
	char why[STORE_WHY_LEN];

	if (!store_promote(phone->store, why) || !store_set_refused(phone->store, "", why))
		report_store(why);
	else
		report_items(PORTCALL_REASON_CREDENTIALS_CONFIRMED, phone->items, "");
}

static void report_store_in_clear(const struct phone *phone)
{
	struct portcall_why why = { .reason = PORTCALL_REASON_STORE_IN_CLEAR };

	if (phone->settings->passphrase[0])
		return;
	snprintf(why.text, sizeof(why.text), "%.200s", phone->settings->store);
	report_why(LOG_LEVEL_WARN, &why, NULL);
}

void phone_erase(struct phone *phone)
{
	char why[STORE_WHY_LEN];

	use(phone, NULL, NULL);
	portcall_items_free(phone->next_items);
	portcall_credentials_unref(phone->next_credentials);
	phone->next_items = NULL;
	phone->next_credentials = NULL;
	if (store_erase(phone->store, why))
		report_items(PORTCALL_REASON_ITEMS_ERASED, NULL, "");
	else
		report_store(why);
}

bool phone_items_load(struct phone *phone)
{
	struct portcall_items *imported = phone_load_set(phone, STORE_IMPORTED);
	struct portcall_credentials *credentials;

	report_store_in_clear(phone);
	if (!imported) {
		use_active(phone);
		return false;
	}
	if (!phone->settings->bringup.dot1x) { /* nobody tries them here; they stay on trial */
		use(phone, imported, NULL);
		return false;
	}
	credentials = phone_credentials_read(phone, imported, NULL);
	if (credentials) {
		use(phone, imported, credentials);
		report_items(PORTCALL_REASON_CREDENTIALS_ON_TRIAL, imported, "");
		return true;
	}
	portcall_items_free(imported);
	drop_imported(phone);
	use_active(phone);
	return false;
}

static void roll_back(struct phone *phone, bool refuse)
{
	char digest[STORE_DIGEST_LEN], why[STORE_WHY_LEN];

	report_items(PORTCALL_REASON_CREDENTIALS_REJECTED, phone->items, "");
	if (refuse && store_digest(phone->store, phone->items, digest) &&
	    !store_set_refused(phone->store, digest, why))
		report_store(why);
	drop_imported(phone);
	use_active(phone);
	phone_restart_supplicant(phone, false);
	bringup_credentials(&phone->bringup, phone->credentials != NULL, phone_now());
}

/* --- judging what was fetched ------------------------------------------------------------------------------ */

static bool refused_before(struct phone *phone, const struct portcall_items *items)
{
	char digest[STORE_DIGEST_LEN];

	return store_refused(phone->store)[0] && store_digest(phone->store, items, digest) &&
	       strcmp(digest, store_refused(phone->store)) == 0;
}

/* Takes `items`: new, without new credentials. */
static enum bringup_verdict apply(struct phone *phone, struct portcall_items *items)
{
	enum store_set set = phone->bringup.trial ? STORE_IMPORTED : STORE_ACTIVE;
	char why[STORE_WHY_LEN];

	if (!store_save(phone->store, set, items, why)) {
		report_store(why);
		portcall_items_free(items);
		return BRINGUP_REFUSED;
	}
	if (set ==
	    STORE_ACTIVE) /* with --no-dot1x nobody tries what is there, and it is older now */
		drop_imported(phone);
	portcall_items_free(phone->items);
	phone->items = items;
	report_items(PORTCALL_REASON_ITEMS_APPLIED, items, "");
	return BRINGUP_APPLIED;
}

/* Takes `items`: new, with new credentials. */
static enum bringup_verdict import(struct phone *phone, struct portcall_items *items)
{
	struct portcall_why refusal = { 0 };
	char why[STORE_WHY_LEN];
	struct portcall_credentials *credentials;

	if (refused_before(phone, items)) {
		report_items(PORTCALL_REASON_CREDENTIALS_REFUSED_BEFORE, items, "");
		portcall_items_free(items);
		return phone->items ? BRINGUP_UNCHANGED : BRINGUP_REFUSED;
	}
	credentials = phone_credentials_read(phone, items, &refusal);
	if (!credentials && !phone->credentials &&
	    (refusal.reason == PORTCALL_REASON_NO_CERTIFICATE_ITEM ||
	     refusal.reason == PORTCALL_REASON_NO_CA_ITEM))
		return apply(phone, items); /* not all of them yet: nothing is lost */
	if (!credentials) {
		report_items(PORTCALL_REASON_ITEMS_REFUSED, items,
		             portcall_reason_code(refusal.reason));
		portcall_items_free(items);
		return BRINGUP_REFUSED;
	}
	if (!store_save(phone->store, STORE_IMPORTED, items, why)) {
		report_store(why);
		portcall_items_free(items);
		portcall_credentials_unref(credentials);
		return BRINGUP_REFUSED;
	}
	report_items(PORTCALL_REASON_CREDENTIALS_ON_TRIAL, items, "");
	phone->next_items = items;
	phone->next_credentials = credentials;
	return BRINGUP_ON_TRIAL;
}

static enum bringup_verdict judge(struct phone *phone)
{
	struct portcall_items *items = NULL;
	enum provision_change change = PROVISION_UNCHANGED;
	enum portcall_err err =
		provision_judge(phone->items, phone->system, phone->device, &items, &change);

	if (err) {
		report_items(PORTCALL_REASON_ITEMS_REFUSED, NULL, portcall_err_text(err));
		return BRINGUP_REFUSED;
	}
	switch (change) {
	case PROVISION_UNCHANGED:
		report_items(PORTCALL_REASON_ITEMS_UNCHANGED, phone->items, "");
		return BRINGUP_UNCHANGED;
	case PROVISION_CHANGED:
		break;
	case PROVISION_CREDENTIALS_CHANGED:
		if (phone->settings->bringup.dot1x)
			return import(phone, items);
		break;
	}
	return apply(phone, items);
}

static void judge_and_forget(struct phone *phone)
{
	enum bringup_verdict verdict = judge(phone);

	portcall_items_free(phone->system);
	portcall_items_free(phone->device);
	phone->system = NULL;
	phone->device = NULL;
	bringup_applied(&phone->bringup, verdict, phone_now());
}

/* Restart for these items?  The same ones never do it twice, nor do those that cannot be remembered. */
static bool may_restart(struct phone *phone, const struct portcall_items *items)
{
	char digest[STORE_DIGEST_LEN], why[STORE_WHY_LEN];

	if (!phone->settings->reboot || !store_digest(phone->store, items, digest) ||
	    store_restarted(phone->store, digest))
		return false;
	if (store_add_restarted(phone->store, digest, why))
		return true;
	report_store(why);
	return false;
}

static void try_next(struct phone *phone)
{
	if (may_restart(phone, phone->next_items)) {
		phone_stop(phone, "restart with new credentials", PHONE_EXIT_RESTART);
		return;
	}
	use(phone, steal(phone->next_items), steal(phone->next_credentials));
	phone_restart_supplicant(phone, true);
}

void phone_items_effect(struct phone *phone, const struct bringup_effect *effect)
{
	if (effect->kind == BRINGUP_JUDGE)
		judge_and_forget(phone);
	else if (effect->kind == BRINGUP_TRY)
		try_next(phone);
	else if (effect->kind == BRINGUP_PROMOTE)
		promote(phone);
	else if (effect->kind == BRINGUP_ROLL_BACK)
		roll_back(phone, effect->refuse);
	else
		log_event(LOG_LEVEL_INFO, "provisioned", "{s:o,s:o}", "system_version",
		          phone_version(phone->items, ITEM_SYSTEM_VERSION), "device_version",
		          phone_version(phone->items, ITEM_DEVICE_VERSION));
}
