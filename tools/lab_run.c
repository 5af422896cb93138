/* SPDX-License-Identifier: BSD-3-Clause */
/* lab_run - what the child does, in order; see lab.h. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/mac.h"
#include "tools/lab.h"

static bool make_folders(struct lab *lab)
{
	static const char *const folders[] = { "log",  "net",    "pki",     "www",
		                               "v1",   "web",    "tmp",     "dhcp",
		                               "pcap", "radius", "hostapd", "radius/tlscache" };

	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		if (!lab_folder(lab, folders[i]))
			return false;
	for (unsigned i = 0; i < lab->phone_count; i++)
		if (!lab_folder(lab, lab->phones[i].name))
			return false;
	return chmod(LAB_RUN "/radius/tlscache", 0700) == 0;
}

static bool make_phones(struct lab *lab)
{
	lab->phone_count = lab->opt.phones;
	lab->phones = calloc(lab->phone_count, sizeof *lab->phones);
	if (!lab->phones)
		return lab_fail(lab, "out of memory.");
	for (unsigned i = 0; i < lab->phone_count; i++) {
		struct lab_phone *phone = &lab->phones[i];

		phone->lab = lab;
		phone->number = i + 1;
		snprintf(phone->name, sizeof phone->name, "phone%u", i + 1);
		snprintf(phone->port, sizeof phone->port, "p%u", i + 1);
		snprintf(phone->mac, sizeof phone->mac, "02:00:00:00:01:%02x", (i + 1) & 0xff);
		if (!mac_parse(phone->mac, phone->octets))
			return lab_fail(lab, "%s is no MAC address.", phone->mac);
		snprintf(phone->control, sizeof phone->control, "/run/%s.sock", phone->name);
	}
	return true;
}

static bool set_up(struct lab *lab)
{
	static const char *const key[] = { [PKI_P256] = "P-256",
		                           [PKI_P384] = "P-384",
		                           [PKI_RSA_1024] = "RSA-1024",
		                           [PKI_RSA_2048] = "RSA-2048" };
	bool ours = !lab->opt.stock_authenticator;

	lab_heading(lab, "Set-up (seconds since start)");
	if (!lab_pki_begin(lab) || !lab_net_build(lab))
		return false;
	lab_line(lab, lab_now(), "lab", LAB_PLAIN, "namespaces",
	         "ports, radius%s and %u for phones", ours ? ", mgmt, web, dhcp" : "",
	         lab->phone_count);
	if (!lab_pki_finish(lab))
		return false;
	lab_line(lab, lab_now(), "lab", LAB_PLAIN, "certificates",
	         "a CA; RADIUS, HTTPS and %u for phones (%s)", lab->phone_count, key[lab->opt.key]);
	if (!lab_inventory(lab) || !lab_servers_start(lab) || !lab_phones_prepare(lab))
		return false;
	if (!lab_wait(lab, lab_servers_ready, 10000))
		return lab_fail(lab, "not all servers were ready within 10 s.");
	lab_line(lab, lab_now(), "lab", LAB_PLAIN, "servers", "ready: %s%s",
	         lab->radius ? "freeradius, " : "(no freeradius) ",
	         ours ? "nginx, dnsmasq, portcall-switch" : "hostapd");
	return true;
}

static bool phone_failed(const struct lab_phone *phone)
{
	return phone->reason != PORTCALL_REASON_NONE &&
	       portcall_reason_severity(phone->reason) == PORTCALL_ERROR;
}

static bool phone_done(const struct lab *lab, const struct lab_phone *phone)
{
	const struct lab_case *fault = lab->opt.fault;

	if (fault)
		return phone->granted_t || (phone->said[LAB_PHONE][fault->phone] &&
		                            phone->said[LAB_SWITCH][fault->port] &&
		                            (fault->radius == PORTCALL_REASON_NONE ||
		                             phone->said[LAB_RADIUS][fault->radius]));
	if (phone->gave_up || phone_failed(phone))
		return true;
	if (lab->opt.stock_authenticator)
		return phone->authorized && phone->granted_t;
	return phone->provisioned && phone->served_device && lab->served_system >= lab->phone_count;
}

static bool all_done(struct lab *lab)
{
	for (unsigned i = 0; i < lab->phone_count; i++)
		if (!phone_done(lab, &lab->phones[i]))
			return false;
	return true;
}

/* A phone that failed, and its switch, have both said so. */
static bool all_told(struct lab *lab)
{
	for (unsigned i = 0; i < lab->phone_count; i++) {
		const struct lab_phone *phone = &lab->phones[i];

		if (phone_failed(phone) && !phone->authorized && !phone->closed)
			return false;
	}
	return true;
}

static bool phones_ready(struct lab *lab)
{
	for (unsigned i = 0; i < lab->phone_count; i++)
		if (!lab->phones[i].ready)
			return false;
	return true;
}

/* Link-up: with hostapd nobody but the lab sees it. */
static bool plug_in(struct lab *lab)
{
	lab_heading(lab, "From link-up (seconds since then)");
	lab_timeline_hold(lab, true);
	lab->plugged = true;
	if (lab->opt.stock_authenticator) {
		double t = lab_now();

		lab_timeline_zero(lab, t);
		for (unsigned i = 0; i < lab->phone_count; i++)
			lab->phones[i].link_t = t;
		lab_timeline_hold(lab, false);
	}
	return lab_net_links(lab, true);
}

/* With hostapd: captures are opened on ports that are up. */
static bool watch_ports(struct lab *lab)
{
	return lab_net_links(lab, true) && lab_capture_open(lab) && lab_net_links(lab, false);
}

