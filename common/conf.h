/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * conf - configuration files (libconfuse) with every error as one sentence that names file and line.
 *
 * Shell only; one file is read at a time (libconfuse's error function has no context argument).
 *
 *	cfg_opt_t opts[] = { CFG_STR("interface", NULL, CFGF_NONE), CFG_INT("held-period", 60, CFGF_NONE), CFG_END() };
 *	static const struct conf_rule rules[] = { { "held-period", .min = 1, .max = 65535 }, { 0 } };
 *	cfg_t *cfg = conf_read("phone.conf", opts, rules, why);     "phone.conf:7: held-period = 0 is not in 1 to 65535."
 */
#ifndef COMMON_CONF_H
#define COMMON_CONF_H

#include <stdbool.h>
#include <stddef.h>

#include <confuse.h>

#include <portcall/error.h>

enum { CONF_WHY_LEN = 400, CONF_SECRET_MAX = 256 /* with NUL */ };

/* What a value must be, beyond its type.  `option`: "mode", or "port|mode" in a section. */
struct conf_rule {
	const char *option;
	long min, max;       /* of an integer; both 0: any */
	const char *choices; /* words of a string, separated by spaces; NULL: any */
	bool required;       /* a string that must be there and not be empty (not in sections) */
};

/*
 * Read `path`.  `opts` is copied.  `rules` ends with a NULL option; may be NULL.
 * Free the result with cfg_free().  NULL: `ret_why` is one sentence.
 */
cfg_t *conf_read(const char *path, cfg_opt_t *opts, const struct conf_rule *rules,
                 char ret_why[static CONF_WHY_LEN]) PORTCALL_MUST_CHECK;

/* As conf_read(), from memory; `name` stands for the file in errors. */
cfg_t *conf_parse(const char *name, const char *text, cfg_opt_t *opts,
                  const struct conf_rule *rules,
                  char ret_why[static CONF_WHY_LEN]) PORTCALL_MUST_CHECK;

/* The position of `text` in `choices` (words, separated by spaces); -1: not one of them. */
int conf_choice(const char *choices, const char *text);

/*
 * The first line of a secret's file, without its end of line.  Refused: a file that everybody may read or
 * write, an empty line, one that is too long, a NUL in it.  false: `ret_why` is one sentence, `ret_secret` is wiped.
 */
bool conf_secret(const char *path, char ret_secret[static CONF_SECRET_MAX],
                 char ret_why[static CONF_WHY_LEN]) PORTCALL_MUST_CHECK;

#endif
