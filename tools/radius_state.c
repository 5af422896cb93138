/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * radius_state - `portcall radius stats`, `portcall inventory where|who|sessions`: what rlm_portcall's state file says
 * (docs/interfaces.md 10).
 */
#include "tools/radius_state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include <portcall/error.h>

#include "common/auto.h"
#include "common/mac.h"
#include "tools/commands.h"
#include "tools/options.h"
#include "tools/rfc3339.h"

#define STATE "/run/freeradius/portcall.json"

AUTO_CLEANUP(json, json_t *, json_decref)

/* NULL: it was said why. */
static json_t *load(const char *path)
{
	json_error_t error;
	json_t *root = json_load_file(path, 0, &error);

	if (json_is_array(json_object_get(root, "sessions")))
		return root;
	if (root || error.line > 0)
		complain("%s is no state file of rlm_portcall.", path);
	else
		complain("%s cannot be read: %s; the module's setting is `state`.", path,
		         strerror(errno));
	json_decref(root);
	return NULL;
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text && *text ? text : "-";
}

/* The sentence of a code; "" for one that this version does not know. */
static const char *sentence_of(const char *code)
{
	for (int i = 0; i < PORTCALL_REASON_COUNT; i++) {
		if (strcmp(portcall_reason_code((enum portcall_reason)i), code) == 0)
			return portcall_reason_text((enum portcall_reason)i);
	}
	return "";
}

static void print_session(const json_t *s)
{
	const json_t *port = json_object_get(s, "port");
	char number[24] = "-", when[RFC3339_LEN];

	if (json_is_integer(port))
		snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(port));
	printf("%-17s  %-20s  %-10s  %-8s  %-20s  %-16s  %s\n", text_of(s, "mac"),
	       text_of(s, "nas"), number, text_of(s, "vlan"),
	       rfc3339(json_integer_value(json_object_get(s, "since")), when),
	       text_of(s, "session"),
	       json_is_true(json_object_get(s, "accounted")) ? "by accounting" : "by accept");
}

enum question { SESSIONS, WHERE, WHO };

/* "sw1/7" or "sw1": NAS-Identifier or address, and NAS-Port. */
static bool at_port(const json_t *s, const char *wanted)
{
	const char *slash = strrchr(wanted, '/');
	size_t n = slash ? (size_t)(slash - wanted) : strlen(wanted);
	const json_t *port = json_object_get(s, "port");
	const char *names[] = { text_of(s, "nas"), text_of(s, "peer") };
	char number[24] = "";

	if (json_is_integer(port))
		snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(port));
	if (slash && strcmp(slash + 1, number) != 0)
		return false;
	for (size_t i = 0; i < 2; i++) {
		if (strlen(names[i]) == n && memcmp(names[i], wanted, n) == 0)
			return true;
	}
	return false;
}

static bool wanted(const json_t *s, enum question question, const char *word, const uint8_t *mac)
{
	uint8_t other[MAC_LEN];

	if (question == WHERE)
		return mac_parse(text_of(s, "mac"), other) && mac_equal(mac, other);
	return question == SESSIONS || at_port(s, word);
}

int radius_sessions(int argc, char **argv)
{
	enum question question = !strcmp(argv[0], "where") ? WHERE
	                         : !strcmp(argv[0], "who") ? WHO
	                                                   : SESSIONS;
	const char *path = STATE;
	bool json = false;
	const struct option_spec specs[] = { { "state", .text = &path },
		                             { "json", .flag = &json },
		                             { NULL } };
	struct words words;
	uint8_t mac[MAC_LEN] = { 0 };
	size_t i, n = 0;
	json_t *s;

	if (!options_read(argc, argv, specs, question != SESSIONS, question != SESSIONS, &words))
		return 2;
	if (question == WHERE && !mac_parse(words.at[0], mac)) {
		complain("\"%s\" is no MAC address.", words.at[0]);
		return 2;
	}

	AUTO(json) json_t *root = load(path);
	AUTO(json) json_t *found = json_array();
	json_t *sessions = json_object_get(root, "sessions");

	if (!root)
		return 1;
	json_array_foreach(sessions, i, s) {
		if (wanted(s, question, question == SESSIONS ? "" : words.at[0], mac)) {
			json_array_append(found, s);
			n++;
		}
	}
	if (json) {
		json_dumpf(found, stdout, JSON_COMPACT);
		putchar('\n');
	} else if (n) {
		printf("%-17s  %-20s  %-10s  %-8s  %-20s  %-16s  %s\n", "mac", "nas", "port",
		       "vlan", "since", "session", "known");
		json_array_foreach(found, i, s)
			print_session(s);
	} else {
		puts(question == WHO     ? "Nobody is there."
		     : question == WHERE ? "It has no session."
		                         : "There is no session.");
	}
	return n || question == SESSIONS ? 0 : 1;
}

static void print_stats(const json_t *root)
{
	json_t *row, *list = json_object_get(root, "counters");
	size_t i;

	printf("%-10s  %-24s  %10s  %s\n", "verdict", "reason", "count", "what it means");
	json_array_foreach(list, i, row)
		printf("%-10s  %-24s  %10" JSON_INTEGER_FORMAT "  %s%s\n", text_of(row, "verdict"),
		       text_of(row, "reason"), json_integer_value(json_object_get(row, "count")),
		       json_is_true(json_object_get(row, "monitor"))
		               ? "[monitor: would be rejected] "
		               : "",
		       sentence_of(text_of(row, "reason")));
	list = json_object_get(root, "last");
	if (json_array_size(list))
		puts("\nthe last verdicts, newest first:");
	json_array_foreach(list, i, row) {
		char when[RFC3339_LEN];

		if (i == 10)
			break;
		printf("%s  %-10s  %-24s  %-17s  %s  %s\n",
		       rfc3339(json_integer_value(json_object_get(row, "when")), when),
		       text_of(row, "verdict"), text_of(row, "reason"), text_of(row, "mac"),
		       text_of(row, "nas"), text_of(row, "session"));
	}
}

int cmd_radius(int argc, char **argv)
{
	static const char usage[] =
		"usage: portcall radius stats [--state FILE] [--json]\n"
		"\n"
		"How often rlm_portcall has decided what and why, and the last verdicts.\n"
		"--state: the module's setting of that name; default: " STATE "\n";
	const char *path = STATE;
	bool json = false;
	const struct option_spec specs[] = { { "state", .text = &path },
		                             { "json", .flag = &json },
		                             { NULL } };
	struct words words;

	if (options_help(argc, argv)) {
		fputs(usage, stdout);
		return 0;
	}
	if (argc < 2 || strcmp(argv[1], "stats") != 0) {
		fputs(usage, stderr);
		return 2;
	}
	if (!options_read(argc - 1, argv + 1, specs, 0, 0, &words))
		return 2;

	AUTO(json) json_t *root = load(path);

	if (!root)
		return 1;
	if (json) {
		AUTO(json)
		json_t *stats =
			json_pack("{s:O,s:O}", "counters", json_object_get(root, "counters"),
		                  "last", json_object_get(root, "last"));

		json_dumpf(stats, stdout, JSON_COMPACT);
		putchar('\n');
	} else {
		print_stats(root);
	}
	return 0;
}
