# SPDX-License-Identifier: GPL-2.0-only
# Stages of a burst, stacked. Reads figures/stages.dat, made by report/.
load plots . "/style.gp"
set ylabel cost_unit . " per burst"
unset offsets
set style fill solid 1 border rgb "white"
unset key
set multiplot layout lines, columns title "Where the time of a burst goes\n" . subtitle . "\nfrom below: kick, wake (receive: while the sender continues), look, copy, hand, publish (together: serve), call, guest" font ",14"
do for [i = 1:panels] {
	set title panel(i) offset 0, 0.3
	set xrange [*:*]
	set yrange [*:*]
	# The panels of a row have the same scale.
	stats data index 2 * i - 1 using 2 nooutput name "bar"
	top = bar_max
	beside = i % 2 ? i + 1 : i - 1
	if (beside <= panels) { stats data index 2 * beside - 1 using 2 nooutput name "bar"; top = bar_max > top ? bar_max : top }
	top = top * 1.12
	stats data index 2 * i - 1 using 1 nooutput name "place"
	set xrange [-0.6:(place_max > 2 ? place_max : 2) + 0.6]
	set yrange [0:top]
	plot data index 2 * i - 1 using 1:(0):xtic(4) every ::1 with points pointtype 0 notitle, \
		data index 2 * i - 2 using 1:(($2 + $3) / 2):($1 - 0.38):($1 + 0.38):2:3:4 every ::1 \
		with boxxyerror linecolor rgb variable notitle, \
		data index 2 * i - 2 using 1:($3 - $2 > top * 0.05 ? ($2 + $3) / 2 : NaN):5:(int($4) < 11000000 && int($4) != 6735275 ? 0xffffff : 0x222222) every ::1 \
		with labels font ",9" textcolor rgb variable notitle, \
		data index 2 * i - 1 using 1:2:3 every ::1 with labels offset 0, 0.7 font ",10" notitle
}
unset multiplot
