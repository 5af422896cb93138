/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lab_observe - from events and log lines to the timeline and to what the proof needs.
 *
 * Our daemons speak events (docs/interfaces.md 2), the servers log lines.  A reason counts as said only
 * when sentence and hint are word for word those of common/reason.def.
 */
#include <stdlib.h>
#include <string.h>

#include "tools/lab.h"

struct lab_phone *lab_phone_by_mac(struct lab *lab, const char *mac)
{
	for (unsigned i = 0; mac && i < lab->phone_count; i++)
		if (strcasecmp(lab->phones[i].mac, mac) == 0)
			return &lab->phones[i];
	return NULL;
}

struct lab_phone *lab_phone_by_port(struct lab *lab, const char *port)
{
	for (unsigned i = 0; port && i < lab->phone_count; i++)
		if (strcmp(lab->phones[i].port, port) == 0)
			return &lab->phones[i];
	return NULL;
}

static enum portcall_reason reason_of(const char *code)
{
	for (int r = 0; code && r < PORTCALL_REASON_COUNT; r++)
		if (strcmp(portcall_reason_code((enum portcall_reason)r), code) == 0)
			return (enum portcall_reason)r;
	return PORTCALL_REASON_NONE;
}

static void note_reason(struct lab_phone *phone, enum lab_who who, const char *code,
                        const char *text, const char *hint)
{
	enum portcall_reason reason = reason_of(code);

	if (phone && reason != PORTCALL_REASON_NONE && text && hint &&
	    strcmp(text, portcall_reason_text(reason)) == 0 &&
	    strcmp(hint, portcall_reason_hint(reason)) == 0)
		phone->said[who][reason] = true;
}

/* A field as text; "" when it is not there. */
static const char *text_of(json_t *event, const char *key)
{
	const char *text = json_string_value(json_object_get(event, key));

	return text ? text : "";
}

static long number_of(json_t *event, const char *key)
{
	return (long)json_integer_value(json_object_get(event, key));
}

/* "sentence (detail). hint" of an event with a reason. */
static void sentence_of(json_t *event, char ret[static 400])
{
	const char *detail = text_of(event, "detail"), *hint = text_of(event, "hint");

	snprintf(ret, 400, "%s%s%s%s%s%s", text_of(event, "text"), *detail ? " [" : "", detail,
	         *detail ? "]" : "", *hint ? " " : "", hint);
}

static enum lab_tone tone_of(json_t *event)
{
	const char *level = text_of(event, "level");

	return strcmp(level, "error") == 0 || strcmp(level, "warn") == 0 ? LAB_BAD : LAB_PLAIN;
}

/* --- portcall-switch --------------------------------------------------------------------------------- */

static void first_link(struct lab *lab, double t)
{
	for (unsigned i = 0; i < lab->phone_count; i++)
		if (lab->phones[i].link_t)
			return;
	lab_timeline_zero(lab, t);
	lab_timeline_hold(lab, false);
}

static void observe_port(struct lab *lab, struct lab_phone *phone, const char *name, json_t *event,
                         double t)
{
	char why[400];

	if (strcmp(name, "link") == 0) {
		phone->link = json_is_true(json_object_get(event, "up"));
		if (!lab->plugged)
			return;
		if (phone->link) {
			first_link(lab, t);
			phone->link_t = t;
		}
		lab_line(lab, t, "switch", LAB_PLAIN, phone->link ? "link up" : "link down", "%s",
		         phone->port);
	} else if (strcmp(name, "port-granted") == 0) {
		if (!phone->granted_t)
			phone->granted_t = t;
		phone->vlan = (int)number_of(event, "vlan");
		lab_line(lab, t, "switch", LAB_GOOD, "port granted", "%s for %s (%s), VLAN %d: %s",
		         phone->port, text_of(event, "mac"), text_of(event, "user"), phone->vlan,
		         text_of(event, "text"));
	} else if (strcmp(name, "port-closed") == 0 && phone->link_t) {
		phone->closed = true;
		sentence_of(event, why);
		lab_line(lab, t, "switch", tone_of(event), "port closed", "%s: %s", phone->port,
		         why);
	}
}

