/* SPDX-License-Identifier: BSD-3-Clause */
#include "supplicant/bringup.h"

#include <assert.h>

const struct fsm_arc bringup_arcs[] = {
#define G(condition, to_)        { "*", #to_, #condition },
#define T(from_, condition, to_) { #from_, #to_, #condition },
#include "supplicant/bringup.def"
#undef G
#undef T
};
const size_t bringup_arcs_n = sizeof(bringup_arcs) / sizeof(bringup_arcs[0]);

static const char *const state_names[] = {
	[BRINGUP_NO_LINK] = "NO_LINK",
	[BRINGUP_CLOSED] = "CLOSED",
	[BRINGUP_ADDRESS] = "ADDRESS",
	[BRINGUP_SYSTEM_FILE] = "SYSTEM_FILE",
	[BRINGUP_DEVICE_FILE] = "DEVICE_FILE",
	[BRINGUP_APPLY] = "APPLY",
	[BRINGUP_WAIT] = "WAIT",
};

const char *bringup_state_name(enum bringup_state state)
{
	return state_names[state];
}

static msec after(msec now, msec seconds)
{
	return now + seconds * 1000;
}

static void emit(struct bringup *b, struct bringup_effect effect)
{
	assert(b->effect_count < BRINGUP_EFFECTS);
	b->effects[(b->effect_first + b->effect_count++) % BRINGUP_EFFECTS] = effect;
}

static void emit_kind(struct bringup *b, enum bringup_effect_kind kind)
{
	emit(b, (struct bringup_effect){ .kind = kind });
}

static bool controlled(const struct bringup *b)
{
	return b->config.dot1x && b->usable;
}

static bool port_open(const struct bringup *b)
{
	return !controlled(b) || b->authorized || b->opened;
}

bool bringup_port_open(const struct bringup *b)
{
	return b->linkUp && port_open(b);
}

static void stop_fetch(struct bringup *b)
{
	if (b->fetching)
		emit_kind(b, BRINGUP_STOP_FETCH);
	b->fetching = false;
}

/* Nothing that was learnt behind the port holds any more. */
static void stop_all(struct bringup *b)
{
	stop_fetch(b);
	if (b->addressing)
		emit_kind(b, BRINGUP_STOP_ADDRESS);
	b->addressing = false;
	b->haveAddress = false;
	b->haveUrl = false;
	b->checkNow = false;
	b->provisioned = false;
	b->pollWhen = MSEC_NEVER;
	b->retryDelay = BRINGUP_RETRY_MIN;
}

static void fetch(struct bringup *b, enum bringup_effect_kind kind)
{
	b->checkNow = false;
	b->pollWhen = MSEC_NEVER;
	b->fetched = BRINGUP_FETCH_PENDING;
	b->verdict = BRINGUP_PENDING;
	b->fetching = true;
	emit_kind(b, kind);
}

static msec jittered(const struct bringup *b, msec delay)
{
	return b->config.random ? delay * (900 + b->config.random() % 201) / 1000 : delay;
}

/* When to look next.  Until the first success a failure is retried early: a server may be starting, too. */
static void set_poll(struct bringup *b, msec now)
{
	bool good = b->verdict == BRINGUP_APPLIED || b->verdict == BRINGUP_UNCHANGED;
	msec delay = good ? b->config.poll_registered : b->config.poll_failed;

	if (!good && !b->provisioned && b->retryDelay < delay) {
		delay = b->retryDelay;
		b->retryDelay *= 2;
	}
	b->pollWhen = delay ? now + jittered(b, delay * 1000) : MSEC_NEVER;
}

static void enter(struct bringup *b, enum bringup_state to, const char *why, msec now)
{
	enum bringup_state from = b->state;

	b->state = to;
	emit(b, (struct bringup_effect){ .kind = BRINGUP_TRANSITION,
	                                 .from = state_names[from],
	                                 .to = state_names[to],
	                                 .why = why });
	switch (to) {
	case BRINGUP_NO_LINK:
	case BRINGUP_CLOSED:
		stop_all(b);
		return;
	case BRINGUP_ADDRESS:
		stop_fetch(b);
		b->moved = false;
		b->pollWhen = MSEC_NEVER;
		if (!b->addressing)
			emit_kind(b, BRINGUP_START_ADDRESS);
		b->addressing = true;
		return;
	case BRINGUP_SYSTEM_FILE:
		fetch(b, BRINGUP_FETCH_SYSTEM);
		return;
	case BRINGUP_DEVICE_FILE:
		fetch(b, BRINGUP_FETCH_DEVICE);
		return;
	case BRINGUP_APPLY:
		emit_kind(b, BRINGUP_JUDGE);
		return;
	case BRINGUP_WAIT:
		set_poll(b, now);
		return;
	}
}

#define v(x)       (b->x)
#define expired(t) ((t) <= now)

