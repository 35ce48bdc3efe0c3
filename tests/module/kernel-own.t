#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The kernel's own test program drives our module as /dev/vhost-net, unmodified; the in-tree module
# takes the same.
set -Eeuo pipefail
# shellcheck source=tests/lib/lab.sh
source "$(dirname "$(readlink -f "$0")")/../lib/lab.sh"

status=0
program=$(tests/module/kernel-own-build) || status=$?
[[ $status != 77 ]] || skip_all "the kernel's own test cannot be fetched here"
[[ $status == 0 ]] || {
	echo "Bail out! the kernel's own test does not build"
	exit 1
}
tap_from_lab --clock wall --no-module --timeout 400 -- tests/module/kernel-own-in-vm "$program" \
	"$build/kmod/$(lab/kernel release)/vhostlab_net.ko"
