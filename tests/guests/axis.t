#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Points with real guests: which system calls QEMU makes for a packet, and that our module makes none.
set -Eeuo pipefail

cd "$(dirname "$0")/../.."
for tool in qemu-system-x86_64 busybox cpio sockperf iperf3 jq; do
	command -v "$tool" >/dev/null || {
		echo "1..0 # SKIP $tool is not installed: run ./run.sh setup"
		exit 0
	}
done
make -s -C bench/guests BUILD="$PWD/build" >&2
lab/kernel fetch >&2
status=0
lab/run --clock wall --cpus 2 --mem 2048 --timeout 500 -- tests/guests/axis-in-vm || status=$?
case $status in
0) ;;
77) echo "1..0 # SKIP the lab VM cannot run here" ;;
*)
	echo "# lab/run ended with exit code $status"
	exit 1
	;;
esac
