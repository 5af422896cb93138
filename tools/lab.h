/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lab - `portcall lab`: phones, switch and real servers in one private sandbox, and the proof.
 *
 * Parent and child.  The parent (lab.c) reads the options, makes the child and waits.  The child is
 * process 1 of its own pid, mount and network namespaces (lab_sandbox.c) and dies with its parent;
 * when it ends, the kernel ends everything in it.  Nothing is cleaned up by code that might not run.
 *
 * Inside, paths are the same in every lab:
 *	/run/netns/NAME              network namespaces: ports mgmt radius web dhcp phone1 ... phoneN
 *	/run/portcall/{bin,lib,configs}   the programs, the module, the configurations
 *	/run/lab/                    the run folder: all files that the lab makes
 *	/run/portcall-switch.sock, /run/phoneN.sock   control sockets
 *
 * Topology (lab_net.c):
 *	phoneN eth0 --- pN [switch ports: namespace ports] u1 --- eth0 web   (nginx, VLAN voice)
 *	                                                   u2 --- eth0 dhcp  (dnsmasq, VLAN voice)
 *	                   [switch RADIUS: namespace mgmt] r0 --- eth0 radius (freeradius)
 *
 * Life cycle (lab_run.c): files, namespaces, servers, probe of the closed port, phones, link-up, wait
 * for the end, proof.  One libuv loop; lab_wait() runs it until a condition holds.  Times: seconds
 * since 1970 (CLOCK_REALTIME), the clock of the events and of the captures.
 */
#ifndef TOOLS_LAB_H
#define TOOLS_LAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include <jansson.h>
#include <uv.h>

#include <portcall/error.h>

#include "tools/pki.h"

enum {
	LAB_PHONES_MAX = 200,
	LAB_WHY = 600,
	LAB_PATH = 4096,
	LAB_LINE = 8192,
	LAB_LIMIT_MS = 15000
};

#define LAB_RUN     "/run/lab"
#define LAB_BIN     "/run/portcall/bin"
#define LAB_LIB     "/run/portcall/lib"
#define LAB_CONFIGS "/run/portcall/configs"

#define LAB_SWITCH_CONTROL "/run/portcall-switch.sock"
#define LAB_WEB_IP         "10.77.20.2"
#define LAB_WEB_MAC        "02:00:00:00:02:01"
#define LAB_PASSPHRASE     "built-in pass phrase of the lab's phones"
enum { LAB_VLAN_VOICE = 20, LAB_CONFIG_VERSION = 2 };

/* --- cases (lab_cases.c) ------------------------------------------------------------------------ */

enum lab_change {
	LAB_NO_CHANGE,
	LAB_WRONG_CA,
	LAB_EXPIRED_CLIENT,
	LAB_UNKNOWN_DEVICE,
	LAB_WRONG_MAC,
	LAB_NO_CERTIFICATE,
	LAB_WRONG_PASSPHRASE,
	LAB_RADIUS_DOWN,
	LAB_SERVER_NAME,
	LAB_BAD_XML,
};

/* One failure: what is changed, and which reason each side must give (NONE: it takes no part). */
struct lab_case {
	const char *name;
	enum lab_change change;
	enum portcall_reason phone, port, radius;
	const char *about;
};

const struct lab_case *lab_case_find(const char *name); /* NULL: there is none */
void lab_case_list(FILE *out);

/* --- the lab ------------------------------------------------------------------------------------ */

struct lab_options {
	unsigned phones;
	int tls; /* 0 any, 12, 13 */
	enum pki_key key;
	bool optipoint, keep, json, stock_supplicant, stock_authenticator;
	bool user_namespace;          /* not root outside */
	const struct lab_case *fault; /* NULL: the main job */
	char run[LAB_PATH];           /* outside the sandbox; "": in its memory only */
	char pcap[LAB_PATH];          /* "": in the run folder */
	char bin[LAB_PATH], lib[LAB_PATH], configs[LAB_PATH];
};

enum lab_who { LAB_PHONE, LAB_SWITCH, LAB_RADIUS, LAB_WHO_COUNT };

struct lab_phone {
	struct lab *lab;
	unsigned number; /* from 1 */
	char name[16], port[16], mac[18], control[32];
	uint8_t octets[6]; /* of mac */
	struct lab_process *daemon, *stock,
		*authenticator; /* the last two: wpa_supplicant, hostapd */
	struct lab_watch *watch;
	struct lab_capture *capture; /* with hostapd */
	unsigned probes;             /* frames sent into the closed port */

