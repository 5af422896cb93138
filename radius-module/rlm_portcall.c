/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rlm_portcall - the FreeRADIUS 3.2 module: the right phone, with its own certificate, in its VLAN.
 *
 * Glue only: it gathers facts from the request, asks verdict.c, writes the reply and one log line.
 *
 *	authorize             each round, before TLS: unknown, disabled or misplaced devices are rejected;
 *	                      MAC authentication bypass is let through to post-auth
 *	%{portcall:cn}        inside the handshake (check_cert_cn): the name that the certificate must have
 *	post-auth             EAP-TLS succeeded (also when resumed): issuer + serial + MAC, VLAN, time; MAB
 *	accounting            which device is at which port
 *	Post-Auth-Type REJECT what failed elsewhere gets its reason too
 *
 * Instances are read-only after instantiate, the inventory apart, which looks after itself; so the module
 * is thread-safe.  It is HUP-safe: a HUP makes a new instance.  CONF_PARSER fills that one from the old
 * section (a peculiarity of 3.2), hence instantiate reads every item itself.
 */
#include "radius-module/module.h"

#include <freeradius/modpriv.h>

static const CONF_PARSER module_config[] = {
	{ "inventory",
	  FR_CONF_OFFSET(PW_TYPE_FILE_INPUT | PW_TYPE_REQUIRED, rlm_portcall_t, inventory), NULL },
	{ "shared_certificate", FR_CONF_OFFSET(PW_TYPE_STRING, rlm_portcall_t, shared_certificate),
	  "warn" },
	{ "two_ports", FR_CONF_OFFSET(PW_TYPE_STRING, rlm_portcall_t, two_ports), "warn" },
	{ "stale_configuration",
	  FR_CONF_OFFSET(PW_TYPE_STRING, rlm_portcall_t, stale_configuration), "warn" },
	{ "staging_vlan", FR_CONF_OFFSET(PW_TYPE_STRING, rlm_portcall_t, staging_vlan), "" },
	{ "staging_timeout", FR_CONF_OFFSET(PW_TYPE_INTEGER, rlm_portcall_t, staging_timeout),
	  "300" },
	{ "quarantine_vlan", FR_CONF_OFFSET(PW_TYPE_STRING, rlm_portcall_t, quarantine_vlan), "" },
	{ "state", FR_CONF_OFFSET(PW_TYPE_STRING, rlm_portcall_t, state_path), "" },
	{ "disconnect_port", FR_CONF_OFFSET(PW_TYPE_SHORT, rlm_portcall_t, disconnect_port), "0" },
	{ "monitor", FR_CONF_OFFSET(PW_TYPE_BOOLEAN, rlm_portcall_t, monitor), "no" },
	{ "monitor_vlan", FR_CONF_OFFSET(PW_TYPE_STRING, rlm_portcall_t, monitor_vlan), "" },
	{ "session_timeout", FR_CONF_OFFSET(PW_TYPE_INTEGER, rlm_portcall_t, session_timeout),
	  "0" },
	{ "vendor_profile", FR_CONF_OFFSET(PW_TYPE_STRING, rlm_portcall_t, vendor_profile),
	  "none" },
	CONF_PARSER_TERMINATOR
};

static const FR_NAME_NUMBER shared_names[] = {
	{ "deny", VERDICT_DENY }, { "warn", VERDICT_WARN }, { "allow", VERDICT_ALLOW }, { NULL, -1 }
};

static const FR_NAME_NUMBER stale_names[] = { { "deny", VERDICT_DENY },
	                                      { "quarantine", VERDICT_ISOLATE },
	                                      { "warn", VERDICT_WARN },
	                                      { "allow", VERDICT_ALLOW },
	                                      { NULL, -1 } };

static const FR_NAME_NUMBER yes_no[] = { { "no", 0 }, { "yes", 1 }, { NULL, -1 } };

static const FR_NAME_NUMBER profile_names[] = { { "none", PROFILE_NONE },
	                                        { "cisco", PROFILE_CISCO },
	                                        { "rfc4675", PROFILE_RFC4675 },
	                                        { "juniper", PROFILE_JUNIPER },
	                                        { NULL, -1 } };

enum { EAP_RESPONSE = 2, EAP_TYPE_NAK = 3 };

