#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Links that are lost for a moment, interfaces that are replaced, notifications that are lost: a
# session never outlives its link unseen.
# shellcheck disable=SC2317 # functions that wait_for calls
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/switch.sh
. "$ROOT/tests/system/switch.sh"

netns ports mgmt phone
plug p1 phone
{
	conf_head
	echo 'vlan data { id = 20 }'
	echo 'port p1 { mode = force-authorized vlan = data }'
} >switch.conf
start_switch switch.conf p1

# losses: how often the switch said that p1 lost its link.
losses() {
	grep -c ' info link port=p1 up=no$' switch.log
}

more_losses_than() {
	[ "$(losses)" -gt "$1" ]
}

# --- the kernel tells a short loss as one change, or as none ------------------------------------------

for i in 1 2 3; do
	before=$(losses)
	printf 'link set e0 down\nlink set e0 up\n' | ip -n phone -b -
	ok "a loss for a moment is seen ($i)" wait_for 5 more_losses_than "$before"
	ok '... and the link is back' wait_for 5 is_shown p1 link 1
done

# --- while the switch does not run --------------------------------------------------------------------

before=$(losses)
kill -STOP "$(cat switch.pid)"
ip -n ports link del p1
plug p1 phone
kill -CONT "$(cat switch.pid)"
ok 'another interface of the same name is another link' wait_for 5 more_losses_than "$before"
ok '... which is taken in' wait_for 5 is_shown p1 link 1

ip -n ports link add busy type veth peer name busy2
ip -n ports link set busy up
kill -STOP "$(cat switch.pid)"
for ((i = 0; i < 8000; i++)); do echo "link set busy alias a$i"; done | ip -n ports -b -
# shellcheck disable=SC2016 # of awk
lost() { # netlink messages that the kernel dropped
	ip netns exec ports awk '{ n += $9 } END { exit n == 0 }' /proc/net/netlink
}
ok 'notifications are lost' lost
kill -CONT "$(cat switch.pid)"
before=$(losses)
ip -n phone link set e0 down
ok '... and a loss after that is seen all the same' wait_for 5 more_losses_than "$before"
ip -n phone link set e0 up
ok '... and the return' wait_for 5 is_shown p1 link 1
stop switch
is 'the switch ends' $? 0

# --- in the management's namespace --------------------------------------------------------------------

netns phone2
ip link add p1 type veth peer name e0 netns phone2
sed -i '/-namespace/d' switch.conf
ip link set p1 up
ip -n phone2 link set e0 up
start_switch switch.conf p1
ip link del p1
ok 'an interface that vanishes is a link that is down' wait_for 5 is_shown p1 link 0
echo 0 >/proc/sys/net/ipv6/conf/default/disable_ipv6
ip link add p1 type veth peer name e0 netns phone2
ok 'IPv6 is switched off when it returns' \
	wait_for 5 grep -q 1 /proc/sys/net/ipv6/conf/p1/disable_ipv6
ip link set p1 up
ip -n phone2 link set e0 up
ok '... so that it is isolated, and taken in' wait_for 5 is_shown p1 link 1
stop switch
is 'the switch ends' $? 0

done_testing
