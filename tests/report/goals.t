#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Goals of the path length: which are reached, and the published page of them.
set -Eeuo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
for part in sweep stats bench/probe; do
	make -s -C "$part" BUILD="${VHOSTLAB_BUILD:-$PWD/build}" >&2
done
export PYTHONDONTWRITEBYTECODE=1
exec python3 tests/report/goals.py
