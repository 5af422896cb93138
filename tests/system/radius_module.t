#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# radius_module.t - rlm_portcall in Debian's FreeRADIUS with the shipped configuration; eapol_test is
# the phone and its switch.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
need freeradius eapol_test radclient

# shellcheck source=tests/system/radius.sh
. "$ROOT/tests/system/radius.sh"

phone1=02:00:00:00:01:01 phone2=02:00:00:00:01:02 phone3=02:00:00:00:01:03
tls12='tls_disable_tlsv1_3=1' tls13='tls_disable_tlsv1_3=0'

# --- certificates, configuration, inventory -------------------------------------------------------

mkdir certs
"$BUILD/test/mkcerts" certs <<'END' || bail 'no certificates'
ca;-;cn=Bäcker CA;o=Portcall Lab
other;-;cn=Other CA;o=Portcall Lab
radius;ca;cn=radius.example;dns=radius.example;for=server
phone1;ca;cn=phone1;serial=3e9;for=client
phone2;ca;cn=phone2;serial=3ea;for=client;key=rsa2048
renewed;ca;cn=phone1;serial=7d1;for=client
short;ca;cn=phone3;serial=3eb;for=client;to=1000
expired;ca;cn=phone1;serial=3e9;for=client;from=-7200;to=-3600
foreign;other;cn=phone1;serial=3e9;for=client
END

# device MAC NAME SERIAL [MORE [SHARED [CN]]]: a record of the inventory
device() {
	printf '{"mac": "%s", "name": "%s", "role": "voice", "certificate": {"issuer": "%s", "cn": "%s",
		"serial": "%s", "not_after": "2040-01-01T00:00:00Z", "shared": %s}%s}' \
		"$1" "$2" '/O=Portcall Lab/CN=B\\xC3\\xA4cker CA' "${6:-$2}" "$3" "${5:-false}" "${4:+, $4}"
}

# inventory DEVICE...: write it as `portcall inventory build` does, in one step
inventory() {
	local IFS=,
	printf '{"format": 1, "generated": "2026-11-21T10:00:00Z",
		"roles": {"voice": {"vlan": "20"}, "none": {}}, "devices": [%s]}\n' "$*" >inventory.new
	mv inventory.new inventory.json
}

d1=$(device $phone1 phone1 03e9) d2=$(device $phone2 phone2 03ea) d3=$(device $phone3 phone3 03eb)

# --- accept -----------------------------------------------------------------------------------------

server_files 1.2 1.3
inventory "$d1" "$d2" "$d3"
ok 'freeradius -C finds the configuration right' freeradius -C -d raddb
server

granted tls13 $phone1 phone1 "$tls13"
like 'it was TLS 1.3' "$(verdict tls13)" 'tls="TLS 1.3"'
said=$(reply Access-Accept tls13)
like 'the VLAN is in the reply' "$said" "Attribute 81 \(Tunnel-Private-Group-Id\)"
like '... as 20' "$said" "Value: '20'|3230"
like '... of the type VLAN' "$said" "Attribute 64 \(Tunnel-Type\)"
like '... over IEEE 802' "$said" "Attribute 65 \(Tunnel-Medium-Type\)"
like 'the time is limited by policy' "$said" 'Attribute 27 \(Session-Timeout\)'
like '... to 3600 s' "$(verdict tls13)" 'session_timeout=3600 '
like '... then the switch asks again' "$said" 'Attribute 29 \(Termination-Action\)'
like 'the port carries voice' "$said" "$(printf 'device-traffic-class=voice' | od -An -tx1 | tr -d ' \n')"
like 'the session id comes back' "$said" "0000ea5f02..$(printf 's-tls13' | od -An -tx1 | tr -d ' \n')"
like 'the reply is authenticated' "$said" 'Attribute 80 \(Message-Authenticator\)'

granted tls12 $phone2 phone2 "$tls12"
like 'it was TLS 1.2' "$(verdict tls12)" 'tls="TLS 1.2"'
granted short $phone3 short "$tls13"
like 'the certificate limits the session' "$(verdict short)" 'session_timeout=(9[0-9][0-9]|1000) '
granted plain 02:00:00:00:09:09 phone1 "$tls13" ca -N 31:s:020000000101
like 'a MAC address in another notation is the same one' "$(verdict plain)" "mac=$phone1 device=phone1 "

# --- reject -----------------------------------------------------------------------------------------

refused device-unknown unknown 02:00:00:00:09:01 phone1 "$tls13"
is 'no TLS for an unknown device' "$(grep -c 'EAP-Request-TLS\|SSL: ' unknown.out)" 0
refused wrong-mac wrong-mac $phone1 phone2 "$tls13"
refused wrong-mac wrong-mac12 $phone1 phone2 "$tls12"
refused wrong-certificate renewed $phone1 renewed "$tls13"
for v in 12 13; do
	tls=tls$v
	refused client-cert-invalid "expired$v" $phone1 expired "${!tls}"
	like "expired$v: the server's own words" "$(verdict "expired$v")" 'detail=".*certificate has expired"'
	refused client-cert-invalid "foreign$v" $phone1 foreign "${!tls}"
	refused server-refused "phone-refuses$v" $phone1 phone1 "${!tls}" other
