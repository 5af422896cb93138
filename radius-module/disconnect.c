/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * disconnect - sessions that the present inventory refuses are ended at their switches (RFC 5176).
 *
 * Runs in the inventory's thread after a new one was taken over, never for a request.  A Disconnect-Request goes to
 * where the session's requests come from, under that client's secret; up to WINDOW of them wait for an answer at once,
 * and each is sent at most ATTEMPTS times.
 */
#include "radius-module/module.h"

#include <poll.h>

enum { WINDOW = 64, ATTEMPTS = 3, WAIT = 300 /* ms */ };

struct target {
	struct session const *session;
	RADIUS_PACKET *packet;
	char const *secret;
	bool done;
};

/* What the session's next authentication would get. */
static struct verdict judge(rlm_portcall_t const *inst, struct inventory const *inventory,
                            struct session const *session)
{
	struct verdict_request request = { .mac_known = true,
		                           .method = VERDICT_METHOD_EAP_TLS,
		                           .nas_identifier = session->nas,
		                           .nas_address = session->nas,
		                           .port_known = session->port_known,
		                           .port = session->port };
	struct verdict_certificate certificate = { .issuer = session->issuer,
		                                   .serial = session->serial };
	struct device const *device = inventory_by_mac(inventory, session->mac);

	if (!*session->serial && device && (device->mab || device->unprovisioned))
		request.method = VERDICT_METHOD_MAB;
	if (!*session->serial) /* only accounting knows it: the certificate was never seen here */
		return verdict_authorize(&inst->policy, &request, device);
	return verdict_post_auth(
		&inst->policy, &request, &certificate, device,
		inventory_by_certificate(inventory, session->issuer, session->serial), time(NULL));
}

static void add(RADIUS_PACKET *packet, char const *attribute, char const *value)
{
	VALUE_PAIR *vp =
		*value ? fr_pair_make(packet, &packet->vps, attribute, NULL, T_OP_EQ) : NULL;

	if (vp)
		fr_pair_value_strcpy(vp, value);
}

static bool target_make(TALLOC_CTX *ctx, rlm_portcall_t const *inst, struct session const *session,
                        int fd, int id, struct target *ret_target)
{
	RADIUS_PACKET *packet = rad_alloc(ctx, true);
	char mac[MAC_TEXT_LEN];
	RADCLIENT *client;

	if (!packet || ip_hton(&packet->dst_ipaddr, AF_UNSPEC, session->peer, false) < 0)
		return false;
	client = client_find(NULL, &packet->dst_ipaddr, IPPROTO_UDP);
	if (!client || !client->secret)
		return false;
	packet->sockfd = fd;
	packet->dst_port = inst->disconnect_port;
	packet->src_ipaddr.af = packet->dst_ipaddr.af;
	packet->code = PW_CODE_DISCONNECT_REQUEST;
	packet->id = id;
	/* RFC 5176 3: which session, at which NAS */
	if (mac_parse(session->nas, (uint8_t[MAC_LEN]){ 0 }) ||
	    strspn(session->nas, "0123456789.:") != strlen(session->nas))
		add(packet, "NAS-Identifier", session->nas);
	add(packet, "Acct-Session-Id", session->id);
	add(packet, "Calling-Station-Id", mac_hyphens(session->mac, mac));
	if (session->port_known) {
		VALUE_PAIR *vp = fr_pair_make(packet, &packet->vps, "NAS-Port", NULL, T_OP_EQ);

		if (vp)
			vp->vp_integer = session->port;
	}

	VALUE_PAIR *now = fr_pair_make(packet, &packet->vps, "Event-Timestamp", NULL, T_OP_EQ);

	if (now)
		now->vp_date = (uint32_t)time(NULL);
	fr_pair_make(packet, &packet->vps, "Message-Authenticator", "0x00", T_OP_EQ);
	*ret_target =
		(struct target){ .session = session, .packet = packet, .secret = client->secret };
	return true;
}

