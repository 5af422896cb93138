#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# radius_sessions.t - rlm_portcall knows which device is where, and ends the sessions that a new inventory refuses.
# radclient does the switch's accounting; a second FreeRADIUS is the switch's dynamic authorisation server.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
need freeradius eapol_test radclient jq
# shellcheck source=tests/system/radius.sh
. "$ROOT/tests/system/radius.sh"

phone1=02:00:00:00:01:01 phone2=02:00:00:00:01:02
tls13='tls_disable_tlsv1_3=0'

mkdir certs
"$BUILD/test/mkcerts" certs <<'END' || bail 'no certificates'
ca - cn=CA
radius ca cn=radius.example dns=radius.example for=server
phone1 ca cn=phone1 serial=3e9 for=client
phone2 ca cn=phone2 serial=3ea for=client
END

# phone MAC NAME SERIAL [MORE]
phone() {
	printf '{"mac": "%s", "name": "%s", "role": "voice", "certificate": {"issuer": "/CN=CA", "serial": "%s", "cn": "%s",
		"not_after": "2040-01-01T00:00:00Z"}%s}' "$1" "$2" "$3" "$2" "${4:+, $4}"
}

inventory() {
	local IFS=,
	printf '{"format": 1, "roles": {"voice": {"vlan": "20"}}, "devices": [%s]}\n' "$*" >inventory.new
	mv inventory.new inventory.json
}

# --- the switch ----------------------------------------------------------------------------------------

mkdir das
: >das/dictionary
cat >das/radiusd.conf <<END
libdir = /usr/lib/freeradius
run_dir = $SCRATCH/das
logdir = $SCRATCH/das
client server {
	ipaddr = 127.0.0.1
	secret = $secret
}
modules {
	always ok {
		rcode = ok
	}
	linelog {
		filename = $SCRATCH/das.requests
		format = "%{Packet-Type} mac=%{Calling-Station-Id} session=%{Acct-Session-Id} nas=%{NAS-Identifier} port=%{NAS-Port} ma=%{Message-Authenticator} at=%{Event-Timestamp}"
	}
}
server switch {
	listen {
		type = coa
		ipaddr = 127.0.0.1
		port = 3799
		virtual_server = switch
	}
	recv-coa {
		linelog
		ok
	}
}
END
start das freeradius -f -l stdout -d das
ok 'the switch listens for Disconnect-Requests' wait_for 20 grep -q 'Ready to process' das.log || bail "$(tail das.log)"

disconnect_port=3799
server_files 1.2 1.3
inventory "$(phone $phone1 phone1 03e9)" "$(phone $phone2 phone2 03ea)"
server 'the server starts'

# acct TYPE MAC SESSION PORT: one Accounting-Request of sw1
# shellcheck disable=SC2317 # ok calls it
acct() {
	printf 'Acct-Status-Type = %s, Calling-Station-Id = "%s", Acct-Session-Id = "%s", NAS-Identifier = "sw1",
		NAS-Port = %s, Message-Authenticator = 0x00\n' "$@" |
		radclient -x -r 1 -t 3 127.0.0.1:1813 acct "$secret"
}

# sessions: "mac session port vlan accounted" of each, from the state file
sessions() {
	jq -r '.sessions | sort_by(.mac, .port) | .[] | [.mac, .session, .port, .vlan, .accounted] | map(tostring) | join(" ")' state.json
}

# become DESCRIPTION EXPECTED: the sessions become these
become() {
	# shellcheck disable=SC2317 # wait_for calls it
	arrived() { [ "$(sessions)" = "$1" ]; }
	wait_for 5 arrived "$2"
	is "$1" "$(sessions)" "$2"
}

at=(-N 32:s:sw1 -N 5:d:7)
granted one $phone1 phone1 "$tls13" ca "${at[@]}"
become 'an accept is a session' "$phone1 s-one 7 20 false"
ok 'accounting starts' acct Start $phone1 s-one 7
become '... and confirms it' "$phone1 s-one 7 20 true"
granted again $phone1 phone1 "$tls13" ca "${at[@]}"
become 'another authentication at the same port replaces it' "$phone1 s-again 7 20 true"
like '... and is no second port' "$(verdict again)" 'reason=device-accepted '
granted moved $phone1 phone1 "$tls13" ca -N 32:s:sw1 -N 5:d:8
like 'the same certificate at two ports is said' "$(verdict moved)" 'verdict=accept reason=two-ports '
become 'both sessions are known' "$phone1 s-again 7 20 true
$phone1 s-moved 8 20 false"
ok 'the first one stops' acct Stop $phone1 s-again 7
become '... and is gone' "$phone1 s-moved 8 20 false"
ok 'a late stop of an old session' acct Stop $phone1 s-one 8
become '... changes nothing' "$phone1 s-moved 8 20 false"
granted two $phone2 phone2 "$tls13" ca -N 32:s:sw1 -N 5:d:9
ok 'accounting of phone2' acct Interim-Update $phone2 s-two 9

