/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pkcs12 - reads a PKCS#12 (RFC 7292) of today or of 2006.
 *
 * The bags are walked here and not by PKCS12_parse(): algorithms, iteration counts and numbers are
 * seen before they cost anything, each failure has its own reason, and files without a MAC can be
 * read.  RC2, RC4 and DES live in OpenSSL's legacy provider: it is loaded into a library context of
 * its own, which is this thread's default only while one bag is decrypted.  What comes out is plain
 * ASN.1; key and certificates are made of it in the default context, so nothing legacy stays.
 */
#include "common/credential_openssl.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>

enum {
	MAX_DER = 64 << 10, /* OpenSSL may need thirty times that */
	MAX_SAFES = 8,
	MAX_BAGS = 64,
	MAX_NESTING = 4,     /* safe contents inside safe contents */
	MAX_DERIVATIONS = 6, /* with the largest count of iterations */
};

struct walk {
	struct pkcs12_passphrases passphrases;
	bool unencrypted;
	bool mac_checked;
	int64_t most; /* iterations of one derivation */
	int64_t work; /* iterations still allowed */
	unsigned bags;
	OSSL_LIB_CTX *legacy_ctx;
	OSSL_PROVIDER *legacy, *base;
	PKCS8_PRIV_KEY_INFO *key;
	struct pkcs12_contents out;
	enum portcall_err err;
	struct portcall_why *why;
};

__attribute__((format(printf, 4, 5))) static bool refuse(struct walk *w, enum portcall_err err,
                                                         enum portcall_reason reason,
                                                         const char *fmt, ...)
{
	va_list args;

	w->err = err;
	w->why->reason = reason;
	va_start(args, fmt);
	vsnprintf(w->why->text, sizeof(w->why->text), fmt, args);
	va_end(args);
	return false;
}

static bool refuse_memory(struct walk *w)
{
	return refuse(w, PORTCALL_ERR_MEMORY, PORTCALL_REASON_NONE, "out of memory");
}

static bool damaged(struct walk *w, const char *what)
{
	return refuse(w, PORTCALL_ERR_SYNTAX, PORTCALL_REASON_P12_SYNTAX, "%s", what);
}

/* Books the iterations of one derivation; false: too many. */
static bool book(struct walk *w, const char *what, int64_t iterations)
{
	if (iterations > 0 && iterations <= w->most && iterations <= w->work) {
		w->work -= iterations;
		return true;
	}
	return refuse(w, PORTCALL_ERR_LIMIT, PORTCALL_REASON_P12_ITERATIONS, "%s: %lld iterations",
	              what, (long long)iterations);
}

static void note_old(struct walk *w, const char *what, const char *name)
{
	size_t n = strlen(w->out.legacy);
	char note[48];

	snprintf(note, sizeof(note), "%s %s", what, name);
	if (!strstr(w->out.legacy, note))
		snprintf(w->out.legacy + n, sizeof(w->out.legacy) - n, "%s%s", n ? ", " : "", note);
}

/* What protects `what`, checked and booked. */
static bool read_protection(struct walk *w, const char *what, const X509_ALGOR *algorithm,
                            struct pkcs12_protection *ret)
{
	w->err = pkcs12_protection(algorithm, what, ret, w->why);
	if (w->err || !book(w, what, ret->iterations))
		return false;
	if (ret->old)
		note_old(w, what, ret->old);
	return true;
}

/* --- decryption ----------------------------------------------------------------------------------- */

static void legacy_close(struct walk *w)
{
	OSSL_PROVIDER_unload(w->legacy);
	OSSL_PROVIDER_unload(w->base);
	OSSL_LIB_CTX_free(w->legacy_ctx);
}

static bool legacy_open(struct walk *w)
{
	if (w->legacy)
		return true;
	w->legacy_ctx = OSSL_LIB_CTX_new();
	if (!w->legacy_ctx)
		return refuse_memory(w);
	w->base = OSSL_PROVIDER_load(w->legacy_ctx, "default");
	w->legacy = OSSL_PROVIDER_load(w->legacy_ctx, "legacy");
	if (w->base && w->legacy)
		return true;
	return refuse(w, PORTCALL_ERR_REFUSED, PORTCALL_REASON_P12_ALGORITHM,
	              "OpenSSL's legacy provider cannot be loaded");
}

