/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lab_sandbox - namespaces and mounts of the lab's child (clone(2), mount_namespaces(7)).
 *
 * New: mounts, process ids, network, and user ids when not root.  /proc shows the lab's processes
 * only, /run is empty and private.  What lies outside and is needed inside is opened before /run is
 * covered and bound below it, so paths are short and the same in each lab.  No mount of the lab is
 * seen outside, also when it runs in a chroot.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tools/lab.h"

static bool put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return ok;
}

pid_t lab_sandbox_fork(char ret_why[static LAB_WHY])
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	long flags =
		CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | SIGCHLD | (uid ? CLONE_NEWUSER : 0);
	pid_t child = (pid_t)syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
	char map[64];

	if (child < 0)
		snprintf(ret_why, LAB_WHY, "namespaces cannot be made (%s); run as root%s.",
		         strerror(errno),
		         uid ? ", or let the kernel give user namespaces to everybody" : "");
	if (child != 0 || uid == 0)
		return child;
	put("/proc/self/setgroups", "deny");
	snprintf(map, sizeof map, "0 %u 1", gid);
	put("/proc/self/gid_map", map);
	snprintf(map, sizeof map, "0 %u 1", uid);
	put("/proc/self/uid_map", map);
	return 0;
}

pid_t lab_sandbox_outer_pid(void)
{
	char text[32] = "";

	return readlink("/proc/self", text, sizeof text - 1) > 0 ? (pid_t)atoi(text) : 0;
}

/* Bind the folder behind `fd` at `place`. */
static bool bind_folder(struct lab *lab, int fd, const char *place)
{
	char source[64];

	snprintf(source, sizeof source, "/proc/self/fd/%d", fd);
	if (mkdir(place, 0755) < 0 && errno != EEXIST)
		return lab_fail(lab, "%s cannot be made: %s.", place, strerror(errno));
	if (mount(source, place, NULL, MS_BIND, NULL) < 0)
		return lab_fail(lab, "%s cannot be bound: %s.", place, strerror(errno));
	close(fd);
	return true;
}

/* Die with the parent, also when it is gone already. */
static bool tie(int lifeline)
{
	struct pollfd poll_parent = { .fd = lifeline, .events = POLLIN };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	return poll(&poll_parent, 1, 0) == 0;
}

/* The root folder of a chroot is no mount point and takes no MS_PRIVATE: a copy of the tree, hung
 * over a /proc that is private already, becomes the root. */
static bool chroot_to_mount(void)
{
	return mount(NULL, "/proc", NULL, MS_PRIVATE, NULL) == 0 &&
	       mount("/", "/proc", NULL, MS_BIND | MS_REC, NULL) == 0 && chdir("/proc") == 0 &&
	       chroot(".") == 0;
}

static bool make_mounts_private(void)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0)
		return true;
	return errno == EINVAL && chroot_to_mount() &&
	       mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

bool lab_sandbox_enter(struct lab *lab, int lifeline)
{
	struct {
		const char *outside, *inside;
		int fd;
	} folders[] = {
		{ lab->opt.bin, LAB_BIN, -1 },          { lab->opt.lib, LAB_LIB, -1 },
		{ lab->opt.configs, LAB_CONFIGS, -1 },  { lab->opt.run, LAB_RUN, -1 },
		{ lab->opt.pcap, LAB_RUN "/pcap", -1 },
	};
	size_t n = sizeof folders / sizeof *folders;
	struct rlimit files;
	char path[LAB_PATH];

	/* each process that is followed takes two descriptors */
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	/* an ordinary user's PATH may lack the servers' folders */
	snprintf(path, sizeof path, "%s:/usr/sbin:/sbin",
	         getenv("PATH") ? getenv("PATH") : "/usr/bin:/bin");
	setenv("PATH", path, 1);
	setsid(); /* Ctrl-C is the parent's */
	if (!tie(lifeline))
		return false;
	if (!make_mounts_private())
		return lab_fail(lab, "the mounts cannot be made private: %s.", strerror(errno));
	for (size_t i = 0; i < n; i++) {
		if (!*folders[i].outside)
			continue;
		folders[i].fd = open(folders[i].outside, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (folders[i].fd < 0)
			return lab_fail(lab, "%s cannot be opened: %s.", folders[i].outside,
			                strerror(errno));
	}
	if (mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755") < 0)
		return lab_fail(lab, "a private /run cannot be mounted: %s.", strerror(errno));
	if (mkdir("/run/portcall", 0755) < 0 || mkdir("/run/netns", 0755) < 0 ||
	    mkdir(LAB_RUN, 0755) < 0)
		return lab_fail(lab, "/run cannot be filled: %s.", strerror(errno));
	for (size_t i = 0; i < n; i++)
		if (folders[i].fd >= 0 && !bind_folder(lab, folders[i].fd, folders[i].inside))
			return false;
	if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		return lab_fail(lab, "a private /proc cannot be mounted: %s.", strerror(errno));
	lab->home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (lab->home < 0 || chdir(LAB_RUN) < 0)
		return lab_fail(lab, "the sandbox cannot be entered: %s.", strerror(errno));
	return true;
}
