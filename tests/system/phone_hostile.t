#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# portcall-phone in bad company: hostile HTTPS and DHCP servers, a control socket that is abused, a store that
# cannot be written, an end at each moment.  The phone lives, says what is wrong and leaves nothing behind.
# shellcheck disable=SC2317 # functions that wait_for and ok call

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/phone.sh
. "$(dirname "$0")/phone.sh"
need dnsmasq nginx udhcpc

mkdir www
{
	authority ca && certificate server ca 'extendedKeyUsage=serverAuth
subjectAltName=IP:10.77.20.1'
} >openssl.log 2>&1 || bail 'openssl failed'
document system-config-version=1 e164-hostname=good >www/op420adv_conf.xml
head -c 100 www/op420adv_conf.xml >www/truncated.xml
printf '' >www/empty.xml
head -c 5000 /dev/urandom >www/random.xml
gzip -c www/op420adv_conf.xml >www/gzip.xml
{ printf '<a>%.0s' {1..5000}; } >www/deep.xml
{
	printf '<ItemList>'
	printf '<Item name="n%d">v</Item>' {1..9000}
	printf '</ItemList>'
} >www/many.xml

cable

# dnsmasq_with [OPTION43]: a DHCP server that sends this option 43 (hexadecimal octets with colons)
dnsmasq_with() {
	[ ! -e dnsmasq.pid ] || ! alive dnsmasq || stop dnsmasq
	cat >dnsmasq.conf <<-END
		port=0
		no-ping
		interface=s0
		bind-interfaces
		dhcp-range=10.77.20.50,10.77.20.99,255.255.255.0,1h
		dhcp-leasefile=$SCRATCH/leases
		log-dhcp
		${1:+dhcp-option-force=43,$1}
	END
	start dnsmasq ip netns exec srv dnsmasq -d -C dnsmasq.conf
	wait_for 5 grep -q 'sockets bound exclusively' dnsmasq.log
}

