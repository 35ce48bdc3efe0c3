#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# History: medians and their changes from runs with known numbers, series that must not be one, the figure, and bad input.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/tap.sh"
build_tools

# run_of FOLDER DATE REVISION KERNEL COST... < : three repetitions a cell of servers intree and vhostlab; vhostlab costs 10 less
run_of()
{
	local dir=$TMP/$1
	mkdir -p "$dir"
	jq -n --arg date "$2" --arg revision "$3" --arg kernel "$4" '{date: $date, git: {revision: $revision, dirty: false},
		kernel: $kernel, clock: "insn", accel: "tcg", config_sha256: "0", seed: 1}' >"$dir/env.json"
	shift 4
	jq -cn '$ARGS.positional | to_entries[] | .key as $rep | (.value | tonumber) as $cost | ("intree", "vhostlab") as $server |
		{point: $server, rep: ($rep + 1), experiment: "x", server: $server, guest: "process", workload: "tx", size: 64, burst: 1,
		 queues: 1, guests: 1, sink: "stack", knobs: {}, clock: "insn", accel: "tcg", packets: 100, lost: 0, corrupt: null,
		 seconds: 0.1,
		 cost_per_packet: (if $server == "intree" then $cost else $cost - 10 end), above_floor_per_packet: null,
		 syscalls_per_packet: 0, kicks_per_packet: 1, calls_per_packet: 1, latency_p50: null, latency_p99: null,
		 latency_p999: null, detail: {policy: "other"}}' --args "$@" >"$dir/points.jsonl"
}
db=$TMP/db
history_of() { run "$ROOT/run.sh" history --db "$db" "$@"; }
# SERVER: date, revision, kernel, n, median, interval, change and folder of each row
table() { awk -v s="$1" '$4 == s { $4 = ""; print }' "$TMP/stdout" | xargs -L 1; }

# Added in another order than that of their dates; two kernels at one revision.
run_of late 2026-03-03T00:00:00Z cccccccccc 6.1.0-9-amd64 1210 1200 1190
run_of first 2026-01-01T00:00:00Z aaaaaaaaaa 6.1.0-9-amd64 1100 900 1000
run_of newer 2026-02-02T00:00:00Z bbbbbbbbbb 6.12.9-amd64 500 700 600
history_of cost_per_packet --add "$TMP/late" "$TMP/first" "$TMP/newer" --out "$TMP/figure.svg"
code 'three runs' 0
says 'three runs' 'new runs: 3, new points: 18'
is 'medians, in the order of the dates, and the change on one kernel' "$(table intree)" \
	'2026-01-01 aaaaaaa 6.1.0-9-amd64 3 1000 900..1100 first
2026-02-02 bbbbbbb 6.12.9-amd64 3 600 500..700 newer
2026-03-03 ccccccc 6.1.0-9-amd64 3 1200 1190..1210 +20.00% late'
is 'of the other server' "$(table vhostlab | cut -d' ' -f5 | xargs)" '990 590 1190'
is 'the clock is named with its accelerator' "$(grep -c '(instruction clock, tcg)$' "$TMP/stdout")" 1
is 'medians are those of datamash' "$(table intree | cut -d' ' -f5 | sort -n | xargs)" \
	"$(for r in late first newer; do
		jq 'select(.server == "intree").cost_per_packet' "$TMP/$r/points.jsonl" | datamash median 1
	done | sort -n | xargs)"
is 'the figure: a curve a server, a run a place' \
	"$(grep -oE '>(intree|vhostlab|2026-[0-9-]+ [a-c]{7})<' "$TMP/figure.svg" | tr -d '<>' | sort | xargs)" \
	'2026-01-01 aaaaaaa 2026-02-02 bbbbbbb 2026-03-03 ccccccc intree vhostlab'
is 'the figure says its unit' "$(grep -c 'cost per packet, instructions' "$TMP/figure.svg")" 1

# Again: nothing is new; a run that grew is brought up to date.
whole=$TEXT
history_of cost_per_packet --add "$TMP/late" "$TMP/first" --out "$TMP/again.svg"
code 'again' 0
silent_about 'again' 'new runs'
is 'again: the same table' "$TEXT" "$whole"
run_of first 2026-01-01T00:00:00Z aaaaaaaaaa 6.1.0-9-amd64 1100 900 1000 1100 1200
history_of cost_per_packet --add "$TMP/first" --out "$TMP/grown.svg"
says 'a run that grew' 'new runs: 0, new points: 4, changed points: 0'
is 'a run that grew: its median' "$(table intree | sed -n 1p)" '2026-01-01 aaaaaaa 6.1.0-9-amd64 5 1100 900..1200 first'

