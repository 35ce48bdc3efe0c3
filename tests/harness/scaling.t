#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The report of several guests, threading models, regions and the dirty log, from points with known numbers: the verdicts
# are computed, and a run without such points says nothing of them.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/tap.sh"
build_tools

for tool in gnuplot pandoc; do
	command -v "$tool" >/dev/null && continue
	skip 'report of several guests' "$tool is not installed"
	done_testing
done

# point SERVER WORKLOAD BURST GUESTS COST KNOBS [FILTER]
point()
{
	jq -cn --arg s "$1" --arg w "$2" --argjson burst "$3" --argjson guests "$4" --argjson cost "$5" --argjson knobs "$6" \
		'{rep: 1, experiment: "x", server: $s, guest: "process", workload: $w, size: 64, burst: $burst, queues: 1, guests: $guests,
		  sink: "stack", knobs: $knobs, clock: "insn", accel: "tcg", packets: 1000, lost: 0, corrupt: null, seconds: 0.1, cost_per_packet: $cost,
		  above_floor_per_packet: null, syscalls_per_packet: 0, kicks_per_packet: 1, calls_per_packet: 1,
		  latency_p50: (if $w == "rr" then $cost * $guests else null end), latency_p99: (if $w == "rr" then $cost * $guests * 2 else null end),
		  latency_p999: null, detail: (if $guests > 1 then {jain: 0.99, min_max: 0.9} else {} end)}
		 | '"${7:-.}"' | .point = "\([.server, .workload, .burst, .guests, .knobs])"'
}
mkdir "$TMP/run"
{
	for guests in 1 32; do
		point userspace tx 64 $guests 3600 '{}'
		point intree tx 64 $guests 2000 '{}'
		point vhostlab tx 64 $guests 1500 '{}'
		point vhostlab tx 64 $guests $((guests == 1 ? 1510 : 1400)) '{"worker": "shared"}'
		point vhostlab tx 64 $guests 1700 '{"worker": "workqueue"}' "if \$guests > 1 then .detail.min_max = 0.25 | .detail.jain = 0.7 else . end"
		point vhostlab rr 1 $guests 10000 '{}'
		point vhostlab rr 1 $guests 12000 '{"worker": "shared"}'
	done
	point vhostlab rr 1 32 13000 '{"worker": "shared", "shared_poll_us": 500}'
	point intree tx 64 1 2400 '{"regions": 509}'
	point vhostlab tx 64 1 1515 '{"regions": 509}'
	point intree tx 64 1 2100 '{"log": 1}'
	point vhostlab tx 64 1 1560 '{"log": 1}'
} >"$TMP/run/points.jsonl"
cp "$ROOT/results/reference/env.json" "$TMP/run/env.json"
page=$TMP/run/RESULTS.md
run "$ROOT/run.sh" report "$TMP/run"
code 'report of several guests' 0
line() { is "$1" "$(grep -cF -- "$2" "$page")" "${3:-1}"; }
line 'who is cheapest, by number of guests' '- transmit, burst 64, 64 bytes: device, shared with 1 guest; shared with 32 guests. 32 guests against 1: userspace 1.000, intree 1.000, device 1.000, workqueue 1.000, shared 0.927.'
line 'costs side by side' '| 32 | 3600 | 2000 | 1500 | 1700 | 1400 | shared | 0 | 0.250 |'
line 'the tail of round trips' 'is shortest with device (640000) and longest with shared (768000).'
line 'the least even cell' 'transmit, burst 64, 64 bytes, 32 guests, workqueue: the guest served least got 0.250'
line 'polling' '| round trip, 64 bytes | 32 | 500 | 13000 | 416000 | 832000 |'
line 'polling is compared only where it was varied' '| transmit, burst 64, 64 bytes | 1 | 50 |' 0
line 'regions' '- 509 memory regions against 1 cost vhostlab 1.010 and in-tree 1.200 times as much per packet (tx)'
line 'the dirty log' '| transmit, burst 64, 64 bytes | vhostlab | 1500 | 1560 | 60 | 1.040 |'
is 'four figures in two formats' "$(find "$TMP/run/figures" \( -name 'threads-*.svg' -o -name 'scaling*.svg' -o -name 'threads-*.png' -o -name 'scaling*.png' \) -size +2k | wc -l)" 8
is 'the first sections are of one guest' "$(sed -n '/^## Cost per packet/,/^## Notif/p' "$page" | grep -c '^| tx ')" 1

mkdir "$TMP/plain"
jq -c 'select(.guests == 1 and .knobs == {})' "$TMP/run/points.jsonl" >"$TMP/plain/points.jsonl"
cp "$TMP/run/env.json" "$TMP/plain/env.json"
run "$ROOT/run.sh" report "$TMP/plain"
code 'a run of one guest' 0
is 'says nothing of several' "$(grep -c '^## Threading\|^## Scaling\|^## Dirty' "$TMP/plain/RESULTS.md")" 0
done_testing
