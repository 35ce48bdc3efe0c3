#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Verdicts on claims, from points with known numbers: every kind of check, every verdict, and the data turned round.
# tests/harness/claim-words.t has the words beside yes and no, and what a claim must say.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/tap.sh"
build_tools

# point SERVER BURST COST [KNOBS [REP [CLOCK]]]
point()
{
	jq -cn --arg s "$1" --argjson burst "$2" --argjson cost "$3" --argjson knobs "${4:-{\}}" --argjson rep "${5:-1}" --arg clock "${6:-insn}" \
		'{point: "\($s)\($burst)\($knobs | tostring)", $rep, experiment: "x", server: $s, guest: "process", workload: "tx", size: 64, $burst,
		  queues: 1, guests: 1, sink: "stack", $knobs, $clock, accel: "tcg", packets: 100, lost: 0, seconds: 0.1, cost_per_packet: $cost,
		  syscalls_per_packet: $cost, kicks_per_packet: 0, calls_per_packet: null, latency_p50: null}'
}

# verdict CHECKS [CLAIM'S OTHER FIELDS] < POINTS: of one claim made of these checks, and the cases of each
verdict()
{
	"$ROOT/tests/report/ask" verdicts <(jq -n --argjson checks "$1" --argjson more "${2:-{\}}" '{claims: [{id: "c", clock: ["insn"], where: {workload: "tx"}, $checks} + $more]}') |
		jq -r '.[0] | "\(.verdict) \(.judged | map(.cases | length) | join(","))"'
}

# both NAME CHECK GOOD BAD: points for which the check holds, and points for which it fails
both()
{
	is "$1: holds" "$(verdict "[$2]" <<<"$3")" "reproduced ${5:-1}"
	is "$1: fails" "$(verdict "[$2]" <<<"$4")" "not reproduced ${5:-1}"
}
pair() { point userspace 1 "$1" && point vhostlab 1 "$2"; }
row() { local burst=1 cost; for cost in "$@"; do point vhostlab $burst "$cost" && burst=$((burst * 2)); done; }

ratio='{"metric": "cost_per_packet", "compare": {"field": "server", "a": "vhostlab", "b": "userspace", "as": "ratio"}, "value": {"to": 0.9}}'
both 'ratio' "$ratio" "$(pair 1000 800)" "$(pair 800 1000)"
minus='{"metric": "cost_per_packet", "compare": {"field": "server", "a": "userspace", "b": "vhostlab", "as": "minus"}, "value": {"from": 3, "to": 4}}'
both 'difference' "$minus" "$(pair 4 0)" "$(pair 4.5 0)"
both 'difference, too small' "$minus" "$(pair 3 0)" "$(pair 2 0)"
knob='{"metric": "cost_per_packet", "compare": {"field": "knob.tx_batch", "a": 64, "b": 1, "as": "ratio"}, "value": {"to": 0.9}}'
both 'a knob against its default' "$knob" "$(point vhostlab 1 800 && point vhostlab 1 1000 '{"tx_batch":1}')" \
	"$(point vhostlab 1 1000 && point vhostlab 1 800 '{"tx_batch":1}')"
