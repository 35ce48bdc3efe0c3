#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The report of real guests, from points with known numbers: every section, what is missing, and that a wrong number shows.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/tap.sh"
build_tools

for tool in gnuplot pandoc datamash; do
	command -v "$tool" >/dev/null && continue
	skip 'report of real guests' "$tool is not installed"
	done_testing
done

# point SERVER WORKLOAD REP [JQ]: one line; JQ changes what it has.
point()
{
	jq -cn --arg s "$1" --arg w "$2" --argjson rep "$3" \
		'{point: $s, rep: $rep, experiment: "guests", server: $s, guest: "qemu", workload: $w, size: 64, burst: 1, queues: 1, guests: 1,
		  sink: "stack", knobs: {}, clock: "wall", accel: "tcg", packets: 1000, lost: 0, corrupt: null, seconds: 0.5, cost_per_packet: 90000,
		  above_floor_per_packet: null, syscalls_per_packet: 0, kicks_per_packet: 1, calls_per_packet: 0,
		  latency_p50: null, latency_p99: null, latency_p999: null,
		  detail: {counted_packets: 200, bits_per_second: 1024000, transactions_per_second: null, kvm_exits: {hlt: 100, nested_page_fault: 200},
		    threads: {vcpu: {cpu_ns: 10000000, switches: 100, syscalls: {KVM_RUN: 10}}, main: {cpu_ns: 20000, switches: 10, syscalls: {}}}}}
		 | '"${4:-.}"' | .point = "\([.server, .guest, .workload, .size, .queues, .guests, .knobs])"'
}
user='.syscalls_per_packet = 4 | .detail.threads.main = {cpu_ns: 40000000, switches: 2000, syscalls: {ppoll: 400, read: 200, writev: 200}}'
worker='.detail.threads.worker = {cpu_ns: 30000000, switches: 1000, syscalls: {}}'
fast='.seconds = 0.25 | .cost_per_packet = 45000'
trip='.latency_p50 = 800000 | .latency_p99 = 900000 | .latency_p999 = 1000000 | .detail.transactions_per_second = 500'
dpdk='.guest = "dpdk" | .detail.kvm_exits = null | .detail.threads = {guest: {cpu_ns: 25000000, switches: 5, syscalls: {write: 4}}, worker: {cpu_ns: 15000000, switches: 45, syscalls: {}}}'
mkdir "$TMP/run" "$TMP/partial"
{
	point userspace tx 1 "$user"
	point userspace tx 2 "$user | .seconds = 0.4 | .cost_per_packet = 100000"
	# A kick for every fifth packet, with 40 turns for 200 packets; the lock, which no model has.
	point userspace tx 1 "$user | .size = 1500 | .kicks_per_packet = 0.2 | .detail.threads.main.syscalls = {ppoll: 80, read: 40, writev: 200, futex: 60}"
	point userspace tx 1 "$user | .knobs = {ioeventfd: 0} | .detail.threads.vcpu.syscalls = {KVM_RUN: 200, write: 200}"
	# 100 reads that fail for 200 packets: half a turn each; fewer interrupts than turns.
	point userspace rx 1 "$user | .lost = 250 | .detail.threads.main.syscalls = {ppoll: 100, read: 300, KVM_SIGNAL_MSI: 20} | .calls_per_packet = 0.1"
	point userspace udp_rr 1 "$user | $trip | .detail.threads.main.syscalls = {ppoll: 300, read: 300, writev: 100, KVM_SIGNAL_MSI: 100}"
	# More reads than any number of turns explains; an interrupt for each packet, not each received one.
	point userspace rx 1 "$user | .size = 1500 | .detail.threads.main.syscalls = {ppoll: 100, read: 900}"
	point userspace udp_rr 1 "$user | $trip | .size = 1500 | .calls_per_packet = 1 | .detail.threads.main.syscalls = {ppoll: 300, read: 300, writev: 100, KVM_SIGNAL_MSI: 200}"
	for server in intree vhostlab; do
		point $server tx 1 "$worker | $fast"
		point $server rx 1 "$worker | $fast"
		point $server udp_rr 1 "$worker | $fast | $trip | .latency_p50 = 400000"
		point $server tx 1 "$worker | .guests = 2 | .seconds = 0.2 | .lost = 250"
		point $server tx 1 "$worker | .queues = 2"
		point $server tcp_tx 1 "$worker | .size = 1514 | .knobs = {offload: 0}"
		point $server tx 1 "$dpdk"
		point $server echo 1 "$dpdk | $trip"
	done
	point vhostuser tx 1 '.kicks_per_packet = null | .seconds = 0.1 | .detail.threads.server = {cpu_ns: 1000, switches: 0, syscalls: {readv: 100}} | .syscalls_per_packet = 0.5'
	point vhostlab ping 1 "$trip | .detail.threads = null | .detail.kvm_exits = null | .detail.counted_packets = null | .lost = null | .kicks_per_packet = null"
} >"$TMP/run/points.jsonl"
jq '.experiment = "guests" | .clock = "wall" | .accel = "tcg"' "$ROOT/results/reference/env.json" >"$TMP/run/env.json"
page=$TMP/run/RESULTS.md

