#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Every figure of the reference: its words, the size of its text, whether text is cut off or overlaps, and its colours.
set -Eeuo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
make -s -C stats BUILD="${VHOSTLAB_BUILD:-$PWD/build}" >&2
export PYTHONDONTWRITEBYTECODE=1
exec python3 tests/report/figures.py
