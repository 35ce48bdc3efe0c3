# SPDX-License-Identifier: GPL-2.0-only
# Panels of grouped bars, one bar a server, its value on top (a bar of height 0 is a result, too), with whiskers.
set style fill solid 0.9 noborder
slot = 0.84 / many
set boxwidth slot * 13 / 14
# All panels have the same scale.
top = 0
least = 0
do for [k = 1:many] {
	do for [c in sprintf("%d %d", shown[k] + 1, intervals ? high(shown[k]) : shown[k] + 1)] {
		undefine y_*
		stats data using (column(int(c))) nooutput name "y"
		if (exists("y_max")) { top = y_max > top ? y_max : top }
	}
}
if (top == 0) { top = 1 }
at(row, k) = row + (k - (many + 1) / 2.0) * slot
foot(k) = intervals ? column(low(shown[k])) : column(shown[k] + 1)
peak(k) = intervals ? column(high(shown[k])) : column(shown[k] + 1)
set multiplot
do for [i = 1:panels] {
	load plots . "/panel.gp"
	set autoscale xy
	stats data index i - 1 every ::1 using (column(0)) nooutput name "row"
	set xrange [-0.6:row_records - 0.4]
	# Numbers that are wider than their bar stand upright.
	upright = plot_width / row_records * slot < small_px * 0.6 * (top >= 1e4 ? 5.3 : 4.3)
	set yrange [0:top * (upright ? 1.3 : 1.12)]
	load plots . "/tics.gp"
	# So do words of the axis.
	longest = int(system(sprintf("awk '/^# panel/ { n++ } n == %d && /^\"/ { split($0, f, \"\\\"\"); if (length(f[2]) > m) m = length(f[2]) } END { print m + 0 }' '%s'", i, data)))
	if (longest * letter * text_px > plot_width / row_records) { set xtics rotate by 25 right } else { set xtics norotate autojustify }
	# Labels of missing values alone are more than gnuplot survives, so the angle is a macro.
	turn = upright ? "left rotate by 90 offset 0, 0.5" : "offset 0, 0.7"
	eval sprintf("plot data index i - 1 using 0:(0):xtic(1) every ::1 with points pointtype 0 notitle, \
		for [k = 1:many] data index i - 1 using (at($0, k)):(column(shown[k] + 1)) \
		every ::1 with boxes linecolor rgb colour[place(word(names, shown[k]))] notitle, \
		for [k = 1:many] data index i - 1 using (at($0, k)):(foot(k)):(0):(peak(k) - foot(k)) \
		every ::1 with vectors arrowstyle 1 notitle, \
		for [k = 1:many] data index i - 1 using (at($0, k)):(peak(k)):(short(column(shown[k] + 1))) \
		every ::1 with labels %s font pixels(small_px) textcolor rgb 0x222222 notitle", turn)
}
unset multiplot
