/* SPDX-License-Identifier: BSD-3-Clause */
#include "supplicant/settings.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/digest.h"
#include "supplicant/address_linux.h"
#include "supplicant/option43.h"
#include "supplicant/provision.h"

static const char verify_words[] = "none trusted full";
static const enum portcall_verify verify_values[] = { PORTCALL_VERIFY_NONE, PORTCALL_VERIFY_TRUSTED,
	                                              PORTCALL_VERIFY_FULL };
static const char ocsp_words[] = "stapled require none";
static const enum portcall_ocsp ocsp_values[] = { PORTCALL_OCSP_STAPLED, PORTCALL_OCSP_REQUIRE,
	                                          PORTCALL_OCSP_NONE };
static const char tls_words[] = "1.2 1.3";
static const enum portcall_tls tls_values[] = { PORTCALL_TLS_1_2, PORTCALL_TLS_1_3 };

static const struct conf_rule rules[] = {
	{ .option = "interface", .required = true },
	{ .option = "store", .required = true },
	{ .option = "control", .required = true },
	{ .option = "log-level", .choices = "error warn info debug" },
	{ .option = "profile", .choices = "modern optipoint" },
	{ .option = "verify", .choices = verify_words },
	{ .option = "ocsp", .choices = ocsp_words },
	{ .option = "tls-min", .choices = tls_words },
	{ .option = "tls-max", .choices = tls_words },
	{ .option = "fragment", .min = 64, .max = 1490 },
	{ .option = "held-period", .min = 1, .max = 65535 },
	{ .option = "auth-period", .min = 1, .max = 65535 },
	{ .option = "start-period", .min = 1, .max = 65535 },
	{ .option = "max-start", .min = 1, .max = 65535 },
	{ .option = "open-after", .min = 1, .max = 65535 },
	{ .option = "poll-registered", .min = 0, .max = 604800 },
	{ .option = "poll-failed", .min = 0, .max = 604800 },
	{ .option = "https-verify", .choices = verify_words },
	{ .option = "restart", .choices = "reauthenticate reboot" },
	{ 0 },
};

/* NULL instead of "". */
static const char *text_of(const struct settings *s, const char *key)
{
	const char *text = cfg_getstr(s->cfg, key);

	return text && *text ? text : NULL;
}

static unsigned number_of(const struct settings *s, const char *key)
{
	return (unsigned)cfg_getint(s->cfg, key);
}

static bool complain(char *ret_why, const char *path, const char *key, const char *text)
{
	snprintf(ret_why, CONF_WHY_LEN, "%s: %s %s.", path, key, text);
	return false;
}

/* What a URL, a file name or a DNS name consists of, without the octets of `but`. */
static bool is_graphic(const char *text, const char *but)
{
	for (; *text; text++)
		if (*text <= ' ' || *text > '~' || strchr(but, *text))
			return false;
	return true;
}

static bool has_control(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return true;
	return false;
}

static bool take_identity(struct settings *s, const char *path, char *ret_why)
{
	const char *text = cfg_getstr(s->cfg, "identity");
	int word = conf_choice("cn san mac", text);

	if (word >= 0) {
		s->identity = (enum identity_kind)word;
		return true;
	}
	s->identity = IDENTITY_LITERAL;
	s->identity_literal = text + 1;
	if (text[0] == '=' && text[1] && strlen(text + 1) <= 253 && !has_control(text))
		return true;
	return complain(ret_why, path, "identity",
	                "must be cn, san, mac, or a literal of 1 to 253 octets after =");
}

/* "10.77.20.5/24" */
static bool take_address(struct settings *s, const char *path, char *ret_why)
{
	const char *text = cfg_getstr(s->cfg, "address");
	const char *router = text_of(s, "router");
	struct in_addr in;
	char copy[INET_ADDRSTRLEN];
	unsigned prefix = 0;
	char end;

	if (router && (inet_pton(AF_INET, router, &in) != 1 || !ip_is_host(ntohl(in.s_addr), 32)))
		return complain(ret_why, path, "router", "must be an IPv4 address");
	s->router = router ? ntohl(in.s_addr) : 0;
	if (strcmp(text, "dhcp") == 0)
		return true;
	s->static_address = true;
	if (sscanf(text, "%15[0-9.]/%2u%c", copy, &prefix, &end) != 2 ||
	    inet_pton(AF_INET, copy, &in) != 1 || !ip_is_host(ntohl(in.s_addr), prefix))
		return complain(ret_why, path, "address",
		                "must be dhcp, or a host's address such as 10.77.20.5/24");
	s->address = ntohl(in.s_addr);
	s->prefix = prefix;
	return true;
}

/* 64 hexadecimal digits; colons between the octets, as openssl prints them, are fine. */
static bool take_pin(struct settings *s, const char *path, char *ret_why)
{
	const char *text = text_of(s, "https-pin");
	size_t n = 0;

	if (!text)
		return true;
	while (*text && n < sizeof(s->https_pin)) {
		unsigned octet;
		int used = 0;

		if (strspn(text, "0123456789abcdefABCDEF") < 2 ||
		    sscanf(text, "%2x%n", &octet, &used) != 1 || used != 2)
			break;
		s->https_pin[n++] = (uint8_t)octet;
		text += 2;
		if (*text == ':')
			text++;
	}
	s->https_pinned = n == sizeof(s->https_pin) && !*text;
	return s->https_pinned ||
	       complain(ret_why, path, "https-pin",
	                "must be the SHA-256 of a certificate: 64 hexadecimal digits");
}

