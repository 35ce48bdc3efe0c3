#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Statistics, comparison and report, from points with known numbers.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/tap.sh"
build_tools

# line SERVER REP COST [SYSCALLS]
line()
{
	jq -cn --arg s "$1" --argjson rep "$2" --argjson cost "$3" --argjson sys "${4:-0}" \
		'{point: $s, rep: $rep, experiment: "x", server: $s, guest: "process", workload: "tx", size: 64, burst: 1, queues: 1, guests: 1,
		  sink: "stack", knobs: {}, clock: "insn", accel: "tcg", packets: 100, lost: 0, corrupt: null, seconds: 0.1, cost_per_packet: $cost,
		  above_floor_per_packet: null, syscalls_per_packet: $sys, kicks_per_packet: 1, calls_per_packet: 1,
		  latency_p50: null, latency_p99: null, latency_p999: null}'
}
mkdir "$TMP/a" "$TMP/b"
{
	line intree 1 900 && line intree 2 1000 && line intree 3 1600
	line vhostlab 1 800 && line vhostlab 2 810
	line userspace 1 2000 4
} >"$TMP/a/points.jsonl"
median() { "$BENCH/stats" --csv "$1" | awk -F, -v s="$2" '$1 == s && $12 == "cost_per_packet" { print $13, $14, $15, $16 }'; }
is 'median of three' "$(median "$TMP/a" intree)" '3 1000 900 1600'
is 'median of two' "$(median "$TMP/a" vhostlab)" '2 805 800 810'
is 'JSON says the same' "$("$BENCH/stats" --json "$TMP/a" | jq -c '.[] | select(.server == "intree") | .cost_per_packet | [.n, .median, .min, .max]')" '[3,1000,900,1600]'
is 'servers stand in reading order' "$("$BENCH/stats" "$TMP/a" | jq -r '.[].server' | tr '\n' ' ')" 'userspace intree vhostlab '
is 'a metric that was not measured is null' "$("$BENCH/stats" "$TMP/a" | jq -c 'map(.latency_p50) | unique')" '[null]'
cp "$TMP/a/points.jsonl" "$TMP/half.jsonl" && printf '{"point":"intree","rep":4,"cost' >>"$TMP/half.jsonl"
is 'half a line is not counted' "$(median "$TMP/half.jsonl" intree)" '3 1000 900 1600'
{ cat "$TMP/a/points.jsonl" && line intree 3 1000; } >"$TMP/twice.jsonl"
is 'of one repetition measured twice the last counts' "$(median "$TMP/twice.jsonl" intree)" '3 1000 900 1000'
echo nonsense >"$TMP/nonsense.jsonl"
run "$BENCH/stats" "$TMP/nonsense.jsonl"
code 'a line that is no result' 1
says 'a line that is no result' 'nonsense.jsonl:1: not a result line'

# Comparison: 0.05 % and 0.2 % away.
sed 's/:1000,/:1000.5,/' "$TMP/a/points.jsonl" >"$TMP/b/points.jsonl"
run "$ROOT/run.sh" compare "$TMP/a" "$TMP/b" --within 0.1%
code 'compare: within' 0
says 'compare: within' 'largest difference 0.0500 %'
sed 's/:1000,/:1002,/' "$TMP/a/points.jsonl" >"$TMP/b/points.jsonl"
run "$ROOT/run.sh" compare "$TMP/a" "$TMP/b" --within 0.1%
code 'compare: beyond' 1
says 'compare: beyond' '1 beyond 0.1 %'
is 'compare: the change, and what it is beyond' "$(grep -Ec '^intree .* \+0\.20% .* beyond$' "$TMP/stdout")" 1
run "$ROOT/run.sh" compare "$TMP/a" "$TMP/b"
code 'compare without a limit only shows' 0
grep -v userspace "$TMP/a/points.jsonl" >"$TMP/b/points.jsonl"
run "$ROOT/run.sh" compare "$TMP/a" "$TMP/b" --within 0.1%
code 'compare: a missing cell' 1
says 'compare: a missing cell' 'only in A'
sed 's/"kicks_per_packet":1/"kicks_per_packet":null/' "$TMP/a/points.jsonl" >"$TMP/b/points.jsonl"
run "$ROOT/run.sh" compare "$TMP/a" "$TMP/b" --within 0.1%
code 'compare: a metric that went missing' 1

# The report says it when vhostlab is slower, and not when it is not.
missing=
for tool in gnuplot pandoc; do command -v "$tool" >/dev/null || missing=$tool; done
if [[ -n $missing ]]; then
	skip 'report' "$missing is not installed"
	done_testing