# row NAME TEXT: the page has that line, as a whole.
row()
{
	result "$1" "$(grep -cxF -- "$2" "$page")" "no line '$2'; $(grep -F "${2%%|*}" "$page" | head -n 40)"
}
# has NAME TEXT: a part of a line
has()
{
	result "$1" "$(($(grep -cF -- "$2" "$page") > 0))" "nothing like '$2'"
}

run "$ROOT/run.sh" report "$TMP/run"
code 'report of real guests only' 0
is 'no section of process guests' "$(grep -c '^## System calls\|^## Cost\|^## In short' "$page")" 0
row 'median of repetitions, calls by name' '| tx | 64 | - | userspace | 4 | main loop: ppoll 2.00, read 1.00, writev 1.00 | KVM_RUN 0.05 | 1 | 0 | 0.00 |'
row 'a worker that calls nothing' '| tx | 64 | - | vhostlab | 0 | main loop: none; worker: none | KVM_RUN 0.05 | 1 | 0 | 0.00 |'
row 'a process that serves' "| tx | 64 | - | vhostuser | 0.5 | main loop: none; server's process: readv 0.50 | KVM_RUN 0.05 | - | 0 | 0.00 |"
row 'nobody counted' '| ping | 64 | - | vhostlab | 0 | not counted | not counted | - | 0 | - |'
has 'in short: the module' '- Serving side of vhostlab, over 9 cells: at most 0 system calls per packet'
has 'in short: its worker, and what is left to QEMU' 'its worker made none at all; beside it QEMU'"'"'s main loop at most 0.'
has 'in short: userspace and prediction' 'Serving side of userspace, tx, 64 bytes: 4.00 system calls per packet; 4 predicted when each packet comes alone.'
has 'in short: fewer turns' '4 predicted when each packet comes alone, 1.60 with the 0.20 turns per packet that there were.'
has 'in short: no winner where no control was measured' '**This run names no winner**'
is 'in short: no verdict then' "$(grep -c 'of vhostlab against' "$page")" 0
has 'emulated time is said to be that' 'emulated time'

row 'prediction: met' '| tx | 64 | userspace | main loop | ppoll | 2 | 2 | 2.00 | 0.00 | as predicted |'
row 'prediction: shared turns' '| tx | 1500 | userspace | main loop | ppoll | 2 | 0.4 | 0.40 | 0.00 | packets share turns: 5.0 per turn |'
row 'prediction: what no model has' "| tx | 1500 | userspace | main loop | futex | 0 | 0 | 0.30 | 0.30 | the lock that QEMU's threads share: the model leaves locks out |"
row 'prediction: without ioeventfd the vCPU calls' '| tx | 64 | userspace, ioeventfd=0 | vCPU | KVM_RUN | 1 | 1 | 1.00 | 0.00 | as predicted |'
row 'prediction: one more than predicted' '| tx | 64 | userspace, ioeventfd=0 | main loop | ppoll | 1 | 1 | 2.00 | 1.00 | turns that found no packet, or one thing to do where the model has two |'
row 'prediction: turns of receiving from reads that fail' '| rx | 64 | userspace | main loop | read | 2 | 1.5 | 1.50 | 0.00 | packets share turns: 2.0 per turn |'
row 'prediction: suppressed interrupts' '| rx | 64 | userspace | main loop | KVM_SIGNAL_MSI | 1 | 0.5 | 0.10 | -0.40 | the guest is still at work and wants no interrupt: 0.10 calls per packet |'
row 'prediction: a round trip is the mean of both ways' '| udp_rr | 64 | userspace | main loop | ppoll | 1.5 | 1.5 | 1.50 | 0.00 | as predicted |'
row 'prediction: no more than a turn a packet' '| rx | 1500 | userspace | main loop | read | 2 | 2 | 4.50 | 2.50 | attempts that moved no packet across the tap |'
row 'prediction: interrupts for sent packets' '| udp_rr | 1500 | userspace | main loop | KVM_SIGNAL_MSI | 0.5 | 0.5 | 1.00 | 0.50 | sent packets end with an interrupt, too: 1.00 calls per packet |'
row 'prediction: nothing of a module' '| tx | 64 | vhostlab | serving side | all | 0 | 0 | 0.00 | 0.00 | as predicted |'

