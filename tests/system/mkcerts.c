/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mkcerts - certificates for system tests.
 *
 *	mkcerts DIR < LIST
 *
 * Each line of LIST is `NAME ISSUER KEY=VALUE...`, fields parted by semicolons or spaces at the caller's
 * choice (the first one used decides for the line); lines with # are comments.  ISSUER is `-` for a
 * self-signed CA, else the NAME of a CA above.  Keys: cn, o, dns, ip, serial (hex), from and to (seconds
 * from now, -60 and 86400), key (p256 p384 rsa1024 rsa2048), digest (sha256 sha1 md5), for (ca server
 * client any; any without it, ca under `-`), p12 (pass phrase), container (modern optipoint).
 * Writes NAME.pem (with its chain), NAME.key (0600) and, with p12, NAME.p12 as base64.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tools/pki.h"

enum { MAX = 64 };

static struct {
	char name[64];
	struct pki_cert *cert;
} made[MAX];
static size_t made_n;

static _Noreturn void die(const char *what, const char *why)
{
	fprintf(stderr, "mkcerts: %s: %s\n", what, why);
	exit(1);
}

static const struct pki_cert *find(const char *name)
{
	for (size_t i = 0; i < made_n; i++) {
		if (!strcmp(made[i].name, name))
			return made[i].cert;
	}
	die(name, "no such CA above");
}

static int choice(const char *value, const char *const *names)
{
	for (int i = 0; names[i]; i++) {
		if (!strcmp(names[i], value))
			return i;
	}
	die(value, "not a known choice");
}

static void write_text(const char *dir, const char *name, const char *text)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s.p12", dir, name);
	f = fopen(path, "w");
	if (!f || fputs(text, f) < 0 || fclose(f))
		die(path, "cannot be written");
}

static void make(const char *dir, char *line)
{
	static const char *const keys[] = { "p256", "p384", "rsa1024", "rsa2048", NULL };
	static const char *const digests[] = { "sha256", "sha1", "md5", NULL };
	static const char *const purposes[] = { "any", "server", "client", "ca", NULL };
	static const char *const containers[] = { "modern", "optipoint", NULL };
	const char *parted = strchr(line, ';') ? ";" : " ";
	const char *name = strtok(line, parted), *issuer = strtok(NULL, parted), *p12 = NULL;
	const char *dns[2] = { NULL, NULL }, *ip[2] = { NULL, NULL };
	int64_t now = time(NULL);
	struct pki_request request = {
		.dns = dns, .ip = ip, .not_before = now - 60, .not_after = now + 86400
	};
	enum pki_container container = PKI_MODERN;
	char why[PKI_WHY_LEN], path[512];
	int purpose = 0;

	if (!issuer || made_n == MAX)
		die(line, "NAME ISSUER expected, or too many lines");
	for (char *field; (field = strtok(NULL, parted));) {
		char *value = strchr(field, '=');

		if (!value)
			die(field, "KEY=VALUE expected");
		*value++ = '\0';
		if (!strcmp(field, "cn"))
			request.cn = value;
		else if (!strcmp(field, "o"))
			request.o = value;
		else if (!strcmp(field, "dns"))
			dns[0] = value;
		else if (!strcmp(field, "ip"))
			ip[0] = value;
		else if (!strcmp(field, "serial"))
			request.serial = strtoull(value, NULL, 16);
		else if (!strcmp(field, "from"))
			request.not_before = now + atoll(value);
		else if (!strcmp(field, "to"))
			request.not_after = now + atoll(value);
		else if (!strcmp(field, "key"))
			request.key = (enum pki_key)choice(value, keys);
		else if (!strcmp(field, "digest"))
			request.digest = (enum pki_digest)choice(value, digests);
		else if (!strcmp(field, "for"))
			purpose = choice(value, purposes);
		else if (!strcmp(field, "p12"))
			p12 = value;
		else if (!strcmp(field, "container"))
			container = (enum pki_container)choice(value, containers);
		else
			die(field, "not a known key");
	}

	struct pki_cert *cert;

	if (!strcmp(issuer, "-") || purpose == 3) {
		cert = pki_ca(strcmp(issuer, "-") ? find(issuer) : NULL, &request, why);
	} else {
		request.purpose = (enum pki_purpose)purpose;
		cert = pki_issue(find(issuer), &request, why);
	}
	if (!cert)
		die(name, why);
	snprintf(path, sizeof(path), "%s/%s.pem", dir, name);
	if (!pki_write_cert(cert, true, path, why))
		die(name, why);
	snprintf(path, sizeof(path), "%s/%s.key", dir, name);
	if (!pki_write_key(cert, path, why))
		die(name, why);
	if (p12) {
		char *text = pki_pkcs12_base64(cert, p12, container, why);

		if (!text)
			die(name, why);
		write_text(dir, name, text);
		free(text);
	}
	snprintf(made[made_n].name, sizeof(made[0].name), "%s", name);
	made[made_n++].cert = cert;
}

int main(int argc, char **argv)
{
	char line[1024];

	if (argc != 2)
		die("usage", "mkcerts DIR < LIST");
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		if (*line && *line != '#')
			make(argv[1], line);
	}
	while (made_n)
		pki_free(made[--made_n].cert);
	return 0;
}
