# SPDX-License-Identifier: GPL-2.0-only
# Throughput of real guests, with the loss. Reads figures/guests-rate.dat, made by report/.
heading = "Throughput of real guests, with the loss"
name_x = "packets per second"
load plots . "/flat.gp"
room = narrow ? 1.75 : 1.4
load plots . "/guest-stacks.gp"
