# SPDX-License-Identifier: GPL-2.0-only
# Cost per packet against the number of guests, by threading model. Reads figures/threads-cost.dat, made by report/.
heading = "Cost per packet against the number of guests"
name_x = "guests"
name_y = cost_unit . " per packet"
marks = 1
models = 1
load plots . "/style.gp"
load plots . "/curves.gp"
