#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# lab_interop - `portcall lab` with stock wpa_supplicant as the phone's supplicant, and stock hostapd in
# the switch's place.

# shellcheck disable=SC2317 # functions that ok calls
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

need freeradius nginx dnsmasq udhcpc wpa_supplicant hostapd

run() {
	local name=$1
	shift
	"$BIN/portcall" lab --json --key p256 "$@" >"$name.out" 2>&1 || { cat "$name.out"; return 1; }
}

ok 'wpa_supplicant behind our switch' run supplicant --supplicant wpa_supplicant
like 'it authenticated' "$(cat supplicant.out)" 'wpa_supplicant +EAP-SUCCESS'
like 'and portcall-phone did the rest, in order' "$(tail -n 1 supplicant.out)" \
	'"result":"pass".*"vlan":20,"ordered":true,"reason":"authenticated"'
ok 'with TLS 1.2' run supplicant12 --supplicant wpa_supplicant --tls 1.2
ok 'with TLS 1.3' run supplicant13 --supplicant wpa_supplicant --tls 1.3

ok 'our phone behind hostapd' run authenticator --authenticator hostapd
like 'granted, and nothing known of HTTPS' "$(tail -n 1 authenticator.out)" \
	'"result":"pass".*"granted_s":0\.[0-9]+,"first_https_s":null,"https_done_s":null,"vlan":null,"ordered":null,"reason":"authenticated"'
ok 'two phones behind hostapd, TLS 1.2' run two --authenticator hostapd --phones 2 --tls 1.2

ok 'wpa_supplicant behind hostapd' run both --supplicant wpa_supplicant --authenticator hostapd
like 'granted' "$(tail -n 1 both.out)" '"result":"pass".*"granted_s":[0-9.]+,'

done_testing
