/* SPDX-License-Identifier: BSD-3-Clause */
#include "supplicant/fetch.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>
#include <uv.h>

#include <portcall/items.h>

#include "supplicant/fetch_verify.h"

enum {
	CONNECT_TIMEOUT = 10, /* seconds */
	TOTAL_TIMEOUT = 60,
	POLL_INTERVAL = 1000, /* ms; a cancel wakes it up */
	DETAIL_LEN = 400,
	URL_MAX = 1024, /* with NUL */
	HOST_LEN = 256,
};

/* What all fetches share: the TLS sessions.  The last owner frees it. */
struct sessions {
	CURLSH *share;
	pthread_mutex_t mutex;
	atomic_uint owners;
};

struct fetch {
	uv_loop_t *loop;
	struct fetch_config config;
	fetch_done_fn *done;
	void *ctx;
	struct sessions *sessions;
	struct portcall_credentials *client; /* whose the sessions are; NULL: nobody's */
	struct job *job;                     /* the one whose end is wanted */
};

/* One file.  The loop's thread makes it and frees it; in between it is the worker's. */
struct job {
	uv_work_t work;
	struct fetch *fetch; /* only the loop's thread; NULL: cancelled */
	struct sessions *sessions;
	struct fetch_config config;
	struct fetch_verify verify;
	struct portcall_credentials *client;
	CURLM *multi;
	CURL *easy;
	atomic_bool cancelled;
	char interface[64];
	char url[URL_MAX], host[HOST_LEN];
	char error[CURL_ERROR_SIZE], detail[DETAIL_LEN];
	char *body;
	size_t body_n;
	bool too_large, handshake_done;
	struct fetch_result result;
};

/* --- URL -------------------------------------------------------------------------------------------- */

/* The host of the URL, for verify = full. */
static bool host_of(const char *url, char ret_host[static HOST_LEN])
{
	CURLU *parts = curl_url();
	char *host = NULL;
	bool ok = parts && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
	          curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
	          strlen(host) < HOST_LEN;

	if (ok)
		strcpy(ret_host, host);
	curl_free(host);
	curl_url_cleanup(parts);
	return ok;
}

/* --- sessions ----------------------------------------------------------------------------------------- */

static void lock_sessions(CURL *easy, curl_lock_data data, curl_lock_access access, void *sessions)
{
	(void)easy;
	(void)data;
	(void)access;
	pthread_mutex_lock(&((struct sessions *)sessions)->mutex);
}

static void unlock_sessions(CURL *easy, curl_lock_data data, void *sessions)
{
	(void)easy;
	(void)data;
	pthread_mutex_unlock(&((struct sessions *)sessions)->mutex);
}

static struct sessions *sessions_new(void)
{
	struct sessions *sessions = calloc(1, sizeof(*sessions));