/* The two things that are decrypted: the bags of an encrypted safe, or a shrouded key bag. */
struct secret {
	PKCS7 *safe;
	const PKCS12_SAFEBAG *bag;
};

static bool try_decrypt(const struct secret *secret, const struct pkcs12_try *pass,
                        STACK_OF(PKCS12_SAFEBAG) **ret_bags, PKCS8_PRIV_KEY_INFO **ret_key)
{
	if (secret->safe)
		*ret_bags = PKCS12_unpack_p7encdata(secret->safe, pass->text, pass->n);
	else
		*ret_key = PKCS12_decrypt_skey(secret->bag, pass->text, pass->n);
	return *ret_bags || *ret_key;
}

static bool decrypt(struct walk *w, const char *what, const struct secret *secret,
                    const X509_ALGOR *algorithm, STACK_OF(PKCS12_SAFEBAG) **ret_bags,
                    PKCS8_PRIV_KEY_INFO **ret_key)
{
	struct pkcs12_protection protection;
	OSSL_LIB_CTX *before = NULL;
	bool ok = false;

	if (!read_protection(w, what, algorithm, &protection) ||
	    (protection.needs_legacy && !legacy_open(w)))
		return false;
	for (size_t i = 0; i < w->passphrases.n[protection.encoding] && !ok; i++) {
		if (i && !book(w, what, protection.iterations))
			return false;
		if (protection.needs_legacy)
			before = OSSL_LIB_CTX_set0_default(w->legacy_ctx);
		ok = try_decrypt(secret, &w->passphrases.list[protection.encoding][i], ret_bags,
		                 ret_key);
		if (protection.needs_legacy)
			OSSL_LIB_CTX_set0_default(before);
		if (ok)
			pkcs12_passphrases_found(&w->passphrases, protection.encoding, i);
	}
	if (ok)
		return true;
	if (!w->mac_checked)
		return refuse(w, PORTCALL_ERR_REFUSED, PORTCALL_REASON_P12_WRONG_PASSPHRASE,
		              "%s: does not decrypt, and there is no MAC to say more", what);
	return refuse(w, PORTCALL_ERR_SYNTAX, PORTCALL_REASON_P12_SYNTAX,
	              "%s: does not decrypt although the pass phrase fits the MAC", what);
}

/* --- bags ----------------------------------------------------------------------------------------- */

static bool take_key(struct walk *w, PKCS8_PRIV_KEY_INFO *key)
{
	if (w->key) {
		PKCS8_PRIV_KEY_INFO_free(key);
		return refuse(w, PORTCALL_ERR_REFUSED, PORTCALL_REASON_P12_TWO_KEYS, "%s", "");
	}
	w->key = key;
	return true;
}

static bool take_cert(struct walk *w, const PKCS12_SAFEBAG *bag)
{
	X509 *cert;

	if (PKCS12_SAFEBAG_get_bag_nid(bag) != NID_x509Certificate)
		return true; /* SDSI: nobody has one */
	if (sk_X509_num(w->out.certs) == CREDENTIAL_MAX_CERTS)
		return refuse(w, PORTCALL_ERR_LIMIT, PORTCALL_REASON_P12_LIMIT,
		              "more than %d certificates", CREDENTIAL_MAX_CERTS);
	cert = PKCS12_SAFEBAG_get1_cert(bag);
	if (!cert)
		return damaged(w, "a certificate in it is damaged");
	if (sk_X509_push(w->out.certs, cert) > 0)
		return true;
	X509_free(cert);
	return refuse_memory(w);
}

static bool walk_bags(struct walk *w, const STACK_OF(PKCS12_SAFEBAG) *bags, unsigned nesting);

