#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# `portcall items check`: what people and tools really put into provisioning files is read, or refused with the
# reason.  Every PKCS#12 here is made by the openssl command.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
need openssl jq iconv

printf 'sésame öffne dich\n' >pass
PASS=$(cat pass)
LEGACY=yes
openssl list -providers -provider legacy >/dev/null 2>&1 || LEGACY=

# quietly COMMAND...: it must work, or nothing here means anything
quietly() {
	"$@" >cmd.log 2>&1 || bail "$(tail -n 3 cmd.log) ($*)"
}

# key NAME GENPKEY-OPTION...
key() {
	local name=$1
	shift
	quietly openssl genpkey -quiet -out "$name.key" "$@"
}

# issue NAME SUBJECT CA|- EXTENSIONS [X509-OPTION...]: NAME.pem for NAME.key
issue() {
	local name=$1 subject=$2 ca=$3 extensions=$4
	shift 4
	printf '%s\n' "$extensions" >ext
	quietly openssl req -new -utf8 -key "$name.key" -subj "$subject" -out "$name.csr"
	if [ "$ca" = - ]; then
		quietly openssl x509 -req -in "$name.csr" -signkey "$name.key" -extfile ext -days 365 -out "$name.pem" "$@"
	else
		quietly openssl x509 -req -in "$name.csr" -CA "$ca.pem" -CAkey "$ca.key" -CAcreateserial -extfile ext \
			-days 365 -out "$name.pem" "$@"
	fi
}

P256=(-algorithm EC -pkeyopt ec_paramgen_curve:P-256)
CA='basicConstraints=critical,CA:TRUE'
CLIENT='extendedKeyUsage=clientAuth'
key ca "${P256[@]}"
issue ca '/O=Portcall Lab/CN=Bäcker CA' - "$CA"
key sub "${P256[@]}"
issue sub /CN=Sub ca "$CA"
key sub2 "${P256[@]}"
issue sub2 /CN=Sub2 sub "$CA"
key rsa1024 -algorithm RSA -pkeyopt rsa_keygen_bits:1024
key rsa2048 -algorithm RSA -pkeyopt rsa_keygen_bits:2048
key rsa4096 -algorithm RSA -pkeyopt rsa_keygen_bits:4096
key p256 "${P256[@]}"
key p384 -algorithm EC -pkeyopt ec_paramgen_curve:P-384
key p521 -algorithm EC -pkeyopt ec_paramgen_curve:P-521
key ed25519 -algorithm ED25519
for k in rsa1024 rsa2048 rsa4096 p256 p384 p521 ed25519; do
	issue "$k" "/CN=$k" ca "$CLIENT"
done

# p12 NAME OPTION...: NAME.p12 of rsa2048 unless the options say another key
p12() {
	local name=$1
	shift
	quietly openssl pkcs12 -export -out "$name.p12" -passout "pass:$PASS" "$@"
}
RSA=(-inkey rsa2048.key -in rsa2048.pem)

# document CA-TEXT P12-TEXT: doc.xml with the CA in line 4 and the PKCS#12 in line 5
document() {
	printf '<DLSMessage xmlns="http://www.siemens.com/DLS"><Message>\n<Action>WriteItems</Action><ItemList>\n'
	printf '<Item name="system-config-version">1</Item>\n'
	printf '<Item name="radius-server-ca1">%s</Item><Item name="802.1x-certificate">%s</Item>\n' "$(printf '%s' "$1" | tr '\n' ' ')" "$2"
	printf '</ItemList></Message></DLSMessage>\n'
}

