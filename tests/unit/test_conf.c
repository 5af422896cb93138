/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/check.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/conf.h"

static cfg_opt_t port_options[] = {
	CFG_STR("interface", NULL, CFGF_NONE),
	CFG_STR("mode", "auto", CFGF_NONE),
	CFG_INT("max-req", 2, CFGF_NONE),
	CFG_END(),
};

static cfg_opt_t options[] = {
	CFG_STR("interface", NULL, CFGF_NONE),
	CFG_INT("held-period", 60, CFGF_NONE),
	CFG_BOOL("unencrypted", cfg_false, CFGF_NONE),
	CFG_SEC("port", port_options, CFGF_TITLE | CFGF_MULTI | CFGF_NO_TITLE_DUPES),
	CFG_END(),
};

static const struct conf_rule rules[] = {
	{ .option = "interface", .required = true },
	{ .option = "held-period", .min = 1, .max = 65535 },
	{ .option = "port|mode", .choices = "auto force-authorized" },
	{ .option = "port|max-req", .min = 0, .max = 10 },
	{ 0 },
};

static char why[CONF_WHY_LEN];

static cfg_t *parse(const char *text)
{
	return conf_parse("phone.conf", text, options, rules, why);
}

static void refused(const char *text, const char *sentence)
{
	cfg_t *cfg = parse(text);

	assert_null(cfg);
	assert_string_equal(why, sentence);
}

static void values_and_defaults(void **state)
{
	(void)state;
	cfg_t *cfg = parse("# a comment\ninterface = \"eth0\"\nheld-period = 5\n"
	                   "port p1 { mode = \"force-authorized\" }\nport p2 { }\n");

	assert_non_null(cfg);
	assert_string_equal(why, "");
	assert_string_equal(cfg_getstr(cfg, "interface"), "eth0");
	assert_int_equal(cfg_getint(cfg, "held-period"), 5);
	assert_false(cfg_getbool(cfg, "unencrypted"));
	assert_int_equal(cfg_size(cfg, "port"), 2);
	assert_string_equal(cfg_getstr(cfg_getnsec(cfg, "port", 0), "mode"), "force-authorized");
	assert_string_equal(cfg_getstr(cfg_getnsec(cfg, "port", 1), "mode"), "auto");
	cfg_free(cfg);
}

static void errors_name_file_and_line(void **state)
{
	(void)state;
	refused("interface = eth0\n\nheld-perod = 5\n",
	        "phone.conf:3: no such option 'held-perod'.");
	refused("interface = eth0\nheld-period = 0\n",
	        "phone.conf:2: held-period = 0 is not in 1 to 65535.");
	refused("interface = eth0\nheld-period = soon\n",
	        "phone.conf:2: invalid integer value for option 'held-period'.");
	refused("interface = eth0\nport p1 {\n\tmode = open\n}\n",
	        "phone.conf:3: mode = \"open\" is not one of: auto force-authorized.");
	refused("interface = eth0\nport p1 {\n\tmax-req = 11\n}\n",
	        "phone.conf:3: max-req = 11 is not in 0 to 10.");
	refused("held-period = 5\n", "phone.conf: interface is missing.");
	refused("interface = \"\"\n", "phone.conf: interface is missing.");
}

static void unreadable_file(void **state)
{
	(void)state;
	assert_null(conf_read("/nonexistent/phone.conf", options, rules, why));
	assert_string_equal(why, "Cannot read /nonexistent/phone.conf: No such file or directory.");
}

static void choices(void **state)
{
	(void)state;
	assert_int_equal(conf_choice("none trusted full", "none"), 0);
	assert_int_equal(conf_choice("none trusted full", "full"), 2);
	assert_int_equal(conf_choice("none trusted full", "trust"), -1);
	assert_int_equal(conf_choice("none trusted full", ""), -1);
	assert_int_equal(conf_choice("none trusted full", "none trusted"), -1);
}

/* --- secrets -------------------------------------------------------------------------------------- */

static char secret_path[] = "/tmp/portcall-test-secret-XXXXXX";

static int make_secret(void **state)
{
	int fd;

	(void)state;
	strcpy(strrchr(secret_path, '-'), "-XXXXXX");
	fd = mkstemp(secret_path);
	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}

static int remove_secret(void **state)
{
	(void)state;
	return unlink(secret_path);
}

static void put_secret(const void *text, size_t n, mode_t mode)
{
	FILE *file = fopen(secret_path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, n, file), n);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(secret_path, mode), 0);
}

static void secret_is(const char *text, const char *secret)
{
	char got[CONF_SECRET_MAX];

	put_secret(text, strlen(text), 0600);
	assert_true(conf_secret(secret_path, got, why));
	assert_string_equal(got, secret);
}

static void secret_refused(const char *part)
{
	char got[CONF_SECRET_MAX] = "untouched";

	assert_false(conf_secret(secret_path, got, why));
	if (!strstr(why, part) || !strstr(why, secret_path))
		fail_msg("unexpected sentence: %s", why);
	assert_string_equal(got, "");
}

static void first_line_of_a_secret(void **state)
{
	(void)state;
	char longest[CONF_SECRET_MAX + 2];

	secret_is("1234", "1234");
	secret_is("1234\n", "1234");
	secret_is("1234\r\nsecond\n", "1234");
	secret_is("with blank \n", "with blank ");
	memset(longest, 'x', sizeof(longest));
	strcpy(longest + CONF_SECRET_MAX - 1, "\r\n");
	char secret[CONF_SECRET_MAX];

	memset(secret, 'x', sizeof(secret));
	secret[CONF_SECRET_MAX - 1] = '\0';
	secret_is(longest, secret);
}

static void bad_secrets(void **state)
{
	(void)state;
	char longer[CONF_SECRET_MAX];

	put_secret("1234\n", 5, 0644);
	secret_refused("everybody may read or write it");
	put_secret("1234\n", 5, 0602);
	secret_refused("everybody may read or write it");
	put_secret("\n1234\n", 6, 0640);
	secret_refused("its first line is empty");
	put_secret("", 0, 0600);
	secret_refused("its first line is empty");
	put_secret("12\00034\n", 6, 0600);
	secret_refused("NUL");
	memset(longer, 'x', sizeof(longer));
	put_secret(longer, sizeof(longer), 0600);
	secret_refused("longer than 255 octets");
}

static void missing_secret(void **state)
{
	(void)state;
	char got[CONF_SECRET_MAX];

	assert_false(conf_secret("/nonexistent/secret", got, why));
	assert_string_equal(why, "Cannot use the secret in /nonexistent/secret: No such file or "
	                         "directory.");
	assert_false(conf_secret("/", got, why));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		C("values, defaults and sections", values_and_defaults),
		C("every error is one sentence with file and line", errors_name_file_and_line),
		C("a file that cannot be read is said with its path", unreadable_file),
		C("a choice is one whole word", choices),
		{ "a secret is the first line of its file", first_line_of_a_secret, make_secret,
		  remove_secret, NULL },
		{ "a secret that others may read, an empty, long or binary one is refused",
		  bad_secrets, make_secret, remove_secret, NULL },
		C("a secret's file that is not there is said with its path", missing_secret),
	};

	return cmocka_run_group_tests_name("conf", tests, NULL, NULL);
}
