# SPDX-License-Identifier: GPL-2.0-only
# Throughput of real guests, with the loss. Reads figures/guests-rate.dat, made by report/.
panel_height = 260
load plots . "/style.gp"
set xlabel "packets per second"
heading = "Throughput of real guests, with the loss"
room = 1.5
load plots . "/guest-stacks.gp"