static void observe_switch(struct lab *lab, const char *name, json_t *event, double t)
{
	struct lab_phone *phone = lab_phone_by_port(lab, text_of(event, "port"));

	if (phone) {
		if (lab->plugged)
			note_reason(phone, LAB_SWITCH, text_of(event, "reason"),
			            text_of(event, "text"), text_of(event, "hint"));
		observe_port(lab, phone, name, event, t);
	} else if (strcmp(name, "radius-server") == 0 || strcmp(name, "radius-discard") == 0) {
		lab_line(lab, t, "switch", tone_of(event), name, "%s: %s", text_of(event, "server"),
		         text_of(event, "why"));
	}
}

/* The log says when the control socket is there. */
void lab_observe_switch_log(struct lab_process *p, const char *line)
{
	if (p->ready || !strstr(line, " started "))
		return;
	p->lab->switch_watch = lab_watch_open(p->lab, NULL, LAB_SWITCH_CONTROL);
	p->ready = p->lab->switch_watch;
}

/* --- portcall-phone ----------------------------------------------------------------------------------- */

static void observe_fetch(struct lab *lab, struct lab_phone *phone, json_t *event, double t)
{
	const char *file = text_of(event, "file"), *url = text_of(event, "url");
	const char *base = strrchr(url, '/');
	char why[400];

	if (number_of(event, "status") == 200 && strcmp(file, "system") == 0)
		phone->system = true;
	if (number_of(event, "status") == 200 && strcmp(file, "device") == 0)
		phone->device = true;
	sentence_of(event, why);
	lab_line(lab, t, phone->name, tone_of(event), "fetch", "%s: %ld, %ld octets%s%s%s",
	         base ? base + 1 : url, number_of(event, "status"), number_of(event, "bytes"),
	         json_is_true(json_object_get(event, "resumed")) ? ", TLS session resumed" : "",
	         *why ? ": " : "", why);
}

static void observe_phone(struct lab *lab, struct lab_phone *phone, const char *name, json_t *event,
                          double t)
{
	enum portcall_reason reason = reason_of(text_of(event, "reason"));
	const char *who = phone->name;
	char why[400];

	note_reason(phone, LAB_PHONE, text_of(event, "reason"), text_of(event, "text"),
	            text_of(event, "hint"));
	sentence_of(event, why);
	if (strcmp(name, "credentials") == 0) {
		if (*why)
			lab_line(lab, t, who, tone_of(event), "credentials", "%s", why);
		else
			lab_line(lab, t, who, LAB_PLAIN, "credentials",
			         "%s, serial %s, until %.10s; anchors: %ld",
			         text_of(event, "subject"), text_of(event, "serial"),
			         text_of(event, "not_after"), number_of(event, "anchors"));
		if (reason != PORTCALL_REASON_NONE)
			phone->reason = reason;
	} else if (strcmp(name, "finding") == 0) {
		lab_line(lab, t, who, tone_of(event), "finding", "%s", why);
		if (tone_of(event) == LAB_BAD && strcmp(text_of(event, "level"), "error") == 0)
			phone->reason = reason;
	} else if (strcmp(name, "eapol-start") == 0) {
		lab_line(lab, t, who, LAB_QUIET, "EAPOL-Start", "count %ld",
		         number_of(event, "count"));
	} else if (strcmp(name, "authentication") == 0) {
		phone->reason = reason;
		if (reason == PORTCALL_REASON_AUTHENTICATED)
			phone->authorized = true;
		lab_line(lab, t, who,
		         reason == PORTCALL_REASON_AUTHENTICATED ? LAB_GOOD : tone_of(event),
		         "authentication", "%s%s%s%s%s%s", why, *text_of(event, "tls") ? " (" : "",
		         text_of(event, "tls"), *text_of(event, "tls") ? ", " : "",
		         text_of(event, "cipher"), *text_of(event, "tls") ? ")" : "");
	} else if (strcmp(name, "address") == 0) {
		lab_line(lab, t, who, tone_of(event), "address", "%s%s%s%s%s%s",
		         text_of(event, "address"), why, *why ? "" : " from ",
		         text_of(event, "server"),
		         *text_of(event, "url") ? "; provisioning at " : "", text_of(event, "url"));
	} else if (strcmp(name, "fetch") == 0) {
		observe_fetch(lab, phone, event, t);
	} else if (strcmp(name, "items") == 0) {
		if (reason == PORTCALL_REASON_ITEMS_APPLIED)
			phone->applied = true;
		lab_line(lab, t, who,
		         reason == PORTCALL_REASON_ITEMS_APPLIED ? LAB_GOOD : tone_of(event),
		         "items", "%s Versions: system %s, device %s.", why,
		         text_of(event, "system_version"), text_of(event, "device_version"));
	} else if (strcmp(name, "provisioned") == 0) {
		phone->provisioned = true;
		lab_line(lab, t, who, LAB_GOOD, "provisioned",
		         "system version %s, device version %s", text_of(event, "system_version"),
		         text_of(event, "device_version"));
	}
}