/*
 * A verdict is said once, however many sections the request still runs through.  The mark stays with the
 * request, because attr_filter takes the reply attributes of others out of a reject.
 */
static char const verdict_mark;

static void mark_rejected(REQUEST *request, enum portcall_reason reason)
{
	request_data_add(request, (void *)(uintptr_t)&verdict_mark, 0, (void *)(uintptr_t)reason,
	                 false);
}

/* PORTCALL_REASON_NONE: not rejected by this module. */
static enum portcall_reason rejected_before(REQUEST *request)
{
	return (enum portcall_reason)(uintptr_t)request_data_reference(
		request, (void *)(uintptr_t)&verdict_mark, 0);
}

static rlm_rcode_t reject(rlm_portcall_t const *inst, REQUEST *request, struct facts const *facts,
                          struct verdict const *verdict)
{
	reply_reject(request, facts, verdict->reason);
	mark_rejected(request, verdict->reason);
	reply_log(inst, request, facts, verdict, "");
	return RLM_MODULE_REJECT;
}

/* --- methods ------------------------------------------------------------------------------------ */

static void control_set(REQUEST *request, char const *attribute, char const *value)
{
	pair_make_config(attribute, value, T_OP_SET);
}

static rlm_rcode_t CC_HINT(nonnull) mod_authorize(void *instance, REQUEST *request)
{
	rlm_portcall_t const *inst = instance;
	rlm_rcode_t rcode = RLM_MODULE_OK;
	struct facts facts;

	if (!facts_gather(&facts, inst, request)) {
		facts_done(&facts);
		return RLM_MODULE_FAIL;
	}

	struct verdict verdict = verdict_authorize(&inst->policy, &facts.request, facts.device);

	if (verdict.kind == VERDICT_REJECT)
		rcode = reject(inst, request, &facts, &verdict);
	else if (facts.request.method == VERDICT_METHOD_MAB) /* post-auth decides */
		control_set(request, "Auth-Type", "Accept");
	else if (facts.device && facts.device->certificate.revoked)
		control_set(request, "Allow-Session-Resumption", "no"); /* out of the TLS cache */
	facts_done(&facts);
	return rcode;
}

/* The server's message that tells most, and its reason: the first that is known, else the first. */
static char const *failure_message(REQUEST *request, enum portcall_reason *ret_reason)
{
	VALUE_PAIR *eap = facts_pair(request, PW_EAP_MESSAGE);
	char const *first = "";
	vp_cursor_t cursor;

	if (eap && eap->vp_length > 4 && eap->vp_octets[0] == EAP_RESPONSE &&
	    eap->vp_octets[4] == EAP_TYPE_NAK) {
		*ret_reason = PORTCALL_REASON_METHOD_NOT_ALLOWED;
		return "The phone refused EAP-TLS with an EAP-Nak.";
	}

	fr_cursor_init(&cursor, &request->packet->vps);
	for (VALUE_PAIR *vp;
	     (vp = fr_cursor_next_by_num(&cursor, PW_MODULE_FAILURE_MESSAGE, 0, TAG_ANY));) {
		*ret_reason = verdict_failure(vp->vp_strvalue);
		if (*ret_reason != PORTCALL_REASON_EAP_FAILED)
			return vp->vp_strvalue;
		if (!*first)
			first = vp->vp_strvalue;
	}
	*ret_reason = PORTCALL_REASON_EAP_FAILED;
	return first;
}

/*
 * Why the certificate was refused inside the handshake, when it was check_cert_cn: OpenSSL had no objection, and
 * the name is another one than %{portcall:cn} gave.  Else `reason` itself.
 */
static enum portcall_reason refused_by_name(struct facts const *facts, enum portcall_reason reason)
{
	char const *expected = verdict_common_name(facts->device);

	if (reason != PORTCALL_REASON_EAP_FAILED || !*facts->certificate.serial ||
	    (expected && !strcmp(expected, facts->certificate.cn)))
		return reason;
	return facts->owner ? PORTCALL_REASON_WRONG_MAC : PORTCALL_REASON_WRONG_CERTIFICATE;
}

