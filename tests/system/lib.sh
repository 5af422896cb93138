# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# lib.sh - what the system tests share: namespaces of their own, TAP, waiting.
#
#	#!/usr/bin/env bash
#	. "$(dirname "$0")/lib.sh"
#	need tshark
#	netns sw
#	start switch "$BIN/portcall-switch" switch.conf
#	ok "it listens" wait_for 5 test -S /run/switch.sock
#	done_testing
#
# Sourcing it runs the test again in its own mount, pid and network namespaces: whatever a test
# starts, mounts or creates (`ip netns add` too) is gone when it ends, also after kill -9.
# /run is empty and private; SCRATCH is a folder in it and the current one.  After a failure it is
# copied to build/test-logs/NAME.  ROOT: the source tree.  BUILD, BIN: where the programs are.

set -u
set -o pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=${BUILD:-$ROOT/build}
case $BUILD in /*) ;; *) BUILD=$ROOT/$BUILD ;; esac
BIN=$BUILD/bin
TEST_NAME=$(basename "$0" .t)
TEST_LIMIT=${TEST_LIMIT:-300} # seconds for the whole file

skip_all() {
	printf '1..0 # SKIP %s\n' "$*"
	tap_done=yes
	exit 0
}

# bail WHY: this file cannot go on; the other ones can
bail() {
	tap_count=$((${tap_count:-0} + 1))
	tap_failed=$((${tap_failed:-0} + 1))
	printf 'not ok %d - %s\n1..%d\n' "$tap_count" "$*" "$tap_count"
	exit 1
}

if [ -z "${PORTCALL_TEST_INSIDE:-}" ]; then
	self=$(cd "$(dirname "$0")" && pwd)/$(basename "$0")
	spaces=(unshare -mnp --fork --kill-child --mount-proc)
	[ "$(id -u)" = 0 ] || spaces+=(-Ur)
	if ! "${spaces[@]}" true 2>/dev/null; then
		# unshare wants a root that is a mount point; in a chroot a copy of the tree, hung over a private /proc, becomes one
		spaces=(unshare -m --propagation unchanged sh -c
			'mount --make-private /proc && mount --rbind / /proc && exec chroot /proc "$@"' sh "${spaces[@]}")
		"${spaces[@]}" true 2>/dev/null || ${NO_NAMESPACES:-skip_all} 'needs root, or user namespaces for everybody'
	fi
	export PORTCALL_TEST_INSIDE=1
	exec timeout --foreground --kill-after=5 "$TEST_LIMIT" "${spaces[@]}" bash "$self" "$@"
fi

unset PORTCALL_TEST_INSIDE # a test may run another one
mount -t tmpfs -o mode=755 tmpfs /run || bail 'cannot mount a private /run'
mount -t sysfs sysfs /sys 2>/dev/null
mkdir -p /run/netns /run/lock /run/scratch
ip link set lo up
SCRATCH=/run/scratch
export ROOT BUILD BIN SCRATCH
cd "$SCRATCH" || bail 'no scratch folder'

# --- TAP --------------------------------------------------------------------------------------------

tap_count=0
tap_failed=0
tap_plan=

plan() {
	tap_plan=$1
	printf '1..%s\n' "$1"
}

diag() {
	printf '%s\n' "$*" | sed 's/^/# /'
}

# result STATUS DESCRIPTION
result() {
	tap_count=$((tap_count + 1))
	if [ "$1" -eq 0 ]; then
		printf 'ok %d - %s\n' "$tap_count" "$2"
		return 0
	fi
	tap_failed=$((tap_failed + 1))
	printf 'not ok %d - %s\n' "$tap_count" "$2"
	return 1
}

# ok DESCRIPTION COMMAND...: the command succeeds; what it said is shown when it does not.
ok() {
	local what=$1 said status
	shift
	said=$("$@" 2>&1)
	status=$?
	result "$status" "$what" || {
		diag "failed ($status): $*"
		[ -z "$said" ] || diag "$(printf '%s' "$said" | tail -n 40)"
		return 1
	}
}

# not_ok DESCRIPTION COMMAND...: the command fails.
not_ok() {
	local what=$1 said
	shift
	if said=$("$@" 2>&1); then
		result 1 "$what"
		diag "should have failed: $*"
		[ -z "$said" ] || diag "$(printf '%s' "$said" | tail -n 40)"
		return 1
	fi
	result 0 "$what"
}

# is DESCRIPTION GOT EXPECTED
is() {
	[ "$2" = "$3" ]
	result $? "$1" || {
		diag "     got: $2"
		diag "expected: $3"
		return 1
	}
}

# like DESCRIPTION TEXT REGEX (extended)
like() {
	printf '%s\n' "$2" | grep -Eq -- "$3"
	result $? "$1" || {
		diag "          got: $2"
		diag "doesn't match: $3"
		return 1
	}
}

# skip COUNT WHY
skip() {
	local i
	for ((i = 0; i < $1; i++)); do
		tap_count=$((tap_count + 1))
		printf 'ok %d # SKIP %s\n' "$tap_count" "$2"
	done
}

tap_done=
done_testing() {
	[ -n "$tap_plan" ] || plan "$tap_count"
	tap_done=yes
	[ "$tap_failed" -eq 0 ]
	exit
}

at_exit() {
	local status=$?
	if [ "$status" -ne 0 ] || [ "$tap_failed" -ne 0 ]; then
		local kept=$BUILD/test-logs/$TEST_NAME
		rm -rf "$kept"
		mkdir -p "$kept" && cp -r --one-file-system "$SCRATCH/." "$kept/" 2>/dev/null
		diag "logs: $kept"
	fi
	[ "$tap_failed" -eq 0 ] || exit 1
	if [ "$status" -eq 0 ] && [ -z "$tap_done" ] && [ "${tap_plan:-x}" != "$tap_count" ]; then
		diag 'the test ended without done_testing or before its plan'
		exit 1
	fi
	exit "$status"
}
trap at_exit EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# --- doing ------------------------------------------------------------------------------------------

# need PROGRAM...: skip the whole test when one is not installed.
need() {
	local program
	for program in "$@"; do
		command -v "$program" >/dev/null || skip_all "$program is not installed"
	done
}

# wait_for SECONDS COMMAND...: poll until the command succeeds; 1 when it never did.
wait_for() {
	local end=$((${EPOCHREALTIME//[!0-9]/} + $1 * 1000000))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "${EPOCHREALTIME//[!0-9]/}" -lt "$end" ] || return 1
		sleep 0.02
	done
}

# start NAME COMMAND...: in the background, output to NAME.log, process id in NAME.pid.
start() {
	local name=$1
	shift
	"$@" >"$SCRATCH/$name.log" 2>&1 </dev/null &
	echo $! >"$SCRATCH/$name.pid"
}

# alive NAME: is it still running?
alive() {
	kill -0 "$(cat "$SCRATCH/$1.pid")" 2>/dev/null
}

# stop NAME [SIGNAL]: end it and give its exit status; 137 when it had to be killed after 5 s.
stop() {
	local pid
	pid=$(cat "$SCRATCH/$1.pid")
	kill "-${2:-TERM}" "$pid" 2>/dev/null
	wait_for 5 gone "$pid" || kill -KILL "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
}

gone() {
	case $(sed -n 's/^State:[[:space:]]*//p' "/proc/$1/status" 2>/dev/null) in
	'' | Z*) return 0 ;;
	esac
	return 1
}

# netns NAME...: namespaces with loopback up and IPv6 off.
netns() {
	local name
	for name in "$@"; do
		ip netns add "$name" || bail "cannot make the network namespace $name"
		ip netns exec "$name" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 \
			net.ipv6.conf.default.disable_ipv6=1 2>/dev/null
		ip -n "$name" link set lo up
	done
}

# chroot_tree FOLDER: the whole tree again below FOLDER, which is no mount point itself, as with debootstrap and chroot
chroot_tree() {
	local entry
	for entry in /*; do
		if [ -L "$entry" ]; then
			cp -P "$entry" "$1$entry"
		elif [ -d "$entry" ]; then
			mkdir "$1$entry"
			mount --bind "$entry" "$1$entry" || bail "cannot bind $entry"
		fi
	done
	mount -t proc proc "$1/proc" || bail 'cannot mount proc'
	mount --rbind /dev "$1/dev" || bail 'cannot bind /dev'
}
