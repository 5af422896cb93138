#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# `portcall inventory build`: from a provisioning tree to an inventory that FreeRADIUS loads.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
need freeradius jq
# shellcheck source=tests/system/radius.sh
. "$ROOT/tests/system/radius.sh"

mkdir certs tree
"$BUILD/test/mkcerts" certs <<'END' || bail 'no certificates'
ca;-;cn=Bäcker CA;o=Portcall Lab
radius;ca;cn=radius.example;dns=radius.example;for=server
phone1;ca;cn=phone1;serial=3e9;for=client;dns=phone1.example;p12=sésame
phone2;ca;cn=phone2;serial=ffffffffffffff01;for=client;key=rsa1024;digest=sha1;p12=sésame;container=optipoint
all;ca;cn=all;serial=3eb;for=client;p12=sésame;to=-10;from=-20
other;ca;cn=other;serial=3ec;for=client;p12=another
END
printf 'sésame\nsecond line\n' >passphrase

# file NAME CERTIFICATE ITEM...: a provisioning file; CERTIFICATE may be empty
file() {
	local name=$1 certificate=$2
	shift 2
	{
		printf '<DLSMessage xmlns="http://www.siemens.com/DLS"><Message><ItemList>\n'
		printf '%s\n' "$@"
		[ -z "$certificate" ] || printf '<Item name="802.1x-certificate">%s</Item>\n' "$(cat "certs/$certificate.p12")"
		printf '</ItemList></Message></DLSMessage>\n'
	} >"tree/$name"
}

build() {
	"$BIN/portcall" inventory build --tree tree --passphrase-file passphrase "$@"
}

# field JQ-FILTER: of inventory.json
field() {
	jq -r "$1" inventory.json
}

file op420adv_conf.xml all '<Item name="system-config-version">2</Item>'
file op420adv_conf020000000102.xml phone2
file op420adv_conf020000000101.xml phone1
file op420adv_conf0200000001aB.xml '' '<Item name="device-config-version">1</Item>'
file op420adv_conf020000000101.xml.bak phone2
file op420adv_conf020000000101.xml~ phone2
file op420adv_conf0200000001.xml phone2
file op600_conf020000000105.xml phone2

ok 'a tree becomes an inventory' build --role voice=20 --role lab=lab-net --output inventory.json
is 'one record for each device file, by MAC' "$(field '[.devices[].mac] | join(" ")')" \
	'02:00:00:00:01:01 02:00:00:00:01:02 02:00:00:00:01:ab'
is 'the record says what the certificate says' \
	"$(field '.devices[0] | [.name, .model, .role, .vlan, .enabled, .certificate.serial, .certificate.cn, .certificate.san, .certificate.shared] | map(tostring) | join(" ")')" \
	'phone1 op420adv voice null true 03e9 phone1 phone1.example false'
is 'the issuer is as FreeRADIUS prints it' "$(field '.devices[0].certificate.issuer')" '/O=Portcall Lab/CN=B\xC3\xA4cker CA'
is 'the end is that of the certificate' "$(date -ud "$(field '.devices[0].certificate.not_after')" +%s)" \
	"$(date -ud "$(openssl x509 -in certs/phone1.pem -noout -enddate | cut -d= -f2)" +%s)"
is 'the key is named by its hash' "$(field '.devices[0].certificate.spki_sha256')" \
	"$(openssl x509 -in certs/phone1.pem -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum | cut -d' ' -f1)"
is 'both files are named' "$(field '.devices[0].files | join(" ")')" 'op420adv_conf.xml op420adv_conf020000000101.xml'
is 'old containers and weak keys are read' "$(field '.devices[1].certificate.serial')" ffffffffffffff01
is 'the certificate for all is shared, also when expired' \
	"$(field '.devices[2] | [.name, .certificate.cn, .certificate.shared] | map(tostring) | join(" ")')" '0200000001AB all true'
is 'the roles have their VLANs' "$(field '.roles | [.voice.vlan, .lab.vlan] | join(" ")')" '20 lab-net'
is 'anybody may read it' "$(stat -c %a inventory.json)" 644
not_ok 'no secret is in it' grep -qE 'same|PRIVATE|MII' inventory.json
is 'nothing is left beside it' "$(ls inventory.json*)" inventory.json
server_files 1.2 1.3
ok 'FreeRADIUS loads it' freeradius -C -l stdout -d raddb