void lab_observe(struct lab *lab, struct lab_phone *phone, json_t *event)
{
	const char *name = text_of(event, "event");
	double t = json_number_value(json_object_get(event, "t"));

	if (!phone) {
		observe_switch(lab, name, event, t);
		return;
	}
	if (strcmp(name, "credentials") == 0) /* the last step of its start, good or bad */
		phone->ready = true;
	observe_phone(lab, phone, name, event, t);
}

void lab_observe_phone_log(struct lab_process *p, const char *line)
{
	if (p->ready || !strstr(line, " started "))
		return;
	p->phone->watch = lab_watch_open(p->lab, p->phone, p->phone->control);
	p->ready = p->phone->watch;
}

/* A finding of portcall-phone --import: the sentence and the hint stand in one line. */
void lab_observe_import(struct lab_process *p, const char *line)
{
	for (int i = 1; i < PORTCALL_REASON_COUNT; i++) {
		enum portcall_reason reason = (enum portcall_reason)i;

		if (portcall_reason_severity(reason) != PORTCALL_ERROR ||
		    !strstr(line, portcall_reason_text(reason)) ||
		    !strstr(line, portcall_reason_hint(reason)))
			continue;
		p->phone->said[LAB_PHONE][reason] = true;
		p->phone->reason = reason;
	}
	lab_line(p->lab, lab_now(), p->phone->name, LAB_BAD, "import", "%s", line);
}

/* --- servers -------------------------------------------------------------------------------------------- */

/* The value of key=value or key="va\"lue" in a log line; "" when it is not there. */
static void field_of(const char *line, const char *key, char ret[static 400])
{
	size_t n = strlen(key), out = 0;
	const char *at = line;
	bool quoted;

	*ret = '\0';
	while ((at = strstr(at, key)) && !((at == line || at[-1] == ' ') && at[n] == '='))
		at += n;
	if (!at)
		return;
	at += n + 1;
	quoted = *at == '"';
	for (at += quoted; *at && *at != (quoted ? '"' : ' ') && out < 399; at++) {
		if (quoted && *at == '\\' && at[1])
			at++;
		ret[out++] = *at;
	}
	ret[out] = '\0';
}

