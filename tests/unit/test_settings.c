/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "supplicant/settings.h"

static char folder[] = "/tmp/portcall-settings-XXXXXX";
static char conf[64], secret[64];

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(conf, sizeof(conf), "%s/phone.conf", folder);
	snprintf(secret, sizeof(secret), "%s/passphrase", folder);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(conf);
	unlink(secret);
	return rmdir(folder);
}

static void write_file(const char *path, const char *text, mode_t mode)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	assert_int_equal(chmod(path, mode), 0);
}

static struct settings *read_settings(const char *text, char why[static CONF_WHY_LEN])
{
	char all[1024];

	snprintf(all, sizeof(all), "interface = eth0\n%s\n", text);
	write_file(conf, all, 0600);
	return settings_read(conf, true, why);
}

static struct settings *good(const char *text)
{
	char why[CONF_WHY_LEN] = "";
	struct settings *s = read_settings(text, why);

	if (!s)
		fail_msg("%s", why);
	return s;
}

static void defaults_are_those_of_the_documentation(void **state)
{
	struct settings *s = good("");

	(void)state;
	assert_string_equal(s->interface, "eth0");
	assert_string_equal(s->store, "/var/lib/portcall");
	assert_string_equal(s->control, "/run/portcall-phone.sock");
	assert_int_equal(s->log_level, LOG_LEVEL_INFO);
	assert_null(s->passphrase_file);
	assert_false(s->unencrypted_pkcs12);
	assert_int_equal(s->profile, PORTCALL_PROFILE_MODERN);
	assert_int_equal(s->verify, PORTCALL_VERIFY_TRUSTED);
	assert_null(s->radius_server_name);
	assert_null(s->crl_file);
	assert_int_equal(s->ocsp, PORTCALL_OCSP_STAPLED);
	assert_int_equal(s->identity, IDENTITY_CN);
	assert_int_equal(s->tls_min, PORTCALL_TLS_1_2);
	assert_int_equal(s->tls_max, PORTCALL_TLS_1_3);
	assert_int_equal(s->fragment, 1398);
	assert_int_equal(s->held_period, 60);
	assert_int_equal(s->auth_period, 30);
	assert_int_equal(s->start_period, 30);
	assert_int_equal(s->max_start, 3);
	assert_int_equal(s->bringup.open_after, 5);
	assert_int_equal(s->bringup.poll_registered, 600);
	assert_int_equal(s->bringup.poll_failed, 360);
	assert_true(s->bringup.dot1x);
	assert_false(s->static_address);
	assert_string_equal(s->vendor_class, "OptiIpPhone");
	assert_null(s->provisioning_url);
	assert_string_equal(s->config_name, "op420adv_conf");
	assert_string_equal(s->config_type, "xml");
	assert_int_equal(s->https_verify, PORTCALL_VERIFY_TRUSTED);
	assert_null(s->https_ca);
	assert_false(s->https_pinned);
	assert_false(s->https_client_802_1x);
	assert_null(s->https_client_file);
	assert_false(s->reboot);
	settings_free(s);
}

static void a_name_makes_verify_full(void **state)
{
	struct settings *s = good("radius-server-name = radius.test");

	(void)state;
	assert_int_equal(s->verify, PORTCALL_VERIFY_FULL);
	settings_free(s);
	s = good("radius-server-name = radius.test\nverify = trusted");
	assert_int_equal(s->verify, PORTCALL_VERIFY_TRUSTED);
	settings_free(s);
	s = good("verify = none");
	assert_int_equal(s->verify, PORTCALL_VERIFY_NONE);
	settings_free(s);
}

static void values_are_taken(void **state)
{
	struct settings *s = good("identity = \"=phone 17\"\naddress = \"10.77.20.5/24\"\n"
	                          "router = 10.77.20.1\nprofile = optipoint\nrestart = reboot\n"
	                          "https-client-certificate = 802.1x\nhttps-verify = full\n"
	                          "crl-file = \"/etc/ca.crl\"\nocsp = require");

	(void)state;
	assert_int_equal(s->identity, IDENTITY_LITERAL);
	assert_string_equal(s->identity_literal, "phone 17");
	assert_true(s->static_address);
	assert_int_equal(s->address, 0x0a4d1405);
	assert_int_equal(s->prefix, 24);
	assert_int_equal(s->router, 0x0a4d1401);
	assert_int_equal(s->profile, PORTCALL_PROFILE_OPTIPOINT);
	assert_true(s->reboot);
	assert_string_equal(s->crl_file, "/etc/ca.crl");
	assert_int_equal(s->ocsp, PORTCALL_OCSP_REQUIRE);
	assert_true(s->https_client_802_1x);
	assert_int_equal(s->https_verify, PORTCALL_VERIFY_FULL);
	settings_free(s);
	s = good("https-client-certificate = \"/etc/client.pem\"");
	assert_false(s->https_client_802_1x);
	assert_string_equal(s->https_client_file, "/etc/client.pem");
	settings_free(s);
}

