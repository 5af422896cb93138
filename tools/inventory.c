/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * inventory - `portcall inventory build`: the RADIUS server's inventory out of the provisioning tree.  The other
 * verbs are in inventory_edit.c.
 *
 * A tree is a folder with the files that the phones fetch: <name>.<ext>, the same for all, and
 * <name><MAC>.<ext> for one device, whose items go before.  Each device file becomes a record with
 * what its certificate says; keys, pass phrases and all other items stay out.  What people decided in
 * the inventory that is replaced (enabled, role, vlan, ...) is kept, and so is the certificate before, for the roll-over.  Format: docs/interfaces.md 6.
 */
#include "tools/inventory.h"

#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "common/auto.h"
#include "common/mac.h"
#include "tools/commands.h"
#include "tools/inventory_edit.h"
#include "tools/radius_state.h"
#include "tools/rfc3339.h"

static const char usage_text[] =
	"usage: portcall inventory VERB [ARGUMENTS]\n"
	"\n"
	"  build --tree DIR ...    make the inventory out of the provisioning files\n"
	"  revoke MAC              the device's certificate is worth nothing any more\n"
	"  rotate MAC              the same, and the device may fetch a new one through staging\n"
	"  disable MAC, stolen MAC the device does not get in, whatever it shows\n"
	"  enable MAC              takes disable, stolen and rotate back, but no revocation\n"
	"  check [--expiring 30d]  what ends soon; exit status 1 when something does\n"
	"  diff OLD NEW            what differs; exit status 1 when something does\n"
	"  where MAC               at which port the device is\n"
	"  who NAS[/PORT]          which devices are there\n"
	"  sessions                all of them\n"
	"\n"
	"The last three take --state FILE, the module's setting of that name (default:\n"
	"/run/freeradius/portcall.json), and --json; all others but build and diff take "
	"--inventory FILE; default: /etc/portcall/inventory.json.\n"
	"The server takes changes over by itself.\n";

static const char build_text[] =
	"usage: portcall inventory build --tree DIR --passphrase-file FILE [OPTION...]\n"
	"\n"
	"Makes the inventory of rlm_portcall out of the provisioning files in DIR.\n"
	"\n"
	"  --tree DIR              the folder with NAME.xml and NAME<MAC>.xml\n"
	"  --passphrase-file FILE  its first line opens the PKCS#12 files\n"
	"  --config-name NAME      default: op420adv_conf\n"
	"  --role ROLE=VLAN        a role and its VLAN (id or name); new devices get the first "
	"one\n"
	"  --output FILE           replaced in one step; what people decided in it is kept.\n"
	"                          Default: standard output\n"
	"  --roll-over DAYS        how long a certificate that was replaced is still accepted\n"
	"                          (default: 14)\n"
	"  --keep-going            leave out the certificates that cannot be read, not the "
	"inventory\n";

/* --- records -------------------------------------------------------------------------------------- */

static int by_certificate(const void *a, const void *b)
{
	const struct record *const *x = a, *const *y = b;
	const struct portcall_certificate_info *p = portcall_credentials_client((*x)->credentials);
	const struct portcall_certificate_info *q = portcall_credentials_client((*y)->credentials);
	int order = strcmp(p->serial, q->serial);

	return order ? order : strcmp(p->issuer_oneline, q->issuer_oneline);
}

/* A certificate is shared when two devices have it, or when it stands in the file for all. */
static bool find_shared(struct tree *tree)
{
	AUTO(free) struct record **sorted = calloc(tree->count + 1, sizeof(*sorted));
	size_t n = 0;

	if (!sorted)
		return false;
	for (size_t i = 0; i < tree->count; i++) {
		if (tree->records[i]->credentials)
			sorted[n++] = tree->records[i];
	}
	qsort(sorted, n, sizeof(*sorted), by_certificate);
	for (size_t i = 0; i + 1 < n; i++) {
		if (by_certificate(&sorted[i], &sorted[i + 1]) == 0)
			sorted[i]->shared = sorted[i + 1]->shared = true;
	}
	return true;
}

/* --- JSON ----------------------------------------------------------------------------------------- */

/* A year beyond all calendars: expired. */
static const char *time_text(int64_t seconds, char buf[static RFC3339_LEN])
{
	return *rfc3339(seconds, buf) ? buf : "1970-01-01T00:00:01Z";
}

static json_t *certificate_json(const struct record *record)
{
	const struct portcall_certificate_info *info;
	char not_after[RFC3339_LEN];

	if (!record->credentials)
		return json_null();
	info = portcall_credentials_client(record->credentials);
	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:b}", "issuer", info->issuer_oneline, "serial",
	                 info->serial, "cn", info->common_name, "san", info->san, "not_after",
	                 time_text(info->not_after, not_after), "spki_sha256", info->spki_sha256,
	                 "shared", record->shared);
}

/* A decision of the inventory before, or else `without` (a new reference, taken). */
static json_t *decision(const json_t *before, const char *key, json_t *without)
{
	json_t *value = json_object_get(before, key);

	if (!value || json_is_null(value))
		return without;
	json_decref(without);
	return json_incref(value);
}