# --- again: what people decided stays --------------------------------------------------------------

jq '.devices[0].enabled = false | .devices[1].vlan = "30" | .devices[1].role = "lab" | .roles.voice.session_timeout = 600' \
	inventory.json >edited && mv edited inventory.json
rm tree/op420adv_conf0200000001aB.xml
file op420adv_conf020000000103.xml phone1
ok 'it is built again' build --role voice=21 --output inventory.json
is 'a disabled device stays disabled' "$(field '.devices[0].enabled')" false
is 'a device keeps its role and VLAN' "$(field '.devices[1] | [.role, .vlan] | join(" ")')" 'lab 30'
is 'a role keeps its time and gets its new VLAN' "$(field '.roles.voice | [.session_timeout, .vlan] | map(tostring) | join(" ")')" '600 21'
is 'a new device is enabled, in the first role' "$(field '.devices[2] | [.mac, .role, .enabled] | map(tostring) | join(" ")')" '02:00:00:00:01:03 voice true'
is 'two devices with one certificate share it' "$(field '[.devices[] | .certificate.shared] | map(tostring) | join(" ")')" 'true false true'
ok 'FreeRADIUS loads it again' freeradius -C -l stdout -d raddb
mkfifo pipe
cat pipe >piped.json &
ok 'a pipe or a device is written to' build --role voice=21 --output pipe
wait $!
is '... and gets the same devices' "$(jq -c '[.devices[].mac]' piped.json)" "$(jq -c '[.devices[].mac]' inventory.json)"
ok '... and is not replaced' test -p pipe
mkdir elsewhere
mv inventory.json elsewhere
ln -s elsewhere/inventory.json inventory.json
ok 'a symbolic link is followed' build --role voice=21 --output inventory.json
ok '... and stays' test -L inventory.json
mv elsewhere/inventory.json .
is 'standard output gets the same without --output' "$(build --role voice=20 | jq -r '.devices | length')" 3

# --- what is wrong is said, and changes nothing ------------------------------------------------------

# wrong STATUS MESSAGE OPTION...
wrong() {
	local expected=$1 message=$2 said status before
	shift 2
	before=$(sha256sum inventory.json)
	said=$(build --output inventory.json "$@" 2>&1)
	status=$?
	is "exit status $expected: $message" "$status" "$expected"
	like '... it is said' "$said" "$message"
	is '... and the inventory is untouched' "$(sha256sum inventory.json)" "$before"
}

file op420adv_conf020000000104.xml other
wrong 1 'op420adv_conf020000000104.xml:[0-9]+: The pass phrase does not open the PKCS#12'
ok '--keep-going leaves out the certificate' build --keep-going --output inventory.json
is '... and keeps the device' "$(field '.devices[3] | [.mac, .certificate] | map(tostring) | join(" ")')" '02:00:00:00:01:04 null'
printf '<Item name="x">\n<oops' >tree/op420adv_conf020000000104.xml
wrong 1 'op420adv_conf020000000104.xml:[0-9]+: The document is not well-formed XML'
rm tree/op420adv_conf020000000104.xml
file op420adv_conf020000000101.cfg phone1
wrong 1 'op420adv_conf020000000101\.(xml|cfg) and op420adv_conf020000000101\.(xml|cfg) are for the same device'
rm tree/op420adv_conf020000000101.cfg
wrong 1 'tree: there is no file op777_conf<MAC>.xml' --config-name op777_conf
wrong 1 'nothere cannot be read: No such file' --tree nothere
wrong 1 'nothere cannot be read: No such file' --passphrase-file nothere
wrong 2 'expected ROLE=VLAN' --role voice
wrong 2 '"more" is one argument too many' more
printf '{' >inventory.json
wrong 1 'is there but is no inventory'
rm inventory.json

file op420adv_conf.xml '' '<Item name="system-config-version">2</Item>'
file op420adv_conf020000000106.xml '' '<Item name="device-config-version">1</Item>'
ok 'a device without any certificate is no error' build --role voice=20 --output inventory.json
is '... and is known without one' "$(field '.devices[3] | [.mac, .certificate] | map(tostring) | join(" ")')" '02:00:00:00:01:06 null'
done_testing