# --only
history_of cost_per_packet --only 'kernel=6.1.|6.13,server=intree,revision=aaa|ccc' --out "$TMP/only.svg"
is '--only' "$(table intree | cut -d' ' -f3 | xargs) $(table vhostlab)" '6.1.0-9-amd64 6.1.0-9-amd64 '
history_of cost_per_packet --only run=newer --out "$TMP/one.svg"
code 'one run' 0
says 'one run: no figure' 'there is no figure'
is 'one run: no figure is made' "$(find "$TMP" -name 'one.svg*')" ''

# Another clock, accelerator, knob or policy is another series; emulated time has its name.
mkdir "$TMP/other"
jq '.date = "2026-04-04T00:00:00Z"' "$TMP/first/env.json" >"$TMP/other/env.json"
jq -c '(., (.clock = "wall"), (.knobs = {event_idx: 0}), (.detail.policy = "batch")) |
	.point += ([.clock, .knobs, .detail.policy] | tostring)' "$TMP/first/points.jsonl" >"$TMP/other/points.jsonl"
cp -r "$TMP/other" "$TMP/last" && jq '.date = "2026-05-05T00:00:00Z"' "$TMP/other/env.json" >"$TMP/last/env.json"
for i in 1 2; do
	mkdir "$TMP/kvm$i" && jq ".date = \"2026-06-0${i}T00:00:00Z\"" "$TMP/first/env.json" >"$TMP/kvm$i/env.json"
	jq -c '.clock = "wall" | .accel = "kvm"' "$TMP/first/points.jsonl" >"$TMP/kvm$i/points.jsonl"
done
history_of cost_per_packet --add "$TMP/other" "$TMP/last" "$TMP/kvm1" "$TMP/kvm2" --only server=vhostlab --out "$TMP/clocks.svg"
is 'series' "$(sed -n 's/^[^ ].*(\(.*clock.*\))$/\1/p' "$TMP/stdout" | sort | uniq -c | xargs -L 1)" \
	'3 instruction clock, tcg
1 wall clock, kvm
1 wall clock, tcg: emulated time, only ratios count'
is 'series: runs in each' \
	"$(awk '/^$/ { if (n) print n; n = 0 } $4 == "vhostlab" { n++ } END { print n }' "$TMP/stdout" | sort | xargs)" \
	'2 2 2 2 5'
is 'the figure: a panel each, with its clock' \
	"$(grep -oE ', (insn|wall) clock, (tcg|kvm)<' "$TMP/clocks.svg" | tr -d ',<' | sort | uniq -c | xargs -L 1)" \
	'3 insn clock tcg
1 wall clock kvm
1 wall clock tcg'
is 'the figure: units' "$(grep -oE 'cost per packet, [a-z ]+' "$TMP/clocks.svg" | sort | uniq -c | xargs -L 1)" \
	'1 cost per packet, emulated ns
3 cost per packet, instructions
1 cost per packet, ns'
jq -c 'if .rep == 2 then .packets = 75 | .lost = 25 else . end' "$TMP/newer/points.jsonl" >"$TMP/lost"
mv "$TMP/lost" "$TMP/newer/points.jsonl"
history_of kicks_per_packet --add "$TMP/newer" --out "$TMP/lost.svg"
is 'loss stands beside the rest' "$(grep -c '25 % lost *newer$' "$TMP/stdout")" 2

# Without --db: all runs of results/ and of the reference, in a copy of the tree that make finds up to date.
tree=$TMP/tree
mkdir -p "$tree/results/reference" "$TMP/build"
cp -rp "$ROOT"/{run.sh,cmd,lab,sweep,stats,bench,kmod,plots} "$tree/"
cp -rp "$BENCH" "$TMP/build/"
cp -r "$TMP/late" "$TMP/kvm1" "$tree/results/" && cp -r "$TMP/newer" "$tree/results/reference/"
mkdir "$tree/results/empty" && : >"$tree/results/empty/points.jsonl"
echo '{' >"$tree/results/kvm1/env.json"
for i in 1 2; do
	run env VHOSTLAB_BUILD="$TMP/build" "$tree/run.sh" history cost_per_packet
	code "all runs, turn $i" 0
	says "all runs, turn $i" 'results/kvm1: left out: '
	is "all runs, turn $i: their medians" "$(table intree | cut -d' ' -f1,5 | xargs)" '2026-02-02 600 2026-03-03 1200'
	is "all runs, turn $i: the figure" "$(cd "$tree/results" && find . -maxdepth 1 -type f | sort | xargs)" \
		'./history-cost_per_packet.svg ./history.db'
	rm -rf -- "$tree/results/late"
