/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * No input makes the readers allocate more than 8 MiB or work longer than 1 s: what the fuzz corpora have, and
 * what is made to cost much.  malloc is counted here, so what OpenSSL and libxml2 allocate as well; work is
 * processor time, in units of a loop that takes 1 s on a plain machine and slows down with it, a sanitizer or
 * valgrind.  PKCS#12 files have at most 1000 iterations here: work that is asked for has its own limit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <dirent.h>
#include <malloc.h>
#include <time.h>

#include "common/credential_openssl.h"
#include "tests/unit/nasty.h"
#include "tests/unit/pki_fixture.h"
#include "tests/unit/revocation_fixture.h"

enum { HEAP_MAX = 8 << 20, ITERATIONS = 1000, DOCUMENT_MAX = 1 << 20 };

/* --- what is allocated --------------------------------------------------------------------------------- */

static long long live, peak;

static void count(const void *p, long long sign)
{
	if (p)
		live += sign * (long long)malloc_usable_size((void *)(uintptr_t)p);
	if (live > peak)
		peak = live;
}

#ifdef __SANITIZE_ADDRESS__

int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *, size_t),
                                              void (*on_free)(const volatile void *));

static void on_malloc(const volatile void *p, size_t n)
{
	(void)n;
	count((const void *)(uintptr_t)p, 1);
}

static void on_free(const volatile void *p)
{
	count((const void *)(uintptr_t)p, -1);
}

static void start_counting(void)
{
	assert_true(__sanitizer_install_malloc_and_free_hooks(on_malloc, on_free) > 0);
}

#else

#define PUBLIC __attribute__((visibility("default"))) /* the libraries find it, too */

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void __libc_free(void *);

PUBLIC void *malloc(size_t n)
{
	void *p = __libc_malloc(n);

	count(p, 1);
	return p;
}

PUBLIC void *calloc(size_t n, size_t size)
{
	void *p = __libc_calloc(n, size);

	count(p, 1);
	return p;
}

PUBLIC void *realloc(void *p, size_t n)
{
	void *q;

	count(p, -1);
	q = __libc_realloc(p, n);
	count(q ? q : n ? p : NULL, 1);
	return q;
}

PUBLIC void free(void *p)
{
	count(p, -1);
	__libc_free(p);
}

static void start_counting(void)
{
}

#endif

/* --- what it costs ------------------------------------------------------------------------------------- */

static clock_t second; /* the loop's time */

/* About 1 s where SHA-256 runs at 400 MB/s. */
static clock_t measure_second(void)
{
	uint64_t x = 88172645463325252u;
	clock_t begin = clock();

	for (unsigned i = 0; i < 50000000; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
	}
	assert_true(x != 0);
	return 6 * (clock() - begin);
}

struct reader_of_input {
	const char *name, *corpus; /* NULL: none */
	void (*read)(struct span input);
};

static void bounded(const struct reader_of_input *reader, const char *name, struct span input)
{
	long long before = live;
	clock_t begin, took;

	peak = live;
	begin = clock();
	reader->read(input);
	took = clock() - begin;
	print_message("# %s: %s: %zu octets, %lld kB, %ld ms\n", reader->name, name, input.n,
	              (peak - before) / 1000, (long)(took * 1000 / CLOCKS_PER_SEC));
	if (peak - before > HEAP_MAX)
		fail_msg("%s: %s: %lld octets of memory", reader->name, name, peak - before);
	if (took > second)
		fail_msg("%s: %s: %.3f s of work", reader->name, name,
		         (double)took / (double)second);
}

/* --- readers --------------------------------------------------------------------------------------------- */

static void read_credentials(const struct portcall_items *items)
{
	for (int verify = PORTCALL_VERIFY_TRUSTED; verify <= PORTCALL_VERIFY_NONE; verify++) {
		struct portcall_credentials_options options = {
			.size = sizeof(options),
			.passphrase = FIXTURE_PASS,
			.verify = (enum portcall_verify)verify,
			.unencrypted_pkcs12 = verify == PORTCALL_VERIFY_NONE,
			.now = FIXTURE_NOW,
			.pkcs12_iterations = ITERATIONS,
		};
		struct portcall_credentials *credentials = NULL;
		struct portcall_why why;

		if (portcall_credentials_read(items, &options, &credentials, &why) == PORTCALL_OK)
			portcall_credentials_unref(credentials);
	}
}

static void silent(void *ctx, const struct portcall_why *why, const char *item)
{
	(void)ctx;
	(void)why;
	(void)item;
}

static void read_document(struct span input)
{
	struct portcall_items *items = NULL, *merged;
	struct portcall_why why;

	if (portcall_items_read(input.p, input.n, silent, NULL, &items, &why) != PORTCALL_OK)
		return;
	read_credentials(items);
	merged = portcall_items_merge(items, items);
	assert_non_null(merged);
	portcall_items_free(merged);
	portcall_items_free(items);
}

static void read_p12(struct span input)
{
	struct pkcs12_contents contents;
	struct portcall_why why;

	for (int unencrypted = 0; unencrypted < 2; unencrypted++)
		if (pkcs12_read(input, FIXTURE_PASS, unencrypted, ITERATIONS, &contents, &why) ==
		    PORTCALL_OK)
			pkcs12_done(&contents);
}

