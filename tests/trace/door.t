#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# ./run.sh trace from outside: names, mistakes, a tool in a lab VM of its own, what it keeps, Ctrl-C.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/../harness/lib/tap.sh"
# shellcheck source=tests/trace/read.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/read.sh"

run "$ROOT/run.sh" list
code 'list' 0
for file in "$ROOT"/trace/*.bt "$ROOT"/trace/*.perf "$ROOT"/trace/*.insn; do
	name=${file##*/}
	is "list: $name has a line with its purpose" "$(grep -cE "^  ${name%.*} +[a-z].{20,}" <<<"$TEXT")" 1
	is "$name: its header shows an example" "$(grep -c 'Example of usage:' "$file")" 1
	holds=$(grep -cE '^ ?[*#] +(@[a-z_]+\[|vhostlab:|vhl_)' "$file" || true)
	is "$name: with output of the tool" "$((holds > 0))" 1
done
run "$ROOT/run.sh" trace nosuch
code 'unknown tool' 2
says 'unknown tool' 'nosuch: there is no such tool'
says 'unknown tool' 'notifications '
run "$ROOT/run.sh" trace
code 'no tool' 2
run "$ROOT/run.sh" trace batches depth
code 'two tools' 2
run "$ROOT/run.sh" trace batches --clock sun
code 'unknown clock' 2
run "$ROOT/run.sh" trace batches --
code 'nothing after --' 2
run "$ROOT/run.sh" trace batches --host --clock insn
code 'instruction clock on a bare host' 77

# On two processors a busy poll finds work.
OUT_DIR=$TMP/poll
run "$ROOT/run.sh" trace pollhits --clock wall --out "$OUT_DIR" -- --knob poll_us=20000 --packets 2048
if [[ $CODE -eq 77 ]]; then
	skip 'lab' "$(tail -n 1 "$TMP/stderr")"
	done_testing
fi
code 'pollhits' 0
says 'pollhits' '@hits_total[0, 1]'
OUT=$OUT_DIR
polls=$(jq .detail.module.tx.polls "$OUT_DIR/workload.out")
hits=$(jq .detail.module.tx.poll_hits "$OUT_DIR/workload.out")
is 'pollhits: hits' "$(count hits_total '0, 1')" "$hits"
is 'pollhits: misses' "$(count misses_total '0, 1')" "$((polls - hits))"
is 'pollhits: there were hits' "$((hits > 0))" 1
is 'kept: all files' "$(cd "$OUT_DIR" && echo *)" 'command env.json pollhits.bt trace.txt workload.err workload.out'
is 'kept: the machine' "$(jq -r .clock "$OUT_DIR/env.json")" wall
is 'kept: the command' "$(grep -c -- '--knob poll_us=20000' "$OUT_DIR/command")" 1
before=$(cat "$OUT_DIR/trace.txt")
run "$ROOT/run.sh" trace pollhits --out "$OUT_DIR"
code 'the same folder again' 2
is 'the same folder again: nothing is overwritten' "$(cat "$OUT_DIR/trace.txt")" "$before"

env --default-signal=INT "$ROOT/run.sh" trace batches --out "$TMP/cut" -- --packets 1000000000 >"$TMP/stdout" 2>"$TMP/stderr" </dev/null &
pid=$!
for ((i = 0; i < 900; i++)); do
	[[ ! -e $TMP/cut/workload.out ]] || break
	sleep 0.1
done
# Four more seconds of the machine, however busy this one is.
ticks()
{
	awk '{ print $14 + $15 }' "/proc/$(pgrep -f "qemu-system.*$TMP/cut" | head -n 1)/stat" 2>/dev/null || echo 0
}
begun=$(ticks)
for ((i = 0; i < 900; i++)); do
	[[ $(ticks) -lt $((begun + 4 * $(getconf CLK_TCK))) ]] || break
	sleep 0.1
done
kill -INT "$pid"
CODE=0
wait "$pid" || CODE=$?
TEXT=$(cat "$TMP/stdout")
OUT=$TEXT$'\n'$(cat "$TMP/stderr")
code 'Ctrl-C' 130
says 'Ctrl-C' 'interrupted: the figures above are those until then'
says 'Ctrl-C' '@frames_per_run_total[0, 1]: count '
is 'Ctrl-C: the summary is kept, too' "$(grep -c '^@frames_per_run_total\[0, 1\]' "$TMP/cut/trace.txt")" 1
is 'Ctrl-C: no machine is left' "$(pgrep -fc "qemu-system.*$TMP/cut" || true)" 0
done_testing