static bool step(struct bringup *b, msec now)
{
#define G(condition, to_)                                 \
	if (condition) {                                  \
		if (b->state == BRINGUP_##to_)            \
			return false;                     \
		enter(b, BRINGUP_##to_, #condition, now); \
		return true;                              \
	}
#define T(from_, condition, to_)                          \
	if (b->state == BRINGUP_##from_ && (condition)) { \
		enter(b, BRINGUP_##to_, #condition, now); \
		return true;                              \
	}
#include "supplicant/bringup.def"
#undef G
#undef T
	return false;
}

#undef v

static void run(struct bringup *b, msec now)
{
	if (expired(b->openWhen)) {
		b->openWhen = MSEC_NEVER;
		b->opened = true;
		emit_kind(b, BRINGUP_OPEN);
	}
	while (step(b, now))
		;
}

/* Wait for an authenticator, or for none. */
static void listen_for_eap(struct bringup *b, msec now)
{
	b->authorized = false;
	b->opened = false;
	b->eapSeen = false;
	b->openWhen = b->linkUp && controlled(b) ? after(now, b->config.open_after) : MSEC_NEVER;
}

void bringup_init(struct bringup *b, const struct bringup_config *config, bool usable, bool trial)
{
	*b = (struct bringup){
		.config = *config,
		.state = BRINGUP_NO_LINK,
		.openWhen = MSEC_NEVER,
		.pollWhen = MSEC_NEVER,
		.retryDelay = BRINGUP_RETRY_MIN,
		.usable = usable,
		.trial = trial,
	};
}

void bringup_link(struct bringup *b, bool up, msec now)
{
	if (b->linkUp != up) {
		b->linkUp = up;
		listen_for_eap(b, now);
	}
	run(b, now);
}

void bringup_port(struct bringup *b, bool authorized, msec now)
{
	b->authorized = authorized;
	if (authorized)
		b->openWhen = MSEC_NEVER;
	run(b, now);
}

/* Nobody judged the credentials: the attempt ended for other reasons. */
static bool is_silence(enum portcall_reason reason)
{
	return reason == PORTCALL_REASON_AUTHENTICATOR_SILENT ||
	       reason == PORTCALL_REASON_RADIUS_UNREACHABLE || reason == PORTCALL_REASON_TOO_LONG;
}

static bool is_no_attempt(enum portcall_reason reason)
{
	return reason == PORTCALL_REASON_NO_AUTHENTICATOR || reason == PORTCALL_REASON_LINK_DOWN ||
	       reason == PORTCALL_REASON_LOGGED_OFF;
}

void bringup_result(struct bringup *b, enum portcall_reason reason, msec now)
{
	if (b->trial && reason == PORTCALL_REASON_AUTHENTICATED) {
		b->trial = false;
		emit_kind(b, BRINGUP_PROMOTE);
	} else if (b->trial && !is_no_attempt(reason) &&
	           ++b->trialFailures >= BRINGUP_TRIAL_FAILURES) {
		b->trial = false;
		emit(b, (struct bringup_effect){ .kind = BRINGUP_ROLL_BACK,
		                                 .refuse = !is_silence(reason) });
	}
	run(b, now);
}

void bringup_eap(struct bringup *b, msec now)
{
	b->eapSeen = true;
	b->opened = false;
	b->openWhen = MSEC_NEVER;
	run(b, now);
}

void bringup_credentials(struct bringup *b, bool usable, msec now)
{
	b->usable = usable;
	b->trial = false;
	listen_for_eap(b, now);
	run(b, now);
}

void bringup_address(struct bringup *b, bool have, bool have_url, bool moved, msec now)
{
	if (!b->addressing)
		return;
	b->haveAddress = have;
	b->haveUrl = have && have_url;
	b->moved = moved && b->fetching;
	b->checkNow |= moved && b->state == BRINGUP_WAIT;
	run(b, now);
}

void bringup_fetched(struct bringup *b, enum bringup_fetch result, msec now)
{
	if (!b->fetching)
		return;
	b->fetching = false;
	b->fetched = result;
	run(b, now);
}

void bringup_applied(struct bringup *b, enum bringup_verdict verdict, msec now)
{
	if (b->state != BRINGUP_APPLY)
		return;
	b->verdict = verdict;
	switch (verdict) {
	case BRINGUP_PENDING:
	case BRINGUP_REFUSED:
		break;
	case BRINGUP_APPLIED:
	case BRINGUP_UNCHANGED:
		if (!b->provisioned || verdict == BRINGUP_APPLIED)
			emit_kind(b, BRINGUP_PROVISIONED);
		b->provisioned = true;
		break;
	case BRINGUP_ON_TRIAL:
		b->usable = true;
		b->trial = true;
		b->trialFailures = 0;
		listen_for_eap(b, now);
		emit_kind(b, BRINGUP_TRY);
		break;
	}
	run(b, now);
}

bool bringup_check(struct bringup *b, msec now)
{
	if (!b->haveAddress || !b->haveUrl)
		return false;
	b->checkNow = b->state == BRINGUP_WAIT; /* a check is on otherwise */
	run(b, now);
	return true;
}

void bringup_tick(struct bringup *b, msec now)
{
	run(b, now);
}

msec bringup_deadline(const struct bringup *b)
{
	return msec_min(b->openWhen, b->pollWhen);
}

bool bringup_output(struct bringup *b, struct bringup_effect *ret_effect)
{
	if (b->effect_count == 0)
		return false;
	*ret_effect = b->effects[b->effect_first];
	b->effect_first = (b->effect_first + 1) % BRINGUP_EFFECTS;
	b->effect_count--;
	return true;
}
