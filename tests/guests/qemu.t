#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Real guests on our device: the unmodified QEMU of Debian 12 on the older kernel of the lab and that of its backports on the
# newer, with the same kernel as guest; --all: both on both.
set -Eeuo pipefail
# shellcheck source=tests/guests/door.sh
source "$(dirname "$0")/door.sh"

need qemu-system-x86_64 busybox cpio jq
pairs=('6.1 default' '6.12 10.0')
[[ ${1:-} != --all ]] || pairs+=('6.1 10.0' '6.12 default')
echo "1..$((${#pairs[@]} + 1))"
for pair in "${pairs[@]}"; do
	read -r kernel version <<<"$pair"
	qemu=$(lab/qemu "$version")
	subtest "Linux $kernel, $("$qemu" --version | head -n 1)" in_lab "$kernel" 240 qemu-in-vm "$qemu"
done
subtest "packed rings" in_lab default 240 qemu-in-vm "$(lab/qemu default)" packed
