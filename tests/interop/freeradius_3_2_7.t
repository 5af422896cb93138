#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# freeradius_3_2_7.t - rlm_portcall in the FreeRADIUS of Debian's backports, with the shipped configuration.
#
# That server is unpacked beside the installed one, in build/deps, and the module is built against its headers.
set -u
cd "$(dirname "$0")/../.." || exit 1
deps=build/deps/freeradius-backports
into=build/freeradius-backports

# before lib.sh takes the network away
if [ -z "${PORTCALL_TEST_INSIDE:-}" ]; then
	# shellcheck source=/dev/null
	release=$(. /etc/os-release && printf '%s' "$VERSION_CODENAME")
	tools/fetch-source freeradius "$deps" "$release-backports" >&2
	case $? in
	0) ;;
	3)
		printf '1..0 # SKIP the archive of this system has no FreeRADIUS in %s-backports\n' "$release"
		exit 0
		;;
	*)
		printf 'Bail out!  FreeRADIUS of %s-backports could not be fetched\n' "$release"
		exit 1
		;;
	esac
	env -u MAKEFLAGS make B="$into" FR="$deps" FR_HEADERS="$deps/root/usr/include" "$into/lib/rlm_portcall.so" >&2 || {
		printf 'Bail out!  rlm_portcall does not build against %s\n' "$(cat "$deps/.ready")"
		exit 1
	}
fi
cd - >/dev/null || exit 1

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/../system/lib.sh"
need eapol_test
# shellcheck source=tests/system/radius.sh
. "$ROOT/tests/system/radius.sh"
[ -x "$BUILD/test/mkcerts" ] || bail "$BUILD/test/mkcerts is missing; run make tests"

prefix=$ROOT/$deps/root/usr
phone1=02:00:00:00:01:01

# --- certificates, inventory, configuration -----------------------------------------------------------

mkdir certs
"$BUILD/test/mkcerts" certs <<'END' || bail 'no certificates'
ca - cn=CA
radius ca cn=radius.example dns=radius.example for=server
phone1 ca cn=phone1 serial=3e9 for=client
phone2 ca cn=phone2 serial=3ea for=client
END
cat >inventory.json <<END
{"format": 1, "generated": "2026-11-21T10:00:00Z", "roles": {"voice": {"vlan": "20"}},
 "devices": [{"mac": "$phone1", "name": "phone1", "role": "voice",
   "certificate": {"issuer": "/CN=CA", "cn": "phone1", "serial": "03e9", "not_after": "2040-01-01T00:00:00Z", "shared": false}}]}
END
server_files 1.2 1.3
sed -i -e "s|^libdir = .*|libdir = \"$ROOT/$into/lib:$prefix/lib/freeradius\"|" \
	-e "1i dictdir = $prefix/share/freeradius" raddb/radiusd.conf

radiusd=(env LD_LIBRARY_PATH="$prefix/lib/freeradius" "$prefix/sbin/freeradius")

like 'the server is 3.2.7' "$("${radiusd[@]}" -v -d raddb -D "$prefix/share/freeradius" 2>&1)" 'FreeRADIUS Version 3\.2\.7'
ok 'it finds the shipped configuration right' "${radiusd[@]}" -C -l stdout -d raddb
start radius "${radiusd[@]}" -f -l stdout -d raddb
ok 'it starts' wait_for 20 grep -q 'Ready to process' radius.log

# --- phones ---------------------------------------------------------------------------------------------

# eap NAME MAC CERT NO13: output in NAME.out; its exit status
# shellcheck disable=SC2317 # ok and not_ok call it
eap() {
	cat >"$1.conf" <<-END
		network={
			key_mgmt=IEEE8021X
			eap=TLS
			identity="$3"
			ca_cert="certs/ca.pem"
			client_cert="certs/$3.pem"
			private_key="certs/$3.key"
			phase1="tls_disable_tlsv1_3=$4"
		}
	END
	eapol_test -c "$1.conf" -a 127.0.0.1 -p 1812 -s "$secret" -M "$2" -t 10 -N "44:s:s-$1" "${@:5}" >"$1.out" 2>&1
}

# verdict NAME: the module's lines for this session
verdict() {
	grep "portcall: verdict=.* session=s-$1 " radius.log
}

ok 'TLS 1.3: accepted' eap tls13 $phone1 phone1 0
like '... into the VLAN' "$(verdict tls13)" 'verdict=accept .*vlan=20 .*tls="TLS 1.3"'
like '... which the reply names' "$(cat tls13.out)" "Attribute 81 \(Tunnel-Private-Group-Id\)"
ok 'TLS 1.2: accepted, and resumed' eap tls12 $phone1 phone1 1 -r 1
is '... decided afresh each time' "$(verdict tls12 | grep -c 'verdict=accept .*tls="TLS 1.2"')" 2
like '... out of the cache' "$(verdict tls12 | tail -n 1)" 'resumed=yes'
ok 'TLS 1.3 again and again: accepted' eap again13 $phone1 phone1 0 -r 2
is '... in full' "$(verdict again13 | grep -v 'resumed=yes' | grep -c 'verdict=accept ')" 3
not_ok "another phone's certificate: rejected" eap wrong $phone1 phone2 0
like '... for that reason' "$(verdict wrong)" 'verdict=reject reason=wrong-mac |verdict=reject reason=wrong-certificate '
not_ok 'an unknown device: rejected' eap unknown 02:00:00:00:09:01 phone1 0
like '... for that reason' "$(verdict unknown)" 'verdict=reject reason=device-unknown '
stop radius
result $? 'the server ends when asked'

done_testing
