# SPDX-License-Identifier: GPL-2.0-only
# Processor time per packet of real guests, by thread. Reads figures/guests-cpu.dat, made by report/.
panel_height = 260
load plots . "/style.gp"
set xlabel "microseconds of processor time per packet"
heading = "Processor time per packet, by thread"
room = 1.12
load plots . "/guest-stacks.gp"
