# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# rows.sh - the bench's rows: collected, then written as JSON and as a table.

rows=() # name, value, unit, peer, peer_value, ratio, budget, met; parted by tabs, "null" for what is not there

# median FILE COLUMN [FROM]: of the numbers in that column, or of COLUMN - FROM
median() {
	awk -v to="$2" -v from="${3:-0}" '{ printf "%.3f\n", from ? $to - $from : $to }' "$1" | sort -n |
		awk '{ v[NR] = $1 } END { printf "%.3f\n", NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

kilo() {
	awk -v octets="$1" 'BEGIN { printf "%.3f\n", octets / 1000 }'
}

# row NAME VALUE UNIT PEER PEER_VALUE BUDGET: the budget is for value / peer_value where there is a peer,
# else for the value
row() {
	local name=$1 value=$2 unit=$3 peer=$4 peer_value=$5 budget=$6 ratio=null met=null
	case $value:$peer_value in [0-9]*:[0-9]* | [0-9]*:null) ;; *) die "$name: there is no value." ;; esac
	[ "$peer_value" = null ] || ratio=$(awk -v a="$value" -v b="$peer_value" 'BEGIN { printf "%.4f\n", a / b }')
	if [ "$budget" != null ]; then
		met=$(awk -v r="$ratio" -v v="$value" -v b="$budget" \
			'BEGIN { print (r == "null" ? v : r) + 0 <= b + 0 ? "true" : "false" }')
	fi
	rows+=("$name"$'\t'"$value"$'\t'"$unit"$'\t'"$peer"$'\t'"$peer_value"$'\t'"$ratio"$'\t'"$budget"$'\t'"$met")
}

write_json() {
	local line name value unit peer peer_value ratio budget met separator=
	printf '['
	for line in "${rows[@]}"; do
		IFS=$'\t' read -r name value unit peer peer_value ratio budget met <<<"$line"
		[ "$peer" = null ] || peer="\"$peer\""
		printf '%s\n  {"name": "%s", "value": %s, "unit": "%s", "peer": %s, "peer_value": %s, "ratio": %s, "budget": %s, "met": %s}' \
			"$separator" "$name" "$value" "$unit" "$peer" "$peer_value" "$ratio" "$budget" "$met"
		separator=,
	done
	printf '\n]\n'
}

print_table() {
	{
		printf 'what\tvalue\tunit\tpeer\tpeer value\tratio\tbudget\tmet\n'
		printf '%s\n' "${rows[@]}"
	} | awk -F'\t' '
		function number(text) { return text == "null" ? "-" : text }
		{
			for (i = 1; i <= NF; i++) {
				cell[NR, i] = $i == "true" ? "yes" : $i == "false" ? "no" : number($i)
				if (length(cell[NR, i]) > width[i]) width[i] = length(cell[NR, i])
			}
		}
		END {
			for (r = 1; r <= NR; r++) {
				line = ""
				for (i = 1; i <= 8; i++) {
					right = i == 2 || i == 5 || i == 6 || i == 7
					line = line sprintf(right ? "%*s" : "%-*s", width[i], cell[r, i]) "  "
				}
				sub(/ +$/, "", line)
				print line
			}
		}'
	cat <<-END

		ms: medians of $ROUNDS interleaved rounds, one FreeRADIUS, TLS 1.3, P-256; from just before the link to the
		EAP-Success on the wire.  wpa_supplicant -Dwired does not watch its link and is started at that moment;
		it then waits 2 s for the authenticator before its first EAPOL-Start.  eapol_test: first Access-Request
		to Access-Accept.  The budget is for the ratio where there is a peer, else for the value.  docs/bench.md
	END
}
