#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# lab_proof - the proof can fail: labs whose parts are wrong, run from a copy of programs and
# configurations in a folder with a space in its name.

# shellcheck disable=SC2317 # functions that ok calls
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

need freeradius nginx dnsmasq udhcpc

tree="$SCRATCH/a copy"
configs=$tree/share/portcall
mkdir -p "$tree/bin" "$tree/lib" "$tree/share"
cp "$BIN/portcall" "$BIN/portcall-switch" "$BIN/portcall-phone" "$tree/bin"
cp "$BUILD/lib/rlm_portcall.so" "$tree/lib"

# fails NAME FILE SED-COMMAND: with that change of a configuration the lab ends with status 1
fails() {
	local status
	rm -rf "$configs"
	cp -R "$ROOT/configs" "$configs"
	sed -i "$3" "$configs/$2"
	"$tree/bin/portcall" lab --key p256 --json >"$1.out" 2>&1
	status=$?
	cat "$1.out"
	[ "$status" -eq 1 ] && tail -n 1 "$1.out" | grep -q '^{"result":"fail",'
}

cp -R "$ROOT/configs" "$configs"
ok 'the copy itself passes' "$tree/bin/portcall" lab --key p256

ok 'a port that is open from the start' fails open lab/switch-port.conf \
	's/mode = "auto"/mode = "force-authorized"\n\tvlan = "voice"/'
like 'is found out' "$(cat open.out)" 'NOT OK  closed'

ok 'a VLAN that the switch does not have' fails vlan lab/switch.conf 's/id = 20/id = 21/'
like 'is named' "$(cat vlan.out)" 'p1: The Access-Accept names a VLAN that this switch does not have'
like 'and nothing was granted' "$(tail -n 1 vlan.out)" '"vlan":null'

ok 'a web server without the files' fails web nginx/nginx.conf 's/root www;/root tmp;/'
like 'is found out' "$(cat web.out)" 'NOT OK  files'
like 'while the order was right' "$(cat web.out)" 'ok  order'

ok 'a web server that is not verified' fails ca lab/phone.conf 's,/run/lab/pki/ca.pem,/run/lab/pki/radius.pem,'
like 'is refused by the phone' "$(cat ca.out)" "The provisioning server's certificate was refused"
like 'and no item is applied' "$(cat ca.out)" 'NOT OK  items'

done_testing