/* Something rejected the request before post-auth could decide. */
static rlm_rcode_t failed(rlm_portcall_t const *inst, REQUEST *request, struct facts const *facts)
{
	enum portcall_reason before = rejected_before(request);

	if (before != PORTCALL_REASON_NONE) {
		reply_reason(request, facts, before);
	} else {
		struct verdict verdict = { .kind = VERDICT_REJECT, .vlan = "" };
		char const *detail = failure_message(request, &verdict.reason);

		verdict.reason = refused_by_name(facts, verdict.reason);
		reply_reason(request, facts, verdict.reason);
		mark_rejected(request, verdict.reason);
		reply_log(inst, request, facts, &verdict, detail);
	}
	return RLM_MODULE_UPDATED;
}

static rlm_rcode_t decide(rlm_portcall_t const *inst, REQUEST *request, struct facts const *facts)
{
	struct verdict verdict =
		verdict_post_auth(&inst->policy, &facts->request, &facts->certificate,
	                          facts->device, facts->owner, time(NULL));

	if (verdict.kind == VERDICT_REJECT)
		return reject(inst, request, facts, &verdict);
	if (facts->request.mac_known) {
		struct session session = facts_session(facts, request);

		strlcpy(session.vlan, verdict.vlan, sizeof(session.vlan));
		state_session(inst->state, STATE_GRANTED, &session, time(NULL));
	}
	reply_accept(inst, request, &verdict);
	reply_reason(request, facts, verdict.reason);
	reply_log(inst, request, facts, &verdict, "");
	return RLM_MODULE_UPDATED;
}

static rlm_rcode_t CC_HINT(nonnull) mod_post_auth(void *instance, REQUEST *request)
{
	rlm_portcall_t const *inst = instance;
	rlm_rcode_t rcode = RLM_MODULE_FAIL;
	struct facts facts;

	if (facts_gather(&facts, inst, request))
		rcode = request->reply->code == PW_CODE_ACCESS_REJECT
		                ? failed(inst, request, &facts)
		                : decide(inst, request, &facts);
	facts_done(&facts);
	return rcode;
}

/* Which device is where (RFC 2866 5.1).  Accounting-On and -Off: the switch has no session any more. */
static rlm_rcode_t CC_HINT(nonnull) mod_accounting(void *instance, REQUEST *request)
{
	rlm_portcall_t const *inst = instance;
	VALUE_PAIR *status = facts_pair(request, PW_ACCT_STATUS_TYPE);
	rlm_rcode_t rcode = RLM_MODULE_NOOP;
	struct facts facts;

	if (!status || !facts_gather(&facts, inst, request)) {
		if (status)
			facts_done(&facts);
		return status ? RLM_MODULE_FAIL : RLM_MODULE_NOOP;
	}

	struct session session = facts_session(&facts, request);

	if (status->vp_integer == PW_STATUS_ACCOUNTING_ON ||
	    status->vp_integer == PW_STATUS_ACCOUNTING_OFF) {
		state_nas_restart(inst->state, session.peer);
		rcode = RLM_MODULE_OK;
	} else if (facts.request.mac_known && (status->vp_integer == PW_STATUS_START ||
	                                       status->vp_integer == PW_STATUS_ALIVE ||
	                                       status->vp_integer == PW_STATUS_STOP)) {
		state_session(inst->state,
		              status->vp_integer == PW_STATUS_START  ? STATE_START
		              : status->vp_integer == PW_STATUS_STOP ? STATE_STOP
		                                                     : STATE_INTERIM,
		              &session, time(NULL));
		rcode = RLM_MODULE_OK;
	}
	facts_done(&facts);
	return rcode;
}

/*
 * %{portcall:cn}: the common name that this phone's certificate must have, for check_cert_cn.  Fails, and with it the
 * handshake, when no certificate can be right.
 */
static ssize_t xlat_cn(rlm_portcall_t const *inst, REQUEST *request, char *out, size_t room)
{
	struct facts facts;
	ssize_t n = -1;

	if (facts_gather(&facts, inst, request)) {
		char const *cn = verdict_common_name(facts.device);

		if (cn && strlen(cn) < room)
			n = (ssize_t)strlcpy(out, cn, room);
	}
	facts_done(&facts);
	return n;
}