become 'both phones are known' "$phone1 s-moved 8 20 false
$phone2 s-two 9 20 true"
on=(--state state.json)
like 'portcall inventory where MAC' "$("$BIN/portcall" inventory where $phone1 "${on[@]}")" "^$phone1 +sw1 +8 +20 .*s-moved +by accept$"
like 'portcall inventory who NAS/PORT' "$("$BIN/portcall" inventory who sw1/9 "${on[@]}")" "^$phone2 .*by accounting$"
is '... or a whole switch' "$("$BIN/portcall" inventory who 127.0.0.1 "${on[@]}" --json | jq length)" 2
not_ok '... where nobody is' "$BIN/portcall" inventory who sw1/10 "${on[@]}"
is 'portcall inventory sessions' "$("$BIN/portcall" inventory sessions "${on[@]}" | wc -l)" 3
said=$("$BIN/portcall" radius stats "${on[@]}")
like 'portcall radius stats' "$said" '^accept +device-accepted +[34]  The certificate belongs'
like '... with the warnings' "$said" '^accept +two-ports +1 '
is '... and the last verdicts as JSON' "$("$BIN/portcall" radius stats "${on[@]}" --json | jq -r '.last[0].session')" s-two
like 'a state file that is not there' "$("$BIN/portcall" radius stats --state nothere 2>&1)" 'nothere cannot be read: No such file'

# --- a new inventory ends what it refuses ----------------------------------------------------------------

# disconnected MAC: the switch was asked to end its session
# shellcheck disable=SC2317 # wait_for calls it
disconnected() {
	grep -q "^Disconnect-Request mac=$1 " das.requests 2>/dev/null
}

begin=${EPOCHREALTIME//[!0-9]/}
ok 'portcall inventory disable' "$BIN/portcall" inventory disable $phone1 --inventory inventory.json
ok '... ends the session at the switch' wait_for 5 disconnected 02-00-00-00-01-01
took=$(((${EPOCHREALTIME//[!0-9]/} - begin) / 1000))
ok "... within a second ($took ms)" test $took -lt 1000
like '... which learns which one' "$(cat das.requests)" \
	'mac=02-00-00-00-01-01 session=s-moved nas=sw1 port=8 ma=0x[0-9a-f]{32} at=.'
is '... alone' "$(wc -l <das.requests)" 1
become '... and the session is gone' "$phone2 s-two 9 20 true"
like '... as the log says' "$(cat radius.log)" 'disconnect: 127.0.0.1 answers ACK for mac=02:00:00:00:01:01'
refused device-disabled disabled $phone1 phone1 "$tls13"
ok 'portcall inventory revoke' "$BIN/portcall" inventory revoke $phone2 --inventory inventory.json
ok '... ends that session' wait_for 5 disconnected 02-00-00-00-01-02
like '... for its reason' "$(grep 'disconnect: mac=02:00:00:00:01:02' radius.log)" 'reason=cert-revoked'
become 'nobody is left' ''

# --- a switch that does not answer ---------------------------------------------------------------------------

stop das
seen=$(grep -c 'portcall: inventory:' radius.log)
inventory "$(phone $phone1 phone1 03e9)" "$(phone $phone2 phone2 03ea)"
wait_for 5 read_again
granted three $phone1 phone1 "$tls13" ca "${at[@]}"
granted four $phone2 phone2 "$tls13" ca -N 32:s:sw1 -N 5:d:9
"$BIN/portcall" inventory disable $phone1 --inventory inventory.json >/dev/null
ok 'a silent switch is named' wait_for 5 grep -q 'does not answer for mac=02:00:00:00:01:01 session=s-three' radius.log
granted meanwhile $phone2 phone2 "$tls13" ca -N 32:s:sw1 -N 5:d:9

# --- over a restart, a HUP, and the switch's own restart ---------------------------------------------------------

become 'the sessions before the restart' "$phone1 s-three 7 20 false
$phone2 s-meanwhile 9 20 false"
stop radius
result $? 'the server ends'
server 'it starts again'
granted after $phone2 phone2 "$tls13" ca -N 32:s:sw1 -N 5:d:9
become 'the sessions are still known' "$phone1 s-three 7 20 false
$phone2 s-after 9 20 false"
# shellcheck disable=SC2317 # counted calls it
accepts() { jq '[.counters[] | select(.verdict == "accept") | .count] | add' state.json; }
# shellcheck disable=SC2317 # wait_for calls it
counted() { [ "$(accepts)" = "$1" ]; }
ok 'the verdicts are counted on' wait_for 5 counted 8
# FreeRADIUS ignores a HUP within 5 s of another one, and a module that was loaded within 2 s: asked until it is done
minutes=1
# shellcheck disable=SC2317 # wait_for calls it
hup() {
	touch -d "$((minutes++)) minutes" raddb/radiusd.conf
	kill -HUP "$(cat radius.pid)" && sleep 0.2 && [ "$(grep -c 'inventory: 2 devices' radius.log)" -gt "$seen" ]
}
seen=$(grep -c 'inventory: 2 devices' radius.log)
ok 'a HUP makes a new instance' wait_for 15 hup
granted hupped $phone2 phone2 "$tls13" ca -N 32:s:sw1 -N 5:d:9
become '... which knows the sessions too' "$phone1 s-three 7 20 false
$phone2 s-hupped 9 20 false"
ok '... and counts on' wait_for 5 counted 9
ok 'the switch starts again' acct Accounting-On 00:00:00:00:00:00 s-on 0
become '... and has no session any more' ''
ok 'the server is alive' alive radius
stop radius
result $? 'it ends when asked'
done_testing