# judged STATUS CODES WHAT OPTION...: `items check` of doc.xml.  CODES: "code@line code~@line", ~ for a warning.
judged() {
	local status=$1 codes=$2 what=$3 got
	shift 3
	got=$("$BIN/portcall" items check --json --passphrase-file pass "$@" doc.xml 2>said)
	is "$what: exit status" "$?" "$status"
	printf '%s' "$got" >json
	is "... its findings" "$(jq -r '[.findings[] | .code + (if .severity == "error" then "" else "~" end)
		+ (if .line then "@\(.line)" else "" end)] | join(" ")' json)" "$codes"
	is '... usable says the same' "$(jq .usable json)" "$([ "$status" = 0 ] && echo true || echo false)"
}

field() {
	jq -r "$1" json
}

# reads STATUS CODES NAME OPTION...: the document with NAME.p12
reads() {
	local status=$1 codes=$2 name=$3
	shift 3
	document "$(cat ca.pem)" "$(base64 -w 64 "$name.p12")" >doc.xml
	judged "$status" "$codes" "$name${*:+ $*}" "$@"
}

# --- containers -----------------------------------------------------------------------------------

p12 openssl-modern "${RSA[@]}"
reads 0 '' openssl-modern
is 'the certificate is the phone'\''s' "$(field '.client | [.subject, .issuer, .key, .chain] | map(tostring) | join("|")')" \
	'CN=rsa2048|CN=Bäcker CA,O=Portcall Lab|RSA-2048|0'
is 'its serial, end and fingerprint are those that openssl prints' "$(field '.client | "\(.serial) \(.sha256)"')" \
	"$(openssl x509 -in rsa2048.pem -noout -serial | cut -d= -f2 | tr 'A-F' 'a-f') $(openssl x509 -in rsa2048.pem -noout -fingerprint -sha256 | cut -d= -f2 | tr -d : | tr 'A-F' 'a-f')"
is '... and so are those of the anchor' "$(field '.anchors[0] | "\(.slot) \(.pinned) \(.sha256)"')" \
	"1 false $(openssl x509 -in ca.pem -noout -fingerprint -sha256 | cut -d= -f2 | tr -d : | tr 'A-F' 'a-f')"
is 'the items are listed with their lines' "$(field '.items | map("\(.name) \(.line)") | join(", ")')" \
	'system-config-version 3, radius-server-ca1 4, 802.1x-certificate 4'
p12 aes128 "${RSA[@]}" -keypbe AES-128-CBC -certpbe AES-128-CBC -macalg sha512
reads 0 '' aes128
p12 3des "${RSA[@]}" -keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1
reads 0 'p12-legacy-algorithm~@4' 3des
p12 aes-sha1-mac "${RSA[@]}" -macalg sha1
reads 0 'p12-legacy-algorithm~@4' aes-sha1-mac
if [ -n "$LEGACY" ]; then
	p12 legacy "${RSA[@]}" -legacy
	reads 0 'p12-legacy-algorithm~@4' legacy
	p12 rc2-128 "${RSA[@]}" -legacy -keypbe PBE-SHA1-RC2-128 -certpbe PBE-SHA1-RC2-128
	reads 0 'p12-legacy-algorithm~@4' rc2-128
	p12 md5-des "${RSA[@]}" -legacy -keypbe PBE-MD5-DES -certpbe PBE-MD5-DES
	reads 0 'p12-legacy-algorithm~@4' md5-des
	p12 rc4 "${RSA[@]}" -legacy -keypbe PBE-SHA1-RC4-128 -certpbe PBE-SHA1-RC4-128
	reads 0 'p12-legacy-algorithm~@4' rc4
	p12 2des-md5-mac "${RSA[@]}" -legacy -keypbe PBE-SHA1-2DES -certpbe PBE-SHA1-RC2-40 -macalg md5
	reads 0 'p12-legacy-algorithm~@4' 2des-md5-mac
else
	skip 15 'OpenSSL has no legacy provider'