static void read_anchors(struct span input)
{
	struct cert_policy policy = { .time = FIXTURE_NOW };
	struct portcall_why why;

	X509_STORE_free(
		credential_anchors((const char *)input.p, input.n, "https-ca", &policy, &why));
}

static void read_crl(struct span input)
{
	struct portcall_crls *crls = NULL;
	struct portcall_why why;

	if (portcall_crls_read(input.p, input.n, FIXTURE_NOW, silent, NULL, &crls, &why) ==
	    PORTCALL_OK)
		portcall_crls_unref(crls);
}

static struct fixture_cert root, server; /* for what needs a certificate beside the input */

static void read_ocsp(struct span input)
{
	struct cert_policy policy = { .time = FIXTURE_NOW, .ocsp = PORTCALL_OCSP_REQUIRE };
	char text[240];

	assert_int_not_equal(ocsp_judge(&policy, input, server.cert, root.cert, text),
	                     PORTCALL_REASON_NONE);
}

/* As a server's certificate, and as one that the server sends along. */
static void read_server(struct span input)
{
	struct cert_policy policy = { .time = FIXTURE_NOW,
		                      .verify = PORTCALL_VERIFY_FULL,
		                      .server_name = "radius.lab" };
	const unsigned char *p = input.p;
	X509 *cert = d2i_X509(NULL, &p, (long)input.n);
	X509_STORE *store = X509_STORE_new();
	STACK_OF(X509) *sent = sk_X509_new_null();
	struct portcall_why why;

	assert_non_null(cert);
	for (int i = 0; i < 100; i++)
		sk_X509_push(sent, cert);
	assert_true(anchor_add(store, root.cert, "ca1"));
	assert_int_not_equal(cert_policy_judge(&policy, store, cert, sent, &why), PORTCALL_OK);
	assert_true(anchor_add(store, cert, "ca2"));
	assert_int_not_equal(cert_policy_judge(&policy, store, cert, sent, &why), PORTCALL_OK);
	assert_int_equal(cert_policy_judge(&policy, store, server.cert, sent, &why), PORTCALL_OK);
	sk_X509_free(sent);
	X509_STORE_free(store);
	X509_free(cert);
}

static const struct reader_of_input readers[] = {
	{ "document", "item", read_document },  { "document", "credential", read_document },
	{ "PKCS#12", "pkcs12", read_p12 },      { "anchors", "anchor", read_anchors },
	{ "revocation list", "crl", read_crl }, { "OCSP response", "ocsp", read_ocsp },
};

enum { DOCUMENT, CREDENTIAL, PKCS12_FILE, ANCHORS, CRL, OCSP };

/* --- inputs ------------------------------------------------------------------------------------------------ */

static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void corpora(void **state)
{
	uint8_t *input = malloc(DOCUMENT_MAX);
	char path[512];

	(void)state;
	for (size_t i = 0; i < sizeof(readers) / sizeof(*readers); i++) {
		struct dirent **entries;
		int n;

		snprintf(path, sizeof(path), "tests/fuzz/corpus/%s", readers[i].corpus);
		n = scandir(path, &entries, visible, alphasort);
		assert_true(n > 0);
		for (int k = 0; k < n; k++) {
			FILE *file;

			snprintf(path, sizeof(path), "tests/fuzz/corpus/%s/%.200s",
			         readers[i].corpus, entries[k]->d_name);
			file = fopen(path, "rb");
			assert_non_null(file);
			bounded(&readers[i], entries[k]->d_name,
			        span(input, fread(input, 1, DOCUMENT_MAX, file)));
			fclose(file);
			free(entries[k]);
		}
		free(entries);
	}
	free(input);
}

