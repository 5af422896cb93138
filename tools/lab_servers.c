/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lab_servers - configurations, and starting what runs in the lab.
 *
 * All run in the foreground and say on standard output or error when they are ready; the line
 * functions of lab_observe.c set `ready`.
 */
#include <stdlib.h>
#include <string.h>

#include "tools/lab.h"

static const char *tls_min(const struct lab *lab)
{
	return lab->opt.tls == 13 ? "1.3" : "1.2";
}

static const char *tls_max(const struct lab *lab)
{
	return lab->opt.tls == 12 ? "1.2" : "1.3";
}

/* Secrets of the run: from the kernel, as text. */
static bool make_secret(struct lab *lab, char ret_secret[static 33])
{
	unsigned char octets[16];
	FILE *in = fopen("/dev/urandom", "re");
	bool ok = in && fread(octets, 1, sizeof octets, in) == sizeof octets;

	if (in)
		fclose(in);
	for (size_t i = 0; i < sizeof octets; i++)
		snprintf(ret_secret + 2 * i, 3, "%02x", octets[i]);
	return ok ? true : lab_fail(lab, "/dev/urandom cannot be read.");
}

/* --- RADIUS ------------------------------------------------------------------------------------- */

static bool start_radius(struct lab *lab)
{
	const struct lab_variable variables[] = {
		{ "TLS_MIN", tls_min(lab) },
		{ "TLS_MAX", tls_max(lab) },
		{ "CIPHERS", lab->opt.optipoint ? "DEFAULT:@SECLEVEL=0"
		                                : "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:!aNULL" },
		{ NULL, NULL },
	};
	const char *const argv[] = { "env",
		                     lab->opt.optipoint ? "OPENSSL_CONF=" LAB_CONFIGS
		                                          "/lab/openssl-optipoint.cnf"
		                                        : "OPENSSL_CONF=/etc/ssl/openssl.cnf",
		                     "freeradius",
		                     "-f",
		                     "-l",
		                     "stdout",
		                     "-d",
		                     LAB_RUN "/radius",
		                     NULL };

	if (!lab_install(lab, "lab/radiusd.conf", "radius/radiusd.conf", variables) ||
	    !lab_install(lab, "freeradius/dictionary", "radius/dictionary", NULL) ||
	    !lab_install(lab, "freeradius/dictionary.portcall", "radius/dictionary.portcall", NULL))
		return false;
	lab->radius = lab_spawn(lab, NULL, "freeradius", "radius", lab_observe_radius, argv);
	return lab->radius;
}

bool lab_inventory(struct lab *lab)
{
	static const char *const argv[] = { LAB_BIN "/portcall",
		                            "inventory",
		                            "build",
		                            "--tree",
		                            LAB_RUN "/www",
		                            "--passphrase-file",
		                            LAB_RUN "/passphrase",
		                            "--role",
		                            "voice=20",
		                            "--output",
		                            LAB_RUN "/inventory.json",
		                            NULL };

	return lab_write(lab, "passphrase", 0600, "%s\n", LAB_PASSPHRASE) &&
	       lab_command(lab, "inventory", NULL, argv);
}

/* --- web and DHCP -------------------------------------------------------------------------------- */

static bool start_web(struct lab *lab)
{
	static const char *const argv[] = { "nginx",
		                            "-e",
		                            "stderr",
		                            "-p",
		                            LAB_RUN "/",
		                            "-c",
		                            "web/nginx.conf",
		                            "-g",
		                            "daemon off; user root;",
		                            NULL };

	if (!lab_install(lab, "nginx/nginx.conf", "web/nginx.conf", NULL) ||
	    !lab_install(lab, lab->opt.optipoint ? "nginx/optipoint.conf" : "nginx/modern.conf",
	                 "web/profile.conf", NULL))
		return false;
	lab->web = lab_spawn(lab, NULL, "nginx", "web", lab_observe_web, argv);
	return lab->web;
}

