#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# includes.sh - what a file may include: machines are pure, a library stays behind its one file,
# products do not know each other.  A new file of a product gets a row here.
set -euo pipefail
cd "$(dirname "$0")/../.."
status=0

complain() {
	printf '%s: %s\n' "$1" "$2" >&2
	status=1
}

# The kind of a file; see allowed().
kind_of() {
	case $1 in
	include/portcall/*) echo public ;;
	common/bytes.* | common/mac.* | common/eap.* | common/eapol.* | common/fsm.h | common/reason.*) echo codec ;;
	common/auto.h | common/digest.h | common/item.h | common/item_name.c | common/item_scan.* | common/pem.* | common/text.*) echo pure ;;
	common/cert_policy.h | common/pkcs12_passphrase.*) echo pure ;;
	common/item.c | common/item_read.c) echo libxml ;;
	common/credential_openssl.h | common/credential*.c | common/pkcs12*.c | common/anchor.c | common/crl.c | common/ocsp.c | common/cert_*.c | common/digest.c) echo openssl ;;
	common/log.* | common/control.* | common/conf.*) echo shell ;;
	supplicant/supp_pae.* | supplicant/supplicant.* | supplicant/supplicant_config.* | supplicant/effects.* | supplicant/*.def) echo pure ;;
	supplicant/bringup.* | supplicant/provision.* | supplicant/option43.*) echo pure ;;
	supplicant/eap_engine.h | supplicant/eap_peer.* | supplicant/eap_stored.* | supplicant/tls_backend.h | supplicant/fetch.h) echo pure ;;
	supplicant/tls_resume.*) echo openssl ;;
	supplicant/eap_engine.c | supplicant/tls_*.c) echo libeap ;;
	supplicant/seal.h) echo pure ;;
	supplicant/seal.c) echo openssl ;;
	supplicant/fetch*.c) echo curl ;;
	supplicant/*) echo shell ;;
	switch/auth_pae.* | switch/backend.* | switch/eap_pass.* | switch/access.* | switch/radius.* | switch/radius_*.[ch] | switch/das.* | switch/das_*.[ch]) echo pure ;;
	switch/fdb.* | switch/bridge.* | switch/port.* | switch/port_*.[ch] | switch/offload.*) echo pure ;;
	switch/*) echo shell ;;
	radius-module/verdict.* | radius-module/inventory.h) echo pure ;;
	radius-module/*) echo shell ;;
	*) echo free ;;
	esac
}

c_pure='stdint.h|stddef.h|stdbool.h|string.h|assert.h'
portcall='portcall/[a-z]+\.(h|def)'
ours='(common|supplicant|switch|radius-module)/[a-z0-9_]+\.(h|def)'

# An extended regular expression of the headers that a kind may include; empty: any.
allowed() {
	case $1 in
	public) echo "stdint.h|stddef.h|stdbool.h|$portcall|../../common/reason.def" ;;
	codec) echo "$c_pure|$portcall|common/(bytes|mac|eap|eapol|fsm|reason)\.(h|def)" ;;
	pure) echo "$c_pure|stdlib.h|limits.h|$portcall|$ours" ;;
	libxml) echo "$c_pure|stdlib.h|limits.h|stdarg.h|stdio.h|strings.h|$portcall|$ours|libxml/.*" ;;
	openssl) echo "$c_pure|stdlib.h|limits.h|stdarg.h|stdatomic.h|stdio.h|time.h|$portcall|$ours|openssl/.*" ;;
	libeap) echo "$c_pure|stdlib.h|limits.h|stdarg.h|stdio.h|pthread.h|stdatomic.h|$portcall|$ours|openssl/.*|includes.h|common.h|wpabuf.h|(eap_peer|eap_common|crypto|utils)/.*" ;;
	curl) echo "[a-z]+\.h|sys/.*|$portcall|$ours|openssl/.*|curl/.*" ;;
	shell | free) ;;
	esac
}

check() {
	local file=$1 kind pattern header product
	kind=$(kind_of "$file")
	pattern=$(allowed "$kind")
	product=${file%%/*}
	while IFS= read -r header; do
		if [ -n "$pattern" ] && ! [[ $header =~ ^($pattern)$ ]]; then
			complain "$file" "a $kind file may not include $header (tests/lint/includes.sh says what it may)."
		fi
		if [ "$kind" = pure ] || [ "$kind" = codec ]; then
			case $header in
			common/log.h | common/control.h | common/conf.h | common/credential_openssl.h)
				complain "$file" "a $kind file may not include $header: logs, sockets, files and OpenSSL stay outside." ;;
			esac
		fi
		case $product:$header in
		common:supplicant/* | common:switch/* | common:radius-module/* | common:tools/*)
			complain "$file" "common/ may not include $header." ;;
		supplicant:switch/* | supplicant:radius-module/* | supplicant:tools/* | \
			switch:supplicant/* | switch:radius-module/* | switch:tools/* | \
			radius-module:supplicant/* | radius-module:switch/* | radius-module:tools/*)
			complain "$file" "products do not know each other: it may not include $header." ;;
		esac
	done < <(sed -nE 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"]([^>"]+)[>"].*/\1/p' "$file")
}

for file in include/portcall/*.h common/*.[ch] supplicant/*.[ch] switch/*.[ch] radius-module/*.[ch]; do
	[ ! -e "$file" ] || check "$file"
done
exit $status
