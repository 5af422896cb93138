#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# From the CA to the port: certificates of `portcall cert`, device files, inventory, and a real FreeRADIUS with the
# shipped configuration that authenticates the phones, until one is revoked.
# shellcheck disable=SC2317 # functions that ok calls
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
need freeradius eapol_test openssl
# shellcheck source=tests/system/radius.sh
. "$ROOT/tests/system/radius.sh"

printf 'phones\n' >phone.pass
printf 'the CA\n' >ca.pass
CA=(--ca ca --ca-passphrase-file ca.pass)
TLS='tls_disable_tlsv1_3=0'

cert() {
	"$BIN/portcall" cert "$@"
}

# build: inventory.json of the tree
build() {
	"$BIN/portcall" inventory build --tree tree --passphrase-file phone.pass --role voice=20 --output inventory.json
}

mkdir certs
ok 'a CA' cert ca-init "${CA[@]}" --subject 'O=Example, CN=Phone CA' --key p256
cp ca/ca.pem certs/ca.pem
ok 'a certificate for the RADIUS server' cert issue "${CA[@]}" --for server --name radius.example --out certs
mv certs/radius.example.pem certs/radius.pem
mv certs/radius.example.key certs/radius.key
printf 'mac,name\n02:00:00:00:01:01,phone1\n02:00:00:00:01:02,phone2\n' >phones.csv
ok 'two phones, into their device files' cert issue "${CA[@]}" --csv phones.csv --passphrase-file phone.pass --provisioning tree --format none --out tree
ok 'the CA into the system file' "$BIN/portcall" items set --create tree/op420adv_conf.xml radius-server-ca1=@ca/ca.pem
ok 'the inventory' build

# phone NAME FILE: what a phone takes out of its device file, as files for eapol_test
phone() {
	sed -n '/802.1x-certificate/,/Item>/p' "$2" | sed 's/.*802.1x-certificate">//; s,</Item>,,' | base64 -d >item.p12
	cert unpack item.p12 "certs/$1" --in-passphrase-file phone.pass --plain --force
}
for i in 1 2; do
	ok "the PKCS#12 of phone$i is taken out of its file" phone "phone$i" "tree/op420adv_conf02000000010$i.xml"
done
server_files 1.2 1.3
server
granted phone1-before 02:00:00:00:01:01 phone1 "$TLS"
granted phone2-before 02:00:00:00:01:02 phone2 "$TLS"
refused wrong-mac copied 02:00:00:00:01:02 phone1 "$TLS"

ok 'a renewed certificate' cert issue "${CA[@]}" --csv phones.csv --renew --passphrase-file phone.pass --provisioning tree --format none --out tree
ok '... is taken out of its file' phone phone2new tree/op420adv_conf020000000102.xml
seen=$(grep -c 'portcall: inventory:' radius.log)
ok '... and the inventory built anew' build
ok '... which the server reads' wait_for 5 read_again
granted phone2-renewed 02:00:00:00:01:02 phone2new "$TLS"
stop radius

# docs/certificates.md, 7: CA and CRL in one file, and check_crl
ok 'phone1 is revoked' cert revoke "${CA[@]}" --reason keyCompromise phone1
ok '... in a CRL' cert crl "${CA[@]}"
cat ca/ca.pem ca/crl.pem >certs/ca-and-crl.pem
cp -r "$config" shipped
config=$SCRATCH/shipped
sed -i 's/check_crl = no/check_crl = yes/' shipped/mods-available/eap
server_files 1.2 1.3
sed -i 's/^phone_ca = .*/&-and-crl.pem/; s/ca\.pem-and/ca-and/' raddb/radiusd.conf
server 'the server starts with the CRL'
not_ok 'phone1 is refused in TLS' eap phone1-after 02:00:00:00:01:01 phone1 "$TLS"
like '... because it is revoked' "$(cat radius.log phone1-after.out)" 'certificate revoked'
granted phone2-after 02:00:00:00:01:02 phone2new "$TLS"
done_testing
