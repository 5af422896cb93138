#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# lab_cleanup - whatever ends a lab, nothing of it is left: no process, namespace, mount or file.

# shellcheck disable=SC2317,SC2016 # functions that ok calls; scripts of other programs
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

need freeradius nginx dnsmasq udhcpc perl

mkdir tmp
export TMPDIR=$SCRATCH/tmp
mounts=$(cat /proc/self/mountinfo)

# nothing that a lab starts may run in this test's pid namespace
nobody() {
	! pgrep -l 'portcall|freeradius|nginx|dnsmasq|udhcpc|hostapd|wpa_supp'
}

clean() {
	ok "$1: no process is left" wait_for 3 nobody
	is "$1: no namespace" "$(ip netns list)" ''
	is "$1: no mount" "$(cat /proc/self/mountinfo)" "$mounts"
	is "$1: no file" "$(ls -A "$TMPDIR")" ''
}

# begin OPTIONS...: a lab in the background that stays up, with Ctrl-C working as on a terminal
begin() {
	start lab perl -e '$SIG{INT} = "DEFAULT"; exec @ARGV' "$BIN/portcall" lab --key p256 "$@"
}

has() {
	grep -q "$1" lab.log
}

# --- a good end ------------------------------------------------------------------------------------------------

ok 'a good lab' "$BIN/portcall" lab --key p256
clean 'a good end'

# --- Ctrl-C, TERM, kill -9 ----------------------------------------------------------------------------------------

begin
ok 'a lab starts' wait_for 10 has 'namespaces'
kill -INT "$(cat lab.pid)"
wait "$(cat lab.pid)"
is 'Ctrl-C half-way ends it by that signal' $? 130
like 'and it says so' "$(cat lab.log)" 'interrupted; everything that ran in the lab has ended'
clean 'Ctrl-C'

begin --phones 2
ok 'servers are up' wait_for 10 has 'servers'
stop lab TERM
is 'TERM ends it by that signal' $? 143
clean 'TERM'

begin
ok 'servers are up' wait_for 10 has 'servers'
kill -KILL "$(cat lab.pid)"
wait "$(cat lab.pid)" 2>/dev/null
clean 'kill -9'

# --- failure half-way ------------------------------------------------------------------------------------------------

# the lab covers /run, so this stands elsewhere
fake=$(TMPDIR=/tmp mktemp -d)
printf '#!/bin/sh\necho "no dnsmasq today"\nexit 7\n' >"$fake/dnsmasq"
chmod 755 "$fake/dnsmasq"
said=$(PATH=$fake:$PATH "$BIN/portcall" lab --key p256 2>&1)
is 'a server that does not start: exit 2' $? 2
like 'and a sentence that names it' "$said" 'dnsmasq ended with status 7: no dnsmasq today'
clean 'failure half-way'

rm "$fake/dnsmasq"
said=$(PATH=$fake "$BIN/portcall" lab --key p256 2>&1)
is 'a missing program: exit 2' $? 2
like 'and a sentence that names it' "$said" '^portcall lab: .*no such file'
clean 'a missing program'
rmdir "$fake"

# --- --keep and --run-dir ----------------------------------------------------------------------------------------------

begin --keep
ok '--keep stays up after the proof' wait_for 60 has 'stays up until Ctrl-C'
folder=$(sed -n 's/^  files  *//p' lab.log)
ok 'it names its folder' test -d "$folder"
inside() {
	sh -c '. "$1/env" && shift && "$@"' sh "$folder" "$@"
}
like 'lab runs a command inside' "$(inside lab portcall switch show 2>&1)" '^p1 +yes +auto +yes +02:00:00:00:01:01 +20'
like 'another control socket' "$(inside lab portcall phone status --control /run/phone1.sock 2>&1)" '^provisioned +yes'
like 'lab_in runs one in a namespace' "$(inside lab_in phone1 ip -br addr show eth0 2>&1)" '10\.77\.20\.'
ok 'the phone reaches the web server' inside lab_in phone1 ping -c 1 -W 2 10.77.20.2
kill -INT "$(cat lab.pid)"
wait "$(cat lab.pid)"
is 'Ctrl-C then gives the result of the proof' $? 0
ok 'the folder is kept' test -s "$folder/pcap/p1.pcap"
is 'secrets are for their owner alone' "$(find "$folder" \( -name passphrase -o -name '*.key' -o -name 'secret*' \) -exec stat -c %a {} + | sort -u)" 600
rm -r "$folder"
clean '--keep'

ok '--run-dir' "$BIN/portcall" lab --key p256 --run-dir run
ok 'holds the files' test -s run/log/freeradius.log
ok 'and is used again' "$BIN/portcall" lab --key p256 --run-dir run
clean '--run-dir'

# --- in a chroot, whose root folder is no mount point ------------------------------------------------------------------

mkdir root
chroot_tree root
mount --make-rshared /
mounts=$(cat /proc/self/mountinfo)
start lab chroot root perl -e '$SIG{INT} = "DEFAULT"; exec @ARGV' "$BIN/portcall" lab --key p256 --keep
ok 'the lab runs in a chroot' wait_for 60 has 'stays up until Ctrl-C'
folder=$(sed -n 's/^  files  *//p' lab.log)
like 'lab runs a command inside' "$(chroot root sh -c '. "$1/env" && lab_in phone1 ip -br addr show eth0' sh "$folder" 2>&1)" '10\.77\.20\.'
kill -INT "$(cat lab.pid)"
wait "$(cat lab.pid)"
is 'it passes there' $? 0
rm -r "$folder"
clean 'a chroot'

done_testing
