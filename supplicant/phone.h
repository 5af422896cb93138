/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * phone - the daemon around the library: what the bring-up machine decides is done here.
 *
 *	l2_linux -> phone -> supplicant (802.1X) and bringup (the rest) -> dhcp, fetch, store -> events
 *
 * phone.c has the life and the link; phone_dot1x.c 802.1X; phone_net.c the address and the files;
 * phone_items.c what the files change, credentials and their trial; phone_crls.c the revocation lists.
 * Shell, one libuv loop, one thread.
 */
#ifndef SUPPLICANT_PHONE_H
#define SUPPLICANT_PHONE_H

#include <sys/stat.h>

#include <jansson.h>
#include <uv.h>

#include <portcall/supplicant.h>

#include "common/control.h"
#include "common/mac.h"
#include "supplicant/address_linux.h"
#include "supplicant/bringup.h"
#include "supplicant/dhcp.h"
#include "supplicant/fetch.h"
#include "supplicant/l2_linux.h"
#include "supplicant/settings.h"
#include "supplicant/store.h"

enum { PHONE_WHY_LEN = 400, PHONE_EXIT_RESTART = 10, PHONE_HOST_LEN = 64 };

struct phone {
	uv_loop_t *loop;
	uv_timer_t timer;
	const struct settings *settings;
	struct store *store;
	struct l2 *l2;
	struct bringup bringup;
	bool pumping, stopping;
	const char *stop_cause;
	int exit_status;
	void (*stopped)(void *ctx, int exit_status);
	void *stopped_ctx;

	/* 802.1X */
	struct portcall_supplicant *supplicant;   /* NULL: --no-dot1x */
	struct portcall_credentials *credentials; /* of `items`; NULL: none usable */
	bool clock_set;                           /* when the supplicant was made */
	msec begin_when;                          /* after a logoff; MSEC_NEVER */
	char mac[MAC_TEXT_LEN];
	struct {                             /* crl-file */
		struct portcall_crls *lists; /* NULL: none yet */
		struct stat seen;            /* the file that was read last */
		bool missing;                /* ... and reported so */
		int64_t judged_at;           /* when expiry was looked at last */
	} crls;

	/* items */
	struct portcall_items *items;           /* in use; NULL: none */
	struct portcall_items *system, *device; /* fetched, to be judged; NULL: none */
	struct portcall_items *next_items;      /* to be tried */
	struct portcall_credentials *next_credentials;

	/* address and files */
	struct dhcp *dhcp; /* NULL: static address */
	struct fetch *fetch;
	char host_name[PHONE_HOST_LEN];
	bool addressed, no_address_reported, no_url_reported;
	struct address address;
	char url[OPTION43_URL_MAX]; /* of the provisioning server; "" unknown */
	bool url_locked; /* option 43 named it; what is configured locally does not count */
	bool fetching_device;
};

/* Opens store and interface; nothing happens before the loop runs.  NULL: `ret_why` is one
 * sentence, and the loop must run to close what was opened. */
struct phone *phone_new(uv_loop_t *loop, const struct settings *settings,
                        void (*stopped)(void *ctx, int exit_status), void *ctx,
                        char ret_why[static PHONE_WHY_LEN]);
/* Gives its address back, logs off, stops what runs, calls `stopped`; the loop ends when all is closed.
 * `cause`: static storage. */
void phone_stop(struct phone *phone, const char *cause, int exit_status);
void phone_free(struct phone *phone); /* after the loop has ended; NULL is fine */

extern const struct control_verb
	phone_verbs[]; /* phone_control.c; their context: struct phone ** */

/* --- between the files of the phone ---------------------------------------------------------------- */

msec phone_now(void);
/* The effective time, seconds since 1970; see store_time(). */
int64_t phone_time(const struct phone *phone, bool *ret_set);
/* A server proved itself: its time is good to remember. */
void phone_time_is_good(struct phone *phone);
/* Do what the machines want, until they want nothing.  After each call of a machine from outside. */
void phone_pump(struct phone *phone);
void phone_supplicant_effect(struct phone *phone, const struct portcall_effect *effect);
/* Authenticate, when there is a link. */
void phone_begin(struct phone *phone);
/* The Logoff, sent at once. */
void phone_say_goodbye(struct phone *phone);
/* Log off with the old credentials, begin with phone->credentials. */
void phone_restart_supplicant(struct phone *phone, bool logoff);

/* Read crl-file if it is new or has changed; the supplicant gets the lists. */
void phone_crls_refresh(struct phone *phone);
void phone_crls_done(struct phone *phone);

void phone_net_effect(struct phone *phone, const struct bringup_effect *effect);
extern const struct dhcp_events phone_dhcp_events;
void phone_finish_stop(void *ctx); /* the address was given back */
void phone_fetch_done(void *ctx, const struct fetch_result *result);
void phone_stop_address(struct phone *phone);

/* Items and credentials of the store: the imported ones when there are any.  Returns true when on trial. */
bool phone_items_load(struct phone *phone);
/* A set of the store; what is wrong with it is reported. */
struct portcall_items *phone_load_set(struct phone *phone, enum store_set set);
/* Items and credentials, in use and stored, are gone; reported. */
void phone_erase(struct phone *phone);
/* As at the first start: erase everything, then from link-up. */
void phone_factory_reset(struct phone *phone);
/* Read a fetched document.  NULL: refused, and reported. */
struct portcall_items *phone_items_read(const char *url, const char *text, size_t n);
void phone_items_effect(struct phone *phone, const struct bringup_effect *effect);
/* Report and read; NULL: none usable.  ret_why may be NULL. */
struct portcall_credentials *phone_credentials_read(const struct phone *phone,
                                                    const struct portcall_items *items,
                                                    struct portcall_why *ret_why);

/* The same, without a word. */
struct portcall_credentials *phone_credentials_peek(const struct phone *phone,
                                                    const struct portcall_items *items);

/* --- pieces of events -------------------------------------------------------------------------------- */

enum log_level phone_level(enum portcall_reason reason);
json_t *phone_text(const char *text); /* new reference; null for NULL and "" */
json_t *phone_version(const struct portcall_items *items, const char *name); /* new reference */
void phone_report_port(bool authorized, enum portcall_reason reason);
void phone_report_transition(const char *machine, const char *from, const char *to,
                             const char *why);
json_t *phone_date(int64_t time); /* RFC 3339 */

#endif
