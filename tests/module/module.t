#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The module's own tests, in one boot of the lab VM: see in-lab.
exec "$(dirname "$0")/in-lab" 900
