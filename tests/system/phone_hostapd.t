#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# portcall-phone with 802.1X: hostapd (driver wired, its own EAP server) is the authenticator.
# Authentication before the address, control verbs, first boot, roll-over of credentials and its failures.
# hostapd's wired driver does not block the port; what is tested here is what the phone does.  After a Logoff
# or a failure hostapd answers nothing for 5 seconds, hence the short start-period.
# shellcheck disable=SC2317 # functions that wait_for and ok call

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
need dnsmasq nginx openssl udhcpc jq perl hostapd

MAC=02:00:00:00:0a:02
CONTROL=$SCRATCH/phone.sock
PASS=correct-horse

# --- certificates and files -------------------------------------------------------------------------

# authority NAME: NAME.pem and NAME.key
authority() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -keyout "$1.key" \
		-out "$1.pem" -subj "/O=Portcall Test/CN=$1" -addext basicConstraints=critical,CA:TRUE
}

# certificate NAME CA EXTENSIONS: NAME.pem and NAME.key
certificate() {
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.csr" \
		-subj "/CN=$1" &&
		openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" -CAcreateserial -days 30 -out "$1.pem" \
			-extfile <(printf '%s\n' "$3")
}

# pkcs12 NAME PASSPHRASE: NAME.b64
pkcs12() {
	openssl pkcs12 -export -in "$1.pem" -inkey "$1.key" -passout "pass:$2" -out "$1.p12" &&
		openssl base64 -in "$1.p12" -out "$1.b64"
}

# document VERSION CLIENT CA: www/op420adv_conf.xml; CLIENT and CA may be ""
document() {
	{
		echo "<ItemList><Item name=\"system-config-version\">$1</Item>"
		[ -z "$2" ] || printf '<Item name="802.1x-certificate">%s</Item>\n' "$(cat "$2.b64")"
		[ -z "$3" ] || printf '<Item name="radius-server-ca1">%s</Item>\n' "$(cat "$3.pem")"
		echo '</ItemList>'
	} >www/new.xml
	mv www/new.xml www/op420adv_conf.xml
}

mkdir www
{
	authority ca && authority other &&
		certificate server ca 'extendedKeyUsage=serverAuth
subjectAltName=IP:10.77.20.1,DNS:radius.test' &&
		certificate phone1 ca extendedKeyUsage=clientAuth && pkcs12 phone1 $PASS &&
		certificate phone2 ca extendedKeyUsage=clientAuth && pkcs12 phone2 $PASS &&
		certificate stranger other extendedKeyUsage=clientAuth && pkcs12 stranger $PASS &&
		certificate locked ca extendedKeyUsage=clientAuth && pkcs12 locked another-pass-phrase
} >openssl.log 2>&1 || bail 'openssl failed'

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
dhcp-option=tag:phone,vendor:OptiIpPhone,3,"https://10.77.20.1"
dhcp-leasefile=$SCRATCH/leases
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
	client_body_temp_path $SCRATCH/tmp1;
	proxy_temp_path $SCRATCH/tmp2;
	fastcgi_temp_path $SCRATCH/tmp3;
	uwsgi_temp_path $SCRATCH/tmp4;
	scgi_temp_path $SCRATCH/tmp5;
	server {
		listen 10.77.20.1:443 ssl;
		ssl_certificate $SCRATCH/server.pem;
		ssl_certificate_key $SCRATCH/server.key;
		ssl_client_certificate $SCRATCH/ca.pem;
		ssl_verify_client optional;
		root $SCRATCH/www;
		location = /mutual.xml { if (\$ssl_client_verify != SUCCESS) { return 403; } }
	}
}
END
cat >hostapd.conf <<END
interface=s0
driver=wired
logger_stdout=-1
logger_stdout_level=0
ieee8021x=1
use_pae_group_addr=1
eap_server=1
eap_user_file=$SCRATCH/eap_users
ca_cert=$SCRATCH/ca.pem
server_cert=$SCRATCH/server.pem
private_key=$SCRATCH/server.key
END
echo '* TLS' >eap_users
start dnsmasq ip netns exec srv dnsmasq -d -C dnsmasq.conf
start nginx ip netns exec srv nginx -e nginx-error.log -p "$SCRATCH" -c nginx.conf
start hostapd ip netns exec srv hostapd -d hostapd.conf
https_up() { ip netns exec srv openssl s_client -connect 10.77.20.1:443 </dev/null; }
wait_for 10 https_up || bail 'nginx does not start'
wait_for 10 grep -q AP-ENABLED hostapd.log || bail 'hostapd does not start'