trend() { echo "{\"metric\": \"cost_per_packet\", \"trend\": {\"along\": \"burst\", \"is\": \"$1\"${2:+, $2}}}"; }
both 'rising' "$(trend rising)" "$(row 1 2 3)" "$(row 1 3 2)"
both 'rising by a factor' "$(trend rising '"least": 2')" "$(row 1 2 3)" "$(row 1 1.1 1.2)"
both 'falling' "$(trend falling)" "$(row 3 2 1)" "$(row 2 3 1)"
both 'falling by a factor' "$(trend falling '"least": 2')" "$(row 3 2 1)" "$(row 1.2 1.1 1)"
both 'a step the wrong way within the slack' "$(trend falling '"slack": 0.1')" "$(row 3 2 2.1 1)" "$(row 3 2 2.3 1)"
both 'flat' "$(trend flat '"slack": 0.05')" "$(row 100 104 101)" "$(row 100 106 101)"
both 'dip' "$(trend dip '"least": 1.5')" "$(row 100 50 90)" "$(row 100 95 90)"
both 'peak' "$(trend peak '"least": 1.5')" "$(row 10 50 9)" "$(row 10 50 60)"
both 'less than the other side somewhere' "$(trend 'less somewhere')" "$(row 2 0.9 2)" "$(row 2 1 2)"
both 'lower at the end, whatever lies between' "$(trend 'ends lower')" "$(row 2 3 1)" "$(row 2 1 2)"
both 'higher at the end, whatever lies between' "$(trend 'ends higher')" "$(row 2 1 3)" "$(row 2 3 2)"
is 'a row that stays the same neither rises nor falls' "$(row 2 2 2 | verdict "[$(trend rising)]") $(row 2 2 2 | verdict "[$(trend falling)]")" 'not reproduced 1 not reproduced 1'
is 'a dip needs an inside' "$(row 1 2 | verdict "[$(trend dip)]")" 'no data 0'
# A direction has no margin: the least difference decides, and none at all decides, too.
direction() { echo "{\"metric\": \"cost_per_packet\", \"compare\": {\"field\": \"server\", \"a\": \"vhostlab\", \"b\": \"userspace\", \"as\": \"${2:-ratio}\"}, \"is\": \"$1\"}"; }
for how in ratio minus; do
	both "less, $how" "$(direction less $how)" "$(pair 1000 999.99)" "$(pair 1000 1000)"
	both "more, $how" "$(direction more $how)" "$(pair 1000 1000.01)" "$(pair 1000 1000)"
	both "no less, $how" "$(direction 'no less' $how)" "$(pair 1000 1000)" "$(pair 1000 999.99)"
	both "no more, $how" "$(direction 'no more' $how)" "$(pair 1000 1000)" "$(pair 1000 1000.01)"