/*
 * The generation before: what the inventory had, if it is another certificate; what was revoked stays so.
 * The same certificate again keeps its marks and the generation before it until the window ends.
 */
static json_t *previous_json(const json_t *before, json_t *certificate, int64_t roll_over)
{
	json_t *old = json_object_get(before, "certificate");
	json_t *older = json_object_get(before, "previous");
	char until[RFC3339_LEN];
	int64_t end;

	if (!json_is_object(certificate) || !json_is_object(old))
		return json_null();
	if (json_equal(json_object_get(old, "serial"), json_object_get(certificate, "serial")) &&
	    json_equal(json_object_get(old, "issuer"), json_object_get(certificate, "issuer"))) {
		const char *text = json_string_value(json_object_get(older, "until"));

		if (json_is_true(json_object_get(old, "revoked")))
			json_object_set_new(certificate, "revoked", json_true());
		return text && rfc3339_read(text, &end) && end > time(NULL) ? json_incref(older)
		                                                            : json_null();
	}
	if (!roll_over)
		return json_null();

	json_t *previous = json_deep_copy(old);

	json_object_set_new(previous, "until",
	                    json_string(time_text(time(NULL) + roll_over, until)));
	return previous;
}

/* What only people decide, where they did. */
static void decisions_keep(json_t *record, const json_t *before)
{
	static const char *const keys[] = { "stolen",   "mab",     "provisioned",
		                            "location", "version", "running_version" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		json_t *value = json_object_get(before, keys[i]);

		if (value)
			json_object_set(record, keys[i], value);
	}
}

static json_t *record_json(const struct tree *tree, const struct record *record,
                           const char *first_role, int64_t roll_over, const json_t *before)
{
	const struct portcall_certificate_info *info =
		record->credentials && !record->shared
			? portcall_credentials_client(record->credentials)
			: NULL;
	char mac[MAC_TEXT_LEN], plain[MAC_TEXT_LEN];
	const char *name =
		info && *info->common_name ? info->common_name : mac_plain(record->mac, plain);
	AUTO(json) json_t *files = json_array();

	if (*tree->system_file)
		json_array_append_new(files, json_string(tree->system_file));
	json_array_append_new(files, json_string(record->file));

	AUTO(json) json_t *certificate = certificate_json(record);
	json_t *previous = previous_json(before, certificate, roll_over);
	json_t *object = json_pack(
		"{s:s,s:s,s:s#,s:o,s:o,s:o,s:O,s:O}", "mac", mac_colons(record->mac, mac), "name",
		name, "model", tree->config_name, tree->model_n, "role",
		decision(before, "role", first_role ? json_string(first_role) : json_null()),
		"vlan", decision(before, "vlan", json_null()), "enabled",
		decision(before, "enabled", json_true()), "files", files, "certificate",
		certificate);

	if (!object || json_is_null(previous))
		json_decref(previous);
	else
		json_object_set_new(object, "previous", previous);
	if (object)
		decisions_keep(object, before);
	return object;
}

/* {"02:00:...": record} of the inventory that is to be replaced; an empty object without one. */
static json_t *decisions_read(const char *path, json_t **ret_roles, json_t **ret_locations)
{
	json_error_t error;
	size_t i;
	json_t *device, *index = json_object();
	AUTO(json) json_t *root = NULL;
	struct stat st;

	if (!path || stat(path, &st) || S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode))
		return index; /* a pipe keeps nothing, and reading it would wait for ever */
	root = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
	if (!json_is_array(json_object_get(root, "devices"))) {
		inventory_complain(
			"%s is there but is no inventory%s%s; move it away to begin anew.", path,
			root ? "" : ": ", root ? "" : error.text);
		json_decref(index);
		return NULL;
	}
	json_array_foreach(json_object_get(root, "devices"), i, device) {
		const char *mac = json_string_value(json_object_get(device, "mac"));

		if (mac)
			json_object_set(index, mac, device);
	}
	*ret_roles = json_incref(json_object_get(root, "roles"));
	*ret_locations = json_incref(json_object_get(root, "locations"));
	return index;
}

/* The roles of the command line, over those of the inventory before. */
static json_t *roles_json(const struct options *options, json_t *before)
{
	json_t *roles = json_is_object(before) ? json_deep_copy(before) : json_object();

	for (size_t i = 0; i < options->roles_n; i++) {
		const struct role_option *role = &options->roles[i];
		json_t *object = json_object_get(roles, role->name);

		if (json_is_object(object))
			json_object_set_new(object, "vlan", json_string(role->vlan));
		else
			json_object_set_new(roles, role->name,
			                    json_pack("{s:s}", "vlan", role->vlan));
	}
	return roles;
}

