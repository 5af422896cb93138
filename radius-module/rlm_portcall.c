/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rlm_portcall - the FreeRADIUS 3.2 module: the right phone, with its own certificate, in its VLAN.
 *
 * Glue only: it gathers facts from the request, asks verdict.c, writes the reply and one log line.
 *
 *	authorize             each round, before TLS: unknown, disabled or non-EAP devices are rejected
 *	post-auth             EAP-TLS succeeded (also when resumed): issuer + serial + MAC, VLAN, time
 *	Post-Auth-Type REJECT what failed elsewhere gets its reason too
 *
 * A reject of ours replaces the whole reply list: rlm_eap has put EAP-Success and keys there already when
 * post-auth decides.  The EAP-Failure is made here, since rlm_eap has forgotten the session by then.
 *
 * Instances are read-only after instantiate, the inventory apart, which looks after itself; so the module
 * is thread-safe.  It is HUP-safe: a HUP makes a new instance.  CONF_PARSER fills that one from the old
 * section (a peculiarity of 3.2), hence instantiate reads every item itself.
 */
#include "radius-module/fr.h"

#include "common/mac.h"
#include "radius-module/inventory_file.h"

enum { EAP_RESPONSE = 2, EAP_FAILURE = 4, EAP_TYPE_NAK = 3, EAP_TYPE_TLS = 13, LINE_LEN = 2048 };

typedef struct rlm_portcall {
	/* configuration, as parsed */
	char const *inventory;
	char const *shared_certificate;
	char const *vendor_profile;
	uint32_t session_timeout;

	char const *name; /* of the instance */
	struct verdict_policy policy;
	bool voice; /* vendor_profile = cisco */
	struct inventory_file *file;
	DICT_ATTR const *reason, *session, *issuer, *serial, *expiration, *tls_version;
} rlm_portcall_t;

static const CONF_PARSER module_config[] = {
	{ "inventory",
	  FR_CONF_OFFSET(PW_TYPE_FILE_INPUT | PW_TYPE_REQUIRED, rlm_portcall_t, inventory), NULL },
	{ "shared_certificate", FR_CONF_OFFSET(PW_TYPE_STRING, rlm_portcall_t, shared_certificate),
	  "warn" },
	{ "session_timeout", FR_CONF_OFFSET(PW_TYPE_INTEGER, rlm_portcall_t, session_timeout),
	  "0" },
	{ "vendor_profile", FR_CONF_OFFSET(PW_TYPE_STRING, rlm_portcall_t, vendor_profile),
	  "none" },
	CONF_PARSER_TERMINATOR
};

static const FR_NAME_NUMBER shared_names[] = { { "deny", VERDICT_SHARED_DENY },
	                                       { "warn", VERDICT_SHARED_WARN },
	                                       { "allow", VERDICT_SHARED_ALLOW },
	                                       { NULL, -1 } };

static const FR_NAME_NUMBER profile_names[] = { { "none", 0 }, { "cisco", 1 }, { NULL, -1 } };

/* --- the request's facts ------------------------------------------------------------------------ */

/* What one call of the module knows; strings are borrowed from the request or the inventory. */
struct facts {
	struct inventory *inventory; /* a reference */
	struct verdict_request request;
	const struct device *device;
	uint8_t mac[MAC_LEN];
	char const *station; /* Calling-Station-Id as sent; "" without one */
	char const *session; /* Acct-Session-Id; "" without one */
	char const *tls;     /* "TLS 1.3"; "" before a handshake */
	bool resumed;
	bool eap;
};

static char const *string_of(VALUE_PAIR const *vp)
{
	return vp ? vp->vp_strvalue : "";
}

static VALUE_PAIR *request_pair(REQUEST *request, unsigned int attribute)
{
	return fr_pair_find_by_num(request->packet->vps, attribute, 0, TAG_ANY);
}

static enum verdict_method method_of(REQUEST *request)
{
	if (!request_pair(request, PW_EAP_MESSAGE))
		return VERDICT_METHOD_NONE;

	VALUE_PAIR *type = request_pair(request, PW_EAP_TYPE);

