/* SPDX-License-Identifier: BSD-3-Clause */
/* pkcs12_protection - what protects a part of a PKCS#12, read before it costs anything. */
#include "common/credential_openssl.h"

#include <stdio.h>
#include <string.h>

#include <openssl/pkcs12.h>

static const struct {
	int nid;
	const char *name;
	bool needs_legacy;
	enum pkcs12_encoding encoding;
} old_schemes[] = {
	{ NID_pbe_WithSHA1And40BitRC2_CBC, "RC2-40", true, PKCS12_BMP },
	{ NID_pbe_WithSHA1And128BitRC2_CBC, "RC2-128", true, PKCS12_BMP },
	{ NID_pbe_WithSHA1And3_Key_TripleDES_CBC, "3DES", false, PKCS12_BMP },
	{ NID_pbe_WithSHA1And2_Key_TripleDES_CBC, "2-key 3DES", false, PKCS12_BMP },
	{ NID_pbe_WithSHA1And128BitRC4, "RC4-128", true, PKCS12_BMP },
	{ NID_pbe_WithSHA1And40BitRC4, "RC4-40", true, PKCS12_BMP },
	{ NID_pbeWithMD5AndDES_CBC, "MD5 and DES", true, PKCS12_OCTETS },
	{ NID_pbeWithSHA1AndDES_CBC, "SHA-1 and DES", true, PKCS12_OCTETS },
	{ NID_pbeWithMD5AndRC2_CBC, "MD5 and RC2", true, PKCS12_OCTETS },
	{ NID_pbeWithSHA1AndRC2_CBC, "SHA-1 and RC2", true, PKCS12_OCTETS },
	{ NID_des_ede3_cbc, "3DES", false, PKCS12_OCTETS }, /* the ciphers of PBES2 */
	{ NID_rc2_cbc, "RC2", true, PKCS12_OCTETS },
	{ NID_des_cbc, "DES", true, PKCS12_OCTETS },
};

static bool old_scheme(int nid, struct pkcs12_protection *ret)
{
	for (size_t i = 0; i < sizeof(old_schemes) / sizeof(*old_schemes); i++) {
		if (old_schemes[i].nid != nid)
			continue;
		ret->old = old_schemes[i].name;
		ret->needs_legacy = old_schemes[i].needs_legacy;
		ret->encoding = old_schemes[i].encoding;
		return true;
	}
	return false;
}

static enum portcall_err refuse(struct portcall_why *ret_why, enum portcall_err err,
                                enum portcall_reason reason, const char *what, const char *text)
{
	ret_why->reason = reason;
	snprintf(ret_why->text, sizeof(ret_why->text), "%s: %s", what, text);
	return err;
}

static enum portcall_err damaged(struct portcall_why *ret_why, const char *what)
{
	return refuse(ret_why, PORTCALL_ERR_SYNTAX, PORTCALL_REASON_P12_SYNTAX, what,
	              "the parameters of its encryption are damaged");
}

static enum portcall_err unknown(struct portcall_why *ret_why, const char *what,
                                 const ASN1_OBJECT *object)
{
	char name[80];

	OBJ_obj2txt(name, sizeof(name), object, 0);
	return refuse(ret_why, PORTCALL_ERR_REFUSED, PORTCALL_REASON_P12_ALGORITHM, what, name);
}

int64_t pkcs12_count(const ASN1_INTEGER *value)
{
	int64_t n;

	return value && ASN1_INTEGER_get_int64(&n, value) == 1 ? n : -1;
}

static enum portcall_err read_pbes2(const X509_ALGOR *algorithm, const char *what,
                                    struct pkcs12_protection *ret, struct portcall_why *ret_why)
{
	PBE2PARAM *pbe2 =
		ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBE2PARAM), algorithm->parameter);
	enum portcall_err err = PORTCALL_OK;
	PBKDF2PARAM *kdf = NULL;

	if (!pbe2)
		return damaged(ret_why, what);
	if (OBJ_obj2nid(pbe2->keyfunc->algorithm) != NID_id_pbkdf2) {
		err = unknown(ret_why, what, pbe2->keyfunc->algorithm);
	} else {
		kdf = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBKDF2PARAM),
		                                pbe2->keyfunc->parameter);
		if (kdf) {
			ret->iterations = pkcs12_count(kdf->iter);
			old_scheme(OBJ_obj2nid(pbe2->encryption->algorithm), ret);
		} else {
			err = damaged(ret_why, what);
		}
	}
	PBKDF2PARAM_free(kdf);
	PBE2PARAM_free(pbe2);
	return err;
}

enum portcall_err pkcs12_protection(const X509_ALGOR *algorithm, const char *what,
                                    struct pkcs12_protection *ret, struct portcall_why *ret_why)
{
	int nid = OBJ_obj2nid(algorithm->algorithm);
	PBEPARAM *pbe;

	*ret = (struct pkcs12_protection){ .encoding = PKCS12_OCTETS };
	if (nid == NID_pbes2)
		return read_pbes2(algorithm, what, ret, ret_why);
	if (!old_scheme(nid, ret))
		return unknown(ret_why, what, algorithm->algorithm);
	pbe = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBEPARAM), algorithm->parameter);
	if (!pbe)
		return damaged(ret_why, what);
	ret->iterations = pkcs12_count(pbe->iter);
	PBEPARAM_free(pbe);
	return PORTCALL_OK;
}
