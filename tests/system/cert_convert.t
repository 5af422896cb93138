#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# `portcall cert convert, pack, unpack, show, chain`: what goes in comes out, as openssl sees it.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
need openssl jq xmllint
openssl list -providers -provider legacy >/dev/null 2>&1 || skip_all 'OpenSSL has no legacy provider'

printf 'the customer: ünique\n' >customer.pass
printf 'sésame\n' >phone.pass

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

# quietly COMMAND...: it must work, or nothing here means anything
quietly() {
	"$@" >cmd.log 2>&1 || bail "$(tail -n 3 cmd.log) ($*)"
}

# issue NAME CA|- EXTENSION: NAME.key and NAME.pem
issue() {
	quietly openssl req -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.csr" -subj "/O=Customer/CN=$1"
	printf '%s\n' "$3" >ext
	if [ "$2" = - ]; then
		quietly openssl x509 -req -in "$1.csr" -signkey "$1.key" -extfile ext -days 900 -out "$1.pem"
	else
		quietly openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" -CAcreateserial -extfile ext -days 900 -out "$1.pem"
	fi
}
issue root - basicConstraints=critical,CA:TRUE
issue sub root basicConstraints=critical,CA:TRUE
issue phone sub extendedKeyUsage=clientAuth
issue other - extendedKeyUsage=clientAuth
cat sub.pem root.pem >cas.pem

# --- convert: what the manual's three steps give, in one ------------------------------------------------

quietly openssl pkcs12 -export -inkey phone.key -in phone.pem -certfile cas.pem -passout file:customer.pass -out customer.p12
IN=(customer.p12 --in-passphrase-file customer.pass --passphrase-file phone.pass)

# info FILE: algorithms of a PKCS#12 under the phones' pass phrase
info() {
	openssl pkcs12 -in "$1" -passin file:phone.pass -info -noout -legacy 2>&1
}

# pems FILE: key and certificates, as openssl takes them out, without the attributes
pems() {
	openssl pkcs12 -in "$1" -passin file:phone.pass -nodes -legacy | sed -n '/BEGIN/,/END/p'
}

ok 'modern' cert convert "${IN[@]}" --out modern.b64
is 'base64 in lines of 64' "$(awk '{ print length }' modern.b64 | sort -n | tail -n 1) $(tail -c 1 modern.b64 | od -An -c | tr -d ' ')" '64 \n'
base64 -d modern.b64 >modern.p12
like 'AES-256, PBKDF2 with SHA-256, 10000 iterations' "$(info modern.p12)" 'Shrouded Keybag: PBES2, PBKDF2, AES-256-CBC, Iteration 10000, PRF hmacWithSHA256'
like '... for the certificates as well' "$(info modern.p12)" 'PKCS7 Encrypted data: PBES2, PBKDF2, AES-256-CBC, Iteration 10000, PRF hmacWithSHA256'
like '... and a SHA-256 MAC' "$(info modern.p12)" 'MAC: sha256, Iteration 10000'
ok 'optipoint' cert convert "${IN[@]}" --profile optipoint --format p12 --out optipoint.p12
is 'exactly the algorithms of 2006' "$(info optipoint.p12 | sed 's/MAC length/\n&/' | grep -E 'MAC|PKCS7|Keybag' | tr '\n' ';')" \
	'MAC: sha1, Iteration 2048;MAC length: 20, salt length: 8;PKCS7 Encrypted data: pbeWithSHA1And40BitRC2-CBC, Iteration 2048;PKCS7 Data;Shrouded Keybag: pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 2048;'
# the manual, 2.4: customer's PKCS#12 -> PEM -> PKCS#12 under the phones' pass phrase -> base64
quietly openssl pkcs12 -in customer.p12 -passin file:customer.pass -out certconv.pem -passout pass:x1234
quietly openssl pkcs12 -export -in certconv.pem -passin pass:x1234 -passout file:phone.pass -legacy -out certnew.p12
quietly openssl base64 -in certnew.p12 -out certnew.b64
is 'the three steps protect it in the same way' "$(info certnew.p12 | grep -v 'Certificate bag')" "$(info optipoint.p12 | grep -v 'Certificate bag')"
is '... around the same key and certificate' "$(pems certnew.p12 | sed '/END CERT/q' | sort)" "$(pems optipoint.p12 | sed '/END CERT/q' | sort)"
is 'certificate and intermediate go along, the root does not' "$(pems modern.p12 | grep -c 'BEGIN CERT')" 2
is '... unless it is asked for' "$(cert convert "${IN[@]}" --root | base64 -d >with-root.p12 && pems with-root.p12 | grep -c 'BEGIN CERT')" 3
is 'the item is XML' "$(cert convert "${IN[@]}" --format item | xmllint --xpath 'string(/Item[@name="802.1x-certificate"])' - | base64 -d | openssl pkcs12 -passin file:phone.pass -nokeys -clcerts 2>/dev/null | openssl x509 -noout -subject)" \
	'subject=O = Customer, CN = phone'
