# SPDX-License-Identifier: GPL-2.0-only
# How evenly guests are served, by threading model. Reads figures/threads-fairness.dat, made by report/.
load plots . "/style.gp"
load plots . "/models.gp"
set xlabel "guests"
set ylabel "packets, least / most"
set multiplot layout lines, columns title "Fairness: packets of the guest served least / of the one served most\n" . subtitle font ",14"
load plots . "/curves.gp"
unset multiplot
