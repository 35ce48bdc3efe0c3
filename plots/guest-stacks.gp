# SPDX-License-Identifier: GPL-2.0-only
# Panels of horizontal bars in parts, from a data file of report/guest_figures.py. The caller sets room: how far the axis goes beyond
# the longest bar.
set style fill solid 1 border rgb "white"
set border 1 linecolor rgb "#444444"
set grid xtics noytics linecolor rgb "#dddddd" linetype 1
set ytics scale 0
set multiplot
do for [i = 1:panels] {
	set autoscale xy
	# The panels of a row have the same scale, on a narrow figure, too.
	widest = 0
	do for [j = i % 2 ? i : i - 1:i % 2 ? i + 1 : i] {
		if (j <= panels) {
			do for [c in "2 6"] {
				undefine bar_*
				stats data index 2 * j - 1 using (column(int(c))) nooutput name "bar"
				if (exists("bar_max")) { widest = bar_max > widest ? bar_max : widest }
			}
		}
	}
	stats data index 2 * i - 1 using 1 nooutput name "place"
	load plots . "/panel.gp"
	# What is next to nothing looks like it.
	top = (widest > 0.5 ? widest : 0.5) * room
	set xrange [0:top]
	# As many numbers as there is room for.
	most = narrow ? 3 : 5
	step = 10.0 ** floor(log10(top / most))
	step = step * (top / most / step > 5 ? 10 : top / most / step > 2 ? 5 : top / most / step > 1 ? 2 : 1)
	set xtics step
	set yrange [place_max + 0.6:-0.6]
	plot data index 2 * i - 1 using (0):1:ytic(4) every ::1 with points pointtype 0 notitle, \
		data index 2 * i - 2 using (($2 + $3) / 2):1:2:3:($1 - 0.38):($1 + 0.38):4 every ::1 \
		with boxxyerror linecolor rgb variable notitle, \
		data index 2 * i - 2 using (($3 - $2) / top * plot_width > letter * small_px * strlen(strcol(5)) + 4 ? ($2 + $3) / 2 : NaN):1:5:(dark(int($4)) ? 0xffffff : 0x222222) every ::1 \
		with labels font pixels(small_px) textcolor rgb variable notitle, \
		data index 2 * i - 1 using 5:($1 + 0.27):($6 - $5):(0) every ::1 with vectors arrowstyle 1 notitle, \
		data index 2 * i - 1 using (valid(6) && $6 > $2 ? $6 : $2):1:3 every ::1 with labels left offset 0.5, 0 font pixels(small_px) notitle
}
unset multiplot