done
both 'none at all' '{"metric": "cost_per_packet", "is": "no more"}' "$(point intree 1 0)" "$(point intree 1 0.01)"
value='{"metric": "cost_per_packet", "value": {"from": 1, "to": 2}}'
both 'a value' "$value" "$(point intree 1 2)" "$(point intree 1 2.1)"
is 'one case of several fails' "$({ pair 1000 800 && point userspace 2 1 && point vhostlab 2 1; } | verdict "[$ratio]")" 'not reproduced 2'
is 'one check of several fails' "$(pair 4 0 | verdict "[$minus, $(trend rising | sed 's/"cost/"nothing/'), ${value/\"to\": 2/\"to\": 3}]")" 'not reproduced 1,0,2'
is 'one check of several has no data' "$(pair 4 0 | verdict "[$minus, $knob]")" 'no data 1,0'
is 'no cell at all' "$(point intree 1 1 | verdict "[$ratio]")" 'no data 0'
is 'a metric that was not measured' "$(pair 4 0 | verdict "[${minus/cost_per/calls_per}]")" 'no data 0'
is 'nothing over nothing is no ratio' "$(pair 4 0 | verdict "[${ratio/\"vhostlab\", \"b\": \"userspace\"/\"userspace\", \"b\": \"vhostlab\"}]")" 'no data 0'

# Repetitions on both sides of a bound decide nothing; the same ones clear of it do.
twice() { point userspace 1 1000 && point userspace 1 1000 '{}' 2 && point vhostlab 1 "$1" && point vhostlab 1 "$2" '{}' 2; }
is 'repetitions on both sides of the bound' "$(twice 850 950 | verdict "[$ratio]")" 'open 1'
is 'repetitions on both sides of being alike' "$(twice 990 1010 | verdict "[$(direction less)]")" 'open 1'
is 'repetitions on one side' "$(twice 850 890 | verdict "[$ratio]")" 'reproduced 1'
is 'of one repetition measured twice the last counts' "$({ twice 850 950 && point vhostlab 1 860 '{}' 2; } | verdict "[$ratio]")" 'reproduced 1'

alike() { local rep; for ((rep = 1; rep <= $1; rep++)); do pair $((500 * rep)) $((400 * rep)) | jq -c --argjson r $rep '.rep = $r'; done; }
is 'six repetitions that differ alike' "$(alike 6 | verdict "[$ratio]")" 'reproduced 1'
is 'of five it is not known' "$(alike 5 | verdict "[$ratio]")" 'open 1'

spread() { row 2 3 4 && { row "$@" | jq -c '.rep = 2'; }; }
is 'a row whose end may lie too low' "$(spread 2 3 2 | verdict "[$(trend rising '"least": 1.4')]")" 'open 1'
is 'a row whose repetitions lie close' "$(spread 2 3 3.9 | verdict "[$(trend rising '"least": 1.4')]")" 'reproduced 1'
is 'a step down that is certain' "$({ row 4 2 5 && row 4.1 2.1 5 | jq -c '.rep = 2'; } | verdict "[$(trend rising '"slack": 0.1')]")" 'not reproduced 1'
is 'a step of which only the medians are known' "$(spread 2 1.9 4 | verdict "[$(trend rising '"least": 1.4')]")" 'reproduced 1'
is 'a row that is flat, or not' "$(spread 2 2.6 2 | verdict "[$(trend flat '"slack": 0.2')]")" 'not reproduced 1'
is 'a row that may be flat' "$({ row 2 2.3 2 && row 2 2.5 2 | jq -c '.rep = 2'; } | verdict "[$(trend flat '"slack": 0.2')]")" 'open 1'
is 'a dip that may be one' "$({ row 4 1 4 && row 4 3 4 | jq -c '.rep = 2'; } | verdict "[$(trend dip '"least": 1.5')]")" 'open 1'
is 'a dip beside a step that is unclear' "$({ row 4 1 4 4 && row 4 1 2 4 | jq -c '.rep = 2'; } | verdict "[$(trend dip '"least": 1.5')]")" 'reproduced 1'
both 'below the floor nothing is told apart' "$(trend rising '"floor": 2, "least": 2')" "$(row 1 0.1 3 5)" "$(row 1 0.1 3 2.5)"

# Of nine repetitions the outermost ones lie outside of the interval that holds the median with 95 %; of eight they do not.
many() { local rep; for ((rep = 1; rep <= $1; rep++)); do point userspace 1 1000 '{}' $rep && point vhostlab 1 $((rep == 1 ? 2000 : 800 + rep)) '{}' $rep; done; }
is 'an outlier among nine' "$(many 9 | verdict "[$ratio]")" 'reproduced 1'
is 'an outlier among eight' "$(many 8 | verdict "[$ratio]")" 'open 1'

# The interval is the one that tests/bench/stats_test.c knows order_interval() by.
is 'the same interval as elsewhere' "$(jq -cn '[5, 6, 10, 20 | [range(1; . + 1)]][] | ["sample", .]' | "$BENCH/ask" | jq -sc 'map([.low, .high])')" '[[1,5],[1,6],[2,9],[6,15]]'

# Clocks.
wall() { local rep; for ((rep = 1; rep <= ${1:-6}; rep++)); do point userspace 1 1000 '{}' $rep wall && point vhostlab 1 "${2:-800}" '{}' $rep wall; done; }
is 'another clock' "$(wall | verdict "[$ratio]")" 'not measurable with this clock 0'
is 'another clock that the claim allows' "$(wall | verdict "[$ratio]" '{"clock": ["insn", "wall"]}')" 'reproduced 1'
for n in 1 2 5; do
	is "a time of the wall clock that was measured $n times" "$(wall $n | verdict "[$ratio]" '{"clock": ["wall"]}')" 'open 1'
	is "nor does it fail" "$(wall $n 2000 | verdict "[$ratio]" '{"clock": ["wall"]}')" 'open 1'
done
is 'six times' "$(wall 6 2000 | verdict "[$ratio]" '{"clock": ["wall"]}')" 'not reproduced 1'
is 'kicks scatter as times do' "$(wall 2 | jq -c '.kicks_per_packet = .cost_per_packet' | verdict "[${ratio/cost_/kicks_}]" '{"clock": ["wall"]}')" 'open 1'
qemu() { jq -c '.guest = "qemu"'; }
is 'system calls on the wall clock need no more' "$(wall 1 | qemu | verdict "[${ratio/cost_/syscalls_}]" '{"clock": ["wall"], "where": {"guest": "qemu"}}')" 'reproduced 1'
is 'the right clock beside another' "$({ wall && pair 800 1000; } | verdict "[$ratio]")" 'not reproduced 1'
is 'the right clock, another experiment' "$({ wall && row 1 2; } | verdict "[$ratio]")" 'no data 0'

# Cells with other knobs, guests or queues do not get in by accident.
is 'a knob the claim does not name' "$({ pair 1000 800 && point vhostlab 1 5000 '{"event_idx":0}'; } | verdict "[$ratio]")" 'reproduced 1'
is 'a knob the claim names' "$(point userspace 1 1000 '{"event_idx":0}' | cat - <(point vhostlab 1 5000 '{"event_idx":0}') |
	verdict "[$ratio]" '{"where": {"knob.event_idx": 0}}')" 'not reproduced 1'
apart='{"where": {"knob.event_idx": [0, 1]}}'
is 'pairs are made of cells that are alike' "$({ pair 1000 800 && point userspace 1 10 '{"event_idx":0}' && point vhostlab 1 8 '{"event_idx":0}'; } |
	verdict "[$ratio]" "$apart")" 'reproduced 2'
