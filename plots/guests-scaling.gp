# SPDX-License-Identifier: GPL-2.0-only
# Several guests at once, several queue pairs. Reads figures/guests-scaling.dat, made by report/.
load plots . "/style.gp"
# What is nothing but zeros still has a scale.
set yrange [0:1<*]
set multiplot layout lines, columns title "Several guests and several queue pairs\n" . subtitle font ",14"
own_x = 1
load plots . "/curves.gp"
unset multiplot
