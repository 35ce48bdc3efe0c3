#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A real guest with an IOMMU: our device sees its addresses only through the
# device IOTLB, and asks QEMU for each translation.
set -Eeuo pipefail
# shellcheck source=tests/guests/door.sh
source "$(dirname "$0")/door.sh"

need qemu-system-x86_64 busybox cpio jq
echo 1..1
subtest "a guest with an IOMMU" in_lab default 400 qemu-in-vm "$(lab/qemu default)" viommu
