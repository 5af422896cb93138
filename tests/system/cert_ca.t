#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# `portcall cert`: a CA's life from its making to its CRL; every claim is checked with the openssl command.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
need openssl jq

printf 'a ca phrase\n' >ca.pass
printf 'sésame\n' >phone.pass
CA=(--ca ca --ca-passphrase-file ca.pass)

cert() {
	"$BIN/portcall" cert "$@"
}

# refuses STATUS MESSAGE WORD...
refuses() {
	local status=$1 message=$2 said
	shift 2
	said=$(cert "$@" 2>&1)
	is "refused: $*" $? "$status"
	like '... it says why' "$said" "$message"
}

# x509 FILE OPTION...
x509() {
	openssl x509 -noout -in "$@"
}

# days FILE: from now to its end
days() {
	echo $((($(date -d "$(x509 "$1" -enddate | cut -d= -f2)" +%s) - $(date +%s) + 3600) / 86400))
}

# --- ca-init --------------------------------------------------------------------------------------

umask 0
ok 'a CA is made' cert ca-init "${CA[@]}" --subject 'C=DE, ST=Bayern, O=Example\, Inc., CN=Phone CA' --key p256
umask 022
is 'the folder is for its owner' "$(stat -c %a ca ca/ca.key ca/index)" $'700\n600\n600'
is 'its name' "$(x509 ca/ca.pem -subject -nameopt RFC2253)" 'subject=CN=Phone CA,O=Example\, Inc.,ST=Bayern,C=DE'
is 'ten years' "$(days ca/ca.pem)" 3652
like 'the key is encrypted' "$(cat ca/ca.key)" 'BEGIN ENCRYPTED PRIVATE KEY'
ok '... with the pass phrase' openssl pkey -in ca/ca.key -passin file:ca.pass -noout
is 'basicConstraints alone is critical' "$(x509 ca/ca.pem -text | grep critical | tr -d ' ')" 'X509v3BasicConstraints:critical'
like 'it may sign certificates and CRLs' "$(x509 ca/ca.pem -ext keyUsage)" 'Certificate Sign, CRL Sign'
refuses 2 'File exists' ca-init "${CA[@]}" --subject CN=x --key p256
said=$(cert ca-init --ca plain --subject CN=Plain --key p256 --days 9000 2>&1)
like 'a key without pass phrase is said' "$said" 'warning: plain/ca.key is not encrypted'
like 'dates past January 2038 are cut, which is said' "$said" 'warning: ends on 2037-12-31'
is '... they are' "$(x509 plain/ca.pem -enddate)" 'notAfter=Dec 31 23:59:59 2037 GMT'
for kind in rsa2048:2048 rsa4096:4096; do
	ok "a CA with ${kind%:*}" cert ca-init --ca "${kind%:*}" --subject CN=x --key "${kind%:*}"
	like '... has such a key' "$(x509 "${kind%:*}/ca.pem" -text)" "Public-Key: \(${kind#*:} bit\)"
done
refuses 2 'one of --subject and --import' ca-init --ca x
refuses 1 'Land is no type of a name' ca-init --ca x --subject 'Land=DE, CN=x'
refuses 2 'does not open with this pass phrase' issue --ca ca --ca-passphrase-file phone.pass --name x --format pem
refuses 2 'holds no CA' issue --ca . --name x --format pem

# --- a CA that exists already ---------------------------------------------------------------------------