ok 'into a provisioning file, which is made' cert convert "${IN[@]}" --into op420adv_conf020000000101.xml --create
"$BIN/portcall" items set --create op420adv_conf.xml radius-server-ca1=@root.pem >/dev/null
for profile in modern optipoint; do
	ok "into it again: $profile" cert convert "${IN[@]}" --profile $profile --into op420adv_conf020000000101.xml
	ok '... which a phone accepts' "$BIN/portcall" items check --passphrase-file phone.pass op420adv_conf.xml op420adv_conf020000000101.xml
done
is '... with its chain, in its third version' "$("$BIN/portcall" items check --json --passphrase-file phone.pass op420adv_conf.xml op420adv_conf020000000101.xml | jq -r '.client | "\(.subject) \(.chain)"') $(xmllint --xpath 'string(//*[@name="device-config-version"])' op420adv_conf020000000101.xml)" \
	'CN=phone,O=Customer 1 3'

# every kind of container that a customer brings
for how in '-legacy' '-keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1' '-legacy -keypbe PBE-SHA1-RC2-128 -certpbe PBE-SHA1-RC2-128' \
	'-legacy -keypbe PBE-MD5-DES -certpbe PBE-MD5-DES' '-keypbe AES-128-CBC -certpbe AES-128-CBC -macalg sha512'; do
	# shellcheck disable=SC2086 # they are several options
	quietly openssl pkcs12 -export -inkey phone.key -in phone.pem -certfile cas.pem -passout file:customer.pass $how -out x.p12
	cert convert x.p12 "${IN[@]:1}" --format p12 --force --out out.p12 2>said
	is "from $how" "$? $(pems out.p12 | openssl pkey -pubout 2>/dev/null | sha256sum)" "0 $(openssl pkey -in phone.key -pubout | sha256sum)"
done
like 'what was old in it is said' "$(cert convert "${IN[@]}" --out /dev/null --force 2>&1; quietly openssl pkcs12 -export -inkey phone.key -in phone.pem -passout file:customer.pass -legacy -out x.p12; cert convert x.p12 "${IN[@]:1}" 2>&1 >/dev/null)" \
	'algorithms of the 1990s: .*RC2-40'
quietly openssl pkcs12 -export -inkey phone.key -in phone.pem -passout pass: -nomac -keypbe NONE -certpbe NONE -out bare.p12
ok 'one without any protection gets it' cert convert bare.p12 --passphrase-file phone.pass --format p12 --out bare-out.p12
like '... it has' "$(info bare-out.p12)" 'AES-256-CBC'

refuses 1 'The pass phrase does not open the PKCS#12' convert customer.p12 --in-passphrase-file phone.pass --passphrase-file phone.pass
refuses 1 'needs its pass phrase' convert customer.p12 --passphrase-file phone.pass
refuses 2 "phones' pass phrase is missing" convert customer.p12 --in-passphrase-file customer.pass
refuses 2 'nothere cannot be read' convert nothere --passphrase-file phone.pass
refuses 2 'modern.b64 cannot be written: File exists' convert "${IN[@]}" --out modern.b64
refuses 1 'private key is missing' convert cas.pem --passphrase-file phone.pass
printf '\376\355\376\355\0\0\0\2' >store.jks
refuses 1 'Java key store; keytool' convert store.jks --passphrase-file phone.pass
quietly openssl req -x509 -newkey rsa:1024 -nodes -keyout weak.key -subj /CN=weak -out weak.crt
cat weak.key weak.crt >weak.pem
like 'a weak key is said' "$(cert convert weak.pem --passphrase-file phone.pass 2>&1 >/dev/null)" 'warning: the key is RSA-1024'

# nothing but the result is ever written, and no secret is in it or in an argument
if strace -o trace true 2>/dev/null; then
	strace -f -qq -e trace=openat,creat,execve -o trace "$BIN/portcall" cert convert "${IN[@]}" --format p12 --out traced.p12 2>/dev/null
	is 'the only file that is made is the result' "$(grep -cE 'O_CREAT|creat\(' trace) $(grep -E 'O_CREAT' trace | grep -c 'traced.p12\.')" '1 1'
else
	skip 1 'strace is not installed, or not allowed'
fi

# --- pack and unpack -------------------------------------------------------------------------------------------

