#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# From the CA to a real server and back, in both profiles: ca-init, issue, convert, items check; then nginx with the
# issued server certificate and curl with the converted PKCS#12 verify each other.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
need openssl nginx curl jq

printf 'phones\n' >phone.pass
printf 'customer\n' >customer.pass

cert() {
	"$BIN/portcall" cert "$@"
}

# OpenSSL of the years of the optiPoint, for curl and nginx
cat >optipoint.cnf <<'END'
openssl_conf = init
[init]
providers = providers
ssl_conf = ssl
[providers]
default = on
legacy = on
[on]
activate = 1
[ssl]
system_default = weak
[weak]
MinProtocol = TLSv1
CipherString = DEFAULT:@SECLEVEL=0
END

# fetch NAME [CURL-OPTION...]: status of https://provisioning.example/NAME
fetch() {
	local name=$1
	shift
	curl -sS --max-time 10 -o fetched -w '%{http_code}' --connect-to "provisioning.example:443:127.0.0.1:8443" \
		"$@" "https://provisioning.example/$name" 2>curl.said
}

# server DIR: nginx with DIR/ca, which asks for client certificates
server() {
	mkdir -p "$1/web" "$1/tmp" "$1/www"
	cp "$ROOT/configs/nginx/$1.conf" "$1/web/profile.conf"
	cp "$1/out/provisioning.example.pem" "$1/web/server.pem"
	cp "$1/out/provisioning.example.key" "$1/web/server.key"
	cp "$1/ca/ca.pem" "$1/ca/crl.pem" "$1/web/"
	# shellcheck disable=SC2016 # variables of nginx
	sed -e 's/listen 443 ssl;/listen 127.0.0.1:8443 ssl; ssl_client_certificate ca.pem; ssl_crl crl.pem; ssl_verify_client on;/' \
		-e 's,stderr notice,stderr info,; s,/dev/stdout,access.log,' -e 's/\$ssl_session_reused/& "$ssl_client_s_dn"/' "$ROOT/configs/nginx/nginx.conf" >"$1/web/nginx.conf"
	sed -i '1i daemon off; user root;' "$1/web/nginx.conf"
	start "nginx-$1" nginx -p "$1/" -c web/nginx.conf
	wait_for 10 bash -c '</dev/tcp/127.0.0.1/8443' || bail "nginx does not start: $(tail -n 3 "nginx-$1.log")"
}

# round PROFILE CA-OPTIONS...
round() {
	local profile=$1
	shift
	local in=("$profile/out/customer.p12" --in-passphrase-file customer.pass --passphrase-file phone.pass --profile "$profile")
	local check=("$BIN/portcall" items check --profile "$profile" --passphrase-file phone.pass)
	local system=$profile/www/op420adv_conf.xml device=$profile/www/op420adv_conf020000000101.xml

	mkdir -p "$profile/www"
	ok "$profile: a CA" cert ca-init --ca "$profile/ca" --subject 'O=Example, CN=Phone CA' "$@"
	ok "$profile: a certificate for the web server" cert issue --ca "$profile/ca" --for server --name provisioning.example --out "$profile/out"
	ok "$profile: a PKCS#12 for a phone, under the customer's pass phrase" cert issue --ca "$profile/ca" --name customer \
		--passphrase-file customer.pass --out "$profile/out"
	ok "$profile: it becomes the phone's item" cert convert "${in[@]}" --into "$device" --create
	ok "$profile: the CA becomes the system file's" "$BIN/portcall" items set --create "$system" "radius-server-ca1=@$profile/ca/ca.pem"
	ok "$profile: a phone accepts both" "${check[@]}" "$system" "$device"
	ok "$profile: and the server's certificate" "${check[@]}" --server "$profile/out/provisioning.example.pem" --server-name provisioning.example "$system" "$device"
	cert crl --ca "$profile/ca" >/dev/null
	cert convert "${in[@]}" --format p12 --out "$profile/phone.p12" 2>/dev/null
	printf 'cert-type = P12\ncert = "%s:phones"\ncacert = "%s"\n' "$profile/phone.p12" "$profile/ca/ca.pem" >"$profile/curlrc"
	server "$profile"
	is "$profile: curl with the PKCS#12 and nginx verify each other" "$(fetch "$(basename "$device")" --config "$profile/curlrc" "${tls[@]}")" 200
	ok "$profile: what it got is the file" cmp fetched "$device"
	like "$profile: nginx saw the phone" "$(cat "$profile/access.log")" "request .*$(basename "$device").* 200 .*${seen} .*\"CN=customer,O=Example\""
	is "$profile: without a certificate nginx refuses" "$(fetch "$(basename "$device")" --cacert "$profile/ca/ca.pem" "${tls[@]}")" 400
	ok "$profile: the phone is revoked" cert revoke --ca "$profile/ca" --reason keyCompromise customer
	cert crl --ca "$profile/ca" >/dev/null
	cp "$profile/ca/crl.pem" "$profile/web/"
	stop "nginx-$profile" QUIT
	server "$profile"
	is "$profile: nginx refuses it from then on" "$(fetch "$(basename "$device")" --config "$profile/curlrc" "${tls[@]}")" 400
	like "$profile: ... because it is revoked" "$(cat "nginx-$profile.log")" 'certificate revoked'
	stop "nginx-$profile" QUIT
}

tls=()
seen='TLSv1.3 TLS_AES_256_GCM_SHA384'
round modern --key p256
cert ca-init --ca foreign --subject CN=Foreign --key p256 >/dev/null 2>&1
server modern
fetch x >status --cacert foreign/ca.pem
like 'another CA does not do for curl' "$(cat curl.said)" 'unable to get local issuer certificate|self.signed certificate'
stop nginx-modern QUIT

if openssl list -providers -provider legacy >/dev/null 2>&1; then
	export OPENSSL_CONF=$SCRATCH/optipoint.cnf
	tls=(--tlsv1.0 --tls-max 1.0 --ciphers 'AES256-SHA:@SECLEVEL=0')
	seen='TLSv1 AES256-SHA'
	round optipoint --key rsa1024 --digest sha1
else
	skip 14 'OpenSSL has no legacy provider'
fi
done_testing