row 'exits' '| rx | 64 | - | vhostlab | 1.50 | nested_page_fault 1.00, hlt 0.50 |'
is 'no exits where nobody counted' "$(sed -n '/^## Real guests: exits/,/^## Real guests: through/p' "$page" | grep -c '^| ping')" 0
row 'throughput beside its loss' '| rx | 64 | - | userspace | 2000 | 1.000 | 1.0 | - | 250 | 20.00 |'
row 'throughput, of userspace' '| rx | 64 | - | intree | 4000 | 2.000 | 1.0 | - | 0 | 0.00 |'
row 'round trips' '| udp_rr | 64 | - | vhostlab | 400.0 | 900.0 | 1000.0 | 0.500 | 0 |'
row 'processor time by thread' '| rx | 64 | - | intree | 45.0 | 10.0 | 0.0 | 30.0 | - | 1.01 | 0.00 |'
row 'several guests' '| tx | 64 | - | 2 | 1 | vhostlab | 5000 | 20.00 | - | - | 90.0 | 0 |'
is 'several guests: the figure has the loss in percent' "$(sed -n '/guests at once|guests|lost %/,/^$/p' "$TMP/run/figures/guests-scaling.dat" | sed -n 's/^\(2 [^ ]* [^ ]* [^ ]*\) .*/\1/p')" '2 - 20 20'
row 'several queues' '| tx | 64 | - | 1 | 2 | vhostlab | 2000 | 0.00 | - | - | 90.0 | 0 |'
row 'a DPDK guest' '| tx | stack | 64 | 1 | 1 | - | vhostlab | 2000 | 0.00 | - | - | - | 90.0 | 15.0 | 25.0 | 0 | write 0.02 |'
is 'seven figures in two formats' "$(find "$TMP/run/figures" -name 'guests-*.svg' -size +4k | wc -l) $(find "$TMP/run/figures" -name 'guests-*.png' -size +4k | wc -l)" '7 7'
is 'every figure names its clock and says what it is worth' "$(grep -l 'wall clock, tcg.*emulated time, only ratios' "$TMP"/run/figures/guests-*.svg | wc -l)" 7
is 'the figure has what was measured and what was predicted' "$(sed -n '/^# panel transmit, 64 bytes: serving side/,/^$/p' "$TMP/run/figures/guests-syscalls.dat" | grep -c '"ppoll 2"')" 3
is 'predicted is what a packet alone needs, measured what it had' \
	"$(sed -n '/^# panel receive, fixed rate, 64 bytes: serving side/,/^$/p' "$TMP/run/figures/guests-syscalls.dat" | grep -o '"read .*"' | tr '\n' ' ')" '"read 1.5" "read 2" '
cp "$page" "$TMP/first.md"
run "$ROOT/run.sh" report "$TMP/run"
is 'the same byte for byte' "$(md5sum <"$page")" "$(md5sum <"$TMP/first.md")"

# A worker that makes one system call is not passed over.
sed 's/"worker":{"cpu_ns":30000000,"switches":1000,"syscalls":{}}/"worker":{"cpu_ns":30000000,"switches":1000,"syscalls":{"futex":1}}/' \
	"$TMP/run/points.jsonl" >"$TMP/partial/points.jsonl"
cp "$TMP/run/env.json" "$TMP/partial/"
page=$TMP/partial/RESULTS.md
run "$ROOT/run.sh" report "$TMP/partial"
has 'a worker that calls' '**its worker made some**'
has 'a worker that calls, in the table' 'main loop: none; worker: futex 0.01'