fi
p12 no-mac "${RSA[@]}" -nomac
reads 1 'p12-no-mac@4' no-mac
reads 0 '' no-mac --unencrypted-pkcs12
quietly openssl pkcs12 -export -out empty-passphrase.p12 -passout pass: "${RSA[@]}"
reads 1 'p12-unencrypted@4' empty-passphrase
reads 0 '' empty-passphrase --unencrypted-pkcs12
quietly openssl pkcs12 -export -out plain.p12 -passout pass: -keypbe NONE -certpbe NONE -nomac "${RSA[@]}"
reads 1 'p12-no-mac@4' plain
reads 0 '' plain --unencrypted-pkcs12
quietly openssl pkcs12 -export -out another.p12 -passout pass:another "${RSA[@]}"
reads 1 'p12-wrong-passphrase@4' another
is 'what was refused for its pass phrase shows no certificate' "$(field .client)" null
p12 iterations "${RSA[@]}" -iter 1000001 -nomaciter
reads 1 'p12-iterations@4' iterations
printf '' >empty
document "$(cat ca.pem)" "$(base64 -w 64 openssl-modern.p12)" >doc.xml
is 'without a pass phrase it does not open' "$("$BIN/portcall" items check --json --passphrase-file empty doc.xml | jq -r '.findings[].code')" \
	p12-wrong-passphrase
ok 'the pass phrase may come from the environment' env "PORTCALL_PASSPHRASE=$PASS" "$BIN/portcall" items check doc.xml

# --- what is in them ------------------------------------------------------------------------------

for k in rsa4096 p256 p384; do
	p12 "$k" -inkey "$k.key" -in "$k.pem"
	reads 0 '' "$k"
done
p12 rsa1024 -inkey rsa1024.key -in rsa1024.pem
reads 1 'weak-key@4' rsa1024
reads 0 '' rsa1024 --profile optipoint
p12 p521 -inkey p521.key -in p521.pem
reads 1 'key-type@4' p521
p12 ed25519 -inkey ed25519.key -in ed25519.pem
reads 1 'key-type@4' ed25519
reads 1 'key-type@4' ed25519 --profile optipoint
p12 no-key -nokeys -in rsa2048.pem
reads 1 'p12-no-key@4' no-key
p12 no-certificate -nocerts "${RSA[@]}"
reads 1 'p12-key-mismatch@4' no-certificate
p12 anothers-certificate -nocerts "${RSA[@]}" -certfile p256.pem
reads 1 'p12-key-mismatch@4' anothers-certificate
key below "${P256[@]}"
issue below /CN=below sub2 "$CLIENT"
cat sub.pem sub2.pem ca.pem >wrong-order.pem
p12 chain -inkey below.key -in below.pem -certfile wrong-order.pem
reads 0 '' chain
is 'chain in the wrong order, with the root: two go along' "$(field .client.chain)" 2
cat rsa2048.pem p256.pem below.pem sub.pem sub2.pem >many.pem
p12 several -inkey below.key -in below.pem -certfile many.pem
reads 0 '' several
is 'of several certificates it takes that of the key, and its chain' "$(field '.client | "\(.subject) \(.chain)"')" 'CN=below 2'

# certificate CODES STATUS NAME EXTENSIONS OPTION...
certificate() {
	local codes=$1 status=$2 name=$3 extensions=$4
	shift 4
	cp p256.key "$name.key"
	issue "$name" "/CN=$name" "${ISSUER:-ca}" "$extensions" "${X509[@]}"
	p12 "$name" -inkey "$name.key" -in "$name.pem"
	reads "$status" "$codes" "$name" "$@"
}
X509=()
certificate 'eku-missing@4' 1 for-servers-only 'extendedKeyUsage=serverAuth'
certificate '' 0 for-everything 'extendedKeyUsage=serverAuth,clientAuth'
certificate '' 0 without-eku 'basicConstraints=CA:FALSE'
certificate 'key-usage@4' 1 signs-nothing 'keyUsage=keyEncipherment'
certificate 'unknown-critical-extension@4' 1 unknown-critical '1.2.3.4=critical,DER:0500'
ISSUER=- certificate '' 0 self-signed "$CLIENT"
X509=(-sha1)
certificate 'weak-digest@4' 1 sha1 "$CLIENT"
reads 0 '' sha1 --profile optipoint
X509=(-days 20000)
certificate 'cert-past-2038~@4' 0 past-2038 "$CLIENT"
X509=()
reads 1 'anchor-not-yet-valid~@4 cert-not-yet-valid@4' p256 --at 2020-01-01
reads 1 'cert-expired@4 cert-expired@4' p256 --at "@$(($(date +%s) + 400 * 86400))"

