#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# radius_policy.t - each reason of rlm_portcall's policy, with eapol_test as the phone; radius_module.t has the ways
# through TLS.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
need freeradius eapol_test radclient
# shellcheck source=tests/system/radius.sh
. "$ROOT/tests/system/radius.sh"

phone1=02:00:00:00:01:01 phone2=02:00:00:00:01:02 phone3=02:00:00:00:01:03
tls12='tls_disable_tlsv1_3=1' tls13='tls_disable_tlsv1_3=0'

mkdir certs
"$BUILD/test/mkcerts" certs <<'END' || bail 'no certificates'
ca - cn=CA
radius ca cn=radius.example dns=radius.example for=server
phone1 ca cn=phone1 serial=3e9 for=client
phone2 ca cn=phone2 serial=3ea for=client
old1 ca cn=phone1 serial=3e8 for=client
twin ca cn=phone1 serial=3e9 for=client
nameless ca o=Somebody dns=phone1 serial=3ec for=client
END

# cert NAME SERIAL [MORE]: as a member of a record
cert() {
	printf '"certificate": {"issuer": "/CN=CA", "serial": "%s", "cn": "%s", "not_after": "2040-01-01T00:00:00Z"%s}' \
		"$2" "$1" "${3:+, $3}"
}

# phone MAC NAME SERIAL [MORE]
phone() {
	printf '{"mac": "%s", "name": "%s", "role": "voice", "model": "op420adv", %s%s}' "$1" "$2" "$(cert "$2" "$3")" "${4:+, $4}"
}

inventory() {
	local IFS=,
	printf '{"format": 1, "roles": {"voice": {"vlan": "20", "vlans": [{"location": "tower", "vlan": "30"},
		{"model": "op600", "vlan": "31"}]}},
		"locations": {"rack": [{"nas": "sw1", "ports": "1-24"}, {"nas": "127.0.0.1", "ports": "40"}], "tower": [{"nas": "sw9"}]},
		"devices": [%s]}\n' "$*" >inventory.new
	mv inventory.new inventory.json
}

# previous SERIAL UNTIL [MORE]
previous() {
	printf '"previous": {"issuer": "/CN=CA", "serial": "%s", "not_after": "2040-01-01T00:00:00Z", "until": "%s"%s}' "$1" \
		"$(date -ud "$2" +%Y-%m-%dT%H:%M:%SZ)" "${3:+, $3}"
}

nas=(-N 32:s:sw1) # NAS-Identifier

staging_vlan=99 quarantine_vlan=98
server_files 1.2 1.3
inventory "$(phone $phone1 phone1 03e9)" "$(phone $phone2 phone2 03ea)"
server

# --- the device -------------------------------------------------------------------------------------

replace 'phone1 is stolen' "$(phone $phone1 phone1 03e9 '"stolen": true')"
refused device-stolen stolen $phone1 phone1 "$tls13"
is 'no TLS for a stolen phone' "$(grep -c 'SSL: ' stolen.out)" 0

replace 'phone1 has its place' "$(phone $phone1 phone1 03e9 '"location": "rack"')"
granted in-place $phone1 phone1 "$tls13" ca "${nas[@]}" -N 5:d:24
like '... which the log names' "$(verdict in-place)" 'nas=sw1 port=24 '
granted by-address $phone1 phone1 "$tls13" ca -N 4:x:7f000001 -N 5:d:40
refused location-not-allowed other-port $phone1 phone1 "$tls13" ca "${nas[@]}" -N 5:d:25
refused location-not-allowed other-switch $phone1 phone1 "$tls13" ca -N 32:s:sw2 -N 5:d:7
refused location-not-allowed no-port $phone1 phone1 "$tls13" ca "${nas[@]}"

replace 'phone1 may be anywhere' "$(phone $phone1 phone1 03e9)"
granted tower $phone1 phone1 "$tls13" ca -N 32:s:sw9
like 'its VLAN is that of the place' "$(verdict tower)" 'vlan=30 '
replace 'phone1 is an op600' "$(phone $phone1 phone1 03e9 | sed s/op420adv/op600/)"
granted model $phone1 phone1 "$tls13"
like 'its VLAN is that of the model' "$(verdict model)" 'vlan=31 '

# --- the certificate ------------------------------------------------------------------------------------

