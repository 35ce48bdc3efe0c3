#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The stages of a burst add up to the time that the guest itself measured, within 1 % on the instruction clock; the events
# in them are as many as the bench counted; a record that lacks an event is refused. Then the figures made of all that.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/../harness/lib/tap.sh"
build_tools

if [[ -n ${VHOSTLAB_LAB:-} ]]; then
	skip 'stages' 'this is the lab VM: a sweep boots one from outside'
	done_testing
fi
cat >"$TMP/stages.conf" <<'EOC'
[sweep]
clock = insn
repetitions = 1
packets = 2048
timeout = 60
[defaults]
server = intree, vhostlab
size = 64
[stages]
workload = tx, rx
burst = 1, 16
knob.trace = events
[put off]
server = userspace
workload = tx
burst = 1
knob.trace = events
[chains]
server = vhostlab
workload = tx
burst = 16
packets = 16384
knob.trace = profile
[functions]
server = vhostlab
workload = stream
burst = 16
packets = 16384
knob.policy = batch
knob.work = 0, 2000
knob.trace = off, functions
[trips]
workload = rr
packets = 256
EOC
run "$ROOT/run.sh" sweep "$TMP/stages.conf" --out "$TMP/run"
if [[ $CODE -eq 77 ]]; then
	skip 'stages' "the lab VM cannot run here: ${OUT##*$'\n'}"
	done_testing
fi
code 'sweep with events' 0
is 'a raw record for every cell with events' "$(find "$TMP/run/raw" -name '*.trace.gz' | wc -l)" 9

# record SERVER WORKLOAD BURST: its raw record, unpacked, as $TMP/record
record()
{
	local point
	point=$(jq -r --arg s "$1" --arg w "$2" --argjson b "$3" \
		'select(.server == $s and .workload == $w and .burst == $b and .knobs.trace == "events") | .point' "$TMP/run/points.jsonl")
	gzip -dc "$TMP/run/raw/$point-1.trace.gz" >"$TMP/record"
}

for server in vhostlab intree; do
	for workload in tx rx; do
		for burst in 1 16; do
			name="$server $workload burst $burst"
			record $server $workload $burst
			run "$BENCH/stages" "$TMP/record"
			code "$name: a whole record" 0
			traced=$(jq .end_to_end <<<"$TEXT")
			is "$name: the means of the stages add up to what the guest measured, within 1 %" \
				"$(jq '([.stages[]] | add) as $sum | $sum > 0 and ($sum / .end_to_end - 1 | fabs) < 0.01' <<<"$TEXT")" true
			is "$name: no stage is empty" "$(jq '[.stages[]] | min > 0' <<<"$TEXT")" true
			# The measured pass, without events, cannot have taken longer.
			is "$name: recording costs time, it saves none" \
				"$(jq --arg s $server --arg w $workload --argjson b $burst --argjson traced "$traced" -s '.[] | select(.server == $s and
				.workload == $w and .burst == $b and .knobs.trace == "events") | .seconds * 1e9 / .packets * $b < $traced' "$TMP/run/points.jsonl")" true
		done
	done
done

# A server that the guest preempts when it calls it is not woken by the next kick: from before the window on, here.
record userspace tx 1
is 'userspace: it is put off at the beginning of the window' \
	"$(awk '/^# window/ { begin = $3 } match($0, /[0-9]+: sched_switch/) && substr($0, RSTART) + 0 < begin && /prev_comm=userspace/ { last = $0 }
		END { print last ~ /prev_state=R/ }' "$TMP/record")" 1
run "$BENCH/stages" "$TMP/record"
code 'userspace tx burst 1: a whole record' 0
is 'userspace tx burst 1: the means of the stages add up to what the guest measured, within 1 %' \
	"$(jq '([.stages[]] | add) as $sum | $sum > 0 and ($sum / .end_to_end - 1 | fabs) < 0.01' <<<"$TEXT")" true

# drop PATTERN: the record without one line of the window that has it
drop()
{
	local begin
	begin=$(awk '/^# window/ { print $3 }' "$TMP/record")
	awk -v pattern="$1" -v begin="$begin" '{
		at = $0
		if (match(at, /[0-9]+: /)) at = substr(at, RSTART) + 0; else at = $NF + 0
		if (!gone && at > begin + 1 && $0 ~ pattern) { gone = 1; next }
		print }' "$TMP/record" >"$TMP/less"
	[[ $(wc -l <"$TMP/less") -eq $(($(wc -l <"$TMP/record") - 1)) ]]
}