void lab_observe_radius(struct lab_process *p, const char *line)
{
	char verdict[400], code[400], mac[400], text[400], hint[400], device[400], vlan[400],
		detail[400];
	struct lab_phone *phone;
	bool accept;

	if (strstr(line, "Ready to process requests"))
		p->ready = true;
	field_of(line, "verdict", verdict);
	if (!*verdict)
		return;
	field_of(line, "reason", code);
	field_of(line, "mac", mac);
	field_of(line, "text", text);
	field_of(line, "hint", hint);
	field_of(line, "device", device);
	field_of(line, "vlan", vlan);
	field_of(line, "detail", detail);
	accept = strcmp(verdict, "accept") == 0;
	phone = lab_phone_by_mac(p->lab, mac);
	note_reason(phone, LAB_RADIUS, code, text, hint);
	lab_line(p->lab, lab_now(), "radius", accept ? LAB_GOOD : LAB_BAD,
	         accept ? "accept" : "reject", "%s%s%s%s%s: %s%s%s%s%s%s", mac,
	         *device ? " is " : "", device, *vlan ? ", VLAN " : "", vlan, text,
	         *detail ? " [" : "", detail, *detail ? "]" : "", *hint ? " " : "", hint);
}

/* 'request ADDRESS "GET /NAME HTTP/1.1" STATUS OCTETS TLS CIPHER r|.' */
void lab_observe_web(struct lab_process *p, const char *line)
{
	struct lab *lab = p->lab;
	char address[64], name[128], tls[32], cipher[64], reused[8];
	unsigned status, octets, number;
	struct lab_phone *phone;

	if (strstr(line, "start worker process"))
		p->ready = true;
	if (strncmp(line, "request ", 8) != 0)
		return;
	lab->https_lines++;
	if (sscanf(line, "request %63s \"GET /%127s HTTP/%*[^\"]\" %u %u %31s %63s %7s", address,
	           name, &status, &octets, tls, cipher, reused) != 7) {
		lab_line(lab, lab_now(), "web", LAB_BAD, "request", "%s", line + 8);
		return;
	}
	lab_line(lab, lab_now(), "web", status == 200 ? LAB_PLAIN : LAB_BAD, "request",
	         "%s GET %s: %u (%s%s)", address, name, status, tls,
	         *reused == 'r' ? ", resumed" : "");
	if (status != 200)
		return;
	if (sscanf(name, "op420adv_conf0200000001%2X.xml", &number) == 1 && number &&
	    number <= lab->phone_count) {
		phone = &lab->phones[number - 1];
		phone->served_device = true;
	} else if (strcmp(name, "op420adv_conf.xml") == 0) {
		lab->served_system++;
	}
}

void lab_observe_dhcp(struct lab_process *p, const char *line)
{
	const char *ack = strstr(line, "DHCPACK(");

	if (strstr(line, "started, "))
		p->ready = true;
	if (ack && strchr(ack, ' '))
		lab_line(p->lab, lab_now(), "dhcp", LAB_PLAIN, "lease", "%s", strchr(ack, ' ') + 1);
}

void lab_observe_supplicant(struct lab_process *p, const char *line)
{
	const char *event = strstr(line, "CTRL-EVENT-");
	bool success = strstr(line, "CTRL-EVENT-EAP-SUCCESS"),
	     failure = strstr(line, "CTRL-EVENT-EAP-FAILURE");

	p->ready = true;
	if (!event)
		return;
	if (success && !p->phone->authorized) {
		p->phone->authorized = true;
		p->phone->reason = PORTCALL_REASON_AUTHENTICATED;
		if (!p->lab->opt.stock_authenticator) /* as wpa_cli's action file would */
			lab_phone_start(p->phone);
	}
	lab_line(p->lab, lab_now(), p->phone->name,
	         success   ? LAB_GOOD
	         : failure ? LAB_BAD
	                   : LAB_QUIET,
	         "wpa_supplicant", "%s", event + 11);
}

void lab_observe_authenticator(struct lab_process *p, const char *line)
{
	const char *said = strstr(line, "IEEE 802.1X: ");

	if (strstr(line, "AP-ENABLED"))
		p->ready = true;
	if (!said || !p->lab->plugged)
		return;
	if (strstr(said, "authorizing port") && !strstr(said, "unauthorizing") &&
	    !p->phone->granted_t)
		p->phone->granted_t = lab_now();
	lab_line(p->lab, lab_now(), "hostapd",
	         strstr(said, "authenticated - ") ? LAB_GOOD : LAB_QUIET, p->phone->port, "%s",
	         said + 13);
}
