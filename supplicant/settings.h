/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * settings - phone.conf (docs/interfaces.md 4) as a struct, and where the pass phrase comes from.
 *
 * Shell.  Strings belong to the settings and live until settings_free().
 */
#ifndef SUPPLICANT_SETTINGS_H
#define SUPPLICANT_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include <portcall/supplicant.h>

#include "common/conf.h"
#include "common/log.h"
#include "supplicant/bringup.h"

enum identity_kind { IDENTITY_CN, IDENTITY_SAN, IDENTITY_MAC, IDENTITY_LITERAL };

struct settings {
	cfg_t *cfg; /* owns the strings */

	const char *interface;
	const char *store;
	const char *control;
	enum log_level log_level;

	const char *passphrase_file; /* NULL: none */
	bool unencrypted_pkcs12;
	enum portcall_profile profile;
	enum portcall_verify verify;
	const char *radius_server_name; /* NULL: none */
	const char *crl_file;           /* NULL: none */
	enum portcall_ocsp ocsp;
	enum identity_kind identity;
	const char *identity_literal;
	enum portcall_tls tls_min, tls_max;
	uint16_t fragment;
	unsigned held_period, auth_period, start_period, max_start; /* seconds, count */
	bool reboot; /* exit after new credentials instead of authenticating at once */

	bool static_address;
	uint32_t address; /* host order */
	unsigned prefix;
	uint32_t router; /* host order; 0: none */
	const char *vendor_class;
	const char *provisioning_url; /* NULL: only from DHCP */
	const char *config_name, *config_type;

	const char *https_ca; /* PEM file; NULL: none */
	uint8_t https_pin[32];
	bool https_pinned;
	enum portcall_verify https_verify;
	bool https_client_802_1x;
	const char *https_client_file; /* NULL: none */

	struct bringup_config bringup;

	char passphrase[CONF_SECRET_MAX]; /* "": none */
};

/* NULL: `ret_why` is one sentence with file and line. */
struct settings *settings_read(const char *path, bool dot1x, char ret_why[static CONF_WHY_LEN]);
void settings_free(struct settings *settings); /* NULL is fine; wipes the pass phrase */

/*
 * Fill in the pass phrase: passphrase-file, else the environment's PORTCALL_PASSPHRASE (taken out of it), else
 * the systemd credential `passphrase`.  False: `ret_why`; `needed` decides whether none at all is an error.
 */
bool settings_passphrase(struct settings *settings, bool needed, char ret_why[static CONF_WHY_LEN]);

#endif
