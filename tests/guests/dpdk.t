#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A real poll-mode client: DPDK's testpmd with path= our device.
# VHOSTLAB_TEST_DEVICE=/dev/vhost-net shows the in-tree module's answer.
# Alone: its poll-mode drivers keep two processors busy, and a third task would starve.
set -Eeuo pipefail
# shellcheck source=tests/lib/lab.sh
source "$(dirname "$(readlink -f "$0")")/../lib/lab.sh"

need dpdk-testpmd
need_package librte-net-virtio23 librte-mempool-ring23
tap_from_lab --clock wall --cpus 2 --mem 2048 --timeout 200 -- \
	tests/guests/dpdk-in-vm "${VHOSTLAB_TEST_DEVICE:-/dev/vhostlab-net}"