quietly openssl x509 -in phone.pem -outform DER -out phone.cer
quietly openssl pkcs8 -topk8 -in phone.key -passout file:customer.pass -out phone.enc
quietly openssl crl2pkcs7 -nocrl -certfile cas.pem -out cas.p7b
ok 'key, certificate and chain from files of any kind' cert pack cas.p7b phone.enc phone.cer --in-passphrase-file customer.pass --passphrase-file phone.pass --name 'my phone' --out packed.p12
is '... in a PKCS#12' "$(pems packed.p12 | sort)" "$(pems modern.p12 | sort)"
like '... with its friendly name' "$(openssl pkcs12 -in packed.p12 -passin file:phone.pass -nokeys -clcerts)" 'friendlyName: my phone'
is '... for its owner' "$(stat -c %a packed.p12)" 600
refuses 1 'None of the certificates belongs to the private key' pack other.pem phone.key --passphrase-file phone.pass
refuses 1 'more than one private key' pack phone.pem phone.key other.key --passphrase-file phone.pass
refuses 1 'encrypted and needs its pass phrase' pack phone.pem phone.enc --passphrase-file phone.pass
refuses 1 'certificate is missing' pack phone.key --passphrase-file phone.pass

ok 'unpack' cert unpack packed.p12 un --in-passphrase-file phone.pass --plain
is '... certificate and chain' "$(cat un.pem)" "$(cat phone.pem sub.pem)"
is '... the key, for its owner' "$(stat -c %a un.key) $(cat un.key)" "600 $(cat phone.key)"
is '... the CAs, without a key' "$(cat un-ca.pem)" "$(cat sub.pem)"
ok '... the key as PKCS#1' cert unpack packed.p12 old --in-passphrase-file phone.pass --traditional
like '... is' "$(cat old.key)" 'BEGIN RSA PRIVATE KEY'
ok '... the key under a pass phrase' cert unpack packed.p12 enc --in-passphrase-file phone.pass --passphrase-file customer.pass
ok '... which opens it' openssl pkey -in enc.key -passin file:customer.pass -noout
refuses 2 'File exists' unpack packed.p12 un --in-passphrase-file phone.pass --plain
refuses 2 '--plain leaves|--plain writes' unpack packed.p12 new --in-passphrase-file phone.pass

# --- show --------------------------------------------------------------------------------------------------------

said=$(cert show phone.pem)
for digest in sha256 md5; do
	like "the $digest fingerprint is openssl's" "$said" "$(openssl x509 -in phone.pem -noout -fingerprint -$digest | cut -d= -f2)"
done
like 'subject, dates and purposes' "$said" 'purposes +clientAuth'
is 'of many kinds, as JSON' "$(cert show --json --in-passphrase-file phone.pass phone.cer un.key phone.csr packed.p12 cas.p7b op420adv_conf020000000101.xml |
	jq -r '.[] | "\(.file) \(.item) \(.certificates | length) \(.private_key) \(.request.subject)"')" \
	'phone.cer null 1 null null
un.key null 0 RSA-2048 null
phone.csr null 0 null CN=phone,O=Customer
packed.p12 null 2 RSA-2048 null
cas.p7b null 2 null null
op420adv_conf020000000101.xml 802.1x-certificate 2 RSA-2048 null'
not_ok 'a key is never shown' grep -q 'PRIVATE KEY-' <<<"$(cert show un.key)"
printf 'keyUsage=critical,digitalSignature\n1.2.3.4=critical,DER:0500\n' >ext
quietly openssl x509 -req -in phone.csr -signkey phone.key -extfile ext -out critical.pem
is 'critical extensions are listed: old servers fail on them' "$(cert show --json critical.pem | jq -c '.[0].certificates[0].critical')" \
	'["X509v3 Key Usage","1.2.3.4"]'
refuses 1 'pass phrase' show packed.p12
refuses 2 'cannot be read' show nothere phone.pem
refuses 1 'no certificate item' show <(printf '<Item name="x">1</Item>')

# --- chain --------------------------------------------------------------------------------------------------------

is 'lowest first, the root left out' "$(cert chain cas.p7b phone.cer)" "$(cat phone.pem sub.pem)"
is '... or kept' "$(cert chain root.pem phone.pem sub.pem --root)" "$(cat phone.pem sub.pem root.pem)"
ok 'it leads to the root' cert chain phone.pem sub.pem --ca root.pem --out chain.pem
refuses 1 'does not lead to root.pem.*issued by "CN=sub' chain phone.pem --ca root.pem
refuses 1 'not one chain' chain phone.pem other.pem
refuses 1 'other.*is no part of the chain|not one chain' chain phone.pem sub.pem other.pem
done_testing
