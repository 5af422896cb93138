/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lab_proof - the order, computed from the frames that the switch saw (its captures).
 *
 * Per phone, from pN.pcap: what went into the closed port and what came out of it, and the EAP-Success
 * that opened it; from u1.pcap and u2.pcap: what of the phone left the switch, and the first frame
 * to TCP port 443.  The switch's own events must agree.
 */
#include <string.h>

#include "tools/lab.h"

enum {
	AGREE_MS = 100, /* between the switch's event and the frame that it sent */
};

static double since(double t, double start)
{
	return t && start ? t - start : 0;
}

static const char *yes(double seen)
{
	return seen != 0 ? "yes" : "no";
}

/* --- from the frames ---------------------------------------------------------------------------------- */

static void port_frame(void *ctx, const struct lab_frame *frame)
{
	struct lab_phone *phone = ctx;
	bool from_phone = memcmp(frame->from, phone->octets, 6) == 0;

	if (frame->eapol) {
		if (!from_phone && frame->eap_success && frame->t >= phone->link_t &&
		    phone->link_t && !phone->success_t)
			phone->success_t = frame->t;
		return;
	}
	if (!phone->success_t && from_phone)
		phone->early_in++;
	if (!phone->success_t && !from_phone)
		phone->early_out++;
	if (phone->success_t && !from_phone && frame->tcp_from_443 && frame->tcp_octets)
		phone->last_https_t = frame->t;
}

struct uplink {
	struct lab *lab;
	bool web;
};

static void uplink_frame(void *ctx, const struct lab_frame *frame)
{
	const struct uplink *uplink = ctx;
	struct lab_phone *phone = NULL;

	for (unsigned i = 0; !phone && i < uplink->lab->phone_count; i++)
		if (memcmp(frame->from, uplink->lab->phones[i].octets, 6) == 0)
			phone = &uplink->lab->phones[i];
	if (!phone)
		return;
	if (!phone->success_t || frame->t < phone->success_t)
		phone->early_through++;
	if (uplink->web && frame->tcp_to_443) {
		phone->https_frames++;
		if (!phone->first_https_t)
			phone->first_https_t = frame->t;
	}
}

void lab_proof_read(struct lab *lab)
{
	struct uplink web = { lab, true }, dhcp = { lab, false };

	for (unsigned i = 0; i < lab->phone_count; i++) {
		struct lab_phone *phone = &lab->phones[i];

		phone->captured = lab_capture_read(phone->port, port_frame, phone);
	}
	lab->uplinks_captured = lab_capture_read("u1", uplink_frame, &web) &&
	                        lab_capture_read("u2", uplink_frame, &dhcp);
}

/* --- the main job ------------------------------------------------------------------------------------- */

static bool prove_closed(struct lab *lab, const struct lab_phone *phone)
{
	bool ok = phone->captured && lab->uplinks_captured && phone->probes &&
	          phone->dropped >= phone->probes && phone->early_in >= phone->probes &&
	          !phone->early_through && !phone->early_out;

	lab_verdict(lab, ok, "closed",
	            "before authentication %u frames went into %s: the switch dropped %u, %u left "
	            "through other "
	            "ports, %u came back",
	            phone->early_in, phone->port, phone->dropped, phone->early_through,
	            phone->early_out);
	return ok;
}

