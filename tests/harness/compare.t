#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Comparison of two runs, from points whose noise is known: 100 comparisons of a run with its like show no more stars than
# the stated level, a change shows one, and the exit code says what --fail-over asks.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/tap.sh"
build_tools
synthetic=$ROOT/tests/harness/lib/synthetic
compare=("$BENCH/compare" --metric "cost_per_packet,lost")

# A hundred pairs of runs, 12 cells of 12 noisy repetitions each: alike, and one cell of the second 10 % worse.
for ((i = 1; i <= 100; i++)); do
	"$synthetic" reps=12 seed=$((2 * i)) >"$TMP/a"
	"$synthetic" reps=12 seed=$((2 * i + 1)) >"$TMP/b"
	"$synthetic" reps=12 seed=$((2 * i + 1)) shift=0.1 cell=5 >"$TMP/c"
	"${compare[@]}" --json "$TMP/a" "$TMP/b" >"$TMP/alike.$i" || break
	"${compare[@]}" --json "$TMP/a" "$TMP/c" >"$TMP/changed.$i" || break
done
# At 5 % each, more than 12 of 100 come once in 700 sets of seeds; these seeds are always the same.
starred=$(jq -s 'map(select(.significant > 0)) | length' "$TMP"/alike.*)
single=$(jq -s 'map(select([.rows[] | .p_single <= 0.05] | any)) | length' "$TMP"/alike.*)
echo "# of 100 comparisons of like with like $starred have a star; without the correction for 12 tests it would be $single"
is '100 comparisons were made' "$(jq -s 'map(select(.tests == 12)) | length' "$TMP"/alike.*)" 100
is 'like with like: a star in 12 of 100 comparisons at most' "$((starred <= 12))" 1
is 'like with like: without the correction there would be many more' "$((single >= 30))" 1
found=$(jq -s 'map(select(any(.rows[]; .size == 65 and .significant and .worse))) | length' "$TMP"/changed.*)
echo "# a change of 10 % is found in $found of 100"
is 'a change of 10 % under noise of 2 % and outliers of 30 % is found, mostly' "$((found >= 75))" 1
is 'and the others get no star by it' \
	"$(jq -s 'map(select(any(.rows[]; .size != 65 and .significant))) | length <= 12' "$TMP"/changed.*)" true

# The instruction clock: spreads as they were seen, at most 0.05 %; what is farther apart is different.
for ((i = 1; i <= 100; i++)); do
	"$synthetic" clock=insn reps=3 spread=0.0005 seed=$((2 * i)) >"$TMP/a"
	"$synthetic" clock=insn reps=3 spread=0.0005 seed=$((2 * i + 1)) >"$TMP/b"
	"$synthetic" clock=insn reps=3 spread=0.0005 seed=$((2 * i + 1)) shift=0.002 cell=5 >"$TMP/c"
	"${compare[@]}" --json "$TMP/a" "$TMP/b" >"$TMP/alike.$i" || break
	"${compare[@]}" --json "$TMP/a" "$TMP/c" >"$TMP/changed.$i" || break
done
is 'instruction clock, like with like: no star in 100 comparisons' "$(jq -s 'map(.significant) | add' "$TMP"/alike.*)" 0
is 'instruction clock: a change of 0.2 % has the only star in all 100' \
	"$(jq -s 'map(select(.significant == 1 and any(.rows[]; .size == 65 and .worse))) | length' "$TMP"/changed.*)" 100
"$synthetic" clock=insn reps=3 spread=0.02 >"$TMP/a"
"$synthetic" clock=insn reps=3 spread=0.0001 shift=0.005 >"$TMP/b"
is 'instruction clock: a difference within the spread of the repetitions is none' \
	"$("${compare[@]}" --json "$TMP/a" "$TMP/b" | jq '.rows[] | select(.size == 60) | .significant')" false

