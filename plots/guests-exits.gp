# SPDX-License-Identifier: GPL-2.0-only
# Exits of the virtual machine per packet, by reason. Reads figures/guests-exits.dat, made by report/.
heading = "Exits of the virtual machine per packet"
name_x = "exits per packet"
load plots . "/flat.gp"
room = narrow ? 1.25 : 1.12
load plots . "/guest-stacks.gp"
