/* SPDX-License-Identifier: BSD-3-Clause */
/* cert_issue - `portcall cert issue`: what is to be issued, planned and checked. */
#include "tools/cert_issue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/cert.h"

static const char issue_help[] =
	"usage: portcall cert issue --ca DIR [OPTION...] --name NAME | --mac MAC | --address "
	"ADDRESS\n"
	"       portcall cert issue --ca DIR [OPTION...] --csv FILE\n"
	"       portcall cert issue --ca DIR [OPTION...] --csr FILE\n"
	"\n"
	"Issues one certificate, one for each line of a list, or one for somebody's request.\n"
	"A CN that has a valid certificate already is refused, unless it is renewed.\n"
	"\n"
	"  --ca DIR                   the CA's folder\n"
	"  --ca-passphrase-file FILE  opens its key; else PORTCALL_CA_PASSPHRASE\n"
	"  --subject TEMPLATE         the '?' in its CN is filled: \"O=Example, CN=phone-?\";\n"
	"                             default: the CA's own name with CN=?\n"
	"  --name, --mac, --address   what the '?' becomes: the first of them that is given\n"
	"  --fill name|mac|address    ... or this one\n"
	"  --mac-style STYLE          plain (default, 02000000AB01), colons (02:00:..), hyphens\n"
	"  --csv FILE                 a list; its first line names the columns: name, mac, "
	"address,\n"
	"                             san (several with spaces between)\n"
	"  --csr FILE                 a request (PEM, also NEW CERTIFICATE REQUEST, or DER); its\n"
	"                             subject and names are taken unless --subject, --san are "
	"given\n"
	"  --san KIND:VALUE           DNS:, IP:, email:, URI: or UPN:, '?' is filled; may stand "
	"often\n"
	"  --for client|server|both|any   extended key usage; default client.  For servers the\n"
	"                             name and the address become alternative names\n"
	"  --days N                   default 1095, but not past the CA's end and not past 2037\n"
	"  --key KIND                 rsa2048, rsa4096, rsa1024, p256, p384; default: as the CA\n"
	"  --digest sha256|sha1       of the signature; sha1 for phones that know no SHA-2\n"
	"  --renew                    also for a CN that has a valid certificate\n"
	"  --format FORMAT            p12 (default), base64, pem (default for servers; with a "
	".key),\n"
	"                             none\n"
	"  --out DIR                  where the files go; default: here\n"
	"  --provisioning DIR         set the 802.1x-certificate item in DIR/NAME<MAC>.xml too\n"
	"  --config-name NAME         default: op420adv_conf\n"
	"  --profile PROFILE          of the PKCS#12: modern (default) or optipoint\n"
	"  --iterations N             of the modern key derivation; default 10000\n"
	"  --passphrase-file FILE     the phones' pass phrase; else PORTCALL_PASSPHRASE\n"
	"  --force                    replace files\n"
	"  --json                     one array of what was issued\n"
	"\n"
	"  portcall cert issue --ca phones-ca --csv phones.csv --subject \"O=Example, CN=?\" \\\n"
	"      --passphrase-file phone.pass --provisioning /srv/provisioning --format none\n"
	"  portcall cert issue --ca phones-ca --for server --name radius.example.net\n";

static const char *const styles[] = { "plain", "colons", "hyphens", NULL };
static const char *const formats[] = { "p12", "pem", "base64", "none", NULL };

/* --- the request ----------------------------------------------------------------------------------------- */

static int csr_plan(struct plan *plan)
{
	AUTO(file) struct file file = { 0 };
	char why[PKI_WHY_LEN];

	if (!file_read(plan->csr, &file))
		return 2;
	plan->issue.csr = pki_csr_read(file.p, file.n, why);
	if (!plan->issue.csr) {
		complain("%s: %s", plan->csr, why);
		return 1;
	}
	if (!plan->template &&
	    !pki_csr_subject(plan->issue.csr, plan->subject, sizeof(plan->subject))) {
		complain("%s: its subject cannot be taken; give --subject.", plan->csr);
		return 1;
	}
	return 0;
}

/* --- the command ----------------------------------------------------------------------------------------- */

static bool usable(const struct plan *plan)
{
	bool one = plan->one[0] || plan->one[1] || plan->one[2];

	if (!plan->dir)
		complain("--ca is missing.");
	else if (plan->csv ? one || plan->csr : !one && !plan->csr)
		complain("Give --csv, --csr, or one of --name, --mac and --address.");
	else if (plan->csr && plan->issue.provisioning)
		complain("A request's private key is with its owner; --provisioning needs it.");
	else if (plan->csr && plan->format != ISSUE_PEM && plan->format >= 0)
		complain("A request gets a certificate as PEM; its private key is with its owner.");
	else
		return true;
	return false;
}

