# SPDX-License-Identifier: GPL-2.0-only
# Round trips of several guests at once, by threading model. Reads figures/threads-latency.dat, made by report/.
load plots . "/style.gp"
load plots . "/models.gp"
set xlabel "guests"
set ylabel time_unit . " per round trip (log scale)"
set logscale y 2
log_y = 1
set format y "%.0f"
unset offsets
set yrange [*:*]
set multiplot layout lines, columns title "Round trips of several guests at once\n" . subtitle font ",14"
load plots . "/curves.gp"
unset multiplot