static void a_pin_is_hexadecimal_with_or_without_colons(void **state)
{
	char text[256] = "https-pin = \"", *end = text + strlen(text);
	struct settings *s;

	(void)state;
	for (int i = 0; i < 32; i++)
		end += sprintf(end, "%s%02X", i ? ":" : "", i + 0xa0);
	strcpy(end, "\"");
	s = good(text);
	assert_true(s->https_pinned);
	for (int i = 0; i < 32; i++)
		assert_int_equal(s->https_pin[i], i + 0xa0);
	settings_free(s);
}

static const struct {
	const char *text, *why;
} refused[] = {
	{ "verify = full", "verify = full needs radius-server-name" },
	{ "verify = sometimes", "is not one of: none trusted full" },
	{ "identity = phone17", "identity must be cn, san, mac" },
	{ "identity = \"=\"", "identity must be cn, san, mac" },
	{ "address = 10.77.20.5", "address must be dhcp, or" },
	{ "address = \"10.77.20.5/33\"", "address must be dhcp, or" },
	{ "address = \"10.77.20.500/24\"", "address must be dhcp, or" },
	{ "address = \"10.77.20.5/24 x\"", "address must be dhcp, or" },
	{ "address = \"10.77.20.5/24\"\nrouter = here", "router must be" },
	{ "tls-min = 1.3\ntls-max = 1.2", "tls-min is later than tls-max" },
	{ "tls-min = 1.0", "is not one of: 1.2 1.3" },
	{ "fragment = 63", "fragment = 63 is not in 64 to 1490" },
	{ "held-period = 0", "held-period = 0 is not in" },
	{ "poll-failed = -1", "poll-failed = -1 is not in" },
	{ "https-pin = abcd", "https-pin must be the SHA-256" },
	{ "https-pin = \"zz\"", "https-pin must be the SHA-256" },
	{ "provisioning-url = \"ftp://server\"", "provisioning-url must be https" },
	{ "config-name = \"\"", "must not be empty" },
	{ "config-type = \"x/y\"", "must be parts of a file name" },
	{ "interface = a-name-of-16-oct", "interface must be at most 15 octets" },
	{ "interface = \"a/b\"", "interface must be at most 15 octets" },
	{ "interface = \"..\"", "interface must be at most 15 octets" },
	{ "store = \"\"", "store is missing" },
	{ "control = \"\"", "control is missing" },
	{ "identity = \"\"", "identity must be cn, san, mac" },
	{ "identity = \"=a\\nb\"", "identity must be cn, san, mac" },
	{ "address = \"0.0.0.0/24\"", "address must be dhcp, or" },
	{ "address = \"127.0.0.1/8\"", "address must be dhcp, or" },
	{ "address = \"224.0.0.1/24\"", "address must be dhcp, or" },
	{ "address = \"10.77.20.0/24\"", "address must be dhcp, or" },
	{ "address = \"10.77.20.255/24\"", "address must be dhcp, or" },
	{ "router = here", "router must be" },
	{ "address = \"10.77.20.5/24\"\nrouter = \"0.0.0.0\"", "router must be" },
	{ "radius-server-name = \"a b\"", "radius-server-name must be a DNS name" },
	{ "vendor-class = \"\"", "vendor-class must be 1 to 254" },
	{ "provisioning-url = \"https://a b\"", "provisioning-url must be https" },
	{ "provisioning-url = \"https://h/?a\"", "provisioning-url must be https" },
	{ "provisioning-url = \"https://user:secret@h\"", "provisioning-url must be https" },
	{ "config-name = \"a\\nb\"", "must be parts of a file name" },
	{ "https-client-certificate = \"\"", "https-client-certificate must be none" },
	{ "held-period = 99999999999999999999", "out of range" },
	{ "held-period = abc", "invalid integer value" },
	{ "\033[2J = 1", "?[2J" },
	{ "restart = never", "is not one of: reauthenticate reboot" },
	{ "no-such-key = 1", "no-such-key" },
};

