#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Memory is added to a real guest, and taken away, under traffic: QEMU changes
# the device's memory table each time.
set -Eeuo pipefail
# shellcheck source=tests/guests/door.sh
source "$(dirname "$0")/door.sh"

need qemu-system-x86_64 busybox cpio jq
build_stream
echo 1..1
subtest "memory hot-plug under traffic" in_lab default 300 hotplug-in-vm "$stream"
