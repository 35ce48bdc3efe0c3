#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A real guest: unmodified QEMU and an unmodified Debian kernel on our device.
# VHOSTLAB_TEST_DEVICE=/dev/vhost-net shows the in-tree module's answer.
set -Eeuo pipefail

cd "$(dirname "$0")/../.."
device=${VHOSTLAB_TEST_DEVICE:-/dev/vhostlab-net}
for tool in qemu-system-x86_64 busybox cpio; do
	command -v "$tool" >/dev/null || {
		echo "1..0 # SKIP $tool is not installed: run ./run.sh setup"
		exit 0
	}
done
release=$(lab/kernel release)
kernel=$(lab/kernel path)
status=0
lab/run --clock wall --mem 2048 --timeout 240 -- \
	tests/guests/qemu-in-vm "$device" "$release" "$kernel" || status=$?
case $status in
0) ;;
77) echo "1..0 # SKIP the lab VM cannot run here" ;;
*)
	echo "# lab/run ended with exit code $status"
	exit 1
	;;
esac