	/* observed */
	bool ready;          /* the daemon is up, its events flow */
	bool link;           /* at the switch */
	double link_t;       /* of the latest link-up; 0: none */
	double granted_t;    /* the switch's event; 0: none */
	int vlan;            /* of that event; 0: none */
	bool authorized;     /* the supplicant's own view */
	bool closed;         /* the switch said why the port stays closed, since link-up */
	bool system, device; /* fetched, says the phone */
	bool served_device;  /* served with 200, says nginx */
	bool applied, provisioned;
	bool gave_up;                                    /* wpa_supplicant saw an EAP-Failure */
	enum portcall_reason reason;                     /* the latest result */
	bool said[LAB_WHO_COUNT][PORTCALL_REASON_COUNT]; /* with the very sentence and hint */

	/* computed from the frames; 0: not observed */
	bool captured;
	double success_t;                   /* the EAP-Success that the port sent */
	double first_https_t, last_https_t; /* to the HTTPS server; data from it */
	unsigned https_frames;              /* to the HTTPS server */
	unsigned early_in, early_out;       /* before that: into the port, out of it; EAPOL apart */
	unsigned early_through;             /* before that: out of other ports */
	unsigned dropped;                   /* counted by the switch */
	bool ordered;
};

struct lab {
	struct lab_options opt;
	enum lab_change change;
	uv_loop_t loop;
	uv_timer_t timer, poll;
	bool timed_out;
	struct lab_process *processes;
	struct lab_process *radius, *web, *dhcp, *sw;
	struct lab_watch *switch_watch;
	struct lab_timeline *timeline;
	struct lab_pki *pki;
	struct lab_phone *phones;
	unsigned phone_count;
	bool plugged;           /* the phones' links were brought up for good */
	unsigned https_lines;   /* requests in nginx' log */
	unsigned served_system; /* of them: the system file, with 200 */
	bool uplinks_captured;
	bool passed;
	int home;          /* descriptor of the sandbox's own network namespace */
	char why[LAB_WHY]; /* the first failure, one sentence; "": none */
};