static void refusals_are_one_sentence(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		char why[CONF_WHY_LEN] = "";

		assert_null(read_settings(refused[i].text, why));
		if (!strstr(why, refused[i].why) || strncmp(why, conf, strlen(conf)) != 0 ||
		    why[strlen(why) - 1] != '.')
			fail_msg("%s: %s", refused[i].text, why);
	}
}

static void a_directory_is_no_configuration(void **state)
{
	char why[CONF_WHY_LEN] = "";

	(void)state;
	assert_null(settings_read(folder, true, why));
	assert_non_null(strstr(why, "it is a directory."));
}

static void the_interface_is_required(void **state)
{
	char why[CONF_WHY_LEN] = "";

	(void)state;
	write_file(conf, "log-level = debug\n", 0600);
	assert_null(settings_read(conf, true, why));
	assert_non_null(strstr(why, "interface is missing."));
}

static void the_file_goes_before_the_environment(void **state)
{
	char text[128], why[CONF_WHY_LEN] = "";
	struct settings *s;

	(void)state;
	write_file(secret, "from the file\n", 0600);
	setenv("PORTCALL_PASSPHRASE", "from the environment", 1);
	snprintf(text, sizeof(text), "passphrase-file = \"%s\"", secret);
	s = good(text);
	assert_true(settings_passphrase(s, true, why));
	assert_string_equal(s->passphrase, "from the file");
	settings_free(s);
	unsetenv("PORTCALL_PASSPHRASE");
	assert_int_equal(chmod(secret, 0644), 0);
	s = good(text);
	assert_false(settings_passphrase(s, true, why));
	assert_non_null(strstr(why, "everybody may read"));
	settings_free(s);
}

static void the_environment_is_wiped(void **state)
{
	char why[CONF_WHY_LEN] = "";
	struct settings *s = good("");
	const char *at;

	(void)state;
	setenv("PORTCALL_PASSPHRASE", "from the environment", 1);
	at = getenv("PORTCALL_PASSPHRASE");
	assert_true(settings_passphrase(s, true, why));
	assert_string_equal(s->passphrase, "from the environment");
	assert_null(getenv("PORTCALL_PASSPHRASE"));
	assert_string_equal(at, "");
	settings_free(s);
}

static void a_pass_phrase_that_does_not_fit_is_named(void **state)
{
	char text[CONF_SECRET_MAX + 1], why[CONF_WHY_LEN] = "";
	struct settings *s = good("");

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	setenv("PORTCALL_PASSPHRASE", text, 1);
	assert_false(settings_passphrase(s, true, why));
	assert_non_null(strstr(why, "PORTCALL_PASSPHRASE is longer than 255 octets."));
	assert_null(getenv("PORTCALL_PASSPHRASE"));
	settings_free(s);
}

static void the_systemd_credential_is_last(void **state)
{
	char why[CONF_WHY_LEN] = "";
	struct settings *s = good("");

	(void)state;
	write_file(secret, "from systemd\n", 0400);
	setenv("CREDENTIALS_DIRECTORY", folder, 1);
	assert_true(settings_passphrase(s, true, why));
	assert_string_equal(s->passphrase, "from systemd");
	settings_free(s);
	unsetenv("CREDENTIALS_DIRECTORY");
}

static void none_is_an_error_only_where_one_is_needed(void **state)
{
	char why[CONF_WHY_LEN] = "";
	struct settings *s = good("");

	(void)state;
	assert_false(settings_passphrase(s, true, why));
	assert_non_null(strstr(why, "There is no pass phrase"));
	assert_true(settings_passphrase(s, false, why));
	assert_string_equal(s->passphrase, "");
	settings_free(s);
	s = good("unencrypted-pkcs12 = yes");
	assert_true(settings_passphrase(s, true, why));
	settings_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_those_of_the_documentation),
		cmocka_unit_test(a_name_makes_verify_full),
		cmocka_unit_test(values_are_taken),
		cmocka_unit_test(a_pin_is_hexadecimal_with_or_without_colons),
		cmocka_unit_test(refusals_are_one_sentence),
		cmocka_unit_test(a_directory_is_no_configuration),
		cmocka_unit_test(the_interface_is_required),
		cmocka_unit_test(the_file_goes_before_the_environment),
		cmocka_unit_test(the_environment_is_wiped),
		cmocka_unit_test(a_pass_phrase_that_does_not_fit_is_named),
		cmocka_unit_test(the_systemd_credential_is_last),
		cmocka_unit_test(none_is_an_error_only_where_one_is_needed),
	};

	unsetenv("PORTCALL_PASSPHRASE");
	unsetenv("CREDENTIALS_DIRECTORY");
	return cmocka_run_group_tests_name("settings", tests, set_up, tear_down);
}
