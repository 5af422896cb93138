#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# lab_cases - each failure of `portcall lab --case`: the port stays closed, no byte reaches the HTTPS
# server, all servers live on, and phone, switch and RADIUS server give the sentence of reason.def.

# shellcheck disable=SC2317 # functions that ok calls
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

need freeradius nginx dnsmasq udhcpc tshark perl

run() {
	"$BIN/portcall" lab --json --key p256 --case "$1" --pcap "$SCRATCH/$1" --run-dir "$SCRATCH/run-$1" \
		>"$1.out" 2>&1 || { cat "$1.out"; return 1; }
}

# check NAME PHONE SWITCH RADIUS: a case, and the reasons that each side must give
check() {
	local name=$1 phone=$2 port=$3 radius=$4 start=${EPOCHREALTIME//[!0-9]/}
	ok "$name" run "$name"
	ok "$name: within 15 s" test $(((${EPOCHREALTIME//[!0-9]/} - start) / 1000)) -lt 15000
	like "$name: the result" "$(tail -n 1 "$name.out")" \
		"^\{\"result\":\"pass\",\"case\":\"$name\",.*\"granted_s\":null,\"first_https_s\":null,\"https_done_s\":null,\"vlan\":null,\"ordered\":null,\"reason\":\"$phone\"\}\]\}\$"
	like "$name: the phone's reason" "$(cat "$name.out")" "ok  phone +$phone: "
	like "$name: the switch's reason" "$(cat "$name.out")" "ok  switch +$port: "
	like "$name: the RADIUS server's" "$(cat "$name.out")" "ok  radius +$radius"
	is "$name: tshark sees no EAP-Success" "$(tshark -r "$name/p1.pcap" -Y 'eap.code==3' 2>/dev/null | wc -l)" 0
	is "$name: tshark sees no frame to the HTTPS server" \
		"$(tshark -r "$name/u1.pcap" -Y 'tcp.port==443' 2>/dev/null | wc -l)" 0
	not_ok "$name: nginx logged no request" grep -q '^request ' "run-$name/log/nginx.log"
	not_ok "$name: no pass phrase in any log" grep -rqF 'built-in pass phrase' "run-$name/log" "$name.out"
}

check wrong-ca server-unknown-ca port-rejected 'server-refused: '
check expired-client rejected port-rejected 'client-cert-invalid: '
check unknown-device rejected port-rejected 'device-unknown: '
check wrong-mac rejected port-rejected 'wrong-mac: '
check no-certificate no-certificate-item port-no-supplicant 'took no part'
check wrong-passphrase p12-wrong-passphrase port-no-supplicant 'took no part'
check radius-down radius-unreachable port-radius-timeout 'took no part'
check server-name server-name port-rejected 'server-refused: '
check bad-xml xml-syntax port-no-supplicant 'took no part'

is 'every case of --help was run' \
	"$("$BIN/portcall" lab --help | sed -n '/^Cases:/,/^$/s/^  \([a-z-]*\) .*/\1/p' | sort | xargs)" \
	"$(printf '%s\n' run-* | sed 's/^run-//' | sort | xargs)"

done_testing
