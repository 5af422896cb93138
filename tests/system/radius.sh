# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# radius.sh - the shipped FreeRADIUS configuration in a test's folder; sourced after lib.sh.
# Certificates are expected in certs/ (radius, ca), the inventory is inventory.json.

config=$ROOT/configs/freeradius
secret=system-test-secret

# server_files MIN MAX: raddb/, with these TLS versions
server_files() {
	mkdir -p raddb
	mkdir -p -m 700 tlscache
	(umask 077 && printf 'secret = %s\n' "$secret" >secret.conf)
	cat >raddb/radiusd.conf <<END
configs = "$config"
libdir = "$BUILD/lib:/usr/lib/freeradius"
run_dir = $SCRATCH
logdir = $SCRATCH
tlscache = $SCRATCH/tlscache
listen_address = 127.0.0.1
listen_port = 1812
accounting_port = 1813
nas_address = 127.0.0.1
nas_secret = $SCRATCH/secret.conf
server_certificate = $SCRATCH/certs/radius.pem
server_key = $SCRATCH/certs/radius.key
phone_ca = $SCRATCH/certs/ca.pem
tls_min = $1
tls_max = $2
ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20"
inventory = $SCRATCH/inventory.json
shared_certificate = ${shared:-warn}
two_ports = ${two_ports:-warn}
stale_configuration = ${stale:-warn}
staging_vlan = "${staging_vlan:-}"
staging_timeout = 300
quarantine_vlan = "${quarantine_vlan:-}"
monitor = ${monitor:-no}
monitor_vlan = "${monitor_vlan:-}"
state = "$SCRATCH/state.json"
disconnect_port = ${disconnect_port:-0}
session_timeout = 3600
vendor_profile = ${profile:-cisco}
reject_delay = 0
\$INCLUDE \${configs}/server.conf
END
	# the dictionary takes no path with a space
	cp "$config/dictionary" "$config/dictionary.portcall" raddb
}

# server [DESCRIPTION]: the server on raddb/; ends the test when it does not start
server() {
	start radius freeradius -f -l stdout -d raddb
	ok "${1:-the server starts with the shipped configuration}" \
		wait_for 20 grep -q 'Ready to process' radius.log || bail 'without a server there is nothing to test'
}

# shellcheck disable=SC2317 # wait_for calls it
read_again() {
	[ "$(grep -c 'portcall: inventory:' radius.log)" -gt "$seen" ]
}

# replace DESCRIPTION DEVICE...: another inventory under the running server
replace() {
	local what=$1
	shift
	seen=$(grep -c 'portcall: inventory:' radius.log)
	inventory "$@"
	ok "$what" wait_for 5 read_again
}

# --- the phone --------------------------------------------------------------------------------------

# eap NAME MAC CERT PHASE1 [CA [OPTION...]]: output in NAME.out; its exit status
eap() {
	local name=$1 mac=$2 cert=$3 phase1=$4 ca=${5:-ca}
	shift 4
	[ $# -eq 0 ] || shift
	cat >"$name.conf" <<END
network={
	key_mgmt=IEEE8021X
	eap=TLS
	identity="$cert"
	ca_cert="certs/$ca.pem"
	client_cert="certs/$cert.pem"
	private_key="certs/$cert.key"
	phase1="$phase1"
}
END
	eapol_test -c "$name.conf" -a 127.0.0.1 -p 1812 -s "${with_secret:-$secret}" -M "$mac" -t "${limit:-10}" \
		-N "44:s:s-$name" "$@" >"$name.out" 2>&1
}

# verdict NAME: the module's log line for this session
verdict() {
	grep "portcall: verdict=.* session=s-$1 " radius.log
}

# granted NAME MAC CERT PHASE1...: accepted
granted() {
	ok "$1: accepted" eap "$@"
}

# refused REASON NAME MAC CERT PHASE1 [CA]: rejected with EAP-Failure for this reason, and nothing of an accept
refused() {
	local reason=$1 name=$2
	shift
	not_ok "$name: rejected" eap "$@"
	like "$name: with EAP-Failure" "$(grep decapsulated "$name.out")" 'decapsulated EAP packet \(code=4 '
	like "$name: for the reason $reason" "$(verdict "$name")" "verdict=reject reason=$reason "
	# the vendor attribute: 26, vendor 59999 = 0xea5f, type 1
	like "$name: the reply says so" "$(reply Access-Reject "$name")" \
		"0000ea5f01..$(printf '%s' "$reason" | od -An -tx1 | tr -d ' \n')"
	is "$name: no VLAN, no key, no text beside EAP" \
		"$(reply Access-Reject "$name" | grep -cE 'Tunnel-|MS-MPPE|Vendor-Specific.*0000013[67]|Reply-Message')" 0
	ok "$name: the server is alive" alive radius
}

# reply CODE NAME: the attributes of the first such reply
reply() {
	sed -n "/^RADIUS message: code=[0-9]* ($1)/,/^[^ ]/p" "$2.out" | sed '1n; /^ /!d'
}
