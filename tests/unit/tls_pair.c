/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/tls_pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/err.h>

static void note_alert(const SSL *ssl, int where, int value)
{
	if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT)
		*(int *)SSL_get_app_data(ssl) = value & 0xff;
}

bool tls_pair_handshake(SSL *client, SSL *server, int *ret_alert)
{
	BIO *left, *right;
	int a = 0, b = 0;

	assert_int_equal(BIO_new_bio_pair(&left, 1 << 17, &right, 1 << 17), 1);
	SSL_set_app_data(server, ret_alert);
	SSL_set_info_callback(server, note_alert);
	SSL_set_bio(client, left, left);
	SSL_set_bio(server, right, right);
	SSL_set_connect_state(client);
	SSL_set_accept_state(server);
	for (int round = 0; round < 20 && (a != 1 || b != 1); round++) {
		if (a != 1)
			a = SSL_do_handshake(client);
		if (b != 1)
			b = SSL_do_handshake(server);
	}
	ERR_clear_error();
	return a == 1 && b == 1;
}