static bool take_https(struct settings *s, const char *path, char *ret_why)
{
	const char *client = cfg_getstr(s->cfg, "https-client-certificate");

	s->https_ca = text_of(s, "https-ca");
	s->https_verify =
		verify_values[conf_choice(verify_words, cfg_getstr(s->cfg, "https-verify"))];
	if (!*client)
		return complain(ret_why, path, "https-client-certificate",
		                "must be none, 802.1x or the name of a file");
	s->https_client_802_1x = strcmp(client, "802.1x") == 0;
	if (!s->https_client_802_1x && strcmp(client, "none") != 0)
		s->https_client_file = client;
	return take_pin(s, path, ret_why);
}

static bool take_dot1x(struct settings *s, const char *path, char *ret_why)
{
	const char *verify = text_of(s, "verify");

	s->passphrase_file = text_of(s, "passphrase-file");
	s->unencrypted_pkcs12 = cfg_getbool(s->cfg, "unencrypted-pkcs12");
	s->profile = strcmp(cfg_getstr(s->cfg, "profile"), "optipoint") == 0
	                     ? PORTCALL_PROFILE_OPTIPOINT
	                     : PORTCALL_PROFILE_MODERN;
	s->radius_server_name = text_of(s, "radius-server-name");
	s->crl_file = text_of(s, "crl-file");
	s->ocsp = ocsp_values[conf_choice(ocsp_words, cfg_getstr(s->cfg, "ocsp"))];
	if (verify)
		s->verify = verify_values[conf_choice(verify_words, verify)];
	else
		s->verify = s->radius_server_name ? PORTCALL_VERIFY_FULL : PORTCALL_VERIFY_TRUSTED;
	if (s->radius_server_name &&
	    (!is_graphic(s->radius_server_name, "") || strlen(s->radius_server_name) > 253))
		return complain(ret_why, path, "radius-server-name", "must be a DNS name");
	if (s->verify == PORTCALL_VERIFY_FULL && !s->radius_server_name)
		return complain(ret_why, path, "verify = full", "needs radius-server-name");
	s->tls_min = tls_values[conf_choice(tls_words, cfg_getstr(s->cfg, "tls-min"))];
	s->tls_max = tls_values[conf_choice(tls_words, cfg_getstr(s->cfg, "tls-max"))];
	if (s->tls_min > s->tls_max)
		return complain(ret_why, path, "tls-min", "is later than tls-max");
	s->fragment = (uint16_t)number_of(s, "fragment");
	s->held_period = number_of(s, "held-period");
	s->auth_period = number_of(s, "auth-period");
	s->start_period = number_of(s, "start-period");
	s->max_start = number_of(s, "max-start");
	s->reboot = strcmp(cfg_getstr(s->cfg, "restart"), "reboot") == 0;
	return take_identity(s, path, ret_why);
}

static bool take_files(struct settings *s, const char *path, char *ret_why)
{
	char url[PROVISION_URL_MAX];

	s->vendor_class = cfg_getstr(s->cfg, "vendor-class");
	s->provisioning_url = text_of(s, "provisioning-url");
	s->config_name = text_of(s, "config-name");
	s->config_type = text_of(s, "config-type");
	if (!s->config_name || !s->config_type)
		return complain(ret_why, path, "config-name and config-type", "must not be empty");
	if (!is_graphic(s->config_name, "?#\\") || !is_graphic(s->config_type, "?#\\/"))
		return complain(ret_why, path, "config-name and config-type",
		                "must be parts of a file name");
	if (s->provisioning_url && (strlen(s->provisioning_url) >= OPTION43_URL_MAX ||
	                            !provision_url(s->provisioning_url, "", "", "", url)))
		return complain(ret_why, path, "provisioning-url",
		                "must be https://HOST[:PORT][/PATH] of at most 255 octets");
	if (!*s->vendor_class || strlen(s->vendor_class) > 254 || has_control(s->vendor_class))
		return complain(ret_why, path, "vendor-class", "must be 1 to 254 printable octets");
	return true;
}

static bool take_all(struct settings *s, const char *path, bool dot1x, char *ret_why)
{
	s->interface = cfg_getstr(s->cfg, "interface");
	s->store = cfg_getstr(s->cfg, "store");
	s->control = cfg_getstr(s->cfg, "control");
	if (strlen(s->interface) >= IF_NAMESIZE || !is_graphic(s->interface, "/:!") ||
	    strcmp(s->interface, ".") == 0 || strcmp(s->interface, "..") == 0)
		return complain(ret_why, path, "interface",
		                "must be at most 15 octets, the name of an interface");
	if (!log_level_parse(cfg_getstr(s->cfg, "log-level"), &s->log_level))
		return complain(ret_why, path, "log-level", "is unknown");
	s->bringup = (struct bringup_config){
		.dot1x = dot1x,
		.open_after = number_of(s, "open-after"),
		.poll_registered = number_of(s, "poll-registered"),
		.poll_failed = number_of(s, "poll-failed"),
	};
	return take_dot1x(s, path, ret_why) && take_address(s, path, ret_why) &&
	       take_files(s, path, ret_why) && take_https(s, path, ret_why);
}

