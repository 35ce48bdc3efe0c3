# SPDX-License-Identifier: GPL-2.0-only
# Panels of grouped bars, one bar a server, its value on top (a bar of height 0 is a result, too).
set style fill solid 0.9 noborder
bar = 0.84 / words(names)
set boxwidth bar * 13 / 14
# All panels have the same scale.
set yrange [0:1<*]
top = 0
do for [s = 1:words(names)] {
	stats data using (column(s + 1)) nooutput name "y"
	if (exists("y_max")) { top = y_max > top ? y_max : top }
}
if (top > 0) { set yrange [0:top * 1.08] }
do for [i = 1:panels] {
	set title panel(i) offset 0, 0.3
	if (i > 1) { unset key }
	plot [-0.6:*] data index i - 1 using 0:(0.001):xtic(1) every ::1 with points pointtype 0 notitle, \
		for [s = 1:words(names)] data index i - 1 using ($0 + (s - (words(names) + 1) / 2.0) * bar):(column(s + 1)) \
		every ::1 with boxes linecolor rgb colour[place(word(names, s))] title word(names, s), \
		for [s = 1:words(names)] data index i - 1 using ($0 + (s - (words(names) + 1) / 2.0) * bar):(column(s + 1)):(short(column(s + 1))) \
		every ::1 with labels offset 0, 0.7 font ",8" textcolor rgb "#222222" notitle
}
