/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * handshakes - what EAP-TLS costs one phone: libportcall against the EAP-TLS server of the scenario
 * tests, in one process, without sockets.
 *
 *	handshakes count p256|rsa2048 1.2|1.3 N
 *		For callgrind: N phones, one after the other, all counted from portcall_supplicant_new() over
 *		the authenticated port to portcall_supplicant_free().
 *	handshakes heap p256|rsa2048 1.2|1.3 PHONES
 *		PHONES phones that share one set of credentials go through their handshakes side by side.  Prints
 *		octets per phone: new with its link up, at the worst moment of the handshake, authenticated and with
 *		a session to resume.
 *
 * Only what happens inside the library's own functions is counted, instructions by callgrind's collect
 * switch and octets as the growth of malloc's total; certificates, credentials and the server are not.
 * Two phones authenticate before: what OpenSSL sets up once in a process is no phone's cost.
 * Each handshake is checked: authenticated, of the TLS version asked for, not resumed.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <valgrind/callgrind.h>

#include <portcall/supplicant.h>

#include "common/eap.h"
#include "common/eapol.h"
#include "tests/scenario/eap_server.h"
#include "tests/scenario/fixture.h"

enum { WARM_UP = 2, ROUNDS_MAX = 100, EXIT_USAGE = 2 };

static const uint8_t group[MAC_LEN] = { 0x01, 0x80, 0xc2, 0x00, 0x00, 0x03 };
static const uint8_t authenticator[MAC_LEN] = { 0x02, 0, 0, 0, 0, 1 };

struct phone {
	struct portcall_supplicant *supplicant;
	struct eap_server *server;
	uint8_t frame[PORTCALL_MAX_FRAME]; /* on its way to the other side */
	size_t n;
	bool success; /* the frame is the last one */
	bool done;
};

struct bench {
	struct fixture fixture;
	struct eap_server_config server;
	const char *tls;
	long long octets; /* that the library holds */
	size_t before;
};

static _Noreturn void die(const char *what, const char *why)
{
	fprintf(stderr, "handshakes: %s: %s\n", what, why);
	exit(EXIT_FAILURE);
}

/* --- what is counted ------------------------------------------------------------------------------ */