static bool start_dhcp(struct lab *lab)
{
	static const char *const argv[] = { "dnsmasq",
		                            "--no-daemon",
		                            "--conf-file=" LAB_CONFIGS "/dnsmasq/dnsmasq.conf",
		                            "--dhcp-leasefile=" LAB_RUN "/dhcp/leases",
		                            "--pid-file=" LAB_RUN "/dhcp/dnsmasq.pid",
		                            "--log-facility=-",
		                            NULL };

	lab->dhcp = lab_spawn(lab, NULL, "dnsmasq", "dhcp", lab_observe_dhcp, argv);
	return lab->dhcp;
}

/* --- switch --------------------------------------------------------------------------------------- */

static bool start_switch(struct lab *lab)
{
	static const char *const argv[] = { LAB_BIN "/portcall-switch", "--config",
		                            LAB_RUN "/switch.conf", NULL };

	if (!lab_install(lab, "lab/switch.conf", "switch.conf", NULL))
		return false;
	for (unsigned i = 0; i < lab->phone_count; i++) {
		const struct lab_variable variables[] = { { "PORT", lab->phones[i].port },
			                                  { NULL, NULL } };

		if (!lab_append(lab, "lab/switch-port.conf", "switch.conf", variables))
			return false;
	}
	lab->sw = lab_spawn(lab, NULL, "portcall-switch", NULL, lab_observe_switch_log, argv);
	return lab->sw;
}

static bool start_hostapd(struct lab *lab, struct lab_phone *phone, const char *secret)
{
	const struct lab_variable variables[] = { { "PORT", phone->port },
		                                  { "SECRET", secret },
		                                  { NULL, NULL } };
	char file[64], path[sizeof LAB_RUN + 64];
	const char *const argv[] = { "hostapd", path, NULL };

	snprintf(file, sizeof file, "hostapd/%s.conf", phone->port);
	snprintf(path, sizeof path, LAB_RUN "/%s", file);
	if (!lab_install(lab, "lab/hostapd.conf", file, variables))
		return false;
	phone->authenticator =
		lab_spawn(lab, phone, "hostapd", "ports", lab_observe_authenticator, argv);
	return phone->authenticator;
}

/* --- all ------------------------------------------------------------------------------------------ */

bool lab_servers_start(struct lab *lab)
{
	char secret[33];

	if (!make_secret(lab, secret) || !lab_write(lab, "radius/secret", 0600, "%s\n", secret) ||
	    !lab_write(lab, "radius/secret.conf", 0600, "secret = %s\n", secret))
		return false;
	if (lab->change != LAB_RADIUS_DOWN && !start_radius(lab))
		return false;
	for (unsigned i = 0; lab->opt.stock_authenticator && i < lab->phone_count; i++)
		if (!start_hostapd(lab, &lab->phones[i], secret))
			return false;
	return lab->opt.stock_authenticator ||
	       (start_web(lab) && start_dhcp(lab) && start_switch(lab));
}

static bool is_ready(const struct lab_process *p)
{
	return !p || (p->ready && !p->ended);
}

bool lab_servers_ready(struct lab *lab)
{
	for (unsigned i = 0; i < lab->phone_count; i++)
		if (!is_ready(lab->phones[i].authenticator))
			return false;
	return is_ready(lab->radius) && is_ready(lab->web) && is_ready(lab->dhcp) &&
	       is_ready(lab->sw);
}

bool lab_servers_alive(struct lab *lab)
{
	for (const struct lab_process *p = lab->processes; p; p = p->next)
		if (p->ended && !p->may_end)
			return false;
	return true;
}

/* --- phones ---------------------------------------------------------------------------------------- */

