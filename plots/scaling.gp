# SPDX-License-Identifier: GPL-2.0-only
# Cost per packet against one axis at a time. Reads figures/scaling.dat, made by report/.
load plots . "/style.gp"
set ylabel cost_unit . " per packet (log scale)"
set logscale y 2
log_y = 1
unset offsets
set format y "%.0f"
set multiplot layout lines, columns title "Cost per packet, one axis at a time\n" . subtitle font ",14"
own_x = 1
load plots . "/curves.gp"
unset multiplot
