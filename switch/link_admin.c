/* SPDX-License-Identifier: BSD-3-Clause */
#include "switch/link_admin.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

int link_admin_open(char ret_why[static LINK_WHY_LEN])
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		snprintf(ret_why, LINK_WHY_LEN, "Cannot open a socket for the ports: %s.",
		         strerror(errno));
	return fd;
}

bool link_admin_set(int fd, const char *interface, bool up)
{
	struct ifreq request = { 0 };

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	if (ioctl(fd, SIOCGIFFLAGS, &request) < 0)
		return false;
	if (up)
		request.ifr_flags = (short)(request.ifr_flags | IFF_UP);
	else
		request.ifr_flags = (short)(request.ifr_flags & ~IFF_UP);
	return ioctl(fd, SIOCSIFFLAGS, &request) == 0;
}
