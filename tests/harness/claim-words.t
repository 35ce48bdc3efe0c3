#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The words of a verdict beside yes and no: each with points that lead to it, and points that do not; and what a claim in
# configs/claims.json must say before it is judged at all.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/tap.sh"
build_tools

# points SERVER COST [JQ]: two repetitions on the instruction clock; their system calls are their cost
points()
{
	jq -cn --arg s "$1" --argjson cost "$2" '(1, 2) as $rep | {point: $s, $rep, experiment: "x", server: $s, guest: "process",
		workload: "tx", size: 64, burst: 1, queues: 1, guests: 1, sink: "stack", knobs: {}, clock: "insn", accel: "tcg", packets: 100,
		lost: 0, seconds: 0.1, cost_per_packet: $cost, syscalls_per_packet: $cost} | '"${3:-.}"
}
pair() { points userspace "$1" "${3:-.}" && points vhostlab "$2" "${3:-.}"; }

# word METRIC [CLAIM'S OTHER FIELDS] < POINTS: the verdict on "vhostlab has less of it than userspace", and why
word()
{
	"$ROOT/tests/report/ask" verdicts <(jq -n --arg metric "$1" --argjson more "${2:-{\}}" '{claims: [{id: "c", clock: ["insn"], where: {workload: "tx"},
		checks: [{$metric, compare: {field: "server", a: "vhostlab", b: "userspace", as: "minus"}, is: "less"}]} + $more]}') |
		jq -r '.[0] | "\(.verdict)|\(.because)"'
}
verdict() { word "$@" | cut -d'|' -f1; }

# By construction: system calls of the bench's own programs, and nothing else.
is 'system calls of the bench'"'"'s own server' "$(pair 4 0 | verdict syscalls_per_packet)" 'by construction'
is 'the same of QEMU' "$(pair 4 0 '.guest = "qemu"' | verdict syscalls_per_packet '{"where": {"guest": "qemu"}}')" reproduced
is 'the cost of the same server' "$(pair 4 0 | verdict cost_per_packet)" reproduced
is 'by construction, and yet not so' "$(pair 0 4 | verdict syscalls_per_packet)" 'not reproduced'

# Nothing shown: what the claim is about did not happen.
tested='{"tested": {"metric": "lost_share"}}'
is 'none is lost' "$(pair 4 0 | verdict lost_share "$tested")" 'nothing shown'
is 'none is lost, and the claim does not ask' "$(pair 4 0 | verdict lost_share)" 'not reproduced'
is 'more are lost with the other server' "$({ points userspace 1 '.lost = 50' && points vhostlab 1 '.lost = 20'; } | verdict lost_share "$tested")" reproduced
is 'one is lost, with this server' "$({ points userspace 1 && points vhostlab 1 '.lost = .rep'; } | verdict lost_share "$tested")" 'not reproduced'
is 'the reason names what did not happen' "$(pair 4 0 | word lost_share "$tested" | cut -d'|' -f2)" \
	'lost_share is 0 in every repetition of every server: what the claim is about did not happen'

# The mean of a round trip is the time of each guest's: the median, and who is served first, do not matter.
trips() { points "$1" 4 ".workload = \"rr\" | .guests = 8 | .latency_p50 = $3 | .seconds = $2"; }
rr='{"where": {"workload": "rr", "guests": 8}}'
is 'shorter round trips by their mean, longer by their median' \
	"$({ trips userspace 0.2 1 && trips vhostlab 0.1 2; } | verdict latency_mean "$rr") $({ trips userspace 0.2 1 && trips vhostlab 0.1 2; } | verdict latency_p50 "$rr")" \
	'reproduced not reproduced'
is 'the mean has the number of guests in it' "$({ trips userspace 0.2 1 && trips vhostlab 0.1 2; } |
	"$ROOT/tests/report/ask" verdicts <(jq -n --argjson rr "$rr" '{claims: [{id: "c", clock: ["insn"],
		checks: [{metric: "latency_mean", compare: {field: "server", a: "vhostlab", b: "userspace", as: "minus"}, is: "less"}]} + $rr]}') |
		grep -o -- '-8000000' | head -n 1)" -8000000

