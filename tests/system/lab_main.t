#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# lab_main - `portcall lab`: from link-up to provisioned with real servers, in each of its variants,
# and the order once more from the captures, read by tshark.

# shellcheck disable=SC2016 # that is Perl
# shellcheck disable=SC2317 # functions that ok calls
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

need freeradius nginx dnsmasq udhcpc tshark perl

# lab NAME OPTIONS...: run it; its output in NAME.out, the last line (JSON) in NAME.json.
lab() {
	local name=$1
	shift
	"$BIN/portcall" lab --json "$@" >"$name.out" 2>&1
	local status=$?
	tail -n 1 "$name.out" >"$name.json"
	[ "$status" -eq 0 ] || cat "$name.out"
	return "$status"
}

# json NAME EXPRESSION: a Perl expression over the result $r and its phones @p.
json() {
	perl -MJSON::PP -e '
		local $/; my $r = decode_json(<STDIN>); my @p = @{$r->{phones}};
		my $v = eval $ARGV[0]; die $@ if $@; print defined $v ? $v : "null"' "$2" <"$1.json"
}

# --- the main job ----------------------------------------------------------------------------------------

ok 'the main job' lab main --pcap "$SCRATCH/main"
is 'result' "$(json main '$r->{result}')" pass
is 'no case' "$(json main '$r->{case}')" null
is 'one phone, on p1' "$(json main 'join " ", map { "$_->{name} $_->{mac} $_->{port}" } @p')" \
	'phone1 02:00:00:00:01:01 p1'
is 'VLAN voice' "$(json main '$p[0]{vlan}')" 20
is 'the reason' "$(json main '$p[0]{reason}')" authenticated
is 'granted, then HTTPS, then done' \
	"$(json main '$p[0]{ordered} && 0 < $p[0]{granted_s} && $p[0]{granted_s} < $p[0]{first_https_s} && $p[0]{first_https_s} < $p[0]{https_done_s} ? 1 : 0')" 1
like 'the TLS session of the first file is reused' "$(cat main.out)" 'fetch .*TLS session resumed'
is 'no time is minus nothing' "$(grep -c ' -0\.000 ' main.out)" 0
like 'the probe got nothing through' "$(cat main.out)" \
	'ok  closed .*the switch dropped 4, 0 left through other ports, 0 came back'
not_ok 'no colour in a file' grep -q "$(printf '\033')" main.out

# --- on a terminal ----------------------------------------------------------------------------------------

ok 'on a terminal' script -qec "stty cols 80; '$BIN/portcall' lab --key p256 --case wrong-ca" -O terminal.out
ok 'there is colour' grep -q "$(printf '\033')\[32m *ok" terminal.out
is 'and no line is longer than that' "$(sed -E 's/\x1b\[[0-9]*m//g; s/\r//' terminal.out | grep -v '^Script ' | grep -cE '.{81}')" 0

# --- the same from the captures, by tshark ----------------------------------------------------------------

# first FILE FILTER: the time of the first frame that matches
first() {
	tshark -r "$1" -Y "$2" -T fields -e frame.time_epoch 2>/dev/null | head -n 1
}

for port in p1 u1 u2; do
	ok "tshark: $port has frames" test -n "$(first "main/$port.pcap" frame)"
	is "tshark: $port has no malformed frame" "$(tshark -r "main/$port.pcap" -Y _ws.malformed 2>/dev/null | wc -l)" 0
	is "tshark: all checksums of $port are right" "$(tshark -r "main/$port.pcap" \
		-o ip.check_checksum:TRUE -o tcp.check_checksum:TRUE -o udp.check_checksum:TRUE \
		-Y 'ip.checksum.status==0 || tcp.checksum.status==0 || udp.checksum.status==0' 2>/dev/null | wc -l)" 0
done
success=$(first main/p1.pcap 'eap.code==3')
https=$(first main/u1.pcap 'eth.src==02:00:00:00:01:01 && tcp.dstport==443')
like 'tshark: an EAP-Success on p1' "$success" '^[0-9]+\.[0-9]+'
like 'tshark: HTTPS on u1' "$https" '^[0-9]+\.[0-9]+'
is 'tshark: the EAP-Success comes first' \
	"$(perl -e 'print $ARGV[0] < $ARGV[1] ? "yes" : "no"' "${success:-9e9}" "${https:-0}")" yes
for port in u1 u2; do
	is "tshark: no frame of the phone on $port before it" "$(tshark -r "main/$port.pcap" \
		-Y "eth.src==02:00:00:00:01:01 && frame.time_epoch < ${success:-9e9}" 2>/dev/null | wc -l)" 0
done
is 'tshark: the probe went into p1 before it' "$(tshark -r main/p1.pcap \
	-Y "eth.src==02:00:00:00:01:01 && !eapol && frame.time_epoch < ${success:-0}" 2>/dev/null | wc -l)" 4
is 'tshark: nothing but EAPOL came out of p1 before it' "$(tshark -r main/p1.pcap \
	-Y "eth.src!=02:00:00:00:01:01 && !eapol && frame.time_epoch < ${success:-9e9}" 2>/dev/null | wc -l)" 0
is 'tshark: two TLS handshakes with the web server' "$(tshark -r main/u1.pcap \
	-Y 'tls.handshake.type==1' 2>/dev/null | wc -l)" 2

# --- variants ------------------------------------------------------------------------------------------------

ok '--phones 8' lab eight --phones 8 --key p256
is 'eight phones, eight ports' "$(json eight 'join " ", map { $_->{port} } @p')" 'p1 p2 p3 p4 p5 p6 p7 p8'
is 'all of them in order' "$(json eight 'scalar grep { $_->{ordered} && $_->{vlan} == 20 } @p')" 8

ok '--tls 1.2' lab tls12 --tls 1.2
like 'it was TLS 1.2' "$(cat tls12.out)" 'phone1 +authentication .*TLSv1\.2'
ok '--tls 1.3' lab tls13 --tls 1.3
like 'it was TLS 1.3' "$(cat tls13.out)" 'phone1 +authentication .*TLSv1\.3'
ok '--key p256' lab p256 --key p256
like 'the certificates were P-256' "$(cat p256.out)" 'certificates .*P-256'
ok '--profile optipoint' lab optipoint --profile optipoint --tls 1.2
like 'a container of 2006 was read' "$(cat optipoint.out)" 'RC2-40'

# --- two at the same time ------------------------------------------------------------------------------------------

lab left --key p256 --phones 2 &
left=$!
lab right --key p256 --tls 1.2
right=$?
wait "$left"
is 'two labs side by side both pass' "$? $right" '0 0'

# --- wrong options: one sentence, exit 2 ------------------------------------------------------------------------------

refused() {
	local said status
	said=$("$BIN/portcall" lab "$@" 2>&1)
	status=$?
	printf '%s\n' "$said"
	[ "$status" -eq 2 ] && [ "$(printf '%s\n' "$said" | wc -l)" -eq 1 ]
}
ok 'refused: --phones 0' refused --phones 0
ok 'refused: --phones 201' refused --phones 201
ok 'refused: --tls 1.1' refused --tls 1.1
ok 'refused: --case that is none' refused --case no-such-case
ok 'refused: an unknown option' refused --what
ok 'refused: a missing value' refused --key
ok 'refused: an argument' refused here
ok 'refused: a case with hostapd' refused --case wrong-ca --authenticator hostapd
mkdir full && touch full/file
ok 'refused: a run folder that holds something else' refused --run-dir full
ok '... and that is still there' test -f full/file

done_testing