	if (!type) /* a resumed session has it there */
		type = fr_pair_find_by_num(request->config, PW_EAP_TYPE, 0, TAG_ANY);
	return type && type->vp_integer > 4 && type->vp_integer != EAP_TYPE_TLS
	               ? VERDICT_METHOD_OTHER_EAP
	               : VERDICT_METHOD_EAP_TLS;
}

static void facts_gather(struct facts *facts, rlm_portcall_t const *inst, REQUEST *request)
{
	VALUE_PAIR *resumed = request_pair(request, PW_EAP_SESSION_RESUMED);

	*facts = (struct facts){
		.inventory = inventory_file_take(inst->file),
		.station = string_of(request_pair(request, PW_CALLING_STATION_ID)),
		.session = string_of(request_pair(request, PW_ACCT_SESSION_ID)),
		.tls = string_of(fr_pair_find_by_da(request->state, inst->tls_version, TAG_ANY)),
		.resumed = resumed && resumed->vp_integer,
	};
	facts->request.method = method_of(request);
	facts->eap = facts->request.method != VERDICT_METHOD_NONE;
	facts->request.mac_known = mac_parse(facts->station, facts->mac);
	if (facts->request.mac_known)
		facts->device = inventory_by_mac(facts->inventory, facts->mac);
}

/* --- the log line ------------------------------------------------------------------------------- */

struct line {
	char text[LINE_LEN];
	size_t n;
};

/* " key=value", quoted where needed; what a peer wrote is escaped.  Empty values are left out. */
static void line_add(struct line *line, char const *key, char const *value)
{
	static char const plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "-_.:/@+,";

	if (!*value || line->n + strlen(key) + 8 > sizeof(line->text))
		return;

	bool quote = strspn(value, plain) != strlen(value);
	char *end = line->text + sizeof(line->text) - 8; /* room for an escape and the end */
	char *p = line->text + line->n;

	p += sprintf(p, "%s%s=%s", line->n ? " " : "", key, quote ? "\"" : "");
	for (; *value && p < end; value++) {
		unsigned char c = (unsigned char)*value;

		if (c < 0x20 || c == 0x7f)
			p += sprintf(p, "\\x%02x", c);
		else if (c == '"' || c == '\\')
			p += sprintf(p, "\\%c", c);
		else
			*p++ = (char)c;
	}
	if (quote)
		*p++ = '"';
	*p = '\0';
	line->n = (size_t)(p - line->text);
}

static void verdict_log(REQUEST *request, struct facts const *facts, struct verdict const *verdict,
                        char const *detail)
{
	struct line line = { .n = 0 };
	char mac[MAC_TEXT_LEN], seconds[12] = "";

	if (verdict->session_timeout)
		snprintf(seconds, sizeof(seconds), "%u", verdict->session_timeout);
	line_add(&line, "verdict", verdict->kind == VERDICT_ACCEPT ? "accept" : "reject");
	line_add(&line, "reason", portcall_reason_code(verdict->reason));
	line_add(&line, "mac",
	         facts->request.mac_known ? mac_colons(facts->mac, mac) : facts->station);
	line_add(&line, "device", facts->device ? facts->device->name : "");
	line_add(&line, "vlan", verdict->vlan);
	line_add(&line, "session_timeout", seconds);
	line_add(&line, "tls", facts->tls);
	line_add(&line, "resumed", facts->resumed ? "yes" : "");
	line_add(&line, "session", facts->session);
	line_add(&line, "text", portcall_reason_text(verdict->reason));
	line_add(&line, "hint", portcall_reason_hint(verdict->reason));
	line_add(&line, "detail", detail);
	radlog_request(L_AUTH, L_DBG_LVL_OFF, request, "%s", line.text);
}

/* --- the reply ---------------------------------------------------------------------------------- */

/* Replaces the attribute in the reply; `text` is taken as it is, without escapes. */
static void reply_string(REQUEST *request, char const *attribute, char const *text)
{
	VALUE_PAIR *vp = pair_make_reply(attribute, NULL, T_OP_SET);

	if (vp)
		fr_pair_value_strcpy(vp, text);
}

