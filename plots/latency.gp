# SPDX-License-Identifier: GPL-2.0-only
# How long round trips are, by percentile. Reads figures/latency.dat, made by report/inside.py.
heading = "Round-trip time by percentile: marks at p50, p99 and p99.9"
name_x = "percentile of the round trips"
name_y = (cost_unit eq "instructions" ? "instructions" : "ns") . " per round trip (log scale)"
marks = 1
load plots . "/style.gp"
# As many blocks a panel as servers.
stats data using 1 nooutput
blocks = STATS_blocks / panels
stats data using 2 nooutput name "length"
least = length_min
top = length_max
log_y = 1
set multiplot
do for [i = 1:panels] {
	load plots . "/panel.gp"
	set logscale y 2
	set yrange [least / 1.15:top * 1.15]
	load plots . "/tics.gp"
	# Each nine has the same width.
	set logscale x
	set xrange [1:20000]
	set xtics ("0" 1, "50" 2, "90" 10, "99" 100, "99.9" 1000, "99.99" 10000)
	set grid xtics
	plot for [s = 1:blocks] data index blocks * (i - 1) + s - 1 using (1 / (1 - $1)):2 every ::1 \
		with lines linewidth 2 linecolor rgb colour[place(word(names, s))] notitle, \
		for [s = 1:blocks] data index blocks * (i - 1) + s - 1 using ($3 == 1 ? 1 / (1 - $1) : NaN):2 every ::1 \
		with points pointtype mark[place(word(names, s))] pointsize 1.2 linecolor rgb colour[place(word(names, s))] notitle
}
unset multiplot
