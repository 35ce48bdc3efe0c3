#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The vhost-user switch with a DPDK guest behind it: echoes come back, frames that are sent reach the tap, nothing is left at the
# end. The tests are in vhostuser-in-vm, run in one boot.
# Alone: its poll-mode drivers keep two processors busy, and a third task would starve.
set -Eeuo pipefail
# shellcheck source=tests/guests/door.sh
source "$(dirname "$0")/door.sh"

need_package dpdk-dev librte-mempool-ring23 librte-net-virtio23 librte-net-vhost23 librte-net-tap23
need_build bench/vm
echo 1..1
subtest "DPDK's vhost-user switch" \
	lab/run --no-module --nested --clock wall --cpus 2 --mem 2048 --timeout 200 -- tests/guests/vhostuser-in-vm
