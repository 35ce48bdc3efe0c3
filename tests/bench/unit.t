#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The bench's unit tests: rings of both sides, command line, numbered frames, rounds of reads, statistics, hardware
# counters, lists of processors.
set -Eeuo pipefail
cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../.."
build=${VHOSTLAB_BUILD:-$PWD/build}

if ! make -s -C tests/bench BUILD="$build" >&2; then
	echo 'Bail out! the unit tests do not build'
	exit 1
fi
tests=(vring_test vring_packed_test devring_test options_test frame_test rounds_test stats_test pmu_test cpus_test)
echo "1..${#tests[@]}"
bad=0
for i in "${!tests[@]}"; do
	if said=$("$build/tests/bench/${tests[i]}" 2>&1); then
		echo "ok $((i + 1)) - ${tests[i]}"
	else
		echo "not ok $((i + 1)) - ${tests[i]}"
		echo "# ${said//$'\n'/$'\n'# }"
		bad=1
	fi
done
exit "$bad"
