#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Points with real guests, on both clocks: which system calls QEMU makes for a packet, that our module makes none, and that the
# instruction clock gives the same again.
set -Eeuo pipefail
# shellcheck source=tests/guests/door.sh
source "$(dirname "$0")/door.sh"

need qemu-system-x86_64 busybox cpio iperf3 jq
need_build bench/vm
lab/kernel fetch >&2
echo 1..2
subtest "real guests as an axis of sweeps" \
	lab/run --clock wall --nested --cpus 2 --mem 2048 --timeout 500 -- tests/guests/axis-in-vm wall
subtest "real guests on the instruction clock" \
	lab/run --clock insn --nested --timeout 500 -- tests/guests/axis-in-vm insn
