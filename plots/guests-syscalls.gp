# SPDX-License-Identifier: GPL-2.0-only
# System calls per packet of real guests, by name. Reads figures/guests-syscalls.dat, made by report/.
panel_height = 300
load plots . "/style.gp"
set xlabel "system calls per packet"
heading = "System calls per packet of real guests, and those predicted when each packet comes alone (for a module: none)"
room = 1.12
load plots . "/guest-stacks.gp"
