#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Real IP stacks with their offloads on talk through the switch, and the captures are whole.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/switch.sh
. "$ROOT/tests/system/switch.sh"
need nginx curl dnsmasq udhcpc tshark

netns ports mgmt server client
plug p1 server
plug p2 client
for station in server client; do
	ip netns exec "$station" sysctl -qw net.ipv6.conf.all.disable_ipv6=0 \
		net.ipv6.conf.default.disable_ipv6=0 net.ipv6.conf.e0.disable_ipv6=0
done
ip -n server addr add 10.77.20.1/24 dev e0
ip -n server addr add fd77:20::1/64 dev e0 nodad
ip -n client addr add fd77:20::2/64 dev e0 nodad

mkdir captures
{
	conf_head
	cat <<-END
		capture-dir = "$SCRATCH/captures"
		vlan voice { id = 20 }
		port p1 { mode = force-authorized vlan = voice }
		port p2 { mode = force-authorized vlan = voice }
	END
} >switch.conf
start_switch switch.conf p1 p2

# --- DHCP ---------------------------------------------------------------------------------------------

start dnsmasq ip netns exec server dnsmasq -d -C /dev/null -p 0 -i e0 --user=root --no-ping \
	--dhcp-range=10.77.20.100,10.77.20.200,255.255.255.0,1h --dhcp-leasefile="$SCRATCH/leases"
cat >lease.sh <<'END'
#!/bin/sh
[ "$1" = bound ] && echo "$ip" >"$SCRATCH/lease" && ip addr add "$ip/24" dev "$interface"
exit 0
END
chmod +x lease.sh
ok 'udhcpc gets a lease through the switch' \
	ip netns exec client udhcpc -i e0 -f -q -n -t 10 -T 1 -s "$SCRATCH/lease.sh"
like 'the lease is of the server' "$(cat lease 2>/dev/null)" '^10\.77\.20\.'

# --- TCP ----------------------------------------------------------------------------------------------

mkdir www
head -c 3000000 /dev/urandom >www/blob
cat >nginx.conf <<END
user root;
pid $SCRATCH/nginx.pid.nginx;
error_log $SCRATCH/nginx.error;
worker_processes 1;
events {}
http {
	access_log off;
	sendfile on;
	server {
		listen 80;
		listen [::]:80;
		root $SCRATCH/www;
		client_body_temp_path $SCRATCH;
	}
}
END
start nginx ip netns exec server nginx -c "$SCRATCH/nginx.conf" -g 'daemon off;'
for address in 10.77.20.1 '[fd77:20::1]'; do
	url=http://$address/blob
	ok "nginx answers at $address" wait_for 5 ip netns exec client curl -gsfI "$url"
	ok '3 MB by TCP arrive' ip netns exec client curl -gsf --max-time 20 -o got "$url"
	ok '... as they were' cmp got www/blob
	rm -f got
done

stop nginx
stop dnsmasq
stop switch
is 'the switch ends' $? 0

# --- captures -----------------------------------------------------------------------------------------

# count PORT FILTER: frames of the capture that match
count() {
	tshark -r "captures/$1.pcap" -o ip.check_checksum:TRUE -o tcp.check_checksum:TRUE \
		-o udp.check_checksum:TRUE -Y "$2" 2>/dev/null | wc -l
}
bad='ip.checksum.status == "Bad" || tcp.checksum.status == "Bad" || udp.checksum.status == "Bad"'
for port in p1 p2; do
	is "$port.pcap has no malformed frame" "$(count $port _ws.malformed)" 0
	is "$port.pcap has no bad checksum" "$(count $port "$bad")" 0
	ok "$port.pcap has good TCP checksums" test "$(count $port 'tcp.checksum.status == "Good"')" -gt 20
	ok "$port.pcap has the DHCP exchange" test "$(count $port dhcp)" -ge 4
	ok "$port.pcap has frames of several segments, so offloads were on" \
		test "$(count $port 'frame.len > 1514 && tcp')" -gt 5
	is "$port.pcap is readable by its owner only" "$(stat -c %a captures/$port.pcap)" 600
done
frames=$(count p1 'tcp.srcport == 80 && tcp.len > 0')
ok 'what came in by p1 left by p2' test "$(count p2 'tcp.srcport == 80 && tcp.len > 0')" = "$frames"
is 'no segment was lost on the way' "$(count p2 tcp.analysis.lost_segment)" 0

done_testing