	if (!sessions)
		return NULL;
	sessions->share = curl_share_init();
	if (!sessions->share) {
		free(sessions);
		return NULL;
	}
	pthread_mutex_init(&sessions->mutex, NULL);
	atomic_init(&sessions->owners, 1);
	curl_share_setopt(sessions->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
	curl_share_setopt(sessions->share, CURLSHOPT_LOCKFUNC, lock_sessions);
	curl_share_setopt(sessions->share, CURLSHOPT_UNLOCKFUNC, unlock_sessions);
	curl_share_setopt(sessions->share, CURLSHOPT_USERDATA, sessions);
	return sessions;
}

static struct sessions *sessions_ref(struct sessions *sessions)
{
	atomic_fetch_add(&sessions->owners, 1);
	return sessions;
}

static void sessions_unref(struct sessions *sessions)
{
	if (!sessions || atomic_fetch_sub(&sessions->owners, 1) > 1)
		return;
	curl_share_cleanup(sessions->share);
	pthread_mutex_destroy(&sessions->mutex);
	free(sessions);
}

/* --- the worker's part -------------------------------------------------------------------------------- */

static void fail(struct job *job, enum portcall_reason reason, const char *detail)
{
	job->result.reason = reason;
	snprintf(job->detail, sizeof(job->detail), "%.*s", DETAIL_LEN - 1, detail);
}

static CURLcode on_ssl_ctx(CURL *easy, void *ssl_ctx, void *ctx)
{
	struct job *job = ctx;

	(void)easy;
	return fetch_verify_attach(&job->verify, ssl_ctx, job->client) ? CURLE_OK
	                                                               : CURLE_SSL_CERTPROBLEM;
}

/* The first octet of the answer: the handshake is over and its SSL object still there. */
static void note_handshake(struct job *job)
{
	const struct curl_tlssessioninfo *info = NULL;

	if (job->handshake_done)
		return;
	job->handshake_done = true;
	if (curl_easy_getinfo(job->easy, CURLINFO_TLS_SSL_PTR, &info) == CURLE_OK && info &&
	    info->backend == CURLSSLBACKEND_OPENSSL && info->internals)
		job->result.tls = fetch_verify_session(info->internals, &job->result.resumed,
		                                       job->result.sha256);
}

static size_t on_header(const char *p, size_t size, size_t n, void *ctx)
{
	(void)p;
	note_handshake(ctx);
	return size * n;
}

static size_t on_body(char *p, size_t size, size_t n, void *ctx)
{
	struct job *job = ctx;

	n *= size;
	if (n > PORTCALL_ITEMS_MAX_FILE - job->body_n) {
		job->too_large = true;
		return 0;
	}
	memcpy(job->body + job->body_n, p, n);
	job->body_n += n;
	return n;
}

/* False: libcurl was built without something that we cannot do without. */
static bool set_options(struct job *job)
{
	static const struct {
		CURLoption option;
		long value;
	} numbers[] = {
		{ CURLOPT_NOSIGNAL, 1 },
		{ CURLOPT_QUICK_EXIT, 1 }, /* do not wait for a name server that is silent */
		{ CURLOPT_FORBID_REUSE, 1 },
		{ CURLOPT_FRESH_CONNECT, 1 },
		{ CURLOPT_FOLLOWLOCATION, 0 },
		{ CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1 },
		{ CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT },
		{ CURLOPT_TIMEOUT, TOTAL_TIMEOUT },
		{ CURLOPT_SSL_VERIFYHOST, 0 }, /* judged by our own callback, see fetch_verify */
	};
	CURL *easy = job->easy;
	bool judged = job->config.verify != PORTCALL_VERIFY_NONE;
	bool ok = true;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		ok &= curl_easy_setopt(easy, numbers[i].option, numbers[i].value) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_URL, job->url) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_INTERFACE, job->interface) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_USERAGENT, "portcall-phone") == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, judged ? 1L : 0L) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_CAINFO, NULL) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_SSLVERSION,
	                       job->config.profile == PORTCALL_PROFILE_OPTIPOINT
	                               ? (long)CURL_SSLVERSION_TLSv1_0
	                               : (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_ssl_ctx) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, job) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_SHARE, job->sessions->share) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_HEADERDATA, job) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_WRITEDATA, job) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, job->error) == CURLE_OK;
	if (job->config.client_file)
		ok &= curl_easy_setopt(easy, CURLOPT_SSLCERT, job->config.client_file) ==
		              CURLE_OK &&
		      curl_easy_setopt(easy, CURLOPT_SSLKEY, job->config.client_file) == CURLE_OK;
	return ok;
}

/* Run until it is over or cancelled. */
static CURLcode transfer(struct job *job)
{
	CURLcode code = CURLE_ABORTED_BY_CALLBACK;
	int running = 1, left;

	if (curl_multi_add_handle(job->multi, job->easy) != CURLM_OK)
		return CURLE_OUT_OF_MEMORY;
	while (running && !atomic_load(&job->cancelled)) {
		if (curl_multi_perform(job->multi, &running) != CURLM_OK)
			break;
		if (running)
			curl_multi_poll(job->multi, NULL, 0, POLL_INTERVAL, NULL);
	}
	for (const CURLMsg *m; (m = curl_multi_info_read(job->multi, &left)) != NULL;)
		if (m->msg == CURLMSG_DONE)
			code = m->data.result;
	curl_multi_remove_handle(job->multi, job->easy);
	return code;
}

static void judge_end(struct job *job, CURLcode code)
{
	struct fetch_result *result = &job->result;
	char text[40];

	curl_easy_getinfo(job->easy, CURLINFO_RESPONSE_CODE, &result->status);
	if (job->too_large) {
		fail(job, PORTCALL_REASON_FILE_TOO_LARGE, job->url);
	} else if (job->verify.why.reason != PORTCALL_REASON_NONE) {
		fail(job, job->verify.why.reason, job->verify.why.text);
	} else if (code != CURLE_OK) {
		fail(job, PORTCALL_REASON_HTTPS_FAILED,
		     job->error[0] ? job->error : curl_easy_strerror(code));
	} else if (result->status == 200) {
		result->done = true;
	} else {
		result->missing = result->status == 404 || result->status == 410;
		snprintf(text, sizeof(text), "the server answered %ld", result->status);
		fail(job, PORTCALL_REASON_HTTPS_FAILED, text);
	}
}

