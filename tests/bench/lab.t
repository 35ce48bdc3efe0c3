#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The point program against all servers in the lab, on the instruction clock: system calls per packet as whole
# numbers, every frame verified, figures that repeat, faults that are noticed. The tests are in in-lab, run in one boot.
set -Eeuo pipefail
# shellcheck source=tests/lib/lab.sh
source "$(dirname "$(readlink -f "$0")")/../lib/lab.sh"

need_build bench
tap_from_lab --clock insn --timeout 500 -- tests/bench/in-lab "$build/bench/point"