# Numbers of repetitions.
"$synthetic" clock=insn reps=1 >"$TMP/a"
"$synthetic" clock=insn reps=1 shift=0.5 >"$TMP/b"
run "$BENCH/compare" --metric cost_per_packet --fail-over 1% "$TMP/a" "$TMP/b"
code 'one repetition on the instruction clock proves nothing' 77
says 'one repetition' 'at least 2 a side'
"$synthetic" reps=3 >"$TMP/a"
"$synthetic" reps=3 shift=3 seed=2 >"$TMP/b"
run "$BENCH/compare" --metric cost_per_packet --fail-over 1% "$TMP/a" "$TMP/b"
code 'three repetitions on the wall clock prove nothing' 77
says 'three repetitions' 'too few'
says 'three repetitions' 'with so many tests at least 6 a side'
"$synthetic" reps=6 >"$TMP/a"
"$synthetic" reps=6 shift=3 seed=2 >"$TMP/b"
run "$BENCH/compare" --metric cost_per_packet "$TMP/a" "$TMP/b"
code 'six are enough, as it said' 0
says 'six are enough' '* worse'
says 'six are enough' '1 significant (*), 1 of them worse'
says 'the level is stated' '5 % chance of any star by noise, over all 12 tests together (Holm)'
is 'the interval stands beside the change' \
	"$(grep -Ec '^60 bytes +cost +[0-9.]+ +[0-9.]+ +\+29[0-9]% +\+2[0-9]{2}\.\.\+3[0-9]{2} +0\.0[0-9]{3} \* worse$' "$TMP/stdout")" 1
says 'the number of repetitions' 'clock wall; 6 repetitions a side'

# with CHANGE: run B is run A so changed.
with() { jq -c "$1" "$TMP/a" >"$TMP/b"; }
# sees METRIC [A]: the number of stars, and the first interval.
sees() { "$BENCH/compare" --json --metric "$1" "$TMP/${2:-a}" "$TMP/b" | jq -c '[.significant, .rows[0].low, .rows[0].high]'; }
"$synthetic" clock=insn reps=3 cells=1 >"$TMP/a"
with '.syscalls_per_packet = ([0, 1, 1][.rep - 1])'
is 'instruction clock: 0, 1, 1 is no different from 0, 0, 0' "$(sees syscalls_per_packet)" '[0,null,null]'
with '.syscalls_per_packet = ([40, 40, 41][.rep - 1])'
is 'instruction clock: 40, 40, 41 is' "$(sees syscalls_per_packet)" '[1,null,null]'
with '.syscalls_per_packet = 100'
cp "$TMP/b" "$TMP/c"
with '.syscalls_per_packet = ([10, 10, 60][.rep - 1])'
is 'instruction clock: 10, 10, 60 is different from 100, 100, 100' "$(sees syscalls_per_packet c | jq .[0])" 1
with '.above_floor_per_packet = -10 + .rep / 100'
cp "$TMP/b" "$TMP/c"
with '.above_floor_per_packet = -5 + .rep / 100'
is 'below the floor: there is no interval of a ratio to less than nothing' "$(sees above_floor_per_packet c)" '[1,null,null]'
run "$BENCH/compare" --metric above_floor_per_packet "$TMP/c" "$TMP/b"
is 'below the floor: less below is more, and worse' "$(grep -Ec ' -9\.98 +-4\.98 +\+50\.1% .* \* worse$' "$TMP/stdout")" 1

# Exit codes for scripts: worse beyond the limit, worse within it, better.
"$synthetic" clock=insn reps=3 >"$TMP/a"
while read -r shift limit want; do
	"$synthetic" clock=insn reps=3 seed=2 shift="$shift" cell=4 >"$TMP/b"
	run "$BENCH/compare" --fail-over "$limit" "$TMP/a" "$TMP/b"
	code "changed by $shift, --fail-over $limit" "$want"
done <<-'END'
	0.03 2% 1
	0.01 2% 0
	0.01 0.5 1
	-0.03 2% 0
	0 0% 0
END
"$synthetic" clock=insn reps=3 lost=40 cell=4 >"$TMP/b"
run "$BENCH/compare" --fail-over 2% "$TMP/a" "$TMP/b"
code 'loss where there was none' 1
says 'loss where there was none' '0/0.4'
grep -v '"size":63' "$TMP/a" >"$TMP/b"
run "$BENCH/compare" --fail-over 2% "$TMP/a" "$TMP/b"
code 'a cell that is missing' 1
run "$BENCH/compare" --fail-over 2% "$TMP/b" "$TMP/a"
code 'a cell that is new' 0
sed 's/"cost_per_packet":[0-9.]*/"cost_per_packet":null/' "$TMP/a" >"$TMP/b"
run "$BENCH/compare" --fail-over 2% "$TMP/a" "$TMP/b"
code 'a figure that is missing' 1
run "$ROOT/run.sh" compare --metric lost --fail-over 0% "$TMP/a" "$TMP/a"
code 'no loss on either side is no worse' 0
says 'no loss on either side' 'cells: 0 differ, 12 do not'
run "$ROOT/run.sh" compare --metric latency_p99 --fail-over 0% "$TMP/a" "$TMP/a"
code 'a metric that no cell has' 1
says 'a metric that no cell has' 'no cell has a value of these metrics'
"$synthetic" reps=3 >"$TMP/b"
run "$ROOT/run.sh" compare "$TMP/a" "$TMP/b"
code 'runs on two clocks' 1
says 'runs on two clocks' 'the two runs have no cell in common'
run bash -c '"$0" "$1" "$1" >/dev/full' "$BENCH/compare" "$TMP/a"
code 'a full disk' 1
for words in '--fail-over much' '--level -1' '--level 0' '--level 100%' '--fail-over' '--metric speed' '--metric ,' '--metric='; do
	read -ra options <<<"$words"
	run "$ROOT/run.sh" compare "$TMP" "$TMP" "${options[@]}"
	code "compare $words" 2
