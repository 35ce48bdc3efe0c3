# SPDX-License-Identifier: GPL-2.0-only
# Exits of the virtual machine per packet, by reason. Reads figures/guests-exits.dat, made by report/.
panel_height = 260
load plots . "/style.gp"
set xlabel "exits per packet"
heading = "Exits of the virtual machine per packet"
room = 1.12
load plots . "/guest-stacks.gp"
