#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Accounting with FreeRADIUS, which writes what it is told into a detail file.
# shellcheck disable=SC2317 # functions that wait_for calls
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/switch.sh
. "$ROOT/tests/system/switch.sh"
# shellcheck source=tests/system/dot1x.sh
. "$ROOT/tests/system/dot1x.sh"

netns ports mgmt phone server
plug p1 phone
plug p2 server
ip -n phone addr add 10.77.20.5/24 dev e0
ip -n server addr add 10.77.20.1/24 dev e0
phone_mac=$(ip netns exec phone cat /sys/class/net/e0/address)
station=$(tr a-f: A-F- <<<"$phone_mac")
make_radius radius 1812
# The accounting server is one of its own, so that it can be away alone.
make_radius books 1912 "detail {
				filename = $SCRATCH/detail
				permissions = 0600
			}" "listen {
				type = acct
				ipaddr = 127.0.0.1
				port = 1813
			}
			accounting {
				detail
			}"
sed -i '/Tunnel-Private-Group-Id/a\					\&Class := "blue"\n					\&Acct-Interim-Interval := 60' \
	radius/radiusd.conf
start_radius radius

write_conf() {
	conf_head | sed 's|address = 127.0.0.1|&\n accounting-port = 1813 timeout = 1 attempts = 2|'
	cat <<-END
		nas-identifier = lab
		accounting-wait = $1
		vlan voice { id = 20 }
		port p1 { quiet-period = 1 tx-period = 1 }
		port p2 { mode = force-authorized vlan = voice }
	END
}
write_conf 5 >switch.conf

# record N FIELD: a field of the N-th record of the detail file.
record_field() {
	awk -v n="$1" -v field="$2" 'BEGIN { RS = "" } NR == n' detail 2>/dev/null |
		sed -n "s/^[[:space:]]*$2 = \"\\{0,1\\}\\([^\"]*\\)\"\\{0,1\\}$/\\1/p"
}
records() {
	[ "$(grep -c Acct-Status-Type detail)" -ge "$1" ]
}
queued() {
	[ "$(ask '{"verb":"radius"}' | field accounting.queued)" = "$1" ]
}
at_least_queued() {
	[ "$(ask '{"verb":"radius"}' | field accounting.queued)" -ge "$1" ]
}

# --- a session ----------------------------------------------------------------------------------------

start_radius books
start_switch switch.conf p1 p2
start_wpa phone
ok 'the phone is authorised' wait_for 20 is_shown p1 authorized 1
session=$(shown p1 session)
ok 'the server is told of the start' wait_for 10 records 1
is 'as a start of that session' "$(record_field 1 Acct-Status-Type) $(record_field 1 Acct-Session-Id)" \
	"Start $session"
is 'who' "$(record_field 1 User-Name) $(record_field 1 Calling-Station-Id)" "phone1 $station"
is 'where' "$(for f in NAS-Identifier NAS-Port NAS-Port-Id NAS-Port-Type NAS-IP-Address; do
	record_field 1 $f
done | xargs)" 'lab 1 p1 Ethernet 127.0.0.1'
is 'in which VLAN' "$(record_field 1 Tunnel-Private-Group-Id:0)" 20
is 'with the Class of the Accept' "$(record_field 1 Class)" 0x626c7565
is 'the Accept is shown' "$(shown p1 grant.interim)" 60
ok 'the queue is empty' wait_for 5 queued 0

reaches() {
	ip netns exec phone ping -c 3 -i 0.1 -s 1000 -W 1 10.77.20.1
}
ok 'the phone uses its VLAN' wait_for 5 reaches
wpa phone logoff >/dev/null
ok 'the server is told of the stop' wait_for 10 records 2
is 'as the stop of that session' \
	"$(record_field 2 Acct-Status-Type) $(record_field 2 Acct-Session-Id) $(record_field 2 Acct-Terminate-Cause)" \
	"Stop $session User-Request"
in=$(record_field 2 Acct-Input-Octets)
out=$(record_field 2 Acct-Output-Octets)
ok 'the octets of three pings in and out' test "${in:-0}" -ge 3126 -a "${out:-0}" -ge 3126
ok 'and their packets' test "$(record_field 2 Acct-Input-Packets)" -ge 3
like 'and the time' "$(record_field 2 Acct-Session-Time)" '^[0-9]$'

wpa phone logon >/dev/null
ok 'a second session' wait_for 20 records 3
ip -n phone link set e0 down
ok 'ends when it is unplugged' wait_for 10 records 4
is 'for that reason' "$(record_field 4 Acct-Terminate-Cause)" Lost-Carrier
not_ok 'in a session of its own' test "$(record_field 4 Acct-Session-Id)" = "$session"

# --- the server is away -------------------------------------------------------------------------------

stop books
ip -n phone link set e0 up
ok 'without accounting the phone is let in all the same' wait_for 20 is_shown p1 authorized 1
kept=$(shown p1 session)
ask '{"verb":"reauth","port":"p1"}' >/dev/null
wpa phone logoff >/dev/null
ok 'its records are kept' wait_for 10 at_least_queued 2
ok 'the server is known to be away' wait_for 10 grep -q \
	'warn radius-server server=main accounting=yes alive=no' switch.log
start_radius books
ok 'and sent when the server is back' wait_for 60 queued 0
is 'in their order' "$(record_field 5 Acct-Status-Type) $(record_field 6 Acct-Status-Type)" 'Start Stop'
is 'of that session' "$(record_field 5 Acct-Session-Id) $(record_field 6 Acct-Session-Id)" "$kept $kept"
ok 'saying how long they waited' test "$(record_field 5 Acct-Delay-Time)" -ge 2

# --- the end ------------------------------------------------------------------------------------------

wpa phone logon >/dev/null
ok 'a session' wait_for 20 records 7
stop switch
is 'the switch ends' $? 0
ok 'and has told of its end' records 8
is 'for that reason' "$(record_field 8 Acct-Status-Type) $(record_field 8 Acct-Terminate-Cause)" \
	'Stop Admin-Reboot'

stop books
write_conf 1 >switch.conf
start_switch switch.conf p1 p2
ok 'a session that cannot be told' wait_for 20 is_shown p1 authorized 1
before=${EPOCHREALTIME//[!0-9]/}
stop switch
is 'the switch ends all the same' $? 0
after=${EPOCHREALTIME//[!0-9]/}
ok 'when it has waited for a second' test $((after - before)) -ge 900000 -a $((after - before)) -lt 3000000

stop phone.wpa
stop radius
done_testing
