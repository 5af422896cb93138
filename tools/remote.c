/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * remote - `portcall switch` and `portcall phone`: the control sockets of the two daemons for people.
 *
 * Each verb is one request of docs/interfaces.md, section 3.  Without --json the answer is aligned
 * text: lists of objects as tables, one object as lines "name  value".  With --json it is the
 * answer's own line.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "common/auto.h"
#include "common/control.h"
#include "tools/commands.h"

AUTO_CLEANUP(json, json_t *, json_decref)

struct verb {
	const char *name;
	const char
		*arguments; /* of the request, in order, separated by spaces; "[x]" is optional */
	const char *about;
	const char *list;    /* the answer's member that is a list: a table; NULL: one object */
	const char *columns; /* of that table */
};

struct target {
	const char *name;
	const char *control;
	const struct verb *verbs;
};

static const struct verb switch_verbs[] = {
	{ "show", "[port]", "the ports", "ports",
	  "name link mode authorized mac vlan user pae_state backend_state reason" },
	{ "fdb", "", "the addresses that were learned", "entries", "mac vlan port age_s" },
	{ "radius", "", "the RADIUS servers", "servers",
	  "address port alive requests retransmissions accepts rejects challenges timeouts" },
	{ "port", "port mode", "set a port to auto, force-authorized or force-unauthorized", NULL,
	  NULL },
	{ "reauth", "port", "let a port authenticate again", NULL, NULL },
	{ "watch", "", "the events, as they come", NULL, NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};

static const struct verb phone_verbs[] = {
	{ "status", "", "the phone's state", NULL, NULL },
	{ "certs", "", "its trust anchors and its certificate", NULL, NULL },
	{ "reauth", "", "authenticate again", NULL, NULL },
	{ "logoff", "", "log off and stay so", NULL, NULL },
	{ "logon", "", "end a logoff", NULL, NULL },
	{ "check", "", "look for new provisioning now", NULL, NULL },
	{ "check-sync", "", "the same, by the name of the SIP event", NULL, NULL },
	{ "renew", "", "ask for the address again", NULL, NULL },
	{ "release", "", "give the address back, until renew", NULL, NULL },
	{ "factory-reset", "", "erase all items and credentials, begin as at the first start", NULL,
	  NULL },
	{ "watch", "", "the events, as they come", NULL, NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};

static const struct target targets[] = {
	{ "switch", "/run/portcall-switch.sock", switch_verbs },
	{ "phone", "/run/portcall-phone.sock", phone_verbs },
};

enum { CELL = 128, COLUMNS = 16 };

/* A value as text of one cell; what is unknown is "-". */
static void cell(const json_t *value, char ret_text[static CELL])
{
	if (json_is_string(value))
		snprintf(ret_text, CELL, "%s",
		         *json_string_value(value) ? json_string_value(value) : "-");
	else if (json_is_boolean(value))
		snprintf(ret_text, CELL, "%s", json_is_true(value) ? "yes" : "no");
	else if (json_is_integer(value))
		snprintf(ret_text, CELL, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else if (json_is_real(value))
		snprintf(ret_text, CELL, "%.3f", json_real_value(value));
	else
		snprintf(ret_text, CELL, "-");
}

static void print_table(json_t *rows, const char *columns)
{
	char names[256], text[CELL];
	const char *column[COLUMNS];
	size_t width[COLUMNS], n = 0, i;
	json_t *row;

	snprintf(names, sizeof names, "%s", columns);
	for (char *rest = names, *word; n < COLUMNS && (word = strtok_r(rest, " ", &rest)); n++) {
		column[n] = word;
		width[n] = strlen(word);
		json_array_foreach(rows, i, row) {
			cell(json_object_get(row, word), text);
			if (strlen(text) > width[n])
				width[n] = strlen(text);
		}
	}
	for (size_t c = 0; c < n; c++)
		printf(c + 1 < n ? "%-*s  " : "%-*s\n", c + 1 < n ? (int)width[c] : 0, column[c]);
	json_array_foreach(rows, i, row) {
		for (size_t c = 0; c < n; c++) {
			cell(json_object_get(row, column[c]), text);
			printf(c + 1 < n ? "%-*s  " : "%-*s\n", c + 1 < n ? (int)width[c] : 0,
			       text);
		}
	}
}

static size_t name_width(json_t *object)
{
	size_t width = 0;
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value)
		if (strlen(key) > width)
			width = strlen(key);
	return width;
}

/* "name  value" lines; members that are objects or lists follow, indented below their name. */
static void print_object(json_t *object, int indent)
{
	int width = (int)name_width(object);
	const char *key;
	json_t *value, *element;
	char text[CELL];
	size_t i;

	json_object_foreach(object, key, value) {
		if (json_is_object(value)) {
			printf("%*s%s\n", indent, "", key);
			print_object(value, indent + 2);
		} else if (json_is_array(value)) {
			json_array_foreach(value, i, element) {
				printf("%*s%s %zu\n", indent, "", key, i + 1);
				if (json_is_object(element))
					print_object(element, indent + 2);
			}
		} else {
			cell(value, text);
			printf("%*s%-*s  %s\n", indent, "", width, key, text);
		}
	}
}

/* One event: the time of day, then level, name and fields. */
static void print_event(json_t *event)
{
	double t = json_number_value(json_object_get(event, "t"));
	time_t seconds = (time_t)t;
	struct tm tm;
	const char *key;
	json_t *value;
	char when[16] = "", text[CELL];

	if (localtime_r(&seconds, &tm))
		strftime(when, sizeof when, "%H:%M:%S", &tm);
	printf("%s.%03d", when, (int)((t - (double)seconds) * 1000));
	cell(json_object_get(event, "level"), text);
	printf(" %-5s", text);
	cell(json_object_get(event, "event"), text);
	printf(" %-15s", text);
	json_object_foreach(event, key, value) {
		if (strcmp(key, "t") == 0 || strcmp(key, "level") == 0 || strcmp(key, "event") == 0)
			continue;
		cell(value, text);
		printf(strchr(text, ' ') ? " %s=\"%s\"" : " %s=%s", key, text);
	}
	putchar('\n');
}

/* Runs until the daemon or the reader of our output ends. */
static int watch(const char *path, bool json)
{
	char why[200];
	int fd = control_connect(path, why);
	FILE *in = fd < 0 ? NULL : fdopen(fd, "r+");
	AUTO(free) char *line = NULL;
	size_t size = 0;

	if (!in) {
		fprintf(stderr, "portcall: %s\n", fd < 0 ? why : "out of memory.");
		if (fd >= 0)
			close(fd);
		return 1;
	}
	if (dprintf(fd, "{\"verb\":\"watch\"}\n") > 0)
		while (!ferror(stdout) && getline(&line, &size, in) > 0) {
			AUTO(json) json_t *event = json ? NULL : json_loads(line, 0, NULL);

			if (event)
				print_event(event);
			else
				fputs(line, stdout);
			fflush(stdout);
		}
	fclose(in);
	return 0;
}

static int usage(FILE *out, const struct target *target, int status)
{
	fprintf(out, "usage: portcall %s VERB [ARGUMENTS] [--control PATH] [--json]\n\n",
	        target->name);
	for (const struct verb *v = target->verbs; v->name; v++) {
		char left[64];

		snprintf(left, sizeof left, "%s %s", v->name, v->arguments);
		fprintf(out, "  %-20s %s\n", left, v->about);
	}
	fprintf(out, "\nThe control socket is %s unless --control names another.\n",
	        target->control);
	return status;
}

/* The request of `verb` with its arguments; NULL: they do not fit, and that was said. */
static json_t *make_request(const struct target *target, const struct verb *verb, char **argv)
{
	AUTO(json) json_t *request = json_pack("{s:s}", "verb", verb->name);
	char names[64];

	if (!request)
		return NULL;
	if (strcmp(verb->name, "logon") == 0) {
		json_object_set_new(request, "verb", json_string("logoff"));
		json_object_set_new(request, "on", json_false());
	}
	snprintf(names, sizeof names, "%s", verb->arguments);
	for (char *rest = names, *name; (name = strtok_r(rest, " ", &rest)); argv++) {
		bool optional = *name == '[';

		if (!*argv && optional)
			return steal(request);
		if (!*argv) {
			fprintf(stderr, "portcall %s %s: which %s?\n", target->name, verb->name,
			        name);
			return NULL;
		}
		if (optional) {
			name++;
			name[strcspn(name, "]")] = '\0';
		}
		json_object_set_new(request, name, json_string(*argv));
	}
	if (*argv) {
		fprintf(stderr, "portcall %s %s: \"%s\" is one argument too many.\n", target->name,
		        verb->name, *argv);
		return NULL;
	}
	return steal(request);
}

/* As the phones' own menu says it; without a trial what is in use is all there is. */
static void print_certs(json_t *answer)
{
	const char *installed = json_string_value(json_object_get(answer, "device_certificate"));

	printf("Device Certificate: %s\n", installed ? installed : "-");
	json_object_del(answer, "device_certificate");
	if (json_is_null(json_object_get(answer, "imported"))) {
		json_object_del(answer, "active");
		json_object_del(answer, "imported");
	}
	print_object(answer, 0);
}

static int print_answer(const struct verb *verb, json_t *answer, bool json)
{
	const json_t *error = json_object_get(answer, "error");

	if (json) {
		json_dumpf(answer, stdout, JSON_COMPACT);
		putchar('\n');
	} else if (error) {
		const char *text = json_string_value(json_object_get(error, "text"));
		const char *hint = json_string_value(json_object_get(error, "hint"));

		fprintf(stderr, "portcall: %s%s%s\n", text ? text : "it failed.",
		        hint && *hint ? " " : "", hint ? hint : "");
	} else if (verb->list) {
		print_table(json_object_get(answer, verb->list), verb->columns);
	} else if (strcmp(verb->name, "certs") == 0) {
		print_certs(answer);
	} else if (json_is_true(json_object_get(answer, "ok"))) {
		puts("done");
	} else {
		print_object(answer, 0);
	}
	return error ? 1 : 0;
}

static int remote(const struct target *target, int argc, char **argv)
{
	static const struct option options[] = {
		{ "control", required_argument, NULL, 'c' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	const char *control = target->control;
	bool json = false;
	char why[200];
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'h')
			return usage(stdout, target, 0);
		if (c != 'c' && c != 'j')
			return 2;
		if (c == 'c')
			control = optarg;
		else
			json = true;
	}
	if (optind == argc)
		return usage(stderr, target, 2);
	for (const struct verb *v = target->verbs; v->name; v++) {
		if (strcmp(v->name, argv[optind]) != 0)
			continue;

		AUTO(json) json_t *request = make_request(target, v, argv + optind + 1);

		if (!request)
			return 2;
		if (strcmp(v->name, "watch") == 0)
			return watch(control, json);

		AUTO(json) json_t *answer = control_call(control, request, why);

		if (!answer) {
			fprintf(stderr, "portcall: %s\n", why);
			return 1;
		}
		return print_answer(v, answer, json);
	}
	fprintf(stderr, "portcall %s: there is no verb \"%s\"; portcall %s --help lists them.\n",
	        target->name, argv[optind], target->name);
	return 2;
}

int cmd_switch(int argc, char **argv)
{
	return remote(&targets[0], argc, argv);
}

int cmd_phone(int argc, char **argv)
{
	return remote(&targets[1], argc, argv);
}