done

# What differs stands first, by size; the rest is a number, and more with --all. Cells are named by what varies.
"$synthetic" clock=insn reps=3 >"$TMP/a"
# times SIZE FACTOR...: run A with the cost of the cells of these sizes changed.
times()
{
	jq -c --argjson factor "$(printf '"%s":%s\n' "$@" | jq -Rs '"{" + (split("\n")[:-1] | join(",")) + "}" | fromjson')" \
		'.cost_per_packet *= ($factor["\(.size)"] // 1)' "$TMP/a"
}
# cells: the first column of each row of the table, and its change.
cells() { sed -nE 's/^(.*[^ ]) +(cost|lost|syscalls|kicks|calls|latency_p50) +[-0-9.e+]+ +[-0-9.e+]+ +(from 0|[^ ]+) .*/\1:\3/p' "$TMP/stdout" | paste -sd ' '; }
times 61 1.1 63 0.8 65 1.3 67 1.002 >"$TMP/b"
run "$ROOT/run.sh" compare "$TMP/a" "$TMP/b" --metric cost_per_packet
is 'what differs, the largest first' "$(cells)" '65 bytes:+30.0% 63 bytes:-20.0% 61 bytes:+10.0% 67 bytes:+0.20%'
is 'the others are one number' "$(grep -cx 'cells: 4 differ, 8 do not (--all shows them)' "$TMP/stdout")" 1
says 'what all cells share' 'all cells: workload tx, sink stack, burst 64, server vhostlab, clock insn; 3 repetitions a side'
run "$ROOT/run.sh" compare "$TMP/a" "$TMP/b" --metric cost_per_packet --all
is '--all: the others follow, in their order' "$(cells | sed -E 's/:[^ ]*( |$)/ /g')" \
	'65 bytes 63 bytes 61 bytes 67 bytes 60 bytes 62 bytes 64 bytes 66 bytes 68 bytes 69 bytes 70 bytes 71 bytes '
"$synthetic" clock=insn reps=3 cell=4 lost=40 shift=-0.5 >"$TMP/c"
jq -c 'select(.size != 70) | if .size == 62 then .kicks_per_packet = null else . end' "$TMP/c" >"$TMP/b"
run "$ROOT/run.sh" compare "$TMP/a" "$TMP/b"
is 'what was 0 before is the largest; what is gone stands last' "$(cells)" '64 bytes:from 0 64 bytes:-50.0% 62 bytes:gone'
says 'cells of one run alone' '1 cell only in A (--all names them)'
run "$ROOT/run.sh" compare "$TMP/a" "$TMP/b" --all
says 'cells of one run alone, --all' 'only in A: tx stack 70 x 64 vhostlab'
"$synthetic" reps=3 >"$TMP/c"
"$synthetic" reps=3 shift=3 >"$TMP/b"
run "$ROOT/run.sh" compare "$TMP/c" "$TMP/b"
is 'what cannot be judged does not stand first, however large' "$(cells)" ''
says 'what cannot be judged' 'cells: 0 differ, 0 do not, 12 with too few repetitions to tell'
run "$ROOT/run.sh" compare "$TMP/a" "$TMP/a" --within 1%
is 'no difference, no table' "$(cells)/$(grep -c '^cell  ' "$TMP/stdout")" '/0'
times 61 1.0005 >"$TMP/b"
run "$ROOT/run.sh" compare "$TMP/a" "$TMP/b" --within 0.01%
is 'beyond the limit, though not significant' "$(cells) $(grep -c ' beyond$' "$TMP/stdout")" '61 bytes:+0.05% 1'