openssl req -x509 -newkey rsa:2048 -nodes -keyout old.key -out old.pem -subj '/O=Old/CN=Old CA' -days 8000 >/dev/null 2>&1
openssl req -newkey rsa:2048 -nodes -keyout sub.key -out sub.csr -subj '/O=Old/CN=Sub CA' >/dev/null 2>&1
printf 'basicConstraints=critical,CA:TRUE\n' >ext
openssl x509 -req -in sub.csr -CA old.pem -CAkey old.key -CAcreateserial -extfile ext -days 500 -out sub.pem 2>/dev/null
openssl pkcs12 -export -inkey sub.key -in sub.pem -certfile old.pem -passout file:phone.pass -out sub.p12
ok 'an intermediate CA is imported from a PKCS#12' cert ca-init --ca sub --import sub.p12 --in-passphrase-file phone.pass --ca-passphrase-file ca.pass
ok '... and issues' cert issue --ca sub --ca-passphrase-file ca.pass --name radius.example --for server --out sub-out
is 'the server sends its certificate and the CA in between, not the root' "$(grep -c BEGIN sub-out/radius.example.pem)" 2
ok '... which verifies below the root' openssl verify -purpose sslserver -CAfile old.pem -untrusted sub-out/radius.example.pem sub-out/radius.example.pem
is 'it ends with its CA' "$(x509 sub-out/radius.example.pem -enddate)" "$(x509 sub.pem -enddate)"
like 'a CA past 2038 is imported with a warning' \
	"$(cat old.key old.pem | cert ca-init --ca old --import - --ca-passphrase-file ca.pass 2>&1)" 'valid past January 2038'
openssl req -x509 -newkey rsa:2048 -nodes -keyout leaf.key -out leaf.pem -subj /CN=leaf -addext basicConstraints=CA:FALSE >/dev/null 2>&1
cat leaf.key leaf.pem >leaf
refuses 1 "is not a CA's" ca-init --ca x --import leaf
refuses 1 'one of them is missing' ca-init --ca x --import old.pem
refuses 1 'The pass phrase does not open' ca-init --ca x --import sub.p12 --in-passphrase-file ca.pass
[ ! -e x ]
result $? 'what is refused leaves no folder'

# --- issue ------------------------------------------------------------------------------------------------

ok 'a certificate for a phone' cert issue "${CA[@]}" --mac 02-00-00-00-ab-01 --passphrase-file phone.pass --out phones
is 'its PKCS#12 is for its owner' "$(stat -c '%a %n' phones/*)" '600 phones/02000000AB01.p12'
openssl pkcs12 -in phones/02000000AB01.p12 -passin file:phone.pass -nodes -out phone.pem 2>/dev/null
is 'the rest of its name is the CA'\''s' "$(x509 phone.pem -subject -nameopt RFC2253)" 'subject=CN=02000000AB01,O=Example\, Inc.,ST=Bayern,C=DE'
ok 'it verifies as a client' openssl verify -purpose sslclient -CAfile ca/ca.pem phone.pem
not_ok '... and not as a server' openssl verify -purpose sslserver -CAfile ca/ca.pem phone.pem
is '1095 days' "$(days phone.pem)" 1095
is 'basicConstraints alone is critical' "$(x509 phone.pem -text | grep critical | tr -d ' ')" 'X509v3BasicConstraints:critical'
is 'its key is of the CA'\''s kind' "$(openssl pkey -in phone.pem -text -noout | head -n 1)" 'Private-Key: (256 bit)'
ok 'a template, names and another key' cert issue "${CA[@]}" --subject 'O=Example, CN=phone-?.example' --name 7 --san 'DNS:?.phones.example' \
	--san UPN:7@example --san IP:fd00::7 --san email:a@b.example --san URI:sip:7@example --for both --key rsa2048 --days 30 --format pem --out phones
is 'the CN is filled' "$(x509 phones/7.pem -subject -nameopt RFC2253)" 'subject=CN=phone-7.example,O=Example'
like 'so are the names' "$(x509 phones/7.pem -ext subjectAltName)" \
	'DNS:phone-7.example|DNS:7.phones.example, othername: UPN::7@example, IP Address:FD00:0:0:0:0:0:0:7, email:a@b.example, URI:sip:7@example'
ok 'it is a client' openssl verify -purpose sslclient -CAfile ca/ca.pem phones/7.pem
ok '... and a server' openssl verify -purpose sslserver -CAfile ca/ca.pem phones/7.pem
is '... for 30 days' "$(days phones/7.pem)" 30
is 'its key is beside it' "$(stat -c %a phones/7.key) $(openssl pkey -in phones/7.key -pubout | sha256sum)" \
	"600 $(x509 phones/7.pem -pubkey | sha256sum)"