static bool walk_bag(struct walk *w, const PKCS12_SAFEBAG *bag, unsigned nesting)
{
	const PKCS8_PRIV_KEY_INFO *plain;
	PKCS8_PRIV_KEY_INFO *key = NULL;
	STACK_OF(PKCS12_SAFEBAG) *none = NULL;
	const X509_SIG *shrouded;
	const X509_ALGOR *algorithm;

	if (++w->bags > MAX_BAGS)
		return refuse(w, PORTCALL_ERR_LIMIT, PORTCALL_REASON_P12_LIMIT, "more than %d bags",
		              MAX_BAGS);
	switch (PKCS12_SAFEBAG_get_nid(bag)) {
	case NID_keyBag:
		if (!w->unencrypted)
			return refuse(w, PORTCALL_ERR_REFUSED, PORTCALL_REASON_P12_UNENCRYPTED,
			              "the private key is not encrypted");
		plain = PKCS12_SAFEBAG_get0_p8inf(bag);
		key = plain ? ASN1_item_dup(ASN1_ITEM_rptr(PKCS8_PRIV_KEY_INFO), plain) : NULL;
		return key ? take_key(w, key) : refuse_memory(w);
	case NID_pkcs8ShroudedKeyBag:
		shrouded = PKCS12_SAFEBAG_get0_pkcs8(bag);
		if (!shrouded)
			return damaged(w, "the key bag is empty");
		X509_SIG_get0(shrouded, &algorithm, NULL);
		return decrypt(w, "private key", &(struct secret){ .bag = bag }, algorithm, &none,
		               &key) &&
		       take_key(w, key);
	case NID_certBag:
		return take_cert(w, bag);
	case NID_safeContentsBag:
		if (nesting == MAX_NESTING)
			return refuse(w, PORTCALL_ERR_LIMIT, PORTCALL_REASON_P12_LIMIT,
			              "bags nested more than %d deep", MAX_NESTING);
		return walk_bags(w, PKCS12_SAFEBAG_get0_safes(bag), nesting + 1);
	}
	return true; /* CRLs and secrets are not ours */
}

static bool walk_bags(struct walk *w, const STACK_OF(PKCS12_SAFEBAG) *bags, unsigned nesting)
{
	for (int i = 0; i < sk_PKCS12_SAFEBAG_num(bags); i++)
		if (!walk_bag(w, sk_PKCS12_SAFEBAG_value(bags, i), nesting))
			return false;
	return true;
}

static bool walk_safe(struct walk *w, PKCS7 *safe)
{
	STACK_OF(PKCS12_SAFEBAG) *bags = NULL;
	PKCS8_PRIV_KEY_INFO *none = NULL;
	bool ok;

	if (PKCS7_type_is_data(safe)) {
		bags = PKCS12_unpack_p7data(safe);
		if (!bags)
			return damaged(w, "one of its safes is damaged");
	} else if (PKCS7_type_is_encrypted(safe)) {
		if (!safe->d.encrypted || !safe->d.encrypted->enc_data)
			return damaged(w, "its encrypted safe is empty");
		if (!decrypt(w, "certificates", &(struct secret){ .safe = safe },
		             safe->d.encrypted->enc_data->algorithm, &bags, &none))
			return false;
	} else {
		return refuse(w, PORTCALL_ERR_REFUSED, PORTCALL_REASON_P12_ALGORITHM,
		              "a safe is encrypted for a public key instead of a pass phrase");
	}
	ok = walk_bags(w, bags, 0);
	sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
	return ok;
}

/* --- the MAC: the pass phrase is judged before anything is decrypted -------------------------------- */

static bool check_mac(struct walk *w, PKCS12 *p12)
{
	const X509_ALGOR *algorithm;
	const ASN1_INTEGER *count;
	const struct pkcs12_try *tries = w->passphrases.list[PKCS12_BMP];
	int digest;
	bool fits = false, given = tries[0].origin == PKCS12_GIVEN;

	if (!PKCS12_mac_present(p12)) {
		if (w->unencrypted)
			return true;
		return refuse(w, PORTCALL_ERR_REFUSED, PORTCALL_REASON_P12_NO_MAC, "%s", "");
	}
	PKCS12_get0_mac(NULL, &algorithm, NULL, &count, p12);
	digest = OBJ_obj2nid(algorithm->algorithm);
	if (!EVP_get_digestbynid(digest))
		return refuse(w, PORTCALL_ERR_REFUSED, PORTCALL_REASON_P12_ALGORITHM, "MAC: %s",
		              OBJ_nid2ln(digest));
	for (size_t i = 0; i < w->passphrases.n[PKCS12_BMP] && !fits; i++) {
		if (!book(w, "MAC", count ? pkcs12_count(count) : 1))
			return false;
		fits = PKCS12_verify_mac(p12, tries[i].text, tries[i].n) == 1;
		if (fits && tries[i].origin != PKCS12_GIVEN && !w->unencrypted)
			return refuse(w, PORTCALL_ERR_REFUSED, PORTCALL_REASON_P12_UNENCRYPTED,
			              "it opens with an empty pass phrase");
		if (fits)
			pkcs12_passphrases_found(&w->passphrases, PKCS12_BMP, i);
	}
	if (!fits)
		return refuse(w, PORTCALL_ERR_REFUSED, PORTCALL_REASON_P12_WRONG_PASSPHRASE, "%s",
		              given ? "" : "no pass phrase is configured");
	w->mac_checked = true;
	if (digest == NID_sha1)
		note_old(w, "MAC", "SHA-1");
	else if (digest == NID_md5)
		note_old(w, "MAC", "MD5");
	return true;
}

