# SPDX-License-Identifier: GPL-2.0-only
# The figure of the front page. Reads figures/overview.dat, made by report/figures.py.
panel_height = 300
load plots . "/style.gp"
set ylabel cost_unit . " per packet"
set multiplot layout lines, columns title "Cost per packet, by server (less is better)\n" . subtitle font ",14"
load plots . "/bars.gp"
unset multiplot