static void reply_reason(REQUEST *request, struct facts const *facts, enum portcall_reason reason)
{
	reply_string(request, "Portcall-Reason", portcall_reason_code(reason));
	if (*facts->session)
		reply_string(request, "Portcall-Session", facts->session);
	/* the codec computes the value; without it a reply can be forged (CVE-2024-3596) */
	if (!fr_pair_find_by_num(request->reply->vps, PW_MESSAGE_AUTHENTICATOR, 0, TAG_ANY))
		pair_make_reply("Message-Authenticator", "0x00", T_OP_SET);
}

/* EAP-Failure with the identifier of the response that it answers (RFC 3748 4.2). */
static void reply_eap_failure(REQUEST *request)
{
	VALUE_PAIR *in = request_pair(request, PW_EAP_MESSAGE);
	VALUE_PAIR *out = pair_make_reply("EAP-Message", NULL, T_OP_SET);
	uint8_t failure[4] = { EAP_FAILURE, 0, 0, sizeof(failure) };

	if (!out)
		return;
	if (in->vp_length > 1)
		failure[1] = in->vp_octets[1];
	fr_pair_value_memcpy(out, failure, sizeof(failure));
}

static void reply_accept(rlm_portcall_t const *inst, REQUEST *request,
                         struct verdict const *verdict)
{
	pair_make_reply("Tunnel-Type", "VLAN", T_OP_SET); /* RFC 3580 3.31 */
	pair_make_reply("Tunnel-Medium-Type", "IEEE-802", T_OP_SET);
	reply_string(request, "Tunnel-Private-Group-Id", verdict->vlan);
	if (verdict->session_timeout) {
		VALUE_PAIR *vp = pair_make_reply("Session-Timeout", NULL, T_OP_SET);

		if (vp)
			vp->vp_integer = verdict->session_timeout;
		pair_make_reply("Termination-Action", "RADIUS-Request", T_OP_SET);
	}
	if (inst->voice)
		pair_make_reply("Cisco-AVPair", "device-traffic-class=voice", T_OP_ADD);
}

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

static rlm_rcode_t reject(REQUEST *request, struct facts const *facts,
                          struct verdict const *verdict)
{
	fr_pair_list_free(&request->reply->vps);
	if (facts->eap)
		reply_eap_failure(request);
	else /* RFC 3579 2.6.5: never beside an EAP-Message */
		reply_string(request, "Reply-Message", portcall_reason_text(verdict->reason));
	reply_reason(request, facts, verdict->reason);
	mark_rejected(request, verdict->reason);
	verdict_log(request, facts, verdict, "");
	return RLM_MODULE_REJECT;
}

/* --- methods ------------------------------------------------------------------------------------ */

static rlm_rcode_t CC_HINT(nonnull) mod_authorize(void *instance, REQUEST *request)
{
	rlm_portcall_t const *inst = instance;
	rlm_rcode_t rcode = RLM_MODULE_OK;
	struct facts facts;

	facts_gather(&facts, inst, request);

	struct verdict verdict = verdict_authorize(&inst->policy, &facts.request, facts.device);

	if (verdict.kind == VERDICT_REJECT)
		rcode = reject(request, &facts, &verdict);
	inventory_unref(facts.inventory);
	return rcode;
}

