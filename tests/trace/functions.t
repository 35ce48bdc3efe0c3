#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# ./run.sh trace functions: all servers side by side, sums that are the clock's, what is kept, and
# what is refused. That the counts are exact: tests/lab/plugin.t; of real guests: functions.soak.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/../harness/lib/tap.sh"

trace=("$ROOT/run.sh" trace functions)
run "${trace[@]}" --clock wall
code 'the wall clock' 2
says 'the wall clock' 'counts on the instruction clock only'
run "${trace[@]}" --host
code 'a bare host' 77
run "${trace[@]}" -- sleep 1
code 'a command' 2
says 'a command' 'give options of one'
if [[ -n ${VHOSTLAB_LAB:-} ]]; then
	skip 'trace functions' 'this is the lab VM: the command boots one from outside'
	done_testing
fi
run "${trace[@]}" --out "$TMP/all" -- --packets 2048
if [[ $CODE -eq 77 ]]; then
	skip 'trace functions' "the lab VM cannot run here: ${OUT##*$'\n'}"
	done_testing
fi
code 'all servers' 0
is 'all servers: their columns' "$(awk '$1 == "function" { $1 = $2 = ""; print; exit }' <<<"$TEXT" | xargs)" \
	'floor userspace intree vhostlab'
# column NAME: of that row the four numbers
column() { awk -v n="$1" '$1 == n { print $(NF - 3), $(NF - 2), $(NF - 1), $NF; exit }' <<<"$TEXT"; }
is 'the sums are the figures of the clock, within 0.1 %' \
	"$(paste <(column sum | tr ' ' '\n') <(sed -n 's/^the clock//p' <<<"$TEXT" | xargs -n 1) |
		awk '{ d = $1 / $2 - 1; if (d < 0.001 && d > -0.001) n++ } END { print n + 0 }')" 4
is "the module's function is its server's" "$(column vhl_tx_gather | awk '{ print $1, $2, $3, ($4 > 50) }')" '- - - 1'
is 'kept: all files' "$(cd "$TMP/all" && echo *)" "1-floor.functions 1-floor.json 2-userspace.functions 2-userspace.json \
3-intree.functions 3-intree.json 4-vhostlab.functions 4-vhostlab.json command env.json functions.insn trace.txt"
is "kept: the points' results" "$(jq -c .lost "$TMP"/all/*.json | head -n 4 | xargs)" '0 0 0 0'
is 'kept: nothing of this run of the lab is in env.json' "$(grep -c counts.so "$TMP/all/env.json")" 0
run "$ROOT/run.sh" compare --functions --servers intree,vhostlab "$TMP/all"
code 'compared' 0
says 'compared' 'vhl_tx_gather'

run "${trace[@]}" --out "$TMP/two" -- --server vhostlab --server=floor --workload rr --burst 1 --packets 256
code 'two servers' 0
is 'two servers: in the order in which they are named' "$(awk '$1 == "function" { print $3, $4 }' <<<"$TEXT")" 'vhostlab floor'
run "${trace[@]}" --out "$TMP/wrong" -- --server vhostlab --burst 0
code 'an option that the bench refuses' 2
says 'an option that the bench refuses' 'burst'
done_testing