fi
cat >"$TMP/three.conf" <<'EOC'
[sweep]
clock = wall
repetitions = 6
[x]
server = userspace, intree, vhostlab
workload = tx, rx, rr
size = 64, 1500
burst = 1, 64
packets = 100
[y]
server = vhostlab
workload = tx
knob.event_idx = 0
EOC
export VHOSTLAB_POINT=$ROOT/tests/harness/lib/fake-point
run "$ROOT/run.sh" sweep "$TMP/three.conf" --host --out "$TMP/fast"
code 'sweep' 0
run env FAKE_DRIFT=0.5 "$ROOT/run.sh" sweep "$TMP/three.conf" --host --out "$TMP/slow" --only server=vhostlab
grep -v '"server":"vhostlab"' "$TMP/fast/points.jsonl" >>"$TMP/slow/points.jsonl"
for name in fast slow; do
	run "$ROOT/run.sh" report "$TMP/$name"
	code "report $name" 0
	cp "$TMP/$name/RESULTS.md" "$TMP/$name.md"
	find "$TMP/$name/figures" -type f | sort | xargs md5sum >"$TMP/$name.sums"
	run "$ROOT/run.sh" report "$TMP/$name"
	is "report $name: the same byte for byte" "$(md5sum <"$TMP/$name.md")" "$(md5sum <"$TMP/$name/RESULTS.md")"
	is "report $name: figures, too" "$(find "$TMP/$name/figures" -type f | sort | xargs md5sum | md5sum)" "$(md5sum <"$TMP/$name.sums")"
done
is 'the A/A control has its row' "$(grep -c '^| vhostlab tx 64 x 1, sink stack | .* | 6 and 6 | ' "$TMP/fast.md")" 1
is 'a slower vhostlab is said to be slower' "$(grep -c 'Against intree.*costs more in 10 of them' "$TMP/slow.md")" 1
is 'a faster vhostlab is not' "$(grep -c 'Against intree.*It costs more in no cell' "$TMP/fast.md")" 1
# A run whose A/A control is apart, or that cannot judge it, names no winner; an older run that controlled one cell does.
# variant NAME FILTER-OF-POINTS FILTER-OF-CONTROL: the slow run so changed; its page
variant()
{
	rm -rf "${TMP:?}/$1" && mkdir "$TMP/$1"
	cp "$TMP/slow/env.json" "$TMP/$1/"
	jq -c "$2" "$TMP/slow/points.jsonl" >"$TMP/$1/points.jsonl"
	jq -c "$3" "$TMP/slow/control.jsonl" >"$TMP/$1/control.jsonl"
	run "$ROOT/run.sh" report "$TMP/$1"
	code "report $1" 0
	cp "$TMP/$1/RESULTS.md" "$TMP/$1.md"
}
named='vhostlab costs more than\|^- Against intree\|^- \*\*\(System calls\|Latency\|Cost\):\*\*'
variant few 'select(.rep <= 2) | .cost_per_packet += .rep' 'select(.rep <= 2) | .cost_per_packet += .rep'
is 'two repetitions: no winner' "$(grep -c "$named" "$TMP/few.md") $(grep -c '^\*\*This run names no winner\*\*: its A/A control cannot be judged with 2 rep' "$TMP/few.md")" '0 2'
variant apart . 'if .workload == "rx" then .cost_per_packet *= 1.5 else . end'
is 'a control that is apart: no winner' "$(grep -c "$named" "$TMP/apart.md") $(grep -c '^\*\*This run names no winner\*\*: its A/A control took noise' "$TMP/apart.md")" '0 2'
is 'a control that is apart has its row' "$(grep -c '^| [a-z]* rx .* | DIFFERENT' "$TMP/apart.md")" 1
variant none . 'select(false)'
is 'no control on the wall clock: no winner' "$(grep -c "$named" "$TMP/none.md") $(grep -c '^\*\*This run names no winner\*\*: it has no A/A' "$TMP/none.md")" '0 2'
variant old . 'select(.workload == "tx")'
is 'one cell was controlled: winners, and it is said' "$(grep -c "$named" "$TMP/old.md" | sed 's/[1-9][0-9]*/some/') $(grep -c 'Only one cell of this run was measured again\*\*, of 3 kinds of work' "$TMP/old.md")" 'some 1'
# A difference that the repetitions do not show is none.
for file in points control; do
	jq -c '.cost_per_packet *= [1, 1.1, 0.9, 1.05, 0.95, 1.02][.rep - 1] * (if .server == "vhostlab" then 1.03 else 1 end)' \
		"$TMP/fast/$file.jsonl" >"$TMP/old/$file.jsonl"
