#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# p12_tools.t - PKCS#12 of other makers: NSS (pk12util), GnuTLS (certtool) and Java (keytool).  What they write is
# read here, and what portcall cert writes is read there.  A tool that is not installed is skipped by its name.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/../system/lib.sh"
need openssl jq

PASS='pass phrase of 21'
printf '%s\n' "$PASS" >pass
printf 'database1\n' >db.pass

quietly() {
	"$@" >cmd.log 2>&1 || bail "$(tail -n 3 cmd.log) ($*)"
}

cert() {
	"$BIN/portcall" cert "$@"
}

quietly cert ca-init --ca root --subject 'O=Interop, CN=Root' --key p256
quietly openssl req -newkey rsa:2048 -nodes -keyout sub.key -out sub.csr -subj /O=Interop/CN=Sub
printf 'basicConstraints=critical,CA:TRUE\n' >ext
quietly openssl x509 -req -in sub.csr -CA root/ca.pem -CAkey root/ca.key -CAcreateserial -extfile ext -days 365 -out sub.pem
cat sub.key sub.pem >sub.both
quietly cert ca-init --ca sub --import sub.both
for kind in rsa2048 p256; do
	quietly cert issue --ca sub --name "$kind" --key "$kind" --format pem
	for profile in modern optipoint; do
		quietly cert pack "$kind.key" "$kind.pem" --profile "$profile" --passphrase-file pass --name "$kind" --out "$kind-$profile.p12"
	done
done
quietly "$BIN/portcall" items set --create system.xml radius-server-ca1=@root/ca.pem

# reads WHAT FILE.p12 EXPECTED: "usable subject chain codes" of items check
reads() {
	rm -f device.xml
	quietly "$BIN/portcall" items set --create device.xml "802.1x-certificate=@$2"
	is "$1" "$("$BIN/portcall" items check --json --passphrase-file pass system.xml device.xml |
		jq -r '"\(.usable) \(.client.subject) \(.client.chain) \([.findings[] | .code] | join(" "))"')" "$3"
}
RSA='CN=rsa2048,O=Interop'
EC='CN=p256,O=Interop'

# --- NSS ------------------------------------------------------------------------------------------------

if command -v pk12util >/dev/null && command -v certutil >/dev/null; then
	for kind in rsa2048 p256; do
		for profile in modern optipoint; do
			rm -rf db && mkdir db
			quietly certutil -N -d db -f db.pass
			ok "NSS reads ours: $kind, $profile" pk12util -i "$kind-$profile.p12" -d db -k db.pass -w pass
			ok '... with key and certificate' bash -c "certutil -K -d db -f db.pass | grep -q '$kind'"
		done
		ok "NSS writes $kind" pk12util -o "nss-$kind.p12" -n "$kind" -d db -k db.pass -w pass
	done
	reads '... which is read, with its chain' nss-rsa2048.p12 "true $RSA 1 "
	reads '... P-256 too' nss-p256.p12 "true $EC 1 "
	rm -rf db && mkdir db
	quietly certutil -N -d db -f db.pass
	quietly pk12util -i rsa2048-modern.p12 -d db -k db.pass -w pass
	for pair in 'PKCS #12 V2 PBE With SHA-1 And 3KEY Triple DES-CBC|PKCS #12 V2 PBE With SHA-1 And 40 Bit RC2 CBC|SHA-1' \
		'AES-256-CBC|AES-128-CBC|SHA-256'; do
		IFS='|' read -r key certs mac <<<"$pair"
		if pk12util -o nss.p12 -n rsa2048 -d db -k db.pass -w pass -c "$key" -C "$certs" -M "$mac" >cmd.log 2>&1; then
			case $key in
			AES*) expected="true $RSA 1 " ;;
			*) expected="true $RSA 1 p12-legacy-algorithm" ;;
			esac
			reads "NSS with $key" nss.p12 "$expected"
		else
			skip 1 "this NSS does not write $key: $(tail -n 1 cmd.log)"
		fi
	done
