#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# trace/: the tables of its README against the kernel's format files, and every tool against traffic of known size, its counts
# equal to debugfs and to the bench. The tests are in tables-in-lab and tools-in-lab, run in one boot.
set -Eeuo pipefail
# shellcheck source=tests/lib/lab.sh
source "$(dirname "$(readlink -f "$0")")/../lib/lab.sh"

need_build bench tests/trace
tap_from_lab --clock insn --timeout 500 -- tests/trace/tools-in-lab
