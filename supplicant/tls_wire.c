/* SPDX-License-Identifier: BSD-3-Clause */
#include "supplicant/tls_wire.h"

#include <pthread.h>

#include <includes.h>
#include <common.h>
#include <wpabuf.h>

static int wire_read(BIO *bio, char *ret_octets, int max)
{
	struct tls_wire *wire = BIO_get_data(bio);
	size_t n = max > 0 ? (size_t)max : 0;

	BIO_clear_retry_flags(bio);
	if (wire->in.n == 0) {
		BIO_set_retry_read(bio);
		return -1;
	}
	n = n < wire->in.n ? n : wire->in.n;
	memcpy(ret_octets, wire->in.p, n);
	wire->in = span(wire->in.p + n, wire->in.n - n);
	return (int)n;
}

static int wire_write(BIO *bio, const char *octets, int n)
{
	struct tls_wire *wire = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	if (n <= 0 || wpabuf_resize(&wire->out, (size_t)n) != 0)
		return -1;
	wpabuf_put_data(wire->out, octets, (size_t)n);
	return n;
}

static long wire_ctrl(BIO *bio, int command, long number, void *pointer)
{
	(void)bio;
	(void)number;
	(void)pointer;
	return command == BIO_CTRL_FLUSH;
}

/* Made once for the process; NULL: no memory, the next connection tries again. */
static const BIO_METHOD *wire_method(void)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static BIO_METHOD *method;
	BIO_METHOD *fresh;

	pthread_mutex_lock(&lock);
	if (!method) {
		fresh = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "tls_wire");
		if (fresh && BIO_meth_set_read(fresh, wire_read) == 1 &&
		    BIO_meth_set_write(fresh, wire_write) == 1 &&
		    BIO_meth_set_ctrl(fresh, wire_ctrl) == 1)
			method = fresh;
		else
			BIO_meth_free(fresh);
	}
	fresh = method;
	pthread_mutex_unlock(&lock);
	return fresh;
}

BIO *tls_wire_bio(struct tls_wire *wire)
{
	const BIO_METHOD *method = wire_method();
	BIO *bio = method ? BIO_new(method) : NULL;

	if (!bio)
		return NULL;
	BIO_set_data(bio, wire);
	BIO_set_init(bio, 1);
	return bio;
}
