# SPDX-License-Identifier: GPL-2.0-only
# Panels of horizontal bars in parts, from a data file of report/guest_figures.py. The caller sets heading and the x axis's name.
unset key
unset offsets
set style fill solid 1 border rgb "white"
set border 1 linecolor rgb "#444444"
set grid xtics noytics linecolor rgb "#dddddd" linetype 1
set ytics scale 0
set lmargin 25
set rmargin 4
# The key stands once, below the heading: its labels are drawn with the first panel.
keys = int(system(sprintf("grep -c '^# key' '%s'", data)))
key_word(n, from) = system(sprintf("sed -n 's/^# key //p' '%s' | sed -n %dp | cut -d' ' -f%s", data, n, from))
at = 0.025
do for [k = 1:keys] {
	set label k key_word(k, "2-") at screen at, screen 1 - 84.0 / height \
		point pointtype 5 pointsize 1.4 linecolor rgb int(key_word(k, "1")) offset character 1, 0
	at = at + 0.035 + 0.0085 * strlen(key_word(k, "2-"))
}
set multiplot layout lines, columns title heading . "\n" . subtitle . "\n " font ",14"
do for [i = 1:panels] {
	set title panel(i) offset 0, -0.5
	set autoscale xy
	# The panels of a row have the same scale.
	stats data index 2 * i - 1 using 2 nooutput name "bar"
	widest = bar_max
	beside = i % 2 ? i + 1 : i - 1
	if (beside <= panels) { stats data index 2 * beside - 1 using 2 nooutput name "bar"; widest = bar_max > widest ? bar_max : widest }
	stats data index 2 * i - 1 using 1 nooutput name "place"
	# What is next to nothing looks like it.
	top = (widest > 0.5 ? widest : 0.5) * room
	set xrange [0:top]
	# Six numbers at most: more of five or six digits would run into each other.
	step = 10.0 ** floor(log10(top / 5))
	step = step * (top / 5 / step > 5 ? 10 : top / 5 / step > 2 ? 5 : top / 5 / step > 1 ? 2 : 1)
	set xtics step
	set yrange [place_max + 0.6:-0.6]
	plot data index 2 * i - 1 using (0):1:ytic(4) every ::1 with points pointtype 0 notitle, \
		data index 2 * i - 2 using (($2 + $3) / 2):1:2:3:($1 - 0.38):($1 + 0.38):4 every ::1 \
		with boxxyerror linecolor rgb variable notitle, \
		data index 2 * i - 2 using ($3 - $2 > top * 0.019 * strlen(strcol(5)) ? ($2 + $3) / 2 : NaN):1:5:(dark(int($4)) ? 0xffffff : 0x222222) every ::1 \
		with labels font ",8" textcolor rgb variable notitle, \
		data index 2 * i - 1 using 2:1:3 every ::1 with labels left offset 0.5, 0 font ",9" notitle
	do for [k = 1:keys] { unset label k }
}
unset multiplot
