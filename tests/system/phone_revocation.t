#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# crl-file and ocsp of portcall-phone: lists made by openssl ca and read again without restart, OCSP responses
# made by openssl ocsp and stapled by hostapd (driver wired, its own EAP server).
# shellcheck disable=SC2317 # functions that wait_for calls
# shellcheck source=tests/system/lib.sh

. "$(dirname "$0")/lib.sh"
need openssl jq perl hostapd faketime

CONTROL=$SCRATCH/phone.sock
PASS=correct-horse

# --- a CA with a database ----------------------------------------------------------------------------

cat >ca.conf <<END
[ca]
default_ca = it
[it]
database = $SCRATCH/index.txt
crlnumber = $SCRATCH/crlnumber
certificate = $SCRATCH/ca.pem
private_key = $SCRATCH/ca.key
default_md = sha256
default_crl_days = 7
crl_extensions = crl
[crl]
authorityKeyIdentifier = keyid
END

# certificate NAME SERIAL PURPOSE: NAME.pem and NAME.key
certificate() {
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.csr" \
		-subj "/CN=$1" &&
		openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -set_serial "$2" -days 30 -out "$1.pem" \
			-extfile <(printf 'extendedKeyUsage=%s\n' "$3")
}

# database [SERVER-STATUS]: what the CA knows of its certificates; V valid, R revoked
database() {
	local now
	now=$(date -u +%y%m%d%H%M%SZ)
	printf '%s\t%s\t%s\t%02X\tunknown\t/CN=%s\n' V 370101000000Z '' 18 phone1 \
		"${1:-V}" 370101000000Z "$([ "${1:-V}" = V ] || echo "$now,keyCompromise")" 17 server >index.txt
	printf 'unique_subject = no\n' >index.txt.attr
}

# list FILE: what is revoked now, put in place as one step
list() {
	openssl ca -config ca.conf -gencrl -out new.crl && mv new.crl "$1"
}

# response DAYS: what hostapd staples
response() {
	openssl ocsp -index index.txt -rsigner ca.pem -rkey ca.key -CA ca.pem -issuer ca.pem -cert server.pem \
		-ndays "$1" -respout new.ocsp -noverify && mv new.ocsp stapled.ocsp
}

echo 01 >crlnumber
{
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -keyout ca.key -out ca.pem \
		-subj '/O=Portcall Test/CN=ca' -addext basicConstraints=critical,CA:TRUE &&
		certificate server 17 serverAuth && certificate phone1 18 clientAuth &&
		openssl pkcs12 -export -in phone1.pem -inkey phone1.key -passout "pass:$PASS" -out phone1.p12 &&
		database V && list clean.crl && database R && list revoked.crl
} >openssl.log 2>&1 || bail 'openssl failed'
printf '<L><Item name="radius-server-ca1">%s</Item>\n<Item name="802.1x-certificate">%s</Item></L>\n' \
	"$(cat ca.pem)" "$(openssl base64 -in phone1.p12)" >items.xml

# --- the network and the phone ------------------------------------------------------------------------

netns srv ph
ip link add s0 netns srv type veth peer name p0 netns ph
ip -n srv link set s0 up
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
ocsp_stapling_response=$SCRATCH/stapled.ocsp
END
echo '* TLS' >eap_users
start hostapd ip netns exec srv hostapd -d hostapd.conf
wait_for 10 grep -q AP-ENABLED hostapd.log || bail 'hostapd does not start'
(umask 077 && echo $PASS >passphrase)

# phone LINES...: (re)start it with these lines of configuration
phone() {
	[ ! -e phone.pid ] || ! alive phone || stop phone
	printf 'interface = "p0"\nstore = "%s/store"\ncontrol = "%s"\npassphrase-file = "%s"\n' \
		"$SCRATCH" "$CONTROL" "$SCRATCH/passphrase" >phone.conf
	printf 'address = "10.77.20.5/24"\nstart-period = 2\nheld-period = 1\nmax-start = 20\ncrl-file = "%s/ca.crl"\n' "$SCRATCH" >>phone.conf
	printf '%s\n' "$@" >>phone.conf
	[ -e store/active.xml ] || "$BIN/portcall-phone" --config phone.conf --import items.xml ||
		bail 'the store cannot be seeded'
	start phone ip netns exec ph "$BIN/portcall-phone" --config phone.conf
}