record vhostlab tx 16
for event in ': kick:' work_start: ' desc:' copy_tx: ' used:' ' call:' 'guest kick' 'guest awake'; do
	drop "$event" || result "a record with '$event'" 0 'there is none in the window'
	run "$BENCH/stages" "$TMP/less"
	code "without one '$event'" 1
	says "without one '$event'" 'vhostlab: events:'
done
record vhostlab rx 16
for event in work_start: ' desc:' copy_rx: ' used:' ' call:' 'guest awake'; do
	drop "$event" || result "a received record with '$event'" 0 'there is none in the window'
	run "$BENCH/stages" "$TMP/less"
	code "receive, without one '$event'" 1
done
record intree tx 16
for event in 'sched_waking: comm=point' 'sched_waking: comm=vhost-' 'sched_switch: .*next_comm=vhost-'; do
	drop "$event" || result "an in-tree record with '$event'" 0 'there is none in the window'
	run "$BENCH/stages" "$TMP/less"
	code "intree, without one '$event'" 1
done
sed 's|^# entries-in-buffer/entries-written: [0-9]*/|&1|' "$TMP/record" >"$TMP/less"
run "$BENCH/stages" "$TMP/less"
code 'a buffer that was too small' 1
says 'a buffer that was too small' 'the kernel kept'
# The guest's own measure of the pass, 2 % longer than it was.
awk '/^# window/ { $6 = int($6 * 1.02) } { print }' "$TMP/record" >"$TMP/longer"
run "$BENCH/stages" "$TMP/longer"
is 'a pass that took longer than its stages is seen' "$(jq '(([.stages[]] | add) / .end_to_end - 1 | fabs) < 0.01' <<<"$TEXT")" false

# Instructions by function, of a guest that does nothing beside its frames and of one that turns 2,000 times around an empty loop.
# Under SCHED_BATCH the loop is all that is added: under SCHED_OTHER the worker preempts such a guest at each kick.
# profile WORK: its counts as one object, made of those in $TMP/profile
profile()
{
	local point
	point=$(jq -r --argjson w "$1" 'select(.knobs.trace == "functions" and (.knobs.work // 0) == $w) | .point' "$TMP/run/points.jsonl")
	jq -s '.[0] as $h | .[1:] as $f | {cost: ($h.clock / $h.packets), sum: ($h.counted / $h.packets),
		own: (($f | map(select(.side == "guest" and .object == "point").instructions) | add) / $h.packets),
		server: (($f | map(select(.side == "server" and .object == "vhostlab_net").instructions) | add) / $h.packets)}' \
		"$TMP/run/raw/$point-1.functions" >"$TMP/profile"
	jq --argjson w "$1" -s --slurpfile p "$TMP/profile" '(map(select(.workload == "stream" and (.knobs.work // 0) == $w
		and .knobs.trace == null)) | .[0].cost_per_packet) as $off | $p[0] | .off = $off' "$TMP/run/points.jsonl"
}
profile 0 >"$TMP/idle"
profile 2000 >"$TMP/busy"
is 'the sum of all functions is the cost that the same point has without counting, within 0.1 %' \
	"$(jq -s 'all(.[]; (.sum / .off - 1 | fabs) < 0.001 and (.sum / .cost - 1 | fabs) < 0.001)' "$TMP/idle" "$TMP/busy")" true
is "the guest's own code is named, and costs more by what the loop costs, within 1 %" \
	"$(jq -s '.[0] as $a | .[1] as $b | ($b.cost - $a.cost) as $loop | $loop > 6000 and (($b.own - $a.own) / $loop - 1 | fabs) < 0.01' "$TMP/idle" "$TMP/busy")" true
is "the server's functions are named, and cost the same whatever the guest does, within 100 instructions" \
	"$(jq -s '.[0].server > 100 and (.[0].server - .[1].server | fabs) < 100' "$TMP/idle" "$TMP/busy")" true
sed 's/^/# /' "$TMP/idle" "$TMP/busy" | tr -d '\n' && echo

# Figures.
run "$ROOT/run.sh" report "$TMP/run"
code 'report' 0
for name in stages timeline-tx timeline-rx latency flame-vhostlab-tx-16; do
	is "figure $name is there and in the text" "$(find "$TMP/run/figures" -name "$name.svg" -size +2k | wc -l) $(grep -c "](figures/$name.svg)" "$TMP/run/RESULTS.md")" '1 1'
