# SPDX-License-Identifier: GPL-2.0-only
# The figure of the front page. Reads figures/overview.dat, made by report/figures.py.
heading = "Cost per packet, by server (less is better)"
name_y = cost_unit . " per packet"
panel_height = 300
load plots . "/style.gp"
load plots . "/bars.gp"
