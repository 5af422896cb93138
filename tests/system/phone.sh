# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# phone.sh - what the tests of portcall-phone share; sourced after lib.sh.
#
# Two namespaces, `srv` (s0, 10.77.20.1) and `ph` (p0), and a cable between them.

MAC=${MAC:-02:00:00:00:0a:01}
CONTROL=$SCRATCH/phone.sock
runs_of_phone=0

need openssl jq perl

# authority NAME: NAME.pem and NAME.key
authority() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -keyout "$1.key" \
		-out "$1.pem" -subj "/O=Portcall Test/CN=$1" -addext basicConstraints=critical,CA:TRUE
}

# certificate NAME CA EXTENSIONS: NAME.pem and NAME.key
certificate() {
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.csr" \
		-subj "/CN=$1" &&
		openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" -CAcreateserial -days 30 -out "$1.pem" \
			-extfile <(printf '%s\n' "$3")
}

# document ITEM=VALUE...: a provisioning file
document() {
	local pair
	echo '<?xml version="1.0" encoding="UTF-8"?>'
	echo '<DLSMessage><Message><Action>WriteItems</Action><ItemList>'
	for pair; do
		printf '<Item name="%s">%s</Item>\n' "${pair%%=*}" "${pair#*=}"
	done
	echo '</ItemList></Message></DLSMessage>'
}

# cable: both namespaces and what is between them
cable() {
	netns srv ph
	ip link add s0 netns srv type veth peer name p0 netns ph
	ip -n ph link set p0 address "$MAC"
	ip -n srv address add 10.77.20.1/24 dev s0
	ip -n srv link set s0 up
}

# configure LINES...: phone.conf
configure() {
	printf 'interface = "p0"\nstore = "%s/store"\ncontrol = "%s"\nlog-level = "debug"\n' "$SCRATCH" "$CONTROL" >phone.conf
	printf '%s\n' "$@" >>phone.conf
}

# run_phone [OPTION...]: (re)start it
run_phone() {
	[ ! -e phone.pid ] || ! alive phone || stop phone
	[ ! -e phone.log ] || mv phone.log "phone.log.$((++runs_of_phone))"
	start phone ip netns exec ph "$BIN/portcall-phone" --config phone.conf "$@"
}

seen() { grep -Eq -- "$1" phone.log; }
count() { grep -Ec -- "$1" phone.log; }
counted() { [ "$(count "$1")" -ge "$2" ]; }

# request VERB: the control socket's answer
request() {
	perl -MIO::Socket::UNIX -e 'my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die "no socket\n";
		print $s "{\"verb\":\"$ARGV[1]\"}\n"; print scalar <$s>' "$CONTROL" "$1"
}
answers() { request "$1" | jq -e .ok; }
status() { request status | jq -r "$1"; }
status_is() { [ "$(status "$1")" = "$2" ]; }

address_of_phone() { ip -n ph -4 -o address show dev p0 | awk '{print $4}'; }
no_address() { [ -z "$(address_of_phone)" ]; }
pid_of_udhcpc() { ip netns pids ph | while read -r p; do [ "$(cat "/proc/$p/comm")" = udhcpc ] && echo "$p"; done; }
no_udhcpc() { [ -z "$(pid_of_udhcpc)" ]; }