# Nothing but points of which nothing was counted.
grep '"workload":"ping"' "$TMP/run/points.jsonl" >"$TMP/partial/points.jsonl"
run "$ROOT/run.sh" report "$TMP/partial"
code 'nothing counted' 0
is 'nothing counted: only its figures' "$(cd "$TMP/partial/figures" && echo *.svg)" 'guests-latency.svg'

# Beside a reference run without real guests: a page of its own, and the front page has it.
mkdir -p "$TMP/tree/results"
cp -a "$ROOT"/{run.sh,cmd,sweep,stats,report,plots,configs,bench,lab,Makefile,RESULTS.md} "$TMP/tree/"
mkdir "$TMP/tree/results/reference"
cp "$ROOT"/results/reference/{env.json,quick.conf} "$TMP/tree/results/reference/"
jq -c 'select(.guest == "process")' "$ROOT/results/reference/points.jsonl" >"$TMP/tree/results/reference/points.jsonl"
touch "$TMP/run/guests.conf"
export VHOSTLAB_BUILD=$BUILD
run "$TMP/tree/run.sh" report "$TMP/tree/results/reference"
# On the instruction clock: costs in place of rates; cells that do not repeat are named; the front page begins with real guests.
mkdir "$TMP/insn"
{
	jq -c 'select(.guest == "qemu" and .server != "vhostuser") | .clock = "insn"' "$TMP/run/points.jsonl"
	point intree tx 2 "$worker | .cost_per_packet = 46000 | .clock = \"insn\""
	point intree rx 2 "$worker | .cost_per_packet = 45200 | .clock = \"insn\""
} >"$TMP/insn/points.jsonl"
jq '.clock = "insn"' "$TMP/run/env.json" >"$TMP/insn/env.json"
page=$TMP/insn/RESULTS.md
run "$ROOT/run.sh" report "$TMP/insn"
code 'instruction clock' 0
has 'instruction clock: named' '**Instruction clock:** virtual machines run under KVM'
has 'instruction clock: a verdict by cost' 'Instructions per packet of vhostlab against userspace, over 3 cells: between 0.474 (tx, 64 bytes) and 0.500 ('
is 'instruction clock: none by rate' "$(grep -c 'Packets per second of vhostlab' "$page")" 0
has 'instruction clock: what repeats worse' 'repeat worse than 1.00 % in 2 of'
has 'instruction clock: which' 'tx, 64 bytes, intree: 2.20 %'
is 'instruction clock: what repeats is not named' "$(grep -c 'rx, 64 bytes, intree: 0.44 %' "$page")" 0
has 'instruction clock: the unit of durations' 'In thousand instructions, one request under way.'
is 'instruction clock: no figure of rates' "$(find "$TMP/insn/figures" -name 'guests-rate*' | wc -l)" 0
cp "$TMP/tree/RESULTS.md" "$TMP/before.md"
cp "$TMP/tree/results/reference/claims.md" "$TMP/before-claims.md"
git -C "$TMP/tree" init -q && echo 'build' >"$TMP/tree/.gitignore" && git -C "$TMP/tree" add -A
git -C "$TMP/tree" -c user.name=test -c user.email=test@example.org commit -qm tree
echo '# changed' >>"$TMP/tree/Makefile"
sums() { (cd "$TMP/tree" && find results RESULTS.md -type f -exec md5sum {} + | sort | md5sum); }
before=$(sums)
run "$TMP/tree/run.sh" report "$TMP/insn" --publish
code 'publish: from a tree with uncommitted changes' 1
says 'publish: from a tree with uncommitted changes' 'uncommitted changes (Makefile)'
is 'publish: refused, nothing has changed' "$(sums)" "$before"
git -C "$TMP/tree" checkout -q Makefile
mv "$TMP/tree/plots/curves.gp" "$TMP/curves.gp"
git -C "$TMP/tree" -c user.name=test -c user.email=test@example.org commit -qam 'a figure that cannot be drawn'
run "$TMP/tree/run.sh" report "$TMP/insn" --publish
code 'publish: a figure cannot be drawn' 1
is 'publish: failed half way, nothing has changed' "$(sums)" "$before"
mv "$TMP/curves.gp" "$TMP/tree/plots/curves.gp"
git -C "$TMP/tree" add -A && git -C "$TMP/tree" -c user.name=test -c user.email=test@example.org commit -qm 'drawn again'
run "$TMP/tree/run.sh" report "$TMP/insn" "$TMP/run"
code 'report: two runs' 2
says 'report: two runs' "$TMP/run: one folder at a time: remove it, or add --publish"
mkdir "$TMP/stages"
cp "$ROOT"/results/reference/stages/{points.jsonl,env.json} "$TMP/stages/"
run "$TMP/tree/run.sh" report "$TMP/insn" "$TMP/stages" "$TMP/insn" --publish
code 'publish: one place for two runs' 1
says 'publish: one place for two runs' "$TMP/insn: it takes the same place as $TMP/insn: publish one of them"
is 'publish: refused, nothing has changed' "$(sums)" "$before"
run "$TMP/tree/run.sh" report "$TMP/insn" "$TMP/stages" --publish
code 'publish' 0
is 'publish: both' "$(cd "$TMP/tree/results/reference" && echo */points.jsonl)" 'guests/points.jsonl stages/points.jsonl'
pages=$TMP/tree/results/reference
is 'publish: the front page has the guests' "$(grep -c '^- \*\*Real guests:\*\* ' "$TMP/before.md") $(grep -c '^- \*\*Real guests:\*\* ' "$TMP/tree/RESULTS.md")" '0 1'
is 'publish: the front page links to their page' "$(grep -c '^| \[Real guests\](results/reference/guests/RESULTS.md)' "$TMP/tree/RESULTS.md")" 1
is 'publish: the front page is short' "$(($(wc -l <"$TMP/tree/RESULTS.md") <= 200))" 1
calls() { sed -n 's/^| Up to four system calls per packet fewer | \*\*\([a-z ]*\)\*\*.*/\1/p' "$1"; }
is 'publish: a claim about real guests finds its data' "$(calls "$TMP/before-claims.md"), $(calls "$pages/claims.md")" 'no data, reproduced'
is 'publish: their page has its sections' "$(grep -c '^## Real guests\|^## DPDK' "$pages/guests/RESULTS.md")" 8
is 'publish: the figures of their page' "$(cd "$pages/guests" && grep -o '](figures/guests-[a-z-]*.svg)' RESULTS.md | tr -d '()]' | xargs ls | wc -l)" 6
page=$TMP/tree/RESULTS.md
is 'instruction clock: the first figure is of real guests' "$(grep -o -m 1 '](results/[a-z/-]*.svg)' "$page")" '](results/reference/guests/figures/guests-overview.svg)'
row 'instruction clock: the table of the front page' '| transmit | 64 | 95000 (10.53 % apart) | 45500 (2.20 % apart) | 45000 | 0.474 | 0.989 | 1.50 | 1.50 | 1.50 |'
has 'instruction clock: the sentence of the front page' 'instructions per packet are 0.474 (tx, 64 bytes;'

