#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Giving way costs no frames on Linux 6.12, whose scheduler takes a whole slice off a thread for each yield: frames come 64 at a
# time, more than any server takes without loss there, and no more are lost with giving way than without. Counted on the
# instruction clock, by turns.
set -Eeuo pipefail
# shellcheck source=tests/lib/lab.sh
source "$(dirname "$(readlink -f "$0")")/../lib/lab.sh"

if ! lab/kernel --kernel 6.12 release >/dev/null; then
	echo "1..0 # SKIP no 6.12 kernel: lab/kernel cannot fetch it here"
	exit 0
fi
need_build bench
# shellcheck disable=SC2016 # expanded in the lab VM
tap_from_lab --clock insn --kernel 6.12 --timeout 300 -- bash -euc '
	modprobe tun
	declare -A lost=([none]=0 [yield]=0)
	for round in 1 2 3; do
		for without in none yield; do
			n=$("$1" --clock insn --server vhostlab --workload rx --size 64 --burst 64 --packets 65536 --sink stack \
				--knob "without=$without" | jq -e .lost)
			echo "# round $round, without=$without: $n lost"
			lost[$without]=$((lost[$without] + n))
		done
	done
	echo 1..1
	result=ok
	# Each varies between 0 and 3,000 of 67,584 in a run, as in-tree does; with the fault it was 15,700 more.
	((lost[none] <= lost[yield] + 3 * 4096)) || result="not ok"
	echo "$result 1 - giving way: ${lost[none]} frames lost, without it ${lost[yield]}"
' giving-way "$build/bench/point"
