/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A datagram to the dynamic authorisation server: as it is, and then the attributes in it as those
 * of an authentic request, whose session is sought and which is answered.
 */
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>

#include "switch/das.h"

static const struct das_session sessions[] = {
	{ .id = "0123456789abcdef",
	  .user = "phone1",
	  .has_mac = true,
	  .mac = { 2, 0, 0, 0, 1, 1 },
	  .port = 1,
	  .port_id = "p1" },
	{ .id = "", .user = "", .port = 2, .port_id = "up1", .forced = true },
};

static void check_reply(const struct das_request *request, struct span reply,
                        enum das_error_cause cause, struct span secret)
{
	struct radius_packet packet;
	uint32_t number = 0;

	if (reply.n == 0)
		return;
	if (radius_decode(reply, &packet) != PORTCALL_OK)
		abort();
	assert(radius_verify_reply(&packet, request->packet.authenticator, secret) ==
	       RADIUS_REPLY_OK);
	assert(packet.code == request->packet.code + (cause == DAS_DONE ? 1 : 2));
	assert(packet.id == request->packet.id);
	assert(radius_find_u32(&packet, RADIUS_ERROR_CAUSE, &number) == (cause != DAS_DONE));
	assert(number == (uint32_t)cause);
}

static void input(struct das *das, struct span datagram, struct span secret)
{
	struct das_request request;
	enum das_error_cause cause;
	size_t at = 99;

	switch (das_input(das, 0, 1, datagram, 1, 0, &request)) {
	case DAS_DROP:
		assert(request.why);
		return;
	case DAS_ANSWER:
		check_reply(&request, request.reply, request.cause, secret);
		return;
	case DAS_DECIDE:
		break;
	}
	cause = das_select(&request, sessions, sizeof(sessions) / sizeof(sessions[0]), &at);
	assert((cause == DAS_DONE) == (at == 0));
	check_reply(&request, das_answer(das, &request, cause, 1), cause, secret);
	/* and once more */
	if (das_input(das, 0, 1, datagram, 2, 0, &request) != DAS_ANSWER)
		abort();
	assert(request.repeated && request.cause == cause);
	check_reply(&request, request.reply, cause, secret);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span secret = span("xyzzy5461", 9);
	struct das_config config = { .secrets = &secret,
		                     .client_n = 1,
		                     .timestamp_optional = true,
		                     .remember = 4,
		                     .nas_identifier = "fuzz",
		                     .nas_ip = { 192, 0, 2, 1 },
		                     .nas_ip_n = 4,
		                     .mac = { 2, 0, 0, 0, 0, 0xfe } };
	struct das *das = das_new(&config);
	uint8_t datagram[RADIUS_MAX_PACKET];
	size_t n;

	if (!das)
		return 0;
	input(das, span(data, size), secret);
	if (size >= RADIUS_HEADER_LEN &&
	    radius_signed_request(data[0], data[1], true,
	                          span(data + RADIUS_HEADER_LEN, size - RADIUS_HEADER_LEN), secret,
	                          datagram, sizeof(datagram), &n) == PORTCALL_OK)
		input(das, span(datagram, n), secret);
	das_free(das);
	return 0;
}
