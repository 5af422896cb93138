#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# radius_tshark.t - the switch's RADIUS requests as others read them: Wireshark's dissector, and
# libfreeradius by way of radsniff.  A whole EAP-TLS authentication over RSA-2048, so that EAP goes
# over several attributes, captured between portcall-switch and FreeRADIUS.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/../system/lib.sh"
need freeradius tshark radsniff
# shellcheck source=tests/system/radius.sh
. "$ROOT/tests/system/radius.sh"
[ -x "$BUILD/test/mkcerts" ] || bail "$BUILD/test/mkcerts is missing; run make tests"
mac=02:00:00:00:01:01

# --- phone, switch, server ------------------------------------------------------------------------------

mkdir certs captures
"$BUILD/test/mkcerts" certs <<'END' || bail 'no certificates'
ca - cn=CA key=rsa2048
radius ca cn=radius.example dns=radius.example for=server key=rsa2048
phone1 ca cn=phone1 serial=3e9 for=client key=rsa2048 p12=lab
END
cat >inventory.json <<END
{"format": 1, "generated": "2026-11-21T10:00:00Z", "roles": {"voice": {"vlan": "20"}},
 "devices": [{"mac": "$mac", "name": "phone1", "role": "voice",
   "certificate": {"issuer": "/CN=CA", "serial": "03e9", "not_after": "2040-01-01T00:00:00Z", "shared": false}}]}
END
server_files 1.3 1.3
netns ports mgmt phone
ip link add p7 netns ports type veth peer name e0 address $mac netns phone || bail 'no cable'
ip -n phone link set e0 up
start radius ip netns exec mgmt freeradius -f -l stdout -d raddb
wait_for 20 grep -q 'Ready to process' radius.log || bail "freeradius does not start: $(tail -n 3 radius.log)"
start capture ip netns exec mgmt tshark -q -i lo -f 'udp port 1812' -w radius.pcap
wait_for 20 test -s radius.pcap || bail "tshark does not capture: $(cat capture.log)"

(umask 077 && printf '%s\n' "$secret" >secret && echo lab >passphrase)
cat >switch.conf <<END
ports-namespace = ports
management-namespace = mgmt
nas-identifier = "switch-7"
mac = "02:00:00:00:07:07"
control = "$SCRATCH/switch.sock"
capture-dir = "$SCRATCH/captures"
radius main {
	address = 127.0.0.1
	secret-file = "$SCRATCH/secret"
}
vlan voice { id = 20 }
port p7 { mode = auto }
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
<Item name="802.1x-certificate">$(cat certs/phone1.p12)</Item>
</ItemList>
END
"$BIN/portcall-phone" --config phone.conf --import items.xml >import.log 2>&1 || bail "$(tail -n 1 import.log)"
start switch "$BIN/portcall-switch" --config switch.conf
start phone ip netns exec phone "$BIN/portcall-phone" --config phone.conf
wait_for 10 grep -q ' started ' switch.log || bail "portcall-switch does not start: $(cat switch.log)"
ip -n ports link set p7 up
ok 'the phone is authenticated' wait_for 20 grep -q 'port-granted port=p7' switch.log
session=$(sed -n 's/.*port-granted .* session=\([^ ]*\) .*/\1/p' switch.log)

# fields FILTER FIELD...: their values, a line for each packet, parted by |
fields() {
	local filter=$1
	shift
	tshark -r radius.pcap -o "radius.shared_secret:$secret" -o radius.validate_authenticator:TRUE \
		-Y "$filter" -T fields -E separator='|' "${@/#/-e}" 2>/dev/null
}
# shellcheck disable=SC2317 # wait_for calls it
captured() {
	fields 'radius.code == 2' radius.id | grep -q .
}
ok 'the Access-Accept is in the capture' wait_for 20 captured
stop capture INT
stop phone
stop switch
stop radius

# --- Wireshark --------------------------------------------------------------------------------------------

request='radius.code == 1'
requests=$(fields "$request" radius.id | wc -l)
ok 'the whole conversation is there' test "$requests" -ge 5
is 'tshark finds nothing malformed, and no warning' \
	"$(fields '_ws.malformed || _ws.expert.severity >= "Warning"' frame.number _ws.expert.message)" ''
is 'all replies are authentic for their requests' \
	"$(fields 'radius.code != 1 && !radius.authenticator.valid' frame.number)" ''

