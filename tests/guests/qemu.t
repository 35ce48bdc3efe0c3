#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Real guests on our device: the unmodified QEMU of Debian 12 and that of its
# backports, each on both kernels of the lab, with the same kernel as guest.
set -Eeuo pipefail
# shellcheck source=tests/guests/door.sh
source "$(dirname "$0")/door.sh"

need qemu-system-x86_64 busybox cpio jq
echo 1..5
for kernel in 6.1 6.12; do
	for version in default 10.0; do
		qemu=$(lab/qemu "$version")
		subtest "Linux $kernel, $("$qemu" --version | head -n 1)" \
			in_lab "$kernel" 240 qemu-in-vm "$qemu"
	done
done
subtest "packed rings" in_lab default 240 qemu-in-vm "$(lab/qemu default)" packed