static void run_job(uv_work_t *work)
{
	struct job *job = work->data;
	struct cert_policy policy = job->verify.policy;

	if (!fetch_verify_init(&job->verify, &policy, job->config.ca_file, job->config.pin))
		fail(job, job->verify.why.reason, job->verify.why.text);
	else if (!set_options(job))
		fail(job, PORTCALL_REASON_HTTPS_FAILED, "libcurl does not do what is needed");
	else
		judge_end(job, transfer(job));
	fetch_verify_done(&job->verify);
}

/* --- the loop's part ------------------------------------------------------------------------------------ */

static void job_free(struct job *job)
{
	if (!job)
		return;
	if (job->body)
		explicit_bzero(job->body, job->body_n); /* it may hold keys */
	free(job->body);
	curl_easy_cleanup(job->easy);
	curl_multi_cleanup(job->multi);
	sessions_unref(job->sessions);
	portcall_credentials_unref(job->client);
	free(job);
}

static void job_done(uv_work_t *work, int status)
{
	struct job *job = work->data;
	struct fetch *fetch = job->fetch;

	(void)status;
	if (fetch) {
		fetch->job = NULL;
		job->result.body = job->body;
		job->result.body_n = job->body_n;
		fetch->done(fetch->ctx, &job->result);
	}
	job_free(job);
}

void fetch_cancel(struct fetch *fetch)
{
	struct job *job = fetch->job;

	if (!job)
		return;
	fetch->job = NULL;
	job->fetch = NULL;
	atomic_store(&job->cancelled, true);
	curl_multi_wakeup(job->multi);
}

/* A session that another certificate began must not be resumed. */
static bool use_client(struct fetch *fetch, struct portcall_credentials *client)
{
	struct sessions *fresh;

	if (client == fetch->client)
		return true;
	fresh = sessions_new();
	if (!fresh)
		return false;
	sessions_unref(fetch->sessions);
	fetch->sessions = fresh;
	portcall_credentials_unref(fetch->client);
	fetch->client = client ? portcall_credentials_ref(client) : NULL;
	return true;
}

bool fetch_start(struct fetch *fetch, const struct fetch_request *request)
{
	struct job *job;

	fetch_cancel(fetch);
	job = use_client(fetch, request->client) ? calloc(1, sizeof(*job)) : NULL;
	if (!job)
		return false;
	job->work.data = job;
	job->sessions = sessions_ref(fetch->sessions);
	job->config = fetch->config;
	job->multi = curl_multi_init();
	job->easy = curl_easy_init();
	job->body = malloc(PORTCALL_ITEMS_MAX_FILE);
	if (!job->multi || !job->easy || !job->body)
		goto fail;
	snprintf(job->url, sizeof(job->url), "%s", request->url);
	if (!host_of(job->url, job->host))
		job->host[0] = '\0'; /* libcurl will say what is wrong with the URL */
	snprintf(job->interface, sizeof(job->interface), "if!%s", fetch->config.interface);
	if (request->client)
		job->client = portcall_credentials_ref(request->client);
	job->verify.policy = (struct cert_policy){
		.profile = fetch->config.profile,
		.verify = fetch->config.verify,
		.server_name = job->host,
		.time = request->time,
		.not_before_ignored = !request->clock_set,
	};
	job->result = (struct fetch_result){ .url = job->url, .detail = job->detail, .tls = "" };
	if (uv_queue_work(fetch->loop, &job->work, run_job, job_done) < 0)
		goto fail;
	job->fetch = fetch;
	fetch->job = job;
	return true;
fail:
	job_free(job);
	return false;
}

struct fetch *fetch_new(struct uv_loop_s *loop, const struct fetch_config *config,
                        fetch_done_fn *done, void *ctx)
{
	struct fetch *fetch = calloc(1, sizeof(*fetch));

	if (!fetch)
		return NULL;
	*fetch = (struct fetch){ .loop = loop, .config = *config, .done = done, .ctx = ctx };
	fetch->sessions = sessions_new();
	if (fetch->sessions)
		return fetch;
	free(fetch);
	return NULL;
}

void fetch_free(struct fetch *fetch)
{
	if (!fetch)
		return;
	fetch_cancel(fetch);
	sessions_unref(fetch->sessions);
	portcall_credentials_unref(fetch->client);
	free(fetch);
}
