#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# `portcall items set`: an item is set, the version changes, and nothing else does.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
need openssl jq xmllint iconv

openssl req -quiet -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -subj /CN=CA -days 30 2>/dev/null ||
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -subj /CN=CA -days 30 2>/dev/null || bail 'no CA'
openssl x509 -in ca.pem -outform DER -out ca.der
openssl pkcs12 -export -inkey ca.key -in ca.pem -out phone.p12 -passout pass:secret
echo secret >pass

set_items() {
	"$BIN/portcall" items set "$@"
}

# value FILE NAME: as another reader sees it
value() {
	xmllint --xpath "string(//*[local-name()='Item'][@name='$2'])" "$1"
}

cat >before.xml <<'END'
<?xml version="1.0" encoding="UTF-8"?>
<!-- made by hand, <Item name="system-config-version">7</Item> -->
<DLSMessage xmlns="http://www.siemens.com/DLS">
 <Message><Action>WriteItems</Action>
 <ItemList>
	<Item  name='system-config-version' > 41 </Item>
	<Item name="sip-name">a &amp; b</Item>  <!-- kept -->
	<Item name="radius-server-ca1"/>
 </ItemList></Message></DLSMessage>
END
cp before.xml op420adv_conf.xml
chmod 600 op420adv_conf.xml
ok 'items are set' set_items op420adv_conf.xml radius-server-ca1=@ca.pem 802.1x-certificate=@phone.p12 'sip-pattern=<a>&"b"'
sed -e "s/> 41 </>42</" -e '/ca1/,$d' before.xml >expected
sed '/radius-server-ca1/,$d' op420adv_conf.xml >got
ok 'what stood before them is the same but for the version' cmp expected got
is 'what stood behind them is the same' "$(tail -n 1 op420adv_conf.xml)" "$(tail -n 1 before.xml)"
ok 'xmllint takes it' xmllint --noout op420adv_conf.xml
is 'xmllint reads the text' "$(value op420adv_conf.xml sip-pattern)" '<a>&"b"'
is 'xmllint reads the anchor' "$(value op420adv_conf.xml radius-server-ca1)" "$(cat ca.pem)"
is 'the PKCS#12 became base64 in lines of 64' "$(value op420adv_conf.xml 802.1x-certificate)" "$(base64 -w 64 phone.p12)"
ok 'our reader finds it usable' "$BIN/portcall" items check --passphrase-file pass op420adv_conf.xml
is 'the mode stays' "$(stat -c %a op420adv_conf.xml)" 600
is 'nothing is left beside it' "$(echo op420adv_conf.xml*)" op420adv_conf.xml

cp op420adv_conf.xml now
is 'again: it says so already' "$(set_items op420adv_conf.xml radius-server-ca1=@ca.der sip-name='a & b')" \
	'op420adv_conf.xml: unchanged, it says so already.'
ok '... and nothing was written' cmp now op420adv_conf.xml
is 'JSON says what became of the version' "$(set_items --json op420adv_conf.xml sip-name=c | jq -c .)" \
	'{"file":"op420adv_conf.xml","written":true,"version":{"item":"system-config-version","before":"42","after":"43"}}'
ok 'the version may stay' set_items --keep-version op420adv_conf.xml sip-name=d
is '... it does' "$(value op420adv_conf.xml system-config-version)" 43
ok 'the version may be given' set_items op420adv_conf.xml system-config-version=2026-a
is '... it is' "$(value op420adv_conf.xml system-config-version)" 2026-a
ok 'an empty item deletes' set_items op420adv_conf.xml radius-server-ca1=
is '... the version changed too' "$(value op420adv_conf.xml system-config-version)" 2026-a.1
ok 'an index' set_items op420adv_conf.xml 'dls-server-ca[1]=x' 'dls-server-ca[0]=@@y'
is '... both are there' "$(xmllint --xpath "count(//*[@name='dls-server-ca'])" op420adv_conf.xml)" 2
is '... @@ is @' "$(value op420adv_conf.xml dls-server-ca)" x

ln -s op420adv_conf.xml link.xml
ok 'through a link' set_items link.xml sip-name=e
ok '... which stays one' test -L link.xml
is '... to the changed file' "$(value op420adv_conf.xml sip-name)" e

# --- other documents ------------------------------------------------------------------------------

ok 'a device file is made' set_items --create op420adv_conf0200000001Ab.xml 802.1x-certificate=@phone.p12
is '... with the version of a device' "$(value op420adv_conf0200000001Ab.xml device-config-version)" 1
is '... not for everybody' "$(stat -c %a op420adv_conf0200000001Ab.xml)" 640
ok '... and changed' set_items --create op420adv_conf0200000001Ab.xml sip-name=x
is '... to another version' "$(value op420adv_conf0200000001Ab.xml device-config-version)" 2
printf '<L>\r\n  <Item name="a">1</Item>\r\n</L>\r\n' >crlf.xml
ok 'CR/LF' set_items crlf.xml b=@ca.pem
is '... throughout' "$(grep -c $'\r$' crlf.xml)" "$(wc -l <crlf.xml)"
printf '<?xml version="1.0" encoding="UTF-16"?><L><Item name="a">ä</Item></L>' | iconv -t UTF-16 >utf16.xml
ok 'UTF-16' set_items utf16.xml b=ö
is '... stays' "$(value utf16.xml a)$(value utf16.xml b)" äö

# --- refused -----------------------------------------------------------------------------------------

# refuses STATUS MESSAGE FILE WORD...: and the file is not touched
refuses() {
	local status=$1 message=$2 file=$3 said
	shift 2
	cp "$file" untouched 2>/dev/null
	said=$(set_items "$@" 2>&1)
	is "refused: ${*:2}" $? "$status"
	like '... it says why' "$said" "$message"
	[ ! -e "$file" ] || ok '... and nothing changed' cmp untouched "$file"
}
cat ca.pem ca.key >leak.pem
refuses 1 'carries a private key' op420adv_conf.xml radius-server-ca1=@leak.pem
refuses 1 'is not a certificate' op420adv_conf.xml radius-server-ca2=hello
refuses 1 'is not a PKCS#12' op420adv_conf.xml 802.1x-certificate=QUJD
refuses 1 'PEM text; are the items exchanged' op420adv_conf.xml 802.1x-certificate=@ca.pem
refuses 1 'pass phrases never travel' op420adv_conf.xml 802.1x-passphrase=secret
refuses 1 'no text that XML can carry' op420adv_conf.xml "a=$(printf '\001')"
refuses 2 'nothere cannot be read' op420adv_conf.xml a=@nothere
refuses 2 'expected NAME=VALUE' op420adv_conf.xml a
refuses 2 'a is given twice' op420adv_conf.xml a=1 a=2
refuses 2 'expected NAME=VALUE' op420adv_conf.xml 'a[x]=2'
refuses 2 'nothere.xml cannot be read' nothere.xml a=1
printf '<L><Item name="a">1' >broken.xml
refuses 1 'broken.xml:1: The document is not well-formed' broken.xml a=2
like 'a misspelt name is said' "$(set_items op420adv_conf.xml radius-server-cal=x 2>&1)" 'did you mean radius-server-ca1'
done_testing
