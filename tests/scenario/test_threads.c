/* SPDX-License-Identifier: BSD-3-Clause */
/* One supplicant per thread, one set of credentials for all: run with SAN=thread to see races. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdlib.h>

#include "tests/scenario/fixture.h"
#include "tests/scenario/world.h"

enum { THREADS = 4, ROUNDS = 3, MINUTE = 60000 };

static void *live(void *credentials_and_certificates)
{
	const struct fixture *f = credentials_and_certificates;
	struct world *w = malloc(sizeof(*w));
	uintptr_t up = 0;

	for (int round = 0; w && round < ROUNDS; round++) {
		struct world_config config = {
			.phone = { .size = sizeof(config.phone),
			           .mac = { 2, 0, 0, 0, 1, 1 },
			           .credentials = f->credentials },
			.server = { .cert = f->server,
			            .client_ca = f->phone_ca,
			            .tls = round % 2 ? 12 : 13 },
			.seed = (uint64_t)round + 1,
		};

		world_init(w, &config);
		world_link(w, true);
		up += world_run(w, MINUTE, world_is_up);
		world_done(w);
	}
	free(w);
	return (void *)up;
}

static void threads_share_credentials(void **state)
{
	struct fixture f;
	char why[PKI_WHY_LEN];
	pthread_t threads[THREADS];

	(void)state;
	assert_true(fixture_init(&f, &(struct fixture_options){ 0 }, why));
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, live, &f), 0);
	for (int i = 0; i < THREADS; i++) {
		void *up = NULL;

		assert_int_equal(pthread_join(threads[i], &up), 0);
		assert_int_equal((uintptr_t)up, ROUNDS);
	}
	fixture_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(threads_share_credentials) };

	return cmocka_run_group_tests_name("one supplicant per thread", tests, NULL, NULL);
}
