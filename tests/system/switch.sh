# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# switch.sh - what the tests of portcall-switch share; sourced after lib.sh.
#
# A switch lives in two namespaces, `ports` and `mgmt`; a station is a namespace whose interface e0
# is plugged into one port.

FRAME=$BUILD/test/frame
CONTROL=$SCRATCH/switch.sock

need perl
[ -x "$FRAME" ] || bail "$FRAME is missing; run make tests"

# plug PORT STATION: a cable, both ends up.
plug() {
	ip link add "$1" netns ports type veth peer name e0 netns "$2" || bail "cannot make $1"
	ip -n ports link set "$1" up
	ip -n "$2" link set e0 up
}

# conf_head: what every switch.conf of a test begins with.
conf_head() {
	(umask 077; echo testing123 >"$SCRATCH/radius-secret")
	cat <<-END
		ports-namespace = ports
		management-namespace = mgmt
		control = "$CONTROL"
		log-level = debug
		radius main {
			address = 127.0.0.1
			secret-file = "$SCRATCH/radius-secret"
		}
	END
}

# start_switch FILE [PORT...]: wait until it answers and these ports have a link.
start_switch() {
	local file=$1 port
	shift
	start switch "$BIN/portcall-switch" --config "$file"
	wait_for 10 test -S "$CONTROL" || bail "portcall-switch does not start: $(cat switch.log)"
	for port; do
		wait_for 10 is_shown "$port" link 1 || bail "port $port gets no link"
	done
}

# ask JSON: the answer of the control socket to one request.
ask() {
	perl -MIO::Socket::UNIX -e '
		my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or exit 1;
		print $s "$ARGV[1]\n"; $s->flush; print scalar <$s>' "$CONTROL" "$1"
}

# field PATH: a value out of the JSON object on standard input; PATH: ports.0.counters.rx_frames
field() {
	perl -MJSON::PP -e '
		local $/; my $v = decode_json(<STDIN>);
		for (split /\./, $ARGV[0]) { $v = ref $v eq "ARRAY" ? $v->[$_] : $v->{$_} }
		print defined $v ? ref $v eq "ARRAY" ? scalar @$v : $v : "null", "\n"' "$1"
}

# shown PORT FIELD: `shown p1 counters.rx_frames`
shown() {
	ask "{\"verb\":\"show\",\"port\":\"$1\"}" | field "ports.0.$2"
}

is_shown() {
	[ "$(shown "$1" "$2")" = "$3" ]
}

# at_least PORT FIELD N
at_least() {
	[ "$(shown "$1" "$2")" -ge "$3" ]
}

# record STATION [INTERFACE]: from now on STATION.frames has all frames that come in there.
record() {
	start "$1.recorder" ip netns exec "$1" "$FRAME" record "${@:2}"
	wait_for 5 grep -q '^ready' "$1.recorder.log" || bail "cannot record at $1"
}

# inject STATION HEX...
inject() {
	ip netns exec "$1" "$FRAME" send e0 "${@:2}"
}

# heard STATION PATTERN: how many of the recorded frames match (hex, extended).
heard() {
	grep -v '^ready' "$1.recorder.log" | grep -cE "$2"
}

# hears STATION PATTERN [TIMES]
hears() {
	[ "$(heard "$1" "$2")" -ge "${3:-1}" ]
}

# answers_start STATION MAC: an EAPOL-Start of MAC (hex) is answered.  Then everything that the
# switch sent to the station before has been recorded too.
answers_start() {
	local before
	before=$(heard "$1" '^e0 0180c2000003.{12}888e')
	inject "$1" "0180c2000003${2}888e0101000000000000000000000000000000000000000000000000"
	wait_for 5 hears "$1" '^e0 0180c2000003.{12}888e' $((before + 1))
}
