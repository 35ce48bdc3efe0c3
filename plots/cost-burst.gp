# SPDX-License-Identifier: GPL-2.0-only
# Cost per packet against burst. Reads figures/cost-burst.dat, made by report/.
load plots . "/style.gp"
set xlabel "burst (packets per kick)"
set ylabel cost_unit . " per packet (log scale)"
set logscale y 2
log_y = 1
unset offsets
set yrange [*:*]
set ytics (250, 350, 500, 700, 1000, 1400, 2000, 3000, 4000, 6000, 8000, 12000, 16000, 24000, 32000, 48000, 64000)
set multiplot layout lines, columns title "Cost per packet against burst\n" . subtitle font ",14"
load plots . "/curves.gp"
unset multiplot