ok 'MAC with colons' cert issue "${CA[@]}" --mac 02000000ab02 --mac-style colons --format pem --out phones
is '... in the CN' "$(x509 phones/02:00:00:00:ab:02.pem -subject -nameopt multiline | sed -n 's/.*commonName *= //p')" 02:00:00:00:ab:02
ok 'SHA-1 for phones that know no SHA-2' cert issue "${CA[@]}" --name old --digest sha1 --format pem --out phones
like '... is what it is signed with' "$(x509 phones/old.pem -text)" 'ecdsa-with-SHA1'
is 'JSON says what was issued' "$(cert issue "${CA[@]}" --name json --format pem --out phones --json | jq -r '.[0] | "\(.subject) \(.purposes[0]) \(.files | join(","))"')" \
	'CN=json,O=Example\, Inc.,ST=Bayern,C=DE clientAuth phones/json.pem,phones/json.key'
refuses 1 'The CN "old" has the valid certificate .*--renew' issue "${CA[@]}" --name old --format pem --out elsewhere
refuses 1 'phones/old.pem is there already; --force' issue "${CA[@]}" --name old --renew --format pem --out phones
ok 'a renewal' cert issue "${CA[@]}" --name old --renew --force --format pem --out phones
refuses 1 "CN has no '\?'" issue "${CA[@]}" --subject CN=phone --name x --format pem
refuses 1 'is no alternative name' issue "${CA[@]}" --name x --san x.example --format pem
refuses 1 'is no MAC address' issue "${CA[@]}" --mac 02:00 --format pem
refuses 1 'no address to fill' issue "${CA[@]}" --name x --fill address --format pem
refuses 2 'pass phrase is missing' issue "${CA[@]}" --name x
refuses 2 'Give --csv, --csr, or one of' issue "${CA[@]}" --format pem
count=$(wc -l <ca/index)
is 'what is refused is not in the index' "$(jq -r .cn ca/index | grep -cx x)" 0

# --- a list -------------------------------------------------------------------------------------------------

{
	printf '\xef\xbb\xbfmac;name;san\r\n'
	for i in {1..150}; do
		printf '02:00:00:00:01:%02x;"list %d";DNS:p%d.example URI:sip:%d@example\r\n' "$i" "$i" "$i" "$i"
	done
} >list.csv
ok 'a list is issued, into device files too' cert issue "${CA[@]}" --csv list.csv --fill name --passphrase-file phone.pass --provisioning tree \
	--profile optipoint --key rsa1024 --format none --out tree
is 'one file for each' "$(find tree -name 'op420adv_conf020000*.xml' | wc -l) $(find tree -type f | wc -l)" '150 150'
is 'each is in the index' "$(($(wc -l <ca/index) - count))" 150
is 'no serial is there twice' "$(jq -r .serial ca/index | sort | uniq -d)" ''
"$BIN/portcall" items set --create system.xml radius-server-ca1=@ca/ca.pem >/dev/null
for i in 1 150; do
	file=$(printf 'tree/op420adv_conf0200000001%02X.xml' "$i")
	is "a phone reads $file" "$("$BIN/portcall" items check --profile optipoint --passphrase-file phone.pass --json system.xml "$file" | jq -r '"\(.usable) \(.client.subject)"')" \
		"true CN=list $i,O=Example\\, Inc.,ST=Bayern,C=DE"
done
count=$(wc -l <ca/index)
printf 'mac,name\n020000000201,a\n02000000020x,b\n020000000203,a\n,"c\n' >bad.csv
said=$(cert issue "${CA[@]}" --csv bad.csv --format pem --out bad 2>&1)
is 'a list with mistakes is refused' $? 1
like '... each is said with its line: a MAC' "$said" 'bad.csv:3: "02000000020x" is no MAC address'
like '... a CN that stands twice' "$said" 'bad.csv:4: The CN "a" stands in line 2 too'
like '... a quote' "$said" 'bad.csv:5: a quote is not closed'
is '... and nothing is issued' "$(wc -l <ca/index) $(ls bad 2>/dev/null)" "$count "
printf 'mac,serial\n' >bad.csv
refuses 1 'bad.csv:1: "serial" is no column' issue "${CA[@]}" --csv bad.csv --format pem
printf 'mac\n' >bad.csv
refuses 1 'nothing to issue' issue "${CA[@]}" --csv bad.csv --format pem
refuses 2 'nothere.csv cannot be read' issue "${CA[@]}" --csv nothere.csv --format pem