static bool prove_granted(struct lab *lab, const struct lab_phone *phone)
{
	const char *authenticator = lab->opt.stock_authenticator ? "hostapd" : "the switch";
	char vlan[48] = "";
	double apart = phone->granted_t > phone->success_t ? phone->granted_t - phone->success_t
	                                                   : phone->success_t - phone->granted_t;
	bool ok = phone->link_t && phone->success_t && phone->granted_t &&
	          apart * 1000 < AGREE_MS && phone->authorized &&
	          (lab->opt.stock_authenticator || phone->vlan == LAB_VLAN_VOICE);

	if (!lab->opt.stock_authenticator)
		snprintf(vlan, sizeof vlan, "; VLAN %d%s", phone->vlan,
		         phone->vlan == LAB_VLAN_VOICE ? "" : ", which is wrong");
	if (!phone->success_t)
		lab_verdict(lab, ok, "granted", "no EAP-Success left %s; the phone: %s",
		            phone->port, portcall_reason_text(phone->reason));
	else if (ok)
		lab_verdict(
			lab, ok, "granted", "EAP-Success %.3f s after link-up; %s and %s agree%s",
			since(phone->success_t, phone->link_t), authenticator, phone->name, vlan);
	else
		lab_verdict(lab, ok, "granted",
		            "EAP-Success %.3f s after link-up; granted says %s: %s, %s: %s%s",
		            since(phone->success_t, phone->link_t), authenticator,
		            yes(phone->granted_t), phone->name, yes(phone->authorized), vlan);
	return ok;
}

static bool prove_order(struct lab *lab, struct lab_phone *phone)
{
	phone->ordered = phone->success_t && phone->first_https_t > phone->success_t &&
	                 phone->first_https_t > phone->granted_t && !phone->early_through;
	if (!phone->first_https_t)
		lab_verdict(lab, false, "order", "no frame to the HTTPS server was seen");
	else if (!phone->success_t)
		lab_verdict(lab, false, "order",
		            "a frame to the HTTPS server was seen, but no grant");
	else
		lab_verdict(lab, phone->ordered, "order",
		            "first frame to the HTTPS server %.3f s after link-up, %.3f s after "
		            "the grant",
		            since(phone->first_https_t, phone->link_t),
		            since(phone->first_https_t, phone->success_t));
	return phone->ordered;
}

static bool prove_provisioned(struct lab *lab, const struct lab_phone *phone)
{
	bool files = phone->system && phone->device && phone->served_device &&
	             lab->served_system >= lab->phone_count;
	bool items = phone->applied && phone->provisioned;

	if (files)
		lab_verdict(lab, files, "files",
		            "system and device file fetched, and served with status 200");
	else
		lab_verdict(lab, files, "files",
		            "system file fetched: %s, device file: %s; served with status 200: %s",
		            yes(phone->system), yes(phone->device), yes(phone->served_device));
	if (items)
		lab_verdict(lab, true, "items",
		            "version %d applied; last frame of the fetch %.3f s after link-up",
		            LAB_CONFIG_VERSION, since(phone->last_https_t, phone->link_t));
	else
		lab_verdict(lab, false, "items", "version %d applied: %s, provisioned: %s",
		            LAB_CONFIG_VERSION, yes(phone->applied), yes(phone->provisioned));
	return files && items;
}

static void heading(struct lab *lab, const struct lab_phone *phone)
{
	char text[128];

	snprintf(text, sizeof text, "Proof for %s (%s on %s)", phone->name, phone->mac,
	         phone->port);
	lab_heading(lab, text);
}

static bool prove_alive(struct lab *lab)
{
	bool ok = lab_servers_alive(lab);

	lab_heading(lab, "Proof for the servers");
	lab_verdict(lab, ok, "alive", "%s",
	            ok ? "every server that was started still runs" : lab->why);
	return ok;
}

bool lab_proof_main(struct lab *lab)
{
	bool all = true;

	for (unsigned i = 0; i < lab->phone_count; i++) {
		struct lab_phone *phone = &lab->phones[i];
		bool ok;

		heading(lab, phone);
		if (lab->opt.stock_authenticator)
			ok = prove_granted(lab, phone);
		else
			ok = prove_closed(lab, phone) & prove_granted(lab, phone) &
			     prove_order(lab, phone) & prove_provisioned(lab, phone);
		if (lab->opt.stock_authenticator &&
		    !phone->said[LAB_RADIUS][PORTCALL_REASON_DEVICE_ACCEPTED])
			ok = false;
		all = all && ok;
	}
	return prove_alive(lab) && all;
}

/* --- the cases ------------------------------------------------------------------------------------------ */