# --- the phone ----------------------------------------------------------------------------------------

(umask 077 && echo $PASS >passphrase)

# configure LINES...: phone.conf
configure() {
	printf 'interface = "p0"\nstore = "%s/store"\ncontrol = "%s"\nlog-level = "debug"\npassphrase-file = "%s"\n' \
		"$SCRATCH" "$CONTROL" "$SCRATCH/passphrase" >phone.conf
	printf 'https-ca = "%s/ca.pem"\nstart-period = 2\nauth-period = 5\n' "$SCRATCH" >>phone.conf
	printf '%s\n' "$@" >>phone.conf
}

# phone LINES...: (re)start it with these lines of configuration
phone() {
	[ ! -e phone.pid ] || ! alive phone || stop phone
	configure "$@"
	start phone ip netns exec ph "$BIN/portcall-phone" --config phone.conf
}

# seed FILE: a fresh store with it
seed() {
	[ ! -e phone.pid ] || ! alive phone || stop phone
	rm -rf store
	configure
	"$BIN/portcall-phone" --config phone.conf --import "$1" || bail 'the store cannot be seeded'
}

request() {
	perl -MIO::Socket::UNIX -e 'my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die "no socket\n";
		print $s "$ARGV[1]\n"; print scalar <$s>' "$CONTROL" "$1"
}
verb() { request "{\"verb\":\"$1\"${2:+,$2}}" | jq -e .ok; }
status() { request '{"verb":"status"}' | jq -r "$1"; }
certs() { request '{"verb":"certs"}' | jq -r "$1"; }
status_is() { [ "$(status "$1")" = "$2" ]; }
seen() { grep -Eq -- "$1" phone.log; }
count() { grep -Ec -- "$1" phone.log; }
counted() { [ "$(count "$1")" -ge "$2" ]; }
line_of() { grep -En -- "$1" phone.log | head -1 | cut -d: -f1; }
before() { [ "$(line_of "$1")" -lt "$(line_of "$2")" ]; }

# --- the usual morning --------------------------------------------------------------------------------

document 1 phone1 ca
seed www/op420adv_conf.xml
phone
ok 'it is provisioned' wait_for 15 seen ' provisioned .*system_version=1'
like 'authenticated' "$(grep ' authentication ' phone.log)" 'reason=authenticated .*tls=TLSv1'
ok 'EAPOL-Start at link-up' seen ' eapol-start count=1'
ok 'authentication before the address' before ' authentication reason=authenticated' ' address '
ok 'address before the files' before ' address ' ' fetch url'
ok 'hostapd agrees' grep -q 'CTRL-EVENT-EAP-SUCCESS2\? 02:00:00:00:0a:02' hostapd.log
is 'status' "$(status '[.pae_state, .authorized, .reason, .provisioned] | tostring')" \
	'["AUTHENTICATED",true,"authenticated",true]'
is 'certs: the client' "$(certs .client.subject)" CN=phone1
is 'certs: the anchor' "$(certs '.anchors[0].subject')" "$(openssl x509 -in ca.pem -noout -subject -nameopt RFC2253 | cut -d= -f2-)"
is 'certs: its fingerprint' "$(certs .client.sha256)" "$(openssl x509 -in phone1.pem -outform DER | sha256sum | cut -d' ' -f1)"
is 'the same items: not tried again' "$(count 'credentials-on-trial')" 0

# --- EAPOL with a tag (IEEE 802.1X-2004 7.4: priority-tagged or not at all) --------------------------------