double lab_now(void);
/* Remember the first failure (one sentence); always false. */
bool lab_fail(struct lab *lab, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Run the loop until `done` holds; false: not within `ms`, or the lab failed meanwhile. */
bool lab_wait(struct lab *lab, bool (*done)(struct lab *), unsigned ms);
/* The same for a condition that nobody reports: `done` is asked every few milliseconds. */
bool lab_wait_polling(struct lab *lab, bool (*done)(struct lab *), unsigned ms);

/*
 * lab_run.c: everything in the child.  `lifeline`: read end of a pipe that the parent holds open;
 * `report`: gets the exit status as one octet before --keep waits.
 */
int lab_child(const struct lab_options *options, int lifeline, int report);

/* --- sandbox and namespaces (lab_sandbox.c, lab_net.c) ------------------------------------------ */

/* As fork(), with new namespaces; the child's set-up is not done yet.  -1: `ret_why`. */
pid_t lab_sandbox_fork(char ret_why[static LAB_WHY]);
/* In the child: mounts, and the tie to the parent. */
bool lab_sandbox_enter(struct lab *lab, int lifeline);
pid_t lab_sandbox_outer_pid(
	void); /* before lab_sandbox_enter(): this process as the parent sees it */

bool lab_net_build(struct lab *lab);
bool lab_net_links(struct lab *lab, bool up);           /* of all phones */
bool lab_net_enter(struct lab *lab, const char *netns); /* this thread; NULL: the sandbox's own */

/* --- processes (lab_process.c) ------------------------------------------------------------------- */

struct lab_process {
	struct lab_process *next;
	struct lab *lab;
	struct lab_phone *phone; /* or NULL */
	char name[32];
	uv_process_t handle;
	uv_pipe_t out;
	FILE *log; /* LAB_RUN/log/NAME.log */
	char buffer[LAB_LINE], last[LAB_LINE];
	size_t n;
	void (*line)(struct lab_process *p, const char *line);
	bool ready, ended, may_end;
	int64_t status;
	int signal;
};

/*
 * Start argv (ended by NULL) in a network namespace (NULL: the sandbox's own).  Both outputs go to its log,
 * and line by line to `line` (may be NULL).  Owned by the lab.  When it ends before may_end is set, the
 * lab has failed.  NULL: the lab has failed.
 */
struct lab_process *lab_spawn(struct lab *lab, struct lab_phone *phone, const char *name,
                              const char *netns, void (*line)(struct lab_process *, const char *),
                              const char *const *argv);
/* Start and wait for a good end. */
bool lab_command(struct lab *lab, const char *name, const char *netns, const char *const *argv);
bool lab_ended(struct lab *lab, struct lab_process *p, unsigned ms); /* wait for its end */
void lab_processes_free(
	struct lab *lab); /* their handles are closed; they live on until the sandbox ends */

/* --- files (lab_files.c, lab_pki.c) -------------------------------------------------------------- */

struct lab_variable {
	const char *name, *value;
};
/* Copy LAB_CONFIGS/from to LAB_RUN/to, or to its end, with each @NAME@ replaced. */
bool lab_install(struct lab *lab, const char *from, const char *to,
                 const struct lab_variable *variables);
bool lab_append(struct lab *lab, const char *from, const char *to,
                const struct lab_variable *variables);
bool lab_write(struct lab *lab, const char *to, mode_t mode, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
bool lab_write_octets(struct lab *lab, const char *to, mode_t mode, const void *p, size_t n);
bool lab_folder(struct lab *lab, const char *path);
bool lab_pki_begin(struct lab *lab); /* keys are made by threads, while the caller goes on */
bool lab_pki_finish(
	struct lab *lab); /* certificates and provisioning files stand in their places */
void lab_pki_free(struct lab *lab);

/* --- servers (lab_servers.c) ---------------------------------------------------------------------- */

bool lab_servers_start(struct lab *lab); /* returns before they are ready */
bool lab_servers_ready(struct lab *lab); /* a condition */
bool lab_servers_alive(struct lab *lab);
bool lab_inventory(struct lab *lab);
bool lab_phones_prepare(struct lab *lab); /* configurations, and the store with version 1 */
bool lab_phones_start(struct lab *lab);
bool lab_phone_start(struct lab_phone *phone);
bool lab_supplicants_start(struct lab *lab); /* wpa_supplicant, once the link is up */

/* --- what is observed (lab_watch.c, lab_observe.c) ------------------------------------------------ */

/* Connect to a daemon's control socket and hand each event to lab_observe(); NULL: the lab has failed. */
void lab_watch_free(struct lab_watch *watch); /* its handle is closed; NULL is fine */
struct lab_watch *lab_watch_open(struct lab *lab, struct lab_phone *phone, const char *path);
void lab_observe(struct lab *lab, struct lab_phone *phone,
                 json_t *event); /* phone NULL: the switch */
void lab_observe_switch_log(struct lab_process *p, const char *line);
void lab_observe_import(struct lab_process *p, const char *line);
void lab_observe_phone_log(struct lab_process *p, const char *line);
void lab_observe_radius(struct lab_process *p, const char *line);
void lab_observe_web(struct lab_process *p, const char *line);
void lab_observe_dhcp(struct lab_process *p, const char *line);
void lab_observe_supplicant(struct lab_process *p, const char *line);    /* wpa_supplicant */
void lab_observe_authenticator(struct lab_process *p, const char *line); /* hostapd */
struct lab_phone *lab_phone_by_mac(struct lab *lab, const char *mac);
struct lab_phone *lab_phone_by_port(struct lab *lab, const char *port);

/* --- timeline (lab_timeline.c) -------------------------------------------------------------------- */

enum lab_tone { LAB_PLAIN, LAB_GOOD, LAB_BAD, LAB_QUIET };

struct lab_timeline *lab_timeline_new(uv_loop_t *loop, FILE *out);
void lab_timeline_free(struct lab_timeline *timeline);
/* One line, printed in the order of `t` a moment later. */
void lab_line(struct lab *lab, double t, const char *who, enum lab_tone tone, const char *what,
              const char *fmt, ...) __attribute__((format(printf, 6, 7)));
void lab_heading(struct lab *lab, const char *text); /* after all lines so far */
void lab_timeline_zero(struct lab *lab, double t);   /* times count from here on */
void lab_timeline_hold(struct lab *lab, bool hold);  /* keep lines until the zero is known */
void lab_timeline_flush(struct lab *lab);
void lab_verdict(struct lab *lab, bool ok, const char *what, const char *fmt, ...)
	__attribute__((format(printf, 4, 5))); /* one line of the proof */

/* --- probe, captures and proof (lab_probe.c, lab_capture.c, lab_proof.c) ----------------------------- */

bool lab_probe(struct lab *lab); /* frames into the closed ports, counted by the switch */

struct lab_frame {
	double t;
	uint8_t from[6];
	bool eapol, eap_success;
	bool tcp_to_443, tcp_from_443;
	size_t tcp_octets;
};
/* Each frame of a port's capture, in its order; false: there is no capture. */
bool lab_capture_read(const char *port, void (*fn)(void *ctx, const struct lab_frame *), void *ctx);
bool lab_capture_open(struct lab *lab); /* with hostapd: the lab captures the ports itself */
void lab_capture_free(struct lab_capture *capture); /* its handle is closed; NULL is fine */

void lab_proof_read(struct lab *lab); /* the captures, into the phones' computed facts */
bool lab_proof_main(struct lab *lab); /* prints; true: all was observed */
bool lab_proof_case(struct lab *lab);
void lab_proof_json(struct lab *lab, FILE *out);

#endif
