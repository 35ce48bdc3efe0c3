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

# verdict REPETITIONS COUNTED SEEN...: the row's last two columns
verdict()
{
	local repetitions=$1 counted=$2
	shift 2
	points insn 2 "$counted" >"$TMP/ablation/points.jsonl"
	points wall "$repetitions" "$@" >"$TMP/wall/points.jsonl"
	"$ROOT/tests/report/ask" direction "$TMP/wall" | sed -n 's/^| tx .* | \([^|]*\) | \([^|]*\) |$/\1: \2/p'
}
is 'more each time' "$(verdict 8 150 140)" '8 of 8: agrees'
is 'more 7 times of 8' "$(verdict 8 150 140 140 140 140 140 140 140 90)" '7 of 8: agrees'
is 'more 6 times of 8 is not enough' "$(verdict 8 150 140 140 140 90)" '6 of 8: open'
is 'cheaper each time' "$(verdict 8 150 90)" '0 of 8: **contradicts**'
is 'more each time of 5' "$(verdict 5 150 140)" '5 of 5: agrees'
is 'more 4 times of 5 is not enough' "$(verdict 5 150 140 140 140 140 90)" '4 of 5: open'
is 'too few repetitions: no row' "$(verdict 4 150 140)" ''
is 'less than 1 % is no gain' "$(verdict 8 100.5 140 90)" '4 of 8: no gain either'
is 'a loss that was counted, and is seen' "$(verdict 8 80 70)" '0 of 8: agrees'
rm "$TMP/ablation/points.jsonl"
points wall 8 140 >"$TMP/wall/points.jsonl"
is 'nothing was counted' "$("$ROOT/tests/report/ask" direction "$TMP/wall" | grep -c '8 of 8 | no count |')" 1
done_testing
