#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The point program against all servers in the lab, on the instruction clock: system calls per packet as whole
# numbers, every frame verified, figures that repeat, faults that are noticed. The tests are in in-lab, run in one boot.
set -Eeuo pipefail
cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../.."
build=${VHOSTLAB_BUILD:-$PWD/build}

if [[ -n ${VHOSTLAB_LAB:-} ]]; then
	echo "1..0 # SKIP this is the lab VM: lab/run boots one from outside"
	exit 0
fi
if ! make -s -C bench/point BUILD="$build" >&2; then
	echo 'Bail out! the point program does not build'
	exit 1
fi
status=0
lab/run --clock insn --timeout 500 -- tests/bench/in-lab "$build/bench/point" || status=$?
case $status in
0) ;;
77) echo "1..0 # SKIP the lab VM cannot run here, its reason is above" ;;
*)
	echo "# lab/run ended with exit code $status"
	exit 1
	;;
esac
