#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# portcall-phone behind an open port: address by udhcpc, both files over HTTPS, version gate, refusals.
# Two namespaces and a veth pair; dnsmasq and nginx are real.
# shellcheck disable=SC2317 # functions that wait_for and ok call

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
need dnsmasq nginx openssl udhcpc jq perl

MAC=02:00:00:00:0a:01
DEVICE=op420adv_conf020000000A01.xml
CONTROL=$SCRATCH/phone.sock

# --- certificates and files -------------------------------------------------------------------------

# authority NAME: NAME.pem and NAME.key
authority() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -keyout "$1.key" \
		-out "$1.pem" -subj "/O=Portcall Test/CN=$1" -addext basicConstraints=critical,CA:TRUE
}

# server_certificate NAME CA EXTENSIONS: NAME.pem and NAME.key
server_certificate() {
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.csr" \
		-subj "/CN=$1" &&
		openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" -CAcreateserial -days 30 -out "$1.pem" \
			-extfile <(printf '%s\n' "$3")
}

# document NAME ITEM=VALUE...: a provisioning file at the server
document() {
	local name=$1 pair
	shift
	{
		echo '<?xml version="1.0" encoding="UTF-8"?>'
		echo '<DLSMessage><Message><Action>WriteItems</Action><ItemList>'
		for pair; do
			printf '<Item name="%s">%s</Item>\n' "${pair%%=*}" "${pair#*=}"
		done
		echo '</ItemList></Message></DLSMessage>'
	} >"www/$name.new"
	mv "www/$name.new" "www/$name"
}

mkdir www
{
	authority ca && authority other &&
		server_certificate server ca 'extendedKeyUsage=serverAuth
subjectAltName=IP:10.77.20.1'
} >openssl.log 2>&1 || bail 'openssl failed'
PIN=$(openssl x509 -in server.pem -outform DER | sha256sum | cut -d' ' -f1)

# --- the network --------------------------------------------------------------------------------------

netns srv ph
ip link add s0 netns srv type veth peer name p0 netns ph
ip -n ph link set p0 address "$MAC"
ip -n srv address add 10.77.20.1/24 dev s0
ip -n srv link set s0 up

cat >dnsmasq.conf <<END
port=0
no-ping
interface=s0
bind-interfaces
dhcp-range=10.77.20.50,10.77.20.99,255.255.255.0,1h
dhcp-vendorclass=set:phone,OptiIpPhone
dhcp-option=tag:phone,vendor:OptiIpPhone,3,"https://10.77.20.1/prov/"
dhcp-option=tag:phone,vendor:OptiIpPhone,1,"Siemens"
dhcp-leasefile=$SCRATCH/leases
log-dhcp
END
cat >nginx.conf <<END
daemon off;
pid $SCRATCH/nginx.pid2;
error_log $SCRATCH/nginx-error.log info;
worker_processes 1;
user root;
events { }
http {
	access_log $SCRATCH/access.log combined;
	log_format sessions '\$request_uri \$status \$ssl_session_reused \$connection \$ssl_protocol';
	access_log $SCRATCH/sessions.log sessions;
	client_body_temp_path $SCRATCH/tmp1;
	proxy_temp_path $SCRATCH/tmp2;
	fastcgi_temp_path $SCRATCH/tmp3;
	uwsgi_temp_path $SCRATCH/tmp4;
	scgi_temp_path $SCRATCH/tmp5;
	server {
		listen 10.77.20.1:443 ssl;
		ssl_certificate $SCRATCH/server.pem;
		ssl_certificate_key $SCRATCH/server.key;
		ssl_session_cache shared:phones:1m;
		location /prov/ { alias $SCRATCH/www/; }
	}
	server { # as in 2006
		listen 10.77.20.1:8443 ssl;
		ssl_certificate $SCRATCH/server.pem;
		ssl_certificate_key $SCRATCH/server.key;
		ssl_protocols TLSv1;
		ssl_ciphers AES128-SHA:ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0;
		location /prov/ { alias $SCRATCH/www/; }
	}
}
END
start dnsmasq ip netns exec srv dnsmasq -d -C dnsmasq.conf
start nginx ip netns exec srv nginx -e nginx-error.log -p "$SCRATCH" -c nginx.conf
https_up() { ip netns exec srv openssl s_client -connect 10.77.20.1:443 </dev/null; }
wait_for 10 https_up || bail 'nginx does not start'