# --- requests -------------------------------------------------------------------------------------------------

ok 'a request is made' cert csr --subject 'C=BE, L=Huizingen, O=Example, CN=Webserver-XML' --san DNS:web.example --plain --key-out web.key --out web.csr
ok 'openssl verifies it' openssl req -in web.csr -verify -noout
is 'its key is for its owner' "$(stat -c %a web.key)" 600
sed 's/BEGIN/BEGIN NEW/; s/END/END NEW/; s/^-----/----/; s/$/\r/' web.csr >microsoft.csr
ok 'with the boundary of Microsoft it gets a certificate' cert issue "${CA[@]}" --csr microsoft.csr --for server --out web
is '... with the name that was asked for' "$(x509 web/Webserver-XML.pem -subject -nameopt RFC2253)" 'subject=CN=Webserver-XML,O=Example,L=Huizingen,C=BE'
like '... and the alternative name' "$(x509 web/Webserver-XML.pem -ext subjectAltName)" 'DNS:web.example'
is '... for its key' "$(x509 web/Webserver-XML.pem -pubkey)" "$(openssl pkey -in web.key -pubout)"
is '... which stays with its owner' "$(ls web)" Webserver-XML.pem
openssl req -in web.csr -outform DER -out web.der
ok 'as DER, under another name' cert issue "${CA[@]}" --csr web.der --subject 'O=Example, CN=?' --name other.example --san DNS:other.example --out web
like '... the names are the given ones' "$(x509 web/other.example.pem -ext subjectAltName | tr '\n' ' ')" 'DNS:other.example *$'
head -c 300 web.der >damaged.der
refuses 1 'damaged' issue "${CA[@]}" --csr damaged.der
refuses 1 'no certificate request' issue "${CA[@]}" --csr ca/ca.pem
refuses 2 'with its owner' issue "${CA[@]}" --csr web.csr --format p12
ok 'a request with its key under a pass phrase' cert csr --subject CN=x --key p256 --passphrase-file phone.pass --key-out x.key --out x.csr
ok '... which opens it' openssl pkey -in x.key -passin file:phone.pass -noout
refuses 2 'File exists' csr --subject CN=x --key p256 --passphrase-file phone.pass --key-out x.key
refuses 2 'pass phrase is missing' csr --subject CN=x --key-out y.key

# --- revoke and crl ---------------------------------------------------------------------------------------------

ok 'a CRL without entries' cert crl "${CA[@]}"
not_ok '... names nothing' grep -q Serial <<<"$(openssl crl -in ca/crl.pem -text -noout | sed -n '/Revoked/,$p')"
is 'a phone is revoked by its CN' "$(cert revoke "${CA[@]}" --reason keyCompromise json)" \
	"revoked $(jq -r 'select(.cn == "json").serial' ca/index)"