# url_option TEXT: option 43 with this URL
url_option() {
	{
		printf '\1\7Siemens\3'
		# shellcheck disable=SC2059 # the length as an octet
		printf "\\x$(printf %x "${#1}")"
		printf '%s' "$1"
	} | od -An -v -tx1 | tr -s ' \n' ':' | sed 's/^://;s/:$//'
}

cat >nginx.conf <<END
daemon off;
pid $SCRATCH/nginx.pid2;
error_log $SCRATCH/nginx-error.log info;
worker_processes 1;
user root;
events { }
http {
	access_log $SCRATCH/access.log combined;
	client_body_temp_path $SCRATCH/tmp1;
	proxy_temp_path $SCRATCH/tmp2;
	fastcgi_temp_path $SCRATCH/tmp3;
	uwsgi_temp_path $SCRATCH/tmp4;
	scgi_temp_path $SCRATCH/tmp5;
	ssl_certificate $SCRATCH/server.pem;
	ssl_certificate_key $SCRATCH/server.key;
	server {
		listen 10.77.20.1:443 ssl;
		location /prov/ { alias $SCRATCH/www/; }
		location /moved/ { return 302 https://10.77.20.1/prov/op420adv_conf.xml; }
		location /broken/ { return 500; }
		location /nothing/ { return 204; }
		location /slow/ { alias $SCRATCH/www/; limit_rate 10; }
	}
}
END
start nginx ip netns exec srv nginx -e nginx-error.log -p "$SCRATCH" -c nginx.conf
https_up() { ip netns exec srv openssl s_client -connect "10.77.20.1:$1" </dev/null; }
wait_for 10 https_up 443 || bail 'nginx does not start'

# phone PATH LINES...: with a static address
phone() {
	configure 'https-ca = "ca.pem"' 'address = "10.77.20.7/24"' "provisioning-url = \"https://10.77.20.1$1\"" "${@:2}"
	run_phone --no-dot1x
}

# --- HTTPS servers ------------------------------------------------------------------------------------

phone /moved
ok 'a redirect is not followed' wait_for 10 seen 'fetch reason=https-failed .*answered 302'
phone /broken
ok 'a server error is one' wait_for 10 seen 'fetch reason=https-failed .*answered 500'
ok 'and tried again' wait_for 10 counted 'fetch reason=https-failed .*answered 500' 2
phone /nothing
ok 'an answer without content is none' wait_for 10 seen 'fetch reason=https-failed .*answered 204'
is 'nothing was fetched behind the redirect' "$(grep -c 'GET /prov' access.log)" 0
for file in truncated:xml-syntax empty:xml-syntax random:xml-syntax gzip:xml-syntax deep:xml-too-deep many:xml-too-many-items; do
	phone /prov "config-name = \"${file%:*}\""
	ok "a file that is ${file%:*} is refused with its reason" wait_for 10 seen "finding reason=${file#*:}"
	ok 'and nothing of it is applied' wait_for 5 seen 'items reason=items-refused'
done

# endless PORT HEAD LINE: a server that sends HEAD, then LINE for ever
endless() {
	# shellcheck disable=SC2016 # perl's
	start "endless$1" ip netns exec srv perl -e '
		open my $out, "|-", "openssl", "s_server", "-quiet", "-accept", "10.77.20.1:$ARGV[0]", "-cert", "server.pem",
			"-key", "server.key" or die;
		my ($head, $line) = map { s/\\r/\r/gr =~ s/\\n/\n/gr } @ARGV[1, 2];
		print $out $head;
		print $out $line x 100 while 1' "$@"
	wait_for 5 listens "$1"
}
listens() { ip netns exec srv ss -Hltn "sport = :$1" | grep -q .; }
endless 8001 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n' '40\r\n0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\r\n'
endless 8002 'HTTP/1.1 200 OK\r\n' 'X-Header: again\r\n'
endless 8003 '' 'HTTP/1.1 100 Continue\r\n\r\n'
phone :8001
ok 'chunks without end: at 1 MiB it is too large' wait_for 20 seen 'fetch reason=file-too-large'
phone :8002
ok 'headers without end' wait_for 20 seen 'fetch reason=https-failed'
phone :8003
ok 'interim answers without end: the phone still answers' wait_for 5 status_is .link true
peak=$(awk '/VmHWM/ {print $2}' "/proc/$(cat phone.pid)/status")
ok "and has not eaten the memory ($peak kB)" test "$peak" -lt 65536
stop phone
is 'SIGTERM in the middle of it' "$?" 0
stop endless8001 KILL; stop endless8002 KILL; stop endless8003 KILL
phone /slow
ok 'a server that is slow' wait_for 5 status_is .bringup SYSTEM_FILE
begin=$SECONDS
stop phone
is 'SIGTERM in the middle of it' "$?" 0
ok 'at once' test $((SECONDS - begin)) -le 2

# a name server that does not answer
printf 'nameserver 10.77.20.99\noptions timeout:30\n' >resolv.conf
mount --bind resolv.conf /etc/resolv.conf || bail 'cannot replace resolv.conf'
configure 'https-ca = "ca.pem"' 'address = "10.77.20.7/24"' 'provisioning-url = "https://prov.test"'
run_phone --no-dot1x
ok 'a name server that is silent' wait_for 5 status_is .bringup SYSTEM_FILE
begin=$SECONDS
stop phone
is 'SIGTERM while it is asked' "$?" 0
ok 'at once' test $((SECONDS - begin)) -le 2
umount /etc/resolv.conf

# --- DHCP servers ---------------------------------------------------------------------------------------

dnsmasq_with "$(url_option 'http://10.77.20.1/prov')"
configure 'https-ca = "ca.pem"' 'provisioning-url = "https://10.77.20.1/prov"'
run_phone --no-dot1x
ok 'option 43 with another scheme than https' wait_for 10 seen 'fetch reason=provisioning-url-scheme .*http://10.77.20.1/prov'
is 'locks out what is configured' "$(status .url_locked)" true
is 'so nothing is fetched' "$(count 'fetch url=')" 0
dnsmasq_with "$(url_option 'https://user:secret@10.77.20.1/prov')"
ok 'renew' answers renew
ok 'a user in the URL' wait_for 10 seen 'fetch reason=provisioning-url-scheme .*url=https://user:secret@'
dnsmasq_with 01:07:53:69:65:6d:65:6e:73:03:ff:68:74
ok 'renew again' answers renew
ok 'an option that is cut off names nothing: the lock holds' wait_for 10 grep -q DHCPACK dnsmasq.log
is 'the URL stays' "$(status .url)" 'https://user:secret@10.77.20.1/prov'
dnsmasq_with "$(url_option 'https://10.77.20.1/prov/')"
ok 'and again' answers renew
ok 'a good one is used' wait_for 10 seen ' provisioned .*system_version=1'
released() { grep -q 'DHCPRELEASE' dnsmasq.log; }
ok 'release' answers release
ok 'the server hears it' wait_for 5 released
ok 'the address goes' wait_for 5 no_address
ok 'renew' answers renew
has_address() { ! no_address; }
ok 'brings it back' wait_for 10 has_address
ok 'and the files are looked at again' wait_for 10 counted 'items reason=items-unchanged' 1
dnsmasq_with
run_phone --no-dot1x
ok 'without option 43 what is configured is used' wait_for 10 seen ' provisioned '
is 'which is not locked' "$(status .url_locked)" false
rm dnsmasq.log
dnsmasq_with
stop phone
ok 'SIGTERM gives the lease back' wait_for 5 released

# --- the interface's address -------------------------------------------------------------------------------

document device-config-version=1 e164-hostname=second >www/op420adv_conf020000000A02.xml
run_phone --no-dot1x
ok 'provisioned' wait_for 10 seen ' provisioned '
ip -n ph link set p0 address 02:00:00:00:0a:02
ok 'another MAC address: everything begins again' wait_for 10 seen ' provisioned .*device_version=1'
is 'status shows it' "$(status .mac)" 02:00:00:00:0a:02
ok 'DHCP asks as the other phone' grep -q 'client provides name: OP420ADV020000000a02' dnsmasq.log

# --- the control socket ------------------------------------------------------------------------------------

abuse() {
	# shellcheck disable=SC2016 # perl's
	timeout 20 perl -MIO::Socket::UNIX -e '
		$SIG{PIPE} = "IGNORE";
		my @open = map { IO::Socket::UNIX->new(Peer => $ARGV[0]) } 1 .. 60;
		for my $s (grep { $_ } @open) {
			syswrite $s, ("{", "\0\0\n", "[1]\n", "{\"verb\":17}\n", "{\"verb\":\"logoff\",\"on\":3}\n", "null\n",
				"{\"verb\":\"status\"}\n" x 50, "{\"verb\":\"watch\"}\n" x 20, "x" x 70000)[rand 9];
		}
		close $_ for grep { $_ } @open;' "$CONTROL"
}
for _ in 1 2 3 4 5; do abuse; done
ok 'a control socket that is abused still answers' wait_for 5 status_is .provisioned true

# --- the store ----------------------------------------------------------------------------------------------

stop phone
mkdir -p full
mount -t tmpfs -o size=8k,mode=700 tmpfs full
head -c 100000 /dev/zero >full/ballast 2>/dev/null
sed -i 's,^store = .*,store = "full",' phone.conf
run_phone --no-dot1x
ok 'a full disk: the items are refused' wait_for 10 seen 'items reason=store-failed .*No space left'
is 'nothing is left beside' "$(ls full)" ballast
ok 'the phone lives' status_is .provisioned false
rm full/ballast
answers check >/dev/null
ok 'with room again it is provisioned' wait_for 10 seen ' provisioned '
document system-config-version=2 >www/op420adv_conf.xml
mount -o remount,ro full
answers check >/dev/null
ok 'a store that can only be read: refused' wait_for 10 seen 'items reason=store-failed .*Read-only'
is 'and what was there is in use' "$(status .system_version)" 1
stop phone
run_phone --no-dot1x
ok 'a start with it' wait_for 10 status_is .system_version 1
stop phone
umount full
sed -i "s,^store = .*,store = \"$SCRATCH/store\"," phone.conf

# damaged FILE: the phone starts, says so, and takes new items
damaged() {
	run_phone --no-dot1x
	ok "$1: said" wait_for 5 seen "finding reason=$2"
	ok "$1: provisioned from the server" wait_for 10 seen ' provisioned .*system_version=2'
	stop phone
}
truncate -s 60 store/active.xml
damaged 'active.xml is cut off' xml-syntax
head -c 300 /dev/urandom >store/active.xml
damaged 'active.xml is noise' xml-syntax
rm store/active.xml
mkfifo store/active.xml
damaged 'active.xml is a pipe' file-unreadable
rm store/active.xml
mkdir store/active.xml
run_phone --no-dot1x
ok 'active.xml is a directory: said' wait_for 5 seen 'finding reason=file-unreadable'
ok 'the phone lives' status_is .link true
stop phone
rmdir store/active.xml

# --- an end at each moment ---------------------------------------------------------------------------------------

clean() { no_udhcpc && [ ! -e "$CONTROL" ] && no_address; }
bad=
for ms in 0 2 4 6 8 10 13 16 20 25 30 40 50 70 100 150 200; do
	run_phone --no-dot1x
	sleep "$(printf '0.%03d' "$ms")"
	stop phone
	code=$?
	# before the handler is there the signal ends it, and there is nothing to leave
	[ "$code" = 0 ] || [ "$code" = 143 ] || bad+=" status $code after $ms ms;"
	clean || bad+=" left after $ms ms: $(pid_of_udhcpc) $(ls "$CONTROL" 2>/dev/null) $(address_of_phone);"
done
is 'SIGTERM at each moment leaves no udhcpc, no socket, no address' "$bad" ''
for ms in 5 15 30 60 120; do
	run_phone --no-dot1x
	sleep "$(printf '0.%03d' "$ms")"
	stop phone KILL
	wait_for 5 no_udhcpc || bad+=" after $ms ms"
done 2>/dev/null
is 'SIGKILL at each moment leaves no udhcpc' "$bad" ''
ip -n ph address flush dev p0

# a DHCP client that does not end
cat >stubborn <<'END'
#!/bin/bash
trap '' TERM
while :; do sleep 1; done
END
chmod 755 stubborn
mount --bind stubborn "$(readlink -f "$(command -v udhcpc)")" || bail 'cannot replace udhcpc'
run_phone --no-dot1x
stubborn() { ip netns pids ph | while read -r p; do grep -qa '/bash.*udhcpc' "/proc/$p/cmdline" && echo "$p"; done; }
runs() { [ -n "$(stubborn)" ]; }
ok 'a DHCP client that does not end' wait_for 5 runs
stop phone
is 'is ended' "$? $(stubborn)" '0 '
ok 'the phone says so' seen ' stopped cause=SIGTERM'
umount "$(readlink -f "$(command -v udhcpc)")"

done_testing
