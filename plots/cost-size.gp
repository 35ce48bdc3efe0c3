# SPDX-License-Identifier: GPL-2.0-only
# Cost per packet against frame size. Reads figures/cost-size.dat, made by report/.
load plots . "/style.gp"
set xlabel "frame (bytes)"
set ylabel cost_unit . " per packet"
set multiplot layout lines, columns title "Cost per packet against frame size\n" . subtitle font ",14"
load plots . "/curves.gp"
unset multiplot
