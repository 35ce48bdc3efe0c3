# SPDX-License-Identifier: GPL-2.0-only
# Cost per packet against one axis at a time. Reads figures/scaling.dat, made by report/.
heading = "Cost per packet, one axis at a time"
name_y = cost_unit . " per packet (log scale)"
marks = 1
load plots . "/style.gp"
log_y = 1
own_x = 1
load plots . "/curves.gp"
