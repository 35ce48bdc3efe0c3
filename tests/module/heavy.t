#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Rings that are much work for a descriptor, on the instruction clock: how long a run holds its queue's lock and its processor
# is counted in instructions, so that a busy machine changes nothing; and how long a guest waits beside a hostile one. module.t runs
# the first of both on two processors, too.
VHOSTLAB_TEST_CLOCK=insn exec "$(dirname "$0")/in-lab" 300 heavy share