static bool take_phones_up(struct lab *lab)
{
	if (lab->opt.stock_authenticator ? !watch_ports(lab) : !lab_probe(lab))
		return false;
	if (!lab->opt.stock_supplicant &&
	    (!lab_phones_start(lab) || !lab_wait(lab, phones_ready, 10000)))
		return lab_fail(lab, "not all phones were ready within 10 s.");
	if (!plug_in(lab) || (lab->opt.stock_supplicant && !lab_supplicants_start(lab)))
		return false;
	if (!lab_wait(lab, all_done, LAB_LIMIT_MS) && !*lab->why)
		lab_line(lab, lab_now(), "lab", LAB_BAD, "timeout",
		         "not all that was expected came within %d s", LAB_LIMIT_MS / 1000);
	if (!lab->opt.stock_authenticator)
		lab_wait(lab, all_told, 1000);
	return !*lab->why;
}

/* What a person needs to run other tools inside. */
static void keep_up(struct lab *lab, pid_t outer, int report, int status)
{
	unsigned char octet = (unsigned char)status;
	const char *user = lab->opt.user_namespace ? " --user --preserve-credentials" : "";
	FILE *out = stdout;

	lab_write(lab, "env", 0644,
	          "# Source this:  . %s/env\n"
	          "#   lab COMMAND...       runs it inside the lab, e.g. lab portcall switch show\n"
	          "#   lab_in NS COMMAND... runs it in a network namespace of the lab, e.g. lab_in "
	          "phone1 ip addr\n"
	          "PORTCALL_LAB_PID=%d\n"
	          "PORTCALL_LAB_DIR='%s'\n"
	          "lab() { nsenter --target \"$PORTCALL_LAB_PID\" --root --wd --mount --pid "
	          "--net%s env "
	          "PATH=\"" LAB_BIN ":$PATH\" \"$@\"; }\n"
	          "lab_in() { lab_ns=$1; shift; lab ip netns exec \"$lab_ns\" \"$@\"; }\n",
	          lab->opt.run, (int)outer, lab->opt.run, user);
	fprintf(out, "The lab stays up until Ctrl-C.\n  namespaces   ports radius%s",
	        lab->opt.stock_authenticator ? "" : " mgmt web dhcp");
	for (unsigned i = 0; i < lab->phone_count; i++)
		fprintf(out, " %s", lab->phones[i].name);
	fprintf(out, "\n  files        %s\n  environment  . %s/env\n", lab->opt.run, lab->opt.run);
	if (!lab->opt.stock_authenticator)
		fputs("               lab portcall switch show\n", out);
	if (!lab->opt.stock_supplicant)
		fputs("               lab portcall phone status --control /run/phone1.sock\n", out);
	fputs("               lab_in phone1 ip addr\n", out);
	fflush(out);
	if (write(report, &octet, 1) == 1)
		uv_run(&lab->loop, UV_RUN_DEFAULT);
}

static bool open_lab(struct lab *lab)
{
	if (uv_loop_init(&lab->loop) < 0)
		return false;
	uv_timer_init(&lab->loop, &lab->timer);
	uv_timer_init(&lab->loop, &lab->poll);
	lab->timeline = lab_timeline_new(&lab->loop, stdout);
	return lab->timeline;
}

/* Exit status of a lab that ran. */
static int prove(struct lab *lab)
{
	lab_timeline_flush(lab);
	lab_proof_read(lab);
	lab->passed = lab->opt.fault ? lab_proof_case(lab) : lab_proof_main(lab);
	if (*lab->opt.pcap)
		printf("Captures: %s\n", lab->opt.pcap);
	printf("Result: %s\n", lab->passed ? "pass" : "fail");
	if (!lab->passed && !*lab->opt.run)
		fputs("All logs are kept with --run-dir DIR.\n", stdout);
	if (lab->opt.json)
		lab_proof_json(lab, stdout);
	fflush(stdout);
	return lab->passed ? 0 : 1;
}

static void close_handle(uv_handle_t *handle, void *ctx)
{
	(void)ctx;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

static void close_lab(struct lab *lab)
{
	uv_walk(&lab->loop, close_handle, NULL);
	uv_run(&lab->loop, UV_RUN_DEFAULT);
	uv_loop_close(&lab->loop);
	for (unsigned i = 0; i < lab->phone_count; i++) {
		lab_watch_free(lab->phones[i].watch);
		lab_capture_free(lab->phones[i].capture);
	}
	lab_watch_free(lab->switch_watch);
	lab_processes_free(lab);
	lab_pki_free(lab);
	lab_timeline_free(lab->timeline);
	free(lab->phones);
	close(lab->home);
}

/* 0 proved, 1 not, 2 no lab could be set up. */
static int run_lab(struct lab *lab, pid_t outer, int report)
{
	int status = 2;

	if (make_phones(lab) && make_folders(lab) && set_up(lab)) {
		status = 1;
		if (take_phones_up(lab)) {
			status = prove(lab);
			if (lab->opt.keep)
				keep_up(lab, outer, report, status);
			return status;
		}
	}
	lab_timeline_flush(lab);
	fprintf(stderr, "portcall lab: %s\n", lab->why);
	if (status == 1 && lab->opt.json)
		lab_proof_json(lab, stdout);
	return status;
}

int lab_child(const struct lab_options *options, int lifeline, int report)
{
	pid_t outer = lab_sandbox_outer_pid();
	struct lab lab = {
		.opt = *options,
		.change = options->fault ? options->fault->change : LAB_NO_CHANGE,
	};
	int status = 2;

	if (!open_lab(&lab) || !lab_sandbox_enter(&lab, lifeline))
		fprintf(stderr, "portcall lab: %s\n",
		        *lab.why ? lab.why : "the event loop cannot be started.");
	else
		status = run_lab(&lab, outer, report);
	if (lab.timeline)
		close_lab(&lab);
	return status;
}
