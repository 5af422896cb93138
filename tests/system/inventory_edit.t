#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# inventory_edit.t - `portcall inventory` after the first build: decisions, roll-over, alarms, differences, and what
# FreeRADIUS makes of them.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
need freeradius eapol_test radclient jq
# shellcheck source=tests/system/radius.sh
. "$ROOT/tests/system/radius.sh"

phone1=02:00:00:00:01:01 phone2=02:00:00:00:01:02
tls13='tls_disable_tlsv1_3=0'

mkdir certs tree
"$BUILD/test/mkcerts" certs <<'END' || bail 'no certificates'
ca - cn=CA
radius ca cn=radius.example dns=radius.example for=server
phone1 ca cn=phone1 serial=3e9 for=client p12=word to=864000
new1 ca cn=phone1 serial=7d1 for=client p12=word to=8640000
phone2 ca cn=phone2 serial=3ea for=client p12=word to=8640000
END
echo word >passphrase

# file MAC CERTIFICATE
file() {
	printf '<ItemList><Item name="802.1x-certificate">%s</Item></ItemList>\n' "$(cat "certs/$2.p12")" \
		>"tree/op420adv_conf${1//:/}.xml"
}

inventory() {
	"$BIN/portcall" inventory "$@"
}

on=(--inventory inventory.json)
build() {
	inventory build --tree tree --passphrase-file passphrase --role voice=20 --output inventory.json "$@"
}

field() {
	jq -r "$1" inventory.json
}

# reads WHAT COMMAND...: the command succeeds, and the running server takes the file over
reads() {
	local what=$1
	shift
	seen=$(grep -c 'portcall: inventory:' radius.log)
	ok "$what" "$@"
	ok '... and the server takes it over' wait_for 5 read_again
}

# begin_anew: the first inventory again, in one step
begin_anew() {
	cp first.json again.json && mv again.json inventory.json
}

file $phone1 phone1
file $phone2 phone2
ok 'the inventory is built' build
cp inventory.json first.json
staging_vlan=99
server_files 1.2 1.3
server 'the server starts'
granted before $phone1 phone1 "$tls13"

# --- decisions ---------------------------------------------------------------------------------------

reads 'disable' inventory disable $phone1 "${on[@]}"
refused device-disabled disabled $phone1 phone1 "$tls13"
granted other $phone2 phone2 "$tls13"
reads 'enable' inventory enable 020000000101 "${on[@]}"
granted enabled $phone1 phone1 "$tls13"
reads 'stolen' inventory stolen $phone1 "${on[@]}"
refused device-stolen stolen $phone1 phone1 "$tls13"
reads 'enable again' inventory enable $phone1 "${on[@]}"
reads 'revoke' inventory revoke $phone1 "${on[@]}"
refused cert-revoked revoked $phone1 phone1 "$tls13"
like 'enable does not take a revocation back' "$(inventory enable $phone1 "${on[@]}")" 'still revoked'
is '... indeed' "$(field '.devices[0].certificate.revoked')" true
reads 'built again from the same files' build
is '... it is still revoked' "$(field '.devices[0].certificate.revoked')" true
reads 'rotate' inventory rotate $phone2 "${on[@]}"
refused cert-revoked rotated $phone2 phone2 "$tls13"
said=$(printf 'User-Name = "020000000102", Calling-Station-Id = "%s", Message-Authenticator = 0x00\n' $phone2 |
	radclient -x -r 1 -t 3 127.0.0.1:1812 auth "$secret" 2>&1)
like '... and the phone gets the staging VLAN to fetch a new one' "$said" 'Tunnel-Private-Group-Id:0 = "99"'

# --- roll-over -----------------------------------------------------------------------------------------

reads 'the first inventory again' begin_anew
file $phone1 new1
reads 'phone1 has a new certificate' build --roll-over 2
is 'the one before is kept' "$(field '.devices[0].previous.serial')" 03e9
end=$(date -ud "$(field '.devices[0].previous.until')" +%s)
ok '... for two days' test $((end - $(date +%s))) -gt 172000 -a $((end - $(date +%s))) -le 172800
granted new $phone1 new1 "$tls13"
granted old $phone1 phone1 "$tls13"
like '... is accepted as the previous one' "$(verdict old)" 'reason=previous-certificate '
reads 'it is built again' build
is '... and the window does not move' "$(date -ud "$(field '.devices[0].previous.until')" +%s)" "$end"
reads 'revoke takes both generations' inventory revoke $phone1 "${on[@]}"
refused cert-revoked old-revoked $phone1 phone1 "$tls13"
refused cert-revoked new-revoked $phone1 new1 "$tls13"
reads 'the first inventory again' begin_anew
ok 'no roll-over is possible too' build --roll-over 0
is '... without a generation before' "$(field '.devices[0].previous')" null
stop radius

# --- questions -------------------------------------------------------------------------------------------

begin_anew
ok 'nothing ends within 9 days' inventory check --expiring 9d "${on[@]}"
said=$(inventory check --expiring 11d "${on[@]}")
is 'something ends within 11 days' $? 1
is '... and it is said which' "$(cut -d' ' -f1-7 <<<"$said")" "$phone1  phone1  its certificate ends"
file $phone1 new1
build --roll-over 2 >/dev/null
said=$(inventory diff first.json inventory.json)
is 'two inventories differ' $? 1
is '... in this' "$said" "~ $phone1 phone1: certificate previous"
ok 'an inventory does not differ from itself' inventory diff first.json first.json

# wrong STATUS MESSAGE VERB...
wrong() {
	local expected=$1 message=$2 said status before
	shift 2
	before=$(sha256sum inventory.json)
	said=$(inventory "$@" 2>&1)
	status=$?
	is "exit status $expected: $message" "$status" "$expected"
	like '... it is said' "$said" "$message"
	is '... and nothing is changed' "$(sha256sum inventory.json)" "$before"
}
wrong 1 'there is no device 02:00:00:00:09:09' disable 02:00:00:00:09:09 "${on[@]}"
wrong 2 '"phone1" is no MAC address' disable phone1 "${on[@]}"
wrong 2 'expected a time like 30d' check --expiring soon "${on[@]}"
wrong 2 'usage: portcall inventory VERB' revoked $phone1
wrong 2 'expected a number of days' build --roll-over soon
wrong 1 'nothere cannot be read' check --inventory nothere
ok 'help' inventory --help
ok 'help for build' inventory build --help
done_testing
