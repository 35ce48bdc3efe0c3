# SPDX-License-Identifier: GPL-2.0-only
# System calls per packet of real guests, by name. Reads figures/guests-syscalls.dat, made by report/.
heading = "System calls per packet of real guests, and those predicted when each packet comes alone (for a module: none)"
name_x = "system calls per packet"
load plots . "/flat.gp"
room = narrow ? 1.25 : 1.12
load plots . "/guest-stacks.gp"
