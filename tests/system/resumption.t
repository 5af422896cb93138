#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# resumption - portcall-phone resumes its TLS session with the shipped FreeRADIUS configuration (TLS 1.2), and
# where that configuration resumes nothing (TLS 1.3) a re-authentication is a full handshake that succeeds.

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/radius.sh
. "$ROOT/tests/system/radius.sh"
need freeradius jq
[ -x "$BUILD/test/mkcerts" ] || bail "mkcerts is missing; run make tests"

mac=02:00:00:00:0c:01
mkdir certs
"$BUILD/test/mkcerts" certs <<'END' || bail 'the certificates could not be made'
ca - cn=Test-CA
radius ca cn=radius.test dns=radius.test for=server
phone ca cn=phone1 serial=3e9 for=client p12=secret
END
cat >inventory.json <<END
{"format": 1, "generated": "2026-11-21T10:00:00Z", "roles": {"voice": {"vlan": "20"}}, "devices": [{"mac": "$mac",
	"name": "phone1", "role": "voice", "certificate": {"issuer": "/CN=Test-CA", "serial": "03e9", "cn": "phone1",
	"not_after": "2040-01-01T00:00:00Z", "shared": false}}]}
END
(umask 077 && printf '%s\n' "$secret" >secret && echo secret >passphrase)
cat >switch.conf <<END
ports-namespace = ports
management-namespace = mgmt
control = "$SCRATCH/switch.sock"
radius main {
	address = 127.0.0.1
	secret-file = "$SCRATCH/secret"
}
vlan voice { id = 20 }
port p1 { mode = auto }
END
cat >phone.conf <<END
interface = e0
store = "$SCRATCH/store"
control = "$SCRATCH/phone.sock"
passphrase-file = "$SCRATCH/passphrase"
address = 10.77.20.5/24
END
cat >items.xml <<END
<ItemList>
<Item name="radius-server-ca1">$(cat certs/ca.pem)</Item>
<Item name="802.1x-certificate">$(cat certs/phone.p12)</Item>
</ItemList>
END

netns ports mgmt phone
ip link add p1 netns ports type veth peer name e0 address $mac netns phone || bail 'no cable'
ip -n ports link set p1 up
ip -n phone link set e0 up
ok 'the phone takes its credentials' "$BIN/portcall-phone" --config phone.conf --import items.xml

# successes COUNT: the phone authenticated that often
# shellcheck disable=SC2317 # wait_for calls it
successes() {
	[ "$(grep -c 'authentication reason=authenticated' phone.log)" -ge "$1" ]
}

# last FIELD: of the phone's last result
last() {
	grep ' authentication ' phone.log | tail -n 1 | sed -nE "s/.* $1=\"?([^ \"]*).*/\1/p"
}

# round TLS RESUMED...: first a full handshake, then one re-authentication for each RESUMED
round() {
	local tls=$1 n=1
	shift
	server_files "$tls" "$tls"
	start freeradius ip netns exec mgmt freeradius -f -l stdout -d raddb
	wait_for 10 grep -q 'Ready to process requests' freeradius.log || bail "freeradius: $(tail -n 5 freeradius.log)"
	start switch "$BIN/portcall-switch" --config switch.conf
	wait_for 10 grep -q ' started ' switch.log || bail "portcall-switch: $(cat switch.log)"
	start phone ip netns exec phone "$BIN/portcall-phone" --config phone.conf
	ok "TLS $tls: authenticated" wait_for 20 successes 1
	is "TLS $tls: the first one is a full handshake" "$(last tls) $(last resumed)" "TLSv$tls no"
	for resumed; do
		n=$((n + 1))
		ok "TLS $tls: re-authentication" "$BIN/portcall" phone --control phone.sock reauth
		ok "TLS $tls: authenticated again" wait_for 20 successes $n
		is "TLS $tls: resumed: $resumed" "$(last tls) $(last resumed)" "TLSv$tls $resumed"
	done
	is "TLS $tls: nothing failed in between" "$(grep -c ' error authentication' phone.log)" 0
	is "TLS $tls: the port never closed" "$(grep -c ' port authorized=no' phone.log)" 0
	stop phone
	stop switch
	stop freeradius
}

round 1.2 yes yes yes
round 1.3 no no no
done_testing
