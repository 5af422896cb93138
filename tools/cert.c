/* SPDX-License-Identifier: BSD-3-Clause */
/* cert - the subcommands of `portcall cert`, and what they share. */
#include "tools/cert.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/commands.h"
#include "tools/rfc3339.h"

static const struct cert_command *const commands[] = {
	&cert_ca_init, &cert_issue, &cert_csr, &cert_convert, &cert_pack,     &cert_unpack,
	&cert_show,    &cert_chain, &cert_crl, &cert_revoke,  &cert_selftest,
};

enum { COMMANDS = sizeof(commands) / sizeof(*commands) };

const char *const cert_keys[] = { "p256", "p384", "rsa1024", "rsa2048", "rsa4096", NULL };
const char *const cert_digests[] = { "sha256", "sha1", NULL };
const char *const cert_purposes[] = { "any", "server", "client", "both", NULL };
const char *const cert_profiles[] = { "modern", "optipoint", NULL };

static int usage(FILE *out, int status)
{
	fputs("usage: portcall cert COMMAND [ARGUMENTS]\n\n", out);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-9s %s\n", commands[i]->name, commands[i]->about);
	fputs("\nportcall cert COMMAND --help says more.\n", out);
	return status;
}

int cmd_cert(int argc, char **argv)
{
	if (argc < 2)
		return usage(stderr, 2);
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return usage(stdout, 0);
	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(argv[1], commands[i]->name) != 0)
			continue;
		if (options_help(argc - 1, argv + 1)) {
			fputs(commands[i]->help, stdout);
			return 0;
		}
		return commands[i]->run(argc - 1, argv + 1);
	}
	complain("There is no command \"cert %s\"; portcall cert --help lists them.", argv[1]);
	return 2;
}

/* --- dates -------------------------------------------------------------------------------------------- */

int64_t cert_now(void)
{
	return (int64_t)time(NULL);
}

int64_t cert_end(int64_t now, int64_t days, int64_t limit)
{
	static const int64_t last = 2145916799; /* 2037-12-31T23:59:59Z */
	int64_t end = now + days * 86400;
	char day[RFC3339_LEN];

	if (end > last) {
		complain("warning: ends on %s: many phones cannot represent dates past January "
		         "2038.",
		         rfc3339_day(last, day));
		end = last;
	}
	if (end > limit) {
		complain("warning: ends on %s, as its CA does.", rfc3339_day(limit, day));
		end = limit;
	}
	return end;
}

/* --- files -------------------------------------------------------------------------------------------- */

bool cert_read(const char *path, const char *passphrase, struct pki_material *m, int *ret_status)
{
	AUTO(file) struct file file = { 0 };
	char why[PKI_WHY_LEN];

	*ret_status = 2;
	if (!file_read(path, &file))
		return false;
	*ret_status = 1;
	if (pki_material_read(span(file.p, file.n), passphrase, m, why))
		return true;
	complain("%s: %s", path, why);
	return false;
}

bool cert_write(const char *path, mode_t mode, bool force, const void *p, size_t n)
{
	if (path && strcmp(path, "-") != 0)
		return force ? file_replace(path, mode, p, n) : file_create(path, mode, p, n);
	if (fwrite(p, 1, n, stdout) == n && fflush(stdout) == 0)
		return true;
	complain("Standard output cannot be written.");
	return false;
}

bool cert_passphrase(const char *path, char ret_passphrase[static PASSPHRASE_MAX])
{
	bool given;

	if (!passphrase_read(path, "PORTCALL_PASSPHRASE", ret_passphrase, &given))
		return false;
	if (given && *ret_passphrase)
		return true;
	complain("The phones' pass phrase is missing: give --passphrase-file or set "
	         "PORTCALL_PASSPHRASE.");
	return false;
}