# Two servers of one run: the same cells, the first one named is the base. Whatever the order of the lines.
"$synthetic" clock=insn reps=3 control=1 >"$TMP/a"
jq -c 'select(.control | not) | .server = "intree" | .point += "i" | if .size == 65 then .cost_per_packet *= 2 else . end' "$TMP/a" >"$TMP/intree"
jq -c 'select(.size == 61) | .server = "uring" | .point += "u" | .knobs = {ring: 512}' "$TMP/a" >"$TMP/uring"
jq -c 'select(.size == 71) | .knobs = {packed: 1} | .point += "p"' "$TMP/a" >"$TMP/packed"
cat "$TMP/a" "$TMP/uring" "$TMP/intree" "$TMP/packed" >"$TMP/run"
run "$ROOT/run.sh" compare "$TMP/run" --servers=intree,vhostlab
code 'two servers' 0
is 'two servers: the change is from the first to the second' "$(cells)" '65 bytes:-50.0%'
is 'two servers: they head their columns' "$(grep -Ec '^cell +metric +intree +vhostlab +change ' "$TMP/stdout")" 1
says 'two servers' 'cells: 1 differs, 11 do not'
says 'two servers: a cell of one alone' '1 cell only with vhostlab (--all names them)'
says 'two servers: the control' 'A/A control of the run (tx stack 60 x 64 vhostlab, twice)'
run "$ROOT/run.sh" compare --servers vhostlab,intree "$TMP/run" --fail-over 1%
code 'two servers: worse than the base' 1
is 'two servers, the other way' "$(cells)" '65 bytes:+100%'
what='[.only_a, .only_b, .cells, .cells_differ, (.rows[] | [.size, .metric, .a, .b, .n_a, .n_b, .significant, .worse])]'
jq -c '.server = "vhostlab"' "$TMP/intree" >"$TMP/b"
cat "$TMP/a" "$TMP/packed" | jq -c 'select(.control | not)' >"$TMP/c"
is 'two servers: as if they were two runs' "$("$BENCH/compare" --json --servers intree,vhostlab "$TMP/run" | jq -c "$what")" \
	"$("$BENCH/compare" --json "$TMP/b" "$TMP/c" | jq -c "$what")"
is 'two servers: JSON names them' "$("$BENCH/compare" --json --servers intree,vhostlab "$TMP/run" | jq -c '[.servers, any(.rows[]; has("server"))]')" \
	'[["intree","vhostlab"],false]'
jq -c '.server = "floor" | .point += "f" | .syscalls_per_packet = null | if .size == 70 then .kicks_per_packet = null else . end' "$TMP/intree" >"$TMP/floor"
cat "$TMP/run" "$TMP/floor" >"$TMP/c"
run "$BENCH/compare" --servers intree,floor "$TMP/c"
is 'two servers: a metric that one never has is not gone' "$(cells)" '70 bytes:gone'
run "$ROOT/run.sh" compare --servers intree,uring "$TMP/run"
code 'two servers that share no cell' 1
says 'two servers that share no cell' 'the two servers have no cell in common'
# wrong NAME TEXT ARGUMENT...: one line on stderr that has the text, exit code 2
wrong()
{
	local name=$1 text=$2
	shift 2
	run "$ROOT/run.sh" compare "$@"
	code "$name" 2
	is "$name: one line that says '$text'" "$(wc -l <"$TMP/stderr") $(grep -cF -- "$text" "$TMP/stderr")" '1 1'
}

# Two kernels of one run.
jq -c '.kernel = "6.9" | .release = "6.9.1"' "$TMP/run" >"$TMP/nine"
jq -c '.kernel = "6.12" | .point += "b" | .cost_per_packet *= 2' "$TMP/run" | cat - "$TMP/nine" >"$TMP/kernels"
run "$ROOT/run.sh" compare "$TMP/kernels" --kernels 6.9,6.12
code 'two kernels' 0
is 'two kernels: they head their columns' "$(grep -Ec '^cell +metric +6.9 +6.12 +change ' "$TMP/stdout")" 1
is 'two kernels: every cost doubled' "$(grep -c '+100%' "$TMP/stdout")" \
	"$(jq -r 'select(.control | not) | .point' "$TMP/nine" | sort -u | wc -l)"
is 'two kernels: JSON names them' "$("$BENCH/compare" --json --kernels 6.9,6.12 "$TMP/kernels" | jq -c '[.kernels, any(.rows[]; has("kernel"))]')" \
	'[["6.9","6.12"],false]'
is 'kernels are cells of their own, by version' \
	"$("$BENCH/stats" --json "$TMP/kernels" | jq -r '.[].kernel' | uniq | head -n 2 | xargs)" '6.9 6.12'
