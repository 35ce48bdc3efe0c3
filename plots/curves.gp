# SPDX-License-Identifier: GPL-2.0-only
# Panels of curves over a number, one curve a server. The x axis is logarithmic (with a zero in it, from its smallest number on), and
# the same in all panels, unless the caller sets own_x = 1 because they have different ones. Panels that show the same have the same y axis.
stats data using 1 nooutput name "x"
alike = 1
do for [i = 2:panels] { if (y_axis(i) ne y_axis(1)) { alike = 0 } }
do for [i = 1:panels] {
	# stats leaves out what the ranges of the panel before leave out.
	set autoscale xy
	top = 0
	least = 1e300
	do for [j = 1:(alike ? 1 : panels)] {
		if (y_axis(j) eq y_axis(i)) {
			do for [s = 1:words(names)] {
				undefine y_max y_records
				if (alike) { stats data using (column(s + 1)) nooutput name "y" } else { stats data index j - 1 every ::1 using (column(s + 1)) nooutput name "y" }
				if (exists("y_max") && y_records > 0) { top = y_max > top ? y_max : top; least = y_min < least ? y_min : least }
			}
		}
	}
	unset nonlinear x
	if (exists("own_x")) { stats data index i - 1 every ::1 using 1 nooutput name "x" }
	if (x_min > 0) {
		set logscale x 2
		set xrange [x_min / 1.2:x_max * 1.2]
	} else {
		unset logscale x
		stats data index i - 1 every ::1 using ($1 > 0 ? $1 : NaN) nooutput name "above"
		set nonlinear x via asinh(x / above_min) inverse sinh(x) * above_min
		set xrange [-0.3 * above_min:x_max * 1.3]
	}
	if (top == 0) { set yrange [0:1] } else { if (exists("log_y")) { set yrange [least / 1.2:top * 1.2] } else { set yrange [0:top * 1.08] } }
	if (strlen(x_axis(i))) { set xlabel x_axis(i) }
	if (strlen(y_axis(i))) { set ylabel y_axis(i) }
	set title panel(i) offset 0, 0.3
	if (i > 1) { unset key }
	plot for [s = 1:words(names)] data index i - 1 using 1:(column(s + 1)):xtic(1) every ::1 with linespoints \
		linewidth 2 pointtype mark[place(word(names, s))] pointsize 1.1 linecolor rgb colour[place(word(names, s))] title word(names, s)
}