request() {
	perl -MIO::Socket::UNIX -e 'my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die "no socket\n";
		print $s "$ARGV[1]\n"; print scalar <$s>' "$CONTROL" "{\"verb\":\"$1\"}"
}
count() { grep -Ec -- "$1" phone.log; }
counted() { [ "$(count "$1")" -ge "$2" ]; }
seen() { counted "$1" 1; }
# more PATTERN: one more line of it than at the last `mark PATTERN`
mark() { marked=$(count "$1"); }
more() { [ "$(count "$1")" -gt "$marked" ]; }

# --- crl-file --------------------------------------------------------------------------------------------

good='authentication reason=authenticated'
revoked='authentication reason=server-revoked'
phone
ok 'without the file it authenticates' wait_for 20 seen "$good"
is 'and says once that it is missing' "$(count 'finding reason=file-unreadable .*ca.crl')" 1
cp clean.crl ca.crl
mark "$good"
request reauth >/dev/null
ok 'the file comes, without restart: authenticated' wait_for 20 more "$good"
ok 'it was read' seen ' crl file=.*ca.crl lists=1 revoked=0'
is 'certs shows it' "$(request certs | jq -c '.crls[0] | [.issuer, .revoked]')" '["CN=ca,O=Portcall Test",0]'
openssl crl -in revoked.crl -outform DER -out revoked.der
mv revoked.der ca.crl
request reauth >/dev/null
ok 'the server is revoked, in DER' wait_for 20 seen "$revoked"
like 'the detail names it' "$(grep "$revoked" phone.log | head -1)" 'CN=server: .*Key Compromise'
ok 'hostapd got the alert' grep -q 'certificate revoked' hostapd.log
head -c 100 clean.crl >broken.crl
mv broken.crl ca.crl
ok 'a damaged file is reported' wait_for 20 seen 'finding reason=crl-syntax'
mark "$revoked"
ok 'and the lists read before stay in force' wait_for 20 more "$revoked"
rm ca.crl
mark "$good"
ok 'also when it is removed' wait_for 20 counted "$revoked" $(($(count "$revoked") + 1))
is 'no authentication' "$(count "$good")" "$marked"
cp clean.crl ca.crl
ok 'a list without the server: authenticated again' wait_for 30 more "$good"

# --- ocsp ------------------------------------------------------------------------------------------------------

phone 'ocsp = "require"'
ok 'require: a server that staples nothing' wait_for 20 seen 'authentication reason=server-status .*no OCSP response was stapled'
{ database V && response 7; } >>openssl.log 2>&1
ok 'require: a good response' wait_for 30 seen "$good"
{ database R && response 7; } >>openssl.log 2>&1
request reauth >/dev/null
ok 'require: the server is revoked' wait_for 30 seen "$revoked .*OCSP response says so"
phone 'ocsp = "stapled"'
ok 'stapled: the server is revoked' wait_for 30 seen "$revoked .*OCSP response says so"
phone 'ocsp = "none"'
ok 'none: not asked for' wait_for 30 seen "$good"

# --- before the first SNTP answer ------------------------------------------------------------------------------

[ ! -e phone.pid ] || stop phone
# shellcheck disable=SC2016 # $LIB is the dynamic linker's
start phone ip netns exec ph env FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME='@2001-01-01 00:00:00' \
	'LD_PRELOAD=/usr/$LIB/faketime/libfaketime.so.1' "$BIN/portcall-phone" --config phone.conf
ok 'in 2001 the server is not valid yet, and no clock is believed: authenticated' wait_for 30 seen "$good"
is 'status says so' "$(request status | jq .clock_set)" false
ok 'hostapd is alive' alive hostapd
stop phone
is 'the phone ends well' "$?" 0

done_testing