static bool request_plan(struct plan *plan)
{
	const struct pki_cert *ca = ca_cert(plan->issue.ca);
	char name[PKI_NAME_LEN],
		why[PKI_WHY_LEN] = "The CA's name cannot be taken; give --subject.";
	enum pki_key key = PKI_RSA_2048;
	int64_t now = cert_now();

	if (plan->template)
		snprintf(plan->subject, sizeof(plan->subject), "%s", plan->template);
	else if (!plan->csr &&
	         (!pki_subject(ca, name, sizeof(name)) ||
	          !pki_name_with_cn(name, "?", plan->subject, sizeof(plan->subject), why))) {
		complain("%s", why);
		return false;
	}
	if (pki_not_after(ca) <= now) {
		complain("The CA has expired.");
		return false;
	}
	pki_key_kind(ca, &key);
	plan->issue.request = (struct pki_request){
		.purpose = (enum pki_purpose)plan->purpose,
		.key = plan->key < 0 ? key : (enum pki_key)plan->key,
		.digest = (enum pki_digest)plan->digest,
		.not_before = now - 3600 > pki_not_before(ca) ? now - 3600 : pki_not_before(ca),
		.not_after = cert_end(now, plan->days, pki_not_after(ca)),
	};
	return true;
}

/* The exit status. */
static int rows_plan(struct plan *plan)
{
	AUTO(file) struct file file = { 0 };
	char **asked = NULL;
	bool ok;

	if (plan->csv) {
		if (!file_read(plan->csv, &file))
			return 2;
		return plan_list(plan, (char *)file.p) ? 0 : 1;
	}
	if (plan->csr && !plan->san.n) { /* what the request asks for */
		asked = pki_csr_san(plan->issue.csr);
		for (char **p = asked; p && *p && plan->san.n < OPTION_LIST_MAX; p++)
			plan->san.text[plan->san.n++] = *p;
	}
	ok = plan_one(plan);
	pki_san_free(asked);
	return ok ? 0 : 1;
}

static int issue(struct plan *plan)
{
	char passphrase[PASSPHRASE_MAX] = "";
	struct issue *issue = &plan->issue;
	int status = plan->csr ? csr_plan(plan) : 0;
	bool keys =
		issue->format == ISSUE_P12 || issue->format == ISSUE_BASE64 || issue->provisioning;

	if (status)
		return status;
	if (keys && !cert_passphrase(plan->passphrase_file, passphrase))
		return 2;
	issue->passphrase = passphrase;
	issue->ca = ca_open(plan->dir, plan->ca_passphrase_file);
	if (!issue->ca)
		status = 2;
	else
		status = request_plan(plan) ? rows_plan(plan) : 1;
	if (!status && mkdir(issue->out, 0700) && errno != EEXIST) {
		complain("%s cannot be made: %s.", issue->out, strerror(errno));
		status = 2;
	}
	if (!status)
		status = issue_batch(issue);
	explicit_bzero(passphrase, sizeof(passphrase));
	return status;
}

static int run_issue(int argc, char **argv)
{
	struct plan plan = { .fill = -1,
		             .purpose = PKI_CLIENT,
		             .key = -1,
		             .format = -1,
		             .days = 1095,
		             .iterations = CERT_ITERATIONS,
		             .issue = { .out = ".", .config_name = "op420adv_conf" } };
	const struct option_spec specs[] = {
		{ "ca", .text = &plan.dir },
		{ "ca-passphrase-file", .text = &plan.ca_passphrase_file },
		{ "subject", .text = &plan.template },
		{ "name", .text = &plan.one[FILL_NAME] },
		{ "mac", .text = &plan.one[FILL_MAC] },
		{ "address", .text = &plan.one[FILL_ADDRESS] },
		{ "fill", .choice = &plan.fill, .choices = plan_fills },
		{ "mac-style", .choice = &plan.style, .choices = styles },
		{ "csv", .text = &plan.csv },
		{ "csr", .text = &plan.csr },
		{ "san", .list = &plan.san },
		{ "for", .choice = &plan.purpose, .choices = cert_purposes },
		{ "days", .number = &plan.days, .least = 1, .most = 36500 },
		{ "key", .choice = &plan.key, .choices = cert_keys },
		{ "digest", .choice = &plan.digest, .choices = cert_digests },
		{ "renew", .flag = &plan.renew },
		{ "format", .choice = &plan.format, .choices = formats },
		{ "out", .text = &plan.issue.out },
		{ "provisioning", .text = &plan.issue.provisioning },
		{ "config-name", .text = &plan.issue.config_name },
		{ "profile", .choice = &plan.profile, .choices = cert_profiles },
		{ "iterations", .number = &plan.iterations, .least = 1, .most = 1000000 },
		{ "passphrase-file", .text = &plan.passphrase_file },
		{ "force", .flag = &plan.issue.force },
		{ "json", .flag = &plan.issue.json },
		{ NULL },
	};
	struct words words;
	int status;

	if (!options_read(argc, argv, specs, 0, 0, &words) || !usable(&plan))
		return 2;
	plan.issue.format = plan.csr                     ? ISSUE_PEM
	                    : plan.format >= 0           ? (enum issue_format)plan.format
	                    : plan.purpose == PKI_SERVER ? ISSUE_PEM
	                                                 : ISSUE_P12;
	plan.issue.container = (struct pki_pkcs12_options){
		.container = (enum pki_container)plan.profile,
		.iterations = (unsigned)plan.iterations,
	};
	plan.cns = json_object();
	plan.ids = json_object();
	status = issue(&plan);
	for (size_t i = 0; i < plan.issue.n; i++)
		pki_san_free(plan.issue.rows[i].san);
	free(plan.issue.rows);
	pki_csr_free(plan.issue.csr);
	ca_close(plan.issue.ca);
	json_decref(plan.cns);
	json_decref(plan.ids);
	return status;
}

const struct cert_command cert_issue = { "issue", run_issue,
	                                 "issue one certificate, a list of them, or for a request",
	                                 issue_help };
