# SPDX-License-Identifier: GPL-2.0-only
# Time per buffer that the cost model predicts, against what the native rig measured: a mark a cell. On the line both are equal;
# the dashed ones are 25 % off. Reads figures/native-model.dat, made by report/.
heading = "Time per buffer: predicted by the cost model against measured"
marks = 1
panel_height = 420
load plots . "/style.gp"
off = 0.25
# Both axes of all panels are the same.
least = 1e300
top = 0
do for [c = 1:words(names) + 1] {
	undefine y_*
	stats data using (column(c)) nooutput name "y"
	if (exists("y_max")) { top = y_max > top ? y_max : top; least = y_min < least ? y_min : least }
}
set multiplot
do for [i = 1:panels] {
	unset logscale
	load plots . "/panel.gp"
	set logscale xy 2
	set grid xtics ytics linecolor rgb "#dddddd" linetype 1
	set xrange [least / 1.2:top * 1.2]
	set yrange [least / 1.2:top * 1.2]
	set xtics autofreq
	set ytics autofreq
	plot x with lines linewidth 1.2 linecolor rgb "#444444" notitle, \
		x * (1 + off) with lines dashtype 2 linecolor rgb "#888888" notitle, \
		x * (1 - off) with lines dashtype 2 linecolor rgb "#888888" notitle, \
		for [k = 1:many] data index i - 1 using 1:(column(shown[k] + 1)) every ::1 with points \
		pointtype mark[place(word(names, shown[k]))] pointsize 0.8 linecolor rgb colour[place(word(names, shown[k]))] notitle
}
unset multiplot
