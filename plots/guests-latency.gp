# SPDX-License-Identifier: GPL-2.0-only
# Round trips of real guests. Reads figures/guests-latency.dat, made by report/.
heading = "Round-trip time: median (disc), 99th (triangle), 99.9th percentile (bar)"
name_x = (cost_unit eq "instructions" ? "thousand instructions" : "microseconds") . " (log scale)"
load plots . "/flat.gp"
set border 1 linecolor rgb "#444444"
set grid xtics noytics linecolor rgb "#dddddd" linetype 1
set ytics scale 0
# All panels have the same scale.
stats data using 2 nooutput name "least"
most = least_max
do for [c = 3:4] {
	undefine y_*
	stats data using (column(c)) nooutput name "y"
	if (exists("y_max") && y_max > most) { most = y_max }
}
set multiplot
do for [i = 1:panels] {
	unset logscale
	set autoscale xy
	stats data index i - 1 using 1 nooutput name "place"
	load plots . "/panel.gp"
	set logscale x
	set yrange [place_max + 0.6:-0.6]
	set xrange [least_min / 1.3:most * (narrow ? 12 : 5)]
	plot data index i - 1 using 2:1:2:(valid(4) ? $4 : valid(3) ? $3 : $2):5 every ::1 with xerrorbars pointtype 7 pointsize 1.2 linewidth 2 linecolor rgb variable notitle, \
		data index i - 1 using 3:1:5 every ::1 with points pointtype 9 pointsize 1.2 linecolor rgb variable notitle, \
		data index i - 1 using (valid(4) ? $4 : valid(3) ? $3 : $2):1:("p50 " . short($2)) every ::1 with labels left offset 1.2, 0 font pixels(small_px) notitle, \
		data index i - 1 using 2:1:ytic(6) every ::1 with points pointtype 0 notitle
}
unset multiplot
