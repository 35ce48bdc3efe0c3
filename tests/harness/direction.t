#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The wall clock's word on gains counted in instructions: agrees, contradicts or leaves open, by the signs of the
# repetitions, on made-up measurements whose answer is known.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/tap.sh"
build_tools

# points CLOCK REPETITIONS COST-WITHOUT-ARRAYS...: tx; vhostlab as it is costs 100, without arrays what is given, in turns
points()
{
	local clock=$1 repetitions=$2
	shift 2
	jq -n -c --arg clock "$clock" --argjson n "$repetitions" --args '$ARGS.positional | map(tonumber) as $costs
		| range(1; $n + 1) as $rep | ({}, {without: "array"}) as $knobs
		| {rep: $rep, clock: $clock, accel: "tcg", server: "vhostlab", workload: "tx", sink: "stack", guest: "process", size: 64, burst: 64,
			queues: 1, guests: 1, knobs: $knobs, point: "p\($knobs | length)", packets: 1000, lost: 0, corrupt: 0, seconds: 1,
			cost_per_packet: (if $knobs == {} then 100 else $costs[($rep - 1) % ($costs | length)] end),
			syscalls_per_packet: 0, kicks_per_packet: 0, calls_per_packet: 0}' "$@"
}

mkdir -p "$TMP/ablation" "$TMP/wall"
jq -n '{experiment: "x", clock: "wall", accel: "tcg", kernel: "6.1"}' >"$TMP/wall/env.json"

# The run's A/A control: vhostlab as it is, measured again.
controlled()
{
	jq -c 'select(.knobs == {}) | .control = true | .point = "again"' "$TMP/wall/points.jsonl" >"$TMP/wall/control.jsonl"
}

# verdict REPETITIONS COUNTED SEEN...: the row's last two columns
verdict()
{
	local repetitions=$1 counted=$2
	shift 2
	points insn 2 "$counted" >"$TMP/ablation/points.jsonl"
	points wall "$repetitions" "$@" >"$TMP/wall/points.jsonl"
	controlled
	"$ROOT/tests/report/ask" direction "$TMP/wall" | sed -n 's/^| tx .* | \([^|]*\) | \([^|]*\) |$/\1: \2/p'
}
is 'more each time' "$(verdict 8 150 140)" '8 of 8: agrees'
is 'more 7 times of 8 is not enough, as both directions are looked at' "$(verdict 8 150 140 140 140 140 140 140 140 90)" '7 of 8: open'
is 'more 8 times of 9' "$(verdict 9 150 140 140 140 140 140 140 140 140 90)" '8 of 9: agrees'
is 'more 6 times of 8 is not enough' "$(verdict 8 150 140 140 140 90)" '6 of 8: open'
is 'cheaper each time' "$(verdict 8 150 90)" '0 of 8: **contradicts**'
is 'more each time of 6' "$(verdict 6 150 140)" '6 of 6: agrees'
is 'more each time of 5 is not enough' "$(verdict 5 150 140)" '5 of 5: open'
is 'as often more as equal: a tie is no sign' "$(verdict 12 150 140 140 100 100)" '6 of 6: agrees'
is 'too few repetitions: no row' "$(verdict 4 150 140)" ''
is 'less than 1 % is no gain' "$(verdict 8 100.5 140 140 90 90)" '4 of 8: no gain either'
is 'a loss that was counted, and is seen' "$(verdict 8 80 70)" '0 of 8: agrees'
# A second row, in which nothing differs, has a share of the level: 8 of 8 are enough for both, 6 of 6 are not.
second='. , (select(.knobs != {}) | .knobs = {without: "late"} | .point = "late" | .cost_per_packet = ([90, 90, 110, 110][.rep % 4]))'
for n in 6 8; do
	points insn 2 150 | jq -c "$second" >"$TMP/ablation/points.jsonl"
	points wall "$n" 140 | jq -c "$second" >"$TMP/wall/points.jsonl"
	controlled
	"$ROOT/tests/report/ask" direction "$TMP/wall" >"$TMP/page.$n"
done
is 'two rows share the level: 6 of 6' "$(grep -c '6 of 6 | open |$' "$TMP/page.6")" 1
is 'two rows share the level: it is said how many it takes' "$(grep -c 'a row needs at least 7, all of one sign' "$TMP/page.6")" 1
is 'two rows share the level: 8 of 8' "$(grep -c '8 of 8 | agrees |$' "$TMP/page.8") $(grep -c 'too few repetitions' "$TMP/page.8")" '1 0'
rm "$TMP/ablation/points.jsonl"
points wall 8 140 >"$TMP/wall/points.jsonl"
controlled
is 'nothing was counted' "$("$ROOT/tests/report/ask" direction "$TMP/wall" | grep -c '8 of 8 | no count |')" 1

# A run that takes noise for a difference confirms nothing, and one without a control neither.
points insn 2 150 >"$TMP/ablation/points.jsonl"
jq -c '.cost_per_packet *= 1.1' "$TMP/wall/control.jsonl" >"$TMP/x" && mv "$TMP/x" "$TMP/wall/control.jsonl"
is 'a control that is apart: no verdict' "$("$ROOT/tests/report/ask" direction "$TMP/wall" | grep -c '8 of 8 | not judged |$\|This run names no winner')" 2
rm "$TMP/wall/control.jsonl"
is 'no control: no verdict' "$("$ROOT/tests/report/ask" direction "$TMP/wall" | grep -c '8 of 8 | not judged |$\|This run names no winner')" 2
done_testing