# --- the phone ----------------------------------------------------------------------------------------

# phone LINES...: (re)start it with these lines of configuration
phone() {
	[ ! -e phone.pid ] || ! alive phone || stop phone
	{
		printf 'interface = "p0"\nstore = "%s/store"\ncontrol = "%s"\nlog-level = "debug"\n' "$SCRATCH" "$CONTROL"
		printf '%s\n' "$@"
	} >phone.conf
	start phone ip netns exec ph "$BIN/portcall-phone" --no-dot1x --config phone.conf
}

seen() { grep -Eq -- "$1" phone.log; }
count() { grep -Ec -- "$1" phone.log; }
counted() { [ "$(count "$1")" -ge "$2" ]; }
# request VERB: the control socket's answer
request() {
	perl -MIO::Socket::UNIX -e 'my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die "no socket\n";
		print $s "{\"verb\":\"$ARGV[1]\"}\n"; print scalar <$s>' "$CONTROL" "$1"
}
status() { request status | jq -r "$1"; }
check() { request check | jq -e .ok; }
no_address() { [ -z "$(address_of_phone)" ]; }
address_of_phone() { ip -n ph -4 -o address show dev p0 | awk '{print $4}'; }

document op420adv_conf.xml system-config-version=1 dl-ftp-firmware-filename=fw1 e164-hostname=system
document "$DEVICE" device-config-version=1 e164-hostname=phone-a01

phone 'https-ca = "ca.pem"'
ok 'it is provisioned' wait_for 10 seen ' provisioned .*system_version=1 device_version=1'
like 'the address is on the interface' "$(address_of_phone)" '^10\.77\.20\.[0-9]+/24$'
like 'the address event names the URL of option 43' "$(grep ' address ' phone.log)" \
	'router=10\.77\.20\.1 server=10\.77\.20\.1 url=https://10\.77\.20\.1/prov/ source=dhcp'
ok 'the vendor class asks' grep -q 'vendor class: OptiIpPhone' dnsmasq.log
ok 'the host name is model and MAC address' grep -q 'client provides name: OP420ADV020000000a01' dnsmasq.log
# the look whether nginx is up may be a line of its own
requests() { grep '^/prov/' sessions.log; }
like 'both files, in order, over two connections' "$(requests | awk '{print $1, $2, $4}' | tr '\n' ';')" \
	"^/prov/op420adv_conf.xml 200 ([0-9]+);/prov/$DEVICE 200 ([0-9]+);$"
is 'two connections' "$(requests | awk '{print $4}' | sort -u | wc -l)" 2
is 'the second resumed the TLS session of the first (nginx)' "$(requests | awk '{print $3}' | tr '\n' ' ')" '. r '
is 'the second resumed it (phone)' "$(sed -n 's/.* fetch .*resumed=\([a-z]*\).*/\1/p' phone.log | tr '\n' ' ')" 'no yes '
is 'the store is private' "$(stat -c %a store store/active.xml | tr '\n' ' ')" '700 600 '
like 'device values override system values' "$(cat store/active.xml)" 'name="e164-hostname">phone-a01<'
is 'nothing half-written is left' "$(find store -name '*.tmp')" ''
is 'status: provisioned' "$(status .provisioned)" true
is 'status: versions' "$(status '.system_version + " " + .device_version')" '1 1'
is 'status: address' "$(status .address)" "$(address_of_phone)"
is 'status: what --no-dot1x does not know is null' "$(status '[.pae_state, .tls, .reason] | map(. == null) | all')" true
is 'the control socket is private' "$(stat -c %a "$CONTROL")" 600