static bool prove_said(struct lab *lab, const struct lab_phone *phone, enum lab_who who,
                       const char *name, enum portcall_reason reason)
{
	bool ok = phone->said[who][reason];

	if (reason == PORTCALL_REASON_NONE)
		return true;
	lab_verdict(lab, ok, name, "%s: %s %s", portcall_reason_code(reason),
	            portcall_reason_text(reason), portcall_reason_hint(reason));
	return ok;
}

/* A RADIUS server that is not part of the case must have decided nothing. */
static bool prove_radius_silent(struct lab *lab, const struct lab_phone *phone)
{
	bool silent = true;

	if (lab->opt.fault->radius != PORTCALL_REASON_NONE)
		return true;
	for (int r = 0; r < PORTCALL_REASON_COUNT; r++)
		silent = silent && !phone->said[LAB_RADIUS][r];
	lab_verdict(lab, silent, "radius", "took no part");
	return silent;
}

bool lab_proof_case(struct lab *lab)
{
	const struct lab_case *fault = lab->opt.fault;
	bool all = true;

	for (unsigned i = 0; i < lab->phone_count; i++) {
		struct lab_phone *phone = &lab->phones[i];
		bool closed = phone->captured && lab->uplinks_captured && !phone->granted_t &&
		              !phone->success_t && !phone->authorized && !phone->early_through &&
		              !phone->early_out && phone->dropped >= phone->probes;
		bool untouched = !phone->https_frames && !lab->https_lines;

		heading(lab, phone);
		lab_verdict(lab, closed, "closed",
		            "%s was never granted; %u frames went in, %u left through other ports, "
		            "%u came back",
		            phone->port, phone->early_in, phone->early_through, phone->early_out);
		lab_verdict(lab, untouched, "untouched",
		            "%u frames and %u requests reached the HTTPS server",
		            phone->https_frames, lab->https_lines);
		all = prove_said(lab, phone, LAB_PHONE, "phone", fault->phone) & all;
		all = prove_said(lab, phone, LAB_SWITCH, "switch", fault->port) & all;
		all = prove_said(lab, phone, LAB_RADIUS, "radius", fault->radius) & all;
		all = prove_radius_silent(lab, phone) & all;
		all = all && closed && untouched;
		if (phone->said[LAB_PHONE][fault->phone])
			phone->reason = fault->phone;
	}
	return prove_alive(lab) && all;
}

/* --- for programs ------------------------------------------------------------------------------------------ */

static json_t *seconds(double t, double start)
{
	return t && start ? json_real((double)(long long)((t - start) * 1e6 + 0.5) / 1e6)
	                  : json_null();
}

void lab_proof_json(struct lab *lab, FILE *out)
{
	json_t *phones = json_array();
	json_t *result =
		json_pack("{s:s,s:s?,s:o}", "result", lab->passed ? "pass" : "fail", "case",
	                  lab->opt.fault ? lab->opt.fault->name : NULL, "phones", phones);

	for (unsigned i = 0; result && i < lab->phone_count; i++) {
		const struct lab_phone *phone = &lab->phones[i];
		bool known = phone->success_t && !lab->opt.stock_authenticator;

		json_array_append_new(
			phones,
			json_pack("{s:s,s:s,s:s,s:o,s:o,s:o,s:o,s:o,s:o}", "name", phone->name,
		                  "mac", phone->mac, "port", phone->port, "granted_s",
		                  seconds(phone->success_t, phone->link_t), "first_https_s",
		                  seconds(phone->first_https_t, phone->link_t), "https_done_s",
		                  seconds(phone->last_https_t, phone->link_t), "vlan",
		                  phone->vlan ? json_integer(phone->vlan) : json_null(), "ordered",
		                  known ? json_boolean(phone->ordered) : json_null(), "reason",
		                  phone->reason == PORTCALL_REASON_NONE
		                          ? json_null()
		                          : json_string(portcall_reason_code(phone->reason))));
	}
	if (result)
		json_dumpf(result, out, JSON_COMPACT | JSON_REAL_PRECISION(12));
	fputc('\n', out);
	json_decref(result);
}
