# SPDX-License-Identifier: GPL-2.0-only
# A metric of one cell a panel through the runs that measured it, one curve a server, with whiskers.
# Reads a data file of build/bench/history. Each panel has axes of its own: the runs of its cell, in
# the order of their dates, and the unit of its clock. A curve has a gap where a run did not measure
# the server.
heading = "History: " . system(sprintf("sed -n 's/^# heading //p' '%s'", data))
marks = 1
below = 170
panel_height = 430
load plots . "/style.gp"
middle(s) = valid(s + 1) ? column(s + 1) : NaN
foot(s) = intervals ? column(low(s)) : column(s + 1)
peak(s) = intervals ? column(high(s)) : column(s + 1)
set multiplot
do for [i = 1:panels] {
	set autoscale xy
	top = 0
	least = 0
	do for [k = 1:many] {
		undefine y_*
		stats data index i - 1 every ::1 using (peak(shown[k])) nooutput name "y"
		if (exists("y_max")) { top = y_max > top ? y_max : top; least = y_min < least ? y_min : least }
	}
	if (top == 0) { top = 1 }
	load plots . "/panel.gp"
	stats data index i - 1 every ::1 using (column(0)) nooutput name "row"
	set xrange [-0.5:row_records - 0.5]
	set yrange [least:top * 1.08]
	load plots . "/tics.gp"
	set xtics rotate by 90 right
	plot data index i - 1 using 0:(0):xtic(1) every ::1 with points pointtype 0 notitle, \
		for [k = 1:many] data index i - 1 using 0:(middle(shown[k])) every ::1 with linespoints \
		linewidth 2 pointtype mark[place(word(names, shown[k]))] pointsize 1.1 \
		linecolor rgb colour[place(word(names, shown[k]))] notitle, \
		for [k = 1:many] data index i - 1 \
		using 0:(foot(shown[k])):(0):(peak(shown[k]) - foot(shown[k])) every ::1 with vectors \
		heads size screen 3.5 / width, 90 fixed linewidth 1.2 \
		linecolor rgb colour[place(word(names, shown[k]))] notitle
}
unset multiplot
