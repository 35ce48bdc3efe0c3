# SPDX-License-Identifier: GPL-2.0-only
# What each optimization saves. Reads figures/ablation.dat, made by report/.
panel_height = 300
load plots . "/style.gp"
set ylabel cost_unit . " saved per packet"
set style fill solid 0.9 noborder
set xtics scale 0
set xzeroaxis
set multiplot layout lines, columns title "What each optimization saves\n" . subtitle font ",14"
# All panels have the same scale.
low = 0
high = 0
do for [c = 2:3] {
	stats data using (column(c)) nooutput name "y"
	low = y_min < low ? y_min : low
	high = y_max > high ? y_max : high
}
set yrange [low - 0.04 * (high - low):high * 1.1]
do for [i = 1:panels] {
	set title panel(i) offset 0, 0.3
	if (i > 1) { unset key }
	plot [-0.6:*] data index i - 1 using 0:(0.001):xtic(1) every ::1 with points pointtype 0 notitle, \
		data index i - 1 using ($0 - 0.2):2:(0.36) every ::1 with boxes linecolor rgb "#8da0cb" title "alone, on top of none", \
		data index i - 1 using ($0 + 0.2):3:(0.36) every ::1 with boxes linecolor rgb "#fc8d62" title "as the last one", \
		data index i - 1 using ($0 - 0.2):2:(sprintf("%.0f", abs($2) < 0.5 ? 0 : $2)) every ::1 with labels offset 0, 0.7 font ",8" notitle, \
		data index i - 1 using ($0 + 0.2):3:(sprintf("%.0f", abs($3) < 0.5 ? 0 : $3)) every ::1 with labels offset 0, 0.7 font ",8" notitle
}
unset multiplot
