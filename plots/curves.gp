# SPDX-License-Identifier: GPL-2.0-only
# Panels of curves over a number, one curve a server. The axis is logarithmic (with a zero in it, from its smallest number on), and
# the same in all panels, unless the caller says by own_range = 1 that they show different things.
stats data using 1 nooutput name "x"
if (!exists("own_range")) {
	top = 0
	least = 1e300
	do for [s = 1:words(names)] {
		stats data using (column(s + 1)) nooutput name "y"
		if (exists("y_max")) { top = y_max > top ? y_max : top; least = y_min < least ? y_min : least }
	}
	if (top > 0) { if (exists("log_y")) { set yrange [least / 1.2:top * 1.2] } else { set yrange [0:top * 1.08] } }
}
do for [i = 1:panels] {
	if (exists("own_range")) { stats data index i - 1 every ::1 using 1 nooutput name "x" }
	unset nonlinear x
	if (x_min > 0) {
		set logscale x 2
		set xrange [x_min / 1.2:x_max * 1.2]
	} else {
		stats data index i - 1 every ::1 using ($1 > 0 ? $1 : NaN) nooutput name "above"
		unset logscale x
		set nonlinear x via asinh(x / above_min) inverse sinh(x) * above_min
		set xrange [-0.3 * above_min:x_max * 1.3]
	}
	set title panel(i) offset 0, 0.3
	if (i > 1) { unset key }
	plot for [s = 1:words(names)] data index i - 1 using 1:(column(s + 1)):xtic(1) every ::1 with linespoints \
		linewidth 2 pointtype mark[place(word(names, s))] pointsize 1.1 linecolor rgb colour[place(word(names, s))] title word(names, s)
}
