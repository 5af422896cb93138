/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One allocation of the phone fails, each in its turn: nothing crashes or leaks, the port never opens without
 * an authentication, and the phone is authorised in the end.  Linked with --wrap for malloc and its like, and
 * for the calls of the library during which allocations count.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "tests/scenario/fixture.h"
#include "tests/scenario/world.h"

enum { MINUTE = 60000, STRIDE_OPENSSL = 23 };

static bool inside;         /* the library is at work */
static long left_ours = -1; /* allocations until one fails, -1: none does */
static long left_openssl = -1;

static bool fails(long *left)
{
	return inside && *left >= 0 && (*left)-- == 0;
}

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
char *__wrap_strdup(const char *text);

void *__wrap_malloc(size_t n)
{
	return fails(&left_ours) ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails(&left_ours) ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
	return fails(&left_ours) ? NULL : __real_realloc(p, n);
}

char *__wrap_strdup(const char *text)
{
	return fails(&left_ours) ? NULL : __real_strdup(text);
}

static void *openssl_malloc(size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return fails(&left_openssl) ? NULL : __real_malloc(n);
}

static void *openssl_realloc(void *p, size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return fails(&left_openssl) ? NULL : __real_realloc(p, n);
}

static void openssl_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

/* --- the calls that count ----------------------------------------------------------------------------- */

struct portcall_supplicant *__real_portcall_supplicant_new(
	const struct portcall_supplicant_config *config, struct portcall_why *ret_why);
struct portcall_supplicant *__wrap_portcall_supplicant_new(
	const struct portcall_supplicant_config *config, struct portcall_why *ret_why);
void __real_portcall_supplicant_input(struct portcall_supplicant *s, const void *frame, size_t n,
                                      int64_t now);
void __wrap_portcall_supplicant_input(struct portcall_supplicant *s, const void *frame, size_t n,
                                      int64_t now);
void __real_portcall_supplicant_link(struct portcall_supplicant *s, bool up, int64_t now);
void __wrap_portcall_supplicant_link(struct portcall_supplicant *s, bool up, int64_t now);

struct portcall_supplicant *__wrap_portcall_supplicant_new(
	const struct portcall_supplicant_config *config, struct portcall_why *ret_why)
{
	struct portcall_supplicant *s;

	inside = true;
	s = __real_portcall_supplicant_new(config, ret_why);
	inside = false;
	return s ? s : __real_portcall_supplicant_new(config, ret_why); /* the owner tries again */
}

void __wrap_portcall_supplicant_input(struct portcall_supplicant *s, const void *frame, size_t n,
                                      int64_t now)
{
	inside = true;
	__real_portcall_supplicant_input(s, frame, n, now);
	inside = false;
}

void __wrap_portcall_supplicant_link(struct portcall_supplicant *s, bool up, int64_t now)
{
	inside = true;
	__real_portcall_supplicant_link(s, up, now);
	inside = false;
}

/* --- tests ------------------------------------------------------------------------------------------------ */

static struct fixture fixture;
static struct world world;

/* The allocation number `n` of one kind fails; false: there were fewer. */
static bool live(long *left, long n, int tls)
{
	char why[PKI_WHY_LEN];
	struct portcall_credentials *fresh =
		fixture_credentials(fixture.server_ca, NULL, fixture.phone, why);
	struct world_config config = {
		.phone = { .size = sizeof(config.phone),
		           .mac = { 2, 0, 0, 0, 1, 1 },
		           .credentials = fresh },
		.server = { .cert = fixture.server,
		            .client_ca = fixture.phone_ca,
		            .tls = tls,
		            .fragment = 400 },
		.seed = 1,
	};
	bool failed;

	assert_non_null(fresh);
	*left = n;
	world_init(&world, &config);
	world_link(&world, true);
	if (!world_run(&world, 10 * MINUTE, world_is_up)) {
		print_error("allocation %ld, TLS %d: %s\n", n, tls, world.pae);
		fail();
	}
	failed = *left < 0;
	*left = -1;
	assert_true(world.phone_authorized);
	world_done(&world);
	portcall_credentials_unref(fresh);
	return failed;
}

static void each_allocation_of_ours_may_fail(void **state)
{
	(void)state;
	for (int tls = 12; tls <= 13; tls++) {
		long n = 0;

		while (live(&left_ours, n, tls))
			n++;
		assert_true(n > 50);
	}
}

static void allocations_of_openssl_may_fail(void **state)
{
	(void)state;
	for (int tls = 12; tls <= 13; tls++) {
		long n = tls;

		while (live(&left_openssl, n, tls))
			n += STRIDE_OPENSSL;
		assert_true(n > 500);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_allocation_of_ours_may_fail),
		cmocka_unit_test(allocations_of_openssl_may_fail),
	};
	char why[PKI_WHY_LEN];
	int status;

	if (CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free) != 1 ||
	    !fixture_init(&fixture, &(struct fixture_options){ 0 }, why))
		return 1;
	status = cmocka_run_group_tests_name("a phone without memory", tests, NULL, NULL);
	fixture_done(&fixture);
	return status;
}
