/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * crl-file: looked at when a supplicant is made and whenever the authenticator says something, which costs
 * one stat(), and read again when it is another file than last time.  A file that cannot be read or used is
 * reported once, and the lists that were read before stay in force.
 */
#include "supplicant/phone.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/auto.h"

static void finding(void *ctx, const struct portcall_why *why, const char *item)
{
	const struct phone *phone = ctx;

	(void)item;
	log_event(phone_level(why->reason), "finding", "{s:o,s:o,s:s,s:i}", "why",
	          log_reason(why->reason), "detail", phone_text(why->text), "item",
	          phone->settings->crl_file, "line", why->line);
}

static void unreadable(struct phone *phone, int error)
{
	struct portcall_why why = { .reason = PORTCALL_REASON_FILE_UNREADABLE };

	snprintf(why.text, sizeof(why.text), "%s", strerror(error));
	finding(phone, &why, NULL);
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* What the file holds, at most one octet more than is allowed; NULL: errno. */
static char *read_file(const char *path, size_t *ret_n)
{
	FILE *file = fopen(path, "re");
	char *text = file ? malloc(PORTCALL_CRLS_MAX_FILE + 1) : NULL;
	int error = errno;

	if (text) {
		*ret_n = fread(text, 1, PORTCALL_CRLS_MAX_FILE + 1, file);
		if (ferror(file)) {
			error = errno;
			free(text);
			text = NULL;
		}
	}
	if (file)
		fclose(file);
	errno = error;
	return text;
}

static void report(const struct phone *phone)
{
	const struct portcall_crls *lists = phone->crls.lists;
	int64_t next_update = 0;
	size_t revoked = 0;

	for (size_t i = 0; i < portcall_crls_count(lists); i++) {
		const struct portcall_crl_info *info = portcall_crls_at(lists, i);

		revoked += info->revoked;
		if (info->next_update && (!next_update || info->next_update < next_update))
			next_update = info->next_update;
	}
	log_event(LOG_LEVEL_INFO, "crl", "{s:s,s:I,s:I,s:o}", "file", phone->settings->crl_file,
	          "lists", (json_int_t)portcall_crls_count(lists), "revoked", (json_int_t)revoked,
	          "next_update", next_update ? phone_date(next_update) : json_null());
}

static void read_lists(struct phone *phone, int64_t now)
{
	struct portcall_crls *lists = NULL;
	struct portcall_why why;
	size_t n = 0;
	AUTO(free) char *text = read_file(phone->settings->crl_file, &n);

	if (!text) {
		unreadable(phone, errno);
		return;
	}
	if (portcall_crls_read(text, n, now, finding, phone, &lists, &why) != PORTCALL_OK) {
		finding(phone, &why, NULL);
		return;
	}
	portcall_crls_unref(phone->crls.lists);
	phone->crls.lists = lists;
	phone->crls.judged_at = now;
	if (phone->supplicant)
		portcall_supplicant_set_crls(phone->supplicant, lists);
	report(phone);
}

/* Those that were in date when they were looked at last. */
static void report_expired(struct phone *phone, int64_t now)
{
	struct portcall_why why = { .reason = PORTCALL_REASON_CRL_EXPIRED };

	for (size_t i = 0; i < portcall_crls_count(phone->crls.lists); i++) {
		const struct portcall_crl_info *info = portcall_crls_at(phone->crls.lists, i);

		if (info->next_update <= phone->crls.judged_at || info->next_update > now)
			continue;
		snprintf(why.text, sizeof(why.text), "%s", info->issuer);
		finding(phone, &why, NULL);
	}
	phone->crls.judged_at = now;
}

void phone_crls_refresh(struct phone *phone)
{
	struct stat seen = { 0 };
	bool set;
	int64_t now;

	if (!phone->settings->crl_file)
		return;
	now = phone_time(phone, &set);
	if (stat(phone->settings->crl_file, &seen) != 0) {
		if (!phone->crls.missing)
			unreadable(phone, errno);
		phone->crls.missing = true;
		phone->crls.seen = seen;
	} else if (!same_file(&seen, &phone->crls.seen)) {
		phone->crls.missing = false;
		phone->crls.seen = seen;
		read_lists(phone, now);
	}
	report_expired(phone, now);
}

void phone_crls_done(struct phone *phone)
{
	portcall_crls_unref(phone->crls.lists);
	phone->crls.lists = NULL;
}
