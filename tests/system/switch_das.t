#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# RFC 5176 with radclient as the peer: sessions are ended, asked again, bounced and disabled.
# shellcheck disable=SC2317 # functions that wait_for calls
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/switch.sh
. "$ROOT/tests/system/switch.sh"
# shellcheck source=tests/system/dot1x.sh
. "$ROOT/tests/system/dot1x.sh"
need radclient

netns ports mgmt phone server
plug p1 phone
plug p2 server
ip -n mgmt addr add 127.0.0.9/8 dev lo
phone_mac=$(ip netns exec phone cat /sys/class/net/e0/address)
make_radius radius 1812
start_radius radius

(umask 077; echo das-secret >das-secret; echo wrong-secret >wrong-secret)
{
	conf_head
	cat <<-END
		nas-identifier = lab
		dynamic-authorisation {
			address = 127.0.0.1
			client operator {
				address = 127.0.0.1
				secret-file = "$SCRATCH/das-secret"
			}
		}
		vlan voice { id = 20 }
		port p1 { quiet-period = 1 }
		port p2 { mode = force-authorized vlan = voice }
	END
} >switch.conf
start_switch switch.conf p1 p2
start_wpa phone
authorised() {
	wait_for 60 is_shown p1 authorized 1 # a lost Identity request is sent again after tx-period
}
ok 'the phone is authorised' authorised

# radius_client TYPE SECRET-FILE ATTRIBUTE...: what radclient says.
radius_client() {
	printf '%s\n' "${@:3}" | ip netns exec mgmt radclient -x -r 1 -t 1 -S "$2" 127.0.0.1:3799 "$1" 2>&1
}
# request TYPE SECRET-FILE ATTRIBUTE...: with a Message-Authenticator and the time.
request() {
	radius_client "$@" 'Message-Authenticator = 0x00' "Event-Timestamp = $(date +%s)"
}
disconnect() {
	request disconnect das-secret "$@"
}
coa() {
	request coa das-secret "$@"
}
# change COMMAND: of the session at p1.
change() {
	coa "$(session)" "Cisco-AVPair = \"subscriber:command=$1\""
}
session() {
	echo "Acct-Session-Id = \"$(shown p1 session)\""
}
events() {
	grep -c "$1" switch.log
}
counter() {
	ask '{"verb":"das"}' | field "$1"
}

# --- disconnect ---------------------------------------------------------------------------------------

like 'another session is not found' "$(disconnect 'Acct-Session-Id = "0000000000000000"')" \
	'Error-Cause = Session-Context-Not-Found'
is 'and the port stays open' "$(shown p1 authorized)" 1
like 'another NAS is not us' "$(disconnect "$(session)" 'NAS-Identifier = "other"')" \
	'Error-Cause = NAS-Identification-Mismatch'
like 'a port of the administrator stays his' "$(disconnect 'NAS-Port-Id = "p2"')" \
	'Error-Cause = Administratively-Prohibited'

old=$(shown p1 session)
said=$(disconnect "$(session)" "Calling-Station-Id = \"$phone_mac\"" 'User-Name = "phone1"' \
	'NAS-Port-Id = "p1"' 'NAS-Port = 1' 'NAS-Identifier = "lab"')
like 'a Disconnect-Request is acknowledged' "$said" 'Received Disconnect-ACK'
ok 'the port was closed for that reason' grep -q \
	"port-closed port=p1 mac=$phone_mac session=$old reason=port-disconnected .*detail=operator" switch.log
ok 'the request is an event' grep -q \
	"info das client=operator code=Disconnect-Request action=disconnect port=p1 session=$old mac=$phone_mac done=yes" \
	switch.log
ok 'the phone may authenticate again' authorised
not_ok 'in a session of its own' test "$(shown p1 session)" = "$old"