run "$ROOT/run.sh" compare "$TMP/kernels" --servers intree,vhostlab
is 'two servers on two kernels: the kernel names the cell' "$(grep -c '^65 bytes Linux 6.12 ' "$TMP/stdout")" 1
wrong 'a kernel that was not measured' '6.1 is not a kernel of this run; it has: 6.9 6.12' --kernels 6.1,6.9 "$TMP/kernels"
wrong 'kernels of a run with one' '6.1 is not a kernel of this run; it has one only' --kernels 6.1,6.9 "$TMP/run"
wrong 'servers and kernels' 'it stands beside --kernels' --servers intree,vhostlab --kernels 6.9,6.12 "$TMP/kernels"
wrong 'a server that does not exist' 'fast is not a server of this run; it has: ' --servers fast,intree "$TMP/run"
wrong 'a server that was not measured' 'floor is not a server of this run; it has: intree vhostlab uring' --servers vhostlab,floor "$TMP/run"
wrong 'one server' 'name two, the base first' --servers intree "$TMP/run"
wrong 'three servers' 'name two, the base first' --servers intree,vhostlab,uring "$TMP/run"
wrong 'half a list of servers' 'name two, the base first' --servers intree, "$TMP/run"
wrong 'a server twice' 'intree twice: name two different ones' --servers intree,intree "$TMP/run"
wrong 'servers of two runs' '2 folders given' --servers intree,vhostlab "$TMP/run" "$TMP/run"
wrong 'servers of no run' '0 folders given' --servers intree,vhostlab
wrong 'no servers' 'it needs a value' --servers= "$TMP/run"
wrong '--servers twice' 'it is given twice' --servers intree,vhostlab --servers vhostlab,intree "$TMP/run"

