#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# 48 ports: start, stations learned, flushed and aged out, interfaces that vanish and return, modes.
# shellcheck disable=SC2317 # functions that wait_for calls
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/switch.sh
. "$ROOT/tests/system/switch.sh"

ports=48
netns ports mgmt stations
for ((i = 1; i <= ports; i++)); do
	echo "link add p$i netns ports type veth peer name h$i netns stations"
done | ip -b -
for ((i = 1; i <= ports; i++)); do echo "link set p$i up"; done | ip -n ports -b -
for ((i = 1; i <= ports; i++)); do echo "link set h$i up"; done | ip -n stations -b -

make_conf() { # AGE
	conf_head
	echo "fdb-age = $1"
	echo 'vlan data { id = 20 }'
	for ((i = 1; i <= ports; i++)); do
		echo "port p$i { mode = force-authorized vlan = data }"
	done
}

# say STATION: its station 02:00:00:00:aa:NN broadcasts.
say() {
	ip netns exec stations "$FRAME" send "h$1" \
		"ffffffffffff02000000aa$(printf %02d "$1")0806000000000000000000000000000000000000"
}

entries() {
	ask '{"verb":"fdb"}' | field entries
}

entries_are() {
	[ "$(entries)" = "$1" ]
}

# behind PORT N: the database has station N behind that port.
behind() {
	ask '{"verb":"fdb"}' | grep -q "\"mac\":\"02:00:00:00:aa:$(printf %02d "$2")\",\"vlan\":20,\"port\":\"$1\""
}

all_authorized() {
	[ "$(ask '{"verb":"show"}' | grep -o '"authorized":true' | wc -l)" = "$1" ]
}

make_conf 300 >long.conf
begin=${EPOCHREALTIME//[!0-9]/}
start_switch long.conf
ok '48 ports come up' wait_for 10 all_authorized "$ports"
diag "after $(((${EPOCHREALTIME//[!0-9]/} - begin) / 1000)) ms"

# --- stations -----------------------------------------------------------------------------------------

start recorder ip netns exec stations "$FRAME" record
wait_for 5 grep -q '^ready' recorder.log
for ((i = 1; i <= ports; i++)); do say "$i"; done
ok 'each port has learned its station' wait_for 5 entries_are "$ports"
ok 'station 7 is behind p7' behind p7 7
ok 'each broadcast reached the 47 others' \
	wait_for 10 eval "[ \$(grep -c ffffffffffff02000000aa recorder.log) = $((ports * (ports - 1))) ]"
stop recorder

ip netns exec stations "$FRAME" send h9 \
	"ffffffffffff02000000aa070806000000000000000000000000000000000000"
ok 'a station that moves is found behind its new port' wait_for 5 behind p9 7
is '... and nowhere else' "$(entries)" "$ports"

ip -n stations link set h9 down
ok 'a port that loses its link forgets its stations' wait_for 5 entries_are $((ports - 2))
ok 'and says that the link is down' is_shown p9 link 0
ip -n stations link set h9 up
ok 'the link comes back' wait_for 5 is_shown p9 authorized 1

like 'the control socket closes p5' \
	"$(ask '{"verb":"port","port":"p5","mode":"force-unauthorized"}')" '"ok": ?true'
is 'it is closed' "$(shown p5 authorized) $(shown p5 mode)" '0 force-unauthorized'
is 'and has forgotten its station' "$(entries)" $((ports - 3))
ask '{"verb":"port","port":"p5","mode":"force-authorized"}' >/dev/null
is 'and opens it again' "$(shown p5 authorized)" 1

# --- interfaces ---------------------------------------------------------------------------------------

ip -n ports link del p48
ok 'an interface that vanishes is a link that is down' wait_for 5 is_shown p48 link 0
ok 'the switch goes on' alive switch
ip link add p48 netns ports type veth peer name h48 netns stations
ip -n ports link set p48 up
ip -n stations link set h48 up
ok 'it is taken in again when it returns' wait_for 5 is_shown p48 authorized 1
say 48
ok 'and learns' wait_for 5 behind p48 48

# --- events -------------------------------------------------------------------------------------------

is 'watch begins with the start of the switch' "$(ask '{"verb":"watch"}' | field event)" started
is 'no frame was lost' "$(ask '{"verb":"show"}' | field lost)" 0

# --- requests that are wrong --------------------------------------------------------------------------

like 'an unknown port is refused' "$(ask '{"verb":"show","port":"p49"}')" '"code": ?"unknown-port"'
like 'an unknown mode too' "$(ask '{"verb":"port","port":"p1","mode":"open"}')" '"code": ?"usage"'
like 'a request without a port' "$(ask '{"verb":"reauth"}')" '"code": ?"usage"'
like 'what is no JSON' "$(ask '{"verb":')" '"error"'
like 'an unknown verb' "$(ask '{"verb":"dance"}')" '"error"'

stop switch INT
is 'SIGINT ends the switch' $? 0

# --- ageing -------------------------------------------------------------------------------------------

make_conf 1 >short.conf
start_switch short.conf
ok '48 ports come up again' wait_for 10 all_authorized "$ports"
say 1
ok 'a station is learned' wait_for 5 behind p1 1
ok 'and forgotten when nothing is heard of it for fdb-age' wait_for 5 entries_are 0
stop switch
is 'the switch ends' $? 0
is 'without an error in its log' "$(grep -c '^t=[0-9.]* error' switch.log)" 0

done_testing