ok '... another one by its certificate' cert revoke "${CA[@]}" phones/7.pem
serial=$(jq -r 'select(.cn == "list 3").serial' ca/index)
is '... and one by its serial, written in capitals' "$(cert revoke "${CA[@]}" --json "$(tr 'a-f' 'A-F' <<<"$serial")" | jq -r '.revoked[0]')" "$serial"
refuses 1 'is revoked already' revoke "${CA[@]}" json
refuses 1 'no certificate with the serial or CN "nobody"' revoke "${CA[@]}" nobody
like 'the next CRL' "$(cert crl "${CA[@]}" --days 7)" '^ca/crl.pem: 3 revoked, next update before'
text=$(openssl crl -in ca/crl.pem -text -noout)
is '... has the three' "$(grep -c 'Serial Number' <<<"$text")" 3
like '... with the reason' "$text" 'Key Compromise'
is '... the second of its CA' "$(grep -A 1 'CRL Number' <<<"$text" | tail -n 1 | tr -d ' ')" 2
ok '... signed by it' openssl crl -in ca/crl.pem -CAfile ca/ca.pem -noout
not_ok 'openssl refuses the revoked one' openssl verify -crl_check -CRLfile ca/crl.pem -CAfile ca/ca.pem phones/json.pem
ok '... and takes the others' openssl verify -crl_check -CRLfile ca/crl.pem -CAfile ca/ca.pem phones/old.pem
# the phone's own view of it: items check with the CRL
printf '<L>%s</L>' "$(sed -n '/802.1x/,/Item>/p' tree/op420adv_conf020000000196.xml)" >phone.xml
"$BIN/portcall" items set phone.xml radius-server-ca1=@ca/ca.pem >/dev/null
phone_check=("$BIN/portcall" items check --json --profile optipoint --passphrase-file phone.pass --crl ca/crl.pem)
ok 'a phone takes a server that is not revoked' "${phone_check[@]}" --server web/Webserver-XML.pem phone.xml
ok 'a server is revoked' cert revoke "${CA[@]}" Webserver-XML
ok '... in a CRL' cert crl "${CA[@]}"
is '... and the phone refuses it' "$("${phone_check[@]}" --server web/Webserver-XML.pem phone.xml | jq -r '.findings[] | select(.severity == "error").code')" server-revoked
ok 'the CN of the revoked one is free again' cert issue "${CA[@]}" --name json --force --format pem --out phones

# --- the index survives ------------------------------------------------------------------------------------------

count=$(wc -l <ca/index)
printf '{"issued":"2026-11-21T00:00:00Z","serial":"0' >>ca/index
ok 'a line torn by a power cut does not matter' cert issue "${CA[@]}" --name after --format pem --out phones
is '... it is gone' "$(wc -l <ca/index) $(jq -r .cn ca/index | tail -n 1)" "$((count + 1)) after"
cp ca/index index
sed -i '2s/serial/cereal/' ca/index
refuses 2 'ca/index:2: the line is damaged' issue "${CA[@]}" --name x --format pem
cp index ca/index
for who in one two; do
	cert issue "${CA[@]}" --csv list.csv --renew --fill mac --key rsa1024 --format pem --out "$who" >"$who.log" 2>&1 &
done
wait %1 %2
is 'two at the same time' $? 0
is '... both are in the index, whole' "$(jq -r .serial ca/index | wc -l) $(jq -r 'select(.issued).serial' ca/index | sort | uniq -d)" "$((count + 301)) "

# --- selftest ------------------------------------------------------------------------------------------------------

ok 'the CA tries itself' cert selftest "${CA[@]}"
is '... leaving nothing' "$(wc -l <ca/index)" "$((count + 301))"
is '... as JSON' "$(cert selftest "${CA[@]}" --json | jq -r '"\(.ok) \(.steps | map(.name) | join(" "))"')" \
	'true ca-key ca-dates phone server modern optipoint handshake'
ok 'so does an imported one, of the old kind' cert selftest --ca old --ca-passphrase-file ca.pass
openssl req -x509 -newkey rsa:1024 -nodes -keyout weak.key -out weak.pem -subj /CN=Weak -days 30 >/dev/null 2>&1
cat weak.key weak.pem | cert ca-init --ca weak --import - --ca-passphrase-file ca.pass >/dev/null 2>&1
is 'a weak one fails where phones would' "$(cert selftest --ca weak --ca-passphrase-file ca.pass --json | jq -r '[.steps[] | select(.ok | not)][0].name')" modern
ok '... but not for phones of old' cert selftest --ca weak --ca-passphrase-file ca.pass --profile optipoint

for command in '' ca-init issue csr convert pack unpack show chain crl revoke selftest; do
	# shellcheck disable=SC2086 # the first one is none
	like "cert $command --help" "$(cert $command --help)" "usage: portcall cert ${command:-COMMAND}"
done
refuses 2 'There is no command "cert burn"' burn
done_testing