replace 'phone1 has its certificate' "$(phone $phone1 phone1 03e9)" "$(phone $phone2 phone2 03ea)"
granted cached $phone1 phone1 "$tls12" ca -r 1
like 'it is resumed' "$(verdict cached | tail -n 1)" 'resumed=yes'
like 'its session is kept' "$(cat tlscache/*.vps)" 03e9
# the certificate is revoked between two resumptions of one session
rm tlscache/*
seen=$(grep -c 'portcall: inventory:' radius.log)
eap revoking $phone1 phone1 "$tls12" ca -r 4000 &
revoking=$!
wait_for 10 grep -q 'verdict=accept .*resumed=yes session=s-revoking ' radius.log
inventory "$(phone $phone1 phone1 03e9 | sed 's/"not_after"/"revoked": true, &/')"
ok 'the certificate is revoked while it is in use' wait_for 5 read_again
wait $revoking # eapol_test ends at the first reject
like 'the next authentication is rejected' "$(verdict revoking | grep -m 1 verdict=reject)" 'reason=cert-revoked '
is '... and its session is out of the TLS cache' "$(cat tlscache/*.vps 2>/dev/null | grep -c 03e9)" 0
is '... and none is accepted after it' "$(verdict revoking | sed '1,/verdict=reject/d' | grep -c verdict=accept)" 0
refused cert-revoked revoked13 $phone1 phone1 "$tls13"
refused cert-revoked revoked12 $phone1 phone1 "$tls12"

replace 'phone1 rolls over' "$(phone $phone1 phone1 03e9 "$(previous 03e8 'now + 500 seconds')")"
granted rolled $phone1 phone1 "$tls13"
like 'the present certificate is the usual case' "$(verdict rolled)" 'reason=device-accepted .*session_timeout=3600 '
for v in 12 13; do
	tls=tls$v
	granted "rolling$v" $phone1 old1 "${!tls}"
	like '... with the previous certificate, until the window ends' "$(verdict "rolling$v")" \
		'verdict=accept reason=previous-certificate .*session_timeout=(4[0-9][0-9]|500) '
done
replace 'the window is over' "$(phone $phone1 phone1 03e9 "$(previous 03e8 'now - 1 second')")"
refused roll-over-ended late $phone1 old1 "$tls13"
replace 'the previous certificate is revoked' \
	"$(phone $phone1 phone1 03e9 "$(previous 03e8 'now + 500 seconds' '"revoked": true')")"
refused cert-revoked old-revoked $phone1 old1 "$tls13"

replace 'phone1 has a key' "$(phone $phone1 phone1 03e9 | sed 's/"not_after"/"key_id": "00:11", &/')"
refused cert-mismatch other-key $phone1 twin "$tls13"

# --- inside the handshake: check_cert_cn ------------------------------------------------------------------

replace 'phone1 and phone2' "$(phone $phone1 phone1 03e9)" "$(phone $phone2 phone2 03ea)"
for v in 12 13; do
	tls=tls$v
	refused wrong-mac "foreign$v" $phone1 phone2 "${!tls}"
	like "foreign$v: the handshake fails" "$(verdict "foreign$v")" 'detail=".*Alert write:fatal'
done
is 'TLS 1.2: there is no key' "$(grep -c 'EAP-TLS: Derived key' foreign12.out)" 0
# RFC 9190 2.1.1: the commitment is one octet of application data; wpa_supplicant says when it sees it
granted own13 $phone1 phone1 "$tls13"
is 'TLS 1.3: a phone sees the commitment with its own certificate' "$(grep -c 'ACKing Commitment Message' own13.out)" 1
is '... and none with a foreign one' "$(grep -c 'ACKing Commitment Message\|SSL: Application data' foreign13.out)" 0
refused wrong-certificate nameless $phone1 nameless "$tls13"
is 'a certificate without a name gets no further' "$(grep -c 'ACKing Commitment Message' nameless.out)" 0

# --- configuration versions ---------------------------------------------------------------------------------

replace 'phone1 runs an old configuration' "$(phone $phone1 phone1 03e9 '"version": "7", "running_version": "6"')"
granted stale $phone1 phone1 "$tls13"
like 'it is said' "$(verdict stale)" 'verdict=accept reason=configuration-stale .*vlan=20 '

# --- MAC authentication bypass ----------------------------------------------------------------------------------

# mab MAC [ATTRIBUTE...]: what radclient says
mab() {
	local plain=${1//:/}
	printf 'User-Name = "%s", User-Password = "%s", Calling-Station-Id = "%s", NAS-Identifier = "sw1",
		NAS-Port = 7, Message-Authenticator = 0x00%s\n' "$plain" "$plain" "$1" "${2:+, $2}" |
		radclient -x -r 1 -t 3 127.0.0.1:1812 auth "$secret" 2>&1
}

replace 'phone1 may use MAB, phone2 is not provisioned, phone3 must use EAP' "$(phone $phone1 phone1 03e9 '"mab": true')" \
	"{\"mac\": \"$phone2\", \"name\": \"phone2\", \"provisioned\": false}" "$(phone $phone3 phone3 03eb)"
for row in "1 $phone1 mab-accepted" "2 $phone2 not-yet-provisioned"; do
	read -r n mac reason <<<"$row"
	said=$(mab "$mac" "Acct-Session-Id = \"s-mab$n\"")
	like "MAB of phone$n: accepted" "$said" 'Received Access-Accept'
	like '... into the staging VLAN' "$said" 'Tunnel-Private-Group-Id:0 = "99"'
	like '... for a short time' "$said" 'Session-Timeout = 300'
	like '... with a Message-Authenticator' "$said" 'Message-Authenticator = 0x[0-9a-f]*[1-9a-f]'
	is '... without voice' "$(grep -c 'device-traffic-class' <<<"$said")" 0
	like "... as $reason" "$(verdict "mab$n")" "verdict=staging reason=$reason .*vlan=99 "
done
said=$(mab $phone3 'Acct-Session-Id = "s-mab3"')
like 'MAB of phone3: rejected' "$said" 'Received Access-Reject'
like '... with a Message-Authenticator' "$said" 'Message-Authenticator = 0x[0-9a-f]*[1-9a-f]'
like '... as method-not-allowed' "$(verdict mab3)" 'reason=method-not-allowed '
said=$(mab 02:00:00:00:09:09 'Acct-Session-Id = "s-mab9"')
like 'MAB of an unknown device: rejected' "$said" 'Received Access-Reject'
said=$(printf 'User-Name = "somebody", User-Password = "x", Service-Type = Call-Check, Calling-Station-Id = "%s",
	Message-Authenticator = 0x00\n' $phone1 | radclient -x -r 1 -t 3 127.0.0.1:1812 auth "$secret" 2>&1)
like 'Service-Type Call-Check is MAB too' "$said" 'Tunnel-Private-Group-Id:0 = "99"'
said=$(printf 'User-Name = "somebody", User-Password = "x", Calling-Station-Id = "%s", Message-Authenticator = 0x00\n' \
	$phone1 | radclient -x -r 1 -t 3 127.0.0.1:1812 auth "$secret" 2>&1)
like 'a name and a password are not' "$said" 'Received Access-Reject'
granted mab-eap $phone1 phone1 "$tls13"
like 'a phone that may use MAB gets its own VLAN with EAP' "$(verdict mab-eap)" 'verdict=accept .*vlan=20 '
stop radius
result $? 'the server ends when asked'

# --- other settings -------------------------------------------------------------------------------------------------

stale=quarantine staging_vlan='' profile=rfc4675
server_files 1.2 1.3
inventory "$(phone $phone1 phone1 03e9 '"version": "7", "running_version": "6", "mab": true')" "$(phone $phone2 phone2 03ea)"
server 'the server starts with quarantine and RFC 4675'
granted quarantine $phone1 phone1 "$tls13"
like 'a stale phone is quarantined' "$(verdict quarantine)" 'verdict=quarantine reason=configuration-stale .*vlan=98 '
like '... untagged' "$(reply Access-Accept quarantine)" "Value: '98'|3938"
granted egress $phone2 phone2 "$tls13"
like 'rfc4675: the voice VLAN is tagged' "$(reply Access-Accept egress | grep -A1 'Attribute 56 ')" '31000014|822083604'
is '... and no untagged one is named' "$(reply Access-Accept egress | grep -c Tunnel-)" 0
said=$(mab $phone1 'Acct-Session-Id = "s-nomab"')
like 'no MAB without a staging VLAN' "$said" 'Received Access-Reject'
like '... as no-staging-vlan' "$(verdict nomab)" 'reason=no-staging-vlan '
stop radius

stale=deny monitor=no profile=juniper
server_files 1.2 1.3
server 'the server starts with Juniper and stale_configuration = deny'
refused stale-refused stale-deny $phone1 phone1 "$tls13"
granted juniper $phone2 phone2 "$tls13"
like 'juniper: the voice VLAN stands in its attribute' "$(reply Access-Accept juniper)" '00000a4c31043230'
stop radius

monitor=yes monitor_vlan=97 profile=none
server_files 1.2 1.3
# in monitor mode nothing may fail inside the handshake
sed "/check_cert_cn/d" "$config/mods-available/eap" >eap
sed -i "s,^\$INCLUDE .*,," raddb/radiusd.conf
# shellcheck disable=SC2016 # it is the configuration's own variable
sed 's,$INCLUDE ${configs}/mods-available/eap,$INCLUDE '"$SCRATCH"'/eap,' "$config/server.conf" >>raddb/radiusd.conf
server 'the server starts in monitor mode'
granted watched $phone1 phone2 "$tls13"
like 'a foreign certificate is accepted and named' "$(verdict watched)" \
	'verdict=accept monitor=would-reject reason=wrong-mac .*vlan=20 '
granted watched-unknown 02:00:00:00:09:09 phone2 "$tls13"
like 'an unknown device gets the VLAN of the monitor mode' "$(verdict watched-unknown)" \
	'verdict=accept monitor=would-reject reason=device-unknown .*vlan=97 '
like '... MAB too' "$(mab 02:00:00:00:09:09)" 'Tunnel-Private-Group-Id:0 = "97"'
stop radius
result $? 'it ends when asked'
done_testing