/* %{portcall:accept} and so on: how often; %{portcall:devices}: how many there are. */
static ssize_t xlat_portcall(void *instance, REQUEST *request, char const *fmt, char *out,
                             size_t room)
{
	rlm_portcall_t const *inst = instance;

	if (!strcmp(fmt, "cn"))
		return xlat_cn(inst, request, out, room);
	if (!strcmp(fmt, "devices")) {
		struct inventory *inventory = inventory_file_take(inst->file);
		size_t n = inventory_count(inventory);

		inventory_unref(inventory);
		return snprintf(out, room, "%zu", n);
	}
	for (int kind = VERDICT_ACCEPT; kind <= VERDICT_STAGING; kind++) {
		if (!strcmp(fmt, verdict_kind_name((enum verdict_kind)kind)))
			return snprintf(out, room, "%" PRIu64,
			                state_count(inst->state, (enum verdict_kind)kind));
	}
	REDEBUG("%%{%s:%s} is not known; it may be cn, devices, accept, reject, quarantine or "
	        "staging.",
	        inst->name, fmt);
	return -1;
}

/* --- instances ---------------------------------------------------------------------------------- */

static void inventory_report(void *ctx, struct inventory const *inventory, char const *sentence)
{
	rlm_portcall_t const *inst = ctx;

	radlog(inventory ? L_INFO : L_ERR, "%s: inventory: %s", inst->name, sentence);
	if (inventory)
		disconnect_refused(inst, inventory);
}

static int attributes_find(CONF_SECTION *conf, rlm_portcall_t *inst)
{
	const struct {
		char const *name;
		DICT_ATTR const **ret_da;
	} rows[] = {
		{ "Portcall-Reason", &inst->reason },
		{ "Portcall-Session", &inst->session },
		{ "TLS-Client-Cert-Issuer", &inst->issuer },
		{ "TLS-Client-Cert-Serial", &inst->serial },
		{ "TLS-Client-Cert-Expiration", &inst->expiration },
		{ "TLS-Client-Cert-Common-Name", &inst->cn },
		{ "TLS-Client-Cert-X509v3-Subject-Key-Identifier", &inst->key_id },
		{ "TLS-Session-Version", &inst->tls_version },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		*rows[i].ret_da = dict_attrbyname(rows[i].name);
		if (!*rows[i].ret_da) {
			cf_log_err_cs(conf,
			              "The dictionary does not know %s; include "
			              "dictionary.portcall in the server's dictionary.",
			              rows[i].name);
			return -1;
		}
	}
	return 0;
}

/* The item as it stands in this very section; see the top of the file. */
static char const *item(CONF_SECTION *conf, char const *name, char const *without)
{
	CONF_PAIR *pair = cf_pair_find(conf, name);

	return pair ? cf_pair_value(pair) : without;
}

/* The same as text of the instance's own: sections are freed some time after a HUP. */
static char const *text_of(CONF_SECTION *conf, rlm_portcall_t *inst, char const *name)
{
	char *text = talloc_strdup(inst, item(conf, name, ""));

	return text ? text : "";
}

static int choice(CONF_SECTION *conf, char const *name, char const *without,
                  FR_NAME_NUMBER const *names)
{
	char const *value = item(conf, name, without);
	int number = fr_str2int(names, value, -1);

	if (number < 0) {
		char known[64] = "";

		for (FR_NAME_NUMBER const *p = names; p->name; p++)
			snprintf(known + strlen(known), sizeof(known) - strlen(known), "%s%s",
			         *known ? ", " : "", p->name);
		cf_log_err_cs(conf, "%s = \"%s\" is none of: %s.", name, value, known);
	}
	return number;
}

static int number_of(CONF_SECTION *conf, char const *name, char const *without,
                     uint32_t *ret_number)
{
	char const *text = item(conf, name, without);
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (!*text || *end || number > INT32_MAX) {
		cf_log_err_cs(conf, "%s = \"%s\" is not a number.", name, text);
		return -1;
	}
	*ret_number = (uint32_t)number;
	return 0;
}