# An ACK is sent after the port was closed, so that this is an upper bound.
named=$(session)
before=${EPOCHREALTIME//[!0-9]/}
disconnect "$named" >/dev/null
after=${EPOCHREALTIME//[!0-9]/}
ok 'revoked within a second' test $((after - before)) -lt 1000000
diag "revoked in $(((after - before) / 1000)) ms, radclient's start included"
is 'it closed twice by now' "$(events 'port-closed port=p1.*reason=port-disconnected')" 2

# --- who may ------------------------------------------------------------------------------------------

ok 'the phone is back' authorised
like 'another secret gets no answer' "$(request disconnect wrong-secret "$(session)")" 'No reply'
ok '... and an event' grep -q \
	'warn das-discard client=operator .*why="The Request Authenticator is wrong' switch.log
like 'an old request gets none' "$(radius_client disconnect das-secret "$(session)" \
	'Message-Authenticator = 0x00' "Event-Timestamp = $(($(date +%s) - 400))")" 'No reply'
like 'one without a time gets none' "$(radius_client disconnect das-secret "$(session)" \
	'Message-Authenticator = 0x00')" 'No reply'
like 'one without Message-Authenticator gets none' "$(radius_client disconnect das-secret "$(session)" \
	"Event-Timestamp = $(date +%s)")" 'No reply'
like 'another sender gets none' "$(disconnect "$(session)" 'Packet-Src-IP-Address = 127.0.0.9')" 'No reply'
is '... and is counted' "$(counter unknown)" 1
is 'all of that changed nothing' \
	"$(shown p1 authorized) $(events 'port-closed port=p1.*reason=port-disconnected')" '1 2'
is 'the counters' "$(for c in disconnect_requests acks naks bad_authenticators stale; do
	counter "clients.0.$c"
done | xargs)" '5 2 3 2 2'

# --- change of authorisation --------------------------------------------------------------------------

accepts() {
	[ "$(ask '{"verb":"radius"}' | field servers.0.accepts)" -ge "$1" ]
}
accepted=$(ask '{"verb":"radius"}' | field servers.0.accepts)
closed=$(events 'port-closed port=p1')
like 'reauthenticate is acknowledged' "$(change reauthenticate)" 'Received CoA-ACK'
ok 'the server is asked again' wait_for 10 accepts $((accepted + 1))
is 'the port never closed for it' "$(events 'port-closed port=p1')" "$closed"
like 'an unknown command is refused' "$(change dance)" 'Error-Cause = Invalid-Attribute-Value'
like 'a VLAN is refused' "$(coa "$(session)" 'Tunnel-Private-Group-Id = "30"')" \
	'Error-Cause = Unsupported-Attribute'
like 'no command is refused' "$(coa "$(session)")" 'Error-Cause = Missing-Attribute'

phone_link() {
	[ "$(ip netns exec phone cat /sys/class/net/e0/carrier)" = "$1" ]
}
like 'bounce-host-port is acknowledged' "$(change bounce-host-port)" 'Received CoA-ACK'
ok 'the phone loses its link' wait_for 5 phone_link 0
is 'the port is closed' "$(shown p1 authorized) $(shown p1 reason)" '0 port-bounced'
ok 'and the link comes back by itself' wait_for 15 phone_link 1
ok 'with a new session' authorised

like 'disable-host-port is acknowledged' "$(change disable-host-port)" 'Received CoA-ACK'
ok 'the phone loses its link' wait_for 5 phone_link 0
is 'the port is closed' "$(shown p1 authorized) $(shown p1 reason) $(shown p1 enabled)" '0 port-disabled 0'
ip -n ports link set p1 up
ok 'who takes it up beside the switch does not open it' wait_for 5 phone_link 0
is '... closed' "$(shown p1 link)" 0
is 'until it is enabled' "$(ask '{"verb":"port","port":"p1","link":"up"}')" '{"ok":true}'
ok 'then the phone is back' authorised
is 'as the port says' "$(shown p1 enabled)" 1
like 'a state of a link that is none' "$(ask '{"verb":"port","port":"p1","link":"open"}')" '"usage"'

stop phone.wpa
stop switch
is 'the switch ends' $? 0
stop radius
is 'no secret is in its log' "$(grep -cE 'testing123|das-secret' switch.log)" 0
done_testing
