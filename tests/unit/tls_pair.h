/* SPDX-License-Identifier: BSD-3-Clause */
/* tls_pair - both ends of a TLS handshake in one process.  Failures are assertions of the test. */
#ifndef TESTS_TLS_PAIR_H
#define TESTS_TLS_PAIR_H

#include <stdbool.h>

#include <openssl/ssl.h>

/*
 * Drive both ends; true: both finished.  `ret_alert`: the last alert that the server got, untouched without
 * one.  Leaves nothing in OpenSSL's error queue.
 */
bool tls_pair_handshake(SSL *client, SSL *server, int *ret_alert);

#endif
