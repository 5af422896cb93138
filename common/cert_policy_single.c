/* SPDX-License-Identifier: BSD-3-Clause */
/* cert_policy_single - the rules about one certificate: its key, its signature's digest, its dates. */
#include "common/credential_openssl.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/core_names.h>
#include <openssl/objects.h>

enum { MAX_RSA_BITS = 8192 /* more costs a phone seconds */ };

static const char *profile_name(enum portcall_profile profile)
{
	return profile == PORTCALL_PROFILE_OPTIPOINT ? "optipoint" : "modern";
}

enum portcall_reason cert_policy_key(EVP_PKEY *key, enum portcall_profile profile,
                                     char ret_text[static 240])
{
	bool modern = profile == PORTCALL_PROFILE_MODERN;
	int least = modern ? 2048 : 1024, bits, explicit = 0;
	char name[32];

	if (!key) {
		strcpy(ret_text, "the public key cannot be read");
		return PORTCALL_REASON_KEY_TYPE;
	}
	cert_key_name(key, name);
	bits = EVP_PKEY_get_bits(key);
	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_RSA:
	case EVP_PKEY_RSA_PSS:
		if (bits < least) {
			snprintf(ret_text, 240, "%s; profile %s asks for RSA of %d bits or more",
			         name, profile_name(profile), least);
			return PORTCALL_REASON_WEAK_KEY;
		}
		if (bits <= MAX_RSA_BITS)
			return PORTCALL_REASON_NONE;
		snprintf(ret_text, 240, "%s; at most %d bits are used", name, MAX_RSA_BITS);
		return PORTCALL_REASON_KEY_TYPE;
	case EVP_PKEY_EC:
		if (EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS,
		                           &explicit) == 1 &&
		    explicit == 1) {
			snprintf(ret_text, 240, "elliptic curve %s with explicit parameters", name);
			return PORTCALL_REASON_KEY_TYPE;
		}
		if (!strcmp(name, "P-256") || !strcmp(name, "P-384"))
			return PORTCALL_REASON_NONE;
		if (bits < 224) {
			snprintf(ret_text, 240, "elliptic curve %s of %d bits", name, bits);
			return PORTCALL_REASON_WEAK_KEY;
		}
		if (!modern)
			return PORTCALL_REASON_NONE;
		snprintf(ret_text, 240, "elliptic curve %s; profile modern asks for P-256 or P-384",
		         name);
		return PORTCALL_REASON_KEY_TYPE;
	}
	snprintf(ret_text, 240, "%s key; profile %s asks for RSA or an elliptic curve", name,
	         profile_name(profile));
	return PORTCALL_REASON_KEY_TYPE;
}

enum portcall_reason cert_policy_digest(X509 *cert, enum portcall_profile profile,
                                        char ret_text[static 240])
{
	int digest = NID_undef, kind = NID_undef, bits = 0;
	uint32_t flags = 0;
	const char *signature;

	if (X509_get_signature_info(cert, &digest, &kind, &bits, &flags) == 1) {
		switch (digest) {
		case NID_sha224:
		case NID_sha256:
		case NID_sha384:
		case NID_sha512:
			return PORTCALL_REASON_NONE;
		case NID_undef: /* EdDSA hashes by itself */
			if (kind == NID_ED25519 || kind == NID_ED448)
				return PORTCALL_REASON_NONE;
			break;
		case NID_sha1:
		case NID_md5:
			if (profile == PORTCALL_PROFILE_OPTIPOINT)
				return PORTCALL_REASON_NONE;
			break;
		}
	}
	signature = OBJ_nid2ln(X509_get_signature_nid(cert));
	snprintf(ret_text, 240, "signed with %s; profile %s asks for %s",
	         signature ? signature : "an unknown algorithm", profile_name(profile),
	         profile == PORTCALL_PROFILE_MODERN ? "SHA-256" : "SHA-256, SHA-1 or MD5");
	return PORTCALL_REASON_WEAK_DIGEST;
}

enum portcall_reason cert_policy_dates(X509 *cert, int64_t at)
{
	time_t t = (time_t)at;

	/* 0: the date itself is malformed, and counts as passed */
	if (X509_cmp_time(X509_get0_notAfter(cert), &t) <= 0)
		return PORTCALL_REASON_CERT_EXPIRED;
	if (X509_cmp_time(X509_get0_notBefore(cert), &t) >= 0)
		return PORTCALL_REASON_CERT_NOT_YET_VALID;
	return PORTCALL_REASON_NONE;
}
