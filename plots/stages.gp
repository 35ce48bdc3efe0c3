# SPDX-License-Identifier: GPL-2.0-only
# Stages of a burst, stacked. Reads figures/stages.dat, made by report/.
heading = "Where the time of a burst goes, from below in the order of the key (serve: all from look to publish)"
name_y = cost_unit . " per burst"
load plots . "/style.gp"
set style fill solid 1 border rgb "white"
set multiplot
do for [i = 1:panels] {
	set autoscale xy
	# The panels of a row have the same scale, on a narrow figure, too.
	top = 0
	least = 0
	do for [j = i % 2 ? i : i - 1:i % 2 ? i + 1 : i] {
		if (j <= panels) {
			stats data index 2 * j - 1 using 2 nooutput name "bar"
			top = bar_max > top ? bar_max : top
		}
	}
	stats data index 2 * i - 1 using 1 nooutput name "place"
	load plots . "/panel.gp"
	set xrange [-0.6:(place_max > 2 ? place_max : 2) + 0.6]
	set yrange [0:top * 1.12]
	load plots . "/tics.gp"
	plot data index 2 * i - 1 using 1:(0):xtic(4) every ::1 with points pointtype 0 notitle, \
		data index 2 * i - 2 using 1:(($2 + $3) / 2):($1 - 0.38):($1 + 0.38):2:3:4 every ::1 \
		with boxxyerror linecolor rgb variable notitle, \
		data index 2 * i - 2 using 1:(($3 - $2) / top * plot_height > small_px * 1.3 ? ($2 + $3) / 2 : NaN):5:(dark(int($4)) ? 0xffffff : 0x222222) every ::1 \
		with labels font pixels(small_px) textcolor rgb variable notitle, \
		data index 2 * i - 1 using 1:2:3 every ::1 with labels offset 0, 0.7 notitle
}
unset multiplot