done

# A run on several kernels is one of each, in the same series as the others.
mkdir "$TMP/several"
for kernel in 6.1 6.12; do
	jq --arg release "$kernel.0-9-amd64" '.kernel = $release | .date = "2026-04-04T00:00:00Z"' "$TMP/late/env.json" >"$TMP/several/env-$kernel.json"
	jq -c --arg kernel "$kernel" '.kernel = $kernel | .release = "\($kernel).0-9-amd64" | .point += $kernel
		| if $kernel == "6.12" then .cost_per_packet *= 2 else . end' "$TMP/late/points.jsonl" >>"$TMP/several/points.jsonl"
done
cp "$TMP/several/env-6.1.json" "$TMP/several/env.json"
run "$ROOT/run.sh" history cost_per_packet --db "$TMP/kernels.db" --add "$TMP/late" "$TMP/several" --out "$TMP/kernels.svg"
says 'several kernels' 'new runs: 3, new points: 18'
is 'several kernels: a row each, compared with the run before on the same one' "$(table intree)" \
	'2026-03-03 ccccccc 6.1.0-9-amd64 3 1200 1190..1210 late
2026-04-04 ccccccc 6.1.0-9-amd64 3 1200 1190..1210 +0.00% several
2026-04-04 ccccccc 6.12.0-9-amd64 3 2400 2380..2420 several'
run "$ROOT/run.sh" history cost_per_packet --db "$TMP/kernels.db" --add "$TMP/several" --out "$TMP/again.svg"
is 'several kernels: added twice, nothing is new' "$(grep -c 'new runs' "$TMP/stderr")" 0
sed -i '2s/"kernel":/"k/' "$TMP/several/points.jsonl"
run "$ROOT/run.sh" history cost_per_packet --db "$TMP/kernels.db" --add "$TMP/several" --out "$TMP/again2.svg"
code 'several kernels: a damaged line' 1

# Bad input: one line, and the database as it was.
sum=$(sqlite3 "$db" .dump | md5sum)
refused()
{
	local name=$1 want=$2 text=$3
	shift 3
	run "$ROOT/run.sh" history "$@"
	code "$name" "$want"
	is "$name: one line that says '$text'" "$(wc -l <"$TMP/stderr") $(grep -cF -- "$text" "$TMP/stderr")" '1 1'
	is "$name: nothing changed" "$(sqlite3 "$db" .dump | md5sum)" "$sum"
}
refused 'no metric' 2 'which metric? one of: packets lost ' --db "$db"
refused 'a metric that is not known' 2 'speed: not a metric; allowed: packets lost ' speed --db "$db"
refused 'two metrics' 2 'one metric at a time' lost packets --db "$db"
refused 'a metric that was not measured' 1 'latency_p50 was measured in no cell' latency_p50 --db "$db" --out "$TMP/x.svg"
refused 'no condition' 2 'write field=value' lost --db "$db" --only colour
refused 'a field that is not known' 2 'not known; allowed: an axis' lost --db "$db" --only colour=red
refused 'a condition that nothing meets' 1 'in no cell that --only chooses' lost --db "$db" --only size=65 --out "$TMP/x.svg"
refused 'no database' 2 'there is no such database' lost --db "$TMP/none"
refused 'a file that is none' 2 'or not a database of vhostlab' lost --db "$TMP/figure.svg"
refused 'a figure that is there' 2 'nothing is overwritten' lost --db "$db" --out "$TMP/figure.svg"
refused 'no run' 2 'it has no points' lost --db "$db" --add "$TMP" --out "$TMP/x.svg"
sed -i '2s/,"rep"/,"r/' "$TMP/late/points.jsonl"
refused 'a damaged line' 1 'late/points.jsonl:2: not a result line' \
	lost --db "$db" --add "$TMP/other" "$TMP/late" --out "$TMP/x.svg"
head -c 20000 "$db" >"$TMP/half.db"
refused 'half a database' 2 'it is damaged' lost --db "$TMP/half.db" --out "$TMP/x.svg"
done_testing