static bool walk_file(struct walk *w, PKCS12 *p12)
{
	STACK_OF(PKCS7) *safes;
	bool ok = true;

	if (!check_mac(w, p12))
		return false;
	safes = PKCS12_unpack_authsafes(p12);
	if (!safes)
		return damaged(w, "the list of its safes is damaged");
	if (sk_PKCS7_num(safes) > MAX_SAFES)
		ok = refuse(w, PORTCALL_ERR_LIMIT, PORTCALL_REASON_P12_LIMIT, "more than %d safes",
		            MAX_SAFES);
	for (int i = 0; ok && i < sk_PKCS7_num(safes); i++)
		ok = walk_safe(w, sk_PKCS7_value(safes, i));
	sk_PKCS7_pop_free(safes, PKCS7_free);
	if (!ok)
		return false;
	if (!w->key)
		return refuse(w, PORTCALL_ERR_REFUSED, PORTCALL_REASON_P12_NO_KEY, "%s", "");
	w->out.key = EVP_PKCS82PKEY(w->key);
	if (!w->out.key)
		return refuse(
			w, PORTCALL_ERR_REFUSED, PORTCALL_REASON_KEY_TYPE,
			"the private key is of a kind that OpenSSL does not read, or damaged");
	return true;
}

/* --- entry ---------------------------------------------------------------------------------------- */

static PKCS12 *decode(struct walk *w, struct span der)
{
	const unsigned char *p = der.p;
	PKCS12 *p12;

	if (der.n > MAX_DER) {
		refuse(w, PORTCALL_ERR_LIMIT, PORTCALL_REASON_P12_LIMIT, "%zu octets", der.n);
		return NULL;
	}
	ERR_clear_error();
	p12 = d2i_PKCS12(NULL, &p, (long)der.n);
	if (!p12) {
		char damage[160];

		der_damage(damage, sizeof(damage));
		refuse(w, PORTCALL_ERR_SYNTAX, PORTCALL_REASON_P12_SYNTAX,
		       "its DER form is damaged: %s", damage);
		return NULL;
	}
	if (p == der.p + der.n)
		return p12;
	refuse(w, PORTCALL_ERR_SYNTAX, PORTCALL_REASON_P12_SYNTAX, "%zu octets follow its end",
	       (size_t)(der.p + der.n - p));
	PKCS12_free(p12);
	return NULL;
}

enum portcall_err pkcs12_read(struct span der, const char *passphrase, bool unencrypted,
                              unsigned iterations, struct pkcs12_contents *ret_contents,
                              struct portcall_why *ret_why)
{
	struct walk w = { .unencrypted = unencrypted,
		          .most = iterations,
		          .work = (int64_t)iterations * MAX_DERIVATIONS,
		          .why = ret_why };
	PKCS12 *p12;

	*ret_why = (struct portcall_why){ .reason = PORTCALL_REASON_NONE };
	w.out.certs = sk_X509_new_null();
	if (!pkcs12_passphrases_init(&w.passphrases, passphrase) || !w.out.certs)
		refuse_memory(&w);
	p12 = w.err ? NULL : decode(&w, der);
	if (p12)
		walk_file(&w, p12);
	PKCS12_free(p12);
	PKCS8_PRIV_KEY_INFO_free(w.key);
	legacy_close(&w);
	pkcs12_passphrases_done(&w.passphrases);
	ERR_clear_error();
	if (w.err)
		pkcs12_done(&w.out);
	else
		*ret_contents = w.out;
	return w.err;
}

void pkcs12_done(struct pkcs12_contents *contents)
{
	EVP_PKEY_free(contents->key);
	sk_X509_pop_free(contents->certs, X509_free);
	*contents = (struct pkcs12_contents){ 0 };
}