static json_t *document(struct tree *tree, const struct options *options)
{
	AUTO(json) json_t *roles_before = NULL;
	AUTO(json) json_t *locations = NULL;
	AUTO(json) json_t *before = decisions_read(options->output, &roles_before, &locations);
	AUTO(json) json_t *devices = json_array();
	const char *first_role = options->roles_n ? options->roles[0].name : NULL;
	char now[RFC3339_LEN];

	if (!before)
		return NULL;
	for (size_t i = 0; i < tree->count; i++) {
		char mac[MAC_TEXT_LEN];
		const json_t *kept =
			json_object_get(before, mac_colons(tree->records[i]->mac, mac));

		if (json_array_append_new(devices, record_json(tree, tree->records[i], first_role,
		                                               options->roll_over, kept))) {
			inventory_complain("%s: its certificate's names are not UTF-8 text.",
			                   tree->records[i]->file);
			return NULL;
		}
	}

	json_t *root =
		json_pack("{s:i,s:s,s:o,s:O}", "format", 1, "generated", time_text(time(NULL), now),
	                  "roles", roles_json(options, roles_before), "devices", devices);

	if (root && locations)
		json_object_set(root, "locations", locations);
	return root;
}

/* --- the command ------------------------------------------------------------------------------------ */

static bool role_add(struct options *options, char *text)
{
	char *vlan = strchr(text, '=');

	if (!vlan || vlan == text || !vlan[1] || options->roles_n == ROLES_MAX) {
		inventory_complain("--role %s: expected ROLE=VLAN, at most %d times.", text,
		                   ROLES_MAX);
		return false;
	}
	*vlan++ = '\0';
	options->roles[options->roles_n++] = (struct role_option){ text, vlan };
	return true;
}

static bool days_of(struct options *options, const char *text)
{
	char *end;
	long days = strtol(text, &end, 10);

	if (end == text || *end || days < 0 || days > 3650) {
		inventory_complain("--roll-over %s: expected a number of days.", text);
		return false;
	}
	options->roll_over = days * 86400;
	return true;
}

static bool build_options(int argc, char **argv, struct options *options)
{
	static const struct option known[] = {
		{ "tree", required_argument, NULL, 't' },
		{ "passphrase-file", required_argument, NULL, 'p' },
		{ "config-name", required_argument, NULL, 'n' },
		{ "role", required_argument, NULL, 'r' },
		{ "output", required_argument, NULL, 'o' },
		{ "roll-over", required_argument, NULL, 'd' },
		{ "keep-going", no_argument, NULL, 'k' },
		{ NULL, 0, NULL, 0 },
	};

	optind = 1;
	for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
		if (c == 't')
			options->tree = optarg;
		else if (c == 'p')
			options->passphrase_file = optarg;
		else if (c == 'n')
			options->config_name = optarg;
		else if (c == 'o')
			options->output = optarg;
		else if (c == 'k')
			options->keep_going = true;
		else if (c == 'd' && days_of(options, optarg))
			continue;
		else if (c != 'r' || !role_add(options, optarg))
			return false;
	}
	if (optind < argc)
		inventory_complain("\"%s\" is one argument too many.", argv[optind]);
	else if (!options->tree)
		inventory_complain("--tree is missing.");
	else if (!options->passphrase_file)
		inventory_complain("--passphrase-file is missing.");
	else
		return true;
	return false;
}

static int build(const struct options *options)
{
	AUTO(tree) struct tree *tree = tree_read(options);
	size_t with = 0, shared = 0;

	if (!tree)
		return 1;
	if (!find_shared(tree)) {
		inventory_complain("There is not enough memory.");
		return 1;
	}
	for (size_t i = 0; i < tree->count; i++) {
		with += tree->records[i]->credentials != NULL;
		shared += tree->records[i]->shared;
	}

	AUTO(json) json_t *root = document(tree, options);
	AUTO(free) char *text = root ? json_dumps(root, JSON_INDENT(1)) : NULL;

	if (!root)
		return 1;
	if (!text) {
		inventory_complain("There is not enough memory.");
		return 1;
	}
	if (!options->output)
		return puts(text) < 0 || fflush(stdout) ? 1 : 0;
	if (!inventory_replace(options->output, text))
		return 1;
	printf("%s: %zu devices, %zu with a certificate, %zu of them shared.\n", options->output,
	       tree->count, with, shared);
	return 0;
}

static bool asks_for_help(const char *word)
{
	return word && (!strcmp(word, "--help") || !strcmp(word, "-h"));
}

int cmd_inventory(int argc, char **argv)
{
	struct options options = { .config_name = "op420adv_conf", .roll_over = 14 * 86400 };
	bool is_build = argc > 1 && !strcmp(argv[1], "build");

	if (argc > 1 && (asks_for_help(argv[1]) || asks_for_help(argv[2]))) {
		fputs(is_build ? build_text : usage_text, stdout);
		return 0;
	}
	if (is_build)
		return build_options(argc - 1, argv + 1, &options) ? build(&options) : 2;

	if (argc > 1 &&
	    (!strcmp(argv[1], "where") || !strcmp(argv[1], "who") || !strcmp(argv[1], "sessions")))
		return radius_sessions(argc - 1, argv + 1);

	int status = argc > 1 ? inventory_edit(argc - 1, argv + 1) : INVENTORY_EDIT_UNKNOWN;

	if (status != INVENTORY_EDIT_UNKNOWN)
		return status;
	fputs(usage_text, stderr);
	return 2;
}
