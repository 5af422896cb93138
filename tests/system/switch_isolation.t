#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A closed port is closed: nothing of it reaches another port or the switch's own sockets, and
# nothing but EAPOL leaves by it.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/switch.sh
. "$ROOT/tests/system/switch.sh"

# evil: closed (auto).  bob, carl: open in 20.  dora: open in 30.  eve: force-unauthorized.
netns ports mgmt radius evil bob carl dora eve
plug p1 evil
plug p2 bob
plug p3 carl
plug p4 dora
plug p5 eve

# The management has an address, and a RADIUS server that never answers: the switch's socket is there.
ip link add rad0 netns mgmt type veth peer name e0 netns radius
ip -n mgmt addr add 10.99.0.1/24 dev rad0
ip -n radius addr add 10.99.0.2/24 dev e0
ip -n mgmt link set rad0 up
ip -n radius link set e0 up
management_mac=$(ip netns exec mgmt cat /sys/class/net/rad0/address | tr -d :)
radius_mac=$(ip netns exec radius cat /sys/class/net/e0/address | tr -d :)

{
	conf_head | sed 's/address = 127.0.0.1/address = 10.99.0.2/'
	cat <<-END
		mac = "02:00:00:00:5a:01"
		vlan data { id = 20 }
		vlan other { id = 30 }
		port p1 { }
		port p2 { mode = force-authorized vlan = data }
		port p3 { mode = force-authorized vlan = data }
		port p4 { mode = force-authorized vlan = other }
		port p5 { mode = force-unauthorized }
	END
} >switch.conf

for station in evil bob carl dora eve mgmt; do record "$station"; done
start_switch switch.conf p1 p2 p3 p4 p5

is 'an auto port begins closed' "$(shown p1 authorized)" 0
is 'a force-authorized port is open' "$(shown p2 authorized)" 1
is 'a force-unauthorized port is closed' "$(shown p5 authorized)" 0

# --- in by the closed port ----------------------------------------------------------------------------
# Every frame has the source 02:ee:ee:ee:ee:ee, which is looked for everywhere else.

all=ffffffffffff
src=02eeeeeeeeee
bob=$(ip netns exec bob cat /sys/class/net/e0/address | tr -d :)
pad=000000000000000000000000000000000000

arp_for_management=0806000108000604000102eeeeeeeeee0a6300020000000000000a630001$pad
arp_of_radius=0806000108000604000202eeeeeeeeee0a63000202eeeeeeeeee0a630001$pad
# IPv4 10.99.0.2 -> 10.99.0.1, UDP 1812 -> the switch's port, Access-Accept for identifier 0
udp_port=$(ip netns exec mgmt ss -Hlun | awk '{n=split($4, a, ":"); printf "%04x\n", a[n]}' | head -1)
forged_reply=08004500003000010000401165940a6300020a6300010714${udp_port}001c000002000014$pad
neighbour_solicitation=86dd6000000000203afffe8000000000000000eeeefffeeeeeeeff0200000000000000000001ff00000187000000000000fe800000000000000000000000000001010102eeeeeeeeee
router_advertisement=86dd6000000000183afffe8000000000000000eeeefffeeeeeeeff02000000000000000000000000000186000000400007080000000000000000010102eeeeeeeeee0000
is 'the switch has its RADIUS socket in the management' "${#udp_port}" 4

