# SPDX-License-Identifier: GPL-2.0-only
# Which functions a difference is made of, the largest first. Reads a data file of
# build/bench/functions. Call chains are not known, only how often each instruction ran, so these are
# bars and no flame graph.
heading = "Difference by function"
flat = 1
left_room = 250
most_rows = int(system(sprintf("grep -c '^[0-9]' '%s'", data)))
panel_height = 118 + 24 * most_rows
if (kind eq "narrow") { panel_height = (panel_height - 60) / 0.65 }
load plots . "/style.gp"
set style fill solid 0.9 noborder
set border 1 linecolor rgb "#444444"
set grid xtics noytics linecolor rgb "#dddddd" linetype 1
set ytics scale 0
set yzeroaxis linetype 1 linecolor rgb "#444444"
set multiplot
do for [i = 1:panels] {
	set autoscale xy
	stats data index i - 1 using 2 every ::1 nooutput name "bar"
	least = bar_min < 0 ? bar_min : 0
	most = bar_max > 0 ? bar_max : 0
	room = 0.16 * (most - least > 0 ? most - least : 1)
	load plots . "/panel.gp"
	set xrange [least - (least < 0 ? room : 0):most + (most > 0 ? room : 0)]
	set yrange [most_rows - 0.4:-0.6]
	set xtics autofreq
	text(v) = sprintf("%+.1f", v)
	plot data index i - 1 using (0):1:ytic(3) every ::1 with points pointtype 0 notitle, \
		data index i - 1 using ($2 / 2):1:(0):2:($1 - 0.38):($1 + 0.38) every ::1 \
		with boxxyerror linecolor rgb "#8da0cb" notitle, \
		data index i - 1 using ($2 < 0 ? $2 : NaN):1:(text($2)) every ::1 with labels right offset -0.5, 0 font pixels(small_px) notitle, \
		data index i - 1 using ($2 < 0 ? NaN : $2):1:(text($2)) every ::1 with labels left offset 0.5, 0 font pixels(small_px) notitle
}
unset multiplot
