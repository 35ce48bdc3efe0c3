# SPDX-License-Identifier: GPL-2.0-only
# How evenly guests are served, by threading model. Reads figures/threads-fairness.dat, made by report/.
load plots . "/style.gp"
load plots . "/models.gp"
set xlabel "guests"
set ylabel "packets of the last / of the first"
set multiplot layout lines, columns title "How evenly guests are served: who got least by who got most\n" . subtitle font ",14"
load plots . "/curves.gp"
unset multiplot
