#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The native rig: every byte arrives, with each layout, driver and optimization, on one processor and on two; faults put into
# the module's code are seen; wrong use is refused; a sweep of it is measured, resumed and reported.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/../harness/lib/tap.sh"
build_tools
rig=$BENCH/native
if ! make -s -C "$ROOT/bench/native" BUILD="$BUILD" >&2; then
	echo 'Bail out! the native rig does not build'
	exit 1
fi

# on PROGRAM OPTION...: every frame is compared
on()
{
	local program=$1
	shift
	run timeout -k 5 60 "$program" --sink check --clock native --packets 4096 "$@"
}
# whole NAME OPTION...: all of it arrives, in order and as it was sent
whole()
{
	local name=$1
	shift
	on "$rig" "$@"
	if [[ $CODE -ne 0 ]] || ! jq -e '.lost == 0 and .corrupt == 0 and .detail.misordered == 0 and .packets >= 4096' \
		<<<"$TEXT" >/dev/null; then
		wrong+="$name: exit code $CODE: $OUT"$'\n'
	fi
	tried=$((tried + 1))
}

places=(turns)
[[ $(nproc) -lt 2 ]] || places+=(two)
tried=0 wrong=''
for place in "${places[@]}"; do
	for layout in '' packed=1 in_order=1 'packed=1 --knob in_order=1'; do
		for driver in 'publish=each' 'publish=burst --knob event_idx=0'; do
			knobs="--knob cores=$place --knob $driver ${layout:+--knob $layout}"
			for what in 'stream 64 7' 'tx 1500 64' 'rx 64 64' 'rr 200 1'; do
				read -r workload size burst <<<"$what"
				# shellcheck disable=SC2086 # words
				whole "vhostlab $what $knobs" --server vhostlab --workload "$workload" --size "$size" --burst "$burst" $knobs
				# shellcheck disable=SC2086
				[[ -n $layout ]] || whole "intree $what $knobs" --server intree --workload "$workload" --size "$size" --burst "$burst" $knobs
			done
		done
	done
done
for knob in without=all without=array without=direct without=only-ahead without=late without=recheck without=window \
	without=gather without=burst ring=64 prefetch=1 ring_access=pinned indirect=1 tx_batch=1 rx_batch=1 packet_weight=1; do
	for workload in stream rx rr; do
		burst=16
		[[ $workload != rr ]] || burst=1
		whole "$workload $knob" --server vhostlab --workload "$workload" --size 1500 --burst "$burst" --knob "$knob" --knob cores=turns
	done
