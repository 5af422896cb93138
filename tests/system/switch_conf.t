#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Wrong usage and wrong configurations: one clear sentence each, exit status 2.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

SWITCH=$BIN/portcall-switch
(umask 077; echo testing123 >secret; : >empty)
(umask 022; echo testing123 >open)
printf '%0200d\n' 0 | install -m 600 /dev/stdin long

server='radius main { address = 127.0.0.1 secret-file = secret }'
port='port p1 { }'

# refused DESCRIPTION CONFIGURATION REGEX: --check-config says one sentence that matches, status 2.
refused() {
	local said status
	printf '%s\n' "$2" >switch.conf
	said=$("$SWITCH" --config switch.conf --check-config 2>&1)
	status=$?
	if [ "$status" = 2 ] && [ "$(wc -l <<<"$said")" = 1 ] && [[ $said == 'portcall-switch: '*. ]]; then
		like "$1" "$said" "$3"
	else
		is "$1" "status $status: $said" "status 2: one sentence that matches $3"
	fi
}

# --- usage --------------------------------------------------------------------------------------------

like '--version' "$("$SWITCH" --version)" '^portcall-switch [0-9]+\.[0-9]+\.[0-9]+$'
is '-V is the same' "$("$SWITCH" -V)" "$("$SWITCH" --version)"
like '--help' "$("$SWITCH" --help)" '^usage: portcall-switch'
"$SWITCH" --nonsense >said 2>&1
is 'an unknown option gives status 2' $? 2
"$SWITCH" switch.conf >said 2>&1
is 'an argument gives status 2' $? 2
is '... and one sentence' "$(cat said)" \
	'portcall-switch: "switch.conf" is no option; see portcall-switch --help.'
"$SWITCH" --config nowhere.conf --check-config >said 2>&1
is 'a missing file gives status 2' $? 2
is '... and one sentence' "$(cat said)" \
	'portcall-switch: Cannot read nowhere.conf: No such file or directory.'

printf '%s\n' "$server" 'vlan voice { id = 20 }' 'port p1 { vlan = voice }' \
	'port p2 { interface = eth7 mode = force-authorized vlan = 20 }' >good.conf
is 'a good one gives status 0 and no output' \
	"$("$SWITCH" --config good.conf --check-config 2>&1; echo $?)" 0
is 'the shipped one needs only its secret' \
	"$(sed "s|/etc/portcall/radius-secret|$SCRATCH/secret|" "$ROOT/configs/switch.conf" >shipped.conf
	"$SWITCH" --config shipped.conf --check-config 2>&1; echo $?)" 0

# --- syntax and values --------------------------------------------------------------------------------

refused 'an unknown key' $'fdb-agee = 3\n' "switch.conf:1: .*fdb-agee"
refused 'an unknown key in a section' "$server"$'\nport p1 {\n\tmood = auto\n}' "switch.conf:3: .*mood"
refused 'a section that is not closed' 'port p1 {' 'switch.conf'
refused 'a word for a number' 'fdb-age = soon' 'switch.conf:1: .*fdb-age'
refused 'a number out of range' 'fdb-age = 0' 'switch.conf:1: fdb-age = 0 is not in 1 to 1000000'
refused 'a log level that is none' 'log-level = loud' 'log-level = "loud" is not one of: error warn info debug'
refused 'a mode that is none' "$server port p1 { mode = open }" \
	'mode = "open" is not one of: auto force-authorized force-unauthorized'
refused 'a VLAN id out of range' 'vlan x { id = 4095 }' 'id = 4095 is not in 1 to 4094'
refused 'a period out of range' "$server port p1 { tx-period = 0 }" 'tx-period = 0 is not in 1 to 65535'
refused 'a MAC address that is none' "mac = x $server $port" 'mac = "x" is not the MAC address'
refused 'a group address as MAC' "mac = \"01:00:00:00:00:01\" $server $port" 'is not the MAC address of a station'
refused 'an address that is none' "nas-ip-address = here $server $port" 'nas-ip-address = "here" is not an IP address'
refused 'an empty control path' "control = \"\" $server $port" 'control is empty'

# --- sections -----------------------------------------------------------------------------------------

refused 'no ports' "$server" 'there is no port section'
refused 'no RADIUS server for an auto port' "$port" 'port p1: mode = auto needs a radius section'
refused 'a server without an address' "radius main { secret-file = secret } $port" 'radius main: address is missing'
refused 'a server with a host name' "radius main { address = localhost secret-file = secret } $port" \
	'radius main: address = "localhost" is not an IP address'
refused 'a server without a secret' "radius main { address = ::1 } $port" 'radius main: secret-file is missing'
refused 'a secret that is not there' "radius main { address = ::1 secret-file = none } $port" \
	'radius main: Cannot use the secret in none: No such file'
refused 'a secret for everybody to read' "radius main { address = ::1 secret-file = open } $port" \
	'Cannot use the secret in open: everybody may read'