static bool phone_files(struct lab *lab, struct lab_phone *phone)
{
	bool full = lab->change == LAB_SERVER_NAME;
	const struct lab_variable variables[] = {
		{ "NAME", phone->name },
		{ "PROFILE", lab->opt.optipoint ? "optipoint" : "modern" },
		{ "VERIFY", full ? "full" : "trusted" },
		{ "SERVER_NAME", full ? "radius-server-name = \"radius.other.example\"" : "" },
		{ "TLS_MIN", tls_min(lab) },
		{ "TLS_MAX", tls_max(lab) },
		{ "PASSPHRASE", LAB_PASSPHRASE },
		{ "PHASE1", lab->opt.tls == 12   ? "tls_disable_tlsv1_3=1"
		            : lab->opt.tls == 13 ? "tls_disable_tlsv1_0=1 tls_disable_tlsv1_1=1 "
		                                   "tls_disable_tlsv1_2=1 tls_disable_tlsv1_3=0"
		                                 : "tls_disable_tlsv1_3=0" },
		{ NULL, NULL },
	};
	char file[64];

	snprintf(file, sizeof file, "%s/passphrase", phone->name);
	if (!lab_write(lab, file, 0600, "%s\n",
	               lab->change == LAB_WRONG_PASSPHRASE ? "not the pass phrase"
	                                                   : LAB_PASSPHRASE))
		return false;
	snprintf(file, sizeof file, "%s/phone.conf", phone->name);
	if (!lab_install(lab, "lab/phone.conf", file, variables))
		return false;
	snprintf(file, sizeof file, "%s/wpa_supplicant.conf", phone->name);
	return !lab->opt.stock_supplicant ||
	       (lab_write(lab, file, 0600, "%s", "") &&
	        lab_install(lab, "lab/wpa_supplicant.conf", file, variables));
}

/* Version 1 into the phone's store.  With bad-xml the phone must refuse it. */
static bool import(struct lab *lab, struct lab_phone *phone)
{
	char conf[sizeof LAB_RUN + 64], device[sizeof LAB_RUN + 64];
	const char *const argv[] = { LAB_BIN "/portcall-phone",       "--config", conf, "--import",
		                     LAB_RUN "/v1/op420adv_conf.xml", device,     NULL };

	snprintf(conf, sizeof conf, LAB_RUN "/%s/phone.conf", phone->name);
	snprintf(device, sizeof device, LAB_RUN "/v1/op420adv_conf0200000001%02X.xml",
	         phone->number);
	phone->daemon = lab_spawn(lab, phone, "import", NULL, lab_observe_import, argv);
	if (phone->daemon)
		phone->daemon->may_end = true;
	return phone->daemon;
}

bool lab_phones_prepare(struct lab *lab)
{
	for (unsigned i = 0; i < lab->phone_count; i++)
		if (!phone_files(lab, &lab->phones[i]) || !import(lab, &lab->phones[i]))
			return false;
	for (unsigned i = 0; i < lab->phone_count; i++) {
		struct lab_phone *phone = &lab->phones[i];
		const struct lab_process *p = phone->daemon;

		if (!lab_ended(lab, phone->daemon, 10000))
			return lab_fail(lab, "%s did not end within 10 s.", p->name);
		if ((p->status || p->signal) && lab->change != LAB_BAD_XML)
			return lab_fail(lab, "%s failed: %s", p->name, p->last);
		phone->daemon = NULL;
	}
	return true;
}

bool lab_phone_start(struct lab_phone *phone)
{
	struct lab *lab = phone->lab;
	char conf[sizeof LAB_RUN + 64];
	const char *const argv[] = { LAB_BIN "/portcall-phone", "--config", conf,
		                     lab->opt.stock_supplicant ? "--no-dot1x" : NULL, NULL };

	snprintf(conf, sizeof conf, LAB_RUN "/%s/phone.conf", phone->name);
	phone->daemon =
		lab_spawn(lab, phone, "portcall-phone", phone->name, lab_observe_phone_log, argv);
	return phone->daemon;
}

bool lab_phones_start(struct lab *lab)
{
	for (unsigned i = 0; i < lab->phone_count; i++)
		if (!lab_phone_start(&lab->phones[i]))
			return false;
	return true;
}

bool lab_supplicants_start(struct lab *lab)
{
	for (unsigned i = 0; i < lab->phone_count; i++) {
		struct lab_phone *phone = &lab->phones[i];
		char conf[sizeof LAB_RUN + 64];
		const char *const argv[] = { "wpa_supplicant", "-D", "wired", "-i",
			                     "eth0",           "-c", conf,    NULL };

		snprintf(conf, sizeof conf, LAB_RUN "/%s/wpa_supplicant.conf", phone->name);
		phone->stock = lab_spawn(lab, phone, "wpa_supplicant", phone->name,
		                         lab_observe_supplicant, argv);
		if (!phone->stock)
			return false;
	}
	return true;
}
