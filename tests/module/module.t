#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The module's own tests, in one boot of the lab VM. VHOSTLAB_TEST_KERNEL
# chooses the kernel, VHOSTLAB_TEST_DEVICE another device (/dev/vhost-net shows
# what the in-tree module makes of the same tests).
set -Eeuo pipefail

cd "$(dirname "$0")/../.."
kernel=${VHOSTLAB_TEST_KERNEL:-default}
device=${VHOSTLAB_TEST_DEVICE:-/dev/vhostlab-net}

if ! make -s -C tests/module BUILD="$PWD/build" >&2; then
	echo "Bail out! the test programs do not build"
	exit 1
fi
status=0
lab/run --clock wall --kernel "$kernel" --timeout 400 -- \
	tests/module/run-in-vm --device "$device" || status=$?
case $status in
0) ;;
77) echo "1..0 # SKIP the lab VM cannot run here" ;;
*)
	# No plan after this: prove takes the whole file for failed.
	echo "# lab/run ended with exit code $status"
	exit 1
	;;
esac
