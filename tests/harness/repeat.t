#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Two sweeps of configs/quick.conf, one repetition each, under the instruction clock: of a hundred values 98 agree within
# 0.1 %, and all within 1 %; all three servers deliver every frame; the report has all of them. On a busy host up to three
# of some two hundred have been apart, by 0.57 % at most; why is not known. Results have three repetitions and their
# medians; here there is one. In the checking passes a sender and a reader of our own share the processor with the server,
# and how their turns fall merges some calls and, of userspace, some system calls: calls are left out of the comparison,
# and system calls of these passes have to agree within 1 % only. Real guests repeat to 1 %: tests/guests/axis.t.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/tap.sh"
build_tools

sed 's/^repetitions = .*/repetitions = 1/' "$ROOT/configs/quick.conf" >"$TMP/quick.conf"
steps=$("$BENCH/plan" --only guest=process --get steps "$TMP/quick.conf")
for name in a b; do
	run timeout 580 "$ROOT/run.sh" sweep "$TMP/quick.conf" --only guest=process --clock insn --out "$TMP/$name"
	if [[ $CODE -eq 77 ]]; then
		skip 'two sweeps' "$(tail -n 1 "$TMP/stderr")"
		done_testing
	fi
	code "sweep $name" 0
	is "sweep $name: every measurement" "$(cat "$TMP/$name"/{points,control}.jsonl | wc -l)" "$steps"
	is "sweep $name: nothing lost, nothing damaged" \
		"$(jq -rs 'map(select(.lost != 0 or (.corrupt // 0) != 0) | "\(.server) \(.workload) \(.size) x \(.burst)") | join("; ")' "$TMP/$name/points.jsonl")" ''
done
metrics=cost_per_packet,syscalls_per_packet,kicks_per_packet,latency_p50
run "$ROOT/run.sh" compare "$TMP/a" "$TMP/b" --within 0.1% --metric "$metrics"
grep -E 'beyond|only in|largest' "$TMP/stdout" | sed 's/^/# /'
compared=$(sed -n 's/^\([0-9]*\) values compared.*/\1/p' "$TMP/stdout")
beyond=$(grep ' beyond$' "$TMP/stdout" | grep -vc ' check .* syscalls ' || true)
is 'two sweeps: enough values are compared' "$((${compared:-0} >= 200))" 1
is 'two sweeps: 98 of 100 values agree within 0.1 %' "$((beyond * 50 <= ${compared:-0}))" 1
run "$ROOT/run.sh" compare "$TMP/a" "$TMP/b" --within 1% --metric "$metrics"
code 'all values agree within 1 %' 0
run "$ROOT/run.sh" report "$TMP/a"
code 'report' 0
for server in userspace intree vhostlab; do
	is "report has $server" "$(grep -c "$server lost 0 frames" "$TMP/a/RESULTS.md")" 1
done
saved=$("$BENCH/stats" "$TMP/a" | jq -c '[.[] | select(.sink == "stack" and .burst == 1 and .workload != "rr")] | group_by([.workload, .size])
	| map({w: .[0].workload, s: (map({(.server): .syscalls_per_packet.median}) | add)} | "\(.w) \(.s.userspace - .s.vhostlab)") | unique')
is 'system calls saved a packet at burst 1: 4 transmitting, 3 or 4 receiving' \
	"$(jq -r 'all(.[]; . == "tx 4" or . == "rx 4" or . == "rx 3") and any(.[]; . == "tx 4") and any(.[]; startswith("rx"))' <<<"$saved")" true
is 'vhostlab costs no more than intree at burst 64' \
	"$("$BENCH/stats" "$TMP/a" | jq -r '[.[] | select(.burst == 64 and .sink != "check" and .cost_per_packet != null)] | group_by([.workload, .sink, .size])
		| map(map({(.server): .cost_per_packet.median}) | add | select(.vhostlab > .intree)) | length')" 0
done_testing
