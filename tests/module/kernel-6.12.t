#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The same tests on the other supported kernel.
set -Eeuo pipefail

cd "$(dirname "$0")/../.."
if ! lab/kernel --kernel 6.12 release >/dev/null; then
	echo "1..0 # SKIP no 6.12 kernel: lab/kernel cannot fetch it here"
	exit 0
fi
VHOSTLAB_TEST_KERNEL=6.12 exec tests/module/module.t
