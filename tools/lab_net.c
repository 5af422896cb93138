/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lab_net - network namespaces and veth pairs of the lab (ip-netns(8), veth(4)).
 *
 * `ip -batch` does all of it: one batch for namespaces and links, one for each namespace that has an
 * address.  IPv6 is switched off in each namespace before it gets an interface, so that no kernel
 * sends a frame of its own accord.  The switch's namespace has no address at all.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/lab.h"

bool lab_net_enter(struct lab *lab, const char *netns)
{
	char path[64];
	int fd = lab->home;
	bool ok;

	if (netns) {
		snprintf(path, sizeof path, "/run/netns/%s", netns);
		fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	ok = fd >= 0 && setns(fd, CLONE_NEWNET) == 0;
	if (!ok)
		lab_fail(lab, "network namespace %s cannot be entered: %s.",
		         netns ? netns : "of the lab", strerror(errno));
	if (netns && fd >= 0)
		close(fd);
	return ok;
}

static bool ipv6_off(struct lab *lab, const char *netns)
{
	static const char *const places[] = { "all", "default" };
	bool ok = lab_net_enter(lab, netns);

	for (int i = 0; ok && i < 2; i++) {
		char path[64];
		int fd;

		snprintf(path, sizeof path, "/proc/sys/net/ipv6/conf/%s/disable_ipv6", places[i]);
		fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd < 0 && errno == ENOENT)
			continue; /* a kernel without IPv6 */
		ok = fd >= 0 && write(fd, "1", 1) == 1;
		if (!ok)
			lab_fail(lab, "IPv6 cannot be switched off in %s: %s.", netns,
			         strerror(errno));
		if (fd >= 0)
			close(fd);
	}
	return lab_net_enter(lab, NULL) && ok;
}

/* Run the batch that `text` is. */
static bool batch(struct lab *lab, const char *name, const char *netns, const char *text)
{
	char file[64], path[sizeof LAB_RUN + 64];
	const char *const argv[] = { "ip", "-batch", path, NULL };

	snprintf(file, sizeof file, "net/%s.batch", name);
	snprintf(path, sizeof path, LAB_RUN "/%s", file);
	return lab_write(lab, file, 0644, "%s", text) && lab_command(lab, "ip", netns, argv);
}

static bool address(struct lab *lab, const char *netns, const char *interface, const char *cidr)
{
	char text[256];

	snprintf(text, sizeof text, "link set lo up\naddress add %s dev %s\nlink set %s up\n", cidr,
	         interface, interface);
	return batch(lab, netns, netns, text);
}

/* Each in a namespace of its own needs its own ip; they run together. */
static bool phones_up(struct lab *lab)
{
	static const char *const argv[] = { "ip", "link", "set", "eth0", "up", NULL };
	struct lab_process *ips[LAB_PHONES_MAX];

	for (unsigned i = 0; i < lab->phone_count; i++) {
		ips[i] = lab_spawn(lab, &lab->phones[i], "ip", lab->phones[i].name, NULL, argv);
		if (!ips[i])
			return false;
		ips[i]->may_end = true;
	}
	for (unsigned i = 0; i < lab->phone_count; i++)
		if (!lab_ended(lab, ips[i], 5000) || ips[i]->status || ips[i]->signal)
			return lab_fail(lab, "the interface of %s cannot be set up: %s",
			                lab->phones[i].name, ips[i]->last);
	return true;
}

bool lab_net_build(struct lab *lab)
{
	bool ours = !lab->opt.stock_authenticator;
	char *text = NULL;
	size_t size;
	FILE *out;
	bool ok = true;

	/* hostapd keeps ports and RADIUS socket in one namespace; our switch does not */
	const char *management = ours ? "mgmt" : "ports";

	out = open_memstream(&text, &size);
	if (!out)
		return lab_fail(lab, "out of memory.");
	fprintf(out, "netns add ports\nnetns add radius\n%s",
	        ours ? "netns add mgmt\nnetns add web\nnetns add dhcp\n" : "");
	for (unsigned i = 0; i < lab->phone_count; i++)
		fprintf(out, "netns add %s\n", lab->phones[i].name);
	ok = fclose(out) == 0 && batch(lab, "namespaces", NULL, text);
	free(text);
	if (!ok || !ipv6_off(lab, "ports") || !ipv6_off(lab, "radius") ||
	    (ours && (!ipv6_off(lab, "mgmt") || !ipv6_off(lab, "web") || !ipv6_off(lab, "dhcp"))))
		return false;
	for (unsigned i = 0; i < lab->phone_count; i++)
		if (!ipv6_off(lab, lab->phones[i].name))
			return false;

	out = open_memstream(&text, &size);
	if (!out)
		return lab_fail(lab, "out of memory.");
	fprintf(out, "link add r0 netns %s type veth peer name eth0 netns radius\n", management);
	if (ours)
		fprintf(out,
		        "link add u1 netns ports up type veth peer name eth0 address %s netns web\n"
		        "link add u2 netns ports up type veth peer name eth0 netns dhcp\n",
		        LAB_WEB_MAC);
	for (unsigned i = 0; i < lab->phone_count; i++)
		fprintf(out,
		        "link add %s netns ports type veth peer name eth0 address %s netns %s\n",
		        lab->phones[i].port, lab->phones[i].mac, lab->phones[i].name);
	ok = fclose(out) == 0 && batch(lab, "links", NULL, text);
	free(text);
	return ok && phones_up(lab) && address(lab, management, "r0", "10.77.1.1/30") &&
	       address(lab, "radius", "eth0", "10.77.1.2/30") &&
	       (!ours || (address(lab, "web", "eth0", LAB_WEB_IP "/24") &&
	                  address(lab, "dhcp", "eth0", "10.77.20.3/24")));
}

/* A phone's interface is always up; what comes and goes is its carrier, at the switch's end of the cable. */
bool lab_net_links(struct lab *lab, bool up)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bool ok;

	if (!out)
		return lab_fail(lab, "out of memory.");
	for (unsigned i = 0; i < lab->phone_count; i++)
		fprintf(out, "link set %s %s\n", lab->phones[i].port, up ? "up" : "down");
	ok = fclose(out) == 0 && batch(lab, up ? "plug-in" : "plug-out", "ports", text);
	free(text);
	return ok;
}