static void answered(rlm_portcall_t const *inst, struct target *target, RADIUS_PACKET *reply)
{
	char mac[MAC_TEXT_LEN];
	bool ack = reply->code == PW_CODE_DISCONNECT_ACK;

	target->done = true;
	if (ack)
		state_session_end(inst->state, target->session);
	radlog(L_INFO, "%s: disconnect: %s answers %s for mac=%s session=%s", inst->name,
	       target->session->peer, ack ? "ACK" : "NAK", mac_colons(target->session->mac, mac),
	       target->session->id);
}

/* One datagram, if it answers one of them. */
static void receive(rlm_portcall_t const *inst, int fd, struct target *targets, size_t n)
{
	RADIUS_PACKET *reply = rad_recv(NULL, fd, 0);

	if (!reply)
		return;
	for (size_t i = 0; i < n; i++) {
		struct target *target = &targets[i];

		if (target->done || target->packet->id != reply->id ||
		    fr_ipaddr_cmp(&reply->src_ipaddr, &target->packet->dst_ipaddr) != 0 ||
		    reply->src_port != target->packet->dst_port)
			continue;
		if ((reply->code == PW_CODE_DISCONNECT_ACK ||
		     reply->code == PW_CODE_DISCONNECT_NAK) &&
		    rad_verify(reply, target->packet, target->secret) == 0)
			answered(inst, target, reply);
		break;
	}
	rad_free(&reply);
}

static bool all_done(struct target const *targets, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!targets[i].done)
			return false;
	}
	return true;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void exchange(rlm_portcall_t const *inst, int fd, struct target *targets, size_t n)
{
	for (int attempt = 0; attempt < ATTEMPTS && !all_done(targets, n); attempt++) {
		int64_t end = now_ms() + WAIT, left;

		for (size_t i = 0; i < n; i++) {
			if (!targets[i].done)
				rad_send(targets[i].packet, NULL, targets[i].secret);
		}
		while (!all_done(targets, n) && (left = end - now_ms()) > 0) {
			struct pollfd wait = { .fd = fd, .events = POLLIN };

			if (poll(&wait, 1, (int)left) > 0)
				receive(inst, fd, targets, n);
		}
	}
	for (size_t i = 0; i < n; i++) {
		char mac[MAC_TEXT_LEN];

		if (!targets[i].done)
			radlog(L_WARN,
			       "%s: disconnect: %s does not answer for mac=%s session=%s; the "
			       "session lasts until "
			       "its Session-Timeout or the next link change.",
			       inst->name, targets[i].session->peer,
			       mac_colons(targets[i].session->mac, mac), targets[i].session->id);
	}
}

void disconnect_refused(rlm_portcall_t const *inst, struct inventory const *inventory)
{
	struct target targets[WINDOW];
	size_t n = 0, count = 0;

	if (!inst->disconnect_port || inst->policy.monitor)
		return;

	struct session *sessions = state_sessions(inst->state, &count);
	fr_ipaddr_t any = { .af = AF_INET, .prefix = 32 };
	int fd = fr_socket(&any, 0);
	TALLOC_CTX *ctx = talloc_init("portcall disconnect");

	for (size_t i = 0; fd >= 0 && ctx && i < count; i++) {
		struct verdict verdict = judge(inst, inventory, &sessions[i]);
		char mac[MAC_TEXT_LEN];

		if (verdict.kind != VERDICT_REJECT)
			continue;
		if (!target_make(ctx, inst, &sessions[i], fd, (int)n, &targets[n])) {
			radlog(L_WARN, "%s: disconnect: %s is no client with a secret.", inst->name,
			       sessions[i].peer);
			continue;
		}
		radlog(L_INFO, "%s: disconnect: mac=%s session=%s nas=%s reason=%s", inst->name,
		       mac_colons(sessions[i].mac, mac), sessions[i].id, sessions[i].nas,
		       portcall_reason_code(verdict.reason));
		if (++n < WINDOW)
			continue;
		exchange(inst, fd, targets, n);
		talloc_free_children(ctx);
		n = 0;
	}
	if (n)
		exchange(inst, fd, targets, n);
	talloc_free(ctx);
	if (fd >= 0)
		close(fd);
	state_sessions_free(sessions, count);
}
