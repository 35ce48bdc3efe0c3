# SPDX-License-Identifier: GPL-2.0-only
# Panels of curves over a number, one curve a server, with whiskers. The x axis is logarithmic (with a zero in it, from its smallest
# number on), and the same in all panels, unless the caller sets own_x = 1 because they have different ones. Panels that show the
# same have the same y axis.
stats data using 1 nooutput name "x"
alike = 1
do for [i = 2:panels] { if (y_axis(i) ne y_axis(1)) { alike = 0 } }
foot(s) = intervals ? column(low(s)) : column(s + 1)
peak(s) = intervals ? column(high(s)) : column(s + 1)
set multiplot
do for [i = 1:panels] {
	# stats leaves out what the ranges of the panel before leave out.
	unset logscale
	set autoscale xy
	top = 0
	least = 1e300
	do for [j = 1:(alike ? 1 : panels)] {
		if (y_axis(j) eq y_axis(i)) {
			do for [c = 2:words(header) + 1] {
				undefine y_*
				if (alike) { stats data using (column(c)) nooutput name "y" } else { stats data index j - 1 every ::1 using (column(c)) nooutput name "y" }
				if (exists("y_max")) { top = y_max > top ? y_max : top; least = y_min < least ? y_min : least }
			}
		}
	}
	load plots . "/panel.gp"
	unset nonlinear x
	if (exists("own_x")) { stats data index i - 1 every ::1 using 1 nooutput name "x" }
	if (x_min > 0) {
		set logscale x 2
		set xrange [x_min / 1.2:x_max * 1.2]
	} else {
		stats data index i - 1 every ::1 using ($1 > 0 ? $1 : NaN) nooutput name "above"
		set nonlinear x via asinh(x / above_min) inverse sinh(x) * above_min
		set xrange [-0.3 * above_min:x_max * 1.3]
	}
	if (top == 0) { top = 1 }
	if (exists("log_y")) {
		set logscale y 2
		set yrange [least / 1.2:top * 1.2]
	} else {
		least = least < 0 ? least : 0
		set yrange [least:top * 1.08]
	}
	load plots . "/tics.gp"
	plot for [k = 1:many] data index i - 1 using 1:(column(shown[k] + 1)):xtic(1) every ::1 with linespoints \
		linewidth 2 pointtype mark[place(word(names, shown[k]))] pointsize 1.1 linecolor rgb colour[place(word(names, shown[k]))] notitle, \
		for [k = 1:many] data index i - 1 using 1:(foot(shown[k])):(0):(peak(shown[k]) - foot(shown[k])) every ::1 with vectors \
		heads size screen 3.5 / width, 90 fixed linewidth 1.2 linecolor rgb colour[place(word(names, shown[k]))] notitle
}
unset multiplot