done
# Both columns of it: the guest with its loop is the second.
is 'the profile is in the text, and each column adds up to its cost' \
	"$(awk -F'|' '/^### / { table = /^### stream,/; a = b = 0 } !table { next }
		/^\| (`|own code|all others)/ { a += $3; b += $4 }
		/^\| \*\*cost/ { gsub(/[* ]/, ""); print (a - $3 < 20 && $3 - a < 20 && b - $4 < 20 && $4 - b < 20 && $4 > $3 + 6000) }' "$TMP/run/RESULTS.md" | tr -d '\n')" 1
is 'without what recording costs the stages are the untraced time' \
	"$(awk -F'|' '/^\| (tx|rx) \|/ && NF > 18 { for (i = 5; i <= 13; i++) sum += $i; if (sum - $14 > 6 || $14 - sum > 6) bad++; n++; sum = 0 } END { print n + 0, bad + 0 }' "$TMP/run/RESULTS.md")" '9 0'
is 'a timeline shows every frame of the burst' "$(grep -c '"desc"' "$TMP/run/figures/timeline-tx.dat") $(grep -c '"copy_tx"' "$TMP/run/figures/timeline-tx.dat")" '16 16'
is 'call chains are those of the worker' "$(grep -c '<title>vhl_tx_run: ' "$TMP/run/figures/flame-vhostlab-tx-16.svg")" 1
is 'a histogram holds every round trip' "$(jq -s 'map(select(.workload == "rr") | [.detail.latency_histogram[][2]] | add) | unique' -c "$TMP/run/points.jsonl")" '[256]'
is 'percentiles lie in its buckets' "$(jq -s 'map(select(.workload == "rr") | .latency_p50 as $p | [.detail.latency_histogram[] | select(.[0] <= $p and $p < .[1])] | length) | unique' -c "$TMP/run/points.jsonl")" '[1]'

# Published beside a reference run, it has a page of its own, and stays when another run becomes the reference.
mkdir "$TMP/tree"
cp -a "$ROOT"/{run.sh,cmd,sweep,stats,report,plots,configs,bench,lab,Makefile} "$TMP/tree/"
git -C "$TMP/tree" init -q && echo 'build' >"$TMP/tree/.gitignore" && git -C "$TMP/tree" add -A
git -C "$TMP/tree" -c user.name=test -c user.email=test@example.org commit -qm tree
export VHOSTLAB_BUILD=$BUILD
printf '[sweep]\nclock = wall\n[x]\nserver = userspace, intree, vhostlab\nworkload = tx\npackets = 100\n' >"$TMP/main.conf"
run env VHOSTLAB_POINT="$ROOT/tests/harness/lib/fake-point" "$ROOT/run.sh" sweep "$TMP/main.conf" --host --out "$TMP/main"
for part in main run main; do
	run "$TMP/tree/run.sh" report "$TMP/$part" --publish
	code "publish $part" 0
done
pages=$TMP/tree/results/reference
is 'the reference has its section' "$(grep -c '^## Cost per packet$' "$pages/RESULTS.md")" 1
is 'the stages have theirs' "$(grep -c '^## Where the time of a burst goes$' "$pages/stages/RESULTS.md")" 1
is 'the front page links to both' "$(grep -c '](results/reference/\(stages/\)\?RESULTS.md)' "$TMP/tree/RESULTS.md")" 2
figures() { (cd "$(dirname "$1")" && grep -o '](figures/[a-z0-9-]*.svg)' "$1" | tr -d '()]' | sort -u); }
for page in "$pages/RESULTS.md" "$pages/stages/RESULTS.md"; do
	is "all figures of ${page#"$TMP/tree/"} exist" "$(cd "$(dirname "$page")" && figures "$page" | xargs ls | wc -l)" "$(figures "$page" | wc -l)"
done

rm -rf "$TMP/run/raw"
run "$ROOT/run.sh" report "$TMP/run"
code 'report of a run without raw files' 0
is 'it names no figure that is not there' "$(grep -o '](figures/[a-z0-9-]*.svg)' "$TMP/run/RESULTS.md" | tr -d '()]' | sed "s|^|$TMP/run/|" | xargs ls | wc -l)" \
	"$(grep -c '](figures/' "$TMP/run/RESULTS.md")"
done_testing