# A fourth server of process guests has its own column, and the others keep theirs.
mkdir "$TMP/four"
cp "$ROOT/results/reference/env.json" "$TMP/four/"
jq -c '., (select(.server == "userspace" and .cost_per_packet != null) | .server = "uring" | .point = "u" + .point | .syscalls_per_packet /= 2)' \
	"$ROOT/results/reference/points.jsonl" >"$TMP/four/points.jsonl"
page=$TMP/four/RESULTS.md
run "$ROOT/run.sh" report "$TMP/four"
code 'four servers' 0
row 'four servers: heading' '| workload | size | burst | userspace | intree | vhostlab | uring | userspace - vhostlab | lost u, i, v, ur |'
row 'four servers: a row' '| tx | 64 | 1 | 4 | 0 | 0 | 2 | 4 | 0, 0, 0, 0 |'
has 'four servers: verdict' '- Against uring, over 14 cells, vhostlab costs between 0.'
is 'four servers: the figure has all, and their whiskers' \
	"$(grep -m1 -A1 '^x ' "$TMP/four/figures/syscalls.dat" | tr '\n' ' ')" \
	'x userspace intree vhostlab uring userspace:low userspace:high intree:low intree:high vhostlab:low vhostlab:high uring:low uring:high 1 4 0 0 2 4 4 0 0 0 0 2 2 '
done_testing