is 'and so are rows' "$({ row 2 3 4 && row 10 20 30 | jq -c '.server = "intree" | .point += "i"'; } | verdict "[$(trend rising)]")" 'reproduced 2'
is 'several guests' "$({ pair 1000 800 && pair 800 1000 | jq -c '.guests = 2 | .point += "g"'; } | verdict "[$ratio]")" 'reproduced 1'
is 'nothing is compared across runs' "$({ point userspace 1 1000 && point vhostlab 1 800 | jq -c '.workload = "rx"'; } | verdict "[$ratio]" '{"where": {}}')" 'no data 0'
real='.guest = "qemu" | .clock = "insn"'
is 'a real guest that was measured once decides nothing' "$(pair 1000 800 | jq -c "$real" | verdict "[$ratio]" '{"where": {"guest": "qemu"}, "clock": ["insn"]}')" 'no data 0'
is 'measured twice it does' "$(pair 1000 800 | jq -c "$real | .rep = (1, 2)" | verdict "[$ratio]" '{"where": {"guest": "qemu"}, "clock": ["insn"]}')" 'reproduced 1'

# The claims in the tree.
claims=$ROOT/configs/claims.json
is 'fifteen claims at least' "$(jq '.claims | length >= 15' "$claims")" true
is 'each has a name of its own' "$(jq '.claims | map(.id) | length == (unique | length)' "$claims")" true
is 'each says all that a claim must' "$("$ROOT/tests/report/ask" claims "$claims" | wc -w)" "$(jq '.claims | length' "$claims")"
# The cells a check asks for are those its configuration measures: with any number in them, it finds a case.
for config in $(jq -r '.claims | map(select(.checks != []).config) | unique[]' "$claims"); do
	clock=$(jq -r --arg c "$config" '[.claims[] | select(.config == $c and .checks != []).clock[0]] | first' "$claims")
	"$BENCH/plan" --clock "$clock" "$ROOT/configs/$config.conf" | jq -c --arg clock "$clock" '. + {rep: (1, 2), $clock, accel: "kvm", lost: 1, seconds: 1, detail: {bits_per_second: 1}}
		+ ("cost syscalls kicks calls" / " " | map({"\(.)_per_packet": 1}) | add) + {latency_p50: 1}' |
		"$ROOT/tests/report/ask" verdicts <(jq --arg c "$config" --arg clock "$clock" '.claims |= map(select(.config == $c and .checks != []) | .clock += [$clock])' "$claims") >"$TMP/judged.json"
	is "$config.conf measures what its claims ask for" "$(jq -r '.[] | select(any(.judged[]; .cases == [])) | .id' "$TMP/judged.json")" ''
done
# The seed's four, from the reference run; and from the same run with the servers' names turned round.
judge_reference()
{
	"$ROOT/tests/report/ask" verdicts "$claims" |
		jq -r '.[] | select(.id | IN("system-calls", "latency", "bandwidth", "processor")) | "\(.id): \(.verdict)"'
}
# System calls are QEMU's own, so they come from the run of real guests.
both_runs() { cat "$ROOT"/results/reference/{points.jsonl,guests/points.jsonl}; }
# A real guest's small packets out cost less with QEMU's own server there, which lets it send without kicks.
is 'the reference runs reproduce system calls and latency' "$(both_runs | judge_reference | grep ': reproduced' | sort)" \
	$'latency: reproduced\nsystem-calls: reproduced'
is 'without that guest all four' \
	"$(both_runs | grep -v '"guest":"qemu","workload":"tx"' | judge_reference | grep -c ': reproduced')" 4
is 'turned round it does not' "$(both_runs | jq -c '.server |= ({userspace: "vhostlab", vhostlab: "userspace"}[.] // .)' |
	judge_reference | grep -c ': not reproduced')" 4
done_testing
