# SPDX-License-Identifier: GPL-2.0-only
# Cost per packet against the number of guests, by threading model. Reads figures/threads-cost.dat, made by report/.
load plots . "/style.gp"
load plots . "/models.gp"
set xlabel "guests"
set ylabel cost_unit . " per packet"
set multiplot layout lines, columns title "Cost per packet against the number of guests\n" . subtitle font ",14"
load plots . "/curves.gp"
unset multiplot