refused 'an empty secret' "radius main { address = ::1 secret-file = empty } $port" 'its first line is empty'
refused 'a secret that is too long' "radius main { address = ::1 secret-file = long } $port" 'longer than 128 octets'
refused 'two servers of one name' "$server $server $port" 'switch.conf:1: .*main'
refused 'a VLAN without an id' "vlan voice { } $server $port" 'vlan voice: id is missing'
refused 'two VLANs of one id' "vlan a { id = 20 } vlan b { id = 20 } $server $port" 'vlan a and vlan b have the same id 20'
refused "a VLAN with another one's number as name" "vlan 30 { id = 20 } $server $port" 'vlan 30: the name is the number of another VLAN'
refused 'a port in a VLAN that is not there' "$server port p1 { vlan = voice }" 'port p1: there is no vlan voice'
refused 'an open port without a VLAN' 'port p1 { mode = force-authorized }' 'port p1: a force-authorized port needs a vlan'
refused 'two ports at one interface' "$server port p1 { interface = e0 } port p2 { interface = e0 }" \
	'port p1 and port p2 have the same interface e0'
refused 'a port name that could be a path' "$server port \"../p1\" { interface = e0 }" 'port "../p1": a name has'
refused 'an interface name that cannot be' "$server port p1 { interface = abcdefghijklmnop }" \
	'"abcdefghijklmnop" is not the name of a network interface'

# --- dynamic authorisation ----------------------------------------------------------------------------

das() {
	printf 'dynamic-authorisation { %s }\n%s\n%s\n' "$1" "$server" "$port"
}
client='client a { address = ::1 secret-file = secret }'
refused 'no address to listen at' "$(das "$client")" 'dynamic-authorisation: address is missing'
refused 'a name to listen at' "$(das "address = localhost $client")" 'address = "localhost" is not an IP address'
refused 'no clients' "$(das 'address = ::')" 'dynamic-authorisation: there are not 1 to 16 client sections'
refused 'a client without an address' "$(das 'address = :: client a { secret-file = secret }')" \
	'dynamic-authorisation client a: address is missing'
refused 'a client without a secret' "$(das 'address = :: client a { address = ::1 }')" \
	'dynamic-authorisation client a: secret-file is missing'
refused 'a secret for everybody to read' "$(das 'address = :: client a { address = ::1 secret-file = open }')" \
	'client a: Cannot use the secret in open: everybody may read'
refused 'a window out of range' "$(das "address = :: window = 0 $client")" 'window = 0 is not in 1 to 86400'
refused 'a choice that is none' "$(das "address = :: event-timestamp = no $client")" \
	'event-timestamp = "no" is not one of: required optional'
two="dynamic-authorisation { address = :: $client }"
refused 'two of them' "$two $two $server $port" \
	'more than one dynamic-authorisation'

# --- the world around it: status 1 --------------------------------------------------------------------

# fails DESCRIPTION SENTENCE: good.conf does not start, with just this sentence.
fails() {
	local said
	said=$(timeout 10 "$SWITCH" --config good.conf 2>&1)
	is "$1: status 1" $? 1
	is '... and one sentence' "$said" "portcall-switch: $2"
}

sed -i "1i control = $SCRATCH/switch.sock" good.conf
fails 'an unknown interface' "There is no network interface p1 in the ports' network namespace."
sed -i '1i ports-namespace = nowhere' good.conf
fails 'an unknown namespace' \
	'Cannot open the network namespace /run/netns/nowhere: No such file or directory; make it with ip netns add.'
netns ports
ip link add p1 netns ports type veth peer name x1
ip link add eth7 netns ports type veth peer name x2
sed -i '1s/.*/ports-namespace = ports/' good.conf
sed -i '1i capture-dir = /run/nowhere' good.conf
fails 'a capture-dir that is not there' \
	'Cannot write the capture /run/nowhere/p1.pcap: No such file or directory.'
sed -i '1d' good.conf
printf '%s\n' 'dynamic-authorisation { address = 192.0.2.9 client a { address = ::1 secret-file = secret } }' >>good.conf
fails 'an address that is not here' \
	'Cannot listen for dynamic authorisation at 192.0.2.9 port 3799: Cannot assign requested address.'
sed -i '$d' good.conf
mkdir switch.sock
timeout 10 "$SWITCH" --config good.conf >said 2>&1
is 'a control path that is taken: status 1' $? 1
like '... and one sentence' "$(cat said)" "^portcall-switch: .*$SCRATCH/switch.sock.*\\.$"
rmdir switch.sock
start switch "$SWITCH" --config good.conf
ok 'without these it starts' wait_for 10 test -S switch.sock
timeout 10 "$SWITCH" --config good.conf >said 2>&1
is 'a second one does not' $? 1
ok 'the first one keeps its socket' test -S switch.sock
stop switch
is 'and ends as it should' $? 0

# the ports in the management's namespace: it runs, says that this is not isolated, and leaves others' IPv6 alone
ip link add p1 type veth peer name y1
ip link add eth7 type veth peer name y2
sed -i '/^ports-namespace/d' good.conf
start shared "$SWITCH" --config good.conf
ok 'it starts in a shared namespace' wait_for 10 grep -q 'info started' shared.log
ok '... with a warning' grep -q 'warn isolation isolated=no why="the ports share' shared.log
is 'IPv6 is off for the ports only' \
	"$(cat /proc/sys/net/ipv6/conf/{p1,eth7,y1,all}/disable_ipv6 | tr -d '\n')" 1100
stop shared
is 'nothing is left behind' "$(find . -name '*sock*')" ''

done_testing
