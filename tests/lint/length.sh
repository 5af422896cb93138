#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# length.sh FILE... - no file is longer than 500 lines, and each names its licence at the top.
set -euo pipefail
status=0
for file in "$@"; do
	lines=$(wc -l <"$file")
	if [ "$lines" -gt 500 ]; then
		printf '%s: %d lines; the limit is 500. Split it by purpose.\n' "$file" "$lines" >&2
		status=1
	fi
	if ! sed -n 1,3p "$file" | grep 'SPDX-License-Identifier:' >/dev/null; then
		printf '%s: no SPDX-License-Identifier in the first three lines.\n' "$file" >&2
		status=1
	fi
done
exit $status
