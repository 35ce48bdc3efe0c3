#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Migration of a real guest under traffic, the dirty log written by our module.
#
#   migrate.t [--rounds N]
set -Eeuo pipefail
# shellcheck source=tests/guests/door.sh
source "$(dirname "$0")/door.sh"

rounds=2
if [[ $# -gt 0 ]]; then
	if [[ $1 != --rounds || ! ${2:-} =~ ^[1-9][0-9]*$ || $# -gt 2 ]]; then
		echo "vhostlab: migrate.t: $*: say --rounds and how many" >&2
		exit 2
	fi
	rounds=$2
fi
need qemu-system-x86_64 busybox cpio jq
build_stream
echo 1..1
subtest "$rounds migrations under traffic" \
	in_lab default $((200 + 60 * rounds)) migrate-in-vm "$stream" "$rounds"