done

cat >md5.conf <<'END'
network={
	key_mgmt=IEEE8021X
	eap=MD5
	identity="phone1"
	password="x"
}
END
not_ok 'EAP-MD5 is refused' eapol_test -c md5.conf -a 127.0.0.1 -p 1812 -s "$secret" -M $phone1 -t 10 -N 44:s:s-md5
like '... because the device must use EAP-TLS' "$(verdict md5)" 'reason=method-not-allowed .*EAP-Nak'

# MAC address as user and password: MAB
said=$(printf 'User-Name = "020000000101", User-Password = "020000000101", Acct-Session-Id = "s-mab",
	Calling-Station-Id = "02-00-00-00-01-01", Message-Authenticator = 0x00\n' |
	radclient -x -r 1 -t 3 127.0.0.1:1812 auth "$secret" 2>&1)
like 'MAB is refused' "$said" 'Received Access-Reject'
like '... with a Reply-Message, as there is no EAP' "$said" 'Reply-Message = "The device must use EAP-TLS."'
like '... and a Message-Authenticator' "$said" 'Message-Authenticator = 0x[0-9a-f]*[1-9a-f]'
said=$(printf 'User-Name = "x", User-Password = "x", Message-Authenticator = 0x00\n' |
	radclient -x -r 1 -t 3 127.0.0.1:1812 auth "$secret" 2>&1)
like 'without Calling-Station-Id nobody gets in' "$said" 'no usable Calling-Station-Id'
said=$(printf 'User-Name = "x", User-Password = "x"\n' |
	radclient -x -r 1 -t 1 127.0.0.1:1812 auth "$secret" 2>&1)
like 'no answer without Message-Authenticator' "$said" 'No reply'

with_secret=wrong limit=3 eap wrong-secret $phone1 phone1 "$tls13"
is 'no answer under another secret' "$(grep -c '^RADIUS message: code=[23]\|^RADIUS message: code=11' wrong-secret.out)" 0
like '... and the log says why' "$(cat radius.log)" 'Shared secret is incorrect'
like 'a name cannot forge a log line' "$(
	printf 'User-Name = "x", Calling-Station-Id = "a\\nb \\"c\\"", User-Password = "x", Message-Authenticator = 0x00\n' |
		radclient -r 1 -t 3 127.0.0.1:1812 auth "$secret" >/dev/null 2>&1
	tail -n 1 radius.log
)" 'mac="a\\x0ab \\"c\\""'

# --- resumption: decided afresh ----------------------------------------------------------------------

granted resume12 $phone1 phone1 "$tls12" ca -r 2
is 'TLS 1.2 is resumed twice' "$(verdict resume12 | grep -c 'verdict=accept .*resumed=yes')" 2
is '... into the VLAN' "$(verdict resume12 | grep -c 'vlan=20 ')" 3
granted resume13 $phone1 phone1 "$tls13" ca -r 2
is 'TLS 1.3 is never resumed' "$(verdict resume13 | grep -c 'verdict=accept .*resumed=yes')" 0
is '... but authenticated in full' "$(verdict resume13 | grep -c 'verdict=accept')" 3
is 'no session of TLS 1.3 is kept' "$(grep -lc 'TLS 1.3' tlscache/*.vps 2>/dev/null | wc -l)" 0

# --- another inventory under the running server -------------------------------------------------------

# disabled between two authentications that share a TLS 1.2 session; eapol_test waits between them for nobody,
# so the inventory changes as soon as the first accept is in the log
seen=$(grep -c 'portcall: inventory:' radius.log)
eap between $phone1 phone1 "$tls12" ca -r 4000 &
between=$!
wait_for 10 grep -q 'verdict=accept .*resumed=yes session=s-between ' radius.log
inventory "$(device $phone1 phone1 03e9 '"enabled": false')" "$d2"
ok 'a device is disabled while it resumes its session again and again' wait_for 5 read_again
wait_for 10 grep -q 'verdict=reject .*session=s-between ' radius.log
kill $between 2>/dev/null
wait $between 2>/dev/null
like 'its next authentication is rejected' "$(verdict between | grep reject | tail -n 1)" 'reason=device-disabled '
is 'no accept comes after the reject' "$(verdict between | sed '1,/verdict=reject/d' | grep -c 'verdict=accept')" 0
refused device-disabled disabled $phone1 phone1 "$tls13"
granted other-phone $phone2 phone2 "$tls13"

