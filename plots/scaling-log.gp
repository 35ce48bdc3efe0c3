# SPDX-License-Identifier: GPL-2.0-only
# What dirty logging costs. Reads figures/scaling-log.dat, made by report/.
load plots . "/style.gp"
set ylabel cost_unit . " per packet"
set multiplot layout lines, columns title "Cost per packet without and with the dirty log\n" . subtitle font ",14"
load plots . "/bars.gp"
unset multiplot