# --- the document ---------------------------------------------------------------------------------

B64=$(base64 -w 64 openssl-modern.p12)
document "$(cat ca.pem)" "$(base64 -w 0 openssl-modern.p12)" >doc.xml
judged 0 '' 'base64 in one line'
document "$(cat ca.pem)" "$(base64 -w 64 openssl-modern.p12 | sed 's/$/\n\n  /')" >doc.xml
judged 0 '' 'blank lines and spaces in base64'
document "$(cat ca.pem)" "<![CDATA[$B64]]>" >doc.xml
judged 0 '' 'CDATA'
document "$(openssl x509 -in ca.pem -outform DER | base64 -w 64)" "$B64" >doc.xml
judged 0 '' 'DER in base64 as anchor'
document "$(sed 's/^-----/----/; s/-----$/----/' ca.pem)" "$B64" >doc.xml
judged 0 '' 'boundaries of four dashes'
document "$(cat ca.pem sub.pem)" "$B64" >doc.xml
judged 0 '' 'two PEM blocks in a slot'
is 'both are anchors' "$(field '.anchors | map(.slot) | join(" ")')" '1 1'
document "$(cat p256.pem)" "$B64" >doc.xml
judged 0 'ca-is-leaf-pinned~@4' 'a leaf as anchor'
is 'it is marked as pinned' "$(field '.anchors[0].pinned')" true
document "$(cat ca.pem ca.key)" "$B64" >doc.xml
judged 1 'ca-contains-private-key@4' 'a key in a CA item'
document "$(base64 -w 64 openssl-modern.p12)" "$(cat ca.pem)" >doc.xml
judged 1 'ca-contains-private-key@4 p12-syntax@4' 'the items exchanged'
document 'hello' 'hello!' >doc.xml
judged 1 'ca-syntax@4 base64-bad@4' 'nonsense'
document '' "$B64" >doc.xml
judged 1 'no-ca-item' 'no anchor'
judged 0 '' 'no anchor, none wanted' --verify none
document "$(cat ca.pem)" '' >doc.xml
judged 1 'no-certificate-item' 'no certificate'
document "$(cat ca.pem)" "$B64" | sed 's/$/\r/' >doc.xml
judged 0 '' 'CR/LF'
document "$(cat ca.pem)" "$B64" | sed '1s/^/<?xml version="1.0" encoding="UTF-16"?>/' | iconv -t UTF-16 >doc.xml
judged 0 '' 'UTF-16'
document "$(cat ca.pem)" "$B64" | sed '1s/^/<?xml version="1.0" encoding="ISO-8859-1"?>/; s/<ItemList>/&<Item name="city">München<\/Item>/' | iconv -f UTF-8 -t ISO-8859-1 >doc.xml
judged 0 '' 'ISO-8859-1'
document "$(cat ca.pem)" "$B64" | sed '1s/^/<!DOCTYPE x [<!ENTITY e "y">]>/' >doc.xml
judged 1 'xml-doctype@1' 'a DOCTYPE'
document "$(cat ca.pem)" "$B64" | sed 's/radius-server-ca1/radius-server-cal/' >doc.xml
judged 1 'item-name-typo~@4 no-ca-item' 'ca1 with an l'
document "$(cat ca.pem)" "$B64" | sed 's/<ItemList>/&<Item name="802.1x-passphrase">x<\/Item>/' >doc.xml
judged 1 'item-passphrase-refused@2' 'a pass phrase'
document "$(cat ca.pem)" "$B64" | sed 's/<ItemList>/&<Item name="radius-server-ca1"\/>/' >doc.xml
judged 1 'item-duplicate@4' 'an item twice'
{
	printf '<a>%.0s' {1..17}
	printf '</a>%.0s' {1..17}
} >doc.xml
judged 1 'xml-too-deep@1' 'too deep'
head -c 2000000 /dev/zero | tr '\0' ' ' >doc.xml
judged 1 'file-too-large' 'too large'
rm doc.xml
judged 2 'file-unreadable' 'no file'
like '... it is said' "$(cat said)" 'doc.xml cannot be read: No such file'

