/* SPDX-License-Identifier: BSD-3-Clause */
/* lab - the command: options, the child in its sandbox, signals, exit status. */
#include "tools/lab.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/commands.h"

enum { SETUP_FAILED = 2 };

static int usage(FILE *out, int status)
{
	fputs("usage: portcall lab [OPTIONS]\n\n"
	      "Takes phones from link-up to provisioned through a port that EAP-TLS opens, with\n"
	      "real servers in network namespaces of their own, and proves it from the frames.\n\n"
	      "  --phones N               how many phones (1)\n"
	      "  --tls 1.2|1.3            the only TLS version of EAP-TLS (both are allowed)\n"
	      "  --key rsa2048|p256       of all certificates (rsa2048)\n"
	      "  --profile modern|optipoint\n"
	      "                           what phones and HTTPS server may use (modern)\n"
	      "  --pcap DIR               keep the captures of all switch ports in DIR: p1 and up\n"
	      "                           are the phones', u1 the HTTPS server's, u2 DHCP's\n"
	      "  --run-dir DIR            keep all files of the lab in DIR: logs, configurations,\n"
	      "                           certificates, captures\n"
	      "  --keep                   stay up after the proof, until Ctrl-C\n"
	      "  --supplicant wpa_supplicant\n"
	      "                           stock supplicant; portcall-phone does the rest\n"
	      "  --authenticator hostapd  stock authenticator; it has no data plane, so no HTTPS\n"
	      "  --case NAME              one failure: the port must stay closed, all must say "
	      "why\n"
	      "  --json                   the last line is the result as JSON\n"
	      "  --help                   print this\n\n"
	      "Cases:\n",
	      out);
	lab_case_list(out);
	fputs("\nExit status: 0 all of it was observed, 1 not, 2 wrong usage or no lab could be "
	      "set up.\n",
	      out);
	return status;
}

/* The position of `text` among the words, or -1 after saying what is allowed. */
static int choose(const char *option, const char *text, const char *const words[])
{
	char list[128] = "";

	for (int i = 0; words[i]; i++) {
		if (strcmp(text, words[i]) == 0)
			return i;
		snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", i ? " or " : "",
		         words[i]);
	}
	fprintf(stderr, "portcall lab: --%s is %s, not \"%s\".\n", option, list, text);
	return -1;
}

static bool folder(const char *option, const char *path, char ret[static LAB_PATH])
{
	char *real;

	if (mkdir(path, 0755) < 0 && errno != EEXIST) {
		fprintf(stderr, "portcall lab: --%s %s cannot be made: %s.\n", option, path,
		        strerror(errno));
		return false;
	}
	real = realpath(path, NULL);
	if (!real || access(real, W_OK | X_OK) < 0 || strlen(real) >= LAB_PATH) {
		fprintf(stderr, "portcall lab: --%s %s is not a folder that can be written.\n",
		        option, path);
		free(real);
		return false;
	}
	strcpy(ret, real);
	free(real);
	return true;
}

static bool set_option(struct lab_options *o, const char *name, const char *value)
{
	static const char *const tls[] = { "1.2", "1.3", NULL };
	static const char *const keys[] = { "rsa2048", "p256", NULL };
	static const char *const profiles[] = { "modern", "optipoint", NULL };
	static const char *const supplicants[] = { "portcall-phone", "wpa_supplicant", NULL };
	static const char *const authenticators[] = { "portcall-switch", "hostapd", NULL };
	char *end;
	int i;

	if (strcmp(name, "phones") == 0) {
		unsigned long n = strtoul(value, &end, 10);

		if (*value < '0' || *value > '9' || *end || n < 1 || n > LAB_PHONES_MAX) {
			fprintf(stderr,
			        "portcall lab: --phones is a number from 1 to %d, not \"%s\".\n",
			        LAB_PHONES_MAX, value);
			return false;
		}
		o->phones = (unsigned)n;
		return true;
	}
	if (strcmp(name, "case") == 0) {
		o->fault = lab_case_find(value);
		if (!o->fault)
			fprintf(stderr,
			        "portcall lab: there is no case \"%s\"; --help lists them.\n",
			        value);
		return o->fault;
	}
	if (strcmp(name, "pcap") == 0)
		return folder(name, value, o->pcap);
	if (strcmp(name, "run-dir") == 0)
		return folder(name, value, o->run);
	if (strcmp(name, "tls") == 0 && (i = choose(name, value, tls)) >= 0)
		o->tls = i ? 13 : 12;
	else if (strcmp(name, "key") == 0 && (i = choose(name, value, keys)) >= 0)
		o->key = i ? PKI_P256 : PKI_RSA_2048;
	else if (strcmp(name, "profile") == 0 && (i = choose(name, value, profiles)) >= 0)
		o->optipoint = i;
	else if (strcmp(name, "supplicant") == 0 && (i = choose(name, value, supplicants)) >= 0)
		o->stock_supplicant = i;
	else if (strcmp(name, "authenticator") == 0 &&
	         (i = choose(name, value, authenticators)) >= 0)
		o->stock_authenticator = i;
	else
		return false;
	return true;
}

