/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cert_batch - certificates made in all cores, a slice at a time.
 *
 * Each slice: threads make keys, certificates and signatures; the index gets them in one step; only then
 * files are written.  After a crash the index may know certificates that nobody has, never the other
 * way round.
 */
#include "tools/cert_issue.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/item.h"
#include "tools/cert.h"
#include "tools/item_value.h"
#include "tools/items.h"
#include "tools/progress.h"

enum { SLICE = 64, THREADS_MAX = 16 };

struct slice {
	const struct issue *issue;
	struct issue_row *rows;
	uint64_t serial[SLICE];
	size_t n;
	atomic_size_t next;
};

static bool wants_p12(const struct issue *issue)
{
	return issue->format == ISSUE_P12 || issue->format == ISSUE_BASE64 || issue->provisioning;
}

static void make_row(const struct slice *slice, size_t i)
{
	struct issue_row *row = &slice->rows[i];
	struct pki_request request = slice->issue->request;

	request.subject = row->subject;
	request.san = (const char *const *)row->san;
	request.csr = slice->issue->csr;
	request.serial = slice->serial[i];
	row->cert = pki_issue(ca_cert(slice->issue->ca), &request, row->why);
	if (row->cert && wants_p12(slice->issue))
		row->p12 = pki_pkcs12_with(row->cert, slice->issue->passphrase,
		                           &slice->issue->container, &row->p12_n, row->why);
}

static void *work(void *ctx)
{
	struct slice *slice = ctx;

	for (size_t i; (i = atomic_fetch_add(&slice->next, 1)) < slice->n;)
		make_row(slice, i);
	return NULL;
}

static size_t threads_for(size_t n)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	size_t threads = cores < 1 ? 1 : cores > THREADS_MAX ? THREADS_MAX : (size_t)cores;

	return threads < n ? threads : n;
}

/* False: one of them could not be made, which was said. */
static bool make_slice(struct slice *slice)
{
	pthread_t thread[THREADS_MAX];
	size_t threads = threads_for(slice->n), begun = 1;

	for (size_t i = 0; i < slice->n; i++) {
		slice->serial[i] = ca_serial(slice->issue->ca);
		if (slice->serial[i])
			continue;
		complain("There are no random numbers.");
		return false;
	}
	/* this thread works too; when the system gives no others, alone */
	for (; begun < threads; begun++)
		if (pthread_create(&thread[begun], NULL, work, slice))
			break;
	work(slice);
	for (size_t i = 1; i < begun; i++)
		pthread_join(thread[i], NULL);
	for (size_t i = 0; i < slice->n; i++) {
		if (slice->rows[i].cert && (slice->rows[i].p12 || !wants_p12(slice->issue)))
			continue;
		complain("%s: %s", slice->rows[i].id, slice->rows[i].why);
		return false;
	}
	return true;
}

static bool record_slice(struct slice *slice)
{
	struct pki_cert *certs[SLICE];

	for (size_t i = 0; i < slice->n; i++)
		certs[i] = slice->rows[i].cert;
	return ca_record(slice->issue->ca, certs, slice->n, cert_now());
}

/* --- files ---------------------------------------------------------------------------------------------- */

char *issue_path(const struct issue *issue, const struct issue_row *row, const char *ending)
{
	char *path;

	return asprintf(&path, "%s/%s%s", issue->out, row->id, ending) < 0 ? NULL : path;
}

char *issue_device_path(const struct issue *issue, const struct issue_row *row)
{
	char *path;

	return asprintf(&path, "%s/%s%s.xml", issue->provisioning, issue->config_name, row->mac) < 0
	               ? NULL
	               : path;
}

static bool put(const struct issue *issue, const struct issue_row *row, const char *ending,
                mode_t mode, const void *p, size_t n, json_t *files)
{
	AUTO(free) char *path = issue_path(issue, row, ending);

	if (!path || !cert_write(path, mode, issue->force, p, n))
		return false;
	json_array_append_new(files, json_string(path));
	return true;
}

