# SPDX-License-Identifier: GPL-2.0-only
# Length of a round trip. Reads figures/round-trip.dat, made by report/.
load plots . "/style.gp"
set xlabel "percentile"
set ylabel time_unit . " per round trip"
set multiplot layout lines, columns title "Length of a round trip\n" . subtitle font ",14"
load plots . "/bars.gp"
unset multiplot
