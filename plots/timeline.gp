# SPDX-License-Identifier: GPL-2.0-only
# One burst event by event, and its stages below. Reads figures/timeline-tx.dat or -rx.dat, made by report/.
load plots . "/style.gp"
set title "One burst, event by event: " . panel(1) . "\n" . subtitle font ",12"
set xlabel time_unit . " since the burst began, with tracing on"
unset ylabel
unset key
unset offsets
set lmargin 18
set grid xtics noytics linecolor rgb "#dddddd" linetype 1
set ytics scale 0
set yrange [*:*]
stats data index 0 using 2 nooutput name "end"
set xrange [-0.01 * end_max:end_max * 1.02]
set yrange [-1.6:12]
set style fill solid 1 border rgb "white"
plot data index 1 using 1:2:ytic(3) every ::1 with points pointtype 2 pointsize 0.7 linewidth 1.5 linecolor rgb colour[3] notitle, \
	data index 0 using 1:(-0.5):1:2:(-1.1):(0.1):3 every ::1 with boxxyerror linecolor rgb variable notitle, \
	data index 0 using (($1 + $2) / 2):($2 - $1 > end_max * 0.07 ? -0.5 : NaN):4:(int($3) < 11000000 && int($3) != 6735275 ? 0xffffff : 0x222222) every ::1 \
	with labels font ",9" textcolor rgb variable notitle, \
	"<echo 0 -0.5 stages" using 1:2:ytic(3) with points pointtype 0 notitle