struct settings *settings_read(const char *path, bool dot1x, char ret_why[static CONF_WHY_LEN])
{
	cfg_opt_t opts[] = {
		CFG_STR("interface", "", CFGF_NONE),
		CFG_STR("store", "/var/lib/portcall", CFGF_NONE),
		CFG_STR("control", "/run/portcall-phone.sock", CFGF_NONE),
		CFG_STR("log-level", "info", CFGF_NONE),
		CFG_STR("passphrase-file", "", CFGF_NONE),
		CFG_BOOL("unencrypted-pkcs12", cfg_false, CFGF_NONE),
		CFG_STR("profile", "modern", CFGF_NONE),
		CFG_STR("verify", "", CFGF_NODEFAULT),
		CFG_STR("radius-server-name", "", CFGF_NONE),
		CFG_STR("crl-file", "", CFGF_NONE),
		CFG_STR("ocsp", "stapled", CFGF_NONE),
		CFG_STR("identity", "cn", CFGF_NONE),
		CFG_STR("tls-min", "1.2", CFGF_NONE),
		CFG_STR("tls-max", "1.3", CFGF_NONE),
		CFG_INT("fragment", 1398, CFGF_NONE),
		CFG_INT("held-period", 60, CFGF_NONE),
		CFG_INT("auth-period", 30, CFGF_NONE),
		CFG_INT("start-period", 30, CFGF_NONE),
		CFG_INT("max-start", 3, CFGF_NONE),
		CFG_INT("open-after", 5, CFGF_NONE),
		CFG_STR("address", "dhcp", CFGF_NONE),
		CFG_STR("router", "", CFGF_NONE),
		CFG_STR("vendor-class", "OptiIpPhone", CFGF_NONE),
		CFG_STR("provisioning-url", "", CFGF_NONE),
		CFG_STR("config-name", "op420adv_conf", CFGF_NONE),
		CFG_STR("config-type", "xml", CFGF_NONE),
		CFG_STR("https-ca", "", CFGF_NONE),
		CFG_STR("https-pin", "", CFGF_NONE),
		CFG_STR("https-verify", "trusted", CFGF_NONE),
		CFG_STR("https-client-certificate", "none", CFGF_NONE),
		CFG_INT("poll-registered", 600, CFGF_NONE),
		CFG_INT("poll-failed", 360, CFGF_NONE),
		CFG_STR("restart", "reauthenticate", CFGF_NONE),
		CFG_END(),
	};
	struct settings *s = calloc(1, sizeof(*s));

	if (!s) {
		snprintf(ret_why, CONF_WHY_LEN, "Out of memory for %s.", path);
		return NULL;
	}
	s->cfg = conf_read(path, opts, rules, ret_why);
	if (s->cfg && take_all(s, path, dot1x, ret_why))
		return s;
	settings_free(s);
	return NULL;
}

void settings_free(struct settings *s)
{
	if (!s)
		return;
	digest_wipe(s->passphrase, sizeof(s->passphrase));
	if (s->cfg)
		cfg_free(s->cfg);
	free(s);
}

/*
 * From the environment, which children and /proc would show: taken out and wiped.  Returns its length:
 * 0 when there is none, and one that does not fit is not taken.
 */
static size_t take_environment(struct settings *s)
{
	char *text = getenv("PORTCALL_PASSPHRASE");
	size_t n = text ? strlen(text) : 0;

	if (!text)
		return 0;
	if (n < sizeof(s->passphrase))
		memcpy(s->passphrase, text, n + 1);
	digest_wipe(text, n);
	unsetenv("PORTCALL_PASSPHRASE");
	return n;
}

bool settings_passphrase(struct settings *s, bool needed, char ret_why[static CONF_WHY_LEN])
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	char path[512];
	size_t n;

	if (s->passphrase_file)
		return conf_secret(s->passphrase_file, s->passphrase, ret_why);
	n = take_environment(s);
	if (n >= sizeof(s->passphrase)) {
		snprintf(ret_why, CONF_WHY_LEN, "PORTCALL_PASSPHRASE is longer than %zu octets.",
		         sizeof(s->passphrase) - 1);
		return false;
	}
	if (n > 0)
		return true;
	if (folder &&
	    (size_t)snprintf(path, sizeof(path), "%s/passphrase", folder) < sizeof(path) &&
	    access(path, F_OK) == 0)
		return conf_secret(path, s->passphrase, ret_why);
	if (!needed || s->unencrypted_pkcs12)
		return true;
	snprintf(ret_why, CONF_WHY_LEN,
	         "There is no pass phrase for the phone's certificate; set passphrase-file, the "
	         "environment's PORTCALL_PASSPHRASE or the systemd credential passphrase.");
	return false;
}
