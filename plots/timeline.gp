# SPDX-License-Identifier: GPL-2.0-only
# One burst event by event, and its stages below. Reads figures/timeline-tx.dat or -rx.dat, made by report/.
heading = "One burst of server vhostlab, event by event"
name_x = (cost_unit eq "instructions" ? "instructions" : "ns") . " since the burst began, with tracing on"
panel_height = 340
if (kind eq "narrow") { panel_height = 440 }
flat = 1
left_room = 150
load plots . "/style.gp"
set grid xtics noytics linecolor rgb "#dddddd" linetype 1
set ytics scale 0
stats data index 0 using 2 nooutput name "end"
stats data index 1 using 2 nooutput name "row"
set xrange [-0.01 * end_max:end_max * 1.02]
if (narrow) { set xtics 10.0 ** floor(log10(end_max)) * (end_max / 10.0 ** floor(log10(end_max)) > 4 ? 2 : 1) }
set yrange [-1.6:row_max + 0.8]
set style fill solid 1 border rgb "white"
i = 1
set multiplot
load plots . "/panel.gp"
plot data index 1 using 1:2:ytic(3) every ::1 with points pointtype 2 pointsize 0.7 linewidth 1.5 linecolor rgb colour[3] notitle, \
	data index 0 using 1:(-0.5):1:2:(-1.1):(0.1):3 every ::1 with boxxyerror linecolor rgb variable notitle, \
	"<echo 0 -0.5 stages" using 1:2:ytic(3) with points pointtype 0 notitle
unset multiplot
