/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bringup - from link to provisioned: what the phone does when, around the 802.1X supplicant.
 *
 *	link -> port open -> address -> system file -> device file -> apply -> wait for the next check
 *
 * The port is open when the supplicant says so, when the phone takes no part in 802.1X (no usable
 * credentials, or configured so), or `open_after` ms after link-up without any EAP from an
 * authenticator.  EAP that arrives later closes it again.
 *
 * New credentials are on trial until the first EAP success with them: that makes them active.  After
 * TRIAL_FAILURES attempts that failed the last known good set is used again; it is refused (not
 * tried again until it changes) when the last failure was a verdict on it and not mere silence.
 *
 * Pure: no I/O, no clock, no allocation.  Embedded by its owner.  The arcs are in bringup.def.
 * Drain bringup_output() after each call; an effect may be answered by calling the machine again.
 */
#ifndef SUPPLICANT_BRINGUP_H
#define SUPPLICANT_BRINGUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <portcall/error.h>

#include "common/fsm.h"

enum { BRINGUP_TRIAL_FAILURES = 2, BRINGUP_RETRY_MIN = 5 /* seconds */, BRINGUP_EFFECTS = 32 };

enum bringup_state {
	BRINGUP_NO_LINK,
	BRINGUP_CLOSED,
	BRINGUP_ADDRESS,
	BRINGUP_SYSTEM_FILE,
	BRINGUP_DEVICE_FILE,
	BRINGUP_APPLY,
	BRINGUP_WAIT,
};

/* How a fetch ended. */
enum bringup_fetch {
	BRINGUP_FETCH_PENDING,
	BRINGUP_FETCHED,
	BRINGUP_FETCH_MISSING, /* the server has no such file */
	BRINGUP_FETCH_FAILED,
};

/* What became of the fetched files. */
enum bringup_verdict {
	BRINGUP_PENDING,
	BRINGUP_APPLIED,
	BRINGUP_UNCHANGED,
	BRINGUP_REFUSED,
	BRINGUP_ON_TRIAL, /* new credentials are imported */
};

enum bringup_effect_kind {
	BRINGUP_TRANSITION,    /* `from`, `to`, `why` */
	BRINGUP_OPEN,          /* no authenticator answered: the port is taken as open */
	BRINGUP_START_ADDRESS, /* get an address; answered by bringup_address(), any number of times */
	BRINGUP_STOP_ADDRESS,
	BRINGUP_FETCH_SYSTEM, /* answered by bringup_fetched() */
	BRINGUP_FETCH_DEVICE,
	BRINGUP_STOP_FETCH,
	BRINGUP_JUDGE,       /* apply what was fetched; answered by bringup_applied() */
	BRINGUP_PROVISIONED, /* the items in use are what the server has */
	BRINGUP_TRY,         /* log off and authenticate with the imported credentials */
	BRINGUP_PROMOTE,     /* the imported credentials are good: make them active */
	BRINGUP_ROLL_BACK,   /* use the active ones again; answered by bringup_credentials() */
};

struct bringup_effect {
	enum bringup_effect_kind kind;
	bool refuse;                 /* ROLL_BACK: the imported set itself was found bad */
	const char *from, *to, *why; /* TRANSITION; static storage */
};

struct bringup_config {
	bool dot1x;               /* false: somebody else sees to the port; start at link-up */
	unsigned open_after;      /* seconds */
	unsigned poll_registered; /* seconds; 0: never */
	unsigned poll_failed;     /* seconds; 0: never */
	/* Polls come up to a tenth earlier or later, so that phones do not ask together; NULL: exactly. */
	uint32_t (*random)(void);
};

struct bringup {
	struct bringup_config config;
	enum bringup_state state;

	/* timers: absolute ms, or MSEC_NEVER */
	msec openWhen;
	msec pollWhen;

	/* variables */
	bool linkUp;
	bool usable;     /* there are credentials to authenticate with */
	bool authorized; /* what the supplicant says */
	bool opened;     /* taken as open: no authenticator answered */
	bool eapSeen;    /* since link-up, or since the credentials changed */
	bool haveAddress;
	bool haveUrl;
	bool moved; /* address or URL are others than those of the fetch that is on */
	bool checkNow;
	bool provisioned;
	bool addressing; /* START_ADDRESS is out */
	bool fetching;   /* FETCH_... is out */
	enum bringup_fetch fetched;
	enum bringup_verdict verdict;
	bool trial;
	unsigned trialFailures;
	msec retryDelay; /* until the first success; doubles up to poll_failed */

	struct bringup_effect effects[BRINGUP_EFFECTS];
	unsigned effect_first, effect_count;
};

extern const struct fsm_arc bringup_arcs[];
extern const size_t bringup_arcs_n;

/* `usable`: there are credentials; `trial`: they are imported ones that were never confirmed. */
void bringup_init(struct bringup *b, const struct bringup_config *config, bool usable, bool trial);

void bringup_link(struct bringup *b, bool up, msec now);
void bringup_port(struct bringup *b, bool authorized, msec now); /* the supplicant's port status */
void bringup_result(struct bringup *b, enum portcall_reason reason,
                    msec now);                 /* an attempt's end */
void bringup_eap(struct bringup *b, msec now); /* an EAP packet came from an authenticator */
/* The credentials in use were replaced by confirmed ones, or by none. */
void bringup_credentials(struct bringup *b, bool usable, msec now);
/* `moved`: address or URL are others than before; what is on begins again, what was fetched is looked at again. */
void bringup_address(struct bringup *b, bool have, bool have_url, bool moved, msec now);
void bringup_fetched(struct bringup *b, enum bringup_fetch result, msec now);
void bringup_applied(struct bringup *b, enum bringup_verdict verdict, msec now);
/* Look for new files now.  False: there is no address, or nowhere to look. */
bool bringup_check(struct bringup *b, msec now);
void bringup_tick(struct bringup *b, msec now); /* idempotent */

msec bringup_deadline(const struct bringup *b);
bool bringup_output(struct bringup *b, struct bringup_effect *ret_effect);

bool bringup_port_open(const struct bringup *b);
const char *bringup_state_name(enum bringup_state state);

#endif