static size_t allocated(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

static void enter_library(struct bench *b)
{
	b->before = RUNNING_ON_VALGRIND ? 0 : allocated();
	CALLGRIND_TOGGLE_COLLECT;
}

static void leave_library(struct bench *b)
{
	CALLGRIND_TOGGLE_COLLECT;
	b->octets += RUNNING_ON_VALGRIND ? 0 : (long long)allocated() - (long long)b->before;
}

/* --- one phone and its authenticator ---------------------------------------------------------------- */

/* Take what the supplicant sends; false: nothing. */
static bool take_frame(struct bench *b, struct phone *p)
{
	struct portcall_effect e;
	bool any = false, more;

	for (;;) {
		enter_library(b);
		more = portcall_supplicant_output(p->supplicant, &e);
		leave_library(b);
		if (!more)
			return any;
		if (e.kind != PORTCALL_EFFECT_SEND)
			continue;
		memcpy(p->frame, e.frame, e.frame_n);
		p->n = e.frame_n;
		any = true;
	}
}

static void plug_in(struct bench *b, struct phone *p)
{
	struct portcall_supplicant_config config = { .size = sizeof(config),
		                                     .mac = { 2, 0, 0, 0, 1, 1 },
		                                     .credentials = b->fixture.credentials,
		                                     .verify_time = 0 };
	struct portcall_why why = { 0 };

	*p = (struct phone){ .server = eap_server_new(&b->server) };
	if (!p->server)
		die("the server", "its configuration does not work");
	enter_library(b);
	p->supplicant = portcall_supplicant_new(&config, &why);
	if (p->supplicant)
		portcall_supplicant_link(p->supplicant, true, 0);
	leave_library(b);
	if (!p->supplicant)
		die("the supplicant", why.text);
	if (!take_frame(b, p))
		die("the supplicant", "sent no EAPOL-Start");
}

static void unplug(struct bench *b, struct phone *p)
{
	enter_library(b);
	portcall_supplicant_free(p->supplicant);
	leave_library(b);
	eap_server_free(p->server);
}

static struct span identity_request(void)
{
	static uint8_t packet[64];
	size_t n = 0;

	if (eap_encode(EAP_CODE_REQUEST, 1, EAP_METHOD_IDENTITY, span(NULL, 0), packet,
	               sizeof(packet), &n) != PORTCALL_OK)
		abort();
	return span(packet, n);
}

/* The authenticator's answer to p->frame, into p->frame. */
static void answer(struct phone *p)
{
	struct span packet = span(NULL, 0);
	struct eapol_frame frame;

	if (eapol_decode(span(p->frame, p->n), &frame) != PORTCALL_OK)
		die("the supplicant", "sent no EAPOL frame");
	if (frame.type == EAPOL_START) {
		packet = identity_request();
	} else {
		switch (eap_server_input(p->server, frame.body, &packet)) {
		case EAP_SERVER_ACCEPT:
			p->success = true;
			break;
		case EAP_SERVER_CHALLENGE:
			break;
		case EAP_SERVER_REJECT:
		case EAP_SERVER_SILENT:
			die("the server", "did not accept the phone");
		}
	}
	if (eapol_encode(group, authenticator, EAPOL_EAP, packet, p->frame, sizeof(p->frame),
	                 &p->n) != PORTCALL_OK)
		abort();
}

static void check(const struct bench *b, const struct phone *p)
{
	struct portcall_supplicant_status status;

	portcall_supplicant_status(p->supplicant, &status);
	if (!status.authorized || status.resumed || strcmp(status.tls_version, b->tls) != 0)
		die("the handshake", "not a full one of the TLS version asked for, or it failed");
}

/* One frame each way. */
static void step(struct bench *b, struct phone *p)
{
	answer(p);
	enter_library(b);
	portcall_supplicant_input(p->supplicant, p->frame, p->n, 0);
	leave_library(b);
	if (!take_frame(b, p) && !p->success)
		die("the supplicant", "fell silent");
	p->done = p->success;
	if (p->done)
		check(b, p);
}

static void authenticate(struct bench *b, unsigned count)
{
	struct phone p;

	while (count--) {
		plug_in(b, &p);
		for (int i = 0; i < ROUNDS_MAX && !p.done; i++)
			step(b, &p);
		unplug(b, &p);
	}
}

/* --- the two measurements --------------------------------------------------------------------------- */

static void count_instructions(struct bench *b, unsigned n)
{
	CALLGRIND_START_INSTRUMENTATION;
	authenticate(b, n);
	CALLGRIND_STOP_INSTRUMENTATION;
}

static void weigh_heap(struct bench *b, unsigned n)
{
	struct phone *phones = calloc(n, sizeof(*phones));
	long long linked, most;
	bool done = false;

	if (!phones)
		die("heap", "no memory");
	b->octets = 0;
	for (unsigned i = 0; i < n; i++)
		plug_in(b, &phones[i]);
	linked = most = b->octets;
	for (int round = 0; round < ROUNDS_MAX && !done; round++) {
		done = true;
		for (unsigned i = 0; i < n; i++) {
			if (!phones[i].done)
				step(b, &phones[i]);
			done = done && phones[i].done;
		}
		if (b->octets > most)
			most = b->octets;
	}
	printf("%lld %lld %lld\n", linked / n, most / n, b->octets / n);
	for (unsigned i = 0; i < n; i++)
		unplug(b, &phones[i]);
	if (llabs(b->octets) / n > 16)
		fprintf(stderr, "handshakes: %lld octets per phone stay allocated\n",
		        b->octets / n);
	free(phones);
}

int main(int argc, char **argv)
{
	struct bench b = { 0 };
	struct fixture_options options = { 0 };
	char why[PKI_WHY_LEN];
	int n = argc == 5 ? atoi(argv[4]) : 0;

	if (n < 1) {
		fputs("usage: handshakes count|heap p256|rsa2048 1.2|1.3 N\n", stderr);
		return EXIT_USAGE;
	}
	options.key = strcmp(argv[2], "rsa2048") == 0 ? PKI_RSA_2048 : PKI_P256;
	if (!fixture_init(&b.fixture, &options, why))
		die("certificates", why);
	b.tls = strcmp(argv[3], "1.2") == 0 ? "TLSv1.2" : "TLSv1.3";
	b.server = (struct eap_server_config){ .cert = b.fixture.server,
		                               .client_ca = b.fixture.phone_ca,
		                               .tls = strcmp(argv[3], "1.2") == 0 ? 12 : 13 };
	if (strcmp(argv[1], "heap") == 0) {
		b.server.resume =
			EAP_SERVER_TICKETS; /* each phone keeps one, and none comes back */
		b.server.tickets = 1;
	}
	authenticate(&b, WARM_UP);
	if (strcmp(argv[1], "heap") == 0)
		weigh_heap(&b, (unsigned)n);
	else
		count_instructions(&b, (unsigned)n);
	fixture_done(&b.fixture);
	return EXIT_SUCCESS;
}
