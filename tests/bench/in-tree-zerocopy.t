#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Knob zcopytx loads the in-tree module with experimental_zcopytx=1, which it reads only then: large frames that leave the host
# cost another number of instructions, and afterwards the module is as it was.
set -Eeuo pipefail
# shellcheck source=tests/lib/lab.sh
source "$(dirname "$(readlink -f "$0")")/../lib/lab.sh"

need_build bench
# shellcheck disable=SC2016 # expanded in the lab VM
tap_from_lab --clock insn --timeout 300 -- bash -euc '
	modprobe tun
	modprobe vhost_net
	parameter=/sys/module/vhost_net/parameters/experimental_zcopytx
	measure()
	{
		"$1" --clock insn --server intree --workload tx --size 1500 --burst 64 --packets 8192 --sink forward \
			"${@:2}" | jq -e .cost_per_packet
	}
	say()
	{
		local result=ok
		"${@:3}" || result="not ok"
		echo "$result $1 - $2"
	}
	copied=$(measure "$1")
	referred=$(measure "$1" --knob zcopytx=1)
	echo "# copied $copied, by reference $referred instructions per packet"
	echo 1..3
	say 1 "the cost of a packet is another one" test "$(jq -n "($copied - $referred | fabs) > 0.02 * $copied")" = true
	say 2 "the module is loaded as before" test "$(cat "$parameter")" = 0
	code=0
	"$1" --clock insn --server vhostlab --workload tx --size 64 --burst 1 --packets 64 --sink stack --knob zcopytx=1 || code=$?
	say 3 "it is no knob of another server" test "$code" = 2
' in-tree-zerocopy "$PWD/bench/point"
