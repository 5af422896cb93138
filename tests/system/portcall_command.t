#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# portcall_command - the command's own answers, and the shipped samples of provisioning files.

# shellcheck disable=SC2317 # functions that ok calls
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

# says STATUS REGEX ARGUMENTS...: portcall ends with this status and says that, on either output
says() {
	local status=$1 pattern=$2 said got
	shift 2
	said=$("$BIN/portcall" "$@" 2>&1)
	got=$?
	printf '%s\n(%s)\n' "$said" "$got"
	[ "$got" -eq "$status" ] && printf '%s\n' "$said" | grep -Eq -- "$pattern"
}

ok 'no command: usage, 2' says 2 '^usage: portcall COMMAND'
ok '--help: usage, 0' says 0 '^usage: portcall COMMAND' --help
for command in lab inventory switch phone; do
	ok "--help lists $command" says 0 "^  $command " --help
	ok "$command --help: 0" says 0 '^usage: portcall ' "$command" --help
done
ok 'an unknown command' says 2 'no command "nonsense"' nonsense
ok 'an unknown verb' says 2 'no verb "nonsense"' switch nonsense
ok 'an argument too few' says 2 'which mode\?' switch port p1
ok 'an argument too many' says 2 '"p2" is one argument too many' switch reauth p1 p2
ok 'no daemon there' says 1 '^portcall: .*/run/portcall-switch\.sock' switch show
ok 'no daemon there, named' says 1 '^portcall: .*/run/none\.sock' phone status --control /run/none.sock

# --- the samples in configs/provisioning ---------------------------------------------------------------------

printf 'sample pass phrase\n' >passphrase
chmod 600 passphrase
printf 'interface = "eth0"\nstore = "%s/store"\npassphrase-file = "%s/passphrase"\n' "$SCRATCH" "$SCRATCH" >phone.conf
ok 'portcall-phone imports them' "$BIN/portcall-phone" --config phone.conf --import \
	"$ROOT/configs/provisioning/op420adv_conf.xml" "$ROOT/configs/provisioning/op420adv_conf020000000201.xml"
ok 'portcall inventory build reads them' "$BIN/portcall" inventory build --tree "$ROOT/configs/provisioning" \
	--passphrase-file passphrase --role voice=20 --output inventory.json
like 'and finds the phone' "$(cat inventory.json)" '02:00:00:00:02:01'

done_testing
