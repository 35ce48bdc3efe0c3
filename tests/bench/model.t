#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The cost model: constants of the machine in order, counts that are exact and the same each time, their sum, and what model makes
# of it all; wrong use is refused, and a machine without QEMU's user mode says so.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/../harness/lib/tap.sh"
build_tools
if ! make -s -C "$ROOT/bench/native" BUILD="$BUILD" >&2 || ! make -s -C "$ROOT/lab/plugin" BUILD="$BUILD" >&2; then
	echo 'Bail out! the native rig or the plugin does not build'
	exit 1
fi

# What model makes of two passes, two cells, and a run on the instruction clock: by hand.
dir=$TMP/run
mkdir -p "$dir/counts"
# pass NS_OF_AN_INSTRUCTION NS_OF_A_WAKE_UP
pass()
{
	jq -nc --argjson i "$1" --argjson w "$2" '{ghz: 4, constants: ({instruction: $i, line: 80, line_more: 10, line_store: 5,
		locked: 4, window: 3, copy: 2, words: 9, copy_more: 1, syscall: 50, wakeup: $w, wakeup_here: 500} |
		map_values({p10: ., p25: ., p50: ., p75: ., p90: .}))}'
}
{ pass 0.1 2000; pass 0.1 3000; } >"$dir/constants.jsonl"
cell='"guest":"process","workload":"tx","size":64,"burst":1,"queues":1,"guests":1,"knobs":{}'
for rep in 1 2 3; do
	echo "{\"point\":\"a\",\"rep\":$rep,\"server\":\"vhostlab\",$cell,\"sink\":\"drop\",\"cost_per_packet\":${rep}00}"
done >"$dir/points.jsonl"
jq -nc "{point: \"a\", rep: 1, server: \"vhostlab\", $cell, sink: \"drop\", cost_per_packet: 150}"' | .detail = {
	driver: {ns: 30, polling_ns: 5, windows: 0, locked: 1, copies: 0, words: 0, copied: 0, drained: 0, alone: {}, more: {},
		stored: {avail: 2}},
	server: {ns: 120, polling_ns: 0, windows: 2, locked: 1, copies: 1, words: 1, copied: 3, drained: 0,
		alone: {descriptors: 1, doorbells: 7}, more: {payload: 1}, stored: {}}}' >"$dir/counts/points.jsonl"
for server in intree vhostlab; do
	cost=2000
	[[ $server == intree ]] || cost=1000
	jq -nc "{point: \"$server\", rep: 1, server: \"$server\", $cell, sink: \"stack\", cost_per_packet: $cost, syscalls_per_packet: 2,
		kicks_per_packet: 1, calls_per_packet: 0.5}"
done >"$dir/insn.jsonl"
run "$BENCH/model" "$dir" "$dir/insn.jsonl"
code 'model' 0
made=$TEXT
# of NAME EXPRESSION VALUE
of() { is "$1" "$(jq -c "$2" <<<"$made")" "$3"; }
of 'the error of a cell' '.cells[0] | [.predicted, .measured, .error]' '[150,200,-0.25]'
# 80 * 8 of lines alone, doorbells among them, and one more; two windows, a locked operation, a copy of four times 64 bytes, one
# by words.
of 'what a server'\''s time consists of' \
	'.cells[0].server_parts | [.lines, .windows, .locked, .copies, .instructions]' \
	'[650,6,4,14,-554]'
of 'constants: medians, and how far the halves are apart' \
	'[.constants[] | select(.name == "wakeup") | .p50, .apart]' '[2500,0.4]'
# 1000 * 0.1 + 2 * 50; lines 2 * 5 + 80 + 10 without doorbells; 1.5 * (2500 - 500) of wake-ups; one per cycle: 0.25 ns.
of 'a cell of the instruction clock' \
	'.headline[0].servers.vhostlab | [.one_fast, .one_slow, .lines_ns, .lines_fast, .wakeups_ns, .two_fast]' \
	'[200,350,100,300,3000,3300]'
of 'a server without lines has none' '.headline[0].servers.intree | [.lines_ns, .lines_fast, .one_fast]' '[null,null,300]'
of 'what is saved, of instructions and of time' \
	'.headline[0].saved.intree | [.instructions, .one_slow < .instructions]' '[0.5,true]'
echo '{"point":"a","rep":2,"server":"vhostlab","cost' >>"$dir/points.jsonl"
run "$BENCH/model" "$dir"
is 'a half-written line does not count' "$CODE $(jq '.cells[0].measured' <<<"$TEXT") $(jq -c .headline <<<"$TEXT")" '0 200 []'
run "$BENCH/model"
code 'model of nothing' 2
mkdir "$TMP/empty"
run "$BENCH/model" "$TMP/empty"
is 'a run without constants' "$CODE $(jq -c '[.constants, .cells]' <<<"$TEXT")" '0 [[],[]]'

