/* SPDX-License-Identifier: BSD-3-Clause */
#include "common/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/digest.h"

/* The file being read: libconfuse hands neither its error nor its validate function a context. */
static struct {
	const struct conf_rule *rules;
	const char *name;
	char *why;
} reading;

/* Keep the first error: what follows it is mostly noise. */
__attribute__((format(printf, 2, 0))) static void keep_error(cfg_t *cfg, const char *fmt,
                                                             va_list ap)
{
	char *why = reading.why;
	size_t n;

	if (!why || why[0])
		return;
	if (cfg && cfg->line > 0)
		snprintf(why, CONF_WHY_LEN, "%s:%d: ", reading.name, cfg->line);
	else
		snprintf(why, CONF_WHY_LEN, "%s: ", reading.name);
	n = strlen(why);
	vsnprintf(why + n, CONF_WHY_LEN - n, fmt, ap);
	n = strlen(why);
	for (char *p = why; *p; p++) /* it may quote what stands in the file */
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	if (n > 0 && why[n - 1] != '.' && n + 1 < CONF_WHY_LEN)
		strcpy(why + n, ".");
}

int conf_choice(const char *choices, const char *text)
{
	size_t n = strlen(text);
	int i = 0;

	for (const char *word = choices; *word; i++) {
		size_t length = strcspn(word, " ");

		if (length == n && strncmp(word, text, n) == 0)
			return i;
		word += length;
		word += strspn(word, " ");
	}
	return -1;
}

/* Does "port|mode" mean `opt` in the section `cfg`? */
static bool rule_fits(const struct conf_rule *rule, const cfg_t *cfg, const cfg_opt_t *opt)
{
	const char *bar = strrchr(rule->option, '|');

	if (!bar)
		return strcmp(rule->option, opt->name) == 0;
	return strcmp(bar + 1, opt->name) == 0 && cfg->name &&
	       strlen(cfg->name) == (size_t)(bar - rule->option) &&
	       strncmp(cfg->name, rule->option, (size_t)(bar - rule->option)) == 0;
}

/* libconfuse calls this when a value of `opt` was read. */
static int check_value(cfg_t *cfg, cfg_opt_t *opt)
{
	const struct conf_rule *rule = reading.rules;
	unsigned last = cfg_opt_size(opt);

	while (rule->option && !rule_fits(rule, cfg, opt))
		rule++;
	if (!rule->option || last == 0)
		return 0;
	if (opt->type == CFGT_INT && (rule->min || rule->max)) {
		long value = cfg_opt_getnint(opt, last - 1);

		if (value >= rule->min && value <= rule->max)
			return 0;
		cfg_error(cfg, "%s = %ld is not in %ld to %ld", opt->name, value, rule->min,
		          rule->max);
		return -1;
	}
	if (opt->type == CFGT_STR && rule->choices) {
		const char *value = cfg_opt_getnstr(opt, last - 1);

		if (value && conf_choice(rule->choices, value) >= 0)
			return 0;
		cfg_error(cfg, "%s = \"%s\" is not one of: %s", opt->name, value ? value : "",
		          rule->choices);
		return -1;
	}
	return 0;
}

static bool required_are_there(cfg_t *cfg)
{
	for (const struct conf_rule *rule = reading.rules; rule && rule->option; rule++) {
		const char *value = rule->required ? cfg_getstr(cfg, rule->option) : "-";

		if (!value || !*value) {
			snprintf(reading.why, CONF_WHY_LEN, "%s: %s is missing.", reading.name,
			         rule->option);
			return false;
		}
	}
	return true;
}

