# SPDX-License-Identifier: GPL-2.0-only
# What each optimization saves. Reads figures/ablation.dat, made by report/.
heading = "What each optimization saves"
name_y = cost_unit . " saved per packet"
panel_height = 300
below = kind eq "narrow" ? 78 : 52
load plots . "/style.gp"
set style fill solid 0.9 noborder
set xtics scale 0
set xzeroaxis linetype 1 linecolor rgb "#444444"
# All panels have the same scale.
least = 0
top = 0
do for [c = 2:3] {
	stats data using (column(c)) nooutput name "y"
	least = y_min < least ? y_min : least
	top = y_max > top ? y_max : top
}
least = least - 0.06 * (top - least)
label(v) = sprintf("%.0f", abs(v) < 0.5 ? 0 : v)
above(v) = v > 0 ? v : 0
# Two labels of a row touch where a panel is narrow: in characters.
apart = narrow ? 0.4 : 0
set multiplot
do for [i = 1:panels] {
	load plots . "/panel.gp"
	set autoscale xy
	stats data index i - 1 every ::1 using (column(0)) nooutput name "row"
	set yrange [least:top * 1.12]
	load plots . "/tics.gp"
	if (narrow) { set xtics rotate by 25 right } else { set xtics norotate autojustify }
	plot [-0.6:row_records - 0.4] data index i - 1 using 0:(0):xtic(1) every ::1 with points pointtype 0 notitle, \
		data index i - 1 using ($0 - 0.2):2:(0.36) every ::1 with boxes linecolor rgb "#8da0cb" notitle, \
		data index i - 1 using ($0 + 0.2):3:(0.36) every ::1 with boxes linecolor rgb "#fc8d62" notitle, \
		data index i - 1 using ($0 - 0.2):4:(0):($5 - $4) every ::1 with vectors arrowstyle 1 notitle, \
		data index i - 1 using ($0 + 0.2):6:(0):($7 - $6) every ::1 with vectors arrowstyle 1 notitle, \
		data index i - 1 using ($0 - 0.2):(above($2)):(label($2)) every ::1 with labels \
			offset -apart, 0.7 font pixels(small_px) notitle, \
		data index i - 1 using ($0 + 0.2):(above($3)):(label($3)) every ::1 with labels \
			offset apart, 0.7 font pixels(small_px) notitle
}
unset multiplot