# Real runs, all of their cells: names are unique, lines fit a terminal.
for dir in "$ROOT"/results/reference/{,paper/,scaling/,guests/}; do
	run "$BENCH/compare" --all --metric cost_per_packet,syscalls_per_packet "$dir/points.jsonl" "$dir/points.jsonl"
	name=${dir#"$ROOT"/results/}
	is "$name: lines of at most 100 columns" "$(tail -n +3 "$TMP/stdout" | awk 'length > 100' | wc -l)" 0
	# A name that does not fit stands alone on its line, above its figures.
	is "$name: a name for each cell" \
		"$(sed -nE '/^cell /,/^cells: / { /^(cell |cells: | |$)/d; s/ +(cost|syscalls) +[0-9].*//; p }' "$TMP/stdout" | sort -u | wc -l)" \
		"$("$BENCH/compare" --json --metric cost_per_packet,syscalls_per_packet "$dir/points.jsonl" "$dir/points.jsonl" | jq .cells)"
	is "$name: a label for each cell" "$("$BENCH/compare" --json --metric cost_per_packet,syscalls_per_packet \
		"$dir/points.jsonl" "$dir/points.jsonl" | jq '([.rows[].cell] | unique | length) == .cells')" true
done

# The A/A control of a sweep is judged apart and changes nothing else.
"$synthetic" clock=insn reps=3 control=1 >"$TMP/c"
is 'the control is no cell' "$("$BENCH/stats" "$TMP/c" | jq length) $("$BENCH/stats" --csv "$TMP/c" | md5sum)" \
	"12 $(grep -v control "$TMP/c" >"$TMP/d"; "$BENCH/stats" --csv "$TMP/d" | md5sum)"
is 'the control is reported' "$("$BENCH/stats" --control "$TMP/c" | jq -c '.[] | select(.kind == "again") | [.size, .a.n, .b.n, .different, .verdict]')" \
	'[60,3,3,false,"same"]'
is 'every cell is its own control, odd repetitions against even ones' \
	"$("$BENCH/stats" --control "$TMP/c" | jq -c 'map(select(.kind == "halves")) | [length, (map([.a.n, .b.n, .different]) | unique)]')" '[12,[[2,1,false]]]'
run "$BENCH/compare" "$TMP/a" "$TMP/c"
says 'compare: the control' 'A/A control of B (tx stack 60 x 64 vhostlab, twice)'
says 'compare: the control' 'no difference'
says 'compare: the halves' 'odd against even repetitions of 12 cells: at most 0.0'
# One repetition a side is enough where both must be equal.
for factor in 1.0005 1.002; do
	jq -c --argjson factor "$factor" 'select(.rep == 1) | if .control then .cost_per_packet *= $factor else . end' "$TMP/c" >"$TMP/e"
	"$BENCH/stats" --control "$TMP/e" | jq -c '.[] | [.kind, .different, .verdict]'
done >"$TMP/once"
is 'measured once, and once again' "$(paste -sd ' ' "$TMP/once")" '["again",false,"same"] ["again",true,"apart"]'
# A real guest repeats to 1 % only: its timers and interrupts fall elsewhere in each window.
for factor in 1.008 1.012; do
	jq -c --argjson factor "$factor" 'select(.rep == 1) | .guest = "qemu" |
		if .control then .cost_per_packet *= $factor else . end' "$TMP/c" >"$TMP/e"
	"$BENCH/stats" --control "$TMP/e" | jq -c '.[] | [.kind, .different, .verdict]'
done >"$TMP/once"
is 'the same of a real guest' "$(paste -sd ' ' "$TMP/once")" '["again",false,"same"] ["again",true,"apart"]'
# A cell that does not repeat is named, and makes no run of the instruction clock worthless.
jq -c 'if .size == 65 and .rep == 2 then .cost_per_packet *= 1.01 else . end' "$TMP/c" >"$TMP/e"
is 'a cell whose halves differ' "$("$BENCH/stats" --control "$TMP/e" | jq -c '.[] | select(.different) | [.kind, .size, .verdict]')" '["halves",65,"same"]'

# A run whose control differs shows nothing by a difference: no star, and no judgement.
"$synthetic" clock=insn reps=3 shift=0.1 cell=5 >"$TMP/b"
run "$BENCH/compare" --fail-over 1% "$TMP/c" "$TMP/b"
code 'a change beside a good control' 1
awk '/"control":true/ { gsub(/"cost_per_packet":/, "&9") } { print }' "$TMP/c" >"$TMP/d"
is 'a control that differs: its verdict' "$("$BENCH/stats" --control "$TMP/d" | jq -c '.[0] | [.different, .verdict]')" '[true,"apart"]'
for order in "d b" "b d"; do
	read -r x y <<<"$order"
	run "$BENCH/compare" --fail-over 1% "$TMP/$x" "$TMP/$y"
	code "compare $order: a control that differs" 77
	says "compare $order: a control that differs" 'DIFFERENT'
	says "compare $order: a control that differs" 'NO STARS'
	says "compare $order: a control that differs" '0 significant (*)'
	is "compare $order: no star" "$("$BENCH/compare" --json "$TMP/$x" "$TMP/$y" | jq -c '[any(.rows[]; .significant or .worse), (.controls | sort)]')" '[false,["apart","none"]]'
done
# The scheduling policy: points from the time before it could be chosen ran under SCHED_BATCH, and do not name it.
"$synthetic" clock=insn reps=2 policy=other >"$TMP/other"
"$synthetic" clock=insn reps=2 policy=batch >"$TMP/batch"
jq -c 'del(.detail)' "$TMP/batch" >"$TMP/old"
jq -c '.point += "b" | .knobs.policy = "batch"' "$TMP/batch" >"$TMP/named"
run "$BENCH/compare" "$TMP/old" "$TMP/other"
code 'the same cells, another policy' 1
says 'the same cells, another policy' 'under different scheduling policies (A batch, B other)'
is 'batch, by its default of old and by its name, is the same' \
	"$("$BENCH/compare" --json "$TMP/old" "$TMP/named" | jq -c '[.cells, .only_a, .only_b, .only_other_policy]')" '[12,0,0,0]'
jq -c '.knobs.policy = "other"' "$TMP/other" >"$TMP/named-other"
is 'and so is the policy of today' \
	"$("$BENCH/compare" --json "$TMP/named-other" "$TMP/other" | jq -c '[.cells, .only_a, .only_b]')" '[12,0,0]'
cat "$TMP/other" "$TMP/named" >"$TMP/both"
run "$BENCH/compare" "$TMP/both" "$TMP/other"
code 'both policies in one run' 0
is 'both policies in one run: one is compared' "$(grep -c 'cells: 0 differ, 12 do not' <<<"$TEXT")" 1
says 'both policies in one run' '12 of these: the same cell, another scheduling policy (A batch, B other), not compared'
is 'a cell says its policy' "$("$BENCH/stats" --json "$TMP/old" | jq -r '.[].policy' | sort -u)" batch
is 'batch has a name' "$("$BENCH/compare" --all "$TMP/old" "$TMP/named" | grep -c 'policy=batch')" 1

done_testing