static bool is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Either `text`, or the file `name`. */
static cfg_t *read_from(const char *name, const char *text, cfg_opt_t *opts,
                        const struct conf_rule *rules, char *ret_why)
{
	cfg_t *cfg = cfg_init(opts, CFGF_NONE);
	int result;

	ret_why[0] = '\0';
	if (!cfg) {
		snprintf(ret_why, CONF_WHY_LEN, "%s: out of memory.", name);
		return NULL;
	}
	if (!text && is_folder(name)) { /* the scanner would end the program */
		snprintf(ret_why, CONF_WHY_LEN, "Cannot read %s: it is a directory.", name);
		cfg_free(cfg);
		return NULL;
	}
	reading.rules = rules;
	reading.name = name;
	reading.why = ret_why;
	cfg_set_error_function(cfg, keep_error);
	for (const struct conf_rule *rule = rules; rule && rule->option; rule++)
		cfg_set_validate_func(cfg, rule->option, check_value);
	result = text ? cfg_parse_buf(cfg, text) : cfg_parse(cfg, name);
	if (result == CFG_FILE_ERROR)
		snprintf(ret_why, CONF_WHY_LEN, "Cannot read %s: %s.", name, strerror(errno));
	else if (result != CFG_SUCCESS && !ret_why[0])
		snprintf(ret_why, CONF_WHY_LEN, "%s: syntax error.", name);
	if (result == CFG_SUCCESS && required_are_there(cfg))
		result = CFG_SUCCESS;
	else
		result = CFG_PARSE_ERROR;
	reading.why = NULL;
	if (result == CFG_SUCCESS)
		return cfg;
	cfg_free(cfg);
	return NULL;
}

cfg_t *conf_read(const char *path, cfg_opt_t *opts, const struct conf_rule *rules,
                 char ret_why[static CONF_WHY_LEN])
{
	return read_from(path, NULL, opts, rules, ret_why);
}

cfg_t *conf_parse(const char *name, const char *text, cfg_opt_t *opts,
                  const struct conf_rule *rules, char ret_why[static CONF_WHY_LEN])
{
	return read_from(name, text, opts, rules, ret_why);
}

/* Up to `max` octets of `fd`; -1 with errno. */
static ssize_t read_start(int fd, char *buf, size_t max)
{
	size_t have = 0;

	while (have < max) {
		ssize_t n = read(fd, buf + have, max - have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		have += (size_t)n;
	}
	return (ssize_t)have;
}

/* The sentence that tells what is wrong with the first line of `have` octets; NULL: nothing, `ret_n` is its length. */
static const char *judge_line(const char *buf, size_t have, size_t *ret_n)
{
	const char *end = memchr(buf, '\n', have);
	size_t n = end ? (size_t)(end - buf) : have;

	if (n > 0 && buf[n - 1] == '\r')
		n--;
	if (n == 0)
		return "its first line is empty; put the secret there";
	if (n >= CONF_SECRET_MAX)
		return "its first line is longer than 255 octets";
	if (memchr(buf, '\0', n))
		return "its first line contains a NUL octet";
	*ret_n = n;
	return NULL;
}

static const char *judge_file(int fd)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return strerror(errno);
	if (S_ISDIR(st.st_mode))
		return "it is a directory";
	if (st.st_mode & (S_IROTH | S_IWOTH))
		return "everybody may read or write it; run chmod o-rwx on it";
	return NULL;
}

bool conf_secret(const char *path, char ret_secret[static CONF_SECRET_MAX],
                 char ret_why[static CONF_WHY_LEN])
{
	char buf[CONF_SECRET_MAX + 2]; /* with an end of line of two octets */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	const char *problem = judge_file(fd);
	size_t n = 0;

	if (!problem) {
		ssize_t have = read_start(fd, buf, sizeof(buf));

		problem = have < 0 ? strerror(errno) : judge_line(buf, (size_t)have, &n);
	}
	if (fd >= 0)
		close(fd);
	digest_wipe(ret_secret, CONF_SECRET_MAX);
	if (!problem)
		memcpy(ret_secret, buf, n);
	else
		snprintf(ret_why, CONF_WHY_LEN, "Cannot use the secret in %s: %s.", path, problem);
	digest_wipe(buf, sizeof(buf));
	return !problem;
}
