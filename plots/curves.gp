# SPDX-License-Identifier: GPL-2.0-only
# Panels of curves over a number, one curve a server. The axis is logarithmic unless it holds a zero.
stats data using 1 nooutput name "x"
if (x_min > 0) {
	set logscale x 2
	set xrange [x_min / 1.2:x_max * 1.2]
} else {
	set xrange [x_min - x_max * 0.05:x_max * 1.05]
}
do for [i = 1:panels] {
	set title panel(i) offset 0, 0.3
	plot for [s = 1:words(names)] data index i - 1 using 1:(column(s + 1)):xtic(1) every ::1 with linespoints \
		linewidth 2 pointtype mark[place(word(names, s))] pointsize 1.1 linecolor rgb colour[place(word(names, s))] title word(names, s)
}
