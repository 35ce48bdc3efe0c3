#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The page of what was tried by chance.
set -Eeuo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
make -s -C stats BUILD="${VHOSTLAB_BUILD:-$PWD/build}" >&2
export PYTHONDONTWRITEBYTECODE=1
exec python3 tests/report/record.py
