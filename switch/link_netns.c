/* SPDX-License-Identifier: BSD-3-Clause */
#include "switch/link_netns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int link_netns_open(const char *name, char ret_why[static LINK_WHY_LEN])
{
	char path[200];
	int n, fd;

	if (!name || !*name)
		n = snprintf(path, sizeof(path), "/proc/thread-self/ns/net");
	else
		n = snprintf(path, sizeof(path), "%s%s", strchr(name, '/') ? "" : "/run/netns/",
		             name);
	if ((size_t)n >= sizeof(path)) {
		snprintf(ret_why, LINK_WHY_LEN, "The name of a network namespace is too long.");
		return -1;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		snprintf(ret_why, LINK_WHY_LEN,
		         "Cannot open the network namespace %s: %s; make it with ip netns add.",
		         path, strerror(errno));
	return fd;
}

bool link_netns_enter(int fd, char ret_why[static LINK_WHY_LEN])
{
	if (setns(fd, CLONE_NEWNET) == 0)
		return true;
	snprintf(ret_why, LINK_WHY_LEN, "Cannot enter a network namespace: %s%s.", strerror(errno),
	         errno == EPERM ? "; run portcall-switch as root" : "");
	return false;
}

bool link_netns_same(int a, int b)
{
	struct stat sa, sb;

	return fstat(a, &sa) == 0 && fstat(b, &sb) == 0 && sa.st_dev == sb.st_dev &&
	       sa.st_ino == sb.st_ino;
}
