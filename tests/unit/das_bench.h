/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * das_bench - a dynamic authorisation server on a bench: the test is its clients, and both clocks
 * are variables.
 */
#ifndef TESTS_UNIT_DAS_BENCH_H
#define TESTS_UNIT_DAS_BENCH_H

#include "tests/unit/check.h"

#include "switch/das.h"

static const char *const secrets[] = { "first", "second" };
static const int64_t wall = 1763700000;

struct bench {
	struct das *das;
	msec now;
	struct das_request request;
	uint8_t datagram[RADIUS_MAX_PACKET];
	size_t n;
	uint8_t reply[RADIUS_MAX_PACKET];
};

static inline struct das_config config_of(struct span list[2])
{
	struct das_config config = { .secrets = list,
		                     .client_n = 2,
		                     .nas_identifier = "bench",
		                     .nas_ip = { 192, 0, 2, 1 },
		                     .nas_ip_n = 4,
		                     .mac = { 2, 0, 0, 0, 0, 0xfe } };

	for (size_t i = 0; i < 2; i++)
		list[i] = span_of_string(secrets[i]);
	return config;
}

static inline void begin_with(struct bench *b, struct das_config config)
{
	*b = (struct bench){ .das = das_new(&config), .now = 1000 };
	assert_non_null(b->das);
}

static inline void begin(struct bench *b)
{
	struct span list[2];

	begin_with(b, config_of(list));
}

/* A request of client 0 with these attributes (hex) and an Event-Timestamp. */
static inline void make(struct bench *b, uint8_t code, uint8_t id, int64_t timestamp,
                        const char *hex)
{
	uint8_t attributes[RADIUS_MAX_ATTRIBUTES], more[RADIUS_MAX_ATTRIBUTES];
	struct writer w = writer_to(attributes, sizeof(attributes));

	if (timestamp)
		radius_put_u32(&w, RADIUS_EVENT_TIMESTAMP, (uint32_t)timestamp);
	write_bytes(&w, unhex(hex, more, sizeof(more)));
	assert_int_equal(radius_signed_request(code, id, true, writer_span(&w),
	                                       span_of_string(secrets[0]), b->datagram,
	                                       sizeof(b->datagram), &b->n),
	                 PORTCALL_OK);
}

static inline enum das_verdict give(struct bench *b)
{
	return das_input(b->das, 0, 40000, span(b->datagram, b->n), b->now, wall, &b->request);
}

static inline enum das_verdict ask(struct bench *b, uint8_t code, const char *hex)
{
	static uint8_t id;

	make(b, code, ++id, wall, hex);
	return give(b);
}

/* The reply is authentic; its code, and its Error-Cause or 0. */
static inline unsigned reply_of(struct bench *b, struct span bytes, uint32_t *ret_cause)
{
	struct radius_packet reply;

	assert_true(bytes.n > 0);
	memcpy(b->reply, bytes.p, bytes.n);
	assert_int_equal(radius_decode(span(b->reply, bytes.n), &reply), PORTCALL_OK);
	assert_int_equal(reply.id, b->datagram[1]);
	assert_int_equal(radius_verify_reply(&reply, b->datagram + 4, span_of_string(secrets[0])),
	                 RADIUS_REPLY_OK);
	*ret_cause = 0;
	radius_find_u32(&reply, RADIUS_ERROR_CAUSE, ret_cause);
	return reply.code;
}

#define SESSION "2c06 61626364"                           /* Acct-Session-Id "abcd" */
#define STATION "1f13 30322d30302d30302d30302d30312d3031" /* 02-00-00-00-01-01 */
#define COMMAND "1a29 00000009 0123"                      /* Cisco-AVPair, 33 octets follow */
#define REAUTH                                           \
	COMMAND "737562736372696265723a636f6d6d616e643d" \
		"72656175746865"                         \
		"6e746963617465"
#define BOUNCE                                                      \
	"1a2b 00000009 0125 737562736372696265723a636f6d6d616e643d" \
	"626f756e63652d686f73742d706f7274"
#define DISABLE                                                     \
	"1a2c 00000009 0126 737562736372696265723a636f6d6d616e643d" \
	"64697361626c652d686f73742d706f7274"

#endif
