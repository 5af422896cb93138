/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * libeap keeps one thing for the whole process: its list of methods, filled once here.
 *
 * tls_session travels as the data of the blob that the private key is said to be in: libeap hands blob
 * data to the TLS backend unread.
 */
#include "supplicant/eap_engine.h"

#include <pthread.h>

#include <includes.h>
#include <common.h>
#include <wpabuf.h>
#include <eap_peer/eap.h>
#include <eap_peer/eap_config.h>
#include <eap_peer/eap_i.h>
#include <eap_peer/eap_methods.h>

enum { IDLE_SECONDS = 60 };

struct eap_engine {
	struct eap_sm *sm;
	bool variable[EAPOL_eapTriggerStart + 1]; /* RFC 4137 4.1 */
	unsigned idleWhile;
	struct wpabuf *request;
	struct wpabuf *response;
	struct tls_session *tls;
	struct wpa_config_blob blob;
	struct eap_peer_config config;
	struct eap_method_type methods[2]; /* EAP-TLS and the end mark */
	char key_name[sizeof("blob://tls")];
	char passphrase[1];
	char identity[];
};

static struct eap_peer_config *get_config(void *ctx)
{
	return &((struct eap_engine *)ctx)->config;
}

static bool get_bool(void *ctx, enum eapol_bool_var variable)
{
	return ((struct eap_engine *)ctx)->variable[variable];
}

static void set_bool(void *ctx, enum eapol_bool_var variable, bool value)
{
	((struct eap_engine *)ctx)->variable[variable] = value;
}

static unsigned get_int(void *ctx, enum eapol_int_var variable)
{
	(void)variable;
	return ((struct eap_engine *)ctx)->idleWhile;
}

/* Never 0: the PAE's authWhile ends a conversation, and a finished method waits for its EAP-Success. */
static void set_int(void *ctx, enum eapol_int_var variable, unsigned value)
{
	(void)variable;
	(void)value;
	((struct eap_engine *)ctx)->idleWhile = IDLE_SECONDS;
}

static struct wpabuf *get_request(void *ctx)
{
	return ((struct eap_engine *)ctx)->request;
}

static void set_blob(void *ctx, struct wpa_config_blob *blob)
{
	(void)ctx;
	(void)blob;
}

static const struct wpa_config_blob *get_blob(void *ctx, const char *name)
{
	(void)name;
	return &((struct eap_engine *)ctx)->blob;
}

static void notify_pending(void *ctx)
{
	(void)ctx;
}

static const struct eapol_callbacks callbacks = {
	.get_config = get_config,
	.get_bool = get_bool,
	.set_bool = set_bool,
	.get_int = get_int,
	.set_int = set_int,
	.get_eapReqData = get_request,
	.set_config_blob = set_blob,
	.get_config_blob = get_blob,
	.notify_pending = notify_pending,
};

/* Once for the process; false: no memory, the next conversation tries again. */
static bool method_is_registered(void)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static bool registered;
	bool there;

	pthread_mutex_lock(&lock);
	if (!registered)
		registered = eap_peer_tls_register() == 0;
	there = registered;
	pthread_mutex_unlock(&lock);
	return there;
}

struct eap_engine *eap_engine_new(const char *identity, size_t fragment, struct tls_session *tls)
{
	size_t identity_n = strlen(identity);
	struct eap_config nothing = { 0 };
	struct eap_engine *engine;

	engine = method_is_registered() ? os_zalloc(sizeof(*engine) + identity_n + 1) : NULL;
	if (!engine)
		return NULL;
	memcpy(engine->identity, identity, identity_n);
	memcpy(engine->key_name, "blob://tls", sizeof(engine->key_name));
	engine->tls = tls;
	engine->blob.data = (u8 *)&engine->tls;
	engine->blob.len = sizeof(engine->tls);
	engine->methods[0].vendor = EAP_VENDOR_IETF;
	engine->methods[0].method = EAP_TYPE_TLS;
	engine->config.identity = (u8 *)engine->identity;
	engine->config.identity_len = identity_n;
	engine->config.cert.private_key = engine->key_name;
	engine->config.cert.private_key_passwd = engine->passphrase;
	engine->config.eap_methods = engine->methods;
	engine->config.fragment_size = (int)fragment;
	engine->idleWhile = IDLE_SECONDS;
	engine->sm = eap_peer_sm_init(engine, &callbacks, NULL, &nothing);
	if (!engine->sm) {
		os_free(engine);
		return NULL;
	}
	/* without eapRestart a fresh machine would take a first request with id 0 for a duplicate */
	engine->variable[EAPOL_portEnabled] = true;
	engine->variable[EAPOL_eapRestart] = true;
	eap_peer_sm_step(engine->sm);
	return engine;
}

void eap_engine_free(struct eap_engine *engine)
{
	if (!engine)
		return;
	eap_peer_sm_deinit(engine->sm);
	wpabuf_free(engine->response);
	wpabuf_free(engine->request);
	os_free(engine);
}

enum eap_engine_verdict eap_engine_feed(struct eap_engine *engine, struct span packet,
                                        struct span *ret_response)
{
	eap_engine_sent(engine);
	engine->request = wpabuf_alloc_copy(packet.p, packet.n);
	if (!engine->request)
		return EAP_ENGINE_NOTHING;
	engine->variable[EAPOL_eapReq] = true;
	engine->variable[EAPOL_eapResp] = false;
	engine->variable[EAPOL_eapNoResp] = false;
	eap_peer_sm_step(engine->sm);
	engine->variable[EAPOL_eapReq] = false;
	wpabuf_free(engine->request);
	engine->request = NULL;
	if (engine->variable[EAPOL_eapSuccess])
		return EAP_ENGINE_SUCCESS;
	if (engine->variable[EAPOL_eapFail])
		return EAP_ENGINE_FAILURE;
	if (!engine->variable[EAPOL_eapResp])
		return EAP_ENGINE_NOTHING;
	engine->response = eap_get_eapRespData(engine->sm);
	if (!engine->response)
		return EAP_ENGINE_NOTHING;
	*ret_response = span(wpabuf_head(engine->response), wpabuf_len(engine->response));
	return EAP_ENGINE_RESPONSE;
}

void eap_engine_sent(struct eap_engine *engine)
{
	wpabuf_free(engine->response);
	engine->response = NULL;
}

bool eap_engine_method_done(const struct eap_engine *engine)
{
	size_t n = 0;

	return eap_get_eapKeyData(engine->sm, &n) && n > 0 && engine->tls->done &&
	       !engine->tls->failed;
}

bool eap_engine_keys(const struct eap_engine *engine, struct portcall_keys *ret_keys)
{
	struct eap_sm *sm = engine->sm;
	size_t msk_n = 0, emsk_n = 0, id_n = 0;
	const u8 *msk = eap_get_eapKeyData(sm, &msk_n);
	const u8 *id = eap_get_eapSessionId(sm, &id_n);
	u8 *emsk =
		sm->m && sm->m->get_emsk ? sm->m->get_emsk(sm, sm->eap_method_priv, &emsk_n) : NULL;
	bool there = msk && msk_n == sizeof(ret_keys->msk) && emsk &&
	             emsk_n == sizeof(ret_keys->emsk) && id && id_n == sizeof(ret_keys->session_id);

	if (there) {
		memcpy(ret_keys->msk, msk, sizeof(ret_keys->msk));
		memcpy(ret_keys->emsk, emsk, sizeof(ret_keys->emsk));
		memcpy(ret_keys->session_id, id, sizeof(ret_keys->session_id));
	}
	bin_clear_free(emsk, emsk_n);
	return there;
}