done
run "$ROOT/run.sh" report "$TMP/old"
is 'a larger median alone is not more' "$(grep -c 'Against intree.*In no cell is it shown to cost more' "$TMP/old/RESULTS.md")" 1
is 'six figures in two formats' "$(find "$TMP/fast/figures" -name '*.svg' -size +4k | wc -l) $(find "$TMP/fast/figures" -name '*.png' -size +4k | wc -l)" '6 6'
is 'every figure of the text exists' "$(grep -o '](figures/[a-z-]*.svg)' "$TMP/fast.md" | tr -d '()]' | sed "s|^|$TMP/fast/|" | xargs ls | wc -l)" 6
is 'the page needs no other file' "$(grep -c '<img[^>]*src="[^d]' "$TMP/fast/report.html")" 0
is 'the page holds the figures, not pictures of them' "$(grep -o '<span class="figure"' "$TMP/fast/report.html" | wc -l) $(grep -c '<img' "$TMP/fast/report.html")" '6 0'
is 'no two elements of the page have one name' "$(grep -o ' id="[^"]*"' "$TMP/fast/report.html" | sort | uniq -d)" ''
is 'the slower one is said first' "$(grep -n 'vhostlab costs more than intree in 10 of' "$TMP/slow.md" | cut -d: -f1 | awk '$1 < 8')" "$(grep -n 'vhostlab costs more than intree' "$TMP/slow.md" | cut -d: -f1)"
is 'every claim has a verdict' "$(sed -n '/^## Published claims$/,/^Table/p' "$TMP/fast.md" | grep -cE '^\| .* \| \*\*(reproduced|not reproduced|open|by construction|nothing shown|other system|not built|no data|not measurable with this clock)\*\* \| .+ \|')" \
	"$(jq '.claims | length' "$ROOT/configs/claims.json")"
is 'a claim with data shows it' \
	"$(grep -c '^| Latency improves | \*\*reproduced\*\* | round trip, median, ratio 0.8 to 0.8182 |' "$TMP/fast.md")" 1
is 'two repetitions of the wall clock decide nothing' \
	"$(grep -c '^| Latency improves | \*\*open\*\* | 2 repetitions of the wall clock, which scatters, .*: round trip, median, ratio ' "$TMP/few.md")" 1
is 'the page has the verdicts and a table of contents' "$(grep -c 'href="#published-claims"' "$TMP/fast/report.html") $(grep -c '<strong>reproduced</strong>' "$TMP/fast/report.html" | sed 's/[1-9][0-9]*/some/')" '1 some'
cp "$TMP/fast/figures/syscalls.svg" "$TMP/syscalls.svg" && rm "$TMP/fast/figures/syscalls.svg"
run "$ROOT/plots/draw" "$TMP/fast/figures/syscalls.dat"
code 'a figure drawn again from its data' 0
is 'a figure drawn again is the same' "$(md5sum <"$TMP/fast/figures/syscalls.svg")" "$(md5sum <"$TMP/syscalls.svg")"
run "$ROOT/plots/draw" "$TMP/three.conf"
code 'a figure from something else' 2
says 'a figure from something else' 'names no script of plots/'
head -n 3 "$TMP/fast/points.jsonl" >"$TMP/slow/points.jsonl"
jq -c 'select(.rep == 2) | {verdict: "failed", reason: "made up", point, rep}' "$TMP/fast/points.jsonl" | head -n 4 >"$TMP/slow/verdicts.jsonl"
missing=$(jq -s --slurpfile have "$TMP/slow/points.jsonl" '($have | map("\(.point)/\(.rep)")) as $h | map(select("\(.point)/\(.rep)" | IN($h[]) | not)) | length' "$TMP/slow/verdicts.jsonl")
run "$ROOT/run.sh" report "$TMP/slow"
code 'a partial run' 0
is 'a partial run says so in its first line' "$(sed -n 2p "$TMP/slow/RESULTS.md" | grep -c "^\*\*Partial run: $missing measurements")" 1
rm "$TMP/slow/verdicts.jsonl"
cp "$TMP/fast/points.jsonl" "$TMP/slow/points.jsonl"
is 'settings have their own table' "$(grep -c 'event_idx=0' "$TMP/fast.md")" 1
sed -i 's/"clock":"wall"/"clock":"insn"/' "$TMP/slow/points.jsonl"
sed 's/"point":"/"point":"f/' "$TMP/fast/points.jsonl" >>"$TMP/slow/points.jsonl"
run "$ROOT/run.sh" report "$TMP/slow"
code 'two clocks in one report' 1
says 'two clocks in one report' 'it mixes clocks'
done_testing