/* -1: go on; else the exit status. */
static int read_options(struct lab_options *o, int argc, char **argv)
{
	static const struct option options[] = {
		{ "phones", required_argument, NULL, 'v' },
		{ "tls", required_argument, NULL, 'v' },
		{ "key", required_argument, NULL, 'v' },
		{ "profile", required_argument, NULL, 'v' },
		{ "pcap", required_argument, NULL, 'v' },
		{ "run-dir", required_argument, NULL, 'v' },
		{ "supplicant", required_argument, NULL, 'v' },
		{ "authenticator", required_argument, NULL, 'v' },
		{ "case", required_argument, NULL, 'v' },
		{ "keep", no_argument, NULL, 'k' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c, which;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":", options, &which)) != -1) {
		if (c == 'h')
			return usage(stdout, 0);
		if (c == 'k') {
			o->keep = true;
		} else if (c == 'j') {
			o->json = true;
		} else if (c == ':') {
			fprintf(stderr,
			        "portcall lab: %s needs a value; --help lists the options.\n",
			        argv[optind - 1]);
			return SETUP_FAILED;
		} else if (c != 'v') {
			const char *word = argv[optind - 1];

			/* optopt: of an option that was given a value */
			if (strncmp(word, "--", 2) == 0 && optopt)
				fprintf(stderr, "portcall lab: %s: it takes no value.\n", word);
			else
				fprintf(stderr,
				        "portcall lab: there is no option %s; --help lists them.\n",
				        word);
			return SETUP_FAILED;
		} else if (!set_option(o, options[which].name, optarg)) {
			return SETUP_FAILED;
		}
	}
	if (optind < argc) {
		fprintf(stderr,
		        "portcall lab: \"%s\" is one argument too many; --help lists the "
		        "options.\n",
		        argv[optind]);
		return SETUP_FAILED;
	}
	if (o->fault && (o->stock_supplicant || o->stock_authenticator)) {
		fputs("portcall lab: --case is for our own phone and switch; leave --supplicant "
		      "and "
		      "--authenticator out.\n",
		      stderr);
		return SETUP_FAILED;
	}
	return -1;
}

/* The first of the folders, named from `base`, that holds `file`. */
static bool locate(const char *base, const char *const places[], const char *file,
                   char ret[static LAB_PATH])
{
	char path[2 * LAB_PATH];

	for (int i = 0; places[i]; i++) {
		snprintf(path, sizeof path, "%s/%s/%s", base, places[i], file);
		if (access(path, R_OK) == 0 &&
		    snprintf(ret, LAB_PATH, "%s/%s", base, places[i]) < LAB_PATH)
			return true;
	}
	fprintf(stderr,
	        "portcall lab: %s was not found near %s; build everything with make, or install "
	        "it.\n",
	        file, base);
	return false;
}

/* Programs stand beside this one, module and configurations where build and installation put them. */
static bool find_parts(struct lab_options *o)
{
	static const char *const bin[] = { ".", NULL };
	static const char *const lib[] = { "../lib", "../lib/portcall", "../lib/freeradius", NULL };
	static const char *const configs[] = { "../../configs", "../../../configs",
		                               "../share/portcall", "../share/portcall/configs",
		                               NULL };
	char exe[LAB_PATH];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);

	if (n <= 0)
		return false;
	exe[n] = '\0';
	*strrchr(exe, '/') = '\0';
	return (o->stock_authenticator || locate(exe, bin, "portcall-switch", o->bin)) &&
	       locate(exe, bin, "portcall", o->bin) &&
	       locate(exe, configs, "lab/switch.conf", o->configs) &&
	       locate(exe, lib, "rlm_portcall.so", o->lib);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	return at->level ? remove(path) : 0;
}