# --- version gate -----------------------------------------------------------------------------------------

before=$(sha256sum store/active.xml)
document op420adv_conf.xml system-config-version=1 e164-hostname=changed
ok 'check' check
ok 'same versions: unchanged' wait_for 5 seen 'items reason=items-unchanged'
is 'the store is as it was' "$(sha256sum store/active.xml)" "$before"
document "$DEVICE" device-config-version=0 e164-hostname=phone-b
check >/dev/null
ok 'another device version, even a lower one: applied' wait_for 5 counted 'items reason=items-applied' 2
is 'status shows it' "$(status .device_version)" 0
like 'the value is stored' "$(cat store/active.xml)" 'e164-hostname">phone-b<'
like 'a value that no file names any more stays' "$(cat store/active.xml)" 'firmware-filename">fw1<'

# --- refusals: the old items stay -----------------------------------------------------------------------------

before=$(sha256sum store/active.xml)
printf '<!DOCTYPE x [<!ENTITY a "b">]>\n<L><Item name="system-config-version">9</Item></L>' >www/op420adv_conf.xml
check >/dev/null
ok 'a DOCTYPE is refused with its reason' wait_for 5 seen 'finding reason=xml-doctype'
ok 'the items event says that nothing was applied' seen 'items reason=items-refused'
is 'the old items stay' "$(sha256sum store/active.xml)" "$before"
is 'and in use' "$(status .system_version)" 1
head -c 1100000 /dev/zero | tr '\0' ' ' >www/op420adv_conf.xml
check >/dev/null
ok 'a file over 1 MiB is refused' wait_for 5 seen 'fetch reason=file-too-large'
rm www/op420adv_conf.xml
check >/dev/null
ok 'no system file: failed, with the status' wait_for 5 seen 'fetch reason=https-failed .*answered 404'
document op420adv_conf.xml system-config-version=3
rm "www/$DEVICE"
check >/dev/null
ok 'no device file: the system file is applied' wait_for 5 seen 'items reason=items-applied .*system_version=3'
ok 'the device file was asked for' seen "fetch url=.*$DEVICE status=404"

# --- stop and start again: what was stored is there ------------------------------------------------------------------

pid_of_udhcpc() { ip netns pids ph | while read -r p; do [ "$(cat "/proc/$p/comm")" = udhcpc ] && echo "$p"; done; }
udhcpc=$(pid_of_udhcpc)
ok 'one udhcpc runs' test "$(echo "$udhcpc" | wc -w)" = 1
stop phone
is 'SIGTERM: status 0' "$?" 0
ok 'it says so' seen ' stopped cause=SIGTERM'
ok 'udhcpc has ended' wait_for 5 gone "$udhcpc"
is 'the address is gone' "$(address_of_phone)" ''
ok 'the socket is gone' test ! -e "$CONTROL"
phone 'https-ca = "ca.pem"'
ok 'the next start is provisioned without a change' wait_for 10 seen ' provisioned .*system_version=3'
ok 'by the version gate' seen 'items reason=items-unchanged'
udhcpc=$(pid_of_udhcpc)
stop phone KILL
ok 'killed: udhcpc ends with the phone' wait_for 5 gone "$udhcpc"
ip -n ph address flush dev p0

# --- trust --------------------------------------------------------------------------------------------------------

phone 'https-ca = "other.pem"'
ok 'a server of another CA is refused' wait_for 10 seen 'fetch reason=https-untrusted'
like 'the detail names why' "$(grep 'https-untrusted' phone.log | head -1)" 'detail=.*server-unknown-ca'
ok 'the stored items stay in use' test "$(status .system_version)" = 3
is 'but it is not provisioned' "$(status .provisioned)" false
phone
ok 'without https-ca and https-pin nothing is fetched' wait_for 10 seen 'fetch reason=https-no-trust'
is 'not even a connection is made' "$(count 'fetch url=')" 0
phone 'https-verify = "none"'
ok 'https-verify = none: the fingerprint is shown' wait_for 10 seen "finding reason=https-unverified .*detail=$PIN"
phone "https-pin = \"$PIN\""
ok 'https-pin: the right certificate' wait_for 10 seen ' provisioned '
phone "https-pin = \"$(printf '%064d' 0)\""
ok 'https-pin: another certificate' wait_for 10 seen 'fetch reason=https-untrusted .*'"$PIN"
phone 'https-ca = "ca.pem"' 'https-verify = "full"'
ok 'https-verify = full: the address is in the certificate' wait_for 10 seen ' provisioned '

