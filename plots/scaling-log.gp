# SPDX-License-Identifier: GPL-2.0-only
# What dirty logging costs. Reads figures/scaling-log.dat, made by report/.
heading = "Cost per packet without and with the dirty log"
name_x = "dirty log"
name_y = cost_unit . " per packet"
load plots . "/style.gp"
load plots . "/bars.gp"
