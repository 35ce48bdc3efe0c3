# SPDX-License-Identifier: GPL-2.0-only
# Cost per packet against burst. Reads figures/cost-burst.dat, made by report/.
heading = "Cost per packet against burst"
name_x = "burst (packets per kick)"
name_y = cost_unit . " per packet (log scale)"
marks = 1
load plots . "/style.gp"
log_y = 1
load plots . "/curves.gp"
