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
session_timeout = 3600
vendor_profile = cisco
reject_delay = 0
\$INCLUDE \${configs}/server.conf
END
	# the dictionary takes no path with a space
	cp "$config/dictionary" "$config/dictionary.portcall" raddb
}
