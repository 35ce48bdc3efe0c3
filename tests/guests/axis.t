#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Points with real guests: which system calls QEMU makes for a packet, and that our module makes none.
set -Eeuo pipefail
# shellcheck source=tests/guests/door.sh
source "$(dirname "$0")/door.sh"

need qemu-system-x86_64 busybox cpio sockperf iperf3 jq
need_build bench/vm
lab/kernel fetch >&2
echo 1..1
subtest "real guests as an axis of sweeps" \
	lab/run --clock wall --nested --cpus 2 --mem 2048 --timeout 500 -- tests/guests/axis-in-vm