closed=(
	"$all$src$arp_for_management"
	"$management_mac$src$arp_for_management"
	"$management_mac$src$arp_of_radius"
	"$management_mac$src$forged_reply"
	"$all$src$forged_reply"
	"020000005a01$src$forged_reply"
	"3333ff000001$src$neighbour_solicitation"
	"333300000001$src$router_advertisement"
	"$all$src${arp_for_management/0a630001/0a000001}"
	"$bob$src$forged_reply"
	"01005e0000fb$src$forged_reply"
	"$all${src}81000014$arp_for_management"
	"$all${src}81000000$arp_for_management"
	"$all${src}88a8001481000014$arp_for_management"
	"0180c2000000${src}0026424203$pad$pad"
	"0180c200000e${src}88cc0207$pad$pad"
	"0180c2000003${src}0800$pad$pad"
	"$all${src}88c701010000$pad$pad"
)
before=$(shown p1 counters.drop_unauthorized)
ok 'frames of every kind go into the closed port' inject evil "${closed[@]}"
ok 'the switch counts each of them as dropped there' \
	wait_for 5 is_shown p1 counters.drop_unauthorized $((before + ${#closed[@]}))

# A last frame that may pass: whatever was forwarded before it has arrived when it does.
last_in=02bbbbbbbbbb
inject bob "$all${last_in}0806$pad$pad"
ok 'a frame between open ports of the VLAN arrives after them' wait_for 5 hears carl "^e0 $all$last_in"
ip netns exec radius ping -c 1 -W 5 10.99.0.1 >/dev/null
ok 'and one in the management' hears mgmt "^rad0 $management_mac$radius_mac"

for station in bob carl dora eve mgmt; do
	is "nothing of the closed port reached $station" "$(heard "$station" "$src|^[a-z0-9]+ .{24}(81|88a8)")" 0
done

# The same the other way: what left by a closed port has arrived when the answer to a Start does.
ok 'the switch answers an EAPOL-Start' answers_start evil 02eeeeeeeeee
is 'nothing but EAPOL came back out of it' "$(heard evil '^e0 .{24}')" "$(heard evil '^e0 .{24}888e')"
# shellcheck disable=SC2016
is 'no datagram came to the RADIUS socket' \
	"$(ip netns exec mgmt awk '/^Udp: [0-9]/ {print $2}' /proc/net/snmp)" 0
is 'the station is not in the database' "$(ask '{"verb":"fdb"}' | grep -c 02:ee:ee)" 0
is 'the port is still closed' "$(shown p1 authorized)" 0

# --- out by the closed ports --------------------------------------------------------------------------

src=02cccccccccc
open=(
	"$all$src$arp_for_management"
	"02dddddddddd$src$forged_reply"
	"01005e0000fb$src$forged_reply"
	"333300000001$src$router_advertisement"
)
closed_before=$(shown p1 counters.drop_egress_unauthorized)
inject bob "${open[@]}"
ok 'what bob floods is counted at the closed ports' \
	wait_for 5 is_shown p1 counters.drop_egress_unauthorized $((closed_before + ${#open[@]}))
ok 'at the force-unauthorized one too' at_least p5 counters.drop_egress_unauthorized ${#open[@]}
inject bob "$all${last_in}0806$pad$pad"
ok 'the open port of the VLAN has it all' wait_for 5 hears carl "^e0 $all$last_in" 2
is '... each frame once' "$(heard carl "$src")" ${#open[@]}
inject dora "$all${last_in}0806$pad$pad"
ok 'dora has sent a frame too' wait_for 5 at_least p4 counters.rx_frames 1
ok 'an EAPOL-Start is answered behind that' answers_start evil 02eeeeeeeeee
ok 'also at the force-unauthorized port' answers_start eve 02eeeeeeeeef
is 'nothing of it left by the closed port' "$(heard evil "$src")" 0
is 'nor by the force-unauthorized one' "$(heard eve "$src")" 0
is 'nor into another VLAN' "$(heard dora "$src")" 0
is 'and nothing of the other VLAN came back' "$(heard carl "^e0 $all$last_in")" 2

# --- what open ports do not pass ----------------------------------------------------------------------

src=02abababab01
inject bob "$all${src}81000014$arp_for_management" "$all${src}8100001e$arp_for_management" \
	"0180c2000000${src}0026424203$pad$pad" "0180c200000e${src}88cc0207$pad$pad" \
	"020000005a01${src}0800$pad$pad" "0180c2000003${src}888e01010000$pad$pad" \
	"0180c2000003${src}81000014888e01010000$pad$pad" "$all${src}8100e000$arp_for_management"
ok 'the priority-tagged frame arrives without its tag' wait_for 5 hears carl "^e0 $all${src}0806"
is '... and nothing else of these' "$(heard carl "$src") $(heard dora "$src")" '1 0'
is 'tagged frames were counted' "$(shown p2 counters.drop_vlan)" 2
is 'frames to link-local groups and to the switch were counted' "$(shown p2 counters.drop_link_local)" 3
is 'EAPOL went to the PAE, with and without a tag' "$(shown p2 counters.rx_eapol)" 2

# --- an IP stack among the ports ----------------------------------------------------------------------

ip -n ports addr add 10.99.0.77/24 dev p2
ok 'an address in the namespace of the ports takes their links down' wait_for 5 is_shown p3 link 0
ok 'and is reported' wait_for 5 grep -q 'error isolation isolated=no why="p2 has the address 10.99.0.77"' switch.log
not_ok 'no port is open then' eval 'ask "{\"verb\":\"show\"}" | grep -q "\"authorized\":true"'
ip -n ports addr del 10.99.0.77/24 dev p2
ok 'without it they come back' wait_for 5 is_shown p3 authorized 1

stop switch
is 'SIGTERM ends the switch' $? 0
not_ok 'its control socket is gone' test -e "$CONTROL"

ip -n ports addr add 10.99.0.77/24 dev p2
ip netns exec mgmt timeout 10 "$BIN/portcall-switch" --config switch.conf 2>said
is 'it does not start among addresses' "$?" 1
is '... and says so in one sentence' "$(cat said)" \
	'portcall-switch: The ports are not isolated: p2 has the address 10.99.0.77 in their network namespace; remove it, or give the ports a namespace of their own (ports-namespace).'

done_testing