/* What the section says, read again; see the top of the file. */
static int policy_read(CONF_SECTION *conf, rlm_portcall_t *inst)
{
	int shared = choice(conf, "shared_certificate", "warn", shared_names);
	int two_ports = choice(conf, "two_ports", "warn", shared_names);
	int stale = choice(conf, "stale_configuration", "warn", stale_names);
	int monitor = choice(conf, "monitor", "no", yes_no);
	int profile = choice(conf, "vendor_profile", "none", profile_names);
	struct verdict_policy *policy = &inst->policy;
	uint32_t port = 0;

	if (shared < 0 || two_ports < 0 || stale < 0 || monitor < 0 || profile < 0)
		return -1;
	*policy =
		(struct verdict_policy){ .inventory = true,
		                         .monitor = monitor == 1,
		                         .shared = (enum verdict_choice)shared,
		                         .elsewhere = (enum verdict_choice)two_ports,
		                         .stale = (enum verdict_choice)stale,
		                         .staging_vlan = text_of(conf, inst, "staging_vlan"),
		                         .quarantine_vlan = text_of(conf, inst, "quarantine_vlan"),
		                         .monitor_vlan = text_of(conf, inst, "monitor_vlan") };
	inst->profile = (enum vendor_profile)profile;
	if (number_of(conf, "disconnect_port", "0", &port) < 0)
		return -1;
	if (port > 65535) {
		cf_log_err_cs(conf, "disconnect_port = %u is no port.", port);
		return -1;
	}
	inst->disconnect_port = (uint16_t)port;
	if (number_of(conf, "session_timeout", "0", &policy->session_timeout) < 0 ||
	    number_of(conf, "staging_timeout", "300", &policy->staging_timeout) < 0)
		return -1;
	if (policy->stale == VERDICT_ISOLATE && !*policy->quarantine_vlan) {
		cf_log_err_cs(conf, "stale_configuration = quarantine needs a quarantine_vlan.");
		return -1;
	}
	return 0;
}

/* A HUP makes a new instance, which goes on with what the one before has counted. */
static struct state *state_take(CONF_SECTION *conf, rlm_portcall_t *inst)
{
	module_instance_t *node = module_find(cf_item_parent(cf_section_to_item(conf)), inst->name);
	rlm_portcall_t const *before = node ? node->insthandle : NULL;

	if (before && before != inst && before->state)
		return state_ref(before->state);
	return state_open(item(conf, "state", ""));
}

static int mod_instantiate(CONF_SECTION *conf, void *instance)
{
	rlm_portcall_t *inst = instance;
	char why[INVENTORY_WHY_LEN];

	inst->name = cf_section_name2(conf);
	if (!inst->name)
		inst->name = cf_section_name1(conf);
	if (policy_read(conf, inst) < 0 || attributes_find(conf, inst) < 0)
		return -1;

	inst->state = state_take(conf, inst);
	if (!inst->state) {
		cf_log_err_cs(conf, "There is not enough memory.");
		return -1;
	}

	char const *path = item(conf, "inventory", inst->inventory);

	inst->file = inventory_file_open(path, inventory_report, inst, why);
	if (!inst->file) {
		cf_log_err_cs(conf, "The inventory %s was refused: %s", path, why);
		state_unref(inst->state);
		inst->state = NULL;
		return -1;
	}

	struct inventory *inventory = inventory_file_take(inst->file);

	radlog(L_INFO, "%s: inventory: %zu devices read from %s.", inst->name,
	       inventory_count(inventory), path);
	inventory_unref(inventory);
	xlat_register(inst->name, xlat_portcall, NULL, inst);
	return 0;
}

static int mod_detach(void *instance)
{
	rlm_portcall_t *inst = instance;

	xlat_unregister(inst->name, xlat_portcall, inst);
	inventory_file_close(inst->file);
	inst->file = NULL;
	state_unref(inst->state);
	inst->state = NULL;
	return 0;
}

/* the only symbol that the server looks for */
extern module_t rlm_portcall __attribute__((visibility("default")));
module_t rlm_portcall = {
	.magic = RLM_MODULE_INIT,
	.name = "portcall",
	.type = RLM_TYPE_THREAD_SAFE | RLM_TYPE_HUP_SAFE,
	.inst_size = sizeof(rlm_portcall_t),
	.config = module_config,
	.instantiate = mod_instantiate,
	.detach = mod_detach,
	.methods = { [MOD_AUTHORIZE] = mod_authorize,
	             [MOD_ACCOUNTING] = mod_accounting,
	             [MOD_POST_AUTH] = mod_post_auth },
};
