#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Rings that are much work for a descriptor, on the instruction clock: how long a run holds its queue's lock and its processor
# is counted in instructions, so that a busy machine changes nothing. module.t runs the same program on two processors.
VHOSTLAB_TEST_CLOCK=insn exec "$(dirname "$0")/in-lab" 200 heavy