# Not measurable with this clock: by clock and by machine.
real='{"accel": ["kvm", "bare"], "blind": "no caches"}'
is 'a clock of an emulated machine' "$(pair 4 0 | word cost_per_packet "$real")" 'not measurable with this clock|no caches'
is 'the same clock of a real one' "$(pair 4 0 '.accel = "kvm"' | verdict cost_per_packet "$real")" reproduced
is 'both beside each other: the real one decides' "$({ pair 0 4 && pair 4 0 '.accel = "kvm" | .point += "k"'; } | verdict cost_per_packet "$real")" reproduced
is 'a real machine, but the other clock' "$(pair 4 0 '.accel = "kvm" | .clock = "wall"' | verdict cost_per_packet "$real")" 'not measurable with this clock'

# Judgements: whatever was measured, with the reason that the claim gives.
for judgement in 'other system' 'not built'; do
	own=$(jq -cn --arg is "$judgement" '{word: {$is, why: "because"}}')
	is "$judgement" "$(pair 4 0 | word cost_per_packet "$own")" "$judgement|because"
	is "$judgement, against the data" "$(pair 0 4 | word cost_per_packet "$own")" "$judgement|because"
	is "$judgement, without data" "$(true | word cost_per_packet "$own")" "$judgement|because"
done

# Open: why.
many() { pair 4 0 '.clock = "wall"' | jq -c --argjson n "$1" '(.rep, .rep + 2, .rep + 4) as $r | select($r <= $n) | .rep = $r'; }
wall='{"clock": ["wall"]}'
is 'two repetitions of the wall clock' "$(many 2 | word cost_per_packet "$wall")" \
	'open|2 repetitions of the wall clock, which scatters, decide nothing: no interval holds a median with 95 % below 6'
is 'six of them' "$(many 6 | verdict cost_per_packet "$wall")" reproduced
is 'two repetitions of the instruction clock' "$(pair 4 0 | verdict cost_per_packet)" reproduced
is 'an interval' "$({ points userspace 4 && points vhostlab 0 '.cost_per_packet = .rep * 3'; } | word cost_per_packet)" 'open|an interval contains the bound'

# What a claim must say. Each fault by itself; the message names the file, the claim and the fault.
claims=$ROOT/configs/claims.json
# refused NAME JQ TEXT: the claims with that change are refused with that text
refused()
{
	jq "$2" "$claims" >"$TMP/claims.json"
	run "$ROOT/tests/report/ask" claims "$TMP/claims.json"
	code "$1" 1
	says "$1" "$TMP/claims.json: claim $3"
}
for field in rests method source shape; do
	refused "no $field" "del(.claims[4].$field)" "processor: it has no $field"
	refused "an empty $field" ".claims[4].$field = \" \"" "processor: it has no $field"
done
refused 'a word that is none' '.claims[7].word.is = "wrong"' 'first-version: its word is none of: other system, not built'
refused 'a word that data decides' '.claims[7].word.is = "by construction"' 'first-version: its word is none of: other system, not built'
refused 'a word without a reason' 'del(.claims[7].word.why)' 'first-version: its word "other system" has no reason: why'
refused 'neither checks nor a word' '.claims[4].checks = []' 'processor: it has neither checks nor a word'
refused 'a margin that was not published' '.claims[4].checks[0] |= (del(.is) | .value = {to: 0.95})' "processor: the bound of cost_per_packet is not its source's"
refused 'a factor that was not published' '.claims[5].checks[0].trend.least = 1.02' "large-frames: the bound of cost_per_packet is not its source's"
refused 'a direction that is none' '.claims[4].checks[0].is = "much less"' 'processor: a check is much less; allowed: less, more, no less, no more'
refused 'a check that asks twice' '.claims[4].checks[0].value = {to: 1}' 'processor: a check needs one of: is, value, trend'
refused 'a trend that is none' '.claims[5].checks[0].trend.is = "up"' 'large-frames: a trend is up; allowed: '
refused 'a misspelt field' '.claims[4].rest = "x"' 'processor: unknown field: rest'
refused 'a machine without saying what the others miss' '(.claims[] | select(.id == "ring-access")) |= del(.blind)' "ring-access: it has no blind"
run "$ROOT/tests/report/ask" claims "$claims"
code 'the claims in the tree' 0
done_testing
