# SPDX-License-Identifier: GPL-2.0-only
# Round trips of real guests. Reads figures/guests-latency.dat, made by report/.
panel_height = 260
load plots . "/style.gp"
set xlabel "microseconds (log scale)"
set logscale x
set border 1 linecolor rgb "#444444"
set grid xtics noytics linecolor rgb "#dddddd" linetype 1
set ytics scale 0
set lmargin 25
set rmargin 7
unset key
unset offsets
set multiplot layout lines, columns title "Round-trip time: median (disc), 99th (triangle), 99.9th percentile (bar)\n" . subtitle font ",14"
# All panels have the same scale.
stats data using 2 nooutput name "least"
stats data using 4 nooutput name "most"
stats data using 2 nooutput name "median"
most = exists("most_max") && most_max > median_max ? most_max : median_max
do for [i = 1:panels] {
	set title panel(i) offset 0, -0.5
	set autoscale xy
	stats data index i - 1 using 1 nooutput name "place"
	set yrange [place_max + 0.6:-0.6]
	set xrange [least_min / 1.3:most * 1.3]
	plot data index i - 1 using 2:1:2:4:5 every ::1 with xerrorbars pointtype 7 pointsize 1.2 linewidth 2 linecolor rgb variable notitle, \
		data index i - 1 using 3:1:5 every ::1 with points pointtype 9 pointsize 1.2 linecolor rgb variable notitle, \
		data index i - 1 using 2:1:(short($2)) every ::1 with labels offset 0, 0.8 font ",8" notitle, \
		data index i - 1 using 2:1:ytic(6) every ::1 with points pointtype 0 notitle
}
unset multiplot
