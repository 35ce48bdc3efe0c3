#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Every knob and threading model against the tests of the packet path: see matrix-in-vm.
set -Eeuo pipefail
# shellcheck source=tests/lib/lab.sh
source "$(dirname "$(readlink -f "$0")")/../lib/lab.sh"

need_build tests/module
tap_from_lab --clock wall --timeout 600 -- env BUILD="$build" tests/module/matrix-in-vm