# --- two files, and the server ----------------------------------------------------------------------

document "$(cat ca.pem)" "$(base64 another.p12)" >system.xml
printf '<L>\n<Item name="802.1x-certificate">%s</Item>\n<Item name="radius-server-ca2">%s</Item></L>' "$B64" "$(cat sub2.pem)" >device.xml
"$BIN/portcall" items check --json --passphrase-file pass system.xml device.xml >json
is 'device values go before' "$? $(field '[.items[] | select(.name | test("802|ca")) | "\(.file):\(.line)"] | join(" ")')" \
	"0 system.xml:4 device.xml:2 device.xml:$(grep -n ca2 device.xml | cut -d: -f1)"
document "$(cat ca.pem)" "$B64" >doc.xml
key server "${P256[@]}"
issue server /CN=radius ca 'extendedKeyUsage=serverAuth
subjectAltName=DNS:radius.example'
judged 0 '' 'a server of the anchor' --server server.pem --server-name radius.example
judged 1 'server-name' 'a server with another name' --server server.pem --server-name other.example
judged 0 '' 'trusted does not ask for the name' --server server.pem --verify trusted --server-name other.example
judged 1 'server-unknown-ca' 'a server of nobody' --server self-signed.pem
judged 1 'server-purpose' 'a phone as server' --server p256.pem
document "$(cat server.pem)" "$B64" >doc.xml
judged 1 'ca-is-leaf-pinned~@4 server-name@4' 'a pinned server that will never have the name' --server-name other.example
judged 0 'ca-is-leaf-pinned~@4' 'a pinned server that has it' --server-name radius.example

# --- for people, and wrong usage ----------------------------------------------------------------------

document "$(cat ca.pem)" "$(base64 another.p12)" >doc.xml
said=$("$BIN/portcall" items check --passphrase-file pass doc.xml)
is 'text: exit status' $? 1
like 'text: file, line, item and sentence' "$said" '^doc\.xml:4: error: 802\.1x-certificate: The pass phrase does not open'
like 'text: what to do' "$said" "^    Check the phone's pass phrase"
like 'text: the end is the verdict' "$(tail -n 1 <<<"$said")" '^refused: 1 error, 0 warnings\.$'

# usage MESSAGE OPTION...
usage() {
	local message=$1 said
	shift
	said=$("$BIN/portcall" items "$@" 2>&1)
	is "wrong usage: $*" $? 2
	like '... says what' "$said" "$message"
}
usage 'An argument is missing' check
usage '"more" is one argument too many' check a b more
usage 'is not an option' check --passphrase secret doc.xml
usage 'expected modern, optipoint' check --profile old doc.xml
usage 'expected a time' check --at tomorrow doc.xml
usage '--verify full needs --server-name' check --verify full doc.xml
usage 'There is no command "items burn"' burn
usage 'nothere cannot be read' check --passphrase-file nothere doc.xml
for command in '' check set; do
	# shellcheck disable=SC2086 # the first one is none
	like "items $command --help" "$("$BIN/portcall" items $command --help)" 'usage: portcall items'
done
done_testing
