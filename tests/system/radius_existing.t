#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# radius_existing.t - rlm_portcall added to the configuration that Debian's FreeRADIUS comes with, in the
# five steps of docs/radius.md.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
need freeradius eapol_test
stock=/etc/freeradius/3.0
[ -r $stock/sites-available/default ] || skip_all 'Debian'\''s FreeRADIUS configuration is not there'
grep -rqs portcall $stock && skip_all "$stock is not as it came any more"

secret=testing123 # of the client that the stock configuration has
phone=02:00:00:00:01:01

mkdir certs
"$BUILD/test/mkcerts" certs <<'END' || bail 'no certificates'
ca;-;cn=Phone CA;o=Portcall Lab
radius;ca;cn=radius.example;dns=radius.example;for=server
phone1;ca;cn=phone1;serial=3e9;for=client
phone2;ca;cn=phone2;serial=3ea;for=client
END
cat >inventory.json <<'END'
{"format": 1, "roles": {"voice": {"vlan": "20"}}, "devices": [{"mac": "02:00:00:00:01:01", "role": "voice",
 "certificate": {"issuer": "/O=Portcall Lab/CN=Phone CA", "serial": "03e9", "not_after": "2040-01-01T00:00:00Z"}}]}
END

# the server as it came, but for the places of its files and its user
cp -r $stock raddb
sed -i -E "s,^(\s*)(user|group) = freerad,\1#&," raddb/radiusd.conf
sed -i -E "s,^logdir = .*,logdir = $SCRATCH," raddb/radiusd.conf
sed -i -E "s,^run_dir = .*,run_dir = $SCRATCH," raddb/radiusd.conf

# 1. the module beside the server's own (make install does it)
sed -i "s,^libdir = .*,libdir = \"$BUILD/lib:/usr/lib/freeradius\"," raddb/radiusd.conf

# 2. the dictionary, which takes no path with a space
cp "$ROOT/configs/freeradius/dictionary.portcall" raddb
# shellcheck disable=SC2016 # it is the dictionary's own word
printf '$INCLUDE dictionary.portcall\n' >>raddb/dictionary

# 3. the module's settings
# shellcheck disable=SC2016 # the variables are the configuration's
sed -e "s,= \${inventory},= $SCRATCH/inventory.json," -e 's,= ${shared_certificate},= warn,' \
	-e 's,= ${two_ports},= warn,' -e 's,= ${stale_configuration},= warn,' -e 's,= ${quarantine_vlan},= "",' \
	-e 's,= ${staging_vlan},= "",' -e 's,= ${staging_timeout},= 300,' \
	-e 's,= ${state},= "",' -e 's,= ${disconnect_port},= 0,' -e 's,= ${monitor},= no,' -e 's,= ${monitor_vlan},= "",' -e 's,= ${session_timeout},= 3600,' -e 's,= ${vendor_profile},= none,' \
	"$ROOT/configs/freeradius/mods-available/portcall" >raddb/mods-available/portcall
ln -s ../mods-available/portcall raddb/mods-enabled/portcall

# 4. the site: before eap in authorize; first in post-auth; between attr_filter and eap in REJECT
awk '
	/^authorize \{/ { in_authorize = 1 }
	in_authorize && /^\teap \{/ { print "\tportcall"; in_authorize = 0 }
	/^\t\tattr_filter.access_reject/ { print; print "\t\tportcall"; next }
	{ print }
	/^post-auth \{/ { print "\tportcall" }
' $stock/sites-available/default >raddb/sites-available/default

# 5. EAP-TLS with the phones' CA
sed -i -E -e "s,^(\s*)private_key_file = .*,\1private_key_file = $SCRATCH/certs/radius.key," \
	-e "s,^(\s*)certificate_file = .*,\1certificate_file = $SCRATCH/certs/radius.pem," \
	-e "s,^(\s*)ca_file = .*,\1ca_file = $SCRATCH/certs/ca.pem," \
	-e 's,^(\s*)default_eap_type = md5,\1default_eap_type = tls,' raddb/mods-available/eap

is 'the site calls the module three times' "$(grep -c '^\s*portcall$' raddb/sites-available/default)" 3
start radius freeradius -f -l stdout -d raddb
ok 'the server starts' wait_for 20 grep -q 'Ready to process' radius.log || bail 'no server'

# eap NAME MAC CERT
# shellcheck disable=SC2317 # ok and not_ok call it
eap() {
	cat >"$1.conf" <<END
network={
	key_mgmt=IEEE8021X
	eap=TLS
	identity="$3"
	ca_cert="certs/ca.pem"
	client_cert="certs/$3.pem"
	private_key="certs/$3.key"
}
END
	eapol_test -c "$1.conf" -a 127.0.0.1 -p 1812 -s "$secret" -M "$2" -t 10 -N "44:s:s-$1" >"$1.out" 2>&1
}

verdicts() {
	grep "portcall: verdict=.* session=s-$1 " radius.log
}

ok 'a phone is accepted' eap good $phone phone1
like '... into its VLAN' "$(verdicts good)" 'verdict=accept reason=device-accepted .*vlan=20 '
not_ok 'an unknown device is rejected' eap unknown 02:00:00:00:09:09 phone1
like '... with EAP-Failure' "$(grep decapsulated unknown.out)" 'code=4 '
is '... and one verdict' "$(verdicts unknown | grep -o 'reason=[a-z-]*')" reason=device-unknown
like '... that is in the reply, behind attr_filter' "$(cat unknown.out)" \
	"0000ea5f01..$(printf device-unknown | od -An -tx1 | tr -d ' \n')"
not_ok 'another certificate is rejected' eap other $phone phone2
like '... with EAP-Failure' "$(grep decapsulated other.out | tail -n 1)" 'code=4 '
is '... and one verdict' "$(verdicts other | grep -o 'reason=[a-z-]*')" reason=wrong-certificate
ok 'the server is alive' alive radius
done_testing