done
whole 'frames in several buffers' --server vhostlab --workload rx --size 9000 --burst 8 --knob cores=turns
whole 'the same, in-tree' --server intree --workload rx --size 9000 --burst 8 --knob cores=turns
is "all $tried combinations deliver every byte" "$wrong" ''
result 'there are many of them' "$((tried > 80))" "$tried"
[[ ${#places[@]} -gt 1 ]] || skip 'two processors' 'this machine has one'

# Headers alone: the rings are the same.
for server in vhostlab intree; do
	for workload in stream rx; do
		run "$rig" --server $server --workload $workload --size 64 --burst 64 --sink drop --clock native --packets 8192 \
			--knob copy=0 --knob cores=turns
		code "$server $workload without copies" 0
		is "$server $workload without copies loses nothing" "$(jq -r '"\(.lost) \(.corrupt)"' <<<"$TEXT")" '0 0'
	done
done

run "$rig" --server vhostlab --workload stream --size 64 --burst 64 --sink drop --clock native --packets 65536 --knob cores=turns
code 'a measurement' 0
is 'its windows have quantiles in order, and the cost is their median' \
	"$(jq '.ns_per_buffer as $n | [$n.p10, $n.p25, $n.p50, $n.p75, $n.p90]
	| (. == sort) and .[0] > 0' <<<"$TEXT") $(jq '.cost_per_packet == .ns_per_buffer.p50' <<<"$TEXT")" 'true true'
is 'one kick a burst' "$(jq .kicks_per_packet <<<"$TEXT")" 0.015625
is 'no system calls' "$(jq .syscalls_per_packet <<<"$TEXT")" 0

# Faults in the module's code; what says so: a byte less of each frame, a call that is not sent, a kick that is not asked for.
faults=(
	'a short copy#gather.c#words_copy(xdp->data, src + hlen, len)#words_copy(xdp->data, src + hlen, len - 1)#tx#corrupt'
	'no calls#used.c#bool send = call_wanted(vq, &why);#bool send = call_wanted(vq, &why) && 0;#rx#stuck'
	'kicks stay off#used.c#v = cpu_to_vhl16(vq, vq->avail_seen);#v = cpu_to_vhl16(vq, vq->avail_seen - 2);#tx#stuck'
)
for fault in "${faults[@]}"; do
	IFS='#' read -r name file old new workload how <<<"$fault"
	dir=$TMP/${name// /-}
	mkdir "$dir" && cp "$ROOT"/kmod/*.[ch] "$dir"
	text=$(<"$dir/$file")
	printf '%s\n' "${text/"$old"/"$new"}" >"$dir/$file"
	if cmp -s "$dir/$file" "$ROOT/kmod/$file" ||
		! make -s -C "$ROOT/bench/native" BUILD="$dir/build" KMOD="$dir" >"$dir/log" 2>&1; then
		result "$name: the fault is put in" 0 "$(cat "$dir/log")"
		continue
	fi
	on "$dir/build/bench/native" --server vhostlab --workload "$workload" --size 64 --burst 64 --knob cores=turns
	if [[ $how == corrupt ]]; then
		is "$name: frames are wrong" "$(jq '.corrupt * 2 > .packets' <<<"$TEXT")" true
	else
		code "$name" 1
		says "$name" 'no progress for 6 s'
	fi
done

# refused NAME SAYS OPTION...
refused()
{
	local name=$1 text=$2
	shift 2
	run "$rig" --server vhostlab --workload stream --size 64 --burst 4 --sink drop --clock native --packets 100 "$@"
	code "$name" 2
	says "$name" "$text"
}
refused 'a sink of a tap' 'clock native with sink stack: use drop or check' --sink stack
refused 'a server that is a process' 'clock native with server userspace' --server userspace
refused 'a knob of other clocks' 'unknown knob: clock native has' --knob poll_us=5
refused 'a parameter that the rig has not' 'unknown knob: worker=queue' --knob worker=queue
refused 'an optimization that is not one' 'unknown knob: without=luck' --knob without=luck
refused 'a layout that in-tree has not' 'packed with server intree' --server intree --knob packed=1
refused 'nothing to check' 'sink check with copy=0' --sink check --knob copy=0
refused 'another clock' 'this program has clock native only' --clock wall --sink stack
run "$rig" --server vhostlab --workload stream --size 64 --burst 4 --sink drop --clock native --packets 100 --knob cores=smt
if [[ $CODE -eq 77 ]]; then
	says 'no two threads of one core' 'knob cores=smt: this machine: it has no two such processors'
else
	code 'two threads of one core' 0
fi
run "$BENCH/point" --server vhostlab --workload stream --size 64 --burst 4 --sink stack --clock insn \
	--packets 9 --knob cores=turns
if [[ -x $BENCH/point ]]; then
	code 'a knob of the rig without it' 2
	says 'a knob of the rig without it' 'only the native rig has it'
fi

# The same in a configuration.
cat >"$TMP/one.conf" <<'EOC'
[sweep]
clock = native
control = no
repetitions = 6
packets = 16384
[a]
server = intree, vhostlab, floor, userspace
workload = stream, ping
sink = drop, stack
burst = 64
knob.cores = turns
knob.publish = burst
knob.packed = 0, 1
knob.poll_us = 0, 10
EOC
is 'what the rig has not is left out' \
	"$("$BENCH/plan" "$TMP/one.conf" | jq -r '"\(.server) \(.workload) \(.sink) \(.knobs | tojson)"')" \
	'intree stream drop {"cores":"turns","publish":"burst"}
vhostlab stream drop {"cores":"turns","publish":"burst"}
vhostlab stream drop {"cores":"turns","packed":1,"publish":"burst"}'
run "$BENCH/plan" --clock insn "$TMP/one.conf"
code 'the rig'\''s knobs on another clock' 2
says 'the rig'\''s knobs on another clock' 'is of the native rig: write clock = native'
run "$BENCH/plan" --kernel 6.1,6.12 "$TMP/one.conf"
code 'a kernel of the lab' 2
says 'a kernel of the lab' 'remove kernel and append'
run "$ROOT/run.sh" sweep "$TMP/one.conf" --clock sun
code 'no such clock' 2

run "$ROOT/run.sh" sweep "$TMP/one.conf" --dry-run
code 'dry run' 0
says 'dry run' '3 points, 18 measurements'
run "$ROOT/run.sh" sweep "$TMP/one.conf" --only server=vhostlab --out "$TMP/run"
code 'a sweep of a part' 0
is 'on this machine, without a lab' "$(jq -r '"\(.clock) \(.accel)"' "$TMP/run/points.jsonl" | sort -u)" 'native bare'
run "$ROOT/run.sh" sweep "$TMP/one.conf" --resume --out "$TMP/run"
code 'and the rest' 0
is 'each once' \
	"$(jq -r '"\(.point) \(.rep)"' "$TMP/run/points.jsonl" | sort | uniq -c | awk '{ print $1 }' | sort | uniq -c | tr -s ' ')" \
	' 18 1'
run "$ROOT/run.sh" compare "$TMP/run" "$TMP/run"
code 'compared with itself' 0
model=no
if [[ $(nproc) -lt 2 ]] || ! command -v qemu-x86_64 >/dev/null; then
	skip 'the cost model' 'it needs two processors, and qemu-x86_64 (package qemu-user)'
else
	model=yes
	# A pass before each of six repetitions and one at the end, of the first part and of the resumed one.
	is 'constants of the machine' "$(jq -c '.constants | has("instruction", "line")' "$TMP/run/constants.jsonl" | sort | uniq -c | tr -s ' ')" \
		' 28 true'
	is 'each cell is counted once' "$(jq -r '"\(.point) \(.rep)"' "$TMP/run/counts/points.jsonl" | sort)" \
		"$(jq -r '"\(.point) 1"' "$TMP/run/points.jsonl" | sort -u)"
	is 'and predicted' "$("$BENCH/model" "$TMP/run" | jq '[.cells[] | .predicted > 0 and .measured > 0] | length == 3 and all')" true
fi
if command -v gnuplot >/dev/null && command -v pandoc >/dev/null; then
	run "$ROOT/run.sh" report "$TMP/run"
	code 'a report of it' 0
	OUT=$(<"$TMP/run/RESULTS.md")
	says 'the page' '# What does a buffer cost between two processors, in nanoseconds?'
	says 'the page' 'What the rig leaves out'
	says 'the page' '## What is left out'
	# A hypervisor may have moved the processors between the constants and the points.
	[[ $model == no || $OUT == *'there is no cost model'* ]] || says 'the page' 'predicted by the model and were measured nowhere'
else
	skip 'the report' 'gnuplot or pandoc is not installed'
fi
done_testing
