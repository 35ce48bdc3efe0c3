# SPDX-License-Identifier: GPL-2.0-only
# Cost per packet against one axis at a time. Reads figures/scaling.dat, made by report/.
load plots . "/style.gp"
unset xlabel
set ylabel cost_unit . " per packet"
set multiplot layout lines, columns title "Cost per packet, one axis at a time\n" . subtitle font ",14"
own_range = 1
load plots . "/curves.gp"
unset multiplot