static bool put_pem(const struct issue *issue, const struct issue_row *row, json_t *files)
{
	AUTO(free) char *pem = pki_pem(row->cert, true);
	char why[PKI_WHY_LEN], *key;
	bool ok;

	if (!pem || !put(issue, row, ".pem", 0644, pem, strlen(pem), files))
		return false;
	if (issue->csr) /* its owner has the key */
		return true;
	key = pki_key_pem(row->cert, NULL, 0, why);
	if (!key) {
		complain("%s", why);
		return false;
	}
	ok = put(issue, row, ".key", 0600, key, strlen(key), files);
	OPENSSL_cleanse(key, strlen(key));
	free(key);
	return ok;
}

static bool put_item(const struct issue *issue, const struct issue_row *row, const char *base64,
                     json_t *files)
{
	AUTO(free) char *path = issue_device_path(issue, row);
	AUTO(free) char *value = strndup(base64, strlen(base64) - 1);
	const struct items_file file = { .path = path, .create = true };
	const struct item_change change = { ITEM_CERTIFICATE, -1, value };
	struct items_changed changed;

	if (!path || !value || items_file_set(&file, &change, 1, &changed) != 0)
		return false;
	json_array_append_new(files, json_string(path));
	return true;
}

static bool put_row(const struct issue *issue, const struct issue_row *row, json_t *files)
{
	AUTO(free) char *base64 = NULL;

	if (issue->format == ISSUE_PEM && !put_pem(issue, row, files))
		return false;
	if (!wants_p12(issue))
		return true;
	base64 = base64_lines(span(row->p12, row->p12_n));
	if (!base64)
		return false;
	if (issue->format == ISSUE_P12 &&
	    !put(issue, row, ".p12", 0600, row->p12, row->p12_n, files))
		return false;
	if (issue->format == ISSUE_BASE64 &&
	    !put(issue, row, ".b64", 0600, base64, strlen(base64), files))
		return false;
	return !issue->provisioning || put_item(issue, row, base64, files);
}

/* --- all of it -------------------------------------------------------------------------------------------- */

static json_t *row_json(const struct issue_row *row, json_t *files)
{
	json_t *json = cert_json(row->cert->x509);

	json_object_set(json, "files", files);
	json_object_set_new(json, "mac", *row->mac ? json_string(row->mac) : json_null());
	return json;
}

static bool give_row(const struct issue *issue, const struct issue_row *row, json_t *list)
{
	AUTO(json) json_t *files = json_array();

	if (!put_row(issue, row, files))
		return false;
	if (issue->json) {
		json_array_append_new(list, row_json(row, files));
		return true;
	}
	printf("%s serial %s", row->cn, pki_serial(row->cert));
	for (size_t i = 0; i < json_array_size(files); i++)
		printf(" %s", json_string_value(json_array_get(files, i)));
	putchar('\n');
	return true;
}

int issue_batch(struct issue *issue)
{
	struct progress progress = progress_of("issuing", issue->n);
	AUTO(json) json_t *list = json_array();
	size_t done = 0;
	bool ok = true;

	while (ok && done < issue->n) {
		struct slice slice = { .issue = issue, .rows = issue->rows + done };

		slice.n = issue->n - done < SLICE ? issue->n - done : SLICE;
		ok = make_slice(&slice) && record_slice(&slice);
		if (ok)
			progress_end(&progress);
		for (size_t i = 0; i < slice.n; i++) {
			ok = ok && give_row(issue, &slice.rows[i], list);
			done += ok;
			pki_free(steal(slice.rows[i].cert));
			free(steal(slice.rows[i].p12));
		}
		progress_show(&progress, done);
	}
	progress_end(&progress);
	if (issue->json)
		cert_print_json(list);
	if (!ok && issue->n > 1)
		complain("%zu of %zu were issued and written.", done, issue->n);
	return ok ? 0 : 1;
}