# shellcheck disable=SC2016 # the text is Perl
# tagged TCI: an EAP-Request/Identity with this 802.1Q tag, from the authenticator's side
tagged() {
	ip netns exec srv perl -MSocket -e 'my ($index, $tci) = @ARGV;
		socket(my $s, 17, SOCK_RAW, 0) or die $!;
		my $frame = pack("H*", "0180c2000003020000000001" . "8100" . $tci . "888e" . "0200000501ff000501") . "\0" x 40;
		send($s, $frame, 0, pack("S n i S C C a8", 17, 0x888e, $index, 0, 0, 6, pack("H*", "0180c2000003"))) or die $!' \
		"$(ip netns exec srv cat /sys/class/net/s0/ifindex)" "$1"
}
received=$(status .counters.frames_rx)
ok 'a frame of VLAN 5 is sent' tagged 0005
ok 'a priority-tagged frame is sent' tagged e000
ok 'the priority-tagged one is taken, the other is not' wait_for 5 status_is .counters.frames_rx $((received + 1))
ok 'what was begun so is given up' wait_for 20 seen 'authentication reason=(authenticator-silent|radius-unreachable|too-long)'
ok 'and authenticated anew' wait_for 20 counted 'authentication reason=authenticated' 2

# --- control ----------------------------------------------------------------------------------------------

ok 'reauth' verb reauth
ok 'authenticates again' wait_for 10 counted 'authentication reason=authenticated' 3
is 'without closing the port' "$(count 'port authorized=no')" 0
ok 'logoff' verb logoff
ok 'closes the port' wait_for 5 status_is .authorized false
is 'PAE state' "$(status .pae_state)" LOGOFF
ok 'hostapd saw it' wait_for 5 grep -q 'EAPOL-Logoff' hostapd.log
ok 'the address is gone' wait_for 5 status_is .address null
ok 'logoff off' verb logoff '"on":false'
ok 'comes back' wait_for 20 counted ' provisioned ' 2

# --- new credentials --------------------------------------------------------------------------------------------

document 2 phone2 ca
ok 'check' verb check
ok 'new credentials are tried' wait_for 10 seen 'items reason=credentials-on-trial .*system_version=2'
ok 'and become active after the success' wait_for 20 seen 'items reason=credentials-confirmed'
ok 'provisioned with them' wait_for 20 seen ' provisioned .*system_version=2'
is 'certs shows the new one' "$(certs .client.subject)" CN=phone2
is 'the imported set is now the active one' "$(find store -name '*.xml' -printf '%f ')" 'active.xml '

document 3 locked ca
verb check >/dev/null
ok 'a PKCS#12 that the pass phrase does not open: refused' wait_for 10 seen 'items reason=items-refused .*p12-wrong-passphrase'
is 'the old one stays in use, the port open' "$(status '[.system_version, .authorized] | tostring')" '["2",true]'

document 4 stranger ca
verb check >/dev/null
ok 'credentials that the server refuses are tried' wait_for 10 seen 'credentials-on-trial .*system_version=4'
ok 'the server refuses them' wait_for 20 seen 'authentication reason=(client-refused|rejected)'
ok 'rolled back' wait_for 40 seen 'items reason=credentials-rejected .*system_version=4'
ok 'the last known good ones work' wait_for 20 seen 'items reason=credentials-refused-before'
ok 'provisioned with them' wait_for 10 status_is '[.system_version, .provisioned] | tostring' '["2",true]'
is 'tried once' "$(count 'credentials-on-trial .*system_version=4')" 1
verb check >/dev/null
ok 'not tried again' wait_for 10 counted 'items reason=credentials-refused-before' 2
is 'still once' "$(count 'credentials-on-trial .*system_version=4')" 1
document 5 stranger ca
verb check >/dev/null
ok 'tried again when the file changes' wait_for 10 seen 'credentials-on-trial .*system_version=5'
stop phone KILL
document 6 phone1 ca
phone
ok 'killed in the middle of the trial: goes on with it' wait_for 5 seen 'credentials-on-trial .*system_version=5'
ok 'rolls back' wait_for 40 seen 'items reason=credentials-rejected'
ok 'and takes the corrected file' wait_for 20 seen 'credentials-confirmed .*system_version=6'
ok 'provisioned' wait_for 20 seen ' provisioned .*system_version=6'

# --- stop ---------------------------------------------------------------------------------------------------------

