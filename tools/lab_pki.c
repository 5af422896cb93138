/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lab_pki - certificates and provisioning files of one lab.
 *
 * One CA signs the RADIUS, HTTPS and phone certificates.  RSA keys take their time, so they are made
 * by libuv's threads while the namespaces are built: first the CA, then all others.
 *
 *	pki/{ca,radius}.pem, pki/radius.key, web/server.{pem,key}
 *	www/   what nginx serves and the inventory is made from: version 2
 *	v1/    what the phones start with: the same credentials, version 1
 */
#include <stdlib.h>
#include <string.h>

#include "common/auto.h"
#include "tools/lab.h"

enum { HOUR = 3600, DAY = 24 * HOUR };

struct job {
	uv_work_t work;
	struct lab_pki *pki;
	const struct pki_cert *ca; /* NULL: a CA is made */
	struct pki_request request;
	char cn[32];
	char why[PKI_WHY_LEN];
	struct pki_cert *cert;
};

struct lab_pki {
	struct lab *lab;
	struct job ca, foreign, radius, web;
	struct job phones[LAB_PHONES_MAX + 1]; /* one more: a device that is not plugged in */
	unsigned phone_count, pending;
};

static const char *const web_ip[] = { LAB_WEB_IP, NULL };
static const char *const radius_dns[] = { "radius.lab.example", NULL };

static void make(uv_work_t *work)
{
	struct job *job = work->data;

	job->cert = job->ca ? pki_issue(job->ca, &job->request, job->why)
	                    : pki_ca(NULL, &job->request, job->why);
}

static void queue(struct job *job, struct lab_pki *pki, const struct job *ca, uv_after_work_cb made)
{
	struct lab *lab = pki->lab;

	job->pki = pki;
	job->ca = ca ? ca->cert : NULL;
	job->work.data = job;
	job->request.cn = job->cn;
	job->request.o = "Portcall Lab";
	job->request.key = lab->opt.optipoint && job->request.purpose == PKI_CLIENT ? PKI_RSA_1024
	                                                                            : lab->opt.key;
	job->request.digest =
		lab->opt.optipoint && job->request.purpose == PKI_CLIENT ? PKI_SHA1 : PKI_SHA256;
	if (!job->request.not_before) {
		job->request.not_before = (int64_t)lab_now() - HOUR;
		job->request.not_after = (int64_t)lab_now() + 365 * DAY;
	}
	pki->pending++;
	uv_queue_work(&lab->loop, &job->work, make, made);
}

static void made_one(uv_work_t *work, int status)
{
	struct job *job = work->data;

	(void)status;
	job->pki->pending--;
	if (!job->cert)
		lab_fail(job->pki->lab, "the certificate of %s cannot be made: %s", job->cn,
		         job->why);
}

static void made_ca(uv_work_t *work, int status)
{
	struct job *job = work->data;
	struct lab_pki *pki = job->pki;
	struct lab *lab = pki->lab;
	const struct job *radius_ca = lab->change == LAB_WRONG_CA ? &pki->foreign : &pki->ca;

	made_one(work, status);
	if (pki->pending || *lab->why)
		return; /* with wrong-ca there are two of them */
	pki->radius.request = (struct pki_request){ .dns = radius_dns, .purpose = PKI_SERVER };
	snprintf(pki->radius.cn, sizeof pki->radius.cn, "radius.lab.example");
	queue(&pki->radius, pki, radius_ca, made_one);
	pki->web.request = (struct pki_request){ .ip = web_ip, .purpose = PKI_SERVER };
	snprintf(pki->web.cn, sizeof pki->web.cn, "web.lab.example");
	queue(&pki->web, pki, &pki->ca, made_one);
	for (unsigned i = 0; i < pki->phone_count; i++) {
		struct job *phone = &pki->phones[i];

		phone->request = (struct pki_request){ .purpose = PKI_CLIENT, .serial = 0x3e9 + i };
		if (lab->change == LAB_EXPIRED_CLIENT) {
			phone->request.not_before = (int64_t)lab_now() - 30 * DAY;
			phone->request.not_after = (int64_t)lab_now() - DAY;
		}
		snprintf(phone->cn, sizeof phone->cn, "phone%u", i + 1);
		queue(phone, pki, &pki->ca, made_one);
	}
}

bool lab_pki_begin(struct lab *lab)
{
	struct lab_pki *pki = lab->pki = calloc(1, sizeof *pki);
	bool spare = lab->change == LAB_UNKNOWN_DEVICE || lab->change == LAB_WRONG_MAC;

	if (!pki)
		return lab_fail(lab, "out of memory.");
	pki->lab = lab;
	pki->phone_count = lab->phone_count + spare;
	snprintf(pki->ca.cn, sizeof pki->ca.cn, "Lab CA");
	queue(&pki->ca, pki, NULL, made_ca);
	if (lab->change == LAB_WRONG_CA) {
		snprintf(pki->foreign.cn, sizeof pki->foreign.cn, "Foreign CA");
		queue(&pki->foreign, pki, NULL, made_ca);
	}
	return true;
}

void lab_pki_free(struct lab *lab)
{
	struct lab_pki *pki = lab->pki;

	if (!pki)
		return;
	for (unsigned i = 0; i < pki->phone_count; i++)
		pki_free(pki->phones[i].cert);
	pki_free(pki->web.cert);
	pki_free(pki->radius.cert);
	pki_free(pki->foreign.cert);
	pki_free(pki->ca.cert);
	free(pki);
	lab->pki = NULL;
}

static bool all_made(struct lab *lab)
{
	return lab->pki->pending == 0;
}

/* --- provisioning files ----------------------------------------------------------------------------- */