/* A folder that was given is empty, or a lab's run folder (it has the mark): then the old files go. */
static bool claim_run_folder(const char *path)
{
	char mark[LAB_PATH + 32];
	bool ours, empty = true;
	DIR *dir = opendir(path);
	const struct dirent *entry;
	FILE *out;

	while (dir && (entry = readdir(dir)))
		empty = empty &&
		        (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0);
	if (dir)
		closedir(dir);
	snprintf(mark, sizeof mark, "%s/.portcall-lab", path);
	ours = access(mark, F_OK) == 0;
	if (!empty && (!ours || nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) < 0)) {
		fprintf(stderr,
		        "portcall lab: --run-dir %s holds other files; name a new or empty "
		        "folder.\n",
		        path);
		return false;
	}
	out = fopen(mark, "we");
	return out && fclose(out) == 0;
}

/* A run folder of its own where one is kept; else the files live in the sandbox's memory. */
static bool make_run_folder(struct lab_options *o)
{
	const char *tmp = getenv("TMPDIR");

	if (*o->run)
		return claim_run_folder(o->run);
	if (!o->keep)
		return true;
	snprintf(o->run, sizeof o->run, "%s/portcall-lab.XXXXXX",
	         tmp && *tmp == '/' ? tmp : "/tmp");
	if (mkdtemp(o->run))
		return true;
	fprintf(stderr, "portcall lab: %s cannot be made: %s.\n", o->run, strerror(errno));
	return false;
}

/* Until the child ends or somebody interrupts.  `report`: one octet once the result is known (--keep). */
static int wait_for(pid_t child, int report, const sigset_t *signals)
{
	unsigned char result;
	int status = 0, caught;

	for (;;) {
		caught = sigwaitinfo(signals, NULL);
		if (caught < 0)
			continue;
		if (caught == SIGCHLD && waitpid(child, &status, WNOHANG) != child)
			continue;
		break;
	}
	if (caught == SIGCHLD && WIFEXITED(status))
		return WEXITSTATUS(status);
	if (caught == SIGCHLD) {
		fprintf(stderr, "portcall lab: the lab's process ended by signal %d.\n",
		        WTERMSIG(status));
		return SETUP_FAILED;
	}
	kill(child, SIGKILL); /* process 1 of its namespace: everything in it ends with it */
	waitpid(child, &status, 0);
	if (read(report, &result, 1) == 1)
		return result;
	fputs("\nportcall lab: interrupted; everything that ran in the lab has ended.\n", stderr);
	signal(caught, SIG_DFL);
	sigprocmask(SIG_UNBLOCK, signals, NULL);
	raise(caught);
	return 1;
}

int cmd_lab(int argc, char **argv)
{
	struct lab_options options = { .phones = 1,
		                       .key = PKI_RSA_2048,
		                       .user_namespace = geteuid() != 0 };
	int status = read_options(&options, argc, argv);
	int lifeline[2], report[2];
	char why[LAB_WHY];
	sigset_t signals, before;
	pid_t child;

	if (status >= 0)
		return status;
	if (!find_parts(&options) || !make_run_folder(&options))
		return SETUP_FAILED;
	if (pipe(lifeline) < 0 || pipe(report) < 0)
		return SETUP_FAILED;
	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, &before);
	fflush(NULL);
	child = lab_sandbox_fork(why);
	if (child < 0) {
		fprintf(stderr, "portcall lab: %s\n", why);
		return SETUP_FAILED;
	}
	if (child == 0) {
		sigprocmask(SIG_SETMASK, &before, NULL);
		close(lifeline[1]);
		close(report[0]);
		exit(lab_child(&options, lifeline[0], report[1]));
	}
	close(lifeline[0]);
	close(report[1]);
	return wait_for(child, report[0], &signals);
}
