#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A real poll-mode client: DPDK's testpmd with path= our device.
# VHOSTLAB_TEST_DEVICE=/dev/vhost-net shows the in-tree module's answer.
set -Eeuo pipefail

cd "$(dirname "$0")/../.."
device=${VHOSTLAB_TEST_DEVICE:-/dev/vhostlab-net}
command -v dpdk-testpmd >/dev/null || {
	echo "1..0 # SKIP dpdk-testpmd is not installed: apt-get install dpdk-dev"
	exit 0
}
for package in librte-net-virtio23 librte-mempool-ring23; do
	dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed' || {
		echo "1..0 # SKIP $package is not installed: apt-get install $package"
		exit 0
	}
done
status=0
lab/run --clock wall --cpus 2 --mem 2048 --timeout 200 -- \
	tests/guests/dpdk-in-vm "$device" || status=$?
case $status in
0) ;;
77) echo "1..0 # SKIP the lab VM cannot run here" ;;
*)
	echo "# lab/run ended with exit code $status"
	exit 1
	;;
esac
