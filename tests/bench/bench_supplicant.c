/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bench_supplicant - what an authentication costs on the phone's side.
 *
 *	bench_supplicant heap p256|rsa2048 12|13      octets per phone, one line per moment
 *	bench_supplicant run p256|rsa2048 12|13 N     N authentications; count instructions from outside:
 *	valgrind --tool=callgrind --toggle-collect='portcall_supplicant_*' ... (new, input and output only)
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/eap.h"
#include "common/eapol.h"
#include "tests/scenario/eap_server.h"
#include "tests/scenario/fixture.h"

#include <portcall/supplicant.h>

enum { IDLE_PHONES = 1000 };

static const uint8_t switch_mac[MAC_LEN] = { 2, 0, 0, 0, 9, 9 };

/* One phone and what it has allocated: measured around each call, so that the server's memory is not in it. */
struct phone {
	struct portcall_supplicant *s;
	long heap, heap_max;
	bool up;
	uint8_t response[2048]; /* EAP */
	size_t response_n;
};

static long allocated(void)
{
	struct mallinfo2 info = mallinfo2();

	return (long)(info.uordblks + info.hblkhd);
}

static void drain(struct phone *phone)
{
	struct portcall_effect e;
	struct eapol_frame f;

	phone->response_n = 0;
	while (portcall_supplicant_output(phone->s, &e)) {
		if (e.kind == PORTCALL_EFFECT_PORT)
			phone->up = e.authorized;
		if (e.kind != PORTCALL_EFFECT_SEND ||
		    eapol_decode(span(e.frame, e.frame_n), &f) != PORTCALL_OK ||
		    f.type != EAPOL_EAP || f.body.n > sizeof(phone->response))
			continue;
		memcpy(phone->response, f.body.p, f.body.n);
		phone->response_n = f.body.n;
	}
}

static void feed(struct phone *phone, struct span packet, bool measure)
{
	uint8_t frame[2048];
	size_t n = 0;
	long before;

	if (eapol_encode(mac_pae_group, switch_mac, EAPOL_EAP, packet, frame, sizeof(frame), &n) !=
	    PORTCALL_OK)
		abort();
	before = measure ? allocated() : 0;
	portcall_supplicant_input(phone->s, frame, n, 0);
	drain(phone);
	phone->heap += measure ? allocated() - before : 0;
	if (phone->heap > phone->heap_max)
		phone->heap_max = phone->heap;
}

static struct phone make_phone(const struct fixture *f)
{
	struct portcall_supplicant_config config = { .size = sizeof(config),
		                                     .mac = { 2, 0, 0, 0, 1, 1 },
		                                     .credentials = f->credentials };
	struct portcall_why why;
	long before = allocated();
	struct phone phone = { .s = portcall_supplicant_new(&config, &why) };

	if (!phone.s)
		abort();
	portcall_supplicant_link(phone.s, true, 0);
	drain(&phone);
	phone.heap = phone.heap_max = allocated() - before;
	return phone;
}

static void authenticate(struct phone *phone, struct eap_server *server, bool measure)
{
	static const uint8_t identity[] = { EAP_CODE_REQUEST, 1, 0, 5, EAP_METHOD_IDENTITY };
	struct span packet = span(identity, sizeof(identity));

	for (int rounds = 0; rounds < 50 && !phone->up; rounds++) {
		feed(phone, packet, measure);
		if (phone->response_n > 0)
			eap_server_input(server, span(phone->response, phone->response_n), &packet);
	}
	if (!phone->up) {
		fprintf(stderr, "the authentication failed\n");
		exit(1);
	}
}

static int heap(const struct fixture *f, struct eap_server *server)
{
	struct phone first = make_phone(f), second;
	struct portcall_supplicant *idle[IDLE_PHONES];
	long before, sum = 0;

	authenticate(&first, server,
	             true); /* with it, what is made once: SSL_CTX, OpenSSL's tables */
	second = make_phone(f);
	authenticate(&second, server, true);
	printf("heap-mid-handshake %ld\n", second.heap_max);
	printf("heap-after-success %ld\n", second.heap);
	before = allocated();
	for (int i = 0; i < IDLE_PHONES; i++) {
		struct phone phone = make_phone(f);

		idle[i] = phone.s;
		sum += phone.heap;
	}
	printf("heap-idle %ld\n", (allocated() - before) / IDLE_PHONES);
	(void)sum;
	for (int i = 0; i < IDLE_PHONES; i++)
		portcall_supplicant_free(idle[i]);
	portcall_supplicant_free(first.s);
	portcall_supplicant_free(second.s);
	return 0;
}

static int run(const struct fixture *f, struct eap_server *server, long n)
{
	for (long i = 0; i < n; i++) {
		struct phone phone = make_phone(f);

		authenticate(&phone, server, false);
		portcall_supplicant_free(phone.s);
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct fixture_options options = { .key = PKI_P256 };
	struct eap_server_config config;
	struct eap_server *server;
	struct fixture f;
	char why[PKI_WHY_LEN];
	int status;

	if (argc < 4 || (strcmp(argv[1], "run") == 0 && argc < 5)) {
		fprintf(stderr, "usage: %s heap|run p256|rsa2048 12|13 [N]\n", argv[0]);
		return 2;
	}
	if (strcmp(argv[2], "rsa2048") == 0)
		options.key = PKI_RSA_2048;
	if (!fixture_init(&f, &options, why)) {
		fprintf(stderr, "%s\n", why);
		return 1;
	}
	config = (struct eap_server_config){
		.cert = f.server, .client_ca = f.phone_ca, .tls = atoi(argv[3]), .tickets = 2
	};
	server = eap_server_new(&config);
	if (!server)
		return 1;
	if (strcmp(argv[1], "heap") == 0)
		status = heap(&f, server);
	else
		status = run(&f, server, atol(argv[4]));
	eap_server_free(server);
	fixture_done(&f);
	return status;
}