else
	skip 14 'NSS: pk12util is not installed'
fi

# --- GnuTLS ---------------------------------------------------------------------------------------------

if command -v certtool >/dev/null; then
	for kind in rsa2048 p256; do
		for profile in modern optipoint; do
			certtool --p12-info --inder --infile "$kind-$profile.p12" --password "$PASS" >gnutls.said 2>&1
			sed -n '/BEGIN ENCRYPTED/,/END ENCRYPTED/p' gnutls.said >gnutls.key
			is "GnuTLS reads ours: $kind, $profile" \
				"$(grep -c 'BEGIN CERT' gnutls.said) $(certtool --key-info --pkcs8 --password "$PASS" --infile gnutls.key 2>&1 | sed -n 's/.*sha256:\([0-9a-f]*\)$/\1/p')" \
				"2 $(openssl pkey -in "$kind.key" -pubout -outform DER | sha256sum | cut -d' ' -f1)"
		done
	done
	for cipher in aes-256 aes-128 3des 3des-pkcs12 rc2-40 arcfour; do
		quietly certtool --to-p12 --load-privkey rsa2048.key --load-certificate rsa2048.pem --load-ca-certificate root/ca.pem --p12-name phone \
			--password "$PASS" --pkcs-cipher "$cipher" --outder --outfile "gnutls-$cipher.p12"
		case $cipher in
		aes*) reads "GnuTLS with $cipher" "gnutls-$cipher.p12" "true $RSA 1 $(openssl pkcs12 -in "gnutls-$cipher.p12" -passin file:pass -info -noout 2>&1 | grep -q '^MAC: sha1' && echo p12-legacy-algorithm)" ;;
		*) reads "GnuTLS with $cipher" "gnutls-$cipher.p12" "true $RSA 1 p12-legacy-algorithm" ;;
		esac
	done
else
	skip 10 'GnuTLS: certtool is not installed'
fi

# --- Java -----------------------------------------------------------------------------------------------

if command -v keytool >/dev/null && keytool -help >/dev/null 2>&1; then
	for kind in rsa2048 p256; do
		for profile in modern optipoint; do
			said=$(keytool -list -storetype PKCS12 -keystore "$kind-$profile.p12" -storepass:file pass 2>&1)
			if [ "$profile" = optipoint ] && ! grep -q PrivateKeyEntry <<<"$said"; then
				skip 1 "this Java reads no RC2: $(tail -n 1 <<<"$said")"
			else
				like "Java reads ours: $kind, $profile" "$said" 'PrivateKeyEntry'
			fi
		done
	done
	quietly keytool -importkeystore -srckeystore rsa2048-modern.p12 -srcstoretype PKCS12 -srcstorepass:file pass \
		-destkeystore java.p12 -deststoretype PKCS12 -deststorepass:file pass
	reads 'Java writes it again' java.p12 "true $RSA 1 "
	quietly keytool -genkeypair -keyalg EC -groupname secp256r1 -alias second -dname CN=second -storetype PKCS12 -keystore java.p12 -storepass:file pass
	reads 'two keys in a Java key store' java.p12 'false null null p12-two-keys'
	quietly keytool -importkeystore -srckeystore rsa2048-modern.p12 -srcstoretype PKCS12 -srcstorepass:file pass \
		-destkeystore java.jks -deststoretype JKS -deststorepass:file pass
	like 'a JKS is told from a PKCS#12' "$(cert show java.jks 2>&1)" 'Java key store; keytool -importkeystore'
	quietly keytool -importcert -noprompt -alias root -file root/ca.pem -storetype PKCS12 -keystore trust.p12 -storepass:file pass
	reads 'a Java trust store has no key' trust.p12 'false null null p12-no-key'
else
	skip 8 'Java: keytool is not installed'
fi
done_testing
