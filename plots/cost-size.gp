# SPDX-License-Identifier: GPL-2.0-only
# Cost per packet against frame size. Reads figures/cost-size.dat, made by report/.
heading = "Cost per packet against frame size"
name_x = "frame (bytes)"
name_y = cost_unit . " per packet"
marks = 1
load plots . "/style.gp"
load plots . "/curves.gp"