logoffs=$(grep -c 'EAPOL-Logoff' hostapd.log)
stop phone
is 'SIGTERM: status 0' "$?" 0
more_logoffs() { [ "$(grep -c 'EAPOL-Logoff' hostapd.log)" -gt "$logoffs" ]; }
ok 'EAPOL-Logoff was sent' wait_for 5 more_logoffs

# --- first boot -----------------------------------------------------------------------------------------------------

configure
sed -i /passphrase-file/d phone.conf
PORTCALL_PASSPHRASE=$PASS start phone ip netns exec ph "$BIN/portcall-phone" --config phone.conf
ok 'a pass phrase from the environment' wait_for 10 seen 'credentials usable=yes'
not_ok 'is not in the environment any more' grep -qa "$PASS" "/proc/$(cat phone.pid)/environ"
not_ok 'nor in the command line' grep -qa "$PASS" "/proc/$(cat phone.pid)/cmdline"

rm -rf store
phone
ok 'first boot: new credentials by the open network' wait_for 10 seen 'credentials-on-trial .*system_version=6'
ok 'then it authenticates' wait_for 20 seen 'credentials-confirmed'
ok 'DHCP came before any EAPOL-Start' before ' address ' ' eapol-start '
ok 'and is provisioned' wait_for 20 seen ' provisioned .*system_version=6'

rm -rf store
phone 'restart = "reboot"'
wait_for 10 gone "$(cat phone.pid)"
wait "$(cat phone.pid)"
is 'restart = reboot: ends with status 10' "$?" 10
ok 'after it stored them' test -s store/imported.xml
phone 'restart = "reboot"'
ok 'the next start tries them' wait_for 20 seen 'credentials-confirmed'

# --- failures -----------------------------------------------------------------------------------------------------------

document 7 phone1 other
seed www/op420adv_conf.xml
phone 'held-period = 1'
ok 'a server of an unknown CA' wait_for 20 seen 'authentication reason=server-unknown-ca'
is 'no address behind a closed port' "$(count ' address ')" 0
document 8 phone1 ca
seed www/op420adv_conf.xml
phone 'radius-server-name = "radius.other"'
ok 'a server of another name' wait_for 20 seen 'authentication reason=server-name'
phone 'radius-server-name = "radius.test"'
ok 'the right name' wait_for 20 seen 'authentication reason=authenticated'
printf 'wrong\n' >passphrase
phone
ok 'a wrong pass phrase: the store is sealed' wait_for 10 seen 'finding reason=store-sealed'
ok 'a phone without credentials: no EAPOL-Start, DHCP from link-up' wait_for 20 seen ' address '
ok 'what the server has is no better' wait_for 20 seen 'credentials usable=no reason=p12-wrong-passphrase'
is 'no Start' "$(count eapol-start)" 0
echo $PASS >passphrase
phone
ok 'with the right one the stored items are there again' wait_for 10 seen 'credentials usable=yes'
not_ok 'no item is readable in the store' grep -q '802.1x-certificate' store/active.xml

# --- HTTPS with the phone's certificate ---------------------------------------------------------------------------------------

cp www/op420adv_conf.xml www/mutual.xml
phone 'config-name = "mutual"'
ok 'a server that asks for a certificate refuses a phone without' wait_for 10 seen 'fetch reason=https-failed .*answered 403'
phone 'config-name = "mutual"' 'https-client-certificate = "802.1x"'
ok 'https-client-certificate = 802.1x' wait_for 20 seen ' provisioned '

# --- no authenticator -------------------------------------------------------------------------------------------------------------

stop hostapd
phone 'open-after = 1'
ok 'nobody answers: the port is taken as open' wait_for 10 seen 'port authorized=yes reason=no-authenticator'
ok 'and the phone is provisioned' wait_for 20 seen ' provisioned '
start hostapd2 ip netns exec srv hostapd -d hostapd.conf
ok 'an authenticator that comes later is answered' wait_for 15 seen 'authentication reason=authenticated'
ok 'after which the address is asked for again' wait_for 10 counted ' provisioned ' 2
not_ok 'no secret in the log' grep -q "$PASS" phone.log

done_testing