replace 'phone1 gets another certificate' "$(device $phone1 phone1 07d1)" "$d2"
granted new-certificate $phone1 renewed "$tls13"
refused wrong-certificate old-certificate $phone1 phone1 "$tls13"
refused wrong-certificate old-resumed $phone1 phone1 "$tls12"

replace 'phone1 and phone2 share a certificate' "$(device $phone1 phone1 03e9 '' true)" \
	"$(device $phone2 phone2 03e9 '' true phone1)"
granted shared $phone2 phone1 "$tls13"
like 'the log warns' "$(verdict shared)" 'verdict=accept reason=shared-certificate '

replace 'a role without VLAN' "$(device $phone1 phone1 03e9 | sed 's/"voice"/"none"/')"
refused no-vlan no-vlan $phone1 phone1 "$tls13"

replace 'phone1 is back, in a VLAN of its own' "$(device $phone1 phone1 03e9 '"vlan": "voice-lab"')"
granted own-vlan $phone1 phone1 "$tls13"
like 'the VLAN is the name' "$(verdict own-vlan)" 'vlan=voice-lab '

replace 'a broken inventory is noticed' '{"mac": "02:00:00:00:01:0x"}'
like '... and named with its place' "$(grep 'portcall: inventory:' radius.log | tail -n 1)" \
	'refused and the inventory before it stays in use: devices\[0\]\.mac: "02:00:00:00:01:0x" is not'
granted broken-inventory $phone1 phone1 "$tls13"
seen=$(grep -c 'portcall: inventory:' radius.log)
rm inventory.json
ok 'a missing inventory is noticed' wait_for 5 read_again
granted missing-inventory $phone1 phone1 "$tls13"

# --- HUP: the module's section is read again ------------------------------------------------------------

# FreeRADIUS ignores a HUP within 5 s of another one, hence asking until it is done
# shellcheck disable=SC2317 # wait_for calls it
hup() {
	kill -HUP "$(cat radius.pid)" && sleep 0.2 && [ "$(grep -c "$1" radius.log)" -gt "$seen" ]
}

inventory "$d1"
seen=$(grep -c 'portcall: inventory: 1 devices' radius.log)
wait_for 5 read_again
seen=$(grep -c 'portcall: inventory: 1 devices' radius.log)
sed -i 's/^session_timeout.*/session_timeout = 1800/' raddb/radiusd.conf
ok 'a HUP makes a new instance' wait_for 15 hup 'portcall: inventory: 1 devices'
granted after-hup $phone1 phone1 "$tls13"
like '... with the new setting' "$(verdict after-hup)" 'session_timeout=1800 '
seen=0
sed -i 's/^shared_certificate.*/shared_certificate = maybe/' raddb/radiusd.conf
touch -d '1 minute' raddb/radiusd.conf # it looks at whole seconds
ok 'a bad setting is refused on HUP' wait_for 15 hup 'shared_certificate = "maybe" is none of'
granted after-bad-hup $phone1 phone1 "$tls13"
like '... and the instance before it goes on' "$(verdict after-bad-hup)" 'session_timeout=1800 '

stop radius
result $? 'the server ends when asked'
not_ok 'nothing was leaked into its log' grep -q "$secret" radius.log

# --- bad configuration: freeradius -C says so -----------------------------------------------------------

# bad DESCRIPTION SED-EXPRESSION MESSAGE
bad() {
	local said
	server_files 1.2 1.3
	sed -i "$2" raddb/radiusd.conf
	said=$(freeradius -C -l stdout -d raddb 2>&1) && said="accepted: $said"
	like "$1" "$said" "$3"
}

inventory "$d1"
bad 'shared_certificate is checked' 's/^shared_certificate.*/shared_certificate = maybe/' \
	'mods-available/portcall\[[0-9]+\].*shared_certificate = "maybe" is none of: deny, warn, allow'
bad 'vendor_profile is checked' 's/^vendor_profile.*/vendor_profile = acme/' 'vendor_profile = "acme" is none of: none, cisco'
bad 'session_timeout is checked' 's/^session_timeout.*/session_timeout = 1h/' 'session_timeout'
bad 'the inventory must be there' 's/^inventory.*/inventory = \/nonexistent/' '/nonexistent'
printf '{"format": 1,\n"devices": [}\n' >inventory.json
bad 'the inventory must be valid' '' 'inventory.json was refused: line 2, column 13: '
inventory "$d1"
server_files 1.2 1.3
: >raddb/dictionary
like 'the dictionary must be there' "$(freeradius -C -l stdout -d raddb 2>&1)" 'include dictionary.portcall'

# --- policy and TLS versions are settable ---------------------------------------------------------------

inventory "$(device $phone1 phone1 03e9 '' true)"
shared=deny
server_files 1.2 1.2
server 'the server starts with other settings'
refused shared-refused deny $phone1 phone1 "$tls13"
like 'tls_max = 1.2 holds' "$(verdict deny)" 'tls="TLS 1.2"'
stop radius
result $? 'it ends when asked'

done_testing
