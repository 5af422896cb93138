#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The helpers themselves: what the other system tests rely on.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

is 'the test is process 1 of its own pid namespace' "$$" 1
is '/run holds nothing of the host' "$(stat -f -c %T /run) $(find /run -type f | wc -l)" 'tmpfs 0'
is 'there is no interface but loopback' "$(ip -o link | wc -l)" 1

netns left right
ok 'veth pairs reach between namespaces' ip link add l0 netns left type veth peer name r0 netns right
ok 'the namespace has its end' ip -n right link show r0

start sleeper sleep 600
ok 'a started program is alive' alive sleeper
stop sleeper
is 'stop ends it with the signal' $? 143
not_ok 'and it is gone' alive sleeper

not_ok 'wait_for gives up' wait_for 0 false
(sleep 0.1; touch there) &
ok 'wait_for sees a condition come true' wait_for 5 test -e there

# a failing test is seen as one: the same helpers in a test file of their own
cat >bad.t <<EOF
. "$ROOT/tests/system/lib.sh"
BUILD='$BUILD/lib-self'
touch proof
is 'one is two' 1 2
done_testing
EOF
bash bad.t >bad.out
is 'a failed test gives exit status 1' $? 1
like 'a failed test says not ok' "$(cat bad.out)" '^not ok 1 - one is two'
like 'it shows what it got' "$(cat bad.out)" '^#      got: 1'
ok 'it keeps its logs' test -e "$BUILD/lib-self/test-logs/bad/proof"
rm -rf "$BUILD/lib-self"

cat >short.t <<EOF
. "$ROOT/tests/system/lib.sh"
is 'one is one' 1 1
exit 0
EOF
bash short.t >short.out
is 'a test that ends early fails' $? 1

cat >skip.t <<EOF
. "$ROOT/tests/system/lib.sh"
need no-such-program
is 'one is two' 1 2
EOF
skipped=$(bash skip.t)
is 'a missing program skips the test' "$? $skipped" '0 1..0 # SKIP no-such-program is not installed'

cat >bail.t <<EOF
. "$ROOT/tests/system/lib.sh"
BUILD='$BUILD/lib-self'
is 'one is one' 1 1
bail 'no server'
EOF
bailed=$("$ROOT/tests/run" bail.t skip.t)
is 'a test that cannot go on fails' $? 1
like '... and says why' "$bailed" 'not ok 2 - no server'
like '... and the next ones still run' "$bailed" '^1 passed, 1 failed$'
rm -rf "$BUILD/lib-self"

# a chroot, whose root folder is no mount point; what is mounted in it would be seen outside
cat >inside.t <<EOF
. "$ROOT/tests/system/lib.sh"
mkdir /run/more
ok 'mount' mount -t tmpfs tmpfs /run/more
ok 'namespace' ip netns add more
done_testing
EOF
mkdir root
chroot_tree root
mount --make-rshared /
mounts=$(cat /proc/self/mountinfo)
like 'a test runs in a chroot' "$(chroot root bash "$SCRATCH/inside.t" | tail -n 1)" '^1\.\.2$'
is '... and what it mounts stays inside' "$(cat /proc/self/mountinfo)" "$mounts"

done_testing
