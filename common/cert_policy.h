/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cert_policy - the one place that judges certificates: keys, digests, and a server's chain.
 *
 * The same rules serve the checker (portcall items check) and a live TLS handshake, so there is no
 * policy that only one of them knows.  Levels of a server's chain (design: verify):
 *
 *	none     nothing is judged
 *	trusted  chain to an anchor, dates, purpose (an EKU without serverAuth is refused, no EKU is
 *	         fine), strength of keys and digests by profile, revocation by lists where there are any
 *	         and by stapled OCSP responses; unknown critical extensions are ignored
 *	full     trusted, and the server's name, and unknown critical extensions are refused
 *
 * Profiles: modern asks for RSA >= 2048, P-256 or P-384, SHA-2, and digitalSignature where there is a
 * keyUsage; optipoint admits RSA >= 1024, any named elliptic curve of that strength, SHA-1 and MD5.  A trust anchor's own signature is not judged.
 * The functions that take OpenSSL's objects are declared in credential_openssl.h.  Thread-safe.
 */
#ifndef COMMON_CERT_POLICY_H
#define COMMON_CERT_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include <portcall/credentials.h>

struct cert_policy {
	enum portcall_profile profile;
	enum portcall_verify verify;
	const char *server_name; /* full: a DNS name or an IP address; borrowed; NULL or "": none */
	int64_t time;            /* seconds since 1970 for dates; 0: the system clock */
	bool not_before_ignored; /* the clock is not set yet: notBefore is not judged */
	const struct portcall_crls *crls; /* borrowed; NULL: none */
	enum portcall_ocsp ocsp;
};

/* A policy at work, and why it refused: embedded by the caller, must outlive the SSL object. */
struct cert_verdict {
	struct cert_policy policy;
	struct portcall_why why; /* reason NONE until a certificate is refused */
};

/*
 * The reason for a code of X509_verify_cert() (X509_V_ERR_...) about a server's chain;
 * NONE for X509_V_OK, SERVER_UNTRUSTED for what has no reason of its own.
 */
enum portcall_reason cert_policy_reason(int x509_error);

#endif