static void documents(void **state)
{
	static const struct {
		const char *name, *head, *part, *tail;
	} nasty[] = {
		{ "deep", "", "<a>", "" },
		{ "wide", "<L>", "<a/>", "</L>" },
		{ "items", "<L>", "<Item name='%08u'/>", "</L>" },
		{ "names of elements", "<L>", "<a%u/>", "</L>" },
		{ "names of attributes", "<L", " a%u=''", "/>" },
		{ "namespaces", "<L", " xmlns:a%u='b'", "/>" },
		{ "elements with attributes", "<L>", "<a b%u='' c='' d=''/>", "</L>" },
		{ "instructions", "<L>", "<?a%u b?>", "</L>" },
		{ "an instruction", "<?a ", "xxxxxxxx", "?><L/>" },
		{ "comments", "<L>", "<!---->", "</L>" },
		{ "an attribute", "<Item name='a' b='", "xxxxxxxx", "'/>" },
		{ "a name", "<", "xxxxxxxx", "/>" },
		{ "CDATA sections", "<Item name='a'>", "<![CDATA[x]]>", "</Item>" },
		{ "character references", "<Item name='a'>", "&#65;", "</Item>" },
		{ "values", "<L>", "<Item name='%u'>0123456789abcdefghijklmnopqrstuvwxyz</Item>",
		  "</L>" },
		{ "names like known ones", "<L>", "<Item name='radius-server-cert%u'/>", "</L>" },
		{ "base64 of a CA", "<Item name='radius-server-ca1'>", "QUJDREVG\n", "</Item>" },
		{ "PEM boundaries", "<Item name='radius-server-ca1'>",
		  "-----BEGIN X-----\n-----END X-----\n", "</Item>" },
		{ "BEGIN lines", "<Item name='radius-server-ca1'>", "-----BEGIN X-----",
		  "</Item>" },
		{ "dashes", "<Item name='radius-server-ca1'>", "--------", "</Item>" },
		{ "base64 of a PKCS#12", "<Item name='802.1x-certificate'>", "MIICBggq",
		  "</Item>" },
		{ "white space", "<Item name='802.1x-certificate'>", " \n \t", "</Item>" },
	};
	static const size_t sizes[] = { 90000, 255000, DOCUMENT_MAX - 64 };

	(void)state;
	for (size_t i = 0; i < sizeof(nasty) / sizeof(*nasty); i++)
		for (size_t k = 0; k < sizeof(sizes) / sizeof(*sizes); k++) {
			struct span text =
				nasty_text(nasty[i].head, nasty[i].part, sizes[k], nasty[i].tail);

			bounded(&readers[DOCUMENT], nasty[i].name, text);
			span_free(text);
		}
}

static void pkcs12_files(void **state)
{
	(void)state;
	for (int kind = 0; kind < P12_KINDS; kind++) {
		struct span der = nasty_p12((enum nasty_p12)kind);
		char *base64 = fixture_base64(der.p, der.n);
		char *document = fixture_document(NULL, NULL, base64);

		bounded(&readers[PKCS12_FILE], nasty_p12_name[kind], der);
		bounded(&readers[CREDENTIAL], nasty_p12_name[kind],
		        span(document, strlen(document)));
		free(document);
		free(base64);
		span_free(der);
	}
}

static void certificates(void **state)
{
	static const struct reader_of_input as_server = { "server", NULL, read_server };

	(void)state;
	for (int kind = 0; kind < CERT_KINDS; kind++) {
		struct span der = nasty_cert((enum nasty_cert)kind, 16000);
		struct span large = nasty_cert((enum nasty_cert)kind, 60000);
		char *base64 = fixture_base64(der.p, der.n);
		char *document = fixture_document(base64, base64, base64);

		bounded(&readers[ANCHORS], nasty_cert_name[kind], span(base64, strlen(base64)));
		bounded(&readers[CREDENTIAL], nasty_cert_name[kind],
		        span(document, strlen(document)));
		bounded(&as_server, nasty_cert_name[kind], large);
		free(document);
		free(base64);
		span_free(large);
		span_free(der);
	}
}

/* Both slots and the PKCS#12 as large as they may be, of what costs most. */
static void all_at_once(void **state)
{
	struct span cert = nasty_cert(CERT_MANY_NAMES, 4000), p12 = nasty_p12(P12_HUGE_CERT);
	char *pem, *slot = calloc(16, 8192), *base64 = fixture_base64(p12.p, p12.n), *document;
	const unsigned char *p = cert.p;
	X509 *parsed = d2i_X509(NULL, &p, (long)cert.n);

	(void)state;
	pem = fixture_pem(parsed);
	X509_free(parsed);
	for (int i = 0; i < 16; i++)
		strcat(slot, pem);
	document = fixture_document(slot, slot, base64);
	bounded(&readers[CREDENTIAL], "all at once", span(document, strlen(document)));
	free(document);
	free(slot);
	free(pem);
	free(base64);
	span_free(cert);
	span_free(p12);
}

static void lists(void **state)
{
	(void)state;
	for (int kind = 0; kind < CRL_KINDS; kind++) {
		struct span der = nasty_crl((enum nasty_crl)kind, PORTCALL_CRLS_MAX_FILE);

		assert_true(der.n <= PORTCALL_CRLS_MAX_FILE);
		bounded(&readers[CRL], nasty_crl_name[kind], der);
		bounded(&readers[OCSP], nasty_crl_name[kind], der);
		span_free(der);
	}
}

static int make_world(void **state)
{
	(void)state;
	start_counting();
	second = measure_second();
	root = fixture_ca(NULL, "CN=Root");
	server = fixture_server(&root, "radius.lab");
	return 0;
}

static int free_world(void **state)
{
	(void)state;
	fixture_done(&root);
	fixture_done(&server);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "the fuzz corpora", corpora, NULL, NULL, NULL },
		{ "documents that are made to cost much", documents, NULL, NULL, NULL },
		{ "PKCS#12 files that are made to cost much", pkcs12_files, NULL, NULL, NULL },
		{ "certificates that are made to cost much", certificates, NULL, NULL, NULL },
		{ "a document with everything at its limit", all_at_once, NULL, NULL, NULL },
		{ "revocation lists that are made to cost much", lists, NULL, NULL, NULL },
	};

	return cmocka_run_group_tests_name("limits", tests, make_world, free_world);
}