/* The server's message that tells most, and its reason: the first that is known, else the first. */
static char const *failure_message(REQUEST *request, enum portcall_reason *ret_reason)
{
	VALUE_PAIR *eap = request_pair(request, PW_EAP_MESSAGE);
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

/* Something rejected the request before post-auth could decide. */
static rlm_rcode_t failed(rlm_portcall_t const *inst, REQUEST *request)
{
	enum portcall_reason before = rejected_before(request);
	struct facts facts;

	facts_gather(&facts, inst, request);
	if (before != PORTCALL_REASON_NONE) {
		reply_reason(request, &facts, before);
	} else {
		struct verdict verdict = { .kind = VERDICT_REJECT, .vlan = "" };
		char const *detail = failure_message(request, &verdict.reason);

		reply_reason(request, &facts, verdict.reason);
		mark_rejected(request, verdict.reason);
		verdict_log(request, &facts, &verdict, detail);
	}
	inventory_unref(facts.inventory);
	return RLM_MODULE_UPDATED;
}

static rlm_rcode_t CC_HINT(nonnull) mod_post_auth(void *instance, REQUEST *request)
{
	rlm_portcall_t const *inst = instance;
	VALUE_PAIR *issuer, *serial, *expiration;
	rlm_rcode_t rcode = RLM_MODULE_UPDATED;
	struct facts facts;

	if (request->reply->code == PW_CODE_ACCESS_REJECT)
		return failed(inst, request);

	facts_gather(&facts, inst, request);
	issuer = fr_pair_find_by_da(request->packet->vps, inst->issuer, TAG_ANY);
	serial = fr_pair_find_by_da(request->packet->vps, inst->serial, TAG_ANY);
	expiration = fr_pair_find_by_da(request->packet->vps, inst->expiration, TAG_ANY);

	char *name = talloc_strdup(request, string_of(issuer));

	if (!name) {
		inventory_unref(facts.inventory);
		return RLM_MODULE_FAIL;
	}
	verdict_oneline(name);

	struct verdict_certificate certificate = { .issuer = name,
		                                   .serial = string_of(serial),
		                                   .not_after = verdict_asn1_time(
							   string_of(expiration)) };
	const struct device *owner =
		inventory_by_certificate(facts.inventory, name, certificate.serial);
	struct verdict verdict = verdict_post_auth(&inst->policy, &facts.request, &certificate,
	                                           facts.device, owner, time(NULL));

	if (verdict.kind == VERDICT_REJECT) {
		rcode = reject(request, &facts, &verdict);
	} else {
		reply_accept(inst, request, &verdict);
		reply_reason(request, &facts, verdict.reason);
		verdict_log(request, &facts, &verdict, "");
	}
	talloc_free(name);
	inventory_unref(facts.inventory);
	return rcode;
}

/* --- instances ---------------------------------------------------------------------------------- */

static void inventory_report(void *ctx, bool loaded, char const *sentence)
{
	rlm_portcall_t const *inst = ctx;

	radlog(loaded ? L_INFO : L_ERR, "%s: inventory: %s", inst->name, sentence);
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

static int mod_instantiate(CONF_SECTION *conf, void *instance)
{
	rlm_portcall_t *inst = instance;
	char why[INVENTORY_WHY_LEN];
	char const *timeout = item(conf, "session_timeout", "0");
	char *end;

	inst->name = cf_section_name2(conf);
	if (!inst->name)
		inst->name = cf_section_name1(conf);

	int shared = choice(conf, "shared_certificate", "warn", shared_names);
	int profile = choice(conf, "vendor_profile", "none", profile_names);
	unsigned long seconds = strtoul(timeout, &end, 10);

	if (shared < 0 || profile < 0 || attributes_find(conf, inst) < 0)
		return -1;
	if (*end || seconds > INT32_MAX) {
		cf_log_err_cs(conf, "session_timeout = \"%s\" is not a number of seconds.",
		              timeout);
		return -1;
	}
	inst->policy = (struct verdict_policy){ .inventory = true,
		                                .shared = (enum verdict_shared)shared,
		                                .session_timeout = (uint32_t)seconds };
	inst->voice = profile == 1;

	char const *path = item(conf, "inventory", inst->inventory);

	inst->file = inventory_file_open(path, inventory_report, inst, why);
	if (!inst->file) {
		cf_log_err_cs(conf, "The inventory %s was refused: %s", path, why);
		return -1;
	}

	struct inventory *inventory = inventory_file_take(inst->file);

	radlog(L_INFO, "%s: inventory: %zu devices read from %s.", inst->name,
	       inventory_count(inventory), path);
	inventory_unref(inventory);
	return 0;
}

static int mod_detach(void *instance)
{
	rlm_portcall_t *inst = instance;

	inventory_file_close(inst->file);
	inst->file = NULL;
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
	.methods = { [MOD_AUTHORIZE] = mod_authorize, [MOD_POST_AUTH] = mod_post_auth },
};