# --- link and static address ------------------------------------------------------------------------------------------

ip -n srv link set s0 down
ok 'link down' wait_for 5 seen 'link up=no'
ok 'the address goes' wait_for 5 no_address
is 'status: no link, not provisioned' "$(status '[.link, .provisioned, .address] | tostring')" '[false,false,null]'
ip -n srv link set s0 up
ok 'link up: again from the start' wait_for 10 counted ' provisioned ' 2
flaps=$(count 'link up=no')
ip -n srv -batch - <<<'link set s0 down
link set s0 up'
ok 'a link that is lost for a moment only is noticed' wait_for 5 counted 'link up=no' $((flaps + 1))
ok 'and begun again' wait_for 10 counted ' provisioned ' 3
ip -n ph link delete p0
ok 'an interface that is removed ends the phone' wait_for 5 seen ' stopped cause="the interface was removed"'
ip link add s0 netns srv type veth peer name p0 netns ph 2>/dev/null || bail 'no new interface'
ip -n ph link set p0 address "$MAC"
ip -n srv address add 10.77.20.1/24 dev s0
ip -n srv link set s0 up
old_server='provisioning-url = "https://10.77.20.1:8443/prov"'
static='address = "10.77.20.7/24"'
phone 'https-ca = "ca.pem"' "$static" "$old_server"
ok 'profile modern does not speak TLS 1.0' wait_for 10 seen 'fetch reason=https-failed'
phone 'https-ca = "ca.pem"' "$static" "$old_server" 'profile = "optipoint"'
ok 'profile optipoint does' wait_for 10 seen 'fetch url=.* tls=TLSv1 '
phone 'https-ca = "ca.pem"' 'address = "10.77.20.7/24"' 'router = "10.77.20.1"' 'provisioning-url = "https://10.77.20.1/prov"'
ok 'static address' wait_for 10 seen ' provisioned '
like 'is set' "$(address_of_phone)" '^10\.77\.20\.7/24$'
like 'with its route' "$(ip -n ph route show default)" 'via 10.77.20.1 dev p0'
stop phone
is 'and taken away' "$(address_of_phone)$(ip -n ph route show default)" ''

# --- usage and import ----------------------------------------------------------------------------------------------------

printf 'interface = "p0"\nheld-period = 0\n' >bad.conf
like 'a wrong setting is one sentence with its line' "$("$BIN/portcall-phone" --check-config --config bad.conf 2>&1)" \
	'bad.conf:2: held-period = 0 is not in'
printf 'interface = "p0"\nstore = "%s/new/store"\n' "$SCRATCH" >import.conf
document one.xml system-config-version=5 a=system
document two.xml device-config-version=6 a=device
ok '--import' "$BIN/portcall-phone" --config import.conf --import www/one.xml www/two.xml
like 'both files are there' "$(cat new/store/active.xml)" 'name="a">device<'
not_ok 'not twice what is refused' "$BIN/portcall-phone" --config import.conf --import phone.conf
like '802.1X without a pass phrase is one sentence' \
	"$(ip netns exec ph "$BIN/portcall-phone" --config import.conf 2>&1)" 'There is no pass phrase'
printf 'secret\n' >pass
chmod 644 pass
printf 'interface = "p0"\npassphrase-file = "pass"\n' >open.conf
like 'a pass phrase file that everybody may read is refused' \
	"$("$BIN/portcall-phone" --config open.conf 2>&1)" 'everybody may read'
not_ok 'no secret in the log' grep -q secret phone.log

done_testing
