#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The vhost-user switch with a DPDK guest behind it: echoes come back, frames that are sent reach the tap, all is gone at the
# end. The tests are in vhostuser-in-vm, run in one boot.
set -Eeuo pipefail

cd "$(dirname "$0")/../.."
build=${VHOSTLAB_BUILD:-$PWD/build}
for package in dpdk-dev librte-mempool-ring23 librte-net-virtio23 librte-net-vhost23 librte-net-tap23; do
	dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed' || {
		echo "1..0 # SKIP $package is not installed: apt-get install $package"
		exit 0
	}
done
if ! make -s -C bench/guests BUILD="$build" >&2; then
	echo 'Bail out! the programs of guests do not build'
	exit 1
fi
status=0
lab/run --no-module --clock wall --cpus 2 --mem 2048 --timeout 200 -- tests/guests/vhostuser-in-vm || status=$?
case $status in
0) ;;
77) echo "1..0 # SKIP the lab VM cannot run here" ;;
*)
	echo "# lab/run ended with exit code $status"
	exit 1
	;;
esac