# same DESCRIPTION FIELD VALUE: of all requests
same() {
	is "$1" "$(fields "$request" "$2" | sort -u)" "$3"
}
same 'User-Name is the identity' radius.User_Name phone1
same 'NAS-Identifier is the configured one' radius.NAS_Identifier switch-7
same 'NAS-IP-Address is the socket'\''s' radius.NAS_IP_Address 127.0.0.1
same 'NAS-Port-Id is the port' radius.NAS_Port_Id p7
same 'NAS-Port-Type is Ethernet' radius.NAS_Port_Type 15
same 'Service-Type is Framed' radius.Service_Type 2
same 'Calling-Station-Id is the phone, as RFC 3580 writes it' radius.Calling_Station_Id 02-00-00-00-01-01
same 'Called-Station-Id is the switch' radius.Called_Station_Id 02-00-00-00-07-07
same 'Acct-Session-Id is the session' radius.Acct_Session_Id "$session"
is 'Message-Authenticator is first' \
	"$(fields "$request" radius.avp.type | sed 's/,.*//' | sort -u)" 80
is 'no identifier serves two requests' "$(fields "$request" radius.id | sort | uniq -d)" ''
is 'no Request Authenticator either' "$(fields "$request" radius.authenticator | sort | uniq -d)" ''
is 'the first request has no State' "$(fields "$request" radius.State | head -n 1)" ''
is 'each other request has the State of the challenge before' \
	"$(fields "$request" radius.State | tail -n +2)" "$(fields 'radius.code == 11' radius.State)"
# segments: of each request the lengths of its EAP-Message attributes
segments() {
	fields "$request" radius.avp.type radius.avp.length | awk -F'|' '{
		n = split($1, type, ","); split($2, length_of, ",")
		line = ""
		for (i = 1; i <= n; i++) if (type[i] == 79) line = line " " length_of[i]
		print substr(line, 2)
	}'
}
ok 'an EAP packet goes over several attributes' grep -q ' ' <(segments)
is 'all but the last of them are full' "$(segments | sed 's/[0-9]*$//' | tr -s ' ' '\n' | grep -v '^$' | sort -u)" 255
is 'they are as long as the EAP packet says' \
	"$(segments | awk '{ sum = 0; for (i = 1; i <= NF; i++) sum += $i - 2; print sum }')" "$(fields "$request" eap.len)"
like 'the conversation is EAP-TLS, from the Identity' "$(fields "$request" eap.type | tr '\n' ' ')" '^1 (13 )+$'
# a Request that the phone got twice was answered twice
is 'each request carries one response of the port, in their order' "$(fields "$request" eap.id eap.len)" \
	"$(tshark -r captures/p7.pcap -Y 'eap.code == 2' -T fields -E separator='|' -e eap.id -e eap.len 2>/dev/null | uniq)"

# --- libfreeradius ----------------------------------------------------------------------------------------

radsniff -I radius.pcap -s "$secret" -x >sniffed 2>sniff.err

# sniffed ATTRIBUTE...: of each request the lines of these, as libfreeradius prints them
sniffed() {
	awk -v wanted=" $* " '
		/^[0-9]/ { in_request = / Access-Request Id / }
		in_request && /^\t/ && index(wanted, " " $1 " ") { sub(/^\t/, ""); print }' sniffed
}
is 'libfreeradius reads as many requests' "$(grep -c ' Access-Request Id ' sniffed)" "$requests"
is '... and the same attributes in all of them' "$(sniffed User-Name NAS-IP-Address NAS-Identifier NAS-Port NAS-Port-Id \
	NAS-Port-Type Service-Type Framed-MTU Called-Station-Id Calling-Station-Id Connect-Info Acct-Session-Id | sort | uniq -c |
	sed -E 's/^ *([0-9]+) /\1 /')" "$requests Acct-Session-Id = \"$session\"
$requests Called-Station-Id = \"02-00-00-00-07-07\"
$requests Calling-Station-Id = \"02-00-00-00-01-01\"
$requests Connect-Info = \"802.1X Ethernet\"
$requests Framed-MTU = 1400
$requests NAS-IP-Address = 127.0.0.1
$requests NAS-Identifier = \"switch-7\"
$requests NAS-Port = 1
$requests NAS-Port-Id = \"p7\"
$requests NAS-Port-Type = Ethernet
$requests Service-Type = Framed-User
$requests User-Name = \"phone1\""
# radsniff prints the first 500 octets of a long value
is '... each EAP packet as one piece' "$(sniffed EAP-Message | awk '{ n = (length($3) - 2) / 2; print n > 500 ? "long" : n }')" \
	"$(fields "$request" eap.len | awk '{ print $1 > 500 ? "long" : $1 }')"
is '... and nothing that it does not know' "$(awk '/^[0-9]/ { in_request = / Access-Request Id / } in_request && /Attr-[0-9]/' sniffed)" ''

# it insists on Message-Authenticator
not_ok 'FreeRADIUS found no request that was not authentic' grep -Eq 'invalid|malformed|Shared secret' radius.log

done_testing