# Constants that are easy to tell apart in a sum.
export VHOSTLAB_CONSTANTS=$TMP/constants.jsonl
constants() { jq -nc --argjson c "$1" '{constants: ($c | map_values({p50: .}))}' >"$VHOSTLAB_CONSTANTS"; }
plain='{"instruction":0.1,"line":80,"line_more":10,"line_store":5,"locked":4,"window":3,"pause":10,"copy":2,"words":9,'
plain+='"copy_more":1}'
constants "$plain"
counted() { run timeout -k 5 120 "$BENCH/counted" --sink drop --clock native --packets 4096 --size 64 "$@"; }

counted --server vhostlab --workload stream --burst 64
if ! command -v qemu-x86_64 >/dev/null; then
	skip 'counts' 'qemu-x86_64 (package qemu-user) is not installed'
	done_testing
fi
if [[ $(nproc) -lt 2 ]]; then
	code 'two processors that are not there' 1
	skip 'counts between two processors' 'this machine has one'
else
	code 'counts between two processors' 0
	first=$TEXT
	counted --server vhostlab --workload stream --burst 64
	is 'are the same each time' "$TEXT" "$first"
	# Each descriptor and each frame by itself, which is easy to foretell.
	counted --server vhostlab --workload stream --burst 64 --knob without=window
	alone=$TEXT
	# A header of 12 bytes and 64 of a frame are on two lines, which the driver writes and the server reads.
	near() { is "$1" "$(jq "$2 | . > $3 * 0.97 and . < $3 * 1.03" <<<"$alone")" true; }
	near 'two lines of payload go to the server' '.detail.server | (.alone.payload + .more.payload)' 2
	near 'after the driver had them' '.detail.driver.stored.payload' 2
	near 'a frame is copied by one string operation' '.detail.server.copies' 1
	near 'four descriptors are on a line' '.detail.server | (.alone.descriptors + (.more.descriptors // 0))' 0.25
	is 'gathered frames need fewer copies and windows, and less time' "$(jq -s '(.[0].detail.server | .copies + .windows) * 5 <
		(.[1].detail.server | .copies + .windows) and .[0].cost_per_packet < .[1].cost_per_packet' <<<"$first$alone")" true
	counted --server vhostlab --workload stream --burst 64 --knob copy=0
	is 'without frames, the header'\''s line' \
		"$(jq '.detail.server | (.alone.payload + (.more.payload // 0)) | . > 0.97 and . < 1.03' <<<"$TEXT")" true
	counted --server vhostlab --workload stream --burst 64 --knob packed=1
	is 'a packed ring has descriptors and settings only' "$(jq -c '[.detail[].touched | keys[]] | unique' <<<"$TEXT")" \
		'["descriptors","doorbells","flags","own","payload"]'
	slower=${plain/'"line":80'/'"line":800'}
	constants "$slower"
	counted --server vhostlab --workload stream --burst 64
	result 'slower lines, slower packets' "$(jq -n "$(jq .cost_per_packet <<<"$TEXT") > 3 * $(jq .cost_per_packet <<<"$first")" |
		grep -c true)"
fi

constants "$plain"
for server in vhostlab intree; do
	counted --server $server --workload stream --burst 64 --knob cores=turns
	is "$server in turns: no line travels, a kick a burst" \
		"$(jq -c '[.kicks_per_packet, [.detail[] | .alone, .more, .stored]]' <<<"$TEXT")" \
		'[0.015625,[{},{},{},{},{},{}]]'
	is "$server in turns: the time is the sum of constants times counts" \
		"$(jq '[.detail[] | 0.1 * (.instructions - .locked - .windows - .copies - .words)
		+ 4 * .locked + 3 * .windows + 2 * .copies + 9 * .words + .copied] | add' <<<"$TEXT" |
		jq --argjson cost "$(jq .cost_per_packet <<<"$TEXT")" '(. - $cost) | fabs < 0.05')" true
done

counted --server vhostlab --workload stream --burst 64 --clock wall --sink stack
code 'another clock' 2
constants "${plain/'"locked":4,'/}"
counted --server vhostlab --workload stream --burst 64
code 'a constant that is missing' 1
says 'a constant that is missing' 'no locked in it: measure it again'
VHOSTLAB_CONSTANTS=$TMP/nothing counted --server vhostlab --workload stream --burst 64
code 'no constants' 2
says 'no constants' 'it cannot be read'
constants "$plain"
run env PATH=/nothing "$BENCH/counted" --sink drop --clock native --packets 4096 --size 64 --server vhostlab \
	--workload stream --burst 64
code 'no QEMU' 77
says 'no QEMU' 'qemu-x86_64: it is not installed: run ./run.sh setup'

run "$BENCH/constants"
if [[ $(nproc) -lt 2 ]]; then
	code 'constants of one processor' 77
else
	code 'constants' 0
	is 'each has its quantiles in order' "$(jq -c '[.constants | to_entries[] | select(.value | [.p10, .p25, .p50, .p75, .p90] |
		(. != sort) or .[0] <= 0) | .key]' <<<"$TEXT")" '[]'
	is 'all that counted needs, and those of the headline' \
		"$(jq -c '.constants | [has("instruction", "line", "line_more", "line_store", "locked", "barrier",
		"window", "pause", "copy", "words", "copy_more", "syscall", "wakeup", "wakeup_here")] | all' <<<"$TEXT")" true
fi
run "$BENCH/constants" loud
code 'constants with an option' 2
done_testing