#define DOCUMENT                                                         \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"                   \
	"<DLSMessage xmlns=\"http://www.siemens.com/DLS\">\n"            \
	"  <Message>\n    <Action>WriteItems</Action>\n    <ItemList>\n" \
	"%s"                                                             \
	"    </ItemList>\n  </Message>\n</DLSMessage>\n"

static bool system_file(struct lab *lab, const char *folder, int version, const char *ca)
{
	char path[64];
	AUTO(free) char *items = NULL;

	snprintf(path, sizeof path, "%s/op420adv_conf.xml", folder);
	if (asprintf(&items,
	             "      <Item name=\"system-config-version\">%d</Item>\n"
	             "      <Item name=\"radius-server-ca1\">\n%s</Item>\n",
	             version, ca) < 0)
		return lab_fail(lab, "out of memory.");
	return lab_write(lab, path, 0644, DOCUMENT, items);
}

/* The device file of phone `i` (from 0); `p12`: NULL for none. */
static bool device_file(struct lab *lab, const char *folder, unsigned i, int version,
                        const char *p12)
{
	char path[64];
	AUTO(free) char *items = NULL;

	snprintf(path, sizeof path, "%s/op420adv_conf0200000001%02X.xml", folder, i + 1);
	if (asprintf(&items, "      <Item name=\"device-config-version\">%d</Item>\n%s%s%s",
	             version, p12 ? "      <Item name=\"802.1x-certificate\">\n" : "",
	             p12 ? p12 : "", p12 ? "</Item>\n" : "") < 0)
		return lab_fail(lab, "out of memory.");
	return lab_write(lab, path, 0644, DOCUMENT, items);
}

/* As if an editor had lost the end of the file. */
static bool break_device_file(struct lab *lab, unsigned i)
{
	char path[64];

	snprintf(path, sizeof path, "v1/op420adv_conf0200000001%02X.xml", i + 1);
	return lab_write(
		lab, path, 0644,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<DLSMessage xmlns=\"http://www.siemens.com/DLS\">\n"
		"  <Message>\n    <ItemList>\n      <Item name=\"device-config-version\">1\n");
}

static bool phone_files(struct lab *lab, unsigned i, const char *own, const char *carried)
{
	bool plugged = i < lab->phone_count;

	/* an unknown device stands in no file of the provisioning tree */
	if (!(plugged && lab->change == LAB_UNKNOWN_DEVICE) &&
	    !device_file(lab, "www", i, LAB_CONFIG_VERSION, own))
		return false;
	if (!plugged)
		return true;
	if (lab->change == LAB_BAD_XML)
		return break_device_file(lab, i);
	return device_file(lab, "v1", i, 1, lab->change == LAB_NO_CERTIFICATE ? NULL : carried);
}

/* wpa_supplicant reads its PKCS#12 from a file. */
static bool container_files(struct lab *lab)
{
	for (unsigned i = 0; lab->opt.stock_supplicant && i < lab->phone_count; i++) {
		char file[64], why[PKI_WHY_LEN];
		size_t n;
		AUTO(free)
		uint8_t *p12 =
			pki_pkcs12(lab->pki->phones[i].cert, LAB_PASSPHRASE, PKI_MODERN, &n, why);

		if (!p12)
			return lab_fail(lab, "the PKCS#12 of phone%u cannot be made: %s", i + 1,
			                why);
		snprintf(file, sizeof file, "%s/phone.p12", lab->phones[i].name);
		if (!lab_write_octets(lab, file, 0600, p12, n))
			return false;
	}
	return true;
}

static bool provisioning_files(struct lab *lab)
{
	struct lab_pki *pki = lab->pki;
	AUTO(free) char *ca = pki_pem(pki->ca.cert, false);
	char *p12[LAB_PHONES_MAX + 1] = { NULL };
	char why[PKI_WHY_LEN];
	bool ok = ca && system_file(lab, "www", LAB_CONFIG_VERSION, ca) &&
	          system_file(lab, "v1", 1, ca);

	for (unsigned i = 0; ok && i < pki->phone_count; i++) {
		p12[i] = pki_pkcs12_base64(pki->phones[i].cert, LAB_PASSPHRASE,
		                           lab->opt.optipoint ? PKI_OPTIPOINT : PKI_MODERN, why);
		if (!p12[i])
			ok = lab_fail(lab, "the PKCS#12 of phone%u cannot be made: %s", i + 1, why);
	}
	for (unsigned i = 0; ok && i < pki->phone_count;
	     i++) /* wrong-mac: the next one's certificate */
		ok = phone_files(lab, i, p12[i],
		                 lab->change == LAB_WRONG_MAC && i + 1 < pki->phone_count
		                         ? p12[i + 1]
		                         : p12[i]);
	for (unsigned i = 0; i < pki->phone_count; i++)
		free(p12[i]);
	return ok;
}

bool lab_pki_finish(struct lab *lab)
{
	struct lab_pki *pki = lab->pki;
	char why[PKI_WHY_LEN] = "";

	if (!lab_wait(lab, all_made, LAB_LIMIT_MS))
		return lab_fail(lab, "the certificates were not made within %d s.",
		                LAB_LIMIT_MS / 1000);
	if (!pki_write_cert(pki->ca.cert, false, LAB_RUN "/pki/ca.pem", why) ||
	    !pki_write_cert(pki->radius.cert, true, LAB_RUN "/pki/radius.pem", why) ||
	    !pki_write_key(pki->radius.cert, LAB_RUN "/pki/radius.key", why) ||
	    !pki_write_cert(pki->web.cert, true, LAB_RUN "/web/server.pem", why) ||
	    !pki_write_key(pki->web.cert, LAB_RUN "/web/server.key", why))
		return lab_fail(lab, "%s", why);
	return provisioning_files(lab) && container_files(lab);
}
